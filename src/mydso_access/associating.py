"""Many customers' associations at once, changed a page at a time."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from attrs import evolve, frozen

from mydso_access.changing import actor_facts, customer_shelf, damaged, event_of
from mydso_access.decisions.administration import Actor, ActorFacts
from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.outcomes import Busy, BusyBecause, Refused
from mydso_access.errors import Stale, UnreadableRecord
from mydso_access.installation import Installation
from mydso_access.model.customer import Customer
from mydso_access.model.event import Event
from mydso_access.model.instant import next_save
from mydso_access.retry import pauses, sleep

# May the actor do it, given what is stored now?
Judge: TypeAlias = Callable[[ActorFacts], Refused | None]
# What becomes of one customer.
Edit: TypeAlias = Callable[[Customer], Changed[Customer] | Done[Customer]]


@frozen(eq=False)
class Bulk:
    """What is done to many customers of one entity.

    Attributes:
        entity: id of the entity.
        judge: whether the actor may.
        edit: what becomes of each.
    """

    entity: str
    judge: Judge
    edit: Edit


@frozen
class Assigned:
    """How many customers a bulk change has reached; doing it again changes nothing more.

    Attributes:
        changed: how many were changed.
        unchanged: how many were so already.
    """

    changed: int
    unchanged: int

    @property
    def messages(self) -> tuple[()]:
        """Nobody is told; every answer has messages, so that one function of the host's sends them."""
        return ()


async def change_customers(
    installation: Installation, actor: Actor, bulk: Bulk, customer_ids: Sequence[str]
) -> Assigned | Refused | Busy:
    """Change a page of an entity's customers: all of them, or nothing.

    Args:
        installation: where.
        actor: who asks.
        bulk: what is done.
        customer_ids: at most a page of them, none twice.

    Raises:
        StoreError: the store failed, and nobody knows whether the page was stored; doing it again is right.
    """
    for pause in pauses(installation, installation.policy.lockout.charge_wait):
        await sleep(installation, pause)
        facts = await actor_facts(installation, actor)
        if refusal := bulk.judge(facts):
            return refusal
        try:
            stored = await installation.store.customers_named(bulk.entity, customer_ids)
        except UnreadableRecord as error:
            return await damaged(installation, error, facts.user.id if facts.user else None)
        customers = [stored.get(each) or Customer(entity=bulk.entity, id=each) for each in customer_ids]
        saves = [_save(installation, facts, customer, bulk.edit(customer)) for customer in customers]
        due = [save for save in saves if save is not None]
        try:
            if due:
                await installation.store.save_customers(due)
        except Stale as stale:
            if stale.joined:  # the host's transaction saw an older state, and will see it again
                raise
            continue
        return Assigned(len(due), len(customers) - len(due))
    return Busy(BusyBecause.RECORD_CHANGED)


def _save(
    installation: Installation, facts: ActorFacts, customer: Customer, decided: Changed[Customer] | Done[Customer]
) -> tuple[Customer, Event] | None:
    if isinstance(decided, Done):
        return None
    event_id, at = installation.chance.new_id(), next_save(customer.saved_at, installation.now())
    shelf = customer_shelf(installation, customer.entity, customer.id)
    return evolve(decided.record, saved_at=at, written_by=event_id), event_of(event_id, at, facts, shelf, decided)
