"""The repositories over a database, for the asynchronous door: the same operations, awaited (extra `asyncio`)."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar, final

from attrs import frozen
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mydso_access.adapters.sqlalchemy import customers, links, operations, structures, users
from mydso_access.adapters.sqlalchemy.running import (
    Operation,
    check_bind,
    committed,
    conflicts_are_stale,
    joined,
    may_be_asked_again,
    outside,
    suppress_deadlock,
)
from mydso_access.adapters.sqlalchemy.tables import TABLES, Tables
from mydso_access.policy.fixed import DEADLOCKS_BORNE

T = TypeVar("T")
P = ParamSpec("P")
Asked: TypeAlias = Callable[Concatenate[Connection, Tables, P], T]


@frozen(eq=False, repr=False)
class AsyncRunner:
    """What `Runner` is, for an asynchronous engine or connection; the operations are the same."""

    bind: AsyncEngine | AsyncConnection

    async def read(self, operation: Operation[T]) -> T:
        """Run an operation that changes nothing; once more if its connection was lost or somebody was in its way."""
        if isinstance(self.bind, AsyncConnection) and self.bind.in_transaction():
            return await self.bind.run_sync(joined, operation)
        try:
            async with self._connected() as connection:
                return await connection.run_sync(outside, operation)
        except DBAPIError as error:
            if not may_be_asked_again(error):
                raise
        async with self._connected() as connection:
            return await connection.run_sync(outside, operation)

    async def write(self, operation: Operation[T]) -> T:
        """Run an operation and commit it, unless the transaction is the host's to commit."""
        if isinstance(self.bind, AsyncConnection) and self.bind.in_transaction():
            with conflicts_are_stale(joined=True):
                return await self.bind.run_sync(joined, operation)
        with conflicts_are_stale() as progress:
            for _ in range(DEADLOCKS_BORNE):
                with suppress_deadlock():
                    async with self._connected() as connection:
                        return await connection.run_sync(committed, operation, progress)
            async with self._connected() as connection:
                return await connection.run_sync(committed, operation, progress)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        if isinstance(self.bind, AsyncEngine):
            async with self.bind.connect() as connection:
                yield connection
            return
        try:
            yield self.bind
        finally:
            await self.bind.rollback()


def _async_reads(
    operation: "Asked[P, T]",
) -> "Callable[[Any], Callable[Concatenate[_AsyncRepository, P], Coroutine[Any, Any, T]]]":
    @wraps(operation)
    async def call(self: "_AsyncRepository", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._runner.read(lambda connection: operation(connection, self._tables, *args, **kwargs))

    return lambda _: call


def _async_writes(
    operation: "Asked[P, T]",
) -> "Callable[[Any], Callable[Concatenate[_AsyncRepository, P], Coroutine[Any, Any, T]]]":
    @wraps(operation)
    async def call(self: "_AsyncRepository", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._runner.write(lambda connection: operation(connection, self._tables, *args, **kwargs))

    return lambda _: call


class _AsyncRepository:
    def __init__(self, runner: AsyncRunner, tables: Tables) -> None:
        self._runner = runner
        self._tables = tables


@final
class AsyncSqlUsers(_AsyncRepository):
    """Users in a table, saved together with their events."""

    @_async_reads(users.get_user)
    def get(self) -> None: ...

    @_async_reads(users.user_named)
    def named(self) -> None: ...

    @_async_reads(users.user_known_as)
    def known_as(self) -> None: ...

    @_async_writes(users.save_user)
    def save(self) -> None: ...

    @_async_writes(users.add_users)
    def add_all(self) -> None: ...

    @_async_writes(users.remove_user)
    def remove(self) -> None: ...

    @_async_reads(users.users_of)
    def of(self) -> None: ...

    @_async_reads(users.users_unseen_since)
    def unseen_since(self) -> None: ...

    @_async_reads(users.users_invited_before)
    def invited_before(self) -> None: ...

    @_async_reads(users.user_count)
    def count(self) -> None: ...


@final
class AsyncSqlStructures(_AsyncRepository):
    """Entities and the platform in a table, saved together with their events."""

    @_async_reads(structures.get_structure)
    def get(self) -> None: ...

    @_async_reads(structures.get_platform)
    def platform(self) -> None: ...

    @_async_writes(structures.save_structure)
    def save(self) -> None: ...

    @_async_reads(structures.entities_page)
    def entities(self) -> None: ...


@final
class AsyncSqlCustomers(_AsyncRepository):
    """Associations of customers in a table, saved together with their events."""

    @_async_reads(customers.get_customer)
    def get(self) -> None: ...

    @_async_writes(customers.save_customer)
    def save(self) -> None: ...

    @_async_reads(customers.named_customers)
    def named(self) -> None: ...

    @_async_writes(customers.save_customers)
    def save_all(self) -> None: ...

    @_async_reads(customers.customers_of)
    def of(self) -> None: ...


@final
class AsyncSqlLinks(_AsyncRepository):
    """Links to customers' pages and documents in a table, saved together with their events."""

    @_async_reads(links.get_link)
    def get(self) -> None: ...

    @_async_writes(links.save_link)
    def save(self) -> None: ...

    @_async_writes(links.add_links)
    def add_all(self) -> None: ...

    @_async_reads(links.links_of)
    def of(self) -> None: ...

    @_async_writes(links.forget_links)
    def forget(self) -> None: ...

    @_async_writes(links.purge_links)
    def purge(self) -> None: ...


@final
class AsyncSqlCounters(_AsyncRepository):
    """Attempt counters in a table. Each save commits on its own."""

    @_async_reads(operations.get_counter)
    def get(self) -> None: ...

    @_async_writes(operations.save_counter)
    def save(self) -> None: ...

    @_async_writes(operations.purge_counters)
    def purge(self) -> None: ...


@final
class AsyncSqlSignIns(_AsyncRepository):
    """Half-finished sign-ins in a table. Each save commits on its own."""

    @_async_reads(operations.get_sign_in)
    def get(self) -> None: ...

    @_async_writes(operations.save_sign_in)
    def save(self) -> None: ...

    @_async_writes(operations.purge_sign_ins)
    def purge(self) -> None: ...


@final
class AsyncSqlAssertions(_AsyncRepository):
    """Which assertions of single sign-on were taken, in a table. Each is committed on its own."""

    @_async_writes(operations.add_assertion)
    def add(self) -> None: ...

    @_async_writes(operations.purge_assertions)
    def purge(self) -> None: ...


@final
class AsyncSqlEvents(_AsyncRepository):
    """The audit trail in a table."""

    @_async_writes(operations.append_event)
    def append(self) -> None: ...

    @_async_reads(operations.events_page)
    def page(self) -> None: ...

    @_async_writes(operations.purge_events)
    def purge(self) -> None: ...

    @_async_writes(operations.pseudonymise)
    def pseudonymise(self) -> None: ...


@final
class AsyncSqlRepositories:
    """One installation in a database, for `AsyncAccessControl`; otherwise like `SqlRepositories`.

    Args:
        bind: an asynchronous engine or connection.
        tables: what `attach_tables` returned, if the tables are not named as usual.

    Raises:
        InvalidValue: `bind` is none, the engine's pool hands one connection to several borrowers, or it commits every
            statement.
    """

    def __init__(self, bind: AsyncEngine | AsyncConnection, *, tables: Tables = TABLES) -> None:
        check_bind(bind, AsyncEngine, AsyncConnection)
        runner = AsyncRunner(bind)
        self.users: AsyncSqlUsers = AsyncSqlUsers(runner, tables)
        self.structures: AsyncSqlStructures = AsyncSqlStructures(runner, tables)
        self.customers: AsyncSqlCustomers = AsyncSqlCustomers(runner, tables)
        self.links: AsyncSqlLinks = AsyncSqlLinks(runner, tables)
        self.counters: AsyncSqlCounters = AsyncSqlCounters(runner, tables)
        self.sign_ins: AsyncSqlSignIns = AsyncSqlSignIns(runner, tables)
        self.assertions: AsyncSqlAssertions = AsyncSqlAssertions(runner, tables)
        self.events: AsyncSqlEvents = AsyncSqlEvents(runner, tables)
