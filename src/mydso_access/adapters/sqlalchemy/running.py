"""In whose transaction an operation runs, and what a database's error says: nothing was stored, or nobody knows."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias, TypeVar

from attrs import define, frozen
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import SingletonThreadPool, StaticPool

from mydso_access.errors import InvalidValue, Stale, shown
from mydso_access.policy.fixed import DEADLOCKS_BORNE, LOCK_WAIT, MILLISECOND

T = TypeVar("T")
Operation: TypeAlias = Callable[[Connection], T]

# What says that the database took the transaction back, so that trying again is right.
SERIALIZATION_FAILURE, DEADLOCK, LOCK_NOT_AVAILABLE, QUERY_CANCELED = "40001", "40P01", "55P03", "57014"  # PostgreSQL
CHANGED_SINCE_READ, LOCK_WAIT_TIMEOUT, LOCK_DEADLOCK = 1020, 1205, 1213  # MariaDB
DEADLOCK_STATES, DEADLOCK_CODES = (SERIALIZATION_FAILURE, DEADLOCK), (CHANGED_SINCE_READ, LOCK_DEADLOCK)
TAKEN_BACK_STATES = (*DEADLOCK_STATES, LOCK_NOT_AVAILABLE, QUERY_CANCELED)
TAKEN_BACK_CODES = (*DEADLOCK_CODES, LOCK_WAIT_TIMEOUT)
TAKEN_BACK_RESULTS = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
PRIMARY_RESULT = 0xFF  # of an extended result code of SQLite


@frozen(eq=False, repr=False)
class Runner:
    """Runs operations on an engine, each in a transaction of its own, or on a connection.

    A connection that is in a transaction is the host's: an operation joins it, or refuses to.
    """

    bind: Engine | Connection

    def read(self, operation: Operation[T]) -> T:
        """Run an operation that changes nothing; once more if its connection was lost or somebody was in its way."""
        if isinstance(self.bind, Connection) and self.bind.in_transaction():
            return joined(self.bind, operation)
        try:
            with self._connected() as connection:
                return outside(connection, operation)
        except DBAPIError as error:
            if not may_be_asked_again(error):
                raise
        with self._connected() as connection:
            return outside(connection, operation)

    def write(self, operation: Operation[T]) -> T:
        """Run an operation and commit it, unless the transaction is the host's to commit."""
        if isinstance(self.bind, Connection) and self.bind.in_transaction():
            with conflicts_are_stale(joined=True):
                return joined(self.bind, operation)
        with conflicts_are_stale() as progress:
            for _ in range(DEADLOCKS_BORNE):
                with suppress_deadlock(), self._connected() as connection:
                    return committed(connection, operation, progress)
            with self._connected() as connection:
                return committed(connection, operation, progress)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """Lend a connection that is in no transaction of the host's, and leave it in none."""
        if isinstance(self.bind, Engine):
            with self.bind.connect() as connection:
                yield connection
            return
        try:
            yield self.bind
        finally:
            self.bind.rollback()


def check_bind(bind: Any, engine: type, connection: type) -> None:
    """Refuse what is no engine and no connection, and an engine whose transactions are not its own, or none at all.

    Raises:
        InvalidValue: it is something else, such as a `Session`; its pool hands one connection to several borrowers; or
            it commits every statement by itself.
    """
    if not isinstance(bind, engine | connection):
        raise InvalidValue("bind", shown(bind), f"{engine.__name__} or {connection.__name__}")
    synchronous: Any = getattr(bind, "sync_connection", None) or getattr(bind, "sync_engine", bind)
    pool, dialect = synchronous.engine.pool, synchronous.engine.dialect
    if isinstance(pool, StaticPool | SingletonThreadPool):
        expected = "a pool that lends each connection once, such as QueuePool (for SQLite: a file, not :memory:)"
        raise InvalidValue("engine.pool", type(pool).__name__, expected)
    # What `create_engine` was given is kept only there.
    level = synchronous.get_execution_options().get("isolation_level", dialect._on_connect_isolation_level)  # noqa: SLF001
    if level == "AUTOCOMMIT":
        raise InvalidValue("engine.isolation_level", shown(level), "a level with transactions")


def begin(connection: Connection, how: str = "BEGIN") -> None:
    """Begin the connection's transaction on SQLite, if it has not begun yet.

    Python's sqlite3 begins only at the first INSERT, UPDATE or DELETE, or never; until then it commits whatever creates
    a table or releases a savepoint.
    """
    if connection.dialect.name == "sqlite" and not _driver(connection).in_transaction:
        connection.connection.cursor().execute(how)


@define
class Progress:
    """How far a transaction came: once its commit was sent, a lost connection leaves nobody knowing."""

    committing: bool = False


def outside(connection: Connection, operation: Operation[T]) -> T:
    """Run an operation in no transaction that was there before."""
    connection.commit()  # what a listener of the engine's began is no transaction of the host's
    return operation(connection)


def committed(connection: Connection, operation: Operation[T], progress: Progress) -> T:
    """Run an operation in a transaction of its own.

    Raises:
        InvalidValue: the driver commits every statement by itself.
    """
    progress.committing = False
    connection.commit()  # as above
    connection.begin()
    begin(connection, "BEGIN IMMEDIATE")  # what reads first and then writes would find itself overtaken
    _refuse_autocommit(connection)
    if connection.dialect.name == "postgresql":  # unless the host has said how long, it waits for ever
        patience = f"set_config('lock_timeout', '{LOCK_WAIT // MILLISECOND}ms', true)"
        connection.exec_driver_sql(f"SELECT {patience} WHERE current_setting('lock_timeout') = '0'")
    answer = operation(connection)
    progress.committing = True
    try:
        connection.commit()
    except BaseException:
        connection.invalidate()  # SQLite may still be in the transaction, and the next borrower would commit it
        raise
    return answer


def joined(connection: Connection, operation: Operation[T]) -> T:
    """Run an operation in the host's transaction: if it fails, nothing of it is left for the host to commit."""
    begin(connection)
    savepoint = connection.begin_nested()
    try:
        answer = operation(connection)
        savepoint.commit()
    except BaseException:
        with suppress(DBAPIError):  # it is gone where the database took back all of the transaction
            savepoint.rollback()
        raise
    return answer


@contextmanager
def conflicts_are_stale(*, joined: bool = False) -> Iterator[Progress]:
    """Raise `Stale` for an error after which certainly nothing is stored and trying again is right; others pass.

    Args:
        joined: whether the transaction is the host's; then whatever is `Stale` says so, since nothing changes inside.
    """
    progress = Progress()
    try:
        yield progress
    except Stale as stale:
        if joined:
            raise Stale(joined=True) from stale
        raise
    except DBAPIError as error:
        lost_before_its_commit = error.connection_invalidated and not progress.committing
        if lost_before_its_commit or _was_taken_back(error.orig):
            raise Stale(joined=joined) from error
        raise
    except sqlite3.OperationalError as error:  # at BEGIN, which SQLAlchemy does not see
        if _was_taken_back(error):
            raise Stale(joined=joined) from error
        raise


@contextmanager
def suppress_deadlock() -> Iterator[None]:
    """Let pass that the database chose this transaction to end a deadlock: nothing of it is stored."""
    try:
        yield
    except DBAPIError as error:
        if not _says(error.orig, DEADLOCK_STATES, DEADLOCK_CODES):
            raise


def may_be_asked_again(error: DBAPIError) -> bool:
    """Tell whether a question may well be answered the next time."""
    return error.connection_invalidated or _was_taken_back(error.orig)


def _was_taken_back(error: BaseException | None) -> bool:
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & PRIMARY_RESULT in TAKEN_BACK_RESULTS  # not all have one
    return _says(error, TAKEN_BACK_STATES, TAKEN_BACK_CODES)


def _says(error: BaseException | None, states: tuple[str, ...], codes: tuple[int, ...]) -> bool:
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)  # psycopg2 has the other
    code = error.args[0] if error is not None and error.args else None
    return state in states or code in codes


def _refuse_autocommit(connection: Connection) -> None:
    driver = _driver(connection)
    asked = getattr(driver, "get_autocommit", None)  # of the drivers for MariaDB
    if (asked() if asked else getattr(driver, "autocommit", None)) is True:
        raise InvalidValue("engine", "a driver in autocommit", "a driver that begins transactions, or none is whole")


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection
