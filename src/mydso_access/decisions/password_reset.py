"""Resetting a forgotten password: who is sent a message, how often, and what its token does (D13; OWASP)."""

from datetime import datetime, timedelta

from attrs import evolve, frozen

from mydso_access.decisions.changes import Changed
from mydso_access.decisions.dormancy import is_dormant
from mydso_access.decisions.levels import comes_by_sso
from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.rotation import with_password
from mydso_access.decisions.tokens import GivenToken, TokenPurpose, opens, token_digest, token_text
from mydso_access.decisions.users import told
from mydso_access.model.event import EventKind
from mydso_access.model.message import ResetMessage, SecurityChange
from mydso_access.model.reason import Reason
from mydso_access.model.secret import Secret
from mydso_access.model.structure import StructureRecord
from mydso_access.model.token import SentToken
from mydso_access.model.user import Enabled, User
from mydso_access.policy.security_policy import SecurityPolicy

DAY = timedelta(days=1)


@frozen
class OpenReset:
    """A password that can be reset.

    Attributes:
        user: whose.
        until: the last instant at which it can be.
    """

    user: User
    until: datetime


def may_reset(user: User | None, home: StructureRecord | None, policy: SecurityPolicy, now: datetime) -> bool:
    """Tell whether a user has a password that could be forgotten.

    Args:
        user: the record found.
        home: the user's structure.
        policy: the effective policy there.
        now: the present instant.
    """
    if user is None or home is None or user.email is None or not isinstance(user.login, Enabled):
        return False
    return not comes_by_sso(user, home) and not is_dormant(user, policy, now)  # A24 S25


def may_send(user: User, policy: SecurityPolicy, now: datetime) -> bool:
    """Tell whether another reset message may go out: not so soon after the last, and not so many a day."""
    today = [sent for sent in user.resets_sent if sent > now - DAY]
    soon = bool(today) and now < max(today) + policy.tokens.reset_pause
    return not soon and len(today) < policy.tokens.resets_a_day


def reset_sent(user: User, secret: Secret[str], policy: SecurityPolicy, at: datetime) -> Changed[User]:
    """Return the user with a new reset token, the only one that is good, and its message.

    It goes to the present address, also while a new one is waiting to be confirmed.
    """
    digest = token_digest(TokenPurpose.RESET, user.id, secret)
    today = tuple(sent for sent in user.resets_sent if sent > at - DAY)
    record = evolve(user, reset=SentToken(digest, at), resets_sent=(*today, at))
    message = ResetMessage(
        to="" if user.email is None else user.email.address,
        name=user.name or "",
        token=token_text(user.id, secret),
        until=at + policy.tokens.reset,
    )
    return Changed(record=record, kind=EventKind.PASSWORD_RESET_SENT, rule="D13", messages=(message,))


def judge_reset(
    user: User | None, given: GivenToken | None, home: StructureRecord | None, policy: SecurityPolicy, now: datetime
) -> OpenReset | Refused:
    """Say whether a token resets a password.

    Args:
        user: the record that the token names.
        given: the token as it came back; `None` if it was none.
        home: the user's structure.
        policy: the effective policy there.
        now: the present instant.
    """
    kept = None if user is None else user.reset
    fits = given is not None and opens(given, TokenPurpose.RESET, None if kept is None else kept.digest)
    if user is None or kept is None or not fits or not may_reset(user, home, policy, now):
        return Refused(Reason.DEAD_TOKEN, "D13", user_id=None if user is None else user.id)  # D13
    until = kept.sent_at + policy.tokens.reset
    if now > until:
        return Refused(Reason.LAPSED, "D13", user_id=user.id)  # D13
    return OpenReset(user, until)


def reset(user: User, hashed: Secret[str], policy: SecurityPolicy, at: datetime) -> Changed[User]:
    """Return the user with a new password: every token and every earlier proof is dead, a second factor is not.

    Whether it is one of the earlier ones is not asked: whoever holds only a token would learn it (S23).
    """
    record = evolve(user, **with_password(user, hashed, policy, at))
    messages = told(user, SecurityChange.PASSWORD_RESET, at)
    return Changed(record=record, kind=EventKind.PASSWORD_RESET, rule="D13", messages=messages)
