"""Creating and changing the tables: numbered steps, each taken once, inside the caller's transaction."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, MetaData, Table, bindparam, insert, inspect, select, update
from sqlalchemy.schema import CreateColumn

from mydso_access.adapters.codec import read
from mydso_access.adapters.sqlalchemy.customers import associate_row, associates
from mydso_access.adapters.sqlalchemy.operations import event_columns
from mydso_access.adapters.sqlalchemy.rows import Columns
from mydso_access.adapters.sqlalchemy.running import begin
from mydso_access.adapters.sqlalchemy.tables import (
    DIGEST,
    TABLES,
    Description,
    Tables,
    associates_since_step_4,
    events_since_step_2,
    events_since_step_5,
    first_event_columns,
    record_columns,
    users_since_step_2,
)
from mydso_access.adapters.sqlalchemy.users import user_columns
from mydso_access.errors import InvalidValue, shown
from mydso_access.model.customer import Customer
from mydso_access.model.event import Event
from mydso_access.model.user import User
from mydso_access.policy.fixed import PAGE

A_CONNECTION = (
    "a Connection: with engine.begin() as connection: upgrade(connection); "
    "of an asynchronous engine: await connection.run_sync(upgrade)"
)


def upgrade(connection: Connection, /, to: int | None = None, *, tables: Tables = TABLES) -> None:
    """Bring the tables to what this version of the library needs; what is there already is left alone.

    It commits nothing: `with engine.begin() as connection: upgrade(connection)`, or `upgrade(op.get_bind(), to=3)` in a
    revision of Alembic, where the number keeps an old revision meaning what it meant. Run it once, at deployment, while
    nobody else writes: an earlier version of this library fills no column that it does not know.

    Args:
        connection: where; for an asynchronous engine `await connection.run_sync(upgrade)`.
        to: the last step to take; all of them by default.
        tables: what `attach_tables` returned.

    Raises:
        InvalidValue: it is no connection, or there is no such step.
        UnreadableRecord: a row that is there already holds no record; the step is not taken.
    """
    if not isinstance(connection, Connection):
        raise InvalidValue("connection", shown(type(connection)), A_CONNECTION)
    last = len(STEPS) if to is None else to
    if type(last) is not int or not 1 <= last <= len(STEPS):
        raise InvalidValue("to", shown(to), f"a step from 1 to {len(STEPS)}")
    begin(connection)
    tables.steps.create(connection, checkfirst=True)
    taken = set(connection.scalars(select(tables.steps.c.step)))
    for number, take in enumerate(STEPS[:last], start=1):
        if number not in taken:
            take(connection, tables)
            connection.execute(insert(tables.steps).values(step=number))


# MariaDB commits each table, column and index at once, so a step that was interrupted finds some of them.


def _users_counters_sign_ins_events(connection: Connection, tables: Tables) -> None:
    for table in (*_first_users_and_events(tables), tables.counters, tables.sign_ins):
        _create(connection, table)


def _people_and_structures(connection: Connection, tables: Tables) -> None:
    _add(connection, tables.users, users_since_step_2())
    _add(connection, tables.events, [*events_since_step_2(), *events_since_step_5()])  # its indexes are created below
    for table in (tables.memberships, tables.structures, tables.customers, tables.associates):
        _create(connection, table)
    for rows in _pages(connection, tables.users, tables.users.c.structure_key):
        # No user had a membership before this step, so there is none to store.
        _fill(connection, tables.users, [(row, user_columns(read(User, row.body))) for row in rows])
    for rows in _pages(connection, tables.events, tables.events.c.actor_key):
        found = [(row, event_columns(read(Event, row.body))) for row in rows]
        _fill(connection, tables.events, [(row, columns) for row, columns in found if columns["actor_key"]])
    for table in (tables.users, tables.events):
        _create(connection, table)
    for index in _first_users_and_events(tables)[0].indexes:
        index.drop(connection, checkfirst=True)


def _assertions(connection: Connection, tables: Tables) -> None:
    # Second factors and approved addresses stand in bodies; what was written without them is read as having none.
    _create(connection, tables.assertions)


def _links_and_whose_customer_it_is(connection: Connection, tables: Tables) -> None:
    _add(connection, tables.associates, associates_since_step_4())
    _collate_as_the_database(connection, tables.associates.c.customer_id)
    _create(connection, tables.links)
    for rows in _pages(connection, tables.customers):
        customers = [read(Customer, row.body) for row in rows]
        filled = [associate_row(each, associate) for each in customers for associate in associates(each)]
        _fill_associates(connection, tables.associates, filled)


def _kinds_of_events(connection: Connection, tables: Tables) -> None:
    _add(connection, tables.events, events_since_step_5())
    for rows in _pages(connection, tables.events, tables.events.c.kind):
        _fill(connection, tables.events, [(row, event_columns(read(Event, row.body))) for row in rows])
    _create(connection, tables.events)


STEPS: tuple[Callable[[Connection, Tables], None], ...] = (
    _users_counters_sign_ins_events,
    _people_and_structures,
    _assertions,
    _links_and_whose_customer_it_is,
    _kinds_of_events,
)


def _first_users_and_events(tables: Tables) -> tuple[Table, Table]:
    """Describe the tables of users and events as step 1 made them; later steps changed them."""
    table = Description(MetaData(), tables.users.schema).table
    users = table(
        tables.users.name,
        *record_columns(),
        Column("name_key", DIGEST),
        Column("seen_at", BigInteger),
        unique="name_key",
        index={"seen_at_key": "seen_at key"},
    )
    index = {"at_key": "at key", "subject_key_at_key": "subject_key at key"}
    return users, table(tables.events.name, *first_event_columns(), index=index)


def _create(connection: Connection, table: Table) -> None:
    """Create a table, or what it lacks of its indexes."""
    table.create(connection, checkfirst=True)
    for index in table.indexes:
        index.create(connection, checkfirst=True)


def _add(connection: Connection, table: Table, columns: Sequence[Column[object]]) -> None:
    """Add to a table what it lacks of these columns."""
    there = {column["name"] for column in inspect(connection).get_columns(table.name, schema=table.schema)}
    name = connection.dialect.identifier_preparer.format_table(table)
    for column in columns:
        if column.name not in there:
            added = CreateColumn(table.c[column.name]).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {name} ADD COLUMN {added}")


def _collate_as_the_database(connection: Connection, column: Column[Any]) -> None:
    """Give a column the collation that the host's tables have by default: MariaDB compares no two that differ."""
    if connection.dialect.name not in ("mysql", "mariadb"):
        return
    collation = str(connection.exec_driver_sql("SELECT @@collation_database").scalar())
    if not collation.startswith("utf8mb4_"):
        return  # it could not hold every id; what differs in the character set, too, is converted
    preparer = connection.dialect.identifier_preparer
    changed = f"{CreateColumn(column).compile(dialect=connection.dialect)} COLLATE {preparer.quote(collation)}"
    connection.exec_driver_sql(f"ALTER TABLE {preparer.format_table(column.table)} MODIFY COLUMN {changed}")


def _pages(connection: Connection, table: Table, empty: Column[Any] | None = None) -> Iterator[Sequence[Any]]:
    """Yield key and body of a table's rows, page by page; of those with nothing in a column, if one is named."""
    last, columns = "", table.c
    page = select(columns.key, columns.body).order_by(columns.key).limit(PAGE)
    if empty is not None:
        page = page.where(empty.is_(None))
    while rows := connection.execute(page.where(columns.key > last)).all():
        yield rows
        last = rows[-1].key


def _fill_associates(connection: Connection, table: Table, filled: Sequence[Columns]) -> None:
    if filled:
        columns, its_own = table.c, ("customer_key", "user_key")
        statement = update(table).where(*(columns[name] == bindparam(f"its_{name}") for name in its_own))
        rows = [{f"its_{name}" if name in its_own else name: value for name, value in row.items()} for row in filled]
        connection.execute(statement, rows)


def _fill(connection: Connection, table: Table, filled: Sequence[tuple[Any, Columns]]) -> None:
    if filled:
        statement = update(table).where(table.c.key == bindparam("its_key"))
        connection.execute(statement, [{"its_key": row.key, **columns} for row, columns in filled])
