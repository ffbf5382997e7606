"""The adapter keeps every promise of the conformance suite: on each database, synchronous and asynchronous."""

import asyncio
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from mydso_access.adapters.sqlalchemy import AsyncSqlRepositories, SqlRepositories
from mydso_access.testing.conformance import (
    AssertionContract,
    CounterContract,
    CustomerContract,
    EventContract,
    LinkContract,
    RaceContract,
    SignInContract,
    StructureContract,
    UserContract,
)
from tests.adapters.sqlalchemy.conftest import lent, unsynced
from tests.servers import async_url


class InSql:
    @pytest.fixture
    def repositories(self, engine: Engine) -> SqlRepositories:
        return SqlRepositories(engine)


class TestUsers(InSql, UserContract): ...


class TestStructures(InSql, StructureContract): ...


class TestCustomers(InSql, CustomerContract): ...


class TestLinks(InSql, LinkContract): ...


class TestCounters(InSql, CounterContract): ...


class TestSignIns(InSql, SignInContract): ...


class TestAssertions(InSql, AssertionContract): ...


class TestEvents(InSql, EventContract): ...


class TestRaces(InSql, RaceContract): ...


class InSqlAsynchronously:
    """Connections belong to an event loop: to keep them from test to test, a class keeps its loop."""

    @pytest.fixture(scope="class")
    @classmethod
    def runner(cls) -> Iterator[asyncio.Runner]:
        with asyncio.Runner() as made:
            yield made

    @pytest.fixture(scope="class")
    @classmethod
    def engines(cls, runner: asyncio.Runner) -> Iterator[dict[str, AsyncEngine]]:
        made: dict[str, AsyncEngine] = {}
        yield made
        for engine in made.values():
            runner.run(engine.dispose())

    @pytest.fixture
    def repositories(self, url: str, engines: dict[str, AsyncEngine]) -> Iterator[AsyncSqlRepositories]:
        if url not in engines:
            engines[url] = create_async_engine(async_url(url))
            unsynced(engines[url].sync_engine)
        yield AsyncSqlRepositories(engines[url])
        assert 0 == lent(engines[url].sync_engine)


class TestAsynchronousUsers(InSqlAsynchronously, UserContract): ...


class TestAsynchronousStructures(InSqlAsynchronously, StructureContract): ...


class TestAsynchronousCustomers(InSqlAsynchronously, CustomerContract): ...


class TestAsynchronousLinks(InSqlAsynchronously, LinkContract): ...


class TestAsynchronousCounters(InSqlAsynchronously, CounterContract): ...


class TestAsynchronousSignIns(InSqlAsynchronously, SignInContract): ...


class TestAsynchronousAssertions(InSqlAsynchronously, AssertionContract): ...


class TestAsynchronousEvents(InSqlAsynchronously, EventContract): ...


class TestAsynchronousRaces(InSqlAsynchronously, RaceContract): ...
