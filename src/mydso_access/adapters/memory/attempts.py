"""Attempt counters and half-finished sign-ins in memory."""

import threading
from datetime import datetime
from typing import final

from mydso_access.adapters.memory.records import compared
from mydso_access.adapters.versions import next_version
from mydso_access.errors import Stale
from mydso_access.model.attempts import AttemptCounter, CounterKey
from mydso_access.model.sign_in import SignIn


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
            stored = compared(sign_in, self._by_id.get(sign_in.id))
            self._by_id[sign_in.id] = stored
        return stored.version

    def purge(self, instant: datetime, /, limit: int) -> int:
        """Forget sign-ins that expired before an instant."""
        with self._lock:
            over = [each.id for each in self._by_id.values() if each.expires_at < instant][:limit]
            for sign_in_id in over:
                del self._by_id[sign_in_id]
        return len(over)
