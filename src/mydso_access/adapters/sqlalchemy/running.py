"""In whose transaction an operation runs, and what a database's error says: nothing was stored, or nobody knows."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeAlias, TypeVar

from attrs import define, frozen
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import SingletonThreadPool, StaticPool

from mydso_access.errors import InvalidValue, Stale, shown

T = TypeVar("T")
Operation: TypeAlias = Callable[[Connection], T]

# What says that the database took the transaction back, so that trying again is right.
SERIALIZATION_FAILURE, DEADLOCK, LOCK_NOT_AVAILABLE, QUERY_CANCELED = "40001", "40P01", "55P03", "57014"  # PostgreSQL
CHANGED_SINCE_READ, LOCK_WAIT_TIMEOUT, LOCK_DEADLOCK = 1020, 1205, 1213  # MariaDB
TAKEN_BACK_STATES = {SERIALIZATION_FAILURE, DEADLOCK, LOCK_NOT_AVAILABLE, QUERY_CANCELED}
TAKEN_BACK_CODES = {CHANGED_SINCE_READ, LOCK_WAIT_TIMEOUT, LOCK_DEADLOCK}
TAKEN_BACK_RESULTS = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
PRIMARY_RESULT = 0xFF  # of an extended result code of SQLite


@frozen(eq=False, repr=False)
class Runner:
    """Runs operations on an engine, each in a transaction of its own, or on a connection.

    A connection that is in a transaction is the host's: an operation joins it, or refuses to.
    """

    bind: Engine | Connection

    def read(self, operation: Operation[T]) -> T:
        """Run an operation that changes nothing; once more if its connection turns out to have been lost."""
        with _conflicts_are_stale():
            try:
                with self._connected() as connection:
                    return operation(connection)
            except DBAPIError as error:
                if not error.connection_invalidated or isinstance(self.bind, Connection):
                    raise
            with self._connected() as connection:
                return operation(connection)

    def write(self, operation: Operation[T]) -> T:
        """Run an operation and commit it, unless the transaction is the host's to commit."""
        with _conflicts_are_stale() as progress:
            if isinstance(self.bind, Connection) and self.bind.in_transaction():
                return operation(self.bind)
            with self._connected() as connection:
                answer = operation(connection)
                progress.committing = True
                connection.commit()
                return answer

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        if isinstance(self.bind, Engine):
            with self.bind.connect() as connection:
                yield connection
            return
        joined = self.bind.in_transaction()
        try:
            yield self.bind
        finally:
            if not joined:
                self.bind.rollback()


@frozen(eq=False, repr=False)
class AsyncRunner:
    """The same, asynchronously; the operations themselves are the same."""

    bind: AsyncEngine | AsyncConnection

    async def read(self, operation: Operation[T]) -> T:
        """Run an operation that changes nothing; once more if its connection turns out to have been lost."""
        with _conflicts_are_stale():
            try:
                async with self._connected() as connection:
                    return await connection.run_sync(operation)
            except DBAPIError as error:
                if not error.connection_invalidated or isinstance(self.bind, AsyncConnection):
                    raise
            async with self._connected() as connection:
                return await connection.run_sync(operation)

    async def write(self, operation: Operation[T]) -> T:
        """Run an operation and commit it, unless the transaction is the host's to commit."""
        with _conflicts_are_stale() as progress:
            if isinstance(self.bind, AsyncConnection) and self.bind.in_transaction():
                return await self.bind.run_sync(operation)
            async with self._connected() as connection:
                answer = await connection.run_sync(operation)
                progress.committing = True
                await connection.commit()
                return answer

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        if isinstance(self.bind, AsyncEngine):
            async with self.bind.connect() as connection:
                yield connection
            return
        joined = self.bind.in_transaction()
        try:
            yield self.bind
        finally:
            if not joined:
                await self.bind.rollback()


def check_engine(bind: Any) -> None:
    """Refuse an engine whose transactions are not its own, or none at all.

    Raises:
        InvalidValue: its pool hands one connection to several borrowers, or it commits every statement by itself.
    """
    engine = bind.sync_engine if isinstance(bind, AsyncEngine) else bind
    if not isinstance(engine, Engine):
        return
    if isinstance(engine.pool, StaticPool | SingletonThreadPool):
        expected = "a pool that lends each connection once, such as QueuePool (for SQLite: a file, not :memory:)"
        raise InvalidValue("engine.pool", type(engine.pool).__name__, expected)
    # What `create_engine` was given is kept only there.
    levels = (engine.get_execution_options().get("isolation_level"), engine.dialect._on_connect_isolation_level)  # noqa: SLF001
    if "AUTOCOMMIT" in levels:
        raise InvalidValue("engine.isolation_level", shown("AUTOCOMMIT"), "a level with transactions")


@define
class _Progress:
    """How far a transaction came: once its commit was sent, a lost connection leaves nobody knowing."""

    committing: bool = False


@contextmanager
def _conflicts_are_stale() -> Iterator[_Progress]:
    """Raise `Stale` for an error after which certainly nothing is stored and trying again is right; others pass."""
    progress = _Progress()
    try:
        yield progress
    except DBAPIError as error:
        lost_before_its_commit = error.connection_invalidated and not progress.committing
        if lost_before_its_commit or _was_taken_back(error.orig):
            raise Stale from error
        raise


def _was_taken_back(error: BaseException | None) -> bool:
    if error is None:
        return False
    if getattr(error, "sqlstate", None) in TAKEN_BACK_STATES:
        return True
    if isinstance(error, sqlite3.OperationalError):
        return error.sqlite_errorcode & PRIMARY_RESULT in TAKEN_BACK_RESULTS
    return bool(error.args) and error.args[0] in TAKEN_BACK_CODES
