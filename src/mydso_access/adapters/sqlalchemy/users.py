"""What is asked of the database about users: a membership is a row of its own, written with its user."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Column, Connection, Select, bindparam, delete, func, select, union_all
from sqlalchemy.exc import IntegrityError

from mydso_access.adapters.codec import microseconds, read
from mydso_access.adapters.sqlalchemy.operations import insert_event
from mydso_access.adapters.sqlalchemy.rows import (
    Columns,
    following,
    found,
    inserting,
    locked,
    new_row,
    refuse_hosts_transaction,
    removed,
    saved,
    taken_or_stale,
    updated,
)
from mydso_access.adapters.sqlalchemy.tables import Tables, row_key, structure_key
from mydso_access.errors import Stale
from mydso_access.model.event import Event, EventKind
from mydso_access.model.structure import Structure, StructureKind
from mydso_access.model.user import Category, Invited, SsoIdentity, User, listed_by, seen_at

# What a sign-in writes to a user stands, whatever becomes of the request it came with.
COMMITS_ALONE = {
    EventKind.SIGNED_IN,
    EventKind.ENTERED,
    EventKind.ACCESSED,
    EventKind.STEPPED_UP,
    EventKind.STEP_PROVEN,
    EventKind.ADDRESS_CODE_SENT,
    EventKind.SECOND_FACTOR_ENROLLED,
    EventKind.PASSWORD_REHASHED,
}
UNIQUE = {"name_key": "name", "sso_key": "sso"}


def get_user(connection: Connection, tables: Tables, user_id: str, /) -> User | None:
    """Return the user with this id."""
    return found(connection, User, tables.users, _user_key(user_id))


def user_named(connection: Connection, tables: Tables, name: str, /) -> User | None:
    """Return the user whose canonical login name is exactly this."""
    return found(connection, User, tables.users, row_key("name", name), by="name_key")


def user_known_as(connection: Connection, tables: Tables, identity: SsoIdentity, /) -> User | None:
    """Return the user whose identity of single sign-on is exactly this."""
    return found(connection, User, tables.users, _sso_key(identity), by="sso_key")


def user_count(connection: Connection, tables: Tables, /) -> int:
    """Return how many users there are, contacts included."""
    return int(connection.scalar(select(func.count()).select_from(tables.users)) or 0)


# --- saving


def save_user(connection: Connection, tables: Tables, user: User, event: Event, /) -> int:
    """Store user and event together, and return the user's new version.

    Raises:
        Stale: the stored version is another one.
        Taken: another user has this name, or this identity of single sign-on.
        OpenTransaction: it is a sign-in's, and the connection is in a transaction of the host's.
    """
    if event.kind in COMMITS_ALONE:
        refuse_hosts_transaction(connection, "users.save")
    key = _user_key(user.id)
    try:
        version = _saved(connection, tables, user, key)
    except IntegrityError as error:
        new = {} if user.version else {key: 0}
        raise taken_or_stale(connection, tables.users, error, new, UNIQUE) from error
    insert_event(connection, tables, event)
    return version


def add_users(connection: Connection, tables: Tables, users: Sequence[User], event: Event, /) -> None:
    """Store new users and the one event that tells of them: all of them, or nothing.

    Raises:
        Stale: one of them exists.
        Taken: one of their names or identities is another user's, or given twice.
    """
    if any(user.version for user in users):
        raise Stale
    rows = [new_row(user, _user_key(user.id), user_columns(user)) for user in users]
    try:
        if rows:
            connection.execute(inserting(tables.users), rows)
    except IntegrityError as error:
        new = {row["key"]: row["version"] for row in rows}
        raise taken_or_stale(connection, tables.users, error, new, UNIQUE) from error
    _authorise(connection, tables, [row for user in users for row in _memberships(user)])
    insert_event(connection, tables, event)


def remove_user(connection: Connection, tables: Tables, user: User, event: Event, /) -> None:
    """Forget a user and store the event that tells of it, together.

    Raises:
        Stale: the stored version is another one.
    """
    key = _user_key(user.id)
    removed(connection, tables.users, key, user.version)
    connection.execute(delete(tables.memberships).where(tables.memberships.c.user_key == key))
    insert_event(connection, tables, event)


def _saved(connection: Connection, tables: Tables, user: User, key: str) -> int:
    """Compare and set, and see to the memberships.

    Nearly every save is of a user of one entity whose structure is what it was: then the category is, too, and there
    are no memberships to look after (S3).
    """
    columns = user_columns(user)
    if user.version == 0:
        version = saved(connection, tables.users, user, key, columns)
        _authorise(connection, tables, _memberships(user))
        return version
    if user.category is not Category.MULTI_ENTITY:
        done = updated(connection, tables.users, user, key, columns, as_before="structure_key")
        if done is not None:
            return done
    before = _memberships(locked(connection, User, tables.users, key, user.version))
    version, now = saved(connection, tables.users, user, key, columns), _memberships(user)
    _withdraw(connection, tables, [row for row in before if row not in now])
    _authorise(connection, tables, [row for row in now if row not in before])
    return version


def _memberships(user: User) -> list[Columns]:
    row = {"user_key": _user_key(user.id), "listed_by": listed_by(user)}
    return [{**row, "entity_key": structure_key(Structure.entity(each))} for each in sorted(user.memberships)]


def _authorise(connection: Connection, tables: Tables, rows: list[Columns]) -> None:
    if rows:
        connection.execute(inserting(tables.memberships), rows)


def _withdraw(connection: Connection, tables: Tables, rows: list[Columns]) -> None:
    # One by one, by their whole key: a range would lock what lies beside it, too.
    columns = tables.memberships.c
    its_own = (columns.user_key == bindparam("its_user")) & (columns.entity_key == bindparam("its_entity"))
    if rows:
        keys = [{"its_user": row["user_key"], "its_entity": row["entity_key"]} for row in rows]
        connection.execute(delete(tables.memberships).where(its_own), keys)


def user_columns(user: User) -> Columns:
    """Return what a user is found by."""
    seen, invited = seen_at(user), _invited_at(user)
    return {
        "name_key": None if user.name is None else row_key("name", user.name),
        "sso_key": None if user.sso is None else _sso_key(user.sso),
        "structure_key": structure_key(user.structure),
        "listed_by": listed_by(user),
        "seen_at": None if seen is None else microseconds(seen),
        "invited_at": None if invited is None else microseconds(invited),
    }


def _user_key(user_id: str) -> str:
    return row_key("user", user_id)


def _sso_key(identity: SsoIdentity) -> str:
    # The issuer's digest has one length, so no two identities run into each other.
    return row_key("sso", row_key("issuer", identity.issuer) + identity.subject)


# --- searching


def users_of(
    connection: Connection, tables: Tables, structure: Structure, /, after: User | None, limit: int
) -> tuple[User, ...]:
    """Return a page of the users of a structure: who belongs to it, and who is authorised in it (D16)."""
    asked: Columns = {"its_structure": structure_key(structure), "its_limit": limit}
    if after is not None:
        asked |= {"last_listed": listed_by(after), "last_key": _user_key(after.id)}
    statement = _listing(tables, structure.kind, after is None)
    rows = connection.execute(statement, asked).all()
    return _read(sorted(rows, key=lambda row: (row.listed_by, row.key)))  # here, since there it would move the bodies


@cache
def _listing(tables: Tables, kind: StructureKind, is_first: bool) -> Select[Any]:  # noqa: FBT001  # its key in the cache
    """Return the statement for a page: the keys of both halves from an index each, the first of both, and their rows."""
    users, memberships = tables.users.c, tables.memberships.c
    halves = [_keys(users.structure_key, users.listed_by, users.key, is_first)]
    if kind is StructureKind.ENTITY:
        halves.append(_keys(memberships.entity_key, memberships.listed_by, memberships.user_key, is_first))
    both = union_all(*(select(half.subquery()) for half in halves)).subquery()
    page = select(both).order_by(both.c.listed_by, both.c.key).limit(bindparam("its_limit")).subquery()
    return select(page.c.listed_by, page.c.key, users.version, users.body).join(page, page.c.key == users.key)


def _keys(structure: Column[Any], listed: Column[Any], key: Column[Any], is_first: bool) -> Select[Any]:  # noqa: FBT001
    page = select(listed, key.label("key")).where(structure == bindparam("its_structure"))
    if not is_first:
        page = following(page, listed, key, bindparam("last_listed"), bindparam("last_key"))
    return page.order_by(listed, key).limit(bindparam("its_limit"))


def users_unseen_since(  # noqa: PLR0913, PLR0917  # connection and tables come before what the protocol asks
    connection: Connection, tables: Tables, structure: Structure, instant: datetime, /, after: User | None, limit: int
) -> tuple[User, ...]:
    """Return a page of a structure's own enabled users who were last seen before an instant, longest unseen first."""
    columns = tables.users.c
    own = select(columns.version, columns.body).where(columns.structure_key == structure_key(structure))
    page = _before(own, columns.seen_at, columns.key, instant, _place(after, seen_at))
    return _read(connection.execute(page.limit(limit)))


def users_invited_before(
    connection: Connection, tables: Tables, instant: datetime, /, after: User | None, limit: int
) -> tuple[User, ...]:
    """Return a page of the users who were invited before an instant and have not accepted, longest invited first."""
    columns = tables.users.c
    everybody = select(columns.version, columns.body)
    page = _before(everybody, columns.invited_at, columns.key, instant, _place(after, _invited_at))
    return _read(connection.execute(page.limit(limit)))


def _before(
    page: Select[Any], column: Column[Any], key: Column[Any], instant: datetime, place: tuple[int, str] | None
) -> Select[Any]:
    """Order a page by an instant that lies before another, and continue it after a place."""
    page = page.where(column < microseconds(instant)).order_by(column, key)
    return page if place is None else following(page, column, key, *place)


def _place(after: User | None, dated: Callable[[User], datetime | None]) -> tuple[int, str] | None:
    at = None if after is None else dated(after)
    return None if after is None or at is None else (microseconds(at), _user_key(after.id))


def _invited_at(user: User) -> datetime | None:
    return user.login.since if isinstance(user.login, Invited) else None


def _read(rows: Iterable[Any]) -> tuple[User, ...]:
    return tuple(read(User, row.body, row.version) for row in rows)
