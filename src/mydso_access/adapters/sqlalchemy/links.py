"""What is asked of the database about links to customers' pages and documents."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.exc import IntegrityError

from mydso_access.adapters.codec import microseconds, read
from mydso_access.adapters.sqlalchemy.customers import customer_key
from mydso_access.adapters.sqlalchemy.operations import insert_event
from mydso_access.adapters.sqlalchemy.rows import (
    Columns,
    found,
    inserting,
    new_row,
    portions,
    purged,
    refuse_hosts_transaction,
    saved,
)
from mydso_access.adapters.sqlalchemy.tables import Tables, row_key, structure_key
from mydso_access.errors import Stale
from mydso_access.model.event import Event, EventKind
from mydso_access.model.link import Link
from mydso_access.model.structure import Structure


def get_link(connection: Connection, tables: Tables, link_id: str, /) -> Link | None:
    """Return the link with this id."""
    return found(connection, Link, tables.links, _key(link_id))


def save_link(connection: Connection, tables: Tables, link: Link, event: Event, /) -> int:
    """Store link and event together, and return the link's new version.

    Raises:
        Stale: the stored version is another one.
        OpenTransaction: the link is being opened, and the connection is in a transaction of the host's.
    """
    if event.kind is EventKind.LINK_OPENED:  # or it would open again once that is rolled back
        refuse_hosts_transaction(connection, "links.save")
    try:
        version = saved(connection, tables.links, link, _key(link.id), _columns(link))
    except IntegrityError as error:
        raise Stale from error
    insert_event(connection, tables, event)
    return version


def add_links(connection: Connection, tables: Tables, links: Sequence[Link], event: Event, /) -> None:
    """Store new links and the one event that tells of them: all of them, or nothing.

    Raises:
        Stale: one of them exists.
    """
    if any(link.version for link in links):
        raise Stale
    try:
        if links:
            connection.execute(
                inserting(tables.links), [new_row(each, _key(each.id), _columns(each)) for each in links]
            )
    except IntegrityError as error:
        raise Stale from error
    insert_event(connection, tables, event)


def links_of(  # noqa: PLR0913, PLR0917  # connection and tables come before what the protocol asks
    connection: Connection,
    tables: Tables,
    entity: str,
    /,
    after: Link | None,
    limit: int,
    customer: str | None = None,
    granter: str | None = None,
) -> tuple[Link, ...]:
    """Return a page of an entity's links, in an order that is always the same; a customer's or a granter's, if asked."""
    columns = tables.links.c
    belongs = columns.entity_key == structure_key(Structure.entity(entity))
    if customer is not None:
        belongs = columns.customer_key == customer_key(entity, customer)
    if granter is not None:
        belongs &= columns.granter_key == row_key("user", granter)
    page = select(columns.version, columns.body).where(belongs).order_by(columns.key).limit(limit)
    rows = connection.execute(page if after is None else page.where(columns.key > _key(after.id)))
    return tuple(read(Link, row.body, row.version) for row in rows)


def forget_links(connection: Connection, tables: Tables, granter: str, /, limit: int) -> int:
    """Forget links that a user granted, at most so many; return how many were forgotten, 0 once none is left."""
    columns, theirs = tables.links.c, tables.links.c.granter_key == row_key("user", granter)
    keys = connection.scalars(select(columns.key).where(theirs).limit(limit)).all()
    return sum(
        connection.execute(delete(tables.links).where(columns.key.in_(some))).rowcount for some in portions(keys)
    )


def purge_links(connection: Connection, tables: Tables, instant: datetime, /, limit: int) -> int:
    """Forget links whose `dead_from` lies before an instant, at most so many; return how many were forgotten."""
    return purged(connection, tables.links, tables.links.c.dead_from, instant, limit)


def _columns(link: Link) -> Columns:
    entity, customer, dead_from = link.target.entity, link.target.customer, link.dead_from
    return {
        "entity_key": structure_key(Structure.entity(entity)),
        "customer_key": customer_key(entity, customer),
        "granter_key": row_key("user", link.granter),
        "dead_from": None if dead_from is None else microseconds(dead_from),
    }


def _key(link_id: str) -> str:
    return row_key("link", link_id)
