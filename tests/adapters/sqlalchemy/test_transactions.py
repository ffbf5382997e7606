"""Whose transaction: a sign-in's writes stand alone, administration joins the host's, whole or not at all."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import Connection, Engine, NullPool, StaticPool, event, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import Session

from mydso_access import SignedIn
from mydso_access.adapters.sqlalchemy import AsyncSqlRepositories, SqlRepositories
from mydso_access.errors import InvalidValue, OpenTransaction, Stale, Taken
from mydso_access.model import Disabled, DisabledBecause, EventKind, EventQuery
from mydso_access.testing.clock import A_MONDAY
from tests.adapters.sqlalchemy.alone import ALONE
from tests.adapters.sqlalchemy.hosts import (
    A_SIGN_IN,
    AN_ASSERTION,
    ANNA,
    KEY,
    Host,
    before,
    counter,
    event_of,
    kill,
    only,
    process_of,
    stored,
)
from tests.support import HOME, PLACES, RIGHT, CountingHasher, active, settle

Hosted = Callable[..., Host]
Opened = Callable[..., Engine]


def trail(repositories: SqlRepositories) -> list[str]:
    return [
        each.id
        for each in repositories.events.page(EventQuery(since=A_MONDAY.replace(year=1999)), after=None, limit=99)
    ]


# --- engines and connections that are refused


@only("sqlite")
def test_a_pool_that_lends_one_connection_to_many_is_refused(
    opened: Opened, async_opened: Callable[..., AsyncEngine]
) -> None:
    for shared in (opened(poolclass=StaticPool), opened(url="sqlite://")):
        with pytest.raises(InvalidValue, match=r"engine\.pool is (StaticPool|SingletonThreadPool)"):
            SqlRepositories(shared)
        with shared.connect() as connection, pytest.raises(InvalidValue, match=r"engine\.pool"):
            SqlRepositories(connection)
    for shared_async in (async_opened(poolclass=StaticPool), async_opened(url="sqlite+aiosqlite://")):
        with pytest.raises(InvalidValue, match=r"engine\.pool is StaticPool"):
            AsyncSqlRepositories(shared_async)


@only("sqlite", "postgres", "mariadb")
def test_what_commits_every_statement_is_refused(hosted: Hosted) -> None:
    by_create, by_options = (
        hosted(isolation_level="AUTOCOMMIT"),
        hosted().engine.execution_options(isolation_level="AUTOCOMMIT"),
    )
    for refused in (by_create.engine, by_options):
        with pytest.raises(InvalidValue, match=r"engine\.isolation_level is 'AUTOCOMMIT'"):
            by_create.repositories(refused)
    with (
        hosted().connection(isolation_level="AUTOCOMMIT") as connection,
        pytest.raises(InvalidValue, match="AUTOCOMMIT"),
    ):
        by_create.repositories(connection.target)
    with by_create.connection() as connection, pytest.raises(InvalidValue, match="AUTOCOMMIT"):
        by_create.repositories(connection.target)


def test_an_engine_that_commits_by_itself_may_lend_what_does_not(hosted: Hosted, database: str) -> None:
    host = hosted(isolation_level="AUTOCOMMIT")
    level = "SERIALIZABLE" if database == "sqlite" else "READ COMMITTED"
    made = host.repositories(host.engine.execution_options(isolation_level=level))
    with before(host.sync_engine, "COMMIT", lambda _: None) as committed:
        made.counters.save(counter())
    assert ["COMMIT"] == committed


@only("sqlite")
def test_what_is_no_engine_and_no_connection_is_refused(
    engine: Engine, async_opened: Callable[..., AsyncEngine]
) -> None:
    with Session(engine) as session:
        for wrong in (session, async_opened(), engine.url, None):
            with pytest.raises(InvalidValue, match=r"bind is .*: expected Engine or Connection"):
                SqlRepositories(wrong)  # type: ignore[arg-type]
        for wrong in (session, engine, session.connection()):
            with pytest.raises(InvalidValue, match=r"bind is .*: expected AsyncEngine or AsyncConnection"):
                AsyncSqlRepositories(wrong)  # type: ignore[arg-type]


# --- a connection in no transaction


def test_on_a_connection_in_no_transaction_each_call_commits_by_itself(
    host: Host, repositories: SqlRepositories
) -> None:
    with host.connection() as connection:
        made = host.repositories(connection)
        assert 0 < made.users.save(ANNA, event_of("e1", EventKind.SIGNED_IN))
        assert not connection.in_transaction()
        assert 0 < made.counters.save(counter())
        assert 0 < made.sign_ins.save(A_SIGN_IN)
        made.assertions.add(AN_ASSERTION)
        assert made.counters.get(KEY) is not None
        assert made.users.named("anna") is not None
        assert not connection.in_transaction()
        connection.rollback()
    assert repositories.users.get(ANNA.id) is not None
    assert repositories.counters.get(KEY) is not None
    assert repositories.sign_ins.get("s1") is not None
    with pytest.raises(Stale):
        repositories.assertions.add(AN_ASSERTION)


def test_on_a_connection_in_no_transaction_what_fails_leaves_it_in_none(
    host: Host, repositories: SqlRepositories
) -> None:
    stored(repositories)
    with host.connection() as connection:
        made = host.repositories(connection)
        with pytest.raises(Stale):
            made.users.save(ANNA, event_of("e2"))
        assert not connection.in_transaction()
        with pytest.raises(Taken):
            made.users.add_all([active("ben"), evolve(ANNA, id="x")], event_of("e2"))
        assert not connection.in_transaction()
    assert None is repositories.users.named("ben")
    assert [f"add-{ANNA.id}"] == trail(repositories)


def test_a_connection_in_no_transaction_serves_a_sign_in(host: Host, repositories: SqlRepositories) -> None:
    settle(repositories, *PLACES)
    stored(repositories)
    with host.connection() as connection:
        assert isinstance(host.door(CountingHasher(), connection).sign_in("anna", RIGHT, address=HOME), SignedIn)


# --- a connection in the host's transaction


def test_what_a_sign_in_writes_joins_no_transaction_of_the_hosts(host: Host, repositories: SqlRepositories) -> None:
    with host.connection() as connection:
        connection.begin()
        made = host.repositories(connection)
        for name, call in ALONE.items():
            with pytest.raises(
                OpenTransaction,
                match=f"{name.partition(',')[0]} must commit on its own, but its connection is in a transaction",
            ):
                call(made)
        connection.commit()
    assert (None, None, None) == (
        repositories.users.get(ANNA.id),
        repositories.counters.get(KEY),
        repositories.sign_ins.get("s1"),
    )
    repositories.assertions.add(AN_ASSERTION)  # it was not taken


@pytest.mark.parametrize("way", ["execute", "begin_nested", "begin and begin_nested", "exec_driver_sql"])
@only("sqlite", "mariadb")
def test_what_a_sign_in_writes_joins_no_transaction_however_it_was_begun(host: Host, way: str) -> None:
    with host.connection() as connection:
        made = host.repositories(connection)  # it is in none yet
        if way == "execute":
            connection.execute(select(1))
        elif way == "begin_nested":
            connection.begin_nested()
        elif way == "begin and begin_nested":
            connection.begin()
            connection.begin_nested()
        else:
            connection.exec_driver_sql("SELECT 1")
        for call in ALONE.values():
            with pytest.raises(OpenTransaction):
                call(made)


@only("postgres")
def test_what_a_sign_in_writes_joins_no_transaction_of_two_phases(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.begin_twophase()
        with pytest.raises(OpenTransaction):
            SqlRepositories(connection).counters.save(counter())


@only("sqlite")
def test_what_a_sign_in_writes_joins_no_transaction_of_a_session(engine: Engine) -> None:
    with Session(engine) as session:
        made = SqlRepositories(session.connection())
        for call in ALONE.values():
            with pytest.raises(OpenTransaction):
                call(made)


def test_a_transaction_of_the_hosts_signs_nobody_in(host: Host, repositories: SqlRepositories) -> None:
    stored(repositories)
    hasher = CountingHasher()
    with host.connection() as connection:
        connection.begin()
        with pytest.raises(OpenTransaction):
            host.door(hasher, connection).sign_in("anna", RIGHT, address=HOME)
    assert 0 == hasher.hashes


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_administration_joins_the_hosts_transaction(host: Host, repositories: SqlRepositories, end: str) -> None:
    with host.connection() as connection:
        connection.begin()
        made = host.repositories(connection)
        version = made.users.save(ANNA, event_of("e1"))
        made.users.save(evolve(ANNA, version=version, name="anne"), event_of("e2"))
        made.users.add_all([active("ben"), active("carl")], event_of("e3"))
        assert made.users.named("anne") is not None  # it sees what it wrote
        assert connection.in_transaction()
        assert [] == trail(repositories)  # and nobody else does
        getattr(connection, end)()
    found = [repositories.users.named(name) is not None for name in ("anne", "ben", "carl")]
    assert ([True] * 3 if end == "commit" else [False] * 3) == found
    assert (["e1", "e2", "e3"] if end == "commit" else []) == sorted(trail(repositories))


def test_stale_and_taken_reach_the_host_and_leave_its_transaction_as_it_was(
    host: Host, repositories: SqlRepositories
) -> None:
    anna = stored(repositories)
    with host.connection() as connection:
        connection.begin()
        made = host.repositories(connection)
        made.users.save(active("ben"), event_of("e1"))
        with pytest.raises(Stale):
            made.users.save(evolve(anna, version=anna.version + 1), event_of("e2"))
        with pytest.raises(Taken, match="name"):
            made.users.add_all([active("carl"), evolve(ANNA, id="x")], event_of("e3"))
        with pytest.raises(IntegrityError):
            made.users.save(evolve(anna, name="anne"), event_of("e1"))
        with pytest.raises(Stale):
            made.users.add_all([active("carl"), ANNA], event_of("e4"))
        made.users.add_all([active("dora")], event_of("e5"))
        connection.commit()
    assert anna == repositories.users.get(ANNA.id)
    assert (None, True) == (repositories.users.named("carl"), repositories.users.named("ben") is not None)
    assert [f"add-{ANNA.id}", "e1", "e5"] == sorted(trail(repositories))


def test_a_version_that_a_rollback_took_back_is_nobody_elses(host: Host, repositories: SqlRepositories) -> None:
    anna = stored(repositories)
    with host.connection() as connection:
        connection.begin()
        taken_back = host.repositories(connection).users.save(evolve(anna, name="anne"), event_of("e1"))
        connection.rollback()
    disabled = Disabled(DisabledBecause.ADMINISTRATOR, A_MONDAY)
    made = host.repositories()
    assert anna.version < made.users.save(evolve(anna, login=disabled), event_of("e2"))
    with pytest.raises(Stale):
        made.users.save(evolve(anna, version=taken_back), event_of("e3"))
    assert disabled == repositories.users.get(ANNA.id).login


@only("postgres", "mariadb")
def test_a_connection_lost_in_the_hosts_transaction_reaches_the_host(
    host: Host, engine: Engine, repositories: SqlRepositories
) -> None:
    anna = stored(repositories)
    with host.connection() as connection:
        made = host.repositories(connection)
        connection.begin()
        kill(engine, connection.run_sync(process_of) if host.is_async else process_of(connection.target))
        with pytest.raises(Stale):
            made.users.save(anna, event_of("e2"))
        connection.rollback()
        assert anna == made.users.get(ANNA.id)


# --- listeners, other pools, cancellation


def test_a_listener_that_asks_something_at_every_checkout_begins_no_transaction_of_the_hosts(
    host: Host, repositories: SqlRepositories
) -> None:
    def ping(connection: Connection) -> None:
        connection.scalar(select(1))

    event.listen(host.sync_engine, "engine_connect", ping)
    made = host.repositories()
    assert None is made.counters.get(KEY)
    assert 0 < made.counters.save(counter())
    assert repositories.counters.get(KEY) is not None


@pytest.mark.parametrize(
    "options", [{"poolclass": NullPool}, {"pool_reset_on_return": None}, {"pool_reset_on_return": "commit"}]
)
def test_what_fails_stores_nothing_whatever_the_pool_does_on_return(
    hosted: Hosted, repositories: SqlRepositories, options: dict[str, Any]
) -> None:
    stored(repositories)
    made = hosted(**options).repositories()
    with pytest.raises(Taken):
        made.users.add_all([active("ben"), evolve(ANNA, id="x")], event_of("e2"))
    made.events.append(event_of("e3"))
    assert None is repositories.users.named("ben")
    assert [f"add-{ANNA.id}", "e3"] == sorted(trail(repositories))


def test_a_task_that_is_cancelled_at_the_commit_leaves_a_pool_that_works(
    async_opened: Callable[..., AsyncEngine], runner: asyncio.Runner, repositories: SqlRepositories
) -> None:
    engine = async_opened(pool_size=1, max_overflow=0)
    made = AsyncSqlRepositories(engine)

    def cancel(_: Connection) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()

    async def scenario() -> None:
        saving = asyncio.ensure_future(made.users.save(ANNA, event_of("e1")))
        with before(engine.sync_engine, "COMMIT", cancel), pytest.raises(asyncio.CancelledError):
            await saving
        assert 0 == engine.sync_engine.pool.checkedout()  # type: ignore[attr-defined]
        await made.events.append(event_of("e2"))

    runner.run(scenario())
    whole = (["e2"], ["e1", "e2"])[repositories.users.get(ANNA.id) is not None]  # nobody knows which
    assert whole == sorted(trail(repositories))
