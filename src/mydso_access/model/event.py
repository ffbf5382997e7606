"""Why a record changed, or a sign-in was refused: one line of the audit trail."""

import unicodedata
from datetime import datetime
from enum import Enum

from attrs import field, frozen

from mydso_access.model.instant import utc, utc_or_none
from mydso_access.model.reason import Reason
from mydso_access.policy.settings import Level


class EventKind(Enum):
    """What happened, in the words of OWASP's logging vocabulary where it has one."""

    SIGNED_IN = "authn_login_success"
    REFUSED = "authn_login_fail"
    BLOCK_STARTED = "authn_login_lock"
    BLOCK_ENDED = "authn_login_unlock"
    USER_CREATED = "user_created"
    PASSWORD_CHANGED = "authn_password_change"  # noqa: S105  # a kind of event
    PASSWORD_CHANGE_REFUSED = "authn_password_change_fail"  # noqa: S105  # a kind of event


def escaped(text: str | None) -> str | None:
    r"""Return `text` with everything that could forge a line or turn its direction written as `\uXXXX`.

    Control characters (NUL, CR, LF, ESC …), line and paragraph separators, format characters (bidi marks, zero
    width) and lone surrogates. Escaping what is escaped already changes nothing, so records survive a round trip.
    """
    if text is None or text.isprintable():
        return text
    return "".join(map(_escaped_character, text))


def _escaped_character(character: str) -> str:
    if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


@frozen(kw_only=True)
class Event:
    """One line of the audit trail; its texts are escaped when it is made.

    Attributes:
        id: its own id, drawn before the first try to store it.
        kind: what happened.
        at: when, in UTC.
        subject: id of the user it is about; `None` for a name nobody has, which is never stored.
        actor: id of the user who asked for it; `None` where nobody proved to be anybody.
        address: where the attempt came from.
        reason: why it was refused.
        rule: the rule that settled it.
        levels: the levels that the rule's number came from.
        until: end of the block that started, ended or refused.
    """

    id: str
    kind: EventKind
    at: datetime = field(converter=utc)
    subject: str | None = field(default=None, converter=escaped)
    actor: str | None = field(default=None, converter=escaped)
    address: str | None = field(default=None, converter=escaped)
    reason: Reason | None = None
    rule: str | None = None
    levels: frozenset[Level] = frozenset()
    until: datetime | None = field(default=None, converter=utc_or_none)
