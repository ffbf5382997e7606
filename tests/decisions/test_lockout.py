"""The attempt counter, rule by rule, at the very microsecond where an answer changes."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from attrs import evolve

from mydso_access.decisions.lockout import (
    Admitted,
    BlockChange,
    Blocked,
    Full,
    Lapsed,
    Settled,
    Settlement,
    admit,
    block_change,
    block_of,
    current,
    idle_from,
    is_lapsed,
    rebound,
    settle,
)
from mydso_access.errors import InvalidValue
from mydso_access.model.attempts import AttemptCounter, CounterKey, Failure, KeyKind, Reservation
from mydso_access.model.event import EventKind
from mydso_access.policy.fixed import EARLIEST, TICK
from mydso_access.policy.lockout import Limit, LockoutPolicy

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LEASE = 30 * SECOND
PRESET = LockoutPolicy()
ACCOUNT, ADDRESS = KeyKind.ACCOUNT, KeyKind.ADDRESS


def new(kind: KeyKind = ACCOUNT) -> AttemptCounter:
    return AttemptCounter(CounterKey(kind, "0" * 64))


def one_key(
    failures: int = 5, window: timedelta | None = DAY, block: timedelta = HOUR, **rest: object
) -> LockoutPolicy:
    """A policy whose limit for accounts is this one; the addresses' is far from it."""
    return evolve(PRESET, account=Limit(failures=failures, window=window, block=block), **rest)


def charged(counter: AttemptCounter, charge_id: str, at: datetime, lockout: LockoutPolicy = PRESET) -> AttemptCounter:
    admitted = admit(counter, lockout, charge_id, at)
    assert isinstance(admitted, Admitted)
    return admitted.counter


def settled(
    counter: AttemptCounter, charge_id: str, how: Settlement, at: datetime, lockout: LockoutPolicy = PRESET
) -> AttemptCounter:
    result = settle(counter, lockout, charge_id, how, at)
    assert isinstance(result, Settled)
    return result.counter


def failed(counter: AttemptCounter, *dates: datetime, lockout: LockoutPolicy = PRESET) -> AttemptCounter:
    """The counter after wrong answers charged at these dates, each settled a second later."""
    for at in dates:
        counter = charged(counter, f"{at}", at, lockout)
        counter = settled(counter, f"{at}", Settlement.WRONG, at + SECOND, lockout)
    return counter


def minutes(count: int) -> list[datetime]:
    return [NINE + n * MINUTE for n in range(count)]


# --- admit -----------------------------------------------------------------------------------------------------------


def test_a_new_key_admits_and_dates_the_charge_by_the_clock() -> None:
    reservation = Reservation("a", at=NINE, clock=NINE, failed_before=0)
    expected = evolve(new(), saved_at=NINE, reservations=(reservation,))
    assert Admitted(expected, reservation) == admit(new(), PRESET, "a", NINE)


def test_d10_a_charge_in_another_zone_is_dated_in_utc() -> None:
    paris = timezone(timedelta(hours=1))
    admitted = admit(new(), PRESET, "a", NINE.astimezone(paris))
    assert isinstance(admitted, Admitted)
    assert (NINE, UTC) == (admitted.reservation.at, admitted.reservation.at.tzinfo)
    assert (NINE, UTC) == (admitted.reservation.clock, admitted.reservation.clock.tzinfo)


@pytest.mark.parametrize(
    ("back", "expected"),
    [(timedelta(), NINE + TICK), (-TICK, NINE + TICK), (-2 * TICK, NINE + 2 * TICK), (10 * SECOND, NINE + TICK)],
)
def test_d10_two_charges_never_bear_the_same_date_and_the_lease_runs_by_the_clock(
    back: timedelta, expected: datetime
) -> None:
    admitted = admit(charged(new(), "a", NINE), PRESET, "b", NINE - back)
    assert isinstance(admitted, Admitted)
    assert (expected, NINE - back) == (admitted.reservation.at, admitted.reservation.clock)
    assert expected == admitted.counter.saved_at
    assert ["a", "b"] == [reservation.id for reservation in admitted.counter.reservations]


@pytest.mark.parametrize(
    ("kind", "limit", "block", "rule"),
    [(ACCOUNT, 5, HOUR, "S36"), (ADDRESS, 10, 24 * HOUR, "S37")],
    ids=["s36_the_fifth_blocks_the_account_for_one_hour", "s37_the_tenth_blocks_the_address_for_24_hours"],
)
def test_the_last_failure_of_the_limit_blocks_from_its_charge(
    kind: KeyKind, limit: int, block: timedelta, rule: str
) -> None:
    almost = failed(new(kind), *minutes(limit - 1))
    assert (limit - 1, None) == (len(almost.failures), almost.blocked_until)
    latest = minutes(limit)[-1]
    counter = failed(almost, latest)
    until = latest + block
    assert ((), until) == (counter.failures, counter.blocked_until)
    for now in (latest + SECOND, until - TICK):
        assert Blocked(counter, until, rule) == admit(counter, PRESET, "x", now)
    assert isinstance(admit(counter, PRESET, "x", until), Admitted)


def test_a26_at_the_end_of_a_block_the_count_begins_at_zero() -> None:
    counter = failed(new(), *minutes(5))
    end = NINE + 4 * MINUTE + HOUR
    after = failed(counter, *(end + n * MINUTE for n in range(4)))
    assert (4, None) == (len(after.failures), after.blocked_until)
    assert end + 5 * MINUTE + HOUR == failed(after, end + 5 * MINUTE).blocked_until


def test_s36_an_attempt_refused_by_a_block_does_not_prolong_it() -> None:
    counter = failed(new(), *minutes(5))
    refused = admit(counter, PRESET, "x", NINE + 10 * MINUTE)
    assert isinstance(refused, Blocked)
    assert counter == refused.counter


@pytest.mark.parametrize(("kind", "limit"), [(ACCOUNT, 5), (ADDRESS, 10)])
def test_as_many_attempts_in_flight_as_the_limit_are_full_but_not_blocked(kind: KeyKind, limit: int) -> None:
    counter = new(kind)
    for n in range(limit):
        counter = charged(counter, f"{n}", NINE)
    assert Full(counter) == admit(counter, PRESET, "x", NINE + SECOND)
    assert block_of(counter, PRESET, NINE + SECOND) is None
    given_back = settled(counter, "0", Settlement.GIVEN_BACK, NINE + SECOND)
    assert isinstance(admit(given_back, PRESET, "x", NINE + SECOND), Admitted)


def test_s36_failures_and_attempts_in_flight_add_up_to_the_limit() -> None:
    counter = charged(failed(new(), *minutes(4)), "a", NINE + 5 * MINUTE)
    assert Full(counter) == admit(counter, PRESET, "x", NINE + 5 * MINUTE + SECOND)


@pytest.mark.parametrize(("at", "counted"), [(NINE + DAY - TICK, 4), (NINE + DAY, 3)])
def test_d3_a_failure_is_counted_for_less_than_one_window(at: datetime, counted: int) -> None:
    counter = charged(failed(new(), *minutes(4)), "fifth", at)
    result = settled(counter, "fifth", Settlement.WRONG, at)
    assert (at + HOUR if counted == 4 else None) == result.blocked_until
    assert (0 if counted == 4 else counted + 1) == len(result.failures)


@pytest.mark.parametrize(("now", "expected"), [(NINE + MINUTE - TICK, Full), (NINE + MINUTE, Admitted)])
def test_d3_what_was_charged_one_window_ago_leaves_room_even_if_it_is_kept(now: datetime, expected: type) -> None:
    lockout = one_key(failures=2, window=MINUTE, lease=MINUTE)
    counter = charged(failed(new(), NINE, lockout=lockout), "late", NINE + 40 * SECOND, lockout)
    assert expected is type(admit(counter, lockout, "x", now))


def test_d3_a_failure_kept_for_an_attempt_in_flight_does_not_count_a_window_later() -> None:
    lockout = one_key(failures=2, window=MINUTE, lease=MINUTE)
    counter = charged(failed(new(), NINE, lockout=lockout), "in flight", NINE + 40 * SECOND, lockout)
    counter = failed(counter, NINE + MINUTE, lockout=lockout)
    assert (2, None) == (len(counter.failures), counter.blocked_until)


def test_d3_without_a_window_a_failure_counts_for_ever() -> None:
    lockout = one_key(failures=2, window=None)
    counter = failed(new(), NINE, lockout=lockout)
    much_later = NINE + 3000 * DAY
    assert counter is current(counter, lockout, much_later)
    counter = charged(counter, "a", much_later, lockout)
    assert Full(counter) == admit(counter, lockout, "x", much_later)
    assert much_later + HOUR == settled(counter, "a", Settlement.WRONG, much_later, lockout).blocked_until


def test_a_refused_charge_changes_nothing() -> None:
    counter = charged(failed(new(), *minutes(4)), "a", NINE + 5 * MINUTE)
    assert counter is admit(counter, PRESET, "x", NINE + 5 * MINUTE).counter


# --- d4: the hard cap ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cap", "is_blocked"), [(None, False), (4, False), (3, True)])
def test_d4_as_many_consecutive_failures_as_the_cap_disable_the_password(cap: int | None, is_blocked: bool) -> None:
    lockout = one_key(hard_cap=cap)
    counter = failed(new(), *minutes(3), lockout=lockout)
    years_later = NINE + 3000 * DAY
    view = current(counter, lockout, years_later)
    assert (Blocked(view, None, "D4") if is_blocked else None) == block_of(view, lockout, years_later)
    answer = admit(counter, lockout, "x", years_later)
    assert (Blocked if is_blocked else Admitted) is type(answer)


def test_d4_failures_are_counted_only_where_there_is_a_cap_and_only_for_accounts() -> None:
    capped = one_key(hard_cap=2)
    assert 3 == failed(new(), *minutes(3), lockout=one_key(hard_cap=4)).failed
    assert 0 == failed(new(), *minutes(3)).failed
    address = failed(new(ADDRESS), *minutes(3), lockout=capped)
    assert 0 == address.failed
    assert block_of(address, capped, NINE + HOUR) is None


def test_d4_what_is_in_flight_counts_towards_the_cap() -> None:
    lockout = one_key(hard_cap=3)
    counter = failed(new(), NINE, lockout=lockout)
    counter = charged(counter, "a", NINE + MINUTE, lockout)
    counter = charged(counter, "b", NINE + MINUTE, lockout)
    assert Full(counter) == admit(counter, lockout, "x", NINE + MINUTE)
    assert block_of(counter, lockout, NINE + MINUTE) is None


def test_d4_failures_spent_on_a_block_stay_consecutive_and_the_block_is_told_first() -> None:
    lockout = one_key(failures=2, hard_cap=2)
    counter = failed(new(), *minutes(2), lockout=lockout)
    end = NINE + MINUTE + HOUR
    assert Blocked(counter, end, "S36") == admit(counter, lockout, "x", end - TICK)
    after = admit(counter, lockout, "x", end)
    # That the block ended is noticed, so the counter is to be saved.
    assert Blocked(evolve(counter, blocked_until=None, saved_at=end), None, "D4") == after


def test_d4_a_complete_sign_in_ends_the_consecutive_failures_known_at_its_charge() -> None:
    lockout = one_key(hard_cap=3)
    counter = failed(new(), NINE, lockout=lockout)
    counter = charged(counter, "in time", NINE + MINUTE, lockout)
    counter = charged(counter, "later", NINE + MINUTE + SECOND, lockout)
    counter = settled(counter, "later", Settlement.WRONG, NINE + MINUTE + SECOND, lockout)
    counter = settled(counter, "in time", Settlement.COMPLETE, NINE + MINUTE + 2 * SECOND, lockout)
    assert (2, 1) == (counter.failed, counter.cleared)
    assert ["later"] == [failure.id for failure in counter.failures]


def test_d4_of_two_complete_sign_ins_the_later_charge_prevails() -> None:
    lockout = one_key(hard_cap=9)
    early = charged(new(), "early", NINE, lockout)
    counter = settled(charged(early, "a", NINE, lockout), "a", Settlement.WRONG, NINE + SECOND, lockout)
    counter = charged(counter, "late", NINE + 2 * SECOND, lockout)
    counter = settled(counter, "late", Settlement.COMPLETE, NINE + 3 * SECOND, lockout)
    counter = settled(counter, "early", Settlement.COMPLETE, NINE + 4 * SECOND, lockout)
    assert (1, 1, ()) == (counter.failed, counter.cleared, counter.failures)


def test_d4_a_complete_sign_in_ends_consecutive_failures_that_left_the_window() -> None:
    lockout = one_key(window=MINUTE, hard_cap=9)
    counter = failed(new(), NINE, lockout=lockout)
    counter = charged(counter, "a", NINE + DAY, lockout)
    assert () == counter.failures
    counter = settled(counter, "a", Settlement.COMPLETE, NINE + DAY + SECOND, lockout)
    assert (1, 1) == (counter.failed, counter.cleared)


def test_d4_a_reset_restarts_the_cap_and_leaves_block_failures_and_attempts() -> None:
    lockout = one_key(failures=2, window=MINUTE, lease=MINUTE, hard_cap=9)
    counter = charged(failed(new(), NINE, lockout=lockout), "a", NINE + 40 * SECOND, lockout)
    counter = charged(counter, "b", NINE + MINUTE, lockout)
    blocked = settled(counter, "a", Settlement.WRONG, NINE + MINUTE, lockout)
    reset = rebound(blocked, NINE + 65 * SECOND)
    assert (2, 2) == (reset.failed, reset.cleared)
    assert NINE + 65 * SECOND == reset.saved_at
    assert (blocked.blocked_until, blocked.reservations) == (reset.blocked_until, reset.reservations)
    one = failed(new(), NINE, lockout=lockout)
    assert one.failures == rebound(one, NINE + 2 * SECOND).failures


def test_d10_a_reset_is_dated_after_the_last_save() -> None:
    counter = failed(new(), NINE)
    assert NINE + SECOND + TICK == rebound(counter, NINE).saved_at


# --- settle ----------------------------------------------------------------------------------------------------------


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


# --- leases ----------------------------------------------------------------------------------------------------------

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


# --- current and block_of --------------------------------------------------------------------------------------------


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


# --- block_change ----------------------------------------------------------------------------------------------------

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


# --- idle_from -------------------------------------------------------------------------------------------------------

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


# --- instants --------------------------------------------------------------------------------------------------------

NAIVE = datetime(2026, 3, 2, 9)  # noqa: DTZ001  # what is to be refused


def test_d10_an_instant_without_a_zone_is_refused() -> None:
    counter = charged(new(), "a", NINE)
    with pytest.raises(InvalidValue, match=r"^now is .*timezone-aware"):
        admit(counter, PRESET, "b", NAIVE)
    with pytest.raises(InvalidValue, match=r"^now is .*timezone-aware"):
        settle(counter, PRESET, "a", Settlement.WRONG, NAIVE)
    with pytest.raises(InvalidValue, match=r"^now is .*timezone-aware"):
        rebound(counter, NAIVE)
