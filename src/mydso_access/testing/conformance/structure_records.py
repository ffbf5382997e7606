"""Entities, platforms and customers to try a store with: every case of every field, and states told apart by a number."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from attrs import evolve

from mydso_access.model.customer import Customer
from mydso_access.model.event import Event, EventKind
from mydso_access.model.structure import Appointment, ApprovedAddress, Entity, Platform, SignInMode, Structure
from mydso_access.policy.fixed import TICK
from mydso_access.policy.levels import StructurePolicy
from mydso_access.policy.lists import Networks
from mydso_access.policy.passwords import Composition
from mydso_access.testing.clock import A_MONDAY
from mydso_access.testing.conformance.records import TEXTS, later

S = TypeVar("S", Entity, Platform)
A_DAY = timedelta(days=1)
SHORT = 200  # code points of an id that a store may well keep in a column of its own


def entity(entity_id: str, **changes: Any) -> Entity:
    """Return a new entity."""
    fields: dict[str, Any] = {"id": entity_id, "title": f"title of {entity_id}", "saved_at": A_MONDAY}
    return Entity(**fields | changes)


def platform(platform_id: str, **changes: Any) -> Platform:
    """Return a new platform."""
    fields: dict[str, Any] = {"id": platform_id, "title": f"title of {platform_id}", "saved_at": A_MONDAY}
    return Platform(**fields | changes)


def structure_told(saved: Entity | Platform) -> Event:
    """Return the event that an entity or a platform is saved with."""
    event_id = saved.written_by or f"event of {saved.structure.kind.value} {saved.id}"
    return Event(id=event_id, kind=EventKind.STRUCTURE_CREATED, at=saved.saved_at, structure=saved.structure)


def numbered_structure(before: S, number: int) -> S:
    """Return entity or platform with everything changed that a save may change, written by an event of this number."""
    floors: dict[str, Any] = {}
    if isinstance(before, Entity):
        floors = {"interactive_links_from": later(number), "document_links_from": later(number) + TICK}
    return evolve(
        before,
        title=f"title-{number}",
        policy=StructurePolicy({"links.interactive": A_DAY + number * TICK, "dormancy.months": 1 + number % 120}),
        main_administrators=(Appointment(f"user-{number}", f"appointment-{number}"),),
        sign_in_mode=tuple(SignInMode)[number % len(SignInMode)],
        approved=(ApprovedAddress(f"2001:db8::{number:x}", before.structure, later(number)),),
        saved_at=later(number),
        written_by=f"event-{number}",
        **floors,
    )


def policies() -> Mapping[str, StructurePolicy]:
    """Return what structures ask for: nothing, settings of every type, some without a value."""
    asked: dict[str, dict[str, Any]] = {
        "nothing": {},
        "a number": {"passwords.min_length": 12},
        "yes": {"passwords.require_lowercase": True},
        "no": {"visibility.guests": False},
        **{f"the word {each.value}": {"passwords.composition": each} for each in Composition},
        "a time": {"links.documents": 30 * A_DAY + TICK},
        "without end": {"links.interactive": None, "dormancy.months": None},
        "networks": {"addresses.networks": Networks("192.0.2.0/24, 2001:db8::/48, 203.0.113.9")},
        "several": {"passwords.min_length": 8, "dormancy.months": 120, "links.interactive": A_DAY},
    }
    return {name: StructurePolicy(asks) for name, asks in asked.items()}


def every_entity() -> Mapping[str, Entity]:
    """Return entities which between them hold every case of every field."""
    many = tuple(Appointment(f"user-{number}", f"appointment-{number}") for number in range(300))
    texts = {f"text {n}": _with_texts(f"t{n}", text) for n, text in enumerate(TEXTS)}
    where, other = Structure.entity("approved"), Structure.platform("platform-1")
    approved = (
        ApprovedAddress("192.0.2.1", other, later(0)),
        *(ApprovedAddress(f"2001:db8::{number:x}", where, later(number)) for number in range(1, 200)),
    )
    return {
        "plain": entity("plain"),
        "many main administrators": entity("many", main_administrators=many),
        "approved addresses": entity(where.id, approved=approved),
        "whose older links are dead": entity("links", interactive_links_from=later(1), document_links_from=later(2)),
        "written": entity("written", written_by="event", saved_at=later(1)),
        **{f"asks for {name}": entity(name, policy=policy) for name, policy in policies().items()},
        **{f"by {mode.value}": entity(mode.value, sign_in_mode=mode) for mode in SignInMode},
        **texts,
    }


def _with_texts(entity_id: str, text: str) -> Entity:
    return entity(
        entity_id,
        title=text,
        main_administrators=(Appointment(text[:SHORT], text[:SHORT]),),
        approved=(ApprovedAddress(text, Structure.entity(text), A_MONDAY),),
    )


def dated_entity(number: int, instant: datetime) -> Entity:
    """Return an entity that was saved at this instant."""
    where = Structure.entity(f"entity-{number}")
    approved = (ApprovedAddress("192.0.2.1", where, instant),)
    instants = dict.fromkeys(("interactive_links_from", "document_links_from", "saved_at"), instant)
    return entity(where.id, approved=approved, **instants)


def customer(customer_id: str, **changes: Any) -> Customer:
    """Return a new customer of entity-1, with nobody associated."""
    fields: dict[str, Any] = {"entity": "entity-1", "id": customer_id, "saved_at": A_MONDAY}
    return Customer(**fields | changes)


def customer_told(saved: Customer) -> Event:
    """Return the event that a customer's associations are saved with."""
    return Event(
        id=saved.written_by or f"event of {saved.id} of {saved.entity}",
        kind=EventKind.CUSTOMER_ASSOCIATED,
        at=saved.saved_at,
        structure=Structure.entity(saved.entity),
        customer=saved.id,
    )


def numbered_customer(before: Customer, number: int) -> Customer:
    """Return the customer with everything changed that a save may change, written by an event of this number."""
    return evolve(
        before,
        collector=f"collector-{number}",
        colleagues=frozenset({"colleague", f"colleague-{number}"}),
        saved_at=later(number),
        written_by=f"event-{number}",
    )


def every_customer() -> Mapping[str, Customer]:
    """Return customers which between them hold every case of every field."""
    texts = {
        f"text {n}": customer(f"t{n}", collector=text[:SHORT] or None, colleagues=frozenset({text[:SHORT], "other"}))
        for n, text in enumerate(TEXTS)
    }
    return {
        "nobody's": customer("plain"),
        "with a collector": customer("collected", collector="user-1"),
        "with a colleague": customer("accompanied", colleagues=frozenset({"user-1"})),
        "with a colleague who collects": customer("both", collector="user-1", colleagues=frozenset({"user-1"})),
        "with many": customer("many", colleagues=frozenset(f"user-{number}" for number in range(300))),
        "another entity's": customer("plain", entity="Zoë's 'entity'"),
        "written": customer("written", written_by="event", saved_at=later(1)),
        **texts,
    }


def dated_customer(number: int, instant: datetime) -> Customer:
    """Return a customer whose associations were saved at this instant."""
    return customer(f"customer-{number}", saved_at=instant)
