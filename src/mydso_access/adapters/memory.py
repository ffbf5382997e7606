"""Repositories in this process's memory: for tests, examples and single-process tools. Nothing survives the process."""

import threading
from typing import TypeVar, final

from attrs import Factory, evolve, field, frozen

from mydso_access.errors import Stale, Taken
from mydso_access.model.attempts import AttemptCounter, CounterKey
from mydso_access.model.event import Event
from mydso_access.model.user import User

Record = TypeVar("Record", User, AttemptCounter)


@final
class MemoryUsers:
    """Users, and the trail that their events go to."""

    def __init__(self, events: "MemoryEvents") -> None:
        self._by_id: dict[str, User] = {}
        self._id_of: dict[str, str] = {}
        self._events = events
        self._lock = threading.Lock()

    def get(self, user_id: str, /) -> User | None:
        """Return the user with this id."""
        return self._by_id.get(user_id)

    def named(self, name: str, /) -> User | None:
        """Return the user with exactly this name."""
        with self._lock:
            return self._by_id[self._id_of[name]] if name in self._id_of else None

    def save(self, user: User, event: Event, /) -> int:
        """Store user and event, or raise `Stale` or `Taken` and store nothing."""
        with self._lock:
            before = self._by_id.get(user.id)
            stored = _next_version(user, before)
            if user.name is not None and self._id_of.get(user.name, user.id) != user.id:
                raise Taken("name")
            if before is not None and before.name is not None:
                del self._id_of[before.name]
            if user.name is not None:
                self._id_of[user.name] = user.id
            self._by_id[user.id] = stored
            self._events.append(event)
        return stored.version


@final
class MemoryCounters:
    """Attempt counters."""

    def __init__(self) -> None:
        self._by_key: dict[CounterKey, AttemptCounter] = {}
        self._lock = threading.Lock()

    def get(self, key: CounterKey, /) -> AttemptCounter | None:
        """Return the counter of this key."""
        return self._by_key.get(key)

    def save(self, counter: AttemptCounter, /) -> int:
        """Store the counter, or raise `Stale` and store nothing."""
        with self._lock:
            stored = _next_version(counter, self._by_key.get(counter.key))
            self._by_key[counter.key] = stored
        return stored.version

    def all(self) -> tuple[AttemptCounter, ...]:
        """Return every counter, for tests and tools."""
        with self._lock:
            return tuple(self._by_key.values())


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

    def all(self) -> tuple[Event, ...]:
        """Return every event, in the order stored, for tests and tools."""
        with self._lock:
            return tuple(self._events)


@final
@frozen(eq=False, repr=False)
class MemoryRepositories:
    """One installation in memory, thread-safe. Records are immutable, so nothing handed out can be changed."""

    events: MemoryEvents = field(init=False, factory=MemoryEvents)
    counters: MemoryCounters = field(init=False, factory=MemoryCounters)
    users: MemoryUsers = field(init=False, default=Factory(lambda self: MemoryUsers(self.events), takes_self=True))


def _next_version(record: Record, before: Record | None) -> Record:
    stored = 0 if before is None else before.version
    if record.version != stored:
        raise Stale
    return evolve(record, version=stored + 1)
