"""Stores that show what was there before."""

import threading
import time
from datetime import datetime

from mydso_access.adapters.memory import MemoryCounters, MemoryEvents, MemoryUsers
from mydso_access.model import AttemptCounter, CounterKey, Event, EventQuery, Structure, User
from tests.testing.broken.under_test import A_MOMENT, counters, events, users


@counters("test_a_save_is_seen_at_once", "test_a_save_is_seen_at_once_from_another_thread")
class LaggingReads(MemoryCounters):
    """A replica that is a few milliseconds behind."""

    def __init__(self) -> None:
        super().__init__()
        self.replica: dict[CounterKey, list[tuple[float, AttemptCounter | None]]] = {}

    def get(self, key: CounterKey, /) -> AttemptCounter | None:
        seen = [found for at, found in self.replica.get(key, []) if at < time.monotonic() - A_MOMENT]
        return seen[-1] if seen else None

    def save(self, counter: AttemptCounter, /) -> int:
        version = super().save(counter)
        self.replica.setdefault(counter.key, []).append((time.monotonic(), super().get(counter.key)))
        return version


@counters("test_a_save_is_seen_at_once_from_another_thread")
class ThreadCache(MemoryCounters):
    """Each thread remembers what it saw or saved last, until a save is stale."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = threading.local()

    def get(self, key: CounterKey, /) -> AttemptCounter | None:
        cache = self.seen.__dict__
        if cache.get(str(key)) is None:
            cache[str(key)] = super().get(key)
        return cache[str(key)]

    def save(self, counter: AttemptCounter, /) -> int:
        self.seen.__dict__.pop(str(counter.key), None)
        version = super().save(counter)
        self.seen.__dict__[str(counter.key)] = super().get(counter.key)
        return version

    def purge(self, instant: datetime, /, limit: int) -> int:
        self.seen.__dict__.clear()
        return super().purge(instant, limit)


@users("test_a_name_is_seen_at_once")
class LaggingNames(MemoryUsers):
    """A secondary index that is one save behind."""

    def __init__(self, trail: MemoryEvents) -> None:
        super().__init__(trail)
        self.saved: list[User] = []

    def save(self, user: User, event: Event, /) -> int:
        version = super().save(user, event)
        self.saved.append(user)
        return version

    def named(self, name: str, /) -> User | None:
        index = {user.id: user.name for user in self.saved[:-1]}
        return next((self.get(user_id) for user_id, known in index.items() if known == name), None)


@users("test_a_user_is_unseen_or_not_as_soon_as_it_is_saved", "test_a_user_who_was_seen_is_unseen_no_more")
class LaggingSearch(MemoryUsers):
    """An index by the first access only."""

    def unseen_since(
        self, structure: Structure, instant: datetime, /, after: User | None, limit: int
    ) -> tuple[User, ...]:
        kept = self.__dict__.setdefault("kept", {})
        found = [kept.setdefault(each.id, each) for each in super().unseen_since(structure, instant, None, 10_000)]
        first = [each.id for each in found].index(after.id) + 1 if after else 0
        return tuple(found[first:][:limit])


@events("test_an_event_is_seen_at_once")
class LaggingTrail(MemoryEvents):
    def page(self, query: EventQuery, /, after: Event | None, limit: int) -> tuple[Event, ...]:
        seen, self.__dict__["seen"] = self.__dict__.get("seen", 0), len(self.all())
        return super().page(query, after, min(limit, seen))
