"""Repositories in this process's memory: for tests, examples and single-process tools. Nothing survives the process."""

import threading
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar, final

from attrs import Factory, evolve, field, frozen

from mydso_access.adapters.versions import next_version
from mydso_access.errors import Stale, Taken
from mydso_access.model.attempts import AttemptCounter, CounterKey
from mydso_access.model.event import Event, escaped
from mydso_access.model.sign_in import SignIn
from mydso_access.model.user import User, seen_at

Record = TypeVar("Record", User, AttemptCounter, SignIn)


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
        with self._lock:  # not before the event is stored, too
            return self._by_id.get(user_id)

    def named(self, name: str, /) -> User | None:
        """Return the user with exactly this name."""
        with self._lock:
            return self._by_id[self._id_of[name]] if name in self._id_of else None

    def save(self, user: User, event: Event, /) -> int:
        """Store user and event, or raise `Stale` or `Taken` and store nothing."""
        with self._lock:
            stored = self._checked(user)
            self._store(stored)
            self._events.append(event)
        return stored.version

    def add_all(self, users: Sequence[User], event: Event, /) -> None:
        """Store new users and their event, or raise `Stale` or `Taken` and store nothing."""
        with self._lock:
            if any(user.version for user in users) or len({user.id for user in users}) < len(users):
                raise Stale
            new = [self._checked(user) for user in users]
            names = [user.name for user in users if user.name is not None]
            if len(set(names)) < len(names):
                raise Taken("name")
            for user in new:
                self._store(user)
            self._events.append(event)

    def unseen_since(self, instant: datetime, /, after: User | None, limit: int) -> tuple[User, ...]:
        """Return a page of the enabled users who were not seen since, longest unseen first."""
        start = None if after is None else _place(after)
        with self._lock:
            users = tuple(self._by_id.values())
        places = {place: user for user in users if (place := _place(user)) is not None and place[0] < instant}
        following = sorted(place for place in places if start is None or place > start)
        return tuple(places[place] for place in following[:limit])

    def _checked(self, user: User) -> User:
        stored = _next_version(user, self._by_id.get(user.id))
        if user.name is not None and self._id_of.get(user.name, user.id) != user.id:
            raise Taken("name")
        return stored

    def _store(self, user: User) -> None:
        before = self._by_id.get(user.id)
        if before is not None and before.name is not None:
            del self._id_of[before.name]
        if user.name is not None:
            self._id_of[user.name] = user.id
        self._by_id[user.id] = user


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
            before = self._by_key.get(counter.key)
            if counter.version != (0 if before is None else before.version):
                raise Stale
            version = next_version(counter.version)
            self._by_key[counter.key] = counter.stored(version, counter.idle_from)
        return version

    def purge(self, instant: datetime, /, limit: int) -> int:
        """Forget counters that are idle since before an instant."""
        with self._lock:
            idle = [
                key for key, each in self._by_key.items() if each.idle_from is not None and each.idle_from < instant
            ]
            for key in idle[:limit]:
                del self._by_key[key]
        return len(idle[:limit])

    def all(self) -> tuple[AttemptCounter, ...]:
        """Return every counter, for tests and tools."""
        with self._lock:
            return tuple(self._by_key.values())


@final
class MemorySignIns:
    """Half-finished sign-ins."""

    def __init__(self) -> None:
        self._by_id: dict[str, SignIn] = {}
        self._lock = threading.Lock()

    def get(self, sign_in_id: str, /) -> SignIn | None:
        """Return the sign-in with this id."""
        return self._by_id.get(sign_in_id)

    def save(self, sign_in: SignIn, /) -> int:
        """Store the sign-in, or raise `Stale` and store nothing."""
        with self._lock:
            stored = _next_version(sign_in, self._by_id.get(sign_in.id))
            self._by_id[sign_in.id] = stored
        return stored.version

    def purge(self, instant: datetime, /, limit: int) -> int:
        """Forget sign-ins that expired before an instant."""
        with self._lock:
            over = [each.id for each in self._by_id.values() if each.expires_at < instant][:limit]
            for sign_in_id in over:
                del self._by_id[sign_in_id]
        return len(over)


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

    def page(
        self, since: datetime, /, after: Event | None, limit: int, subject: str | None = None
    ) -> tuple[Event, ...]:
        """Return a page of the trail, earliest first."""
        about = [event for event in self.all() if subject is None or event.subject == escaped(subject)]
        places = {(event.at, event.id): event for event in about if event.at >= since}
        rest = sorted(place for place in places if after is None or place > (after.at, after.id))
        return tuple(places[place] for place in rest[:limit])

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
    sign_ins: MemorySignIns = field(init=False, factory=MemorySignIns)
    users: MemoryUsers = field(init=False, default=Factory(lambda self: MemoryUsers(self.events), takes_self=True))


def _place(user: User) -> tuple[datetime, str] | None:
    seen = seen_at(user)
    return None if seen is None else (seen, user.id)


def _next_version(record: Record, before: Record | None) -> Record:
    if record.version != (0 if before is None else before.version):
        raise Stale
    return evolve(record, version=next_version(record.version))
