"""Counters and half-finished sign-ins on a real cluster of two primaries, for both kinds of client."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from attrs import evolve

from mydso_access import AccessControl, Refused, SignedIn
from mydso_access.adapters.redis import (
    AsyncRedisAssertions,
    AsyncRedisCounters,
    AsyncRedisSignIns,
    RedisAssertions,
    RedisCounters,
    RedisSignIns,
)
from mydso_access.errors import BrokenStore, Stale
from mydso_access.model import AttemptCounter, CounterKey, KeyKind
from tests.adapters.redis.attempts import split
from tests.adapters.redis.records import DAY, NOON, assertion, sign_in
from tests.adapters.redis.test_server import NEEDED
from tests.servers import KINDS, launch
from tests.support import HOME, PATIENCE, RIGHT, CountingHasher, policy

redis = pytest.importorskip("redis")

SLOTS = [(0, 8191), (8192, 16383)]
COUNTERS = [
    AttemptCounter(CounterKey(KeyKind.ACCOUNT, f"{number:064x}"), saved_at=NOON, idle_from=NOON + DAY)
    for number in range(50)
]
CLUSTER = (
    "--port {port} --bind 127.0.0.1 --cluster-enabled yes --cluster-node-timeout 2000"
    " --unixsocket {{0}}/socket --dir {{0}}/data --save ''"
)


def free_port() -> int:
    while True:
        with socket.socket() as probe, suppress(OSError, OverflowError), socket.socket() as bus:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
            bus.bind(("127.0.0.1", port + 10_000))  # the nodes talk there
            return port


@pytest.fixture(scope="module")
def ports() -> Iterator[list[int]]:
    """Start two primaries and let them know one another."""
    with ExitStack() as stack:
        found = []
        for start, end in SLOTS:
            port = free_port()
            server = launch(evolve(KINDS["valkey"], serve=CLUSTER.format(port=port)), durable=False)
            stack.callback(server.stop)
            server.start()
            with redis.Redis(port=port) as node:
                node.execute_command("CLUSTER ADDSLOTSRANGE", start, end)
                node.execute_command("CLUSTER SET-CONFIG-EPOCH", len(found) + 1)
                if found:
                    node.execute_command("CLUSTER MEET", "127.0.0.1", found[0])
            found.append(port)
        _agreed(found)
        yield found


def _agreed(ports: list[int]) -> None:
    end = time.monotonic() + PATIENCE * 4
    for port in ports:
        with redis.Redis(port=port) as node:
            while (info := node.cluster("INFO"))["cluster_state"] != "ok" or info["cluster_size"] != str(len(SLOTS)):
                assert time.monotonic() < end, info
                time.sleep(0.02)


@pytest.fixture
def cluster(ports: list[int]) -> Iterator[Any]:
    with redis.RedisCluster(host="127.0.0.1", port=ports[0]) as client:
        yield client
        client.flushall(target_nodes="primaries")


def test_records_lie_on_both_nodes_and_each_is_compared_where_it_lies(cluster: Any) -> None:
    counters, sign_ins = RedisCounters(cluster), RedisSignIns(cluster)
    versions = [counters.save(each) for each in COUNTERS]
    assert [each.stored(v, each.idle_from) for each, v in zip(COUNTERS, versions, strict=True)] == [
        counters.get(each.key) for each in COUNTERS
    ]
    for each in COUNTERS:
        with pytest.raises(Stale):
            counters.save(each)
    version = sign_ins.save(sign_in())
    assert evolve(sign_in(), version=version) == sign_ins.get("half")
    assert all(len(cluster.keys(target_nodes=node)) > 5 for node in cluster.get_primaries())


def test_an_asynchronous_client_finds_what_a_synchronous_one_saved(cluster: Any, ports: list[int]) -> None:
    saved = [RedisCounters(cluster).save(each) for each in COUNTERS]

    async def main() -> tuple[list[int], int]:
        async with redis.asyncio.RedisCluster(host="127.0.0.1", port=ports[1]) as client:
            counters, sign_ins = AsyncRedisCounters(client), AsyncRedisSignIns(client)
            found = [await counters.get(each.key) for each in COUNTERS]
            for each in found:
                await counters.save(each)
            with pytest.raises(Stale):
                await counters.save(found[0])
            version = await sign_ins.save(sign_in())
            return [each.version for each in found], (await sign_ins.get("half")).version - version

    assert (saved, 0) == asyncio.run(main())


def test_assertions_lie_on_both_nodes_and_are_taken_once_by_either_kind_of_client(
    cluster: Any, ports: list[int]
) -> None:
    sent = [assertion(key=f"{number:064x}") for number in range(50)]
    for each in sent:
        RedisAssertions(cluster).add(each)

    async def main() -> int:
        stale = 0
        async with redis.asyncio.RedisCluster(host="127.0.0.1", port=ports[1]) as client:
            for each in sent:
                try:
                    await AsyncRedisAssertions(client).add(each)
                except Stale:
                    stale += 1
        return stale

    assert len(sent) == asyncio.run(main())
    assert all(len(cluster.keys(target_nodes=node)) > 5 for node in cluster.get_primaries())


def test_every_primary_must_keep_what_it_has(cluster: Any, ports: list[int]) -> None:
    for port in ports:
        with redis.Redis(port=port) as node:
            node.config_set("maxmemory-policy", "allkeys-lru")
            with pytest.raises(BrokenStore, match="maxmemory-policy 'allkeys-lru, noeviction'"):
                RedisCounters(cluster).save(COUNTERS[0])
            with pytest.raises(BrokenStore, match="maxmemory-policy 'allkeys-lru, noeviction'"):
                asyncio.run(_saved_asynchronously(ports[0]))
            node.config_set("maxmemory-policy", "noeviction")
    assert 0 == cluster.dbsize(target_nodes="primaries")
    assert asyncio.run(_saved_asynchronously(ports[0])) > 0


async def _saved_asynchronously(port: int) -> int:
    async with redis.asyncio.RedisCluster(host="127.0.0.1", port=port) as client:
        return await AsyncRedisCounters(client).save(COUNTERS[0])


def test_a_user_who_may_do_no_more_than_the_docs_say_can_do_everything(cluster: Any, ports: list[int]) -> None:
    for port in ports:
        with redis.Redis(port=port) as node:
            permitted = [*NEEDED, "+info", "+cluster|slots", "+command"]
            node.execute_command("ACL SETUSER", "host", "reset", "on", ">secret", "~mydso_access:*", *permitted)
    with redis.RedisCluster(host="127.0.0.1", port=ports[0], username="host", password="secret") as limited:
        counters = RedisCounters(limited)
        versions = [counters.save(each) for each in COUNTERS]
        assert versions == [counters.get(each.key).version for each in COUNTERS]

    async def main() -> int:
        credentials = {"username": "host", "password": "secret"}
        async with redis.asyncio.RedisCluster(host="127.0.0.1", port=ports[0], **credentials) as client:
            return (await AsyncRedisCounters(client).get(COUNTERS[0].key)).version

    assert versions[0] == asyncio.run(main())


def test_5_wrong_passwords_block_on_a_cluster_too(cluster: Any) -> None:
    hasher = CountingHasher()
    access = AccessControl(split(cluster), policy=policy(), hasher=hasher)
    assert isinstance(access.sign_in("known", RIGHT, address=HOME), SignedIn)
    refusals = [access.sign_in("known", "wrong", address=HOME) for _ in range(6)]
    assert {Refused} == {type(each) for each in refusals}
    assert ("account_blocked", 6) == (refusals[-1].reason.value, hasher.evaluations)
