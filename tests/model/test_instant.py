"""Instants: aware, in UTC, within 1970–9000; anything else is refused by name (D10)."""

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydso_access.errors import InvalidValue
from mydso_access.model.instant import next_save, utc, utc_or_none
from mydso_access.policy.fixed import EARLIEST, LATEST, TICK

PARIS, KATHMANDU = ZoneInfo("Europe/Paris"), ZoneInfo("Asia/Kathmandu")
NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001  # what is refused
TICK_BEFORE_LATEST = datetime(8999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)


class Subclass(datetime):
    """A datetime as other libraries make them."""


class Nowhere(tzinfo):
    """A zone that does not know its offset: the datetime is naive all the same."""

    def utcoffset(self, _: datetime | None) -> None:
        return None


def at(hour: int, minute: int = 0, *, fold: int = 0, zone: tzinfo = PARIS, month: int = 10, day: int = 25) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=zone, fold=fold)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (at(10, zone=UTC), at(10, zone=UTC)),
        (at(1, 59), at(23, 59, zone=UTC, day=24)),
        (at(2, 30, fold=0), at(0, 30, zone=UTC)),
        (at(2, 30, fold=1), at(1, 30, zone=UTC)),
        (at(3, 0), at(2, 0, zone=UTC)),
        (at(2, 30, month=3, day=29), at(1, 30, zone=UTC, month=3, day=29)),  # a time that Paris never showed
        (at(5, 45, zone=KATHMANDU), at(0, 0, zone=UTC)),
        (at(0, zone=timezone(timedelta(hours=-23, minutes=-59))), at(23, 59, zone=UTC)),
        (at(0, zone=ZoneInfo("UTC")), at(0, zone=UTC)),
        (at(0, zone=timezone(timedelta(0), "GMT")), at(0, zone=UTC)),
        (EARLIEST, EARLIEST),
        (datetime(1970, 1, 1, 1, tzinfo=PARIS), EARLIEST),
        (TICK_BEFORE_LATEST, TICK_BEFORE_LATEST),
    ],
)
def test_an_aware_instant_becomes_the_same_instant_in_utc(given: datetime, expected: datetime) -> None:
    result = utc(given)
    assert expected == result
    assert result.tzinfo is UTC
    assert (result.year, result.hour, result.minute) == (expected.year, expected.hour, expected.minute)


def test_a_datetime_of_another_library_becomes_a_plain_one() -> None:
    result = utc(Subclass(2026, 1, 1, 1, 2, 3, 4, tzinfo=PARIS))
    assert (datetime(2026, 1, 1, 0, 2, 3, 4, tzinfo=UTC), datetime) == (result, type(result))


def test_the_two_half_past_twos_of_a_clock_change_are_an_hour_apart() -> None:
    assert utc(at(2, 30, fold=1)) - utc(at(2, 30, fold=0)) == timedelta(hours=1)


@pytest.mark.parametrize(
    "wrong",
    [
        NAIVE,
        NAIVE.replace(fold=1),
        datetime.min,  # noqa: DTZ901
        datetime.max,  # noqa: DTZ901
        NAIVE.replace(tzinfo=Nowhere()),
        date(2026, 1, 1),
        None,
        0,
        1_767_225_600.0,
        True,
        "2026-01-01T00:00:00Z",
        timedelta(0),
        datetime,
    ],
    ids=repr,
)
def test_a_naive_instant_and_what_is_no_datetime_are_refused(wrong: datetime) -> None:
    with pytest.raises(InvalidValue) as refused:
        utc(wrong, "Invited.since")
    assert refused.value.field == "Invited.since"
    assert refused.value.given.startswith(repr(wrong)[:40])
    assert refused.value.expected == "a timezone-aware datetime"


@pytest.mark.parametrize(
    "outside",
    [
        EARLIEST - TICK,
        LATEST,
        LATEST + TICK,
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=PARIS),
        datetime(9000, 1, 1, tzinfo=timezone(timedelta(hours=-1))),
    ],
    ids=repr,
)
def test_an_instant_outside_1970_to_9000_is_refused(outside: datetime) -> None:
    with pytest.raises(InvalidValue) as refused:
        utc(outside)
    assert refused.value.field == "now"
    assert refused.value.expected == "an instant from 1970 to 9000"


@pytest.mark.parametrize(
    "extreme",
    [
        datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))),
    ],
    ids=repr,
)
def test_an_instant_that_utc_cannot_show_is_refused_like_any_other_outside(extreme: datetime) -> None:
    with pytest.raises(InvalidValue):
        utc(extreme)


@given(st.datetimes(NAIVE.replace(year=1971), NAIVE.replace(year=8999), timezones=st.timezones(), allow_imaginary=True))
def test_no_zone_changes_the_instant(instant: datetime) -> None:
    assert utc(instant).timestamp() == instant.timestamp()
    assert utc(instant).tzinfo is UTC
    assert utc(utc(instant)) == utc(instant)


def test_none_stays_none_where_an_instant_may_be_missing() -> None:
    assert utc_or_none(None) is None
    assert utc_or_none(at(5, 45, zone=KATHMANDU)) == at(0, zone=UTC)
    with pytest.raises(InvalidValue) as refused:
        utc_or_none(NAIVE)
    assert refused.value.field == "instant"


SAVED = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (SAVED + timedelta(seconds=1), SAVED + timedelta(seconds=1)),
        (SAVED + 2 * TICK, SAVED + 2 * TICK),
        (SAVED + TICK, SAVED + TICK),
        (SAVED, SAVED + TICK),
        (SAVED - TICK, SAVED + TICK),
        (SAVED - timedelta(days=366), SAVED + TICK),
    ],
)
def test_a_save_is_now_yet_at_least_a_microsecond_after_the_last_d10(now: datetime, expected: datetime) -> None:
    assert next_save(SAVED, now) == expected
