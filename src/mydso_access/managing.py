"""Changing a user on behalf of an actor: who asks is judged against the user before and after the change (A13)."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeAlias, TypeVar

from mydso_access.changing import Case, Decided, change, proof_facts, user_shelf
from mydso_access.decisions.administration import (
    Actor,
    ActorFacts,
    judge_management,
    judge_proof,
    judge_step_up,
    read_actor,
    read_proof,
)
from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.erasure import is_erased
from mydso_access.decisions.invitation import Invite
from mydso_access.decisions.levels import comes_by_sso, policy_at_home
from mydso_access.decisions.listing import judge_seen
from mydso_access.decisions.main_administrators import released
from mydso_access.decisions.outcomes import Busy, Proof, Refused
from mydso_access.decisions.sessions import SensitiveAction
from mydso_access.errors import InvalidValue, shown
from mydso_access.installation import Installation
from mydso_access.model.reason import Reason
from mydso_access.model.secret import Secret
from mydso_access.model.structure import Structure, StructureRecord
from mydso_access.model.user import User

T = TypeVar("T")
Decision: TypeAlias = Changed[User] | Done[User] | Refused
# What becomes of a user, given the instant of the save.
Edit: TypeAlias = Callable[[User, datetime], Decision]
# What becomes of a user who may be sent a token.
InvitingEdit: TypeAlias = Callable[[User, Invite], Decision]
Manage: TypeAlias = Callable[[Installation, Actor, str, Edit], Awaitable[Done[User] | Refused | Busy]]
# Who may do it, given the record before and, once it is known, after.
Judge: TypeAlias = Callable[..., Refused | None]


def unless_changed(seen: str | None, edit: Callable[[User, T], Decision]) -> Callable[[User, T], Decision]:
    """Return an edit that is not made if the record says something else than what was seen (`ListedUser.mark`).

    Raises:
        InvalidValue: what was seen is no text.
    """
    if seen is not None and type(seen) is not str:
        raise InvalidValue("seen", shown(seen), "ListedUser.mark, or None")
    return lambda user, given: judge_seen(user, seen) or edit(user, given)


async def manage(installation: Installation, actor: Actor, user_id: str, edit: Edit) -> Done[User] | Refused | Busy:
    """Change a user; the actor must have every power that the user has before and after.

    Raises:
        InvalidValue: the actor is none.
        StoreError: the store failed.
    """

    def judge(facts: ActorFacts, *states: User) -> Refused | None:
        return judge_management(facts, installation.roles, *states)

    return await _changed(installation, actor, user_id, edit, judge)


async def manage_or_own(
    installation: Installation, actor: Actor, user_id: str, edit: Edit
) -> Done[User] | Refused | Busy:
    """Change a user like `manage`, or the actor's own record, for which their proof is enough.

    Raises:
        InvalidValue: the actor is none.
        StoreError: the store failed.
    """

    def judge(facts: ActorFacts, *states: User) -> Refused | None:
        if not isinstance(facts.actor, Proof) or facts.actor.user_id != user_id:
            return judge_management(facts, installation.roles, *states)
        own = judge_proof(facts)
        return own if isinstance(own, Refused) else None

    return await _changed(installation, actor, user_id, edit, judge)


async def _changed(
    installation: Installation, actor: Actor, user_id: str, edit: Edit, judge: Judge
) -> Done[User] | Refused | Busy:
    def decide(case: Case[User]) -> Decided[User]:
        states = () if case.record is None else (case.record,)
        if refusal := judge(case.facts, *states):
            return refusal
        if case.record is None:
            return Refused(Reason.NO_USER, "S11")  # S11
        decided = edit(case.record, case.at)
        if isinstance(decided, Changed) and is_erased(case.record):
            return Refused(Reason.WRONG_STATE, "GDPR 17", user_id=case.record.id)
        if isinstance(decided, Changed) and (refusal := judge(case.facts, case.record, decided.record)):
            return refusal
        return decided

    return await change(installation, read_actor(actor), user_shelf(installation, user_id), decide)


async def manage_inviting(
    installation: Installation, actor: Actor, user_id: str, edit: InvitingEdit, by: Manage = manage
) -> Done[User] | Refused | Busy:
    """Change a user in a way that may send them a token.

    Args:
        installation: where.
        actor: who asks.
        user_id: who is changed.
        edit: what becomes of the user, given what a token is made of.
        by: who may ask: `manage`, or `manage_or_own`.

    Raises:
        InvalidValue: the actor is none.
        StoreError: the store failed.
    """
    user, secret = await installation.store.user(user_id), Secret(installation.chance.new_id())
    home = await home_of(installation, user)

    def with_invite(stored: User, at: datetime) -> Changed[User] | Done[User] | Refused:
        if home is None:
            return Refused(Reason.NO_STRUCTURE, "S4", user_id=stored.id)  # S4
        return edit(stored, invite_for(installation, stored, home, secret, at))

    return await by(installation, actor, user_id, with_invite)


async def release_unlisted(
    installation: Installation, actor: Actor, structure: Structure, user_id: str, appointments: frozenset[str]
) -> Done[User] | Refused | Busy:
    """Take appointments from a user, but none that the structure lists: a save may be reported as if it was not done."""
    record = await installation.store.structure(structure)
    listed = {each.id for each in record.main_administrators} if record is not None else set()

    def release(case: Case[User]) -> Decided[User]:
        if case.record is None:
            return Refused(Reason.NO_USER, "S11")  # S11
        return released(case.record, appointments - listed)

    return await change(installation, actor, user_shelf(installation, user_id), release)


async def fresh(installation: Installation, actor: Actor, action: SensitiveAction) -> Refused | None:
    """Say whether an actor must prove themselves again first; `None`: they did so just now."""
    return judge_step_up(await proof_facts(installation, read_actor(actor)), action)


async def proven_user(installation: Installation, proof: Proof) -> User | Refused:
    """Return the user of a proof that still stands.

    Raises:
        InvalidValue: it is no proof.
        StoreError: the store failed.
    """
    return judge_proof(await proof_facts(installation, read_proof(proof)))


async def is_full(installation: Installation) -> bool:
    """Tell whether the account has as many users as it may have; two who are added at once may be one too many (A1)."""
    most = installation.policy.account.max_users
    return most is not None and await installation.store.user_count() >= most


async def home_of(installation: Installation, user: User | None) -> StructureRecord | None:
    """Load the structure that a user belongs to."""
    return None if user is None else await installation.store.structure(user.structure)


def invite_for(
    installation: Installation, user: User, home: StructureRecord, secret: Secret[str], at: datetime
) -> Invite:
    """Return what an invitation of this user is made of."""
    policy = policy_at_home(user, home, installation.policy).policy
    return Invite(secret, home.title, policy, at, comes_by_sso(user, home), home.sign_in_mode)
