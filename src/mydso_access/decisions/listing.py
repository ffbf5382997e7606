"""What a list of users shows of each: one state, and the instants behind it (S11)."""

from datetime import datetime
from enum import Enum
from typing import assert_never

from attrs import evolve, frozen

from mydso_access.decisions.dormancy import dormant_from, is_dormant
from mydso_access.decisions.invitation import has_lapsed, lapses_after
from mydso_access.decisions.lockout import block_of
from mydso_access.model.attempts import AttemptCounter
from mydso_access.model.structure import Structure
from mydso_access.model.user import Disabled, DisabledBecause, Enabled, Invited, NoLogin, User
from mydso_access.policy.security_policy import SecurityPolicy


class UserState(Enum):
    """What a user is to whoever administers them."""

    CONTACT = "contact"
    INVITED = "invited"
    LAPSED = "lapsed"
    ENABLED = "enabled"
    BLOCKED = "blocked"
    DORMANT = "dormant"
    DISABLED = "disabled"
    FORGOTTEN = "forgotten"


DISABLED_STATES = {
    DisabledBecause.ADMINISTRATOR: UserState.DISABLED,
    DisabledBecause.DORMANT: UserState.DORMANT,
    DisabledBecause.LAPSED: UserState.LAPSED,
    DisabledBecause.FORGOTTEN: UserState.FORGOTTEN,
}


@frozen(kw_only=True)
class ListedUser:
    """One line of a list.

    Attributes:
        user: the record.
        state: what the user is at this moment, whatever the sweep has stored so far.
        blocked_until: end of a block (S36); `None` without one, or if only a reset ends it.
        invited_until: until when the invitation can be accepted.
        dormant_from: from when the login is dormant if nobody uses it.
    """

    user: User
    state: UserState
    blocked_until: datetime | None = None
    invited_until: datetime | None = None
    dormant_from: datetime | None = None


def seen_from(user: User, structure: Structure) -> User:
    """Return what a structure's list shows of a user: of who is only authorised there, nothing of elsewhere (D16)."""
    if user.structure == structure:
        return user
    here = frozenset(entity for entity in user.memberships if Structure.entity(entity) == structure)
    return evolve(
        user, memberships=here, appointments=frozenset(), credential=None, reset=None, resets_sent=(), new_email=None
    )


def listed(user: User, counter: AttemptCounter | None, policy: SecurityPolicy, now: datetime) -> ListedUser:
    """Return a user's line.

    Args:
        user: the record.
        counter: the attempt counter of the user's name; `None` for a contact.
        policy: the effective policy of the user's structure.
        now: the present instant.
    """
    block = None if counter is None else block_of(counter, policy.lockout, now)
    return ListedUser(
        user=user,
        state=_state(user, policy, now, blocked=block is not None),
        blocked_until=None if block is None else block.until,
        invited_until=lapses_after(user, policy),
        dormant_from=dormant_from(user, policy),
    )


def _state(user: User, policy: SecurityPolicy, now: datetime, *, blocked: bool) -> UserState:
    match user.login:
        case NoLogin():
            return UserState.CONTACT
        case Invited():
            return UserState.LAPSED if has_lapsed(user, policy, now) else UserState.INVITED
        case Disabled(reason=reason):
            return DISABLED_STATES[reason]
        case Enabled():
            if is_dormant(user, policy, now):
                return UserState.DORMANT
            return UserState.BLOCKED if blocked else UserState.ENABLED
        case _ as never:
            assert_never(never)
