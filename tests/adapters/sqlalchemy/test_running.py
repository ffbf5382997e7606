"""What a database's errors become, provoked for real: `Stale` if nothing was stored, else an error; never a grant."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import Connection, Engine, event, insert, text, update
from sqlalchemy.exc import DBAPIError

from mydso_access import SignedIn
from mydso_access.adapters.sqlalchemy import SqlRepositories, asynchronous, running
from mydso_access.adapters.sqlalchemy.tables import TABLES, row_key
from mydso_access.errors import Stale
from mydso_access.model import Event, EventKind, EventQuery
from tests.adapters.sqlalchemy.hosts import (
    ANNA,
    KEY,
    SERVERS,
    Host,
    before,
    counter,
    event_of,
    only,
    stored,
    until_somebody_waits,
)
from tests.support import HOME, PLACES, RIGHT, CountingHasher, settle

ANNAS_ROW = TABLES.users.c.key == row_key("user", ANNA.id)
ONE_CONNECTION = {"pool_size": 1, "max_overflow": 0}
Opened = Callable[..., Engine]
Hosted = Callable[..., Host]

BORNE = 3  # deadlocks in a row, each of which takes the database a second to notice


@pytest.fixture(autouse=True)
def _few_deadlocks_are_borne(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (running, asynchronous):
        monkeypatch.setattr(module, "DEADLOCKS_BORNE", BORNE)


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


@contextmanager
def deadlocked(host: Host, rival: Connection, its_event: Event, times: int) -> Iterator[list[str]]:
    """Let saves of Anna with this event, so many, end in a deadlock with a rival, which then goes away."""
    admin = rival.engine
    weight = [{"key": f"{n:064}", "at": n, "body": "{}"} for n in range(50)]  # MariaDB spares who wrote more
    contested = {"key": row_key("event", its_event.id), "at": 0, "body": "{}"}
    crossing: list[Future[None]] = []

    def holds() -> None:
        rival.execute(insert(TABLES.events), [*weight, contested])

    def comes_and_goes() -> None:
        touch(rival)
        rival.rollback()
        if len(crossing) < times:
            holds()

    def begins(_: Connection) -> None:
        wait(crossing)  # the rival holds again what this save needs; later, this save would hold what the rival needs

    def cross(_: Connection) -> None:
        crossing.append(thread.submit(comes_and_goes))
        until_somebody_waits(admin)

    with ThreadPoolExecutor(1) as thread:
        holds()
        engine = host.sync_engine
        with (
            before(engine, "UPDATE mydso_users", begins, times=99),
            before(engine, "INSERT INTO mydso_events", cross, times) as crossed,
        ):
            yield crossed


@pytest.fixture
def rival(opened: Opened, database: str) -> Iterator[Connection]:
    """Give a connection that outlives a deadlock."""
    with opened(**options_for("postgres", deadlock_timeout="60s") if database == "postgres" else {}).connect() as rival:
        yield rival


@pytest.fixture
def victim(hosted: Hosted, database: str) -> Host:
    """Give a host whose transactions are ended by a deadlock."""
    return hosted(**options_for("postgres", deadlock_timeout="10ms") if database == "postgres" else {})


CONTESTED = event_of("contested", EventKind.PASSWORD_CHANGED)


@only(*SERVERS)
@pytest.mark.parametrize("times", [1, BORNE])
def test_a_save_that_was_taken_back_to_end_a_deadlock_is_tried_again(
    victim: Host, rival: Connection, repositories: SqlRepositories, times: int
) -> None:
    anne = evolve(stored(repositories), name="anne")
    with deadlocked(victim, rival, CONTESTED, times) as crossed:
        version = victim.repositories().users.save(anne, CONTESTED)
    assert times == len(crossed)
    assert evolve(anne, version=version) == repositories.users.get(ANNA.id)
    assert [CONTESTED] == [
        each for each in repositories.events.page(EventQuery(since=CONTESTED.at), None, 9) if each.id == CONTESTED.id
    ]


@only(*SERVERS)
def test_deadlock_after_deadlock_is_stale_with_nothing_stored(
    victim: Host, rival: Connection, repositories: SqlRepositories
) -> None:
    anna = stored(repositories)
    with deadlocked(victim, rival, CONTESTED, 1 + BORNE) as crossed, pytest.raises(Stale) as stale:
        victim.repositories().users.save(evolve(anna, name="anne"), CONTESTED)
    assert 1 + BORNE == len(crossed)
    assert "deadlock" in cause(stale.value).lower()
    assert not stale.value.joined
    assert anna == repositories.users.get(ANNA.id)
    assert anna.version < victim.repositories().users.save(evolve(anna, name="anne"), CONTESTED)


def counted(host: Host, start: str) -> AbstractContextManager[list[str]]:
    """List the statements that begin so."""
    return before(host.sync_engine, start, lambda _: None, times=99)


@only("postgres")
def test_a_serialization_failure_of_a_statement_is_tried_again_and_finds_the_rivals_version(
    hosted: Hosted, engine: Engine, repositories: SqlRepositories
) -> None:
    anna = stored(repositories)
    host = hosted(isolation_level="SERIALIZABLE")
    with engine.connect() as rival, ThreadPoolExecutor(1) as thread, counted(host, "UPDATE mydso_users") as tries:
        touch(rival)
        saving = thread.submit(host.repositories().users.save, anna, event_of("e2"))
        until_somebody_waits(engine)
        rival.commit()
        with pytest.raises(Stale):
            saving.result()
    assert 2 == len(tries)


@only("postgres")
def test_a_serialization_failure_at_the_commit_is_tried_again(
    hosted: Hosted, opened: Opened, repositories: SqlRepositories
) -> None:
    repositories.counters.save(counter(idle_from=ANNA.saved_at))
    host = hosted(isolation_level="SERIALIZABLE")
    with opened(isolation_level="SERIALIZABLE").connect() as rival, counted(host, "DELETE") as tries:
        rival.execute(text("SELECT * FROM mydso_counters")).all()  # it read what the purge deletes

        def write_what_the_purge_read(_: Connection) -> None:
            rival.execute(insert(TABLES.counters).values(key="0" * 64, version=1, body="{}", idle_from=0))
            rival.commit()

        with before(host.sync_engine, "COMMIT", write_what_the_purge_read):
            assert 2 == host.repositories().counters.purge(ANNA.saved_at.replace(year=2100), limit=9)
    assert 2 == len(tries)
    assert repositories.counters.get(KEY) is None


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
    assert stale.value.joined


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
    settle(repositories, *PLACES)
    stored(repositories)
    hasher = CountingHasher()
    door = hosted(connect_args={"timeout": 0.01}).door(hasher)
    file.execute("BEGIN IMMEDIATE")
    assert not isinstance(door.sign_in("anna", RIGHT, address=HOME), SignedIn)
    assert 0 == hasher.hashes
    file.execute("ROLLBACK")
    assert isinstance(door.sign_in("anna", RIGHT, address=HOME), SignedIn)
