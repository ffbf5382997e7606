"""What the tests of this folder share: hosts of either kind used alike, and ways to get a database into trouble."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from attrs import evolve, frozen
from sqlalchemy import Connection, Engine, event, insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from mydso_access import AccessControl, AsyncAccessControl
from mydso_access.adapters.codec import microseconds
from mydso_access.adapters.sqlalchemy import AsyncSqlRepositories, SqlRepositories
from mydso_access.adapters.sqlalchemy.customers import customer_key
from mydso_access.adapters.sqlalchemy.tables import TABLES, row_key, structure_key
from mydso_access.decisions.naming import account_key
from mydso_access.model import (
    Assertion,
    AttemptCounter,
    CounterKey,
    Event,
    EventKind,
    Factor,
    KeyKind,
    Purpose,
    Secret,
    SignIn,
    Structure,
    User,
)
from mydso_access.testing import ManualClock
from mydso_access.testing.clock import A_MONDAY
from tests.support import CountingHasher, active, policy

REPOSITORIES = ("users", "structures", "customers", "links", "counters", "sign_ins", "assertions", "events")
PATIENCE = 10.0  # seconds until a database that does not get there has failed
SERVERS = ["postgres", "mariadb"]
ALIVE = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE pid = :id",
    "mariadb": "SELECT count(*) FROM information_schema.processlist WHERE id = :id",
}
WAITING = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    "mariadb": "SELECT count(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
}

ANNA = active("anna")
KEY = account_key("anna")
A_SIGN_IN = SignIn(
    id="s1",
    user_id=ANNA.id,
    address=CounterKey(KeyKind.ADDRESS, "00" * 32),
    purpose=Purpose.SIGN_IN,
    token=Secret("digest"),
    started_at=A_MONDAY,
    expires_at=A_MONDAY.replace(hour=10),
    factors=((Factor.PASSWORD, A_MONDAY),),
    since=A_MONDAY,
)
AN_ASSERTION = Assertion(key="as1", expires_at=A_MONDAY.replace(hour=10), saved_at=A_MONDAY)


def only(*databases: str) -> pytest.MarkDecorator:
    """Run a test on these databases and no other."""
    return pytest.mark.parametrize("database", databases, indirect=True)


def event_of(event_id: str, kind: EventKind = EventKind.USER_CREATED, **changes: Any) -> Event:
    return Event(**{"id": event_id, "kind": kind, "at": A_MONDAY} | changes)


def counter(key: CounterKey = KEY, **changes: Any) -> AttemptCounter:
    return evolve(AttemptCounter(key, saved_at=A_MONDAY), **changes)


@frozen
class Waited:
    """An object whose answers are awaited if they can be, so that tests read the same for both kinds."""

    target: Any
    wait: Callable[[Any], Any]

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.target, name)
        if callable(found):
            return lambda *args, **kwargs: self.wait(found(*args, **kwargs))
        return Waited(found, self.wait) if name in REPOSITORIES else found


@frozen
class Host:
    """An application with an engine of its own, synchronous or asynchronous."""

    engine: Engine | AsyncEngine
    runner: asyncio.Runner

    @property
    def is_async(self) -> bool:
        return isinstance(self.engine, AsyncEngine)

    @property
    def sync_engine(self) -> Engine:
        return self.engine.sync_engine if isinstance(self.engine, AsyncEngine) else self.engine

    def wait(self, answer: Any) -> Any:
        return self.runner.run(_awaited(answer)) if inspect.isawaitable(answer) else answer

    def repositories(self, bind: Any = None) -> Any:
        """Return repositories on the engine or on a connection."""
        bind = bind.target if isinstance(bind, Waited) else bind or self.engine
        made: Any = AsyncSqlRepositories if self.is_async else SqlRepositories
        return Waited(made(bind), self.wait)

    @contextmanager
    def connection(self, **options: Any) -> Iterator[Any]:
        """Lend a connection for the length of a block."""
        connection = Waited(self.wait(self.engine.connect()), self.wait)
        if options:
            connection.execution_options(**options)
        try:
            yield connection
        finally:
            connection.close()

    def door(self, hasher: CountingHasher, bind: Any = None) -> Any:
        """Return the door to an installation that is kept here, its clock standing still."""
        door: Any = AsyncAccessControl if self.is_async else AccessControl
        repositories = self.repositories(bind).target
        return Waited(door(repositories, policy=policy(), hasher=hasher, clock=ManualClock()), self.wait)

    def process(self) -> int:
        """Return the server's number for the one connection that the pool holds."""
        with self.connection() as connection:
            return int(connection.run_sync(process_of) if self.is_async else process_of(connection.target))


async def _awaited(answer: Awaitable[Any]) -> Any:
    return await answer


def process_of(connection: Connection) -> int:
    function = "pg_backend_pid()" if connection.dialect.name == "postgresql" else "connection_id()"
    return int(connection.exec_driver_sql(f"SELECT {function}").scalar_one())


def kill(admin: Engine, process: int) -> None:
    """End a connection from the server's side, and wait until it has ended."""
    statement = "SELECT pg_terminate_backend(:id)" if admin.dialect.name == "postgresql" else "KILL :id"
    with admin.connect() as connection:
        connection.execute(text(statement), {"id": process})
    until(lambda: asked(admin, ALIVE[admin.dialect.name], id=process) == 0)


def asked(admin: Engine, question: str, **values: Any) -> int:
    with admin.connect() as connection:
        return int(connection.execute(text(question), values).scalar_one())


def until(condition: Callable[[], bool], pause: float = 0.01) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(pause)


def until_somebody_waits(admin: Engine) -> None:
    """Wait until a transaction waits for a lock; MariaDB tells nothing new to who asks more often than every 0.1 s."""
    until(lambda: asked(admin, WAITING[admin.dialect.name]) > 0, pause=0.12)


@contextmanager
def before(engine: Engine, start: str, action: Callable[[Connection], Any], times: int = 1) -> Iterator[list[str]]:
    """Do something just before the engine's next statements that begin so, or before its next `COMMIT`s; once by default.

    Yields:
        What it was done before: empty, if it never was.
    """
    done: list[str] = []

    def so_often(connection: Connection, statement: str) -> None:
        if len(done) < times and statement.lstrip().startswith(start):
            done.append(statement)
            action(connection)

    def on_statement(connection: Connection, cursor: Any, statement: str, *rest: Any) -> None:
        so_often(connection, statement)

    def on_commit(connection: Connection) -> None:
        so_often(connection, "COMMIT")

    event.listen(engine, "before_cursor_execute", on_statement)
    event.listen(engine, "commit", on_commit)
    try:
        yield done
    finally:
        event.remove(engine, "before_cursor_execute", on_statement)
        event.remove(engine, "commit", on_commit)


def stored(repositories: SqlRepositories, user: User = ANNA) -> User:
    """Save a new user and return it as stored."""
    version = repositories.users.save(user, event_of(f"add-{user.id}", at=user.saved_at))
    return evolve(user, version=version)


def fill(engine: Engine, count: int, over: int = 0) -> None:
    """Fill the tables with rows of no meaning, in eight entities, and with some counters, sign-ins and assertions that are over."""
    numbers, live = range(count + over), microseconds(A_MONDAY.replace(year=2100))
    keys, ends = [row_key("any", f"{n}") for n in numbers], [n if n < over else live + n for n in numbers]
    entity = [structure_key(Structure.entity(f"entity-{n % 8}")) for n in numbers]
    users = [row_key("user", f"user-{n}") for n in range(7)]
    found = [{"name_key": key, "sso_key": key, "listed_by": key[:8], "structure_key": e} for key, e in zip(keys, entity, strict=True)]  # fmt: skip
    issued = [
        {
            "customer_key": customer_key(f"entity-{n % 8}", "1"),
            "granter_key": row_key("user", "busy" if n % 16 == 1 else f"granter-{n % 97}"),
        }
        for n in numbers
    ]
    rows = {
        TABLES.users: [{**found[n], "seen_at": n, "invited_at": n} for n in numbers],
        TABLES.structures: [{} for _ in numbers],
        TABLES.customers: [{"entity_key": entity[n]} for n in numbers],
        TABLES.links: [
            {**issued[n], "entity_key": entity[n], "dead_from": ends[n] if n % 2 else None} for n in numbers
        ],
        TABLES.counters: [{"idle_from": end} for end in ends],
        TABLES.sign_ins: [{"expires_at": end} for end in ends],
    }
    authorised = [{"user_key": keys[n], "entity_key": entity[n + 1], "listed_by": keys[n][:8]} for n in numbers[:-1]]
    associated = [{"customer_key": keys[n], "entity_key": entity[n], "user_key": users[n % 7]} for n in numbers]
    kinds = [each.value for each in EventKind][:7]
    about = [
        {"at": n, "subject_key": users[n % 7], "actor_key": users[n % 5], "kind": kinds[n % len(kinds)]}
        for n in numbers
    ]
    body, versioned = {"body": "x" * 400}, {"body": "x" * 400, "version": 1}
    with engine.begin() as connection:
        for table, columns in rows.items():
            connection.execute(insert(table), [{"key": keys[n], **versioned, **columns[n]} for n in numbers])
        connection.execute(insert(TABLES.events), [{"key": keys[n], **body, **about[n]} for n in numbers])
        taken = [{"key": key, "expires_at": end} for key, end in zip(keys, ends, strict=True)]
        connection.execute(insert(TABLES.assertions), taken)
        connection.execute(insert(TABLES.memberships), authorised)
        connection.execute(insert(TABLES.associates), associated)
