"""An attempt reads each counter once, and settles on what it saved itself; whoever saves in between is noticed."""

from types import SimpleNamespace
from typing import Any

from attrs import evolve

from mydso_access import Busy, BusyBecause, Refused, SignedIn, Stale
from mydso_access.model import AttemptCounter, CounterKey, Reservation
from tests.support import HOME, RIGHT, World, with_parts


class Watched:
    """Counters that note every call, and let a test act before a save."""

    def __init__(self, world: World) -> None:
        self.inner, self.calls = world.repositories.counters, []
        self.before_save: Any = lambda number: None

    def get(self, key: CounterKey, /) -> AttemptCounter | None:
        self.calls.append(f"get {key.kind.value}")
        return self.inner.get(key)

    def save(self, counter: AttemptCounter, /) -> int:
        self.calls.append(f"save {counter.key.kind.value}")
        self.before_save(self.calls)
        return self.inner.save(counter)


def watched(world: World) -> tuple[Watched, World]:
    counters = Watched(world)
    repositories = with_parts(world.repositories, counters=counters)
    return counters, World(repositories=repositories, hasher=world.hasher, clock=world.clock, policy=world.policy)


ONE_ATTEMPT = [
    *("get address", "save address"),
    *("get account", "save account"),
    *("save address", "save account"),
]


def test_a_wrong_attempt_reads_each_key_once_and_saves_it_twice_the_address_first_and_the_account_last() -> None:
    counters, world = watched(World())
    assert isinstance(world.access.sign_in("known", "wrong", address=HOME), Refused)
    assert ONE_ATTEMPT == counters.calls


def test_before_it_grants_a_sign_in_reads_each_key_again() -> None:
    counters, world = watched(World())
    assert isinstance(world.access.sign_in("known", RIGHT, address=HOME), SignedIn)
    assert [*ONE_ATTEMPT[:4], "get address", "save address", "get account", "save account"] == counters.calls


def test_a_store_that_answers_a_version_and_keeps_nothing_grants_nothing() -> None:
    own = World()
    forgetful = SimpleNamespace(get=own.repositories.counters.get, save=lambda counter: counter.version + 1)
    world = World(repositories=with_parts(own.repositories, counters=forgetful), hasher=own.hasher)
    assert Busy(BusyBecause.LAPSED) == world.access.sign_in("known", RIGHT, address=HOME)


def test_nobody_is_refused_on_what_was_read_before_the_wait_for_a_slot() -> None:
    world, others = World(), 10
    for _ in range(others - 1):
        world.access.sign_in("multi", "wrong", address=HOME)
    full, read = world.address(), []

    def get(key: CounterKey, /) -> AttemptCounter | None:
        read.append(key)
        if len(read) > 1 or key != full.key:
            return world.repositories.counters.get(key)
        in_flight = Reservation("another's", full.saved_at, world.clock.now(), 0)
        return evolve(full, reservations=(in_flight,))  # given back while this one waited

    counters = SimpleNamespace(get=get, save=world.repositories.counters.save)
    waited = World(repositories=with_parts(world.repositories, counters=counters), clock=world.clock)
    assert isinstance(waited.access.sign_in("known", RIGHT, address=HOME), SignedIn)


def test_a_counter_that_others_saved_in_between_is_read_again_and_nothing_of_theirs_is_lost() -> None:
    own = World()
    counters, world = watched(own)

    def others_fail_meanwhile(calls: list[str]) -> None:
        if calls == ONE_ATTEMPT[:5]:  # the address is about to be settled
            counters.before_save = lambda _: None
            own.access.sign_in("multi", "wrong", address=HOME)

    counters.before_save = others_fail_meanwhile
    world.access.sign_in("known", "wrong", address=HOME)
    assert [*ONE_ATTEMPT[:5], "get address", "save address", "save account"] == counters.calls
    assert 2 == len(own.address().failures)


def test_a_counter_read_before_the_wait_for_a_slot_is_charged_only_if_it_is_still_that_one() -> None:
    own = World()
    counters, world = watched(own)

    def others_fail_meanwhile(calls: list[str]) -> None:
        if calls == ONE_ATTEMPT[:2]:
            counters.before_save = lambda _: None
            for _ in range(10):
                own.access.sign_in("multi", "wrong", address=HOME)

    counters.before_save = others_fail_meanwhile
    refused = world.access.sign_in("known", RIGHT, address=HOME)
    assert "address_blocked" == refused.reason.value
    assert [*ONE_ATTEMPT[:2], "get address"] == counters.calls[:3]


def test_after_a_save_that_failed_the_counter_is_read_again() -> None:
    own, tries = World(), []

    def save(counter: AttemptCounter, /) -> int:
        tries.append(counter.version)
        if len(tries) == 3:  # the first settlement: stored, and reported as if it was not
            own.repositories.counters.save(counter)
            raise Stale
        return own.repositories.counters.save(counter)

    counters = SimpleNamespace(get=own.repositories.counters.get, save=save)
    world = World(repositories=with_parts(own.repositories, counters=counters), hasher=own.hasher, clock=own.clock)
    world.access.sign_in("known", "wrong", address=HOME)
    assert 1 == len(own.address().failures) == len(own.account("known").failures)
