"""Whether everything that a database holds goes together: nothing half-written, no record without its event."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, text

from mydso_access.adapters.codec import microseconds, read
from mydso_access.adapters.sqlalchemy.tables import TABLES, row_key, structure_key
from mydso_access.adapters.sqlalchemy.users import user_columns
from mydso_access.model import AttemptCounter, Event, EventKind, EventQuery, SignIn, Structure, User
from tests.reliability.databases import Opened

# What is saved together with a user.
SAVED = {EventKind.SIGNED_IN, EventKind.PASSWORD_CHANGED}
AMCHECK = (
    "SELECT bt_index_check(indexrelid, true) FROM pg_index JOIN pg_class ON oid = indrelid WHERE relname LIKE 'mydso%'"
)


def unpaired(world: Opened, name: str, since: datetime) -> list[str]:
    """Return how a user and the last event that was saved with them since then do not go together.

    A later save hides it, so this is asked before there is one.
    """
    user = world.repositories.users.named(name)
    page = world.repositories.events.page(EventQuery(since=since, subject=user.id), None, 10_000)
    last = _last_save(page)
    if user.saved_at < since and last is None:
        return []
    return list(_pair(user, last))


def faults(world: Opened) -> list[str]:
    """Return everything that does not go together."""
    with world.engine.connect() as connection:
        users = [read(User, row.body, row.version) for row in connection.execute(TABLES.users.select())]
        events = [read(Event, body) for body in connection.scalars(select(TABLES.events.c.body))]
        found = [*_columns(connection), *_integrity(connection)]
    return [*found, *_valkey(world), *_pairs(users, events), *_additions(users, events)]


def _columns(connection: Connection) -> Iterator[str]:
    """Compare what a row says beside its record, and in tables of its own, with the record."""
    authorised = set()
    for row in connection.execute(TABLES.users.select()):
        user = read(User, row.body, row.version)
        beside = {"key": row_key("user", user.id), **user_columns(user)}
        if beside != {name: row._mapping[name] for name in beside}:
            yield f"user {user.id} beside {tuple(row)[:2]}"
        authorised.update((row.key, structure_key(Structure.entity(entity))) for entity in user.memberships)
    rows = {(row.user_key, row.entity_key) for row in connection.execute(TABLES.memberships.select())}
    if rows != authorised:
        yield f"memberships {rows ^ authorised} are in one place only"
    for row in connection.execute(TABLES.counters.select()):
        counter = read(AttemptCounter, row.body, row.version)
        idle = None if counter.idle_from is None else microseconds(counter.idle_from)
        if (row_key(counter.key.kind.value, counter.key.digest), idle) != (row.key, row.idle_from):
            yield f"counter {counter.key} beside {row.key}"
    for row in connection.execute(TABLES.sign_ins.select()):
        sign_in = read(SignIn, row.body, row.version)
        if (row_key("sign_in", sign_in.id), microseconds(sign_in.expires_at)) != (row.key, row.expires_at):
            yield f"sign-in {sign_in.id} beside {row.key}"


def _integrity(connection: Connection) -> Iterator[str]:
    """Let the database look at itself."""
    match connection.dialect.name:
        case "sqlite":
            answers = connection.scalars(text("PRAGMA integrity_check")).all()
            if answers != ["ok"]:
                yield f"integrity_check: {answers}"
        case "mariadb" | "mysql":
            tables = ", ".join(table.name for table in TABLES.users.metadata.sorted_tables)
            for row in connection.execute(text(f"CHECK TABLE {tables} EXTENDED")):
                if row.Msg_text != "OK":
                    yield f"CHECK TABLE: {tuple(row)}"
        case "postgresql":
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS amcheck"))
            connection.execute(text(AMCHECK))  # raises what is wrong
            connection.commit()


def _valkey(world: Opened) -> Iterator[str]:
    """Read every key as the record that its name says."""
    if world.client is None:
        return
    for key in world.client.scan_iter(count=1000):
        stored: Any = world.client.hgetall(key)
        if not stored:  # it has expired since
            continue
        kind = AttemptCounter if b"counter:" in key else SignIn
        read(kind, stored[b"body"].decode(), int(stored[b"version"]))
        if not stored[b"save"]:
            yield f"{key} does not say who saved it"


def _pairs(users: list[User], events: list[Event]) -> Iterator[str]:
    """Each user was written by the last event saved with them, and last seen when they last signed in."""
    by_subject = defaultdict(list)
    for event in events:
        by_subject[event.subject].append(event)
    for user in users:
        about = by_subject.pop(user.id, [])
        signed_in = [event.at for event in about if event.kind is EventKind.SIGNED_IN]
        if last := _last_save(about):
            yield from _pair(user, last)
        if user.last_access_at != max(signed_in, default=None):
            yield f"{user.id} was seen at {user.last_access_at}, but signed in at {signed_in}"
    for subject in by_subject:
        if subject is not None and not subject.startswith("forgotten-"):
            yield f"{subject} has events, but is no user"
    if unknown := {user.written_by for user in users} - {event.id for event in events} - {None}:
        yield f"users were written by what is no event: {unknown}"


def _last_save(events: Iterable[Event]) -> Event | None:
    return max((event for event in events if event.kind in SAVED), key=lambda event: event.at, default=None)


def _pair(user: User, last: Event | None) -> Iterator[str]:
    if last is None or (last.id, last.at) != (user.written_by, user.saved_at):
        yield f"{user.id} was written by {user.written_by} at {user.saved_at}, but the last event saved is {last}"


def _additions(users: list[User], events: list[Event]) -> Iterator[str]:
    """Two users are added with one event: all three are there, or none."""
    written = Counter(user.written_by for user in users if user.name is not None and user.name.startswith("new-"))
    created = {event.id for event in events if event.kind is EventKind.USER_CREATED and "." in event.id}
    if written != dict.fromkeys(created, 2):
        yield f"users and events of additions: {written} and {created}"
