"""The repositories over a database, for the synchronous door; the asynchronous ones share their operations."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar, final

from sqlalchemy import Connection, Engine

from mydso_access.adapters.sqlalchemy import customers, links, operations, structures, users
from mydso_access.adapters.sqlalchemy.running import Runner, check_bind
from mydso_access.adapters.sqlalchemy.tables import TABLES, Tables

T = TypeVar("T")
P = ParamSpec("P")
Operation: TypeAlias = Callable[Concatenate[Connection, Tables, P], T]

# A method is its operation: signature, docstring and all. What the decorated method says itself is only its name.


def _reads(operation: "Operation[P, T]") -> "Callable[[Any], Callable[Concatenate[_Repository, P], T]]":
    @wraps(operation)
    def call(self: "_Repository", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._runner.read(lambda connection: operation(connection, self._tables, *args, **kwargs))

    return lambda _: call


def _writes(operation: "Operation[P, T]") -> "Callable[[Any], Callable[Concatenate[_Repository, P], T]]":
    @wraps(operation)
    def call(self: "_Repository", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._runner.write(lambda connection: operation(connection, self._tables, *args, **kwargs))

    return lambda _: call


class _Repository:
    def __init__(self, runner: Runner, tables: Tables) -> None:
        self._runner = runner
        self._tables = tables


@final
class SqlUsers(_Repository):
    """Users in a table, saved together with their events."""

    @_reads(users.get_user)
    def get(self) -> None: ...

    @_reads(users.user_named)
    def named(self) -> None: ...

    @_reads(users.user_known_as)
    def known_as(self) -> None: ...

    @_writes(users.save_user)
    def save(self) -> None: ...

    @_writes(users.add_users)
    def add_all(self) -> None: ...

    @_writes(users.remove_user)
    def remove(self) -> None: ...

    @_reads(users.users_of)
    def of(self) -> None: ...

    @_reads(users.users_unseen_since)
    def unseen_since(self) -> None: ...

    @_reads(users.users_invited_before)
    def invited_before(self) -> None: ...

    @_reads(users.user_count)
    def count(self) -> None: ...


@final
class SqlStructures(_Repository):
    """Entities and the platform in a table, saved together with their events."""

    @_reads(structures.get_structure)
    def get(self) -> None: ...

    @_reads(structures.get_platform)
    def platform(self) -> None: ...

    @_writes(structures.save_structure)
    def save(self) -> None: ...

    @_reads(structures.entities_page)
    def entities(self) -> None: ...


@final
class SqlCustomers(_Repository):
    """Associations of customers in a table, saved together with their events."""

    @_reads(customers.get_customer)
    def get(self) -> None: ...

    @_reads(customers.named_customers)
    def named(self) -> None: ...

    @_writes(customers.save_customer)
    def save(self) -> None: ...

    @_writes(customers.save_customers)
    def save_all(self) -> None: ...

    @_reads(customers.customers_of)
    def of(self) -> None: ...


@final
class SqlLinks(_Repository):
    """Links to customers' pages and documents in a table, saved together with their events."""

    @_reads(links.get_link)
    def get(self) -> None: ...

    @_writes(links.save_link)
    def save(self) -> None: ...

    @_writes(links.add_links)
    def add_all(self) -> None: ...

    @_reads(links.links_of)
    def of(self) -> None: ...

    @_writes(links.forget_links)
    def forget(self) -> None: ...

    @_writes(links.purge_links)
    def purge(self) -> None: ...


@final
class SqlCounters(_Repository):
    """Attempt counters in a table. Each save commits on its own."""

    @_reads(operations.get_counter)
    def get(self) -> None: ...

    @_writes(operations.save_counter)
    def save(self) -> None: ...

    @_writes(operations.purge_counters)
    def purge(self) -> None: ...


@final
class SqlSignIns(_Repository):
    """Half-finished sign-ins in a table. Each save commits on its own."""

    @_reads(operations.get_sign_in)
    def get(self) -> None: ...

    @_writes(operations.save_sign_in)
    def save(self) -> None: ...

    @_writes(operations.purge_sign_ins)
    def purge(self) -> None: ...


@final
class SqlAssertions(_Repository):
    """Which assertions of single sign-on were taken, in a table. Each is committed on its own."""

    @_writes(operations.add_assertion)
    def add(self) -> None: ...

    @_writes(operations.purge_assertions)
    def purge(self) -> None: ...


@final
class SqlEvents(_Repository):
    """The audit trail in a table."""

    @_writes(operations.append_event)
    def append(self) -> None: ...

    @_reads(operations.events_page)
    def page(self) -> None: ...

    @_writes(operations.purge_events)
    def purge(self) -> None: ...

    @_writes(operations.pseudonymise)
    def pseudonymise(self) -> None: ...


@final
class SqlRepositories:
    """One installation in a database, for `AccessControl`. `upgrade` creates the tables; nothing here does.

    Args:
        bind: an engine, where every call has a transaction of its own. Or a connection: if it is in a transaction, users,
            structures and customers are saved as part of it, and everything that a sign-in writes is refused.
        tables: what `attach_tables` returned, if the tables are not named as usual.

    Raises:
        InvalidValue: `bind` is none, the engine's pool hands one connection to several borrowers, or it commits every
            statement.
    """

    def __init__(self, bind: Engine | Connection, *, tables: Tables = TABLES) -> None:
        check_bind(bind, Engine, Connection)
        runner = Runner(bind)
        self.users: SqlUsers = SqlUsers(runner, tables)
        self.structures: SqlStructures = SqlStructures(runner, tables)
        self.customers: SqlCustomers = SqlCustomers(runner, tables)
        self.links: SqlLinks = SqlLinks(runner, tables)
        self.counters: SqlCounters = SqlCounters(runner, tables)
        self.sign_ins: SqlSignIns = SqlSignIns(runner, tables)
        self.assertions: SqlAssertions = SqlAssertions(runner, tables)
        self.events: SqlEvents = SqlEvents(runner, tables)
