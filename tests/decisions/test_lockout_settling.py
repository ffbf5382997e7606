"""How a charge is settled and when its lease ends, at the very microsecond where an answer changes."""

from datetime import datetime, timedelta

import pytest
from attrs import evolve

from mydso_access.decisions.lockout import (
    Admitted,
    Blocked,
    Lapsed,
    Settled,
    Settlement,
    admit,
    block_of,
    current,
    is_lapsed,
    rebound,
    settle,
)
from mydso_access.model.attempts import AttemptCounter, Failure, Reservation
from mydso_access.policy.fixed import TICK
from mydso_access.policy.lockout import LockoutPolicy
from tests.decisions.counters import (
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
    settled,
)


def test_s36_a_wrong_answer_is_a_failure_dated_by_its_charge() -> None:
    counter = settled(charged(new(), "a", NINE), "a", Settlement.WRONG, NINE + 10 * SECOND)
    assert evolve(new(), saved_at=NINE + 10 * SECOND, failures=(Failure("a", NINE),)) == counter


def test_d10_a_settlement_is_dated_after_the_last_save() -> None:
    counter = settled(charged(new(), "a", NINE), "a", Settlement.GIVEN_BACK, NINE - SECOND)
    assert evolve(new(), saved_at=NINE + TICK) == counter


def test_what_is_given_back_clears_nothing() -> None:
    before = failed(new(), *minutes(2))
    counter = settled(charged(before, "a", NINE + HOUR), "a", Settlement.GIVEN_BACK, NINE + HOUR + SECOND)
    assert evolve(before, saved_at=NINE + HOUR + SECOND) == counter


def test_d3_a_complete_sign_in_clears_only_what_was_charged_before_it_and_leaves_the_attempts_of_others() -> None:
    counter = charged(failed(new(), *minutes(2)), "other", NINE + 3 * MINUTE)
    counter = charged(counter, "mine", NINE + 3 * MINUTE)
    counter = charged(counter, "later", NINE + 3 * MINUTE)
    counter = settled(counter, "later", Settlement.WRONG, NINE + 3 * MINUTE + SECOND)
    counter = settled(counter, "mine", Settlement.COMPLETE, NINE + 3 * MINUTE + 2 * SECOND)
    assert ["later"] == [failure.id for failure in counter.failures]
    assert ["other"] == [reservation.id for reservation in counter.reservations]
    counter = settled(counter, "other", Settlement.WRONG, NINE + 3 * MINUTE + 3 * SECOND)
    assert ["other", "later"] == [failure.id for failure in counter.failures]


def test_d3_a_complete_sign_in_with_nothing_to_clear_is_just_given_back() -> None:
    counter = settled(charged(new(), "a", NINE), "a", Settlement.COMPLETE, NINE + SECOND)
    assert evolve(new(), saved_at=NINE + SECOND) == counter


def test_d3_no_sign_in_clears_an_address() -> None:
    counter = charged(failed(new(ADDRESS), NINE), "a", NINE + MINUTE)
    counter = settled(counter, "a", Settlement.COMPLETE, NINE + MINUTE + SECOND)
    assert 1 == len(counter.failures)


def late_block() -> tuple[LockoutPolicy, AttemptCounter]:
    """An account blocked until 10:00:40 while an attempt charged at 9:01 is still in flight."""
    lockout = one_key(failures=2, window=MINUTE, lease=MINUTE)
    counter = charged(failed(new(), NINE, lockout=lockout), "a", NINE + 40 * SECOND, lockout)
    counter = charged(counter, "b", NINE + MINUTE, lockout)
    assert 1 == len(counter.failures), "it may yet count beside the attempt charged within its window"
    return lockout, settled(counter, "a", Settlement.WRONG, NINE + 61 * SECOND, lockout)


def test_invariant_1_a_late_verdict_counts_what_lay_in_its_window() -> None:
    _, counter = late_block()
    assert ((), NINE + 40 * SECOND + HOUR) == (counter.failures, counter.blocked_until)
    assert ["b"] == [reservation.id for reservation in counter.reservations]


def test_d10_no_sign_in_ends_a_block() -> None:
    lockout, counter = late_block()
    counter = settled(counter, "b", Settlement.COMPLETE, NINE + 62 * SECOND, lockout)
    assert NINE + 40 * SECOND + HOUR == counter.blocked_until


def test_a26_a_failure_charged_before_a_block_but_not_spent_on_it_counts_after_it() -> None:
    lockout, counter = late_block()
    counter = settled(counter, "b", Settlement.WRONG, NINE + 62 * SECOND, lockout)
    assert (Failure("b", NINE + MINUTE),) == counter.failures
    assert NINE + 40 * SECOND + HOUR == counter.blocked_until


def test_s36_the_block_runs_from_the_latest_charge_whichever_verdict_came_last() -> None:
    lockout = one_key(failures=2)
    counter = charged(charged(new(), "a", NINE, lockout), "b", NINE + 5 * SECOND, lockout)
    counter = settled(counter, "b", Settlement.WRONG, NINE + 6 * SECOND, lockout)
    counter = settled(counter, "a", Settlement.WRONG, NINE + 20 * SECOND, lockout)
    assert NINE + 5 * SECOND + HOUR == counter.blocked_until


@pytest.mark.parametrize(("stored", "expected"), [(3 * HOUR, 3 * HOUR), (HOUR, HOUR), (HOUR - TICK, HOUR)])
def test_d10_a_second_block_never_shortens_the_first(stored: timedelta, expected: timedelta) -> None:
    # Two blocks overlap where the settings were changed while attempts were in flight.
    lockout = one_key(failures=1)
    counter = evolve(charged(new(), "a", NINE, lockout), blocked_until=NINE + stored)
    counter = settled(counter, "a", Settlement.WRONG, NINE + SECOND, lockout)
    assert NINE + expected == counter.blocked_until


@pytest.mark.parametrize("how", Settlement)
def test_invariant_3_what_is_settled_or_was_never_charged_is_in_flight_no_more(how: Settlement) -> None:
    counter = settled(charged(new(), "a", NINE), "a", Settlement.WRONG, NINE + SECOND)
    assert Lapsed(counter) == settle(counter, PRESET, "a", how, NINE + 2 * SECOND)
    assert Lapsed(counter) == settle(counter, PRESET, "b", how, NINE + 2 * SECOND)


def test_invariant_2_an_unknown_settlement_settles_nothing() -> None:
    # A type checker refuses it; past one, it raises, and so nothing is saved.
    with pytest.raises(AssertionError):
        settle(charged(new(), "a", NINE), PRESET, "a", "complete", NINE + SECOND)  # type: ignore[arg-type]


AROUND_A_LEASE = pytest.mark.parametrize(
    ("clock", "lapsed"),
    [
        (NINE + LEASE - TICK, False),
        (NINE + LEASE, True),
        (NINE + LEASE + TICK, True),
        (NINE - LEASE + TICK, False),
        (NINE - LEASE, True),
        (NINE - DAY, True),
    ],
)


@AROUND_A_LEASE
def test_d13_a_lease_ends_when_the_clock_is_one_lease_away_in_either_direction(clock: datetime, lapsed: bool) -> None:
    assert lapsed == is_lapsed(Reservation("a", NINE, NINE, 0), PRESET, clock)


@AROUND_A_LEASE
@pytest.mark.parametrize("how", Settlement)
def test_d13_settled_after_its_lease_a_verdict_counts_for_nothing(
    how: Settlement, clock: datetime, lapsed: bool
) -> None:
    counter = charged(new(), "a", NINE)
    result = settle(counter, PRESET, "a", how, clock)
    if lapsed:
        assert Lapsed(evolve(counter, reservations=(), failures=(Failure("a", NINE),))) == result
    else:
        assert isinstance(result, Settled)
        assert () == result.counter.reservations
        assert (how is Settlement.WRONG) == bool(result.counter.failures)


def test_d13_the_lease_runs_from_what_the_clock_read_not_from_the_date_of_the_charge() -> None:
    ahead = settled(charged(new(), "a", NINE + HOUR), "a", Settlement.GIVEN_BACK, NINE + HOUR)
    counter = charged(ahead, "b", NINE)
    (reservation,) = counter.reservations
    assert NINE + HOUR + 2 * TICK == reservation.at
    assert counter is current(counter, PRESET, NINE + LEASE - TICK)
    assert (Failure("b", reservation.at),) == current(counter, PRESET, NINE + LEASE).failures


def test_s36_lapses_noticed_together_block_from_the_latest_charge() -> None:
    lockout = one_key(failures=2)
    counter = charged(charged(new(), "a", NINE, lockout), "b", NINE + 10 * SECOND, lockout)
    one = current(counter, lockout, NINE + LEASE)
    assert ((Failure("a", NINE),), counter.reservations[1:], None) == (
        one.failures,
        one.reservations,
        one.blocked_until,
    )
    both = current(counter, lockout, NINE + LEASE + 10 * SECOND)
    assert ((), (), NINE + 10 * SECOND + HOUR) == (both.failures, both.reservations, both.blocked_until)


def test_a_lapse_that_starts_a_block_is_to_be_saved_with_the_refusal_that_noticed_it() -> None:
    lockout = one_key(failures=1)
    counter = charged(new(), "a", NINE, lockout)
    noticed = evolve(counter, reservations=(), blocked_until=NINE + HOUR, saved_at=NINE + LEASE)
    assert Blocked(noticed, NINE + HOUR, "S36") == admit(counter, lockout, "x", NINE + LEASE)
    assert Lapsed(noticed) == settle(counter, lockout, "a", Settlement.COMPLETE, NINE + LEASE)


def test_d10_what_is_noticed_is_saved_later_than_the_last_save_though_the_clock_went_back() -> None:
    lockout = one_key(failures=1)
    counter = charged(new(), "a", NINE, lockout)
    lapsed = settle(counter, lockout, "a", Settlement.WRONG, NINE - LEASE)
    assert NINE + TICK == lapsed.counter.saved_at


def test_a26_a_block_noticed_at_its_last_microsecond_still_blocks() -> None:
    lockout = one_key(failures=1)
    almost = NINE + HOUR - TICK
    counter = rebound(charged(new(), "a", NINE, lockout), almost)
    view = current(counter, lockout, almost)
    assert Blocked(view, NINE + HOUR, "S36") == block_of(view, lockout, almost)  # so says a read at that instant
    assert isinstance(admit(counter, lockout, "x", almost), Blocked)


def test_a26_a_block_that_is_over_when_it_is_noticed_refuses_nobody() -> None:
    lockout = one_key(failures=1)
    admitted = admit(charged(new(), "a", NINE, lockout), lockout, "b", NINE + HOUR)
    assert isinstance(admitted, Admitted)
    assert (None, ()) == (admitted.counter.blocked_until, admitted.counter.failures)
