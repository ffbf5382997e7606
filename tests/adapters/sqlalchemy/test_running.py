"""What a database's errors become, provoked for real: `Stale` if nothing was stored, else an error; never a grant."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import Connection, Engine, event, insert, text, update
from sqlalchemy.exc import DBAPIError

from mydso_access import SignedIn
from mydso_access.adapters.sqlalchemy import SqlRepositories
from mydso_access.adapters.sqlalchemy.tables import TABLES, row_key
from mydso_access.errors import Stale, StoreUnavailable
from mydso_access.model import EventKind
from tests.adapters.sqlalchemy.hosts import (
    ANNA,
    KEY,
    SERVERS,
    Host,
    before,
    counter,
    event_of,
    kill,
    only,
    process_of,
    stored,
    until_somebody_waits,
)
from tests.support import HOME, RIGHT, CountingHasher

ANNAS_ROW = TABLES.users.c.key == row_key("user", ANNA.id)
ONE_CONNECTION = {"pool_size": 1, "max_overflow": 0}
Opened = Callable[..., Engine]
Hosted = Callable[..., Host]


def touch(connection: Connection) -> None:
    """Lock Anna's row until the end of the transaction, and change what compares."""
    connection.execute(update(TABLES.users).where(ANNAS_ROW).values(version=TABLES.users.c.version + 1))


def cause(error: BaseException) -> str:
    return str(error.__cause__)


# --- taken back by the database


def options_for(database: str, **settings: Any) -> dict[str, Any]:
    """Return an engine's options that set a server's variables for each connection."""
    if database == "postgres":
        return {"connect_args": {"options": " ".join(f"-c {name}={value}" for name, value in settings.items())}}
    return {"connect_args": {"init_command": "SET " + ", ".join(f"{name}={value}" for name, value in settings.items())}}


@only(*SERVERS)
def test_a_deadlock_is_stale_with_nothing_stored(
    hosted: Hosted, opened: Opened, engine: Engine, repositories: SqlRepositories, database: str
) -> None:
    anna, its_event = stored(repositories), event_of("contested", EventKind.PASSWORD_CHANGED)
    slow = options_for("postgres", deadlock_timeout="60s") if database == "postgres" else {}
    host = hosted(**options_for("postgres", deadlock_timeout="10ms") if database == "postgres" else {})
    with opened(**slow).connect() as rival, ThreadPoolExecutor(1) as thread:
        weight = [{"key": f"{n:064}", "at": n, "body": "{}"} for n in range(50)]  # MariaDB spares who wrote more
        contested = {"key": row_key("event", its_event.id), "at": 0, "body": "{}"}
        rival.execute(insert(TABLES.events), [*weight, contested])

        def cross(_: Connection) -> None:
            thread.submit(touch, rival)
            until_somebody_waits(engine)

        with before(host.sync_engine, "INSERT INTO mydso_events", cross) as crossed, pytest.raises(Stale) as stale:
            host.repositories().users.save(evolve(anna, name="anne"), its_event)
        thread.shutdown()
        rival.rollback()
    assert 1 == len(crossed)
    assert "deadlock" in cause(stale.value).lower()
    assert anna == repositories.users.get(ANNA.id)
    assert anna.version < host.repositories().users.save(evolve(anna, name="anne"), its_event)


@only("postgres")
def test_a_serialization_failure_of_a_statement_is_stale(
    hosted: Hosted, engine: Engine, repositories: SqlRepositories
) -> None:
    anna = stored(repositories)
    host = hosted(isolation_level="SERIALIZABLE")
    with engine.connect() as rival, ThreadPoolExecutor(1) as thread:
        touch(rival)
        saving = thread.submit(host.repositories().users.save, anna, event_of("e2"))
        until_somebody_waits(engine)
        rival.commit()
        with pytest.raises(Stale) as stale:
            saving.result()
    assert "could not serialize" in cause(stale.value)


@only("postgres")
def test_a_serialization_failure_at_the_commit_is_stale_with_nothing_stored(
    hosted: Hosted, opened: Opened, repositories: SqlRepositories
) -> None:
    repositories.counters.save(counter(idle_from=ANNA.saved_at))
    host = hosted(isolation_level="SERIALIZABLE")
    with opened(isolation_level="SERIALIZABLE").connect() as rival:
        rival.execute(text("SELECT * FROM mydso_counters")).all()  # it read what the purge deletes

        def write_what_the_purge_read(_: Connection) -> None:
            rival.execute(insert(TABLES.counters).values(key="0" * 64, version=1, body="{}", idle_from=0))
            rival.commit()

        with before(host.sync_engine, "COMMIT", write_what_the_purge_read), pytest.raises(Stale) as stale:
            host.repositories().counters.purge(ANNA.saved_at.replace(year=2100), limit=9)
    assert "during commit attempt" in cause(stale.value)
    assert repositories.counters.get(KEY) is not None


@only(*SERVERS)
def test_a_lock_that_is_not_got_in_time_is_stale(
    hosted: Hosted,
    engine: Engine,
    repositories: SqlRepositories,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    anna = stored(repositories)
    monkeypatch.setattr("mydso_access.adapters.sqlalchemy.running.LOCK_WAIT", timedelta(milliseconds=50))
    host = hosted(**options_for(database, innodb_lock_wait_timeout=1) if database == "mariadb" else {})
    with engine.connect() as rival:
        touch(rival)
        with pytest.raises(Stale) as stale:
            host.repositories().users.save(anna, event_of("e2"))
    assert "lock" in cause(stale.value).lower()
    assert anna.version < host.repositories().users.save(anna, event_of("e2"))


@only("postgres")
def test_a_statement_that_is_cancelled_is_stale(hosted: Hosted, engine: Engine, repositories: SqlRepositories) -> None:
    anna = stored(repositories)
    host = hosted(**options_for("postgres", statement_timeout="50ms"))
    with engine.connect() as rival:
        touch(rival)
        with pytest.raises(Stale) as stale:
            host.repositories().users.save(anna, event_of("e2"))
    assert "statement timeout" in cause(stale.value)


@only("mariadb")
def test_a_row_that_changed_since_the_snapshot_is_stale(
    hosted: Hosted, engine: Engine, repositories: SqlRepositories
) -> None:
    with engine.connect() as connection:
        if not connection.execute(text("SHOW VARIABLES LIKE 'innodb_snapshot_isolation'")).all():
            pytest.skip("this MariaDB has no innodb_snapshot_isolation")
    anna = stored(repositories)
    host = hosted(**options_for("mariadb", innodb_snapshot_isolation=1))
    with host.connection() as connection:
        connection.begin()
        joined = host.repositories(connection)
        assert anna == joined.users.get(ANNA.id)
        repositories.users.save(anna, event_of("e2"))
        with pytest.raises(Stale) as stale:
            joined.users.save(anna, event_of("e3"))
    assert "1020" in cause(stale.value)


# --- SQLite: one writer at a time


@pytest.fixture
def file(engine: Engine) -> Iterator[sqlite3.Connection]:
    """Open SQLite's file beside the host."""
    with closing(sqlite3.connect(str(engine.url.database), isolation_level=None)) as connection:
        yield connection


@only("sqlite")
def test_a_locked_database_is_stale(hosted: Hosted, repositories: SqlRepositories, file: sqlite3.Connection) -> None:
    host = hosted(connect_args={"timeout": 0.01})
    version = repositories.counters.save(counter())
    file.execute("BEGIN IMMEDIATE")
    with pytest.raises(Stale) as stale:
        host.repositories().counters.save(counter(version=version))
    file.execute("ROLLBACK")
    assert "database is locked" in cause(stale.value)
    assert counter(version=version) == repositories.counters.get(KEY)
    assert version < host.repositories().counters.save(counter(version=version))


@only("sqlite")
def test_a_read_that_somebody_is_in_the_way_of_is_tried_once_more(
    hosted: Hosted, repositories: SqlRepositories, file: sqlite3.Connection
) -> None:
    anna, host = stored(repositories), hosted(**ONE_CONNECTION, connect_args={"timeout": 0.01})

    def make_way(_: Any) -> None:
        file.execute("ROLLBACK")

    assert anna == host.repositories().users.get(ANNA.id)
    file.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DBAPIError, match="database is locked"):
        host.repositories().users.get(ANNA.id)
    event.listen(host.sync_engine, "handle_error", make_way, once=True)
    assert anna == host.repositories().users.get(ANNA.id)


@only("sqlite")
def test_a_database_that_is_locked_at_the_commit_is_stale_with_nothing_stored(
    hosted: Hosted, repositories: SqlRepositories, file: sqlite3.Connection
) -> None:
    host = hosted(**ONE_CONNECTION, connect_args={"timeout": 0.01})
    repositories.counters.save(counter())
    reader = file.execute("SELECT * FROM mydso_counters UNION ALL SELECT * FROM mydso_counters")
    reader.fetchone()  # it reads on, and so keeps others from writing to the file
    with before(host.sync_engine, "COMMIT", lambda _: None) as came, pytest.raises(Stale):
        host.repositories().users.save(ANNA, event_of("e1"))
    reader.close()
    assert ["COMMIT"] == came
    host.repositories().events.append(event_of("e2"))  # by whoever gets the connection next
    assert None is repositories.users.get(ANNA.id)


@only("sqlite")
def test_a_locked_database_signs_nobody_in_and_the_password_is_not_looked_at(
    hosted: Hosted, repositories: SqlRepositories, file: sqlite3.Connection
) -> None:
    stored(repositories)
    hasher = CountingHasher()
    door = hosted(connect_args={"timeout": 0.01}).door(hasher)
    file.execute("BEGIN IMMEDIATE")
    assert not isinstance(door.sign_in("anna", RIGHT, address=HOME), SignedIn)
    assert 0 == hasher.hashes
    file.execute("ROLLBACK")
    assert isinstance(door.sign_in("anna", RIGHT, address=HOME), SignedIn)


# --- connections lost


@only(*SERVERS)
def test_a_connection_lost_before_a_write_is_stale_with_nothing_stored(hosted: Hosted, engine: Engine) -> None:
    host = hosted(**ONE_CONNECTION)
    kill(engine, host.process())
    with pytest.raises(Stale):
        host.repositories().counters.save(counter())
    assert None is host.repositories().counters.get(KEY)
    assert 0 < host.repositories().counters.save(counter())


@only(*SERVERS)
def test_a_connection_lost_between_record_and_event_stores_neither(
    hosted: Hosted, engine: Engine, repositories: SqlRepositories
) -> None:
    host = hosted(**ONE_CONNECTION)
    own = host.process()
    with before(host.sync_engine, "INSERT INTO mydso_events", lambda _: kill(engine, own)), pytest.raises(Stale):
        host.repositories().users.save(ANNA, event_of("e1"))
    assert None is repositories.users.get(ANNA.id)


@only(*SERVERS)
def test_a_connection_lost_before_a_read_is_not_noticed(
    hosted: Hosted, engine: Engine, repositories: SqlRepositories
) -> None:
    anna = stored(repositories)
    host = hosted(**ONE_CONNECTION)
    kill(engine, host.process())
    assert anna == host.repositories().users.get(ANNA.id)
    with host.connection() as connection:
        made = host.repositories(connection)
        own = connection.run_sync(process_of) if host.is_async else process_of(connection.target)
        connection.rollback()
        kill(engine, own)
        assert anna == made.users.get(ANNA.id)
        assert not connection.in_transaction()


@only(*SERVERS)
def test_a_connection_lost_at_the_commit_is_an_error_since_nobody_knows(hosted: Hosted, engine: Engine) -> None:
    host = hosted(**ONE_CONNECTION)

    def lose(connection: Connection) -> None:
        kill(engine, process_of(connection))

    with before(host.sync_engine, "COMMIT", lose), pytest.raises(DBAPIError) as lost:
        host.repositories().counters.save(counter())
    assert lost.value.connection_invalidated
    assert 0 < host.repositories().counters.save(counter())


@only(*SERVERS)
def test_a_connection_lost_at_the_commit_of_a_sign_in_grants_nothing(
    hosted: Hosted, engine: Engine, repositories: SqlRepositories
) -> None:
    stored(repositories)
    host, hasher = hosted(**ONE_CONNECTION), CountingHasher()

    def lose_at_the_commit(connection: Connection) -> None:
        losing.enter_context(before(host.sync_engine, "COMMIT", lambda _: kill(engine, process_of(connection))))

    with ExitStack() as losing:
        losing.enter_context(before(host.sync_engine, "UPDATE mydso_users", lose_at_the_commit))
        with pytest.raises(StoreUnavailable):
            host.door(hasher).sign_in("anna", RIGHT, address=HOME)
    assert 1 == hasher.evaluations
    assert isinstance(host.door(hasher).sign_in("anna", RIGHT, address=HOME), SignedIn)


@only(*SERVERS)
def test_a_connection_lost_before_any_statement_of_a_sign_in_costs_nobody_anything(
    hosted: Hosted, engine: Engine, repositories: SqlRepositories
) -> None:
    stored(repositories)
    for start in ("SELECT mydso_counters", "INSERT INTO mydso_counters", "SELECT mydso_users", "UPDATE mydso_users"):
        host = hosted(**ONE_CONNECTION)
        own = host.process()
        with before(host.sync_engine, start, lambda _, own=own: kill(engine, own)) as lost:  # type: ignore[misc]
            assert isinstance(host.door(CountingHasher()).sign_in("anna", RIGHT, address=HOME), SignedIn)
        assert 1 == len(lost) or start.startswith("INSERT")  # the counters are there from the second time on
