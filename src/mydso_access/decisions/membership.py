"""Where a user may go: their own structure, and for multi-entity users the entities they are authorised in (S3, S16)."""

from datetime import datetime

from attrs import evolve, frozen

from mydso_access.decisions.administration import ActorFacts, judge_proof
from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.outcomes import Proof, Refused
from mydso_access.decisions.users import rights_changed
from mydso_access.model.event import Difference, EventKind
from mydso_access.model.message import Message
from mydso_access.model.reason import Reason
from mydso_access.model.structure import Entity
from mydso_access.model.user import Category, User
from mydso_access.policy.levels import EffectivePolicy


@frozen
class Entered:
    """The user may act in this entity, and in no other, until they enter another one.

    Whoever was withdrawn or disabled meanwhile is refused at the next `enter`: ask again from time to time.

    Attributes:
        user: the user's record as saved.
        entity: where they are.
        policy: what binds them there, and which levels ask for it.
        proof: what was proven.
        messages: what the host must send now.
    """

    user: User
    entity: Entity
    policy: EffectivePolicy
    proof: Proof
    messages: tuple[Message, ...] = ()


def judge_entry(facts: ActorFacts, entity: Entity | None) -> User | Refused:
    """Say whether a proof lets its user into an entity.

    Args:
        facts: the proof, and its user as stored now.
        entity: where to; `None` if there is no such entity.
    """
    user = judge_proof(facts)
    return user if isinstance(user, Refused) else judge_there(user, entity)


def judge_there(user: User, entity: Entity | None) -> User | Refused:
    """Say whether a user may be in an entity."""
    if entity is None:
        return Refused(Reason.NO_STRUCTURE, "S3", user_id=user.id)  # S3
    if user.category is Category.MULTI_ENTITY:
        allowed, no = entity.id in user.memberships, Refused(Reason.NOT_AUTHORISED, "S16", user_id=user.id)  # S16
    else:
        allowed, no = entity.structure == user.structure, Refused(Reason.OTHER_STRUCTURE, "S3", user_id=user.id)  # S3
    return user if allowed else no


def seen(user: User, at: datetime) -> Changed[User]:
    """Return the user who used their session just now, as the host says (D15)."""
    return Changed(record=evolve(user, last_access_at=at), kind=EventKind.ACCESSED, rule="D15")


def authorised(user: User, entity: str) -> Changed[User] | Done[User] | Refused:
    """Return a multi-entity user who may enter an entity (A11)."""
    if user.category is not Category.MULTI_ENTITY:
        return Refused(Reason.WRONG_CATEGORY, "S16", user_id=user.id)  # S3 S16
    if entity in user.memberships:
        return Done(user)
    record = rights_changed(user, memberships=user.memberships | {entity})
    difference = Difference("memberships", "", entity)
    return Changed(record=record, kind=EventKind.RIGHTS_CHANGED, rule="A11", differences=(difference,))


def withdrawn(user: User, entity: str) -> Changed[User] | Done[User]:
    """Return a user who may not enter an entity any more; associations there stay (A12)."""
    if entity not in user.memberships:
        return Done(user)
    record = evolve(user, memberships=user.memberships - {entity})
    difference = Difference("memberships", entity, "")
    return Changed(record=record, kind=EventKind.RIGHTS_CHANGED, rule="A12", differences=(difference,))
