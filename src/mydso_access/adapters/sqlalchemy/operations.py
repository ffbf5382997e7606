"""What is asked of the database: each operation runs on one connection, in one transaction, and commits nothing.

Here are attempts and the trail, which a sign-in writes by itself; users and structures have files of their own.
"""

from datetime import datetime

from attrs import evolve
from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.exc import IntegrityError

from mydso_access.adapters.codec import microseconds, read, written
from mydso_access.adapters.sqlalchemy.rows import (
    Columns,
    following,
    found,
    inserting,
    preceding,
    purged,
    refuse_hosts_transaction,
    saved,
)
from mydso_access.adapters.sqlalchemy.tables import Tables, row_key
from mydso_access.errors import Stale
from mydso_access.model.assertion import Assertion
from mydso_access.model.attempts import AttemptCounter, CounterKey
from mydso_access.model.event import Event, EventQuery, escaped
from mydso_access.model.sign_in import SignIn

# --- attempt counters


def get_counter(connection: Connection, tables: Tables, key: CounterKey, /) -> AttemptCounter | None:
    """Return the counter of this key."""
    refuse_hosts_transaction(connection, "counters.get")
    return found(connection, AttemptCounter, tables.counters, _counter_key(key))


def save_counter(connection: Connection, tables: Tables, counter: AttemptCounter, /) -> int:
    """Store the counter and return its new version.

    Raises:
        Stale: the stored version is another one.
        OpenTransaction: the connection is in a transaction of the host's.
    """
    refuse_hosts_transaction(connection, "counters.save")
    idle_from = None if counter.idle_from is None else microseconds(counter.idle_from)
    try:
        return saved(connection, tables.counters, counter, _counter_key(counter.key), {"idle_from": idle_from})
    except IntegrityError as error:
        raise Stale from error


def purge_counters(connection: Connection, tables: Tables, instant: datetime, /, limit: int) -> int:
    """Forget counters whose `idle_from` lies before an instant, at most so many; return how many were forgotten."""
    refuse_hosts_transaction(connection, "counters.purge")
    return purged(connection, tables.counters, tables.counters.c.idle_from, instant, limit)


def _counter_key(key: CounterKey) -> str:
    return row_key(key.kind.value, key.digest)


# --- half-finished sign-ins


def get_sign_in(connection: Connection, tables: Tables, sign_in_id: str, /) -> SignIn | None:
    """Return the sign-in with this id."""
    refuse_hosts_transaction(connection, "sign_ins.get")
    return found(connection, SignIn, tables.sign_ins, row_key("sign_in", sign_in_id))


def save_sign_in(connection: Connection, tables: Tables, sign_in: SignIn, /) -> int:
    """Store the sign-in and return its new version.

    Raises:
        Stale: the stored version is another one.
        OpenTransaction: the connection is in a transaction of the host's.
    """
    refuse_hosts_transaction(connection, "sign_ins.save")
    columns = {"expires_at": microseconds(sign_in.expires_at)}
    try:
        return saved(connection, tables.sign_ins, sign_in, row_key("sign_in", sign_in.id), columns)
    except IntegrityError as error:
        raise Stale from error


def purge_sign_ins(connection: Connection, tables: Tables, instant: datetime, /, limit: int) -> int:
    """Forget sign-ins whose `expires_at` lies before an instant, at most so many; return how many were forgotten."""
    refuse_hosts_transaction(connection, "sign_ins.purge")
    return purged(connection, tables.sign_ins, tables.sign_ins.c.expires_at, instant, limit)


# --- assertions of single sign-on


def add_assertion(connection: Connection, tables: Tables, assertion: Assertion, /) -> None:
    """Store that an assertion was taken.

    Raises:
        Stale: it was taken before.
        OpenTransaction: the connection is in a transaction of the host's.
    """
    refuse_hosts_transaction(connection, "assertions.add")
    row = {"key": row_key("assertion", assertion.key), "expires_at": microseconds(assertion.expires_at)}
    try:
        connection.execute(inserting(tables.assertions), row)
    except IntegrityError as error:
        raise Stale from error


def purge_assertions(connection: Connection, tables: Tables, instant: datetime, /, limit: int) -> int:
    """Forget assertions whose `expires_at` lies before an instant, at most so many; return how many were forgotten."""
    refuse_hosts_transaction(connection, "assertions.purge")
    return purged(connection, tables.assertions, tables.assertions.c.expires_at, instant, limit)


# --- the audit trail


def append_event(connection: Connection, tables: Tables, event: Event, /) -> None:
    """Store an event that no record is saved with.

    Raises:
        OpenTransaction: the connection is in a transaction of the host's.
    """
    refuse_hosts_transaction(connection, "events.append")
    insert_event(connection, tables, event)


def insert_event(connection: Connection, tables: Tables, event: Event) -> None:
    """Store an event in the transaction of the record that it tells of."""
    connection.execute(inserting(tables.events), event_row(event))


def event_row(event: Event) -> Columns:
    """Return an event's row."""
    row = {"key": row_key("event", event.id), "at": microseconds(event.at), "body": written(event)}
    return row | event_columns(event)


def event_columns(event: Event) -> Columns:
    """Return what an event is found by, beside its instant."""
    return {
        "subject_key": None if event.subject is None else row_key("user", event.subject),
        "actor_key": None if event.actor is None else row_key("user", event.actor),
        "kind": event.kind.value,
    }


def events_page(
    connection: Connection, tables: Tables, query: EventQuery, /, after: Event | None, limit: int
) -> tuple[Event, ...]:
    """Return a page of the trail."""
    columns = tables.events.c
    page = select(columns.body).where(columns.at >= microseconds(query.since))
    for column, user_id in ((columns.subject_key, query.subject), (columns.actor_key, query.actor)):
        if user_id is not None:
            page = page.where(column == row_key("user", user_id))
    if query.kind is not None:
        page = page.where(columns.kind == query.kind.value)
    if after is not None:
        further = preceding if query.latest_first else following
        page = further(page, columns.at, columns.key, microseconds(after.at), row_key("event", after.id))
    order = (columns.at.desc(), columns.key.desc()) if query.latest_first else (columns.at, columns.key)
    return tuple(read(Event, body) for body in connection.scalars(page.order_by(*order).limit(limit)))


def purge_events(connection: Connection, tables: Tables, instant: datetime, /, limit: int) -> int:
    """Forget events that happened before an instant, at most so many; return how many were forgotten."""
    return purged(connection, tables.events, tables.events.c.at, instant, limit)


def pseudonymise(connection: Connection, tables: Tables, user_id: str, pseudonym: str, /, limit: int) -> int:
    """Replace a user's id by a pseudonym, as subject and as actor, and erase the addresses of those events.

    At most so many events; return how many were changed, 0 once none is left.
    """
    columns, changed = tables.events.c, 0
    for column in (columns.subject_key, columns.actor_key):  # who is both is neither after the first
        page = select(columns.key, columns.body).where(column == _known_as(user_id))
        theirs = connection.execute(page.order_by(columns.at, columns.key).limit(limit - changed)).all()
        rows = [_pseudonymous(key, read(Event, body), user_id, pseudonym) for key, body in theirs]
        if rows:
            connection.execute(update(tables.events).where(columns.key == bindparam("its_key")), rows)
        changed += len(rows)
    return changed


def _pseudonymous(key: str, event: Event, user_id: str, pseudonym: str) -> Columns:
    """Return what becomes of an event's row."""
    known_as = escaped(user_id)
    subject = pseudonym if event.subject == known_as else event.subject
    actor = pseudonym if event.actor == known_as else event.actor
    changed = evolve(event, subject=subject, actor=actor, address=None)
    return {"its_key": key, "body": written(changed), **event_columns(changed)}


def _known_as(user_id: str) -> str:
    return row_key("user", escaped(user_id) or "")
