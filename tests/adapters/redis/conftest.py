"""A real Valkey, an empty database of it for each test, and repositories of both kinds."""

import asyncio
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from mydso_access.adapters.redis import (
    AsyncRedisAssertions,
    AsyncRedisCounters,
    AsyncRedisSignIns,
    RedisAssertions,
    RedisCounters,
    RedisSignIns,
)
from tests.adapters.redis.attempts import split
from tests.adapters.redis.records import (
    Open,
    Waited,
)
from tests.servers import Server
from tests.support import World

redis = pytest.importorskip("redis")


@pytest.fixture
def url(valkey: Server) -> Iterator[str]:
    made = valkey.fresh()
    yield made
    valkey.drop(made)


@pytest.fixture
def client(url: str) -> Iterator[Any]:
    with redis.Redis.from_url(url) as opened:
        yield opened


@pytest.fixture(params=["synchronous", "asynchronous"])
def opening(request: pytest.FixtureRequest, url: str) -> Iterator[Open]:
    """Give what opens repositories, asynchronous ones waited for; tests are written once for both."""
    if request.param == "synchronous":
        clients: list[Any] = []

        def open_synchronous(module: ModuleType = redis, to: str = url, **options: Any) -> SimpleNamespace:
            client = _client(module, to, **options)
            clients.append(client)
            return SimpleNamespace(
                counters=RedisCounters(client), sign_ins=RedisSignIns(client), assertions=RedisAssertions(client)
            )

        yield open_synchronous
        for each in clients:
            each.close()
        return
    with asyncio.Runner() as runner:
        waiting: list[Any] = []

        def open_asynchronous(module: ModuleType = redis, to: str = url, **options: Any) -> SimpleNamespace:
            client = _client(import_module(f"{module.__name__}.asyncio"), to, **options)
            waiting.append(client)
            return SimpleNamespace(
                counters=Waited(AsyncRedisCounters(client), runner),
                sign_ins=Waited(AsyncRedisSignIns(client), runner),
                assertions=Waited(AsyncRedisAssertions(client), runner),
            )

        yield open_asynchronous
        for each in waiting:
            runner.run(each.aclose())


def _client(module: ModuleType, to: str, **options: Any) -> Any:
    made = getattr(module, "Valkey" if module.__name__.startswith("valkey") else "Redis")
    return made.from_url(to, **options)


@pytest.fixture
def stored(opening: Open) -> SimpleNamespace:
    return opening()


@pytest.fixture
def world(client: Any) -> World:
    return World(repositories=split(client))
