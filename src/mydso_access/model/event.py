"""Why a record changed, or a sign-in was refused: one line of the audit trail."""

import unicodedata
from datetime import datetime
from enum import Enum

from attrs import evolve, field, frozen

from mydso_access.errors import InvalidValue, shown
from mydso_access.model.instant import utc, utc_or_none
from mydso_access.model.reason import Reason
from mydso_access.model.structure import Structure
from mydso_access.policy.fixed import EARLIEST
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
    PASSWORD_RESET_SENT = "authn_password_reset_sent"  # noqa: S105  # a kind of event
    PASSWORD_RESET = "authn_password_reset"  # noqa: S105  # a kind of event
    STEPPED_UP = "authn_step_up"
    STEP_UP_REFUSED = "authn_step_up_fail"
    PASSWORD_REHASHED = "authn_password_rehash"  # noqa: S105  # a kind of event
    PASSWORD_COMPROMISED = "authn_password_compromised"  # noqa: S105  # a kind of event
    STEP_PROVEN = "authn_step_success"
    ADDRESS_CODE_SENT = "authn_address_code_sent"
    ADDRESS_APPROVED = "authn_address_approved"
    ADDRESS_REVOKED = "authn_address_revoked"
    SECOND_FACTOR_ENROLLED = "authn_second_factor_enrolled"
    SECOND_FACTOR_RESET = "authn_second_factor_reset"
    RECOVERY_CODES_RENEWED = "authn_recovery_codes_renewed"
    ENTERED = "authz_structure_entered"
    ACCESSED = "authn_session_used"
    INVITATION_SENT = "user_invited"
    INVITATION_ACCEPTED = "user_activated"
    USER_UPDATED = "user_updated"
    USER_DISABLED = "user_disabled"
    USER_ENABLED = "user_enabled"
    USER_WARNED = "user_warned"
    USER_FORGOTTEN = "user_deleted"
    EMAIL_CHANGE_ASKED = "user_email_change_asked"
    EMAIL_CHANGED = "user_email_changed"
    MOBILE_CHANGED = "user_mobile_changed"
    RIGHTS_CHANGED = "authz_change"
    STRUCTURE_CREATED = "structure_created"
    STRUCTURE_UPDATED = "structure_updated"
    SETTINGS_CHANGED = "structure_settings_changed"
    MAIN_ADMINISTRATORS_CHANGED = "structure_main_administrators_changed"
    CUSTOMER_ASSOCIATED = "customer_associated"
    CUSTOMER_DISSOCIATED = "customer_dissociated"
    LINKS_ISSUED = "links_issued"
    LINK_RENEWED = "link_renewed"
    LINK_REVOKED = "link_revoked"
    LINK_OPENED = "link_opened"
    LINK_REFUSED = "link_open_fail"


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


def _escaped(text: str) -> str:
    return escaped(text) or ""


def _escaped_structure(structure: Structure | None) -> Structure | None:
    return None if structure is None else evolve(structure, id=_escaped(structure.id))


@frozen
class Difference:
    """One field of a record before and after a change, as text; never a secret, never personal data.

    Attributes:
        name: which field.
        before: what it was.
        after: what it is.
    """

    name: str = field(converter=_escaped)
    before: str = field(converter=_escaped)
    after: str = field(converter=_escaped)


@frozen(kw_only=True)
class Event:
    """One line of the audit trail; its texts are escaped when it is made.

    Attributes:
        id: its own id, drawn before the first try to store it.
        kind: what happened.
        at: when, in UTC.
        subject: id of the user it is about; `None` for a name nobody has, which is never stored.
        actor: id of the user who asked for it; `None` where nobody proved to be anybody.
        system: which part of the host asked for it, if no user did.
        structure: the structure it is about, or happened in.
        customer: id of the customer it is about, within that structure.
        address: where the attempt came from.
        reason: why it was refused.
        rule: the rule that settled it.
        levels: the levels that the rule's number came from.
        until: end of the block that started, ended or refused.
        differences: what changed.
    """

    id: str
    kind: EventKind
    at: datetime = field(converter=utc)
    subject: str | None = field(default=None, converter=escaped)
    actor: str | None = field(default=None, converter=escaped)
    system: str | None = field(default=None, converter=escaped)
    structure: Structure | None = field(default=None, converter=_escaped_structure)
    customer: str | None = field(default=None, converter=escaped)
    address: str | None = field(default=None, converter=escaped)
    reason: Reason | None = None
    rule: str | None = None
    levels: frozenset[Level] = frozenset()
    until: datetime | None = field(default=None, converter=utc_or_none)
    differences: tuple[Difference, ...] = ()


def _since(instant: datetime) -> datetime:
    return utc(instant, "since")


def _user_id(user_id: str | None) -> str | None:
    if user_id is not None and type(user_id) is not str:
        raise InvalidValue("user_id", shown(user_id), "text (str), or None for everybody")
    return escaped(user_id)


@frozen(kw_only=True)
class EventQuery:
    """Which events of the trail are asked for, and in which order.

    Attributes:
        since: the earliest instant of interest.
        subject: only events about this user; escaped, as events hold it.
        actor: only events that this user asked for, likewise.
        kind: only events of this kind.
        latest_first: whether the latest come first; it is the same order, from its end.

    Raises:
        InvalidValue: one of them is malformed.
    """

    since: datetime = field(default=EARLIEST, converter=_since)
    subject: str | None = field(default=None, converter=_user_id)
    actor: str | None = field(default=None, converter=_user_id)
    kind: EventKind | None = None
    latest_first: bool = False

    def __attrs_post_init__(self) -> None:
        if self.kind is not None and type(self.kind) is not EventKind:
            raise InvalidValue("kind", shown(self.kind), "an EventKind, or None for all")
        if type(self.latest_first) is not bool:
            raise InvalidValue("latest_first", shown(self.latest_first), "True or False")

    def holds(self, event: Event) -> bool:
        """Tell whether an event is asked for."""
        pairs = ((self.subject, event.subject), (self.actor, event.actor), (self.kind, event.kind))
        return event.at >= self.since and all(want is None or want == have for want, have in pairs)
