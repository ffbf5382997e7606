"""What a list of users shows of each: one state, and the instants behind it (S11)."""

import hashlib
from datetime import datetime
from enum import Enum
from typing import assert_never

from attrs import evolve, frozen

from mydso_access.decisions.administration import ActorFacts, judge_proof, judge_right
from mydso_access.decisions.dormancy import dormant_from, is_dormant
from mydso_access.decisions.invitation import has_lapsed, lapses_after
from mydso_access.decisions.levels import comes_by_sso
from mydso_access.decisions.lockout import Blocked, block_of
from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.sign_in import Place, account_blocked, judge_login, judge_meant, policy_there
from mydso_access.model.attempts import AttemptCounter
from mydso_access.model.reason import Reason
from mydso_access.model.role import Right, RoleTable
from mydso_access.model.sign_in import Factor
from mydso_access.model.structure import Structure
from mydso_access.model.user import Disabled, DisabledBecause, Enabled, Invited, NoLogin, User
from mydso_access.policy.fixed import MARK_LENGTH
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
        user: the record; of who is only authorised in the structure, what concerns it (`seen_from`).
        state: what the user is at this moment, whatever the sweep has stored so far.
        blocked_until: end of a block (S36); `None` without one, or if only a reset ends it.
        invited_until: until when the invitation can be accepted.
        dormant_from: from when the login is dormant if nobody uses it.
        kept_out: what the right password, or single sign-on, would be answered at this moment: why, by which rule, of which
            level, until when; `None` if it would be let in, from an address that is not blocked, or led to a further step.
    """

    user: User
    state: UserState
    blocked_until: datetime | None = None
    invited_until: datetime | None = None
    dormant_from: datetime | None = None
    kept_out: Refused | None = None

    @property
    def mark(self) -> str:
        """What the record said: given to a change (`seen=`), it is not made if the record says something else by then."""
        return mark_of(self.user)


def mark_of(user: User) -> str:
    """Return a digest of all that people change of a user: who signs in meanwhile makes no page out of date."""
    login = (type(user.login).__name__, getattr(user.login, "since", None))
    contact = (user.email, user.new_email and user.new_email.address, user.mobile)
    rights = (user.role, user.may_import, sorted(user.memberships), sorted(user.appointments))
    second_factor = user.second_factor and user.second_factor.enrolled_at
    said = (user.id, user.category, user.structure, user.name, user.full_name, login, contact, rights, second_factor)
    return hashlib.sha256(repr(said).encode(errors="surrogatepass")).hexdigest()[:MARK_LENGTH]


def judge_seen(user: User, seen: str | None) -> Refused | None:
    """Say whether a user's record says something else than what was seen; `None`: it does not, or nobody asks."""
    if seen is None or seen == mark_of(user):
        return None
    if any(seen == mark_of(seen_from(user, Structure.entity(each))) for each in user.memberships):
        return None  # D16: of what was changed elsewhere an entity's list says nothing
    return Refused(Reason.CHANGED_MEANWHILE, "architecture, one compare-and-set", user_id=user.id)


def judge_look(facts: ActorFacts, roles: RoleTable, structure: Structure, user_id: str) -> Refused | None:
    """Say what forbids an actor to look at a user in a structure; `None`: nothing. Everybody may look at themselves."""
    refusal = judge_right(facts, roles, Right.MANAGE_USERS, structure)
    own = facts.user is not None and (facts.user.id, facts.user.structure) == (user_id, structure)
    if refusal is None or not own:
        return refusal
    judged = judge_proof(facts)
    return judged if isinstance(judged, Refused) else None


def is_listed(user: User, structure: Structure) -> bool:
    """Tell whether a structure's list shows a user: its own, and in an entity who is authorised there (D16)."""
    return user.structure == structure or any(Structure.entity(each) == structure for each in user.memberships)


def seen_from(user: User, structure: Structure) -> User:
    """Return what a structure's list shows of a user: of who is only authorised there, nothing of elsewhere (D16)."""
    if user.structure == structure:
        return user
    return evolve(
        user,
        memberships=frozenset(entity for entity in user.memberships if Structure.entity(entity) == structure),
        approved=tuple(each for each in user.approved if each.structure == structure),
        appointments=frozenset(),
        credential=None,
        sso=None,
        reset=None,
        resets_sent=(),
        codes_sent=(),
        new_email=None,
    )


def listed(user: User, structure: Structure, counter: AttemptCounter | None, place: Place) -> ListedUser:
    """Return a user's line in a structure's list.

    Args:
        user: the whole record.
        structure: whose list it is.
        counter: the attempt counter of the user's name; `None` for a contact.
        place: the user's structure, the installation's policy, and the present instant.
    """
    policy = policy_there(user, place).policy
    block = None if counter is None else block_of(counter, policy.lockout, place.now)
    return ListedUser(
        user=seen_from(user, structure),
        state=_state(user, policy, place.now, blocked=block is not None),
        blocked_until=None if block is None else block.until,
        invited_until=lapses_after(user, policy),
        dormant_from=dormant_from(user, policy),
        kept_out=_kept_out(user, block, place),
    )


def _kept_out(user: User, block: Blocked | None, place: Place) -> Refused | None:
    if block is not None:
        return account_blocked(block, user.id)
    if refusal := judge_login(user):  # a contact has no name to be called by
        return refusal
    by_sso = place.home is not None and comes_by_sso(user, place.home)
    who, first = (user.sso, Factor.SSO) if by_sso else (user.name, Factor.PASSWORD)
    judged = judge_meant(user, who, place, first)
    return judged if isinstance(judged, Refused) else None


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
