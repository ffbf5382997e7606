"""Who was not seen for too long: calendar months, clamped; queries that never miss anybody (S25; A19, D10, D15)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mydso_access.decisions.dormancy import dormant_after, dormant_from, is_dormant, months_later, unseen_cut_off
from mydso_access.model import Disabled, DisabledBecause, Enabled, User
from mydso_access.policy import DormancyPolicy, SecurityPolicy
from mydso_access.policy.fixed import LONGEST_CLAMP
from tests.decisions.people import NOON, TICK, anna, contact, invited_anna, multi

instants = st.datetimes(datetime(1985, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # a bound
months = st.integers(1, 120)


def asking(count: int | None) -> SecurityPolicy:
    return SecurityPolicy(dormancy=DormancyPolicy(months=count))


def on(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# --- counting months


def naive_months_later(instant: datetime, count: int) -> datetime:
    """Turn the calendar's leaves one by one, then go back from a day that does not exist until one does."""
    year, month, day = instant.year, instant.month, instant.day
    for _ in range(abs(count)):
        month += 1 if count > 0 else -1
        if month > 12:
            year, month = year + 1, 1
        if month < 1:
            year, month = year - 1, 12
    while True:
        try:
            return instant.replace(year=year, month=month, day=day)
        except ValueError:
            day -= 1


@pytest.mark.parametrize(
    ("seen", "count", "expected"),
    [
        ("2026-01-31T10:00", 1, "2026-02-28T10:00"),
        ("2028-01-31T10:00", 1, "2028-02-29T10:00"),
        ("2026-01-30T23:59:59.999999", 1, "2026-02-28T23:59:59.999999"),
        ("2026-01-28T10:00", 1, "2026-02-28T10:00"),
        ("2026-02-28T10:00", 1, "2026-03-28T10:00"),  # not the month's end: 28 March
        ("2028-02-29T10:00", 12, "2029-02-28T10:00"),
        ("2028-02-29T10:00", 48, "2032-02-29T10:00"),
        ("2026-12-31T10:00", 2, "2027-02-28T10:00"),
        ("2026-03-31T10:00", 1, "2026-04-30T10:00"),
        ("2026-12-15T10:00", 1, "2027-01-15T10:00"),
        ("2099-12-31T10:00", 2, "2100-02-28T10:00"),  # no leap year
        ("2026-03-31T10:00", -1, "2026-02-28T10:00"),
        ("2026-01-15T10:00", -1, "2025-12-15T10:00"),
        ("2026-01-31T10:00", 120, "2036-01-31T10:00"),
    ],
)
def test_d10_calendar_months_are_clamped_to_the_months_end(seen: str, count: int, expected: str) -> None:
    assert on(expected) == months_later(on(seen), count)


@given(instants, st.integers(-120, 120))
def test_d10_months_are_counted_as_on_a_calendar(instant: datetime, count: int) -> None:
    assert naive_months_later(instant, count) == months_later(instant, count)


# --- who is dormant


def test_s25_a_login_is_dormant_from_so_many_months_after_the_latest_access() -> None:
    user = anna(last_access_at=on("2026-01-31T10:00"), login=Enabled(on("2025-01-01T00:00")))
    due = on("2026-02-28T10:00")
    assert due == dormant_from(user, asking(1))
    assert [False, True, True] == [is_dormant(user, asking(1), due + step) for step in (-TICK, 0 * TICK, TICK)]


def test_s25_who_never_connected_counts_from_when_they_were_enabled_a19() -> None:
    assert on("2026-04-02T12:00") == dormant_from(anna(login=Enabled(NOON)), asking(1))


def test_s25_who_was_enabled_again_counts_from_then() -> None:
    user = anna(last_access_at=NOON - timedelta(days=400), login=Enabled(NOON))
    assert not is_dormant(user, asking(1), NOON)


def test_s25_is_an_option_off_by_default() -> None:
    user = anna(login=Enabled(on("1990-01-01T00:00")))
    assert SecurityPolicy().dormancy.months is None
    assert dormant_from(user, SecurityPolicy()) is None
    assert is_dormant(user, asking(None), NOON) is False


@pytest.mark.parametrize(
    "user",
    [
        invited_anna(),
        contact(),
        anna(login=Disabled(DisabledBecause.ADMINISTRATOR, NOON)),
        anna(login=Disabled(DisabledBecause.DORMANT, NOON)),
    ],
    ids=["invited", "contact", "disabled", "dormant already"],
)
def test_s25_only_an_enabled_login_goes_dormant(user: User) -> None:
    assert dormant_from(user, asking(1)) is None
    assert is_dormant(user, asking(1), NOON + timedelta(days=4000)) is False


def test_a19_a_main_administrator_never_goes_dormant() -> None:
    user = anna(appointments=frozenset({"a-1"}))
    assert dormant_from(user, asking(1)) is None
    assert dormant_from(anna(), asking(1)) is not None


def test_s25_multi_entity_users_go_dormant_too() -> None:
    assert is_dormant(multi(), asking(1), NOON + timedelta(days=31))


@given(instants, st.none() | months)
def test_s25_a_policy_counts_its_own_months_and_no_others(seen: datetime, count: int | None) -> None:
    for user in (anna(login=Enabled(seen)), anna(login=Enabled(seen), appointments=frozenset({"a-1"})), contact()):
        expected = months_later(seen, count) if count is not None and user == anna(login=Enabled(seen)) else None
        assert expected == dormant_after(user, count) == dormant_from(user, asking(count))


# --- the sweep's query


@given(instants, instants, months)
@example(on("2026-01-31T10:00"), on("2026-02-28T10:00"), 1)
@example(on("2026-01-28T10:00"), on("2026-02-28T10:00"), 1)
@example(on("2027-12-31T00:00"), on("2028-02-29T00:00"), 2)
def test_s25_the_cut_off_never_misses_a_dormant_login(seen: datetime, now: datetime, count: int) -> None:
    user = anna(login=Enabled(seen), credential=None)
    if is_dormant(user, asking(count), now):
        assert seen < unseen_cut_off(now, count)


@given(instants, months, st.timedeltas(timedelta(days=-6), timedelta(days=6)))
@example(on("2026-01-31T10:00"), 1, timedelta(0))
@example(on("2026-01-28T10:00"), 1, timedelta(0))
def test_s25_the_cut_off_never_misses_anybody_around_their_day(seen: datetime, count: int, off: timedelta) -> None:
    now = months_later(seen, count) + off
    if off >= timedelta(0):
        assert seen < unseen_cut_off(now, count)


@given(instants, instants, months)
def test_s25_the_cut_off_finds_few_who_are_not_dormant(seen: datetime, now: datetime, count: int) -> None:
    user = anna(login=Enabled(seen), credential=None)
    if seen < unseen_cut_off(now, count):
        assert is_dormant(user, asking(count), now + LONGEST_CLAMP + timedelta(days=1))
