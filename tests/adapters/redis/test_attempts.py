"""Attempts on counters in Valkey, users elsewhere: counted at the verifier, and never granted, lost or charged twice."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from mydso_access import (
    AccessControl,
    AsyncAccessControl,
    AsynchronousStore,
    BrokenStore,
    Busy,
    Refused,
    SignedIn,
    StoreUnavailable,
)
from mydso_access.decisions.naming import account_key
from tests.adapters.redis.attempts import asynchronous, beside, failures, split
from tests.servers import Server, serving
from tests.support import HOME, RIGHT, CountingHasher, World, policy, populated, run

redis = pytest.importorskip("redis")

THREADS, GUESSES = 8, 10


# --- what an attempt does


def test_a_right_password_signs_in_and_leaves_no_failure(world: World) -> None:
    assert isinstance(world.access.sign_in("known", RIGHT, address=HOME), SignedIn)
    assert 0 == failures(world)


def test_5_wrong_passwords_block_for_all_processes_and_the_block_is_kept_for_its_hour(
    world: World, client: Any
) -> None:
    for _ in range(5):
        assert isinstance(world.access.sign_in("known", "wrong", address=HOME), Refused)
    elsewhere = World(repositories=split(client), clock=world.clock)
    assert "account_blocked" == elsewhere.access.sign_in("known", RIGHT, address=HOME).reason.value
    assert (5, 0) == (world.hasher.evaluations, elsewhere.hasher.evaluations)
    assert client.pttl(f"mydso_access:counter:account:{account_key('known').digest}") > 3_595_000


def test_a_counter_of_consecutive_failures_never_expires(client: Any) -> None:
    world = World(repositories=split(client), policy=policy(hard_cap=100))
    world.access.sign_in("known", "wrong", address=HOME)
    at = f"mydso_access:counter:account:{account_key('known').digest}"
    assert (1, -1) == (world.account("known").failed, client.pttl(at))
    world.access.sign_in("known", RIGHT, address=HOME)
    assert client.pttl(at) > 0  # cleared, it may be forgotten again


def test_threads_with_doors_of_their_own_get_exactly_5_guesses_evaluated(url: str) -> None:
    hasher, barrier, memory = CountingHasher(seconds=0.01), threading.Barrier(THREADS), populated()

    def guess(thread: int) -> None:
        with redis.Redis.from_url(url) as own:
            repositories = beside(memory, own)
            access = AccessControl(repositories, policy=policy(), hasher=hasher)
            barrier.wait()
            answers = [
                access.sign_in("known", f"guess-{number}", address=f"10.{thread}.0.{number}")
                for number in range(GUESSES)
            ]
            outcomes.extend(map(type, answers))

    outcomes: list[type] = []
    threads = [threading.Thread(target=guess, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (5, THREADS * GUESSES) == (hasher.evaluations, len(outcomes))
    assert {Refused, Busy} >= set(outcomes)


# --- asynchronous


def test_the_asynchronous_door_signs_in_and_counts(url: str) -> None:
    async def main() -> tuple[list[type], int]:
        async with redis.asyncio.Redis.from_url(url) as own:
            world = World(repositories=asynchronous(own))
            door = AsyncAccessControl(world.repositories, policy=world.policy, hasher=world.hasher, clock=world.clock)
            outcomes = [await door.sign_in("known", password, address=HOME) for password in (RIGHT, "wrong", RIGHT)]
            counter = await world.repositories.counters.get(account_key("known"))
            return [type(each) for each in outcomes], len(counter.failures)

    assert ([SignedIn, Refused, SignedIn], 0) == run(main())


def test_tasks_get_exactly_5_guesses_evaluated(url: str) -> None:
    hasher = CountingHasher(seconds=0.01)

    async def main() -> None:
        async with redis.asyncio.Redis.from_url(url) as own:
            door = AsyncAccessControl(asynchronous(own), policy=policy(), hasher=hasher)
            guesses = (door.sign_in("known", f"guess-{n}", address=f"10.0.{n}.1") for n in range(THREADS * GUESSES))
            assert {Refused, Busy} >= {type(each) for each in await asyncio.gather(*guesses)}

    run(main())
    assert 5 == hasher.evaluations


def test_asynchronous_repositories_behind_the_synchronous_door_are_refused() -> None:
    with pytest.raises(AsynchronousStore):
        AccessControl(asynchronous(redis.asyncio.Redis()), policy=policy()).sign_in("known", RIGHT, address=HOME)


# --- a server that evicts, or is gone


def test_a_server_that_evicts_gets_no_password_looked_at(world: World, client: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(client, "info", lambda _: {"maxmemory_policy": "allkeys-lru"})
    with pytest.raises(BrokenStore):
        world.access.sign_in("known", RIGHT, address=HOME)
    assert (0, 0) == (world.hasher.hashes, client.dbsize())


@pytest.fixture
def mortal() -> Iterator[Server]:
    with serving("valkey", durable=True) as server:
        yield server


def test_a_dead_server_lets_nobody_in_and_no_password_be_looked_at(mortal: Server) -> None:
    with redis.Redis.from_url(mortal.url) as client:
        world = World(repositories=split(client))
        mortal.kill()
        for password in (RIGHT, "wrong"):
            with pytest.raises(StoreUnavailable) as caught:
                world.access.sign_in("known", password, address=HOME)
            assert isinstance(caught.value.__cause__, redis.ConnectionError)
        assert 0 == world.hasher.hashes
        mortal.start()
        assert isinstance(world.access.sign_in("known", RIGHT, address=HOME), SignedIn)


@pytest.mark.parametrize("password", [RIGHT, "wrong"])
def test_a_server_killed_while_a_password_is_looked_at_keeps_the_charge_and_grants_nothing(
    mortal: Server, password: str
) -> None:
    with redis.Redis.from_url(mortal.url) as client:
        world = World(repositories=split(client), hasher=CountingHasher(while_verifying=mortal.kill))
        with pytest.raises(StoreUnavailable):
            world.access.sign_in("known", password, address=HOME)
        mortal.start()
        assert (1, 1) == (world.hasher.evaluations, failures(world))
