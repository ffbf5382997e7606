"""What is asked of the database: each operation runs on one connection, in one transaction, and commits nothing."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Column, Connection, Insert, Select, Table, Update, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from mydso_access.adapters.codec import microseconds, read, written
from mydso_access.adapters.sqlalchemy.tables import Tables, row_key
from mydso_access.adapters.versions import next_version
from mydso_access.errors import OpenTransaction, Stale, Taken
from mydso_access.model.attempts import AttemptCounter, CounterKey
from mydso_access.model.event import Event, EventKind, escaped
from mydso_access.model.sign_in import SignIn
from mydso_access.model.user import User, seen_at
from mydso_access.policy.fixed import KEYS_AT_ONCE

Record = TypeVar("Record", User, AttemptCounter, SignIn)
Columns: TypeAlias = dict[str, Any]

# What a sign-in writes to a user stands, whatever becomes of the request it came with.
COMMITS_ALONE = {EventKind.SIGNED_IN}


# --- users


def get_user(connection: Connection, tables: Tables, user_id: str, /) -> User | None:
    """Return the user with this id."""
    return _found(connection, User, tables.users, row_key("user", user_id))


def user_named(connection: Connection, tables: Tables, name: str, /) -> User | None:
    """Return the user whose canonical login name is exactly this."""
    return _found(connection, User, tables.users, row_key("name", name), by="name_key")


def save_user(connection: Connection, tables: Tables, user: User, event: Event, /) -> int:
    """Store user and event together, and return the user's new version.

    Raises:
        Stale: the stored version is another one.
        Taken: another user has this name.
        OpenTransaction: it is a sign-in's, and the connection is in a transaction of the host's.
    """
    if event.kind in COMMITS_ALONE:
        _refuse_hosts_transaction(connection, "users.save")
    key = row_key("user", user.id)
    try:
        version = _saved(connection, tables.users, user, key, _user_columns(user))
    except IntegrityError as error:
        raise _taken_or_stale(connection, tables, error, {} if user.version else {key: 0}) from error
    _insert_event(connection, tables, event)
    return version


def add_users(connection: Connection, tables: Tables, users: Sequence[User], event: Event, /) -> None:
    """Store new users and the one event that tells of them: all of them, or nothing.

    Raises:
        Stale: one of them exists.
        Taken: one of their names is another user's, or given twice.
    """
    if any(user.version for user in users):
        raise Stale
    rows: list[Columns] = [
        {
            "key": row_key("user", user.id),
            "version": next_version(0),
            "body": written(user),
            **_user_columns(user),
        }
        for user in users
    ]
    try:
        if rows:
            connection.execute(_inserting(tables.users), rows)
    except IntegrityError as error:
        raise _taken_or_stale(connection, tables, error, {row["key"]: row["version"] for row in rows}) from error
    _insert_event(connection, tables, event)


def users_unseen_since(
    connection: Connection, tables: Tables, instant: datetime, /, after: User | None, limit: int
) -> tuple[User, ...]:
    """Return a page of the enabled users who were last seen before an instant, longest unseen first."""
    columns = tables.users.c
    page = select(columns.version, columns.body).where(columns.seen_at < microseconds(instant))
    seen = None if after is None else seen_at(after)
    if after is not None and seen is not None:
        page = _following(page, columns.seen_at, columns.key, microseconds(seen), row_key("user", after.id))
    rows = connection.execute(page.order_by(columns.seen_at, columns.key).limit(limit))
    return tuple(read(User, body, version) for version, body in rows)


def _user_columns(user: User) -> Columns:
    seen = seen_at(user)
    return {
        "name_key": None if user.name is None else row_key("name", user.name),
        "seen_at": None if seen is None else microseconds(seen),
    }


def _taken_or_stale(
    connection: Connection, tables: Tables, error: IntegrityError, new: dict[str, int]
) -> Taken | Stale:
    """Tell a name that is taken from a user that exists: every database names the constraint or the column.

    Where both are so, PostgreSQL and MariaDB name the key, which they see to first; SQLite names the name, and is asked.

    Args:
        connection: where it was tried.
        tables: the tables.
        error: what the database said.
        new: keys that were to be new, each with the version it was to get.
    """
    if "name_key" not in str(error.orig):
        return Stale()
    if connection.dialect.name == "sqlite":
        columns = tables.users.c
        for some in _portions(list(new)):
            found = connection.execute(select(columns.key, columns.version).where(columns.key.in_(some)))
            if any(new[key] != version for key, version in found):  # our own are there, too, up to the one that failed
                return Stale()
    return Taken("name")


# --- attempt counters


def get_counter(connection: Connection, tables: Tables, key: CounterKey, /) -> AttemptCounter | None:
    """Return the counter of this key."""
    _refuse_hosts_transaction(connection, "counters.get")
    return _found(connection, AttemptCounter, tables.counters, _counter_key(key))


def save_counter(connection: Connection, tables: Tables, counter: AttemptCounter, /) -> int:
    """Store the counter and return its new version.

    Raises:
        Stale: the stored version is another one.
        OpenTransaction: the connection is in a transaction of the host's.
    """
    _refuse_hosts_transaction(connection, "counters.save")
    idle_from = None if counter.idle_from is None else microseconds(counter.idle_from)
    try:
        return _saved(connection, tables.counters, counter, _counter_key(counter.key), {"idle_from": idle_from})
    except IntegrityError as error:
        raise Stale from error


def purge_counters(connection: Connection, tables: Tables, instant: datetime, /, limit: int) -> int:
    """Forget counters whose `idle_from` lies before an instant, at most so many; return how many were forgotten."""
    _refuse_hosts_transaction(connection, "counters.purge")
    return _purged(connection, tables.counters, tables.counters.c.idle_from, instant, limit)


def _counter_key(key: CounterKey) -> str:
    return row_key(key.kind.value, key.digest)


# --- half-finished sign-ins


def get_sign_in(connection: Connection, tables: Tables, sign_in_id: str, /) -> SignIn | None:
    """Return the sign-in with this id."""
    _refuse_hosts_transaction(connection, "sign_ins.get")
    return _found(connection, SignIn, tables.sign_ins, row_key("sign_in", sign_in_id))


def save_sign_in(connection: Connection, tables: Tables, sign_in: SignIn, /) -> int:
    """Store the sign-in and return its new version.

    Raises:
        Stale: the stored version is another one.
        OpenTransaction: the connection is in a transaction of the host's.
    """
    _refuse_hosts_transaction(connection, "sign_ins.save")
    columns = {"expires_at": microseconds(sign_in.expires_at)}
    try:
        return _saved(connection, tables.sign_ins, sign_in, row_key("sign_in", sign_in.id), columns)
    except IntegrityError as error:
        raise Stale from error


def purge_sign_ins(connection: Connection, tables: Tables, instant: datetime, /, limit: int) -> int:
    """Forget sign-ins whose `expires_at` lies before an instant, at most so many; return how many were forgotten."""
    _refuse_hosts_transaction(connection, "sign_ins.purge")
    return _purged(connection, tables.sign_ins, tables.sign_ins.c.expires_at, instant, limit)


# --- the audit trail


def append_event(connection: Connection, tables: Tables, event: Event, /) -> None:
    """Store an event that no record is saved with.

    Raises:
        OpenTransaction: the connection is in a transaction of the host's.
    """
    _refuse_hosts_transaction(connection, "events.append")
    _insert_event(connection, tables, event)


def _insert_event(connection: Connection, tables: Tables, event: Event) -> None:
    row = {
        "key": row_key("event", event.id),
        "at": microseconds(event.at),
        "subject_key": None if event.subject is None else row_key("user", event.subject),
        "body": written(event),
    }
    connection.execute(_inserting(tables.events), row)


def events_page(
    connection: Connection,
    tables: Tables,
    since: datetime,
    /,
    after: Event | None,
    limit: int,
    subject: str | None = None,
) -> tuple[Event, ...]:
    """Return a page of the trail, earliest first."""
    columns = tables.events.c
    page = select(columns.body).where(columns.at >= microseconds(since))
    if subject is not None:
        page = page.where(columns.subject_key == row_key("user", escaped(subject) or ""))
    if after is not None:
        page = _following(page, columns.at, columns.key, microseconds(after.at), row_key("event", after.id))
    bodies = connection.scalars(page.order_by(columns.at, columns.key).limit(limit))
    return tuple(read(Event, body) for body in bodies)


# --- what they share


def _refuse_hosts_transaction(connection: Connection, call: str) -> None:
    if connection.in_nested_transaction():  # what joins a transaction of the host's has a savepoint in it
        raise OpenTransaction(call)


# Built once for each table: building a statement takes longer than running it.


@cache
def _finding(table: Table, by: str) -> Select[Any]:
    return select(table.c.version, table.c.body).where(table.c[by] == bindparam("its_key"))


@cache
def _inserting(table: Table) -> Insert:
    return insert(table)


@cache
def _updating(table: Table) -> Update:
    unchanged = (table.c.key == bindparam("its_key")) & (table.c.version == bindparam("its_version"))
    return update(table).where(unchanged)


def _found(connection: Connection, kind: type[Record], table: Table, key: str, by: str = "key") -> Record | None:
    found = connection.execute(_finding(table, by), {"its_key": key}).first()
    return None if found is None else read(kind, found.body, found.version)


def _saved(
    connection: Connection, table: Table, record: User | AttemptCounter | SignIn, key: str, columns: Columns
) -> int:
    """Compare and set, in one statement; what is unique raises IntegrityError."""
    version = next_version(record.version)
    row = {"version": version, "body": written(record), **columns}
    if record.version == 0:
        connection.execute(_inserting(table), {"key": key, **row})
        return version
    done = connection.execute(_updating(table), {"its_key": key, "its_version": record.version, **row})
    if done.rowcount != 1:
        raise Stale
    return version


def _following(page: Select[Any], column: Column[Any], key: Column[Any], value: int, last_key: str) -> Select[Any]:
    """Continue a page, ordered by column and key, after its last row."""
    return page.where(column >= value).where((column > value) | (key > last_key))


def _purged(connection: Connection, table: Table, column: Column[Any], instant: datetime, limit: int) -> int:
    over = column < microseconds(instant)
    keys = connection.scalars(select(table.c.key).where(over).order_by(column).limit(limit)).all()
    purged = 0
    for some in _portions(keys):
        # What was saved since it was read has moved on, and stays.
        purged += connection.execute(delete(table).where(table.c.key.in_(some), over)).rowcount
    return purged


def _portions(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    return (keys[start : start + KEYS_AT_ONCE] for start in range(0, len(keys), KEYS_AT_ONCE))
