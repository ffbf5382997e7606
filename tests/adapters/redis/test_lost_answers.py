"""Answers that are lost on their way: what was sent twice is stored, charged and used once."""

import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from mydso_access import (
    AsyncAccessControl,
    Refused,
    SignedIn,
    Stale,
    StoreUnavailable,
)
from mydso_access.adapters.redis import RedisAssertions, RedisSignIns
from mydso_access.decisions.naming import account_key
from tests.adapters.redis import records
from tests.adapters.redis.attempts import asynchronous, failures, split
from tests.support import HOME, PATIENCE, RIGHT, World, policy, run

redis = pytest.importorskip("redis")
from redis.asyncio.retry import Retry as AsyncRetry  # noqa: E402
from redis.backoff import NoBackoff  # noqa: E402
from redis.retry import Retry  # noqa: E402

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


def test_an_assertion_that_was_sent_twice_is_taken_once(losing: Callable[[int], Proxy]) -> None:
    proxy = losing(1)
    with redis.Redis.from_url(proxy.url, **resending(NoBackoff())) as client:
        assertions = RedisAssertions(client)
        assertions.add(records.assertion())  # its own answer was lost: it is no replay
        with pytest.raises(Stale):
            assertions.add(records.assertion())
    assert 3 == proxy.scripts
