"""Entering entities, and who is authorised in which (S3, S16; A11, A12, D15, D16)."""

from datetime import datetime

from attrs import evolve

from mydso_access.changing import Case, Decided, change, user_shelf
from mydso_access.decisions.administration import Actor, judge_proof, read_proof
from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.levels import Levels, effective_policy
from mydso_access.decisions.membership import Entered, authorised, entered, judge_entry, seen, withdrawn
from mydso_access.decisions.outcomes import Busy, Proof, Refused
from mydso_access.installation import Installation
from mydso_access.managing import manage
from mydso_access.model.reason import Reason
from mydso_access.model.structure import Entity, Structure
from mydso_access.model.user import User


async def enter(installation: Installation, /, proof: Proof, entity: str) -> Entered | Refused | Busy:
    """Let the user of a session into an entity: their own, or one that they are authorised in.

    Args:
        proof: what the session's sign-in proved.
        entity: id of the entity.

    Returns:
        `Entered`, with the policy that binds there: the strictest of platform and entity for a multi-entity user (S19),
        the entity's for its own (S20); `Refused`; `Busy`.

    Raises:
        InvalidValue: the proof is none.
        StoreError: a repository failed; nobody has entered.
    """
    read_proof(proof)
    record = await _entity(installation, entity)
    platform = await installation.store.platform()

    def decide(case: Case[User]) -> Decided[User]:
        judged = judge_entry(evolve(case.facts, user=case.record), record)
        return judged if isinstance(judged, Refused) else entered(judged, case.at)

    shelf = evolve(user_shelf(installation, proof.user_id), structure=Structure.entity(entity))
    saved = await change(installation, proof, shelf, decide)
    if not isinstance(saved, Done):
        return saved
    if record is None or saved.event is None:  # who is let in was saved, so there are both
        return Refused(Reason.NO_STRUCTURE, "S3")  # S3
    policy = effective_policy(saved.record, Levels(installation.policy, platform, record))
    return Entered(saved.record, record, policy, proof, saved.event)


async def accessed(installation: Installation, /, proof: Proof) -> Done[User] | Refused | Busy:
    """Remember that a session was used, so that a long one does not end in a dormant login (D15); once a day is enough.

    Args:
        proof: what the session's sign-in proved.

    Raises:
        InvalidValue: the proof is none.
        StoreError: a repository failed.
    """

    def decide(case: Case[User]) -> Decided[User]:
        judged = judge_proof(evolve(case.facts, user=case.record))
        return judged if isinstance(judged, Refused) else seen(judged, case.at)

    read_proof(proof)
    return await change(installation, proof, user_shelf(installation, proof.user_id), decide)


async def authorise(
    installation: Installation, /, actor: Actor, user_id: str, entity: str
) -> Done[User] | Refused | Busy:
    """Let a multi-entity user enter an entity (A11).

    Args:
        actor: who asks; a member of that entity themselves, or the system.
        user_id: who may enter.
        entity: id of the entity.

    Raises:
        InvalidValue: an argument is malformed.
        StoreError: a repository failed.
    """
    there = await _entity(installation, entity) is not None

    def edit(user: User, _: datetime) -> Changed[User] | Done[User] | Refused:
        return authorised(user, entity) if there else Refused(Reason.NO_STRUCTURE, "A11")  # A11

    return await manage(installation, actor, user_id, edit)


async def withdraw(
    installation: Installation, /, actor: Actor, user_id: str, entity: str
) -> Done[User] | Refused | Busy:
    """Let a multi-entity user no longer enter an entity; associations and history there stay (A12).

    Args:
        actor: who asks.
        user_id: who may no longer enter.
        entity: id of the entity.

    Raises:
        InvalidValue: an argument is malformed.
        StoreError: a repository failed.
    """
    return await manage(installation, actor, user_id, lambda user, _: withdrawn(user, entity))


async def _entity(installation: Installation, entity: str) -> Entity | None:
    found = await installation.store.structure(Structure.entity(entity))
    return found if isinstance(found, Entity) else None
