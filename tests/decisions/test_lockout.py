"""What a key admits, and the hard cap, at the very microsecond where an answer changes."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from attrs import evolve

from mydso_access.decisions.lockout import (
    Admitted,
    Blocked,
    Full,
    Settlement,
    admit,
    block_of,
    current,
    rebound,
)
from mydso_access.model.attempts import KeyKind, Reservation
from mydso_access.policy.fixed import TICK
from tests.decisions.counters import (
    ACCOUNT,
    ADDRESS,
    CODES,
    DAY,
    HOUR,
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
    [(ACCOUNT, 5, HOUR, "S36"), (ADDRESS, 10, 24 * HOUR, "S37"), (CODES, 5, 10 * MINUTE, "D13")],
    ids=[
        "s36_the_fifth_blocks_the_account_for_one_hour",
        "s37_the_tenth_blocks_the_address_for_24_hours",
        "d13_the_fifth_wrong_code_stops_the_codes_for_ten_minutes",
    ],
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


@pytest.mark.parametrize(("kind", "limit"), [(ACCOUNT, 5), (ADDRESS, 10), (CODES, 5)])
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


# --- a charge that was saved without anybody knowing, and a limit that was lowered


def test_a_charge_tried_again_under_its_own_id_is_the_same_charge() -> None:
    stored = charged(new(), "a", NINE)
    again = admit(stored, PRESET, "a", NINE + SECOND)
    assert isinstance(again, Admitted)
    assert stored.reservations == again.counter.reservations == (again.reservation,)
    assert again.counter.saved_at > stored.saved_at


@pytest.mark.parametrize("window", [DAY, None])
def test_s36_failures_stored_under_a_higher_limit_block_under_a_lower_one(window: timedelta | None) -> None:
    stored = failed(new(), *minutes(4), lockout=one_key(failures=5, window=window))
    lowered = one_key(failures=4, window=window)
    blocked = admit(stored, lowered, "x", NINE + 4 * MINUTE)
    assert isinstance(blocked, Blocked)
    assert (NINE + 3 * MINUTE + HOUR, "S36") == (blocked.until, blocked.rule)
    assert () == blocked.counter.failures  # spent: after the block the count begins at zero
    assert isinstance(admit(blocked.counter, lowered, "x", NINE + 3 * MINUTE + HOUR), Admitted)


def test_s36_failures_further_apart_than_the_window_do_not_block_under_a_lower_limit() -> None:
    stored = failed(new(), *minutes(4), lockout=one_key(failures=5, window=None))
    lowered = one_key(failures=4, window=3 * MINUTE)
    assert isinstance(admit(stored, lowered, "x", NINE + 4 * MINUTE), Admitted)
