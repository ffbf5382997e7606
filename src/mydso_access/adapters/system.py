"""The machine's clock and chance."""

import secrets
import time
from datetime import UTC, datetime


class SystemClock:
    """The machine's clock, for the synchronous door."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float, /) -> None:
        """Wait in this thread."""
        time.sleep(seconds)


class SystemChance:
    """The operating system's random numbers."""

    def new_id(self) -> str:
        """Return 128 random bits in hexadecimal."""
        return secrets.token_hex(16)

    def fraction(self) -> float:
        """Return a random number from 0 to 1."""
        return secrets.randbelow(2**32) / 2**32
