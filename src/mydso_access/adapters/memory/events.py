"""The audit trail in memory."""

import threading
from datetime import datetime
from typing import final

from attrs import evolve

from mydso_access.adapters.memory.records import page_of
from mydso_access.model.event import Event, EventQuery, escaped


@final
class MemoryEvents:
    """The audit trail."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._lock = threading.Lock()

    def append(self, event: Event, /) -> None:
        """Store an event."""
        with self._lock:
            self._events.append(event)

    def page(self, query: EventQuery, /, after: Event | None, limit: int) -> tuple[Event, ...]:
        """Return a page of the trail."""
        return page_of(filter(query.holds, self.all()), _place, after, limit, backwards=query.latest_first)

    def purge(self, instant: datetime, /, limit: int) -> int:
        """Forget events that happened before an instant, the earliest first."""
        with self._lock:
            over = {event.id for event in page_of(self._before(instant), _place, None, limit)}
            self._events = [event for event in self._events if event.id not in over]
        return len(over)

    def pseudonymise(self, user_id: str, pseudonym: str, /, limit: int) -> int:
        """Replace a user's id by a pseudonym, and erase the addresses of those events."""
        known_as = escaped(user_id)
        with self._lock:
            theirs = [n for n, event in enumerate(self._events) if known_as in (event.subject, event.actor)][:limit]
            for number in theirs:
                event = self._events[number]
                self._events[number] = evolve(
                    event,
                    subject=pseudonym if event.subject == known_as else event.subject,
                    actor=pseudonym if event.actor == known_as else event.actor,
                    address=None,
                )
        return len(theirs)

    def all(self) -> tuple[Event, ...]:
        """Return every event, in the order stored, for tests and tools."""
        with self._lock:
            return tuple(self._events)

    def _before(self, instant: datetime) -> list[Event]:
        return [event for event in self._events if event.at < instant]


def _place(event: Event) -> tuple[datetime, str]:
    return event.at, event.id
