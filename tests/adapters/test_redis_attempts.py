"""Attempts on counters in Valkey, users elsewhere: counted at the verifier, and never granted, lost or charged twice."""

import asyncio
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, frozen

from mydso_access import (
    AccessControl,
    AsyncAccessControl,
    AsynchronousStore,
    BrokenStore,
    Busy,
    Refused,
    SignedIn,
    Stale,
    StoreUnavailable,
)
from mydso_access.adapters.redis import AsyncRedisCounters, AsyncRedisSignIns, RedisCounters, RedisSignIns
from mydso_access.decisions.lockout import current
from mydso_access.decisions.naming import account_key
from mydso_access.model import AttemptCounter
from mydso_access.repositories import CounterRepository, EventRepository, SignInRepository, UserRepository
from tests.adapters import test_redis as records
from tests.servers import Server, serving
from tests.support import HOME, PATIENCE, RIGHT, CountingHasher, World, policy, populated, run

redis = pytest.importorskip("redis")
from redis.asyncio.retry import Retry as AsyncRetry  # noqa: E402
from redis.backoff import NoBackoff  # noqa: E402
from redis.retry import Retry  # noqa: E402

url = records.url  # a fixture
THREADS, GUESSES = 8, 10
LEASE = policy().lockout.lease


@frozen
class Split:
    """Users and trail in one place, counters and half-finished sign-ins in another."""

    users: UserRepository
    events: EventRepository
    counters: CounterRepository
    sign_ins: SignInRepository


def split(client: Any) -> Split:
    memory = populated()
    return Split(memory.users, memory.events, RedisCounters(client), RedisSignIns(client))


def asynchronous(client: Any) -> Split:
    memory = populated()
    return Split(memory.users, memory.events, AsyncRedisCounters(client), AsyncRedisSignIns(client))


@pytest.fixture
def client(url: str) -> Iterator[Any]:
    with redis.Redis.from_url(url) as opened:
        yield opened


@pytest.fixture
def world(client: Any) -> World:
    return World(repositories=split(client))


def failures(world: World) -> int:
    """Return how many failures the account and the address have once every lease has ended; the same on both."""
    world.clock.move(LEASE)
    counted = {len(current(each, world.policy.lockout, world.clock.now()).failures) for each in _both(world)}
    assert 1 == len(counted), counted
    return counted.pop()


def _both(world: World) -> tuple[AttemptCounter, AttemptCounter]:
    return world.account("known"), world.address()


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
            repositories = Split(memory.users, memory.events, RedisCounters(own), RedisSignIns(own))
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


# --- an answer that is lost on its way


class Proxy:
    """Stands between client and server; the answer to the chosen script never arrives, and the connection is closed."""

    def __init__(self, server: str, folder: Path, lost: int) -> None:
        at = redis.connection.parse_url(server)
        self.server = at["path"] if "path" in at else (at["host"], at.get("port", 6379))
        self.url = f"unix://{folder}/proxy?db={at.get('db', 0)}"
        self.lost, self.scripts = lost, 0
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(f"{folder}/proxy")
        self.listening.listen()
        threading.Thread(target=self.accept).start()

    def accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listening.accept()
                threading.Thread(target=self.carry, args=(client,)).start()

    def carry(self, client: socket.socket) -> None:
        kind = socket.AF_UNIX if isinstance(self.server, str) else socket.AF_INET
        with client, socket.socket(kind) as server, suppress(OSError):
            server.connect(self.server)
            losing = False
            while True:
                ready, _, _ = select.select([client, server], [], [], PATIENCE)
                for source in ready:
                    data = source.recv(1 << 20)
                    if not data or (losing and source is server):
                        return
                    if source is client and b"EVAL" in data:
                        self.scripts += 1
                        losing = self.scripts == self.lost
                    (server if source is client else client).sendall(data)

    def close(self) -> None:
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()


@pytest.fixture
def losing(url: str, tmp_path: Path) -> Iterator[Callable[[int], Proxy]]:
    proxies: list[Proxy] = []

    def make(lost: int) -> Proxy:
        proxies.append(Proxy(url, tmp_path, lost))
        return proxies[-1]

    yield make
    for proxy in proxies:
        proxy.close()


def resending(backoff: NoBackoff, kind: type = Retry) -> dict[str, Any]:
    """Return the options of a client that sends a command again; before version 6 of redis-py it wants both."""
    return {"retry": kind(backoff, 3), "retry_on_error": [redis.ConnectionError]}


SCRIPTS_OF_AN_ATTEMPT = range(1, 5)  # address and account charged, address and account settled
WRONG_OR_RIGHT = pytest.mark.parametrize(
    ("password", "outcome", "counted"), [(RIGHT, SignedIn, 0), ("wrong", Refused, 1)]
)


@pytest.mark.parametrize("lost", SCRIPTS_OF_AN_ATTEMPT)
@WRONG_OR_RIGHT
def test_a_save_that_was_sent_twice_is_one_save(
    world: World, losing: Callable[[int], Proxy], lost: int, password: str, outcome: type, counted: int
) -> None:
    proxy = losing(lost)
    with redis.Redis.from_url(proxy.url, **resending(NoBackoff())) as client:
        through = evolve(world, repositories=split(client))
        assert outcome is type(through.access.sign_in("known", password, address=HOME))
    assert (1, counted, len(SCRIPTS_OF_AN_ATTEMPT) + 1) == (world.hasher.evaluations, failures(world), proxy.scripts)


@pytest.mark.parametrize("lost", SCRIPTS_OF_AN_ATTEMPT)
@WRONG_OR_RIGHT
def test_an_asynchronous_save_that_was_sent_twice_is_one_save(
    world: World, losing: Callable[[int], Proxy], lost: int, password: str, outcome: type, counted: int
) -> None:
    proxy = losing(lost)

    async def main() -> type:
        async with redis.asyncio.Redis.from_url(proxy.url, **resending(NoBackoff(), AsyncRetry)) as client:
            door = AsyncAccessControl(asynchronous(client), policy=policy(), hasher=world.hasher, clock=world.clock)
            return type(await door.sign_in("known", password, address=HOME))

    assert outcome is run(main())
    assert (1, counted, len(SCRIPTS_OF_AN_ATTEMPT) + 1) == (world.hasher.evaluations, failures(world), proxy.scripts)


@pytest.mark.parametrize("lost", SCRIPTS_OF_AN_ATTEMPT)
@pytest.mark.parametrize("password", [RIGHT, "wrong"])
def test_a_client_that_does_not_send_again_grants_nothing_and_charges_once(
    world: World, losing: Callable[[int], Proxy], lost: int, password: str
) -> None:
    with redis.Redis.from_url(losing(lost).url, retry=Retry(NoBackoff(), 0)) as client:
        through = evolve(world, repositories=split(client))
        with pytest.raises(StoreUnavailable):
            through.access.sign_in("known", password, address=HOME)
    looked_at = lost > 2
    charged = looked_at and password != RIGHT
    assert (looked_at, charged) == (world.hasher.evaluations, failures(world))


class Meanwhile(NoBackoff):
    """What happens between two tries of a client."""

    def __init__(self, happens: Callable[[], object]) -> None:
        super().__init__()
        self.happens = happens

    def compute(self, failures: int) -> float:
        self.happens()
        return super().compute(failures)


def test_a_charge_that_others_overtook_before_it_was_sent_again_is_known_by_its_reservation(
    world: World, losing: Callable[[int], Proxy]
) -> None:
    counters = world.repositories.counters

    def overtake() -> None:
        counters.save(counters.get(account_key("known")))

    with redis.Redis.from_url(losing(2).url, **resending(Meanwhile(overtake))) as client:  # the account's charge
        through = evolve(world, repositories=split(client))
        assert isinstance(through.access.sign_in("known", "wrong", address=HOME), Refused)
    assert (1, 1) == (world.hasher.evaluations, failures(world))


def test_a_sign_in_whose_use_was_sent_twice_is_used_once(losing: Callable[[int], Proxy]) -> None:
    proxy = losing(2)
    with redis.Redis.from_url(proxy.url, **resending(NoBackoff())) as client:
        sign_ins = RedisSignIns(client)
        used = records.sign_in(version=sign_ins.save(records.sign_in()), used_at=records.NOON)
        assert used.version < sign_ins.save(used)
        with pytest.raises(Stale):
            sign_ins.save(used)
    assert 4 == proxy.scripts
