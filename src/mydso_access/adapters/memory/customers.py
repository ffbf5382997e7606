"""Associations of customers, and links to their pages and documents, in memory."""

import threading
from collections.abc import Sequence
from datetime import datetime
from typing import final

from mydso_access.adapters.memory.events import MemoryEvents
from mydso_access.adapters.memory.records import compared, page_of
from mydso_access.errors import Stale
from mydso_access.model.customer import Customer
from mydso_access.model.event import Event
from mydso_access.model.link import Link


@final
class MemoryCustomers:
    """Associations of customers, and the trail that their events go to."""

    def __init__(self, events: MemoryEvents) -> None:
        self._by_id: dict[tuple[str, str], Customer] = {}
        self._events = events
        self._lock = threading.Lock()

    def get(self, entity: str, customer_id: str, /) -> Customer | None:
        """Return a customer's associations."""
        with self._lock:  # not before the event is stored, too
            return self._by_id.get((entity, customer_id))

    def save(self, customer: Customer, event: Event, /) -> int:
        """Store associations and event, or raise `Stale` and store nothing."""
        key = customer.entity, customer.id
        with self._lock:
            stored = compared(customer, self._by_id.get(key))
            self._by_id[key] = stored
            self._events.append(event)
        return stored.version

    def named(self, entity: str, customer_ids: Sequence[str], /) -> tuple[Customer, ...]:
        """Return the associations of these customers; of those that have any."""
        with self._lock:
            found = [self._by_id.get((entity, each)) for each in customer_ids]
        return tuple(each for each in found if each is not None)

    def save_all(self, saves: Sequence[tuple[Customer, Event]], /) -> None:
        """Store several customers' associations and their events, or raise `Stale` and store nothing."""
        with self._lock:
            stored: dict[tuple[str, str], Customer] = {}
            for customer, _ in saves:
                key = customer.entity, customer.id
                stored[key] = compared(customer, stored.get(key) or self._by_id.get(key))
            self._by_id |= stored
            for _, event in saves:
                self._events.append(event)

    def of(
        self, entity: str, /, after: Customer | None, limit: int, associated: str | None = None
    ) -> tuple[Customer, ...]:
        """Return a page of an entity's customers, in the order of their ids; only those of one user, if asked."""
        with self._lock:
            found = [each for each in self._by_id.values() if each.entity == entity]
        if associated is not None:
            found = [each for each in found if associated == each.collector or associated in each.colleagues]
        return page_of(found, lambda each: (each.id,), after, limit)


@final
class MemoryLinks:
    """Links, and the trail that their events go to."""

    def __init__(self, events: MemoryEvents) -> None:
        self._by_id: dict[str, Link] = {}
        self._events = events
        self._lock = threading.Lock()

    def get(self, link_id: str, /) -> Link | None:
        """Return the link with this id."""
        with self._lock:  # not before the event is stored, too
            return self._by_id.get(link_id)

    def save(self, link: Link, event: Event, /) -> int:
        """Store link and event, or raise `Stale` and store nothing."""
        with self._lock:
            stored = compared(link, self._by_id.get(link.id))
            self._by_id[link.id] = stored
            self._events.append(event)
        return stored.version

    def add_all(self, links: Sequence[Link], event: Event, /) -> None:
        """Store new links and their event, or raise `Stale` and store nothing."""
        if any(link.version for link in links):
            raise Stale
        with self._lock:
            stored: dict[str, Link] = {}
            for link in links:
                stored[link.id] = compared(link, stored.get(link.id) or self._by_id.get(link.id))
            self._by_id |= stored
            self._events.append(event)

    def of(
        self,
        entity: str,
        /,
        after: Link | None,
        limit: int,
        customer: str | None = None,
        granter: str | None = None,
    ) -> tuple[Link, ...]:
        """Return a page of an entity's links, in the order of their ids; only a customer's or a granter's, if asked."""
        with self._lock:
            found = [each for each in self._by_id.values() if each.target.entity == entity]
        if customer is not None:
            found = [each for each in found if each.target.customer == customer]
        if granter is not None:
            found = [each for each in found if each.granter == granter]
        return page_of(found, lambda each: (each.id,), after, limit)

    def forget(self, granter: str, /, limit: int) -> int:
        """Forget links that a user granted, at most so many."""
        with self._lock:
            return self._forgotten([each.id for each in self._by_id.values() if each.granter == granter][:limit])

    def purge(self, instant: datetime, /, limit: int) -> int:
        """Forget links that were dead before an instant, at most so many."""
        with self._lock:
            ends = [(each.id, each.dead_from) for each in self._by_id.values()]
            return self._forgotten([key for key, end in ends if end is not None and end < instant][:limit])

    def _forgotten(self, ids: Sequence[str]) -> int:
        for link_id in ids:
            del self._by_id[link_id]
        return len(ids)
