"""A real Valkey, an empty database of it for each test, and repositories of both kinds."""

import asyncio
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from mydso_access.adapters.redis import AsyncRedisCounters, AsyncRedisSignIns, RedisCounters, RedisSignIns
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
            clients.append(_client(module, to, **options))
            return SimpleNamespace(counters=RedisCounters(clients[-1]), sign_ins=RedisSignIns(clients[-1]))

        yield open_synchronous
        for each in clients:
            each.close()
        return
    with asyncio.Runner() as runner:
        waiting: list[Any] = []

        def open_asynchronous(module: ModuleType = redis, to: str = url, **options: Any) -> SimpleNamespace:
            waiting.append(_client(import_module(f"{module.__name__}.asyncio"), to, **options))
            counters, sign_ins = AsyncRedisCounters(waiting[-1]), AsyncRedisSignIns(waiting[-1])
            return SimpleNamespace(counters=Waited(counters, runner), sign_ins=Waited(sign_ins, runner))

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
