"""Instants: timezone-aware, in UTC, within the years that a clock may show."""

from datetime import UTC, datetime

from mydso_access.errors import InvalidValue, shown
from mydso_access.policy.fixed import EARLIEST, LATEST, TICK


def utc(instant: datetime, field: str = "now") -> datetime:
    """Return `instant` in UTC.

    Args:
        instant: a timezone-aware datetime.
        field: its name for the message.

    Raises:
        InvalidValue: it is no datetime, is naive, or lies outside 1970–9000.
    """
    if type(instant) is not datetime:
        raise InvalidValue(field, shown(instant), "a timezone-aware datetime")
    if instant.tzinfo is not UTC:
        if instant.utcoffset() is None:
            raise InvalidValue(field, shown(instant), "a timezone-aware datetime")
        instant = instant.astimezone(UTC)
    if not EARLIEST <= instant < LATEST:
        raise InvalidValue(field, shown(instant), f"an instant from {EARLIEST:%Y} to {LATEST:%Y}")
    return instant


def utc_or_none(instant: datetime | None) -> datetime | None:
    """Return `instant` in UTC, or `None` for `None`.

    Raises:
        InvalidValue: as `utc`.
    """
    return None if instant is None else utc(instant, "instant")


def next_save(saved_at: datetime, now: datetime) -> datetime:
    """Return the instant of a record's next save: `now`, yet always later than its last (D10)."""
    return max(now, saved_at + TICK)
