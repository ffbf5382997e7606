"""Purging: what is over goes, in small portions; what may still count stays."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve

from mydso_access import (
    BrokenStore,
    Factor,
    Purged,
    Purpose,
    Reason,
    Refused,
    Secret,
    SignIn,
    Stale,
    StoreUnavailable,
    with_setting,
)
from mydso_access.model import Assertion, AttemptCounter, Failure, KeyKind
from mydso_access.model.attempts import CounterKey
from mydso_access.policy.fixed import PURGED_AT_ONCE, TICK
from mydso_access.testing.clock import A_MONDAY
from tests.support import HOME, RIGHT, World, door, policy, with_parts

LEASE = policy().lockout.lease
DAY = timedelta(hours=24)


def guess(world: World, times: int, name: str = "known") -> None:
    for _ in range(times):
        assert isinstance(world.access.sign_in(name, "wrong", address=HOME), Refused)


def sign_in(number: int = 0, **changes: Any) -> SignIn:
    sample = SignIn(
        id=f"sign-in-{number}",
        user_id="known",
        address=CounterKey(KeyKind.ADDRESS, "a"),
        purpose=Purpose.SIGN_IN,
        token=Secret("t"),
        started_at=A_MONDAY,
        expires_at=A_MONDAY + timedelta(minutes=15),
        factors=((Factor.PASSWORD, A_MONDAY),),
        since=A_MONDAY,
        saved_at=A_MONDAY,
    )
    return evolve(sample, **changes)


def test_d3_a_counter_goes_a_lease_after_its_last_failure_left_the_window_and_not_before() -> None:
    world = World()
    guess(world, 1, name="nobody")
    last = max(counter.failures[0].at for counter in world.repositories.counters.all())
    world.clock.move(last + DAY + LEASE - world.clock.now())
    assert Purged(0, 0) == world.access.purge()
    world.clock.move(TICK)
    assert Purged(2, 0) == world.access.purge()
    assert () == world.repositories.counters.all()


def test_s36_s37_a_block_is_there_until_its_end_however_often_the_store_is_purged() -> None:
    world = World()
    guess(world, 5)
    while world.account("known").blocked_until > world.clock.now():
        world.access.purge()
        assert world.account("known").blocked_until is not None
        world.clock.move(timedelta(minutes=7))
    guess(world, 5)
    assert world.address().blocked_until is not None
    world.clock.move(DAY - timedelta(seconds=1))
    world.access.purge()
    assert world.address().blocked_until is not None


def test_d4_a_consecutive_count_stays_for_ever() -> None:
    world = World(policy=policy(hard_cap=100))
    guess(world, 1)
    world.clock.move(1000 * DAY)
    assert Purged(1, 0) == world.access.purge()  # the address
    assert 1 == world.account("known").failed


def test_an_attempt_in_flight_stays_until_what_it_may_become_is_over() -> None:
    world = World()
    world.hasher.while_verifying = lambda: world.access.purge() and world.clock.move(timedelta(seconds=1))
    guess(world, 5)
    assert world.account("known").blocked_until is not None


def test_what_a_sign_in_left_goes_at_once() -> None:
    world = World()
    world.access.sign_in("known", RIGHT, address=HOME)
    world.clock.move(LEASE + timedelta(seconds=1))
    assert Purged(2, 0) == world.access.purge()


def test_d13_a_half_finished_sign_in_goes_a_lease_after_it_expired() -> None:
    world = World()
    world.repositories.sign_ins.save(sign_in())
    world.clock.move(timedelta(minutes=15) + LEASE)
    assert Purged(0, 0) == world.access.purge()
    world.clock.move(TICK)
    assert Purged(0, 1) == world.access.purge()
    assert world.repositories.sign_ins.get("sign-in-0") is None


def test_s35_an_assertion_that_was_taken_goes_a_lease_after_it_expired() -> None:
    world = World()
    world.repositories.assertions.add(Assertion(key="a", expires_at=A_MONDAY + DAY))
    world.clock.move(DAY + LEASE)
    assert Purged(0, 0) == world.access.purge()
    world.clock.move(TICK)
    assert Purged(0, 0, assertions=1) == world.access.purge()
    world.repositories.assertions.add(Assertion(key="a", expires_at=A_MONDAY + DAY))


def test_a_purge_goes_on_until_nothing_is_left_a_portion_at_a_time() -> None:
    world, portions = World(), []
    for number in range(2 * PURGED_AT_ONCE + 1):
        world.repositories.sign_ins.save(sign_in(number))

    def purge(*arguments: Any, limit: int) -> int:
        portions.append(world.repositories.sign_ins.purge(*arguments, limit=limit))
        return portions[-1]

    world.clock.move(DAY)
    watched = with_parts(world.repositories, sign_ins=SimpleNamespace(purge=purge))
    assert Purged(0, 2 * PURGED_AT_ONCE + 1) == World(repositories=watched, clock=world.clock).access.purge()
    assert [PURGED_AT_ONCE, PURGED_AT_ONCE, 1, 0] == portions


def test_a_purge_that_finds_no_end_leaves_the_rest_for_the_next_call() -> None:
    world = World()

    def purge(*_: Any, limit: int) -> int:
        world.clock.move(timedelta(minutes=1))
        return limit

    endless = with_parts(world.repositories, counters=SimpleNamespace(purge=purge))
    purged = World(repositories=endless, clock=world.clock).access.purge()
    assert Purged(10 * PURGED_AT_ONCE, 0) == purged


def test_a_failure_stays_for_as_long_as_the_block_that_a_lowered_limit_would_turn_it_into() -> None:
    short = with_setting(policy(), "lockout.account.window", "10m")
    world = World(policy=short)
    guess(world, 3)
    world.clock.move(timedelta(minutes=11))
    world.access.purge()
    world.policy = with_setting(short, "lockout.account.failures", "3")
    assert Reason.ACCOUNT_BLOCKED is world.access.sign_in("known", RIGHT, address=HOME).reason


def test_it_is_the_same_behind_the_asynchronous_door() -> None:
    world = World()
    guess(world, 1)
    world.clock.move(2 * DAY)
    assert Purged(2, 0) == asyncio.run(door(world).purge())


def test_a_portion_that_a_save_was_in_the_way_of_is_tried_again() -> None:
    world, tries = World(), []

    def purge(*_: Any, limit: int) -> int:
        tries.append(limit)
        if len(tries) < 3:
            raise Stale
        return 0

    watched = with_parts(world.repositories, sign_ins=SimpleNamespace(purge=purge))
    assert Purged(0, 0) == World(repositories=watched).access.purge()
    assert 3 == len(tries)


def test_a_store_that_is_always_in_the_way_ends_the_purge() -> None:
    def purge(*_: Any, limit: int) -> int:
        raise Stale

    watched = with_parts(World().repositories, sign_ins=SimpleNamespace(purge=purge))
    with pytest.raises(Stale):
        World(repositories=watched).access.purge()


@pytest.mark.parametrize("answer", [None, True, -1, PURGED_AT_ONCE + 1, 1.0, "1"])
@pytest.mark.parametrize("part", ["counters", "sign_ins", "assertions", "links"])
def test_an_answer_that_is_no_number_of_records_is_a_broken_store(part: str, answer: Any) -> None:
    broken = with_parts(World().repositories, **{part: SimpleNamespace(purge=lambda *_, limit: answer)})
    with pytest.raises(BrokenStore) as raised:
        World(repositories=broken).access.purge()
    assert f"{part}.purge" == raised.value.call


def test_a_store_that_fails_is_unavailable() -> None:
    def purge(*_: Any, limit: int) -> int:
        raise OSError

    broken = with_parts(World().repositories, counters=SimpleNamespace(purge=purge))
    with pytest.raises(StoreUnavailable):
        World(repositories=broken).access.purge()


def test_a_counter_saved_by_the_library_knows_from_when_on_it_may_go() -> None:
    world = World()
    guess(world, 4)
    failures = world.account("known").failures
    assert failures[-1].at + DAY == world.account("known").idle_from
    guess(world, 1)
    blocked = world.account("known")
    assert blocked.blocked_until == blocked.idle_from
    assert AttemptCounter(blocked.key).idle_from is None  # unless told, a store keeps it
    assert isinstance(failures[0], Failure)
