"""How a counter stands at an instant, what has changed on it, and from when on it says nothing."""

from datetime import datetime, timedelta

import pytest
from attrs import evolve

from mydso_access.decisions.lockout import (
    Admitted,
    BlockChange,
    Blocked,
    Settlement,
    admit,
    block_change,
    block_of,
    current,
    idle_from,
    rebound,
    settle,
    unblocked,
)
from mydso_access.errors import InvalidValue
from mydso_access.model.attempts import Failure, KeyKind, Reservation
from mydso_access.model.event import EventKind
from mydso_access.policy.fixed import EARLIEST, TICK
from mydso_access.policy.lockout import LockoutPolicy
from tests.decisions.counters import (
    ACCOUNT,
    ADDRESS,
    DAY,
    HOUR,
    LEASE,
    MINUTE,
    NINE,
    PRESET,
    SECOND,
    charged,
    failed,
    minutes,
    new,
    one_key,
)


def test_a_counter_in_which_nothing_changed_is_the_same_object() -> None:
    for counter in (new(), charged(failed(new(), NINE), "a", NINE + MINUTE), failed(new(), *minutes(5))):
        assert counter is current(counter, PRESET, NINE + MINUTE)


def test_d3_what_left_the_window_is_gone() -> None:
    counter = failed(new(), *minutes(2))
    assert 2 == len(current(counter, PRESET, NINE + DAY - TICK).failures)
    assert counter.failures[1:] == current(counter, PRESET, NINE + DAY).failures
    assert () == current(counter, PRESET, NINE + DAY + MINUTE).failures


@pytest.mark.parametrize(("now", "kept"), [(NINE + 80 * SECOND, 1), (NINE + 100 * SECOND, 0)])
def test_invariant_1_a_failure_is_kept_as_long_as_an_attempt_charged_in_its_window_is_in_flight(
    now: datetime, kept: int
) -> None:
    lockout = one_key(failures=3, window=MINUTE, lease=MINUTE)
    counter = charged(failed(new(), NINE, lockout=lockout), "a", NINE + 40 * SECOND, lockout)
    # At 9:01:40 it lapses, is 60 s old, and the first failure is 100 s old.
    assert kept == len([f for f in current(counter, lockout, now).failures if f.id != "a"])


def test_invariant_1_a_failure_is_not_kept_for_an_attempt_charged_one_window_later() -> None:
    lockout = one_key(failures=3, window=MINUTE, lease=MINUTE)
    counter = failed(new(), NINE, lockout=lockout)
    for at, kept in ((NINE + MINUTE - TICK, 1), (NINE + MINUTE, 0)):
        assert kept == len(current(charged(counter, "a", at, lockout), lockout, NINE + 2 * MINUTE - 2 * TICK).failures)


@pytest.mark.parametrize(("now", "until"), [(NINE, HOUR), (NINE + HOUR - TICK, HOUR), (NINE + HOUR, None)])
def test_a26_a_block_ends_at_its_very_end(now: datetime, until: timedelta | None) -> None:
    counter = evolve(new(), saved_at=NINE, blocked_until=NINE + HOUR)
    view = current(counter, PRESET, now)
    assert (None if until is None else NINE + until) == view.blocked_until
    assert (None if until is None else Blocked(view, NINE + until, "S36")) == block_of(view, PRESET, now)


@pytest.mark.parametrize(("saved_at", "is_blocked"), [(NINE + HOUR - TICK, True), (NINE + HOUR, False)])
def test_d10_a_clock_that_goes_back_revives_no_block_and_shortens_none(saved_at: datetime, is_blocked: bool) -> None:
    counter = evolve(new(ADDRESS), saved_at=saved_at, blocked_until=NINE + HOUR)
    expected = Blocked(counter, NINE + HOUR, "S37") if is_blocked else None
    assert expected == block_of(counter, PRESET, NINE - DAY)
    assert (NINE + HOUR if is_blocked else None) == current(counter, PRESET, NINE - DAY).blocked_until


def test_d10_a_clock_that_goes_back_revives_no_failure() -> None:
    counter = evolve(new(), saved_at=NINE + DAY, failures=(Failure("a", NINE), Failure("b", NINE + TICK)))
    assert (Failure("b", NINE + TICK),) == current(counter, PRESET, NINE).failures


FREE, TO_TEN, TO_ELEVEN = None, NINE + HOUR, NINE + 2 * HOUR
STARTED, ENDED = EventKind.BLOCK_STARTED, EventKind.BLOCK_ENDED


@pytest.mark.parametrize(("kind", "rule"), [(ACCOUNT, "S36"), (ADDRESS, "S37")])
@pytest.mark.parametrize(
    ("before", "after", "event", "until"),
    [
        (FREE, TO_TEN, STARTED, TO_TEN),
        (TO_TEN, TO_ELEVEN, STARTED, TO_ELEVEN),
        (TO_TEN, FREE, ENDED, TO_TEN),
        (FREE, FREE, None, None),
        (TO_TEN, TO_TEN, None, None),
    ],
)
def test_s36_s37_a_block_change_says_which_block_started_or_ended(
    kind: KeyKind,
    rule: str,
    before: datetime | None,
    after: datetime | None,
    event: EventKind | None,
    until: datetime | None,
) -> None:
    expected = None if event is None else BlockChange(event, until, rule)
    was, is_now = evolve(new(kind), blocked_until=before), evolve(new(kind), blocked_until=after)
    assert expected == block_change(was, is_now, PRESET)


@pytest.mark.parametrize(
    ("before", "after", "starts"), [(1, 2, False), (2, 3, True), (2, 4, True), (3, 4, False), (3, 0, False)]
)
def test_d4_a_block_change_says_when_the_cap_was_reached(before: int, after: int, starts: bool) -> None:
    was, is_now = evolve(new(), failed=before), evolve(new(), failed=after)
    expected = BlockChange(STARTED, None, "D4") if starts else None
    assert expected == block_change(was, is_now, one_key(hard_cap=3))
    assert block_change(was, is_now, PRESET) is None


def test_d4_whoever_notices_that_the_cap_was_reached_saves_it() -> None:
    lockout = one_key(hard_cap=1)
    counter = charged(new(), "a", NINE, lockout)
    noticed = evolve(counter, reservations=(), failures=(Failure("a", NINE),), failed=1, saved_at=NINE + LEASE)
    assert Blocked(noticed, None, "D4") == admit(counter, lockout, "x", NINE + LEASE)


@pytest.mark.parametrize("kind", KeyKind)
def test_d17_unblocking_ends_block_and_failures_and_leaves_what_is_in_flight_and_the_hard_cap(kind: KeyKind) -> None:
    in_flight = Reservation("r", NINE, NINE, 0)
    blocked = evolve(
        new(kind),
        saved_at=NINE,
        blocked_until=NINE + HOUR,
        failures=(Failure("a", NINE),),
        reservations=(in_flight,),
        failed=7,
        cleared=2,
    )
    freed = unblocked(blocked, PRESET, NINE + SECOND)
    assert freed == evolve(blocked, blocked_until=None, failures=(), saved_at=NINE + SECOND)
    assert isinstance(admit(freed, PRESET, "x", NINE + SECOND), Admitted)


def test_d17_what_lapsed_unseen_counts_for_the_hard_cap_of_who_is_unblocked() -> None:
    lockout = one_key(hard_cap=3)
    freed = unblocked(charged(new(), "a", NINE, lockout), lockout, NINE + LEASE)
    assert (freed.failures, freed.reservations, freed.failed) == ((), (), 1)


def test_d4_d17_unblocking_frees_no_login_that_reached_the_cap() -> None:
    lockout = one_key(hard_cap=3)
    capped = evolve(new(), saved_at=NINE, failed=3)
    assert block_of(unblocked(capped, lockout, NINE), lockout, NINE) is not None


def test_d10_unblocking_never_bears_the_instant_of_another_save() -> None:
    counter = evolve(new(), saved_at=NINE, blocked_until=NINE + HOUR)
    for now in (NINE, NINE - DAY):
        assert NINE + TICK == unblocked(counter, PRESET, now).saved_at
    with pytest.raises(InvalidValue):
        unblocked(counter, PRESET, NINE.replace(tzinfo=None))


FAILURE, IN_FLIGHT = Failure("f", NINE), Reservation("r", NINE, NINE, 0)


@pytest.mark.parametrize(
    ("fields", "lockout", "expected"),
    [
        ({}, PRESET, EARLIEST),
        ({"saved_at": NINE}, PRESET, NINE),
        ({"saved_at": NINE, "blocked_until": NINE + HOUR}, PRESET, NINE + HOUR),
        ({"saved_at": NINE + SECOND, "failures": (FAILURE,)}, PRESET, NINE + DAY),
        ({"saved_at": NINE + 2 * DAY, "failures": (FAILURE,)}, PRESET, NINE + 2 * DAY),
        ({"failures": (FAILURE,), "blocked_until": NINE + 2 * DAY}, PRESET, NINE + 2 * DAY),
        ({"saved_at": NINE, "reservations": (IN_FLIGHT,)}, PRESET, NINE + LEASE + DAY),
        ({"saved_at": NINE, "reservations": (IN_FLIGHT,)}, one_key(window=MINUTE), NINE + LEASE + HOUR),
        ({"saved_at": NINE, "failures": (FAILURE,)}, one_key(window=None), None),
        ({"saved_at": NINE, "reservations": (IN_FLIGHT,)}, one_key(window=None), None),
        ({"saved_at": NINE, "blocked_until": NINE + HOUR}, one_key(window=None), NINE + HOUR),
        ({"saved_at": NINE}, one_key(window=None), NINE),
        ({"saved_at": NINE, "failed": 2, "cleared": 1}, one_key(hard_cap=9), None),
        ({"saved_at": NINE, "failed": 2, "cleared": 2}, one_key(hard_cap=9), NINE),
        ({"saved_at": NINE, "reservations": (IN_FLIGHT,)}, one_key(hard_cap=9), None),
        ({"saved_at": NINE, "failures": (FAILURE,)}, one_key(hard_cap=9), NINE + DAY),
    ],
)
def test_a_key_is_idle_from_when_nothing_counts_any_more(
    fields: dict[str, object], lockout: LockoutPolicy, expected: datetime | None
) -> None:
    assert expected == idle_from(evolve(new(), **fields), lockout)


def test_an_address_is_idle_by_its_own_limit_and_whatever_the_cap_of_accounts() -> None:
    counter = evolve(new(ADDRESS), saved_at=NINE, reservations=(IN_FLIGHT,))
    assert NINE + LEASE + DAY == idle_from(counter, one_key(window=None, hard_cap=9))


NAIVE = datetime(2026, 3, 2, 9)  # noqa: DTZ001  # what is to be refused


def test_d10_an_instant_without_a_zone_is_refused() -> None:
    counter = charged(new(), "a", NINE)
    with pytest.raises(InvalidValue, match=r"^now is .*timezone-aware"):
        admit(counter, PRESET, "b", NAIVE)
    with pytest.raises(InvalidValue, match=r"^now is .*timezone-aware"):
        settle(counter, PRESET, "a", Settlement.WRONG, NAIVE)
    with pytest.raises(InvalidValue, match=r"^now is .*timezone-aware"):
        rebound(counter, NAIVE)
