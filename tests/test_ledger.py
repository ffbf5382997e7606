"""The two counters of one attempt: settled once, to the end of the lease; blocks are told of once, to the right person."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from mydso_access import (
    AccessControl,
    Busy,
    BusyBecause,
    Event,
    EventKind,
    Reason,
    Refused,
    SignedIn,
    Stale,
    StoreUnavailable,
)
from mydso_access.adapters.system import SystemChance
from mydso_access.model import AttemptCounter, KeyKind
from mydso_access.policy import Limit
from mydso_access.policy.fixed import LAST_PAUSE
from tests.support import HOME, RIGHT, World, policy
from tests.test_faults import REQUESTS, ConnectionLostError, charged, outcome_of, sign_in
from tests.test_store import raising, replacing, state

HOUR, LEASE = timedelta(hours=1), timedelta(seconds=30)


def states(world: World, name: str = "known") -> list[tuple[int, int]]:
    return [state(world.address()), state(world.account(name))]


def failing_at(
    world: World, fails: Callable[[int, AttemptCounter], bool], error: type[Exception], *, after: bool = False
) -> Callable[[AttemptCounter], int]:
    """Return a `counters.save` that fails at the chosen calls, before or after it was carried out."""
    calls = 0

    def save(counter: AttemptCounter) -> int:
        nonlocal calls
        calls += 1
        if not fails(calls, counter):
            return world.repositories.counters.save(counter)
        if after:
            world.repositories.counters.save(counter)
        raise error

    return save


def block_events(world: World) -> list[Event]:
    kinds = (EventKind.BLOCK_STARTED, EventKind.BLOCK_ENDED)
    return [event for event in world.events() if event.kind in kinds]


class ProcessDiedError(BaseException):
    """What ends an attempt without a word."""


def die(world: World, name: str, address: str = HOME) -> None:
    """Let an attempt die while its secret is evaluated: it stays charged until its lease ends."""
    world.hasher.while_verifying = raising(ProcessDiedError)
    with pytest.raises(ProcessDiedError):
        world.access.sign_in(name, RIGHT, address=address)
    world.hasher.while_verifying = lambda: None


# --- settling


@pytest.mark.parametrize("late_at", ["while verifying", "users.save"])
def test_d3_an_address_reservation_that_lapsed_leaves_the_account_uncleared_although_its_own_has_not(
    late_at: str,
) -> None:
    world = World()
    world.access.sign_in("known", "wrong", address="192.0.2.9")
    gets = 0

    def get(key: Any) -> AttemptCounter | None:
        nonlocal gets
        gets += 1
        if gets == 2:  # the address is read and charged: 20 seconds later, the account
            world.clock.move(timedelta(seconds=20))
        return world.repositories.counters.get(key)

    def save(*arguments: Any) -> int:
        version = world.repositories.users.save(*arguments)
        if late_at == "users.save":
            world.clock.move(timedelta(seconds=12))
        return version

    if late_at == "while verifying":
        world.hasher.while_verifying = lambda: world.clock.move(timedelta(seconds=12))
    outcome = outcome_of(REQUESTS["right"], world, replacing(world, counters_get=get, users_save=save))
    assert Busy(BusyBecause.LAPSED) == outcome
    assert (1, 0) == state(world.account("known"))
    assert 1 == charged(world, world.address())


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("faults", [1, 4])
@pytest.mark.parametrize("call", [3, 4], ids=["address", "account"])
@pytest.mark.parametrize(("request_name", "failures"), [("right", 0), ("change", 0), ("wrong", 1), ("unknown", 1)])
def test_a_fault_at_settling_that_passes_grants_nothing_and_costs_what_the_verdict_costs(
    request_name: str, failures: int, call: int, faults: int, after: bool
) -> None:
    world = World()
    save = failing_at(world, lambda n, _: call <= n < call + faults, ConnectionLostError, after=after and faults == 1)
    assert isinstance(outcome_of(REQUESTS[request_name], world, replacing(world, counters_save=save)), StoreUnavailable)
    assert [(failures, 0)] * 2 == states(world, "nobody" if request_name == "unknown" else "known")


def test_a_fault_of_ten_seconds_at_settling_costs_the_owner_nothing() -> None:
    world = World()
    recovered = world.clock.now() + timedelta(seconds=10)
    save = failing_at(world, lambda n, _: n > 2 and world.clock.now() < recovered, ConnectionLostError)
    assert isinstance(outcome_of(REQUESTS["right"], world, replacing(world, counters_save=save)), StoreUnavailable)
    assert [(0, 0)] * 2 == states(world)


def test_d3_a_fault_at_the_address_leaves_the_account_uncleared_since_nobody_was_signed_in() -> None:
    world = World()
    world.access.sign_in("known", "wrong", address="192.0.2.9")
    save = failing_at(world, lambda n, _: n == 3, ConnectionLostError)
    assert isinstance(outcome_of(REQUESTS["right"], world, replacing(world, counters_save=save)), StoreUnavailable)
    assert [(0, 0), (1, 0)] == states(world)


@pytest.mark.parametrize("down", ["saves", "everything"])
@pytest.mark.parametrize("request_name", ["right", "wrong"])
def test_tries_to_settle_end_when_the_lease_ends(request_name: str, down: str) -> None:
    world, tried, broken = World(), list[datetime](), {"now": False}

    def fails(_: int, __: AttemptCounter) -> bool:
        if broken["now"]:
            tried.append(world.clock.now())
        return broken["now"]

    def get(key: Any) -> AttemptCounter | None:
        if broken["now"] and down == "everything":
            tried.append(world.clock.now())
            raise ConnectionLostError
        return world.repositories.counters.get(key)

    world.hasher.while_verifying = lambda: broken.update(now=True)
    start, save = world.clock.now(), failing_at(world, fails, ConnectionLostError)
    repositories = replacing(world, counters_save=save, counters_get=get)
    assert isinstance(outcome_of(REQUESTS[request_name], world, repositories), StoreUnavailable)
    waited = world.clock.now() - start
    assert LEASE <= waited <= LEASE + LAST_PAUSE
    assert max(tried[:-1]) - start < LEASE  # one last look at the account once the address's lease has ended
    assert [1, 1] == [charged(world, world.address()), charged(world, world.account("known"))]


class Hasty(SystemChance):
    """Draws the shortest pauses."""

    def fraction(self) -> float:
        return 0.0


def test_tries_to_settle_do_not_end_before_the_lease_whatever_the_jitter() -> None:
    world = World()
    recovered = world.clock.now() + timedelta(seconds=25)
    save = failing_at(world, lambda n, _: n > 2 and world.clock.now() < recovered, ConnectionLostError)
    repositories = replacing(world, counters_save=save)
    access = AccessControl(repositories, policy=world.policy, hasher=world.hasher, clock=world.clock, chance=Hasty())
    with pytest.raises(StoreUnavailable):
        access.sign_in("known", RIGHT, address=HOME)
    assert [(0, 0)] * 2 == states(world)


# --- carried out, and reported as if not


@pytest.mark.parametrize("call", range(1, 5))
@pytest.mark.parametrize("request_name", REQUESTS)
def test_a_counters_save_that_was_carried_out_and_reported_stale_never_charges_twice(
    request_name: str, call: int
) -> None:
    world = World()
    save = failing_at(world, lambda n, _: n == call, Stale, after=True)
    outcome = outcome_of(REQUESTS[request_name], world, replacing(world, counters_save=save))
    assert not isinstance(outcome, Exception)
    name = {"unknown": "nobody", "disabled": "disabled"}.get(request_name, "known")
    charges = [charged(world, world.address()), charged(world, world.account(name))]
    assert [0 if request_name in ("right", "change") else 1] * 2 == charges
    assert [(0, 0), (0, 0)] == [(len(c.reservations), 0) for c in (world.address(), world.account(name))]


@pytest.mark.parametrize("call", [1, 2])
def test_a_charge_that_was_carried_out_and_reported_stale_is_recognised_where_no_second_one_fits(call: int) -> None:
    one = Limit(failures=1)
    world = World(policy=policy(account=one, address=one))
    save = failing_at(world, lambda n, _: n == call, Stale, after=True)
    assert isinstance(outcome_of(REQUESTS["right"], world, replacing(world, counters_save=save)), SignedIn)
    assert [(0, 0)] * 2 == states(world)


def test_a_sign_in_whose_settlements_were_reported_stale_leaves_one_event() -> None:
    for call in range(1, 5):
        world = World()
        save = failing_at(world, lambda n, _, call=call: n == call, Stale, after=True)  # type: ignore[misc]
        outcome_of(REQUESTS["right"], world, replacing(world, counters_save=save))
        assert [EventKind.SIGNED_IN] == [event.kind for event in world.events()]


# --- blocks are told of


def test_s37_an_address_blocks_event_is_about_nobody() -> None:
    world = World(policy=policy(address=Limit(failures=2)))
    for _ in range(3):
        world.access.sign_in("known", "wrong", address=HOME)
    (event,) = block_events(world)
    assert (EventKind.BLOCK_STARTED, "S37", None, HOME) == (event.kind, event.rule, event.subject, event.address)
    assert world.address().blocked_until == event.until


@pytest.mark.parametrize(("name", "subject"), [("known", "id-known"), ("disabled", "id-disabled"), ("nobody", None)])
def test_s36_an_account_blocks_event_is_about_its_user_if_there_is_one(name: str, subject: str | None) -> None:
    world = World()
    for _ in range(7):
        world.access.sign_in(name, "wrong", address=HOME)
    (event,) = block_events(world)
    assert (EventKind.BLOCK_STARTED, "S36", subject) == (event.kind, event.rule, event.subject)
    assert world.account(name).blocked_until == event.until


def test_s36_a_block_of_lapsed_reservations_is_saved_and_told_of_once_by_the_refusal_that_notices_it() -> None:
    world = World()
    for number in range(5):
        die(world, "known", f"10.0.0.{number}")
    assert (0, 5) == state(world.account("known"))
    world.clock.move(LEASE)
    outcomes = [world.access.sign_in("known", RIGHT, address="10.0.1.1") for _ in range(3)]
    assert [Reason.ACCOUNT_BLOCKED] * 3 == [outcome.reason for outcome in outcomes]  # type: ignore[union-attr]
    (event,) = block_events(world)
    assert world.account("known").blocked_until is not None
    assert (world.account("known").blocked_until, "id-known") == (event.until, event.subject)


def test_s37_a_block_of_lapsed_reservations_is_saved_and_told_of_once_by_the_refusal_that_notices_it() -> None:
    world = World(policy=policy(address=Limit(failures=2)))
    for name in ("known", "multi"):
        die(world, name)
    world.clock.move(LEASE)
    outcomes = [world.access.sign_in("known", RIGHT, address=HOME) for _ in range(3)]
    assert [Reason.ADDRESS_BLOCKED] * 3 == [outcome.reason for outcome in outcomes]  # type: ignore[union-attr]
    (event,) = block_events(world)
    assert (world.address().blocked_until, None) == (event.until, event.subject)
    assert event.until is not None


def test_s36_a_block_that_ended_unseen_is_told_of_once_by_the_sign_in_that_notices_it() -> None:
    world = World()
    for _ in range(5):
        world.access.sign_in("known", "wrong", address=HOME)
    world.clock.move(HOUR + LEASE)
    for _ in range(2):
        assert isinstance(world.access.sign_in("known", RIGHT, address=HOME), SignedIn)
    assert [EventKind.BLOCK_STARTED, EventKind.BLOCK_ENDED] == [event.kind for event in block_events(world)]


@pytest.mark.parametrize("error", [ConnectionLostError, Stale])
def test_s37_a_block_that_started_is_told_of_although_the_account_cannot_be_settled(error: type[Exception]) -> None:
    world = World(policy=policy(address=Limit(failures=1)))
    save = failing_at(world, lambda n, counter: n > 2 and counter.key.kind is KeyKind.ACCOUNT, error)
    outcome_of(REQUESTS["wrong"], world, replacing(world, counters_save=save))
    (event,) = block_events(world)
    assert (EventKind.BLOCK_STARTED, "S37") == (event.kind, event.rule)


def test_s36_a_block_that_a_charge_noticed_is_told_of_although_nobody_can_be_looked_up() -> None:
    world = World()
    for number in range(5):
        die(world, "known", f"10.0.0.{number}")
    world.clock.move(LEASE)
    repositories = replacing(world, users_named=raising(ConnectionLostError))
    assert isinstance(outcome_of(REQUESTS["right"], world, repositories), StoreUnavailable)
    assert [EventKind.BLOCK_STARTED] == [event.kind for event in block_events(world)]


@pytest.mark.parametrize("hard_cap", [1, 3, 5])
def test_d4_the_hard_cap_is_told_of_once_as_a_block_without_an_end(hard_cap: int) -> None:
    world = World(policy=policy(hard_cap=hard_cap))
    for _ in range(hard_cap + 2):
        world.access.sign_in("known", "wrong", address=HOME)
    (event,) = block_events(world)
    assert (EventKind.BLOCK_STARTED, "D4", None) == (event.kind, event.rule, event.until)
    assert "id-known" == event.subject


# --- the policy has changed


@pytest.mark.parametrize("window", [timedelta(hours=24), None], ids=["window", "no window"])
@pytest.mark.parametrize("failures", [1, 3, 4])
def test_s36_a_limit_lowered_to_the_failures_stored_or_below_blocks_and_says_until_when(
    failures: int, window: timedelta | None
) -> None:
    world = World(policy=policy(account=Limit(failures=5, window=window)))
    for _ in range(4):
        world.access.sign_in("known", "wrong", address=HOME)
    until = world.account("known").failures[-1].at + HOUR
    world.policy = policy(account=Limit(failures=failures, window=window))
    blocked = world.access.sign_in("known", RIGHT, address=HOME)
    assert Refused(Reason.ACCOUNT_BLOCKED, "S36", until, user_id="id-known") == blocked
    assert 4 == world.hasher.evaluations
    world.clock.move(until - world.clock.now())
    assert isinstance(world.access.sign_in("known", RIGHT, address=HOME), SignedIn)


@pytest.mark.parametrize("window", [timedelta(hours=24), None], ids=["window", "no window"])
def test_s37_an_addresss_limit_lowered_to_the_failures_stored_blocks_and_says_until_when(
    window: timedelta | None,
) -> None:
    world = World()
    for _ in range(4):
        world.access.sign_in("known", "wrong", address=HOME)
    until = world.address().failures[-1].at + HOUR
    world.policy = evolve(policy(), lockout=evolve(policy().lockout, address=Limit(failures=4, window=window)))
    assert Refused(Reason.ADDRESS_BLOCKED, "S37", until) == world.access.sign_in("known", RIGHT, address=HOME)


def test_s36_a_guess_too_many_in_flight_is_busy_no_block_and_given_back_to_the_address() -> None:
    world = World(policy=policy(account=Limit(failures=1)))
    outcomes: list[Any] = []

    def meanwhile() -> None:
        outcomes.append(sign_in("known", "wrong")(world.access))

    world.hasher.while_verifying = meanwhile
    assert isinstance(sign_in("known", RIGHT)(world.access), SignedIn)
    assert [Reason.ACCOUNT_BUSY] == [outcome.reason for outcome in outcomes]
    assert ([(0, 0)] * 2, []) == (states(world), block_events(world))
