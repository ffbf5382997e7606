"""What is asked of the database about entities, the platform, and customers' associations."""

from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, select
from sqlalchemy.exc import IntegrityError

from mydso_access.adapters.codec import read
from mydso_access.adapters.sqlalchemy.operations import insert_event
from mydso_access.adapters.sqlalchemy.rows import Columns, found, inserting, locked, saved, taken_or_stale
from mydso_access.adapters.sqlalchemy.tables import Tables, row_key, structure_key
from mydso_access.errors import Stale
from mydso_access.model.customer import Customer
from mydso_access.model.event import Event
from mydso_access.model.structure import Entity, Platform, Structure, StructureKind, StructureRecord

# What stands in the unique column of a platform's row, and in no entity's: a second platform is a second one of these.
THE_PLATFORM = row_key("the platform", "")
UNIQUE = {"platform_key": "platform"}


def get_structure(connection: Connection, tables: Tables, structure: Structure, /) -> StructureRecord | None:
    """Return the entity or platform of this name."""
    if structure.kind is StructureKind.PLATFORM:
        return found(connection, Platform, tables.structures, structure_key(structure))
    return found(connection, Entity, tables.structures, structure_key(structure))


def get_platform(connection: Connection, tables: Tables, /) -> Platform | None:
    """Return the platform."""
    return found(connection, Platform, tables.structures, THE_PLATFORM, by="platform_key")


def save_structure(connection: Connection, tables: Tables, record: StructureRecord, event: Event, /) -> int:
    """Store entity or platform and event together, and return its new version.

    Raises:
        Stale: the stored version is another one.
        Taken: there is another platform.
    """
    key = structure_key(record.structure)
    columns = {"platform_key": THE_PLATFORM if isinstance(record, Platform) else None}
    try:
        version = saved(connection, tables.structures, record, key, columns)
    except IntegrityError as error:
        raise taken_or_stale(connection, tables.structures, error, {key: 0}, UNIQUE) from error
    insert_event(connection, tables, event)
    return version


def entities_page(connection: Connection, tables: Tables, /, *, after: Entity | None, limit: int) -> tuple[Entity, ...]:
    """Return a page of the entities, in an order that is always the same."""
    columns, last = tables.structures.c, "" if after is None else structure_key(after.structure)
    page = select(columns.version, columns.body, columns.platform_key).where(columns.key > last).order_by(columns.key)
    # The platform may stand among them. To leave it out here costs nothing, and needs no index.
    rows = [row for row in connection.execute(page.limit(limit + 1)) if row.platform_key is None]
    return tuple(read(Entity, row.body, row.version) for row in rows[:limit])


# --- customers


def get_customer(connection: Connection, tables: Tables, entity: str, customer_id: str, /) -> Customer | None:
    """Return a customer's associations; equal ids in two entities are two customers."""
    return found(connection, Customer, tables.customers, _customer_key(entity, customer_id))


def save_customer(connection: Connection, tables: Tables, customer: Customer, event: Event, /) -> int:
    """Store associations and event together, and return their new version.

    Raises:
        Stale: the stored version is another one.
    """
    key, before = _customer_key(customer.entity, customer.id), set[str]()
    if customer.version:
        before = _associates(locked(connection, Customer, tables.customers, key, customer.version))
    try:
        version = saved(connection, tables.customers, customer, key, {"entity_key": _entity_key(customer.entity)})
    except IntegrityError as error:
        raise Stale from error
    _associate(connection, tables, customer, before)
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
        belongs &= place > _customer_key(after.entity, after.id)
    shown: Select[Any] = select(customers.key, customers.version, customers.body)
    if associated is None:
        page = shown.where(belongs).order_by(place).limit(limit)
    else:  # their keys first, or a database may begin with everybody's customers
        keys = select(place).where(belongs).order_by(place).limit(limit).subquery()
        page = shown.join(keys, keys.c.customer_key == customers.key)
    rows = sorted(connection.execute(page), key=lambda row: row.key)
    return tuple(read(Customer, row.body, row.version) for row in rows)


def _associate(connection: Connection, tables: Tables, customer: Customer, before: set[str]) -> None:
    """Bring the rows by which a user's customers are found to what the customer says."""
    key, now, columns = _customer_key(customer.entity, customer.id), _associates(customer), tables.associates.c
    if gone := [{"its_key": key, "its_user": row_key("user", each)} for each in sorted(before - now)]:
        # One by one, by their whole key: a range would lock what lies beside it, too.
        its_own = (columns.customer_key == bindparam("its_key")) & (columns.user_key == bindparam("its_user"))
        connection.execute(delete(tables.associates).where(its_own), gone)
    row: Columns = {"customer_key": key, "entity_key": _entity_key(customer.entity)}
    if new := [{**row, "user_key": row_key("user", each)} for each in sorted(now - before)]:
        connection.execute(inserting(tables.associates), new)


def _associates(customer: Customer) -> set[str]:
    return {*customer.colleagues, *(() if customer.collector is None else (customer.collector,))}


def _entity_key(entity: str) -> str:
    return structure_key(Structure.entity(entity))


def _customer_key(entity: str, customer_id: str) -> str:
    # The entity's digest has one length, so no two customers run into each other.
    return row_key("customer", _entity_key(entity) + customer_id)
