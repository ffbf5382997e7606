"""Associating users with customers: a collector, and colleagues of any category (S14, S15; A10, A31)."""

from collections.abc import Callable
from typing import TypeAlias

from mydso_access.changing import Case, Decided, change, customer_shelf
from mydso_access.decisions.administration import Actor, judge_right, read_actor
from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.customers import (
    check_customer_id,
    judge_association,
    judge_nothing_ended,
    with_colleague,
    with_collector,
    without_colleague,
)
from mydso_access.decisions.outcomes import Busy, Refused
from mydso_access.erasing import end_if_forgotten
from mydso_access.installation import Installation
from mydso_access.model.customer import Customer
from mydso_access.model.role import Right
from mydso_access.model.structure import Structure, check_entity
from mydso_access.model.user import check_user_id

EditOutcome: TypeAlias = Done[Customer] | Refused | Busy
Edit: TypeAlias = Callable[[Customer], Changed[Customer] | Done[Customer] | Refused]


async def associate(
    installation: Installation, /, actor: Actor, entity: str, customer_id: str, user_id: str
) -> Done[Customer] | Refused | Busy:
    """Associate a colleague with a customer; a second time changes nothing (A10).

    Args:
        actor: who asks; of a role that assigns customers, and a member of the entity.
        entity: id of the customer's entity.
        customer_id: the host's own id of the customer.
        user_id: the colleague, a member of the entity, of any category (S14).

    Raises:
        InvalidValue: an argument is malformed.
        StoreError: a repository failed.
    """
    user = await installation.store.user(user_id)

    def edit(customer: Customer) -> Changed[Customer] | Done[Customer] | Refused:
        refusal = judge_association(user, customer, Right.BE_ASSOCIATED, installation.roles)
        return refusal or with_colleague(customer, user_id)

    return await _still_there(installation, user_id, await _edited(installation, actor, entity, customer_id, edit))


async def dissociate(
    installation: Installation, /, actor: Actor, entity: str, customer_id: str, user_id: str
) -> Done[Customer] | Refused | Busy:
    """End a colleague's association with a customer; a second time changes nothing.

    Also one that was left of a user who is forgotten. Where there is neither the association nor such a user, or no such
    entity, it is `Refused`.

    Args:
        actor: who asks.
        entity: id of the customer's entity.
        customer_id: the host's own id of the customer.
        user_id: the colleague.

    Raises:
        InvalidValue: an argument is malformed.
        StoreError: a repository failed.
    """
    check_user_id(user_id)
    edited = await _edited(installation, actor, entity, customer_id, lambda each: without_colleague(each, user_id))
    return await _unless_a_slip(installation, entity, user_id, edited)


async def assign_collector(
    installation: Installation, /, actor: Actor, entity: str, customer_id: str, user_id: str | None
) -> Done[Customer] | Refused | Busy:
    """Say who is in charge of a customer's collection: one user, or nobody.

    Nobody, where there is no collector and no such entity, is `Refused`.

    Args:
        actor: who asks.
        entity: id of the customer's entity.
        customer_id: the host's own id of the customer.
        user_id: a member of the entity whose role may be a collector (A31); `None` for nobody.

    Raises:
        InvalidValue: an argument is malformed.
        StoreError: a repository failed.
    """
    user = None if user_id is None else await installation.store.user(user_id)

    def edit(customer: Customer) -> Changed[Customer] | Done[Customer] | Refused:
        if user_id is None:
            return with_collector(customer, None)
        refusal = judge_association(user, customer, Right.BE_COLLECTOR, installation.roles)
        return refusal or with_collector(customer, user_id)

    edited = await _edited(installation, actor, entity, customer_id, edit)
    if user_id is None:
        return await _unless_a_slip(installation, entity, None, edited)
    return await _still_there(installation, user_id, edited)


async def _unless_a_slip(
    installation: Installation, entity: str, user_id: str | None, edited: EditOutcome
) -> EditOutcome:
    """Return what ending an association came to; if nothing was ended, there must be such an entity and such a user."""
    if not isinstance(edited, Done) or edited.event is not None:
        return edited
    there = await installation.store.has(Structure.entity(entity))
    known = user_id is None or await installation.store.has(user_id)
    return judge_nothing_ended(entity=there, user=known) or edited


async def _still_there(installation: Installation, user_id: str, edited: EditOutcome) -> EditOutcome:
    if not isinstance(edited, Done):
        return edited
    return await end_if_forgotten(installation, edited.record.entity, user_id) or edited


async def _edited(
    installation: Installation, actor: Actor, entity: str, customer_id: str, edit: Edit
) -> Done[Customer] | Refused | Busy:
    def decide(case: Case[Customer]) -> Decided[Customer]:
        place = Structure.entity(entity)
        if refusal := judge_right(case.facts, installation.roles, Right.ASSIGN_CUSTOMERS, place):
            return refusal
        return edit(case.record or Customer(entity=entity, id=customer_id))

    check_entity(entity)
    check_customer_id(customer_id)
    return await change(installation, read_actor(actor), customer_shelf(installation, entity, customer_id), decide)
