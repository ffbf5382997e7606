"""What operations share: compare and set in one statement, pages by index, purges in small portions."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import (
    Column,
    Connection,
    Delete,
    Insert,
    Select,
    Table,
    Update,
    bindparam,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from mydso_access.adapters.codec import microseconds, read, written
from mydso_access.adapters.versions import next_version
from mydso_access.errors import OpenTransaction, Stale, Taken
from mydso_access.model.attempts import AttemptCounter
from mydso_access.model.customer import Customer
from mydso_access.model.link import Link
from mydso_access.model.sign_in import SignIn
from mydso_access.model.structure import Entity, Platform
from mydso_access.model.user import User
from mydso_access.policy.fixed import KEYS_AT_ONCE

Versioned: TypeAlias = User | Entity | Platform | Customer | Link | AttemptCounter | SignIn
Record = TypeVar("Record", User, Entity, Platform, Customer, Link, AttemptCounter, SignIn)
Columns: TypeAlias = dict[str, Any]


def refuse_hosts_transaction(connection: Connection, call: str) -> None:
    """Refuse to write what must stand, whatever becomes of a transaction of the host's.

    Raises:
        OpenTransaction: the connection is in one.
    """
    if connection.in_nested_transaction():  # what joins a transaction of the host's has a savepoint in it
        raise OpenTransaction(call)


def found(connection: Connection, kind: type[Record], table: Table, key: str, by: str = "key") -> Record | None:
    """Return the record under a key, or under another column's unique value."""
    row = connection.execute(_finding(table, by), {"its_key": key}).first()
    return None if row is None else read(kind, row.body, row.version)


def locked(connection: Connection, kind: type[Record], table: Table, key: str, version: int) -> Record:
    """Return the record under a key as it is stored now, and let nobody else change it before this transaction ends.

    Raises:
        Stale: the stored version is another one.
    """
    body = connection.scalars(_locking(table), {"its_key": key, "its_version": version}).first()
    if body is None:
        raise Stale
    return read(kind, body, version)


def locked_all(
    connection: Connection, kind: type[Record], table: Table, versions: Mapping[str, int]
) -> dict[str, Record]:
    """Return several records as they are stored now, and let nobody else change them before this transaction ends.

    Args:
        connection: where.
        kind: the records' class.
        table: the records'.
        versions: their keys, each with the version that it must have; 0: it must not exist, and is not looked for.

    Raises:
        Stale: the stored version of one of them is another one.
    """
    stored, found = sorted(key for key, version in versions.items() if version), {}
    for some in portions(stored):
        page = select(table.c.key, table.c.version, table.c.body).where(table.c.key.in_(some))
        # In one order, so that two who want the same rows do not wait for each other.
        for row in connection.execute(page.order_by(table.c.key).with_for_update()):
            if row.version == versions[row.key]:
                found[row.key] = read(kind, row.body, row.version)
    if len(found) < len(stored):
        raise Stale
    return found


def saved_all(connection: Connection, table: Table, rows: Sequence[tuple[Versioned, str, Columns]]) -> None:
    """Store several records, each with its key and columns; what exists already was locked before."""
    new = [new_row(record, key, columns) for record, key, columns in rows if not record.version]
    changed = [
        {
            "its_key": key,
            "its_version": record.version,
            "version": next_version(record.version),
            "body": written(record),
        }
        | columns
        for record, key, columns in rows
        if record.version
    ]
    if new:
        connection.execute(inserting(table), new)
    if changed:
        connection.execute(_updating(table, None), changed)


def saved(connection: Connection, table: Table, record: Versioned, key: str, columns: Columns) -> int:
    """Compare and set, in one statement, and return the new version; what is unique raises IntegrityError.

    Raises:
        Stale: the stored version is another one.
    """
    if record.version:
        version = updated(connection, table, record, key, columns)
        if version is None:
            raise Stale
        return version
    row = new_row(record, key, columns)
    connection.execute(inserting(table), row)
    return int(row["version"])


def updated(  # noqa: PLR0913, PLR0917  # one more than `saved`
    connection: Connection, table: Table, record: Versioned, key: str, columns: Columns, as_before: str | None = None
) -> int | None:
    """Compare and set what is stored already, and return the new version, or `None` if something else is stored.

    Args:
        connection: where.
        table: the record's.
        record: what it becomes.
        key: its key.
        columns: what its row holds beside key, version and body.
        as_before: a column that must hold the same value already.
    """
    version = next_version(record.version)
    row = {"its_key": key, "its_version": record.version, "version": version, "body": written(record), **columns}
    if as_before is not None:
        row["as_before"] = columns[as_before]
    done = connection.execute(_updating(table, as_before), row)
    return version if done.rowcount == 1 else None


def removed(connection: Connection, table: Table, key: str, version: int) -> None:
    """Compare and delete.

    Raises:
        Stale: the stored version is another one.
    """
    done = connection.execute(_deleting(table), {"its_key": key, "its_version": version})
    if done.rowcount != 1:
        raise Stale


def new_row(record: Versioned, key: str, columns: Columns) -> Columns:
    """Return the row of a record that is new."""
    return {"key": key, "version": next_version(0), "body": written(record), **columns}


def taken_or_stale(
    connection: Connection, table: Table, error: IntegrityError, new: Mapping[str, int], unique: Mapping[str, str]
) -> Taken | Stale:
    """Tell a unique value that is taken from a record that exists: every database names the constraint or the column.

    Where both are so, PostgreSQL and MariaDB name the key, which they see to first; SQLite names the value, and is asked.

    Args:
        connection: where it was tried.
        table: the table.
        error: what the database said.
        new: keys that were to be new, each with the version it was to get.
        unique: columns whose values are unique, each with the field of `Taken`.
    """
    field = next((field for column, field in unique.items() if column in str(error.orig)), None)
    if field is None:
        return Stale()
    if connection.dialect.name == "sqlite":
        for some in portions(list(new)):
            rows = connection.execute(select(table.c.key, table.c.version).where(table.c.key.in_(some)))
            if any(new[key] != version for key, version in rows):  # our own are there, too, up to the one that failed
                return Stale()
    return Taken(field)


def following(page: Select[Any], column: Column[Any], key: Column[Any], value: Any, last_key: Any) -> Select[Any]:
    """Continue a page, ordered by column and key, after its last row."""
    return page.where(column >= value).where((column > value) | (key > last_key))


def preceding(page: Select[Any], column: Column[Any], key: Column[Any], value: Any, last_key: Any) -> Select[Any]:
    """Continue a page, ordered by column and key from their ends, after its last row."""
    return page.where(column <= value).where((column < value) | (key < last_key))


def purged(connection: Connection, table: Table, column: Column[Any], instant: datetime, limit: int) -> int:
    """Delete rows whose instant in this column lies before another, at most so many; return how many were deleted."""
    over = column < microseconds(instant)
    keys = connection.scalars(select(table.c.key).where(over).order_by(column).limit(limit)).all()
    count = 0
    for some in portions(keys):
        # What was saved since it was read has moved on, and stays.
        count += connection.execute(delete(table).where(table.c.key.in_(some), over)).rowcount
    return count


def portions(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield keys in portions that one statement may name."""
    return (keys[start : start + KEYS_AT_ONCE] for start in range(0, len(keys), KEYS_AT_ONCE))


# Built once for each table: building a statement takes longer than running it.


@cache
def inserting(table: Table) -> Insert:
    """Return the statement that inserts rows."""
    return insert(table)


@cache
def _finding(table: Table, by: str) -> Select[Any]:
    return select(table.c.version, table.c.body).where(table.c[by] == bindparam("its_key"))


@cache
def _locking(table: Table) -> Select[Any]:
    return select(table.c.body).where(_unchanged(table)).with_for_update()


@cache
def _updating(table: Table, as_before: str | None) -> Update:
    statement = update(table).where(_unchanged(table))
    return statement if as_before is None else statement.where(table.c[as_before] == bindparam("as_before"))


@cache
def _deleting(table: Table) -> Delete:
    return delete(table).where(_unchanged(table))


def _unchanged(table: Table) -> Any:
    return (table.c.key == bindparam("its_key")) & (table.c.version == bindparam("its_version"))
