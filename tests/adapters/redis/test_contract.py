"""The contracts of counters, half-finished sign-ins, assertions and the whole, kept on a real Valkey by both kinds of client."""

import asyncio
import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from mydso_access import MemoryRepositories
from mydso_access.testing.conformance import AssertionContract, CounterContract, RaceContract, SignInContract
from tests.adapters.redis.attempts import Split, beside, beside_asynchronously

redis = pytest.importorskip("redis")


class Awaitable:
    """Repositories in memory, each to be awaited."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if not inspect.ismethod(found):
            return Awaitable(found)

        async def call(*args: Any, **kwargs: Any) -> Any:
            return found(*args, **kwargs)

        return call


@pytest.fixture
def synchronous(url: str) -> Iterator[Split]:
    with redis.Redis.from_url(url) as client:
        yield beside(MemoryRepositories(), client)


@pytest.fixture
def asynchronous(url: str, runner: asyncio.Runner) -> Iterator[Split]:
    client = redis.asyncio.Redis.from_url(url)
    yield beside_asynchronously(Awaitable(MemoryRepositories()), client)
    runner.run(client.aclose())


class TestRedisCounters(CounterContract):
    @pytest.fixture
    def repositories(self, synchronous: Split) -> Split:
        return synchronous


class TestAsyncRedisCounters(CounterContract):
    @pytest.fixture
    def repositories(self, asynchronous: Split) -> Split:
        return asynchronous


class TestRedisSignIns(SignInContract):
    @pytest.fixture
    def repositories(self, synchronous: Split) -> Split:
        return synchronous


class TestAsyncRedisSignIns(SignInContract):
    @pytest.fixture
    def repositories(self, asynchronous: Split) -> Split:
        return asynchronous


class TestRedisAssertions(AssertionContract):
    @pytest.fixture
    def repositories(self, synchronous: Split) -> Split:
        return synchronous


class TestAsyncRedisAssertions(AssertionContract):
    @pytest.fixture
    def repositories(self, asynchronous: Split) -> Split:
        return asynchronous


class TestRedisRaces(RaceContract):
    @pytest.fixture
    def repositories(self, synchronous: Split) -> Split:
        return synchronous


class TestAsyncRedisRaces(RaceContract):
    @pytest.fixture
    def repositories(self, asynchronous: Split) -> Split:
        return asynchronous
