"""A clock that stands still until it is moved."""

import threading
from datetime import UTC, datetime, timedelta

from mydso_access.model.instant import utc

A_MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


class ManualClock:
    """Tells the time that it was set to; waiting moves it instead of taking time.

    Args:
        instant: what it reads first, timezone-aware.

    Raises:
        InvalidValue: the instant is naive.
    """

    def __init__(self, instant: datetime = A_MONDAY) -> None:
        self._instant = utc(instant, "instant")
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Return what it reads."""
        return self._instant

    def sleep(self, seconds: float, /) -> None:
        """Move on, as if the time had been waited for."""
        self.move(timedelta(seconds=seconds))

    def move(self, by: timedelta) -> None:
        """Move on by so much; back, if it is negative."""
        with self._lock:
            self._instant += by
