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
    if type(instant) is not datetime or instant.tzinfo is not UTC:
        instant = _plain(instant, field)
    if not EARLIEST <= instant < LATEST:
        raise InvalidValue(field, shown(instant), f"an instant from {EARLIEST:%Y} to {LATEST:%Y}")
    return instant


def _plain(instant: datetime, field: str) -> datetime:
    """Return a datetime of another zone, or of a subclass such as other libraries make, as one of our own."""
    if not isinstance(instant, datetime) or instant.utcoffset() is None:
        raise InvalidValue(field, shown(instant), "a timezone-aware datetime")
    try:
        there = instant.astimezone(UTC)
    except OverflowError:
        raise InvalidValue(field, shown(instant), f"an instant from {EARLIEST:%Y} to {LATEST:%Y}") from None
    return datetime(there.year, there.month, there.day, there.hour, there.minute, there.second, there.microsecond, UTC)


def utc_or_none(instant: datetime | None) -> datetime | None:
    """Return `instant` in UTC, or `None` for `None`.

    Raises:
        InvalidValue: as `utc`.
    """
    return None if instant is None else utc(instant, "instant")


def next_save(saved_at: datetime, now: datetime) -> datetime:
    """Return the instant of a record's next save: `now`, yet always later than its last (D10)."""
    return max(now, saved_at + TICK)
