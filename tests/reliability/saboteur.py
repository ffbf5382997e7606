"""Makes one step of a real store fail, by the real thing: a cancelled statement, a killed connection, a paused server.

A step is what one trip to the database can do alone: a statement, a commit, a command of Valkey.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from functools import partial
from typing import Any, TypeVar

from attrs import define, field
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import Connection, Engine, NullPool, create_engine, text

from tests.reliability.databases import Database, Opened, opened

T = TypeVar("T")
STEPS = ("do_execute", "do_executemany", "do_execute_no_params", "do_commit")
PROCESSES = "SELECT count(*) FROM information_schema.processlist WHERE id = :id"
NO_PATIENCE = 0.06  # seconds that the client of Valkey waits for an answer, twice
PAUSE = 150  # milliseconds that the server makes it wait


class Fault(Enum):
    """How a step fails."""

    BEFORE = "raised before it was carried out"
    AFTER = "raised after it was carried out"
    TIME_OUT = "timed out"
    DROPPED = "connection dropped before it"
    DROPPED_AFTER = "connection dropped after it was carried out"


class FaultError(Exception):
    """What nobody expects."""


@define(eq=False)
class Saboteur:
    """Counts steps, and makes the chosen ones fail.

    Attributes:
        admin: kills connections, from a connection of its own; none for SQLite.
        valkey: the same for Valkey.
        fault: how.
        fails: which steps.
        steps: how many there were.
        committing: whether the last step that failed was to make something last.
        hits: how many have failed.
    """

    admin: Connection | None
    valkey: Redis | None
    fault: Fault = Fault.BEFORE
    fails: Callable[[int], bool] = field(default=lambda _: False)
    steps: int = 0
    committing: bool = False
    hits: int = 0

    def prepare(self, fault: Fault, fails: Callable[[int], bool]) -> None:
        """Count from the beginning, and fail from now on."""
        self.fault, self.fails, self.steps, self.hits, self.committing = fault, fails, 0, 0, False

    def rest(self) -> None:
        """Let everything pass."""
        self.fails = lambda _: False

    def step(self, proceed: Callable[[], T], connection: Any, *, committing: bool) -> T:
        """Carry out a step, or fail."""
        self.steps += 1
        if not self.fails(self.steps):
            return proceed()
        self.hits, self.committing = self.hits + 1, committing
        match self.fault:
            case Fault.BEFORE:
                raise FaultError
            case Fault.AFTER:
                proceed()
                raise FaultError
            case Fault.TIME_OUT:
                return self._timed_out(proceed, connection)
            case Fault.DROPPED:
                self._drop(connection)
                return proceed()
            case Fault.DROPPED_AFTER:
                proceed()
                self._drop(connection)
                return self._touch(connection)

    def _timed_out(self, proceed: Callable[[], T], connection: Any) -> T:
        match _driver(connection):
            case "sqlite3":
                connection.set_progress_handler(lambda: 1, 1)
                try:
                    return proceed()
                finally:
                    connection.set_progress_handler(None, 0)
            case "psycopg":
                connection.execute("SET LOCAL statement_timeout = 1")
                connection.execute("SELECT pg_sleep(60)")
            case "pymysql":
                connection.cursor().execute("SET STATEMENT max_statement_time=0.001 FOR SELECT SLEEP(60)")
            case "redis":
                return self._paused(proceed)
        raise AssertionError("it should have timed out")

    def _paused(self, proceed: Callable[[], T]) -> T:
        assert self.valkey is not None
        self.valkey.client_pause(PAUSE)
        try:
            return proceed()
        finally:
            self.valkey.ping()  # waits for the end of the pause, as everybody does

    def _drop(self, connection: Any) -> None:
        match _driver(connection):
            case "sqlite3":  # there is no connection to lose, only a file to be closed, and with it the transaction
                connection.rollback()  # closing leaves the lock with statements that somebody still refers to
                connection.close()
            case "psycopg":
                self._sql("SELECT pg_terminate_backend(:id)", connection.info.backend_pid)
                self._wait("SELECT count(*) FROM pg_stat_activity WHERE pid = :id", connection.info.backend_pid)
            case "pymysql":
                self._sql("KILL CONNECTION :id", connection.thread_id())
                self._wait(PROCESSES, connection.thread_id())
            case "redis":
                assert self.valkey is not None
                self.valkey.client_kill_filter(_id=connection.own_id())

    def _wait(self, statement: str, connection_id: int) -> None:
        """Wait until a connection is gone."""
        while self._sql(statement, connection_id):
            time.sleep(0.0005)

    def _sql(self, statement: str, connection_id: int) -> Any:
        assert self.admin is not None
        answer = self.admin.execute(text(statement), {"id": connection_id})
        return answer.scalar() if answer.returns_rows else None

    def _touch(self, connection: Any) -> Any:
        """Let the driver find out that its connection is gone."""
        if _driver(connection) == "redis":
            raise ConnectionError
        return connection.cursor().execute("SELECT 1")


class SabotagedRedis(Redis):
    """A client whose commands may fail."""

    saboteur: Saboteur | None = None

    def execute_command(self, *args: Any, **options: Any) -> Any:
        proceed = partial(super().execute_command, *args, **options)
        if self.saboteur is None:
            return proceed()
        return self.saboteur.step(proceed, self, committing=args[0] == "EVAL")

    def own_id(self) -> int:
        return int(super().execute_command("CLIENT", "ID"))


@contextmanager
def sabotaged(database: Database) -> Iterator[tuple[Opened, Saboteur]]:
    """Open a database whose steps may fail."""
    with opened(database, client=SabotagedRedis) as world, _administrator(database) as admin:
        valkey = None if database.valkey is None else Redis.from_url(database.valkey)
        saboteur = Saboteur(admin, valkey)
        world.engine.connect().close()  # what a dialect asks first is none of ours
        _hook(world.engine, saboteur)
        if isinstance(world.client, SabotagedRedis):
            world.client.set_retry(Retry(NoBackoff(), 1))
            world.client.connection_pool.connection_kwargs["socket_timeout"] = NO_PATIENCE
            world.client.saboteur = saboteur
        try:
            yield world, saboteur
        finally:
            if valkey is not None:
                valkey.close()


@contextmanager
def _administrator(database: Database) -> Iterator[Connection | None]:
    if database.sql.startswith("sqlite"):
        yield None
        return
    engine = create_engine(database.sql, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection


def _hook(engine: Engine, saboteur: Saboteur) -> None:
    for name in STEPS:
        setattr(engine.dialect, name, partial(_step, saboteur, getattr(engine.dialect, name), name == "do_commit"))


def _step(saboteur: Saboteur, carry_out: Callable[..., Any], committing: bool, target: Any, *arguments: Any) -> Any:
    proceed = partial(carry_out, target, *arguments)
    # The target is a cursor, or the pool's handle on a connection.
    connection = getattr(target, "dbapi_connection", None) or target.connection
    return saboteur.step(proceed, connection, committing=committing)


def _driver(connection: Any) -> str:
    if isinstance(connection, SabotagedRedis):
        return "redis"
    return type(connection).__module__.partition(".")[0]
