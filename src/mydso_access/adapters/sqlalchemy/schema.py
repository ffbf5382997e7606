"""Creating and changing the tables: numbered steps, each taken once, inside the caller's transaction."""

from collections.abc import Callable

from sqlalchemy import Connection, insert, select

from mydso_access.adapters.sqlalchemy.running import begin
from mydso_access.adapters.sqlalchemy.tables import TABLES, Tables
from mydso_access.errors import InvalidValue, shown


def upgrade(connection: Connection, /, to: int | None = None, *, tables: Tables = TABLES) -> None:
    """Bring the tables to what this version of the library needs; what is there already is left alone.

    It commits nothing: `with engine.begin() as connection: upgrade(connection)`, or `upgrade(op.get_bind(), to=1)` in a
    revision of Alembic, where the number keeps an old revision meaning what it meant. Run it once, at deployment.

    Args:
        connection: where; for an asynchronous engine `await connection.run_sync(upgrade)`.
        to: the last step to take; all of them by default.
        tables: what `attach_tables` returned.

    Raises:
        InvalidValue: there is no such step.
    """
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


def _users_counters_sign_ins_events(connection: Connection, tables: Tables) -> None:
    # MariaDB commits each table and index at once, so an upgrade that was interrupted finds some of them.
    for table in (tables.users, tables.counters, tables.sign_ins, tables.events):
        table.create(connection, checkfirst=True)
        for index in table.indexes:
            index.create(connection, checkfirst=True)


STEPS: tuple[Callable[[Connection, Tables], None], ...] = (_users_counters_sign_ins_events,)
