"""Associating users with customers: a collector, and colleagues of any category (S14, S15; A10, A31)."""

from collections.abc import Callable
from typing import TypeAlias

from mydso_access.changing import Case, Decided, change, customer_shelf
from mydso_access.decisions.administration import Actor, judge_right, read_actor
from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.customers import (
    check_customer_id,
    may_be_associated,
    with_colleague,
    with_collector,
    without_colleague,
)
from mydso_access.decisions.outcomes import Busy, Refused
from mydso_access.erasing import end_if_forgotten
from mydso_access.installation import Installation
from mydso_access.model.customer import Customer
from mydso_access.model.role import Right
from mydso_access.model.structure import Structure

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
        InvalidValue: the actor is none.
        StoreError: a repository failed.
    """
    user = await installation.store.user(user_id)

    def edit(customer: Customer) -> Changed[Customer] | Done[Customer] | Refused:
        refusal = may_be_associated(user, customer, Right.BE_ASSOCIATED, installation.roles)
        return refusal or with_colleague(customer, user_id)

    return await _still_there(installation, user_id, await _edited(installation, actor, entity, customer_id, edit))


async def dissociate(
    installation: Installation, /, actor: Actor, entity: str, customer_id: str, user_id: str
) -> Done[Customer] | Refused | Busy:
    """End a colleague's association with a customer; a second time changes nothing.

    Args:
        actor: who asks.
        entity: id of the customer's entity.
        customer_id: the host's own id of the customer.
        user_id: the colleague.

    Raises:
        InvalidValue: the actor is none.
        StoreError: a repository failed.
    """
    return await _edited(installation, actor, entity, customer_id, lambda each: without_colleague(each, user_id))


async def assign_collector(
    installation: Installation, /, actor: Actor, entity: str, customer_id: str, user_id: str | None
) -> Done[Customer] | Refused | Busy:
    """Say who is in charge of a customer's collection: one user, or nobody.

    Args:
        actor: who asks.
        entity: id of the customer's entity.
        customer_id: the host's own id of the customer.
        user_id: a member of the entity whose role may be a collector (A31); `None` for nobody.

    Raises:
        InvalidValue: the actor is none.
        StoreError: a repository failed.
    """
    user = None if user_id is None else await installation.store.user(user_id)

    def edit(customer: Customer) -> Changed[Customer] | Done[Customer] | Refused:
        if user_id is None:
            return with_collector(customer, None)
        refusal = may_be_associated(user, customer, Right.BE_COLLECTOR, installation.roles)
        return refusal or with_collector(customer, user_id)

    edited = await _edited(installation, actor, entity, customer_id, edit)
    return edited if user_id is None else await _still_there(installation, user_id, edited)


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

    check_customer_id(customer_id)
    return await change(installation, read_actor(actor), customer_shelf(installation, entity, customer_id), decide)
