"""Changing one record by compare-and-set: load who asks and what it is about, decide, save; again if it was overtaken."""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Generic, TypeAlias, TypeVar

from attrs import evolve, frozen

from mydso_access.decisions.administration import Actor, ActorFacts, actor_of_event
from mydso_access.decisions.changes import Changed, Done, R
from mydso_access.decisions.outcomes import Busy, BusyBecause, Proof, Refused
from mydso_access.decisions.sign_in import Place
from mydso_access.decisions.steps import unproven_among
from mydso_access.errors import Stale, StoreUnavailable, Taken, UnreadableRecord
from mydso_access.installation import Installation
from mydso_access.model.customer import Customer
from mydso_access.model.event import Event, EventKind
from mydso_access.model.instant import next_save
from mydso_access.model.link import Link
from mydso_access.model.reason import Reason
from mydso_access.model.sign_in import SECOND_FACTORS
from mydso_access.model.structure import Entity, Structure, StructureRecord
from mydso_access.model.user import User
from mydso_access.policy.fixed import EARLIEST
from mydso_access.retry import pauses, sleep

T = TypeVar("T")
logger: logging.Logger = logging.getLogger("mydso_access")


@frozen
class Case(Generic[R]):
    """What one try at a change is decided on.

    Attributes:
        facts: who asks, as stored at this moment.
        record: the record as stored at this moment; `None` if there is none.
        at: the instant that the save will bear: now, yet later than the record's last (D10).
    """

    facts: ActorFacts
    record: R | None
    at: datetime


# What a decision says of a record that is (or is not) there: it changes, it is so already, or no.
Decided: TypeAlias = Changed[T] | Done[T] | Refused


@frozen(kw_only=True)
class Shelf(Generic[R]):
    """Where one record is loaded from and saved to, and what its events are about."""

    load: Callable[[], Awaitable[R | None]]
    save: Callable[[R, Event], Awaitable[R]]
    subject: str | None = None
    structure: Structure | None = None
    customer: str | None = None


def user_shelf(installation: Installation, user_id: str) -> Shelf[User]:
    """Return where a user is kept."""
    store = installation.store
    return Shelf(load=lambda: store.user(user_id), save=store.save_user, subject=user_id)


def structure_shelf(installation: Installation, structure: Structure) -> Shelf[StructureRecord]:
    """Return where a structure is kept."""
    store = installation.store
    return Shelf(load=lambda: store.structure(structure), save=store.save_structure, structure=structure)


def customer_shelf(installation: Installation, entity: str, customer_id: str) -> Shelf[Customer]:
    """Return where a customer's associations are kept."""
    store = installation.store
    return Shelf(
        load=lambda: store.customer(entity, customer_id),
        save=store.save_customer,
        structure=Structure.entity(entity),
        customer=customer_id,
    )


def link_shelf(installation: Installation, link: Link) -> Shelf[Link]:
    """Return where a link is kept."""
    store = installation.store
    return Shelf(
        load=lambda: store.link(link.id),
        save=store.save_link,
        structure=Structure.entity(link.target.entity),
        customer=link.target.customer,
    )


async def proof_facts(installation: Installation, actor: Actor | None) -> ActorFacts:
    """Load whoever asks, and their home: all that their proof is judged by; nothing that they bring is trusted."""
    facts = ActorFacts(actor, installation.policy, installation.now())
    if not isinstance(actor, Proof):
        return facts
    try:
        user = await installation.store.user(actor.user_id)
        home = None if user is None else await installation.store.structure(user.structure)
    except UnreadableRecord as error:  # whose record is damaged proves nothing
        await damaged(installation, error, actor.user_id)
        return facts
    return evolve(facts, user=user, home=home)


async def actor_facts(installation: Installation, actor: Actor | None) -> ActorFacts:
    """Load whoever asks for a change, and which entities ask them for more than they have proven."""
    facts = await proof_facts(installation, actor)
    if facts.user is None or not isinstance(actor, Proof):
        return facts
    return evolve(facts, unproven=await _unproven(installation, actor, facts.user, facts.home))


async def _unproven(
    installation: Installation, proof: Proof, user: User, home: StructureRecord | None
) -> frozenset[Structure]:
    """Find out which entities ask a multi-entity user for a second factor that their proof lacks.

    Nobody's home is among them: it asked at the sign-in.
    """
    if not user.memberships or any(factor in SECOND_FACTORS for factor, _ in proof.factors):
        return frozenset()
    entities, unreadable_ones = list[Entity](), set[Structure]()
    for place in map(Structure.entity, sorted(user.memberships)):
        try:
            record = await installation.store.structure(place)
        except UnreadableRecord:  # nobody knows what it asks for
            unreadable_ones.add(place)
        else:
            entities += [record] if isinstance(record, Entity) else []
    here = Place(home, installation.policy, installation.now())
    return unproven_among(user, proof, here, entities) | unreadable_ones


async def change(
    installation: Installation,
    actor: Actor | None,
    shelf: Shelf[R],
    decide: Callable[[Case[R]], Decided[R]],
) -> Done[R] | Refused | Busy:
    """Change one record.

    Args:
        installation: where.
        actor: who asks; `None` where a token is all that is needed.
        shelf: where the record is.
        decide: what becomes of it.

    Raises:
        StoreError: the store failed, and the change is not known to be stored; `Stale`, if the host's own transaction
            must be begun anew.
    """
    event_id = installation.chance.new_id()
    for pause in pauses(installation, installation.policy.lockout.charge_wait):
        await sleep(installation, pause)
        facts = await actor_facts(installation, actor)
        try:
            stored = await shelf.load()
        except UnreadableRecord as error:
            return await damaged(installation, error, shelf.subject)
        at = next_save(EARLIEST if stored is None else stored.saved_at, installation.now())
        decided = decide(Case(facts, stored, at))
        if not isinstance(decided, Changed):
            return decided
        event = event_of(event_id, at, facts, shelf, decided)
        try:
            saved = await _save(shelf, evolve(decided.record, saved_at=at, written_by=event_id), event)
        except Taken as taken:
            return Refused(Reason.NAME_TAKEN if taken.field == "name" else Reason.ALREADY_THERE, "A3")  # A3
        except Stale as stale:
            if stale.joined:  # the host's transaction saw an older state, and will see it again
                raise
            continue
        return Done(saved, decided.messages, event) if decided.answer is None else decided.answer
    return Busy(BusyBecause.RECORD_CHANGED)


async def damaged(
    installation: Installation, error: UnreadableRecord, subject: str | None, address: str | None = None
) -> Refused:
    """Refuse because a stored record is damaged, and say so in log and trail.

    Args:
        installation: where.
        error: what the store found.
        subject: id of the user whose record it is, or who asks; `None` if nobody knows.
        address: where the attempt came from.
    """
    refused = evolve(unreadable(error), user_id=subject)
    event = Event(
        id=installation.chance.new_id(),
        kind=EventKind.REFUSED,
        at=installation.now(),
        subject=subject,
        address=address,
        reason=refused.reason,
        rule=refused.rule,
        levels=refused.levels,
    )
    await installation.store.append(event)
    return refused


def unreadable(error: UnreadableRecord) -> Refused:
    """Return the refusal of whoever's record is damaged; the field is for the host's log."""
    logger.error("a stored record cannot be read: %s", error)
    return Refused(Reason.UNREADABLE_RECORD, "architecture, invariants")


async def _save(shelf: Shelf[R], record: R, event: Event) -> R:
    """Save; if nobody knows whether that was done, look whether the record is our own."""
    try:
        return await shelf.save(record, event)
    except (Stale, StoreUnavailable) as error:
        if isinstance(error, Stale) and error.joined:  # and nothing can be asked in that transaction any more
            raise
        stored = await shelf.load()
        if stored is None or stored.written_by != event.id:
            raise
        return stored


def event_of(event_id: str, at: datetime, facts: ActorFacts, shelf: Shelf[R], decided: Changed[R]) -> Event:
    """Return the event that tells of a change."""
    return Event(
        id=event_id,
        kind=decided.kind,
        at=at,
        subject=decided.subject or shelf.subject,
        structure=shelf.structure or (decided.record.structure if isinstance(decided.record, User) else None),
        customer=shelf.customer,
        address=decided.address,
        **actor_of_event(facts.actor),
        reason=decided.reason,
        rule=decided.rule,
        differences=decided.differences,
    )
