"""The repositories, distrusted: every answer is checked; a bridge makes every failure a `StoreError`."""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from attrs import evolve, frozen

from mydso_access.errors import BrokenStore, StoreError, UnreadableRecord, shown
from mydso_access.model.assertion import Assertion
from mydso_access.model.attempts import AttemptCounter, CounterKey
from mydso_access.model.customer import Customer
from mydso_access.model.event import Event, EventQuery
from mydso_access.model.link import Link, LinkTarget
from mydso_access.model.sign_in import SignIn
from mydso_access.model.structure import Entity, Platform, Structure, StructureRecord, check_structure
from mydso_access.model.user import SsoIdentity, User, check_user_id
from mydso_access.ports import Bridge, ResourceExists
from mydso_access.repositories import (
    AssertionRepository,
    CounterRepository,
    CustomerRepository,
    EventRepository,
    LinkRepository,
    SignInRepository,
    StructureRepository,
    UserRepository,
)

P = TypeVar("P", User, Entity, Customer, Event, Link)

logger: logging.Logger = logging.getLogger("mydso_access")


@frozen(eq=False, repr=False)
class Store:
    """What flows and gate ask instead of the repositories."""

    users: UserRepository
    structures: StructureRepository
    customers: CustomerRepository
    links: LinkRepository
    counters: CounterRepository
    sign_ins: SignInRepository
    assertions: AssertionRepository
    events: EventRepository
    bridge: Bridge

    async def counter(self, key: CounterKey) -> AttemptCounter:
        """Return the key's counter, or a new one."""
        found = await self.bridge.ask(self.counters.get, key)
        if found is None:
            return AttemptCounter(key)
        if type(found) is not AttemptCounter or found.key != key or not _is_sound(found):
            raise BrokenStore("counters.get", f"{_kind(found)} instead of the counter asked for")
        return found

    async def save_counter(self, counter: AttemptCounter, idle_from: datetime | None) -> AttemptCounter:
        """Save the counter, to be kept until an instant, and return it as stored."""
        version = await self.bridge.ask(self.counters.save, counter.stored(counter.version, idle_from))
        return counter.stored(_grown("counters.save", version, counter.version), idle_from)

    async def purge_counters(self, before: datetime, limit: int) -> int:
        """Forget counters that were idle before an instant, at most so many."""
        return _portion("counters.purge", await self.bridge.ask(self.counters.purge, before, limit=limit), limit)

    async def sign_in(self, sign_in_id: str) -> SignIn | None:
        """Return the half-finished sign-in with this id."""
        found = await self.bridge.ask(self.sign_ins.get, sign_in_id)
        if found is not None and not (_is_record(found, SignIn) and found.id == sign_in_id):
            raise BrokenStore("sign_ins.get", f"{_kind(found)} instead of the sign-in asked for")
        return found

    async def save_sign_in(self, sign_in: SignIn) -> SignIn:
        """Save a half-finished sign-in and return it as stored."""
        version = await self.bridge.ask(self.sign_ins.save, sign_in)
        return evolve(sign_in, version=_grown("sign_ins.save", version, sign_in.version))

    async def add_assertion(self, assertion: Assertion) -> None:
        """Store that an assertion was taken."""
        await self.bridge.ask(self.assertions.add, assertion)

    async def purge_assertions(self, before: datetime, limit: int) -> int:
        """Forget assertions that expired before an instant, at most so many."""
        return _portion("assertions.purge", await self.bridge.ask(self.assertions.purge, before, limit=limit), limit)

    async def purge_sign_ins(self, before: datetime, limit: int) -> int:
        """Forget sign-ins that expired before an instant, at most so many."""
        return _portion("sign_ins.purge", await self.bridge.ask(self.sign_ins.purge, before, limit=limit), limit)

    async def user(self, user_id: str) -> User | None:
        """Return the user with this id.

        Raises:
            InvalidValue: it is no text.
        """
        check_user_id(user_id)
        found = await self.bridge.ask(self.users.get, user_id)
        if found is None:
            return None
        if type(found) is not User or found.id != user_id or not _is_version(found.version, 0):
            raise BrokenStore("users.get", f"{_kind(found)} instead of the user asked for")
        return found

    async def user_named(self, name: str) -> User | None:
        """Return the user found under this name; whether it is exactly theirs is for the decision to say (D11)."""
        found = await self.bridge.ask(self.users.named, name)
        if found is not None and (type(found) is not User or not _is_version(found.version, 0)):
            raise BrokenStore("users.named", f"{_kind(found)} instead of a user")
        return found

    async def user_known_as(self, identity: SsoIdentity) -> User | None:
        """Return the user with this identity of single sign-on."""
        found = await self.bridge.ask(self.users.known_as, identity)
        if found is not None and not (_is_record(found, User) and found.sso == identity):
            raise BrokenStore("users.known_as", f"{_kind(found)} instead of the user asked for")
        return found

    async def save_user(self, user: User, event: Event) -> User:
        """Save user and event together and return the user as stored."""
        version = await self.bridge.ask(self.users.save, user, event)
        return evolve(user, version=_grown("users.save", version, user.version))

    async def remove_user(self, user: User, event: Event) -> None:
        """Forget a user, and save the event that tells of it."""
        await self.bridge.ask(self.users.remove, user, event)

    async def users_of(self, structure: Structure, after: User | None, limit: int) -> Sequence[User]:
        """Return a page of a structure's users."""
        check_structure(structure)
        found = await self.bridge.ask(self.users.of, structure, after=after, limit=limit)
        page = _page("users.of", User, found, limit)
        if any(not _is_of(each, structure) for each in page):
            raise BrokenStore("users.of", "another structure's user")
        return page

    async def users_unseen_since(
        self, structure: Structure, instant: datetime, after: User | None, limit: int
    ) -> Sequence[User]:
        """Return a page of a structure's own enabled users who were not seen since."""
        found = await self.bridge.ask(self.users.unseen_since, structure, instant, after=after, limit=limit)
        page = _page("users.unseen_since", User, found, limit)
        if any(each.structure != structure for each in page):
            raise BrokenStore("users.unseen_since", "another structure's user")
        return page

    async def users_invited_before(self, instant: datetime, after: User | None, limit: int) -> Sequence[User]:
        """Return a page of the users who were invited before an instant, and have not accepted."""
        found = await self.bridge.ask(self.users.invited_before, instant, after=after, limit=limit)
        return _page("users.invited_before", User, found, limit)

    async def user_count(self) -> int:
        """Return how many users there are."""
        found = await self.bridge.ask(self.users.count)
        if type(found) is not int or found < 0:
            raise BrokenStore("users.count", f"{shown(found)} instead of a number")
        return found

    async def structure(self, structure: Structure) -> StructureRecord | None:
        """Return the entity or platform of this name."""
        check_structure(structure)
        found = await self.bridge.ask(self.structures.get, structure)
        if found is not None and not (_is_record(found, Entity, Platform) and found.structure == structure):
            raise BrokenStore("structures.get", f"{_kind(found)} instead of the structure asked for")
        return found

    async def has(self, one: Structure | str) -> bool:
        """Tell whether a structure, or a user of this id, is stored; one whose record is damaged is, too."""
        try:
            return await (self.user(one) if isinstance(one, str) else self.structure(one)) is not None
        except UnreadableRecord:
            return True

    async def platform(self) -> Platform | None:
        """Return the platform."""
        found = await self.bridge.ask(self.structures.platform)
        if found is not None and not _is_record(found, Platform):
            raise BrokenStore("structures.platform", f"{_kind(found)} instead of the platform")
        return found

    async def save_structure(self, record: StructureRecord, event: Event) -> StructureRecord:
        """Save entity or platform and event together and return it as stored."""
        version = await self.bridge.ask(self.structures.save, record, event)
        return evolve(record, version=_grown("structures.save", version, record.version))

    async def entities(self, after: Entity | None, limit: int) -> Sequence[Entity]:
        """Return a page of the entities."""
        found = await self.bridge.ask(self.structures.entities, after=after, limit=limit)
        return _page("structures.entities", Entity, found, limit)

    async def customer(self, entity: str, customer_id: str) -> Customer | None:
        """Return a customer's associations."""
        found = await self.bridge.ask(self.customers.get, entity, customer_id)
        if found is None:
            return None
        if not _is_record(found, Customer) or (found.entity, found.id) != (entity, customer_id):
            raise BrokenStore("customers.get", f"{_kind(found)} instead of the customer asked for")
        return found

    async def save_customer(self, customer: Customer, event: Event) -> Customer:
        """Save associations and event together and return them as stored."""
        version = await self.bridge.ask(self.customers.save, customer, event)
        return evolve(customer, version=_grown("customers.save", version, customer.version))

    async def customers_named(self, entity: str, customer_ids: Sequence[str]) -> Mapping[str, Customer]:
        """Return these customers' associations, by their ids; of those that have any."""
        found = await self.bridge.ask(self.customers.named, entity, customer_ids)
        page, asked = _page("customers.named", Customer, found, len(customer_ids)), set(customer_ids)
        by_id = {each.id: each for each in page if each.entity == entity and each.id in asked}
        if len(by_id) != len(page) or not all(_is_version(each.version, 0) for each in page):
            raise BrokenStore("customers.named", "other customers than those asked for")
        return by_id

    async def save_customers(self, saves: Sequence[tuple[Customer, Event]]) -> None:
        """Save several customers' associations, each with its event: all of them, or nothing."""
        await self.bridge.ask(self.customers.save_all, saves)

    async def customers_of(
        self, entity: str, after: Customer | None, limit: int, associated: str | None = None
    ) -> Sequence[Customer]:
        """Return a page of an entity's customers; only those of one user, if asked."""
        found = await self.bridge.ask(self.customers.of, entity, after=after, limit=limit, associated=associated)
        page = _page("customers.of", Customer, found, limit)
        if any(customer.entity != entity for customer in page):
            raise BrokenStore("customers.of", "another entity's customer")
        return page

    async def link(self, link_id: str) -> Link | None:
        """Return the link with this id."""
        found = await self.bridge.ask(self.links.get, link_id)
        if found is not None and not (_is_record(found, Link) and found.id == link_id):
            raise BrokenStore("links.get", f"{_kind(found)} instead of the link asked for")
        return found

    async def save_link(self, link: Link, event: Event) -> Link:
        """Save link and event together and return the link as stored."""
        version = await self.bridge.ask(self.links.save, link, event)
        return evolve(link, version=_grown("links.save", version, link.version))

    async def add_links(self, links: Sequence[Link], event: Event) -> None:
        """Save new links and the one event that tells of them: all of them, or nothing."""
        await self.bridge.ask(self.links.add_all, links, event)

    async def links_of(
        self, entity: str, after: Link | None, limit: int, customer: str | None = None, granter: str | None = None
    ) -> Sequence[Link]:
        """Return a page of an entity's links; only a customer's or a granter's, if asked."""
        asked = {"customer": customer, "granter": granter}
        found = await self.bridge.ask(self.links.of, entity, after=after, limit=limit, **asked)
        page = _page("links.of", Link, found, limit)
        if any(each.target.entity != entity or customer not in (None, each.target.customer) for each in page):
            raise BrokenStore("links.of", "another entity's link, or another customer's")
        if any(granter not in (None, each.granter) for each in page):
            raise BrokenStore("links.of", "another granter's link")
        return page

    async def forget_links(self, granter: str, limit: int) -> int:
        """Forget links that a user granted, at most so many."""
        return _portion("links.forget", await self.bridge.ask(self.links.forget, granter, limit=limit), limit)

    async def purge_links(self, before: datetime, limit: int) -> int:
        """Forget links that were dead before an instant, at most so many."""
        return _portion("links.purge", await self.bridge.ask(self.links.purge, before, limit=limit), limit)

    async def resource_exists(self, still_there: ResourceExists, target: LinkTarget) -> bool:
        """Ask the host whether what a link leads to exists still."""
        answer = await self.bridge.ask(still_there, target)
        if type(answer) is not bool:
            raise BrokenStore("resource_exists", f"{_kind(answer)} instead of True or False")
        return answer

    async def events_page(self, query: EventQuery, after: Event | None, limit: int) -> Sequence[Event]:
        """Return a page of the trail."""
        found = await self.bridge.ask(self.events.page, query, after=after, limit=limit)
        page = _page("events.page", Event, found, limit)
        if not all(map(query.holds, page)):
            raise BrokenStore("events.page", "an event that was not asked for")
        return page

    async def purge_events(self, before: datetime, limit: int) -> int:
        """Forget events that happened before an instant, at most so many."""
        return _portion("events.purge", await self.bridge.ask(self.events.purge, before, limit=limit), limit)

    async def pseudonymise(self, user_id: str, pseudonym: str, limit: int) -> int:
        """Replace a user's id in the trail, in at most so many events."""
        changed = await self.bridge.ask(self.events.pseudonymise, user_id, pseudonym, limit=limit)
        return _portion("events.pseudonymise", changed, limit)

    async def record(self, event: Event) -> None:
        """Append an event that must be stored, or what it tells of does not happen."""
        await self.bridge.ask(self.events.append, event)

    async def append(self, event: Event) -> None:
        """Append an event; a trail that cannot be written never turns a refusal into anything else."""
        try:
            await self.bridge.ask(self.events.append, event)
        except StoreError:
            logger.exception("an event could not be stored: %s at %s", event.kind.value, event.at.isoformat())


def _page(call: str, kind: type[P], found: Any, limit: int) -> Sequence[P]:
    if not isinstance(found, Sequence) or len(found) > limit or any(type(each) is not kind for each in found):
        raise BrokenStore(call, f"{_kind(found)} instead of at most {limit} records, each {kind.__name__}")
    return found


def _is_of(user: User, structure: Structure) -> bool:
    return structure == user.structure or structure in map(Structure.entity, user.memberships)


def _is_record(found: Any, *kinds: type) -> bool:
    return type(found) in kinds and _is_version(found.version, 0)


def _grown(call: str, version: Any, before: int) -> int:
    if not _is_version(version, before):
        raise BrokenStore(call, f"{shown(version)} instead of a version above {before}")
    return version  # type: ignore[no-any-return]  # an int, as just checked


def _portion(call: str, forgotten: Any, limit: int) -> int:
    if type(forgotten) is not int or not 0 <= forgotten <= limit:
        raise BrokenStore(call, f"{shown(forgotten)} instead of how many were forgotten, from 0 to {limit}")
    return forgotten


def _is_sound(counter: AttemptCounter) -> bool:
    """Tell whether a counter may be reckoned with: a store that lost its time zones has no order of instants."""
    instants = [counter.saved_at]
    if counter.blocked_until is not None:
        instants.append(counter.blocked_until)
    instants.extend(failure.at for failure in counter.failures)
    for reservation in counter.reservations:
        instants += (reservation.at, reservation.clock)
    return _is_version(counter.version, 0) and all(getattr(instant, "tzinfo", None) is UTC for instant in instants)


def _is_version(version: Any, above: int) -> bool:
    return type(version) is int and version > above


def _kind(answer: Any) -> str:
    return f"a {type(answer).__name__}"
