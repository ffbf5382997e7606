"""Assertions of single sign-on that were taken, in memory."""

import threading
from datetime import datetime
from typing import final

from mydso_access.errors import Stale
from mydso_access.model.assertion import Assertion


@final
class MemoryAssertions:
    """An `AssertionRepository` in memory."""

    def __init__(self) -> None:
        self._taken: dict[str, Assertion] = {}
        self._lock = threading.Lock()

    def add(self, assertion: Assertion, /) -> None:
        """Store that an assertion was taken, or raise `Stale` if it was before."""
        with self._lock:
            if assertion.key in self._taken:
                raise Stale
            self._taken[assertion.key] = assertion

    def purge(self, instant: datetime, /, limit: int) -> int:
        """Forget assertions that expired before an instant, at most so many."""
        with self._lock:
            over = [each.key for each in self._taken.values() if each.expires_at < instant][:limit]
            for key in over:
                del self._taken[key]
            return len(over)
