"""What is asked of the database about entities and the platform."""

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from mydso_access.adapters.codec import read
from mydso_access.adapters.sqlalchemy.operations import insert_event
from mydso_access.adapters.sqlalchemy.rows import found, saved, taken_or_stale
from mydso_access.adapters.sqlalchemy.tables import Tables, row_key, structure_key
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
