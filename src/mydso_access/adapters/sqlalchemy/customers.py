"""What is asked of the database about customers' associations."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, delete, select
from sqlalchemy.exc import IntegrityError

from mydso_access.adapters.codec import read
from mydso_access.adapters.sqlalchemy.operations import event_row, insert_event
from mydso_access.adapters.sqlalchemy.rows import (
    Columns,
    found,
    inserting,
    locked,
    locked_all,
    portions,
    saved,
    saved_all,
)
from mydso_access.adapters.sqlalchemy.tables import Tables, findable, number_of, row_key, structure_key
from mydso_access.errors import Stale
from mydso_access.model.customer import Customer
from mydso_access.model.event import Event
from mydso_access.model.structure import Structure
from mydso_access.policy.fixed import CUSTOMER_ID_CAP


class Associate(NamedTuple):
    """A user's association with a customer.

    Attributes:
        user_id: who.
        collects: whether as collector.
        is_colleague: whether as colleague.
    """

    user_id: str
    collects: bool
    is_colleague: bool


def get_customer(connection: Connection, tables: Tables, entity: str, customer_id: str, /) -> Customer | None:
    """Return a customer's associations; equal ids in two entities are two customers."""
    return found(connection, Customer, tables.customers, customer_key(entity, customer_id))


def save_customer(connection: Connection, tables: Tables, customer: Customer, event: Event, /) -> int:
    """Store associations and event together, and return their new version.

    Raises:
        Stale: the stored version is another one.
    """
    key, before = customer_key(customer.entity, customer.id), set[Associate]()
    if customer.version:
        before = associates(locked(connection, Customer, tables.customers, key, customer.version))
    try:
        version = saved(connection, tables.customers, customer, key, {"entity_key": _entity_key(customer.entity)})
    except IntegrityError as error:
        raise Stale from error
    _associate(connection, tables, [(customer, before)])
    insert_event(connection, tables, event)
    return version


def customers_of(  # noqa: PLR0913, PLR0917  # connection and tables come before what the protocol asks
    connection: Connection,
    tables: Tables,
    entity: str,
    /,
    after: Customer | None,
    limit: int,
    associated: str | None = None,
) -> tuple[Customer, ...]:
    """Return a page of an entity's customers, in an order that is always the same; only those of one user, if asked."""
    customers, associates = tables.customers.c, tables.associates.c
    place, belongs = customers.key, customers.entity_key == _entity_key(entity)
    if associated is not None:
        place = associates.customer_key
        belongs = (associates.entity_key == _entity_key(entity)) & (associates.user_key == row_key("user", associated))
    if after is not None:
        belongs &= place > customer_key(after.entity, after.id)
    shown: Select[Any] = select(customers.key, customers.version, customers.body)
    if associated is None:
        page = shown.where(belongs).order_by(place).limit(limit)
    else:  # their keys first, or a database may begin with everybody's customers
        keys = select(place).where(belongs).order_by(place).limit(limit).subquery()
        page = shown.join(keys, keys.c.customer_key == customers.key)
    rows = sorted(connection.execute(page), key=lambda row: row.key)
    return tuple(read(Customer, row.body, row.version) for row in rows)


def named_customers(
    connection: Connection, tables: Tables, entity: str, customer_ids: Sequence[str], /
) -> tuple[Customer, ...]:
    """Return the associations of these customers of an entity, in any order; of those that have any."""
    columns, keys = tables.customers.c, [customer_key(entity, each) for each in customer_ids]
    page = select(columns.version, columns.body)
    rows = [row for some in portions(keys) for row in connection.execute(page.where(columns.key.in_(some)))]
    return tuple(read(Customer, row.body, row.version) for row in rows)


def save_customers(connection: Connection, tables: Tables, saves: Sequence[tuple[Customer, Event]], /) -> None:
    """Store several customers' associations, each with its event: all of them, or nothing.

    Raises:
        Stale: the stored version of one of them is another one.
    """
    # In the order of their keys, so that two who add the same customers do not wait for each other.
    keyed = {customer_key(customer.entity, customer.id): customer for customer, _ in saves}
    page = {key: keyed[key] for key in sorted(keyed)}
    if len(page) < len(saves):
        raise Stale  # one of them would be saved twice
    before = locked_all(connection, Customer, tables.customers, {key: each.version for key, each in page.items()})
    rows = [(each, key, {"entity_key": _entity_key(each.entity)}) for key, each in page.items()]
    try:
        saved_all(connection, tables.customers, rows)
    except IntegrityError as error:
        raise Stale from error
    was = {key: associates(before[key]) if key in before else set[Associate]() for key in page}
    _associate(connection, tables, [(customer, was[key]) for key, customer in page.items()])
    if saves:
        connection.execute(inserting(tables.events), [event_row(event) for _, event in saves])


def _associate(connection: Connection, tables: Tables, page: Sequence[tuple[Customer, set[Associate]]]) -> None:
    """Bring the rows by which a user's customers are found from what they were to what the customers say."""
    columns = tables.associates.c
    gone = [
        {"its_key": customer_key(customer.entity, customer.id), "its_user": row_key("user", each.user_id)}
        for customer, before in page
        for each in sorted(before - associates(customer))
    ]
    if gone:
        # One by one, by their whole key: a range would lock what lies beside it, too.
        its_own = (columns.customer_key == bindparam("its_key")) & (columns.user_key == bindparam("its_user"))
        connection.execute(delete(tables.associates).where(its_own), gone)
    new = [associate_row(customer, each) for customer, before in page for each in sorted(associates(customer) - before)]
    if new:
        connection.execute(inserting(tables.associates), new)


def associates(customer: Customer) -> set[Associate]:
    """Return who is associated with a customer, and how."""
    users = {*customer.colleagues, *(() if customer.collector is None else (customer.collector,))}
    return {Associate(each, each == customer.collector, each in customer.colleagues) for each in users}


def associate_row(customer: Customer, associate: Associate) -> Columns:
    """Return the row of one user's association with one customer."""
    storable = findable(customer.id) if len(customer.id) <= CUSTOMER_ID_CAP else None
    return {
        "customer_key": customer_key(customer.entity, customer.id),
        "entity_key": _entity_key(customer.entity),
        "user_key": row_key("user", associate.user_id),
        "customer_id": storable,
        "customer_number": number_of(customer.id),
        "collects": int(associate.collects),
        "is_colleague": int(associate.is_colleague),
    }


def _entity_key(entity: str) -> str:
    return structure_key(Structure.entity(entity))


def customer_key(entity: str, customer_id: str) -> str:
    """Return the key of a customer's row, and of whatever belongs to the customer."""
    # The entity's digest has one length, so no two customers run into each other.
    return row_key("customer", _entity_key(entity) + customer_id)
