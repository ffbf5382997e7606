"""Three real databases, an empty one for each test, and engines on them that must get back what they lend."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import URL, Engine, create_engine, delete, event, inspect, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, QueuePool

from mydso_access.adapters.sqlalchemy import SqlRepositories, metadata, upgrade
from mydso_access.adapters.sqlalchemy.tables import TABLES
from tests.adapters.sqlalchemy.hosts import Host
from tests.servers import async_url


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def fresh(database: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """Make databases without tables; what makes them removes them in the end."""
    if database == "sqlite":
        return lambda: f"sqlite:///{tmp_path_factory.mktemp('sqlite')}/access.db"
    make: Callable[[], str] = request.getfixturevalue(database).fresh
    return make


@pytest.fixture(scope="session")
def kept() -> Iterator[dict[str, Engine]]:
    """Keep one database of each kind from test to test: to empty it takes a tenth of the time that a new one takes."""
    engines: dict[str, Engine] = {}
    yield engines
    for engine in engines.values():
        engine.dispose()


@pytest.fixture
def url(database: str, fresh: Callable[[], str], kept: dict[str, Engine]) -> Iterator[str]:
    """Give the URL of a database with tables, and nothing in them."""
    if database not in kept:
        kept[database] = quick_engine(url=fresh())
        with kept[database].begin() as connection:
            upgrade(connection)
    yield plain(kept[database].url)
    assert 0 == lent(kept[database])
    if not emptied(kept[database]):
        kept.pop(database).dispose()


def emptied(engine: Engine) -> bool:
    """Delete all rows, and tell whether the tables are all there and no other is."""
    complete = set(metadata.tables) == set(inspect(engine).get_table_names())
    with engine.begin() as connection:
        for table in set(metadata.tables.values()) - {TABLES.steps} if complete else ():
            connection.execute(delete(table))
    return complete


def quick_engine(url: str | URL, **options: Any) -> Engine:
    """Make an engine that spends no time on certificates and on syncing files: tests are not robbed or unplugged."""
    is_pymysql = make_url(url).drivername == "mariadb+pymysql"
    engine = create_engine(make_url(url).update_query_dict({"ssl_disabled": "1"} if is_pymysql else {}), **options)
    return unsynced(engine)


def unsynced(engine: Engine) -> Engine:
    def stop_syncing(connection: Any, _: Any) -> None:
        connection.cursor().execute("PRAGMA synchronous=OFF")

    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", stop_syncing)
    return engine


def plain(url: URL) -> str:
    return url.difference_update_query(["ssl_disabled"]).render_as_string(hide_password=False)


def lent(engine: Engine) -> int:
    return engine.pool.checkedout() if isinstance(engine.pool, QueuePool) else 0


@pytest.fixture
def opened(url: str) -> Iterator[Callable[..., Engine]]:
    """Open engines on the database, to be disposed of with the test, when they must have got their connections back."""
    engines = []

    def open_one(**options: Any) -> Engine:
        engines.append(quick_engine(**{"url": url} | options))
        return engines[-1]

    yield open_one
    not_returned = [lent(engine) for engine in engines]
    for engine in engines:
        engine.dispose()
    assert [0 for _ in engines] == not_returned


@pytest.fixture
def engine(url: str, database: str, kept: dict[str, Engine], opened: Callable[..., Engine]) -> Engine:
    """Give an engine whose database has the tables."""
    if database in kept and url == plain(kept[database].url):
        return kept[database]
    made = opened()
    with made.begin() as connection:
        upgrade(connection)
    return made


@pytest.fixture
def repositories(engine: Engine) -> SqlRepositories:
    return SqlRepositories(engine)


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as made:
        yield made


@pytest.fixture
def async_opened(url: str, runner: asyncio.Runner) -> Iterator[Callable[..., AsyncEngine]]:
    engines = []

    def open_one(**options: Any) -> AsyncEngine:
        if "pool_size" in options:  # SQLite had no such pool before SQLAlchemy 2.0.38
            options["poolclass"] = AsyncAdaptedQueuePool
        engines.append(create_async_engine(**{"url": async_url(url)} | options))
        unsynced(engines[-1].sync_engine)
        return engines[-1]

    yield open_one
    not_returned = [lent(engine.sync_engine) for engine in engines]
    for engine in engines:
        runner.run(engine.dispose())
    assert [0 for _ in engines] == not_returned


@pytest.fixture(params=["sync", "async"])
def hosted(request: pytest.FixtureRequest, runner: asyncio.Runner, url: str) -> Callable[..., Host]:
    """Make hosts with an engine of their own on the database, whose tables are there."""
    open_one = request.getfixturevalue("opened" if request.param == "sync" else "async_opened")
    return lambda **options: Host(open_one(**options), runner)


@pytest.fixture
def host(hosted: Callable[..., Host]) -> Host:
    return hosted()
