"""The tables: one for each kind of record, with its key, its version, the columns that queries need, and its body.

Keys are digests and instants are microseconds since 1970, so no database's collation merges two keys and none cuts an
instant short.
"""

import hashlib
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from attrs import frozen
from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.dialects.mysql import LONGTEXT, VARCHAR
from sqlalchemy.types import TypeEngine

from mydso_access.model.structure import Structure
from mydso_access.policy.fixed import CUSTOMER_ID_CAP, LISTED_BYTES

DIGEST = String(64)
KIND = String(64)  # of an event; the longest has 37 characters
_UTF8 = VARCHAR(CUSTOMER_ID_CAP, charset="utf8mb4")
NUMBER = re.compile("0|-?[1-9][0-9]{0,18}", re.ASCII)
NO_INDEX: Mapping[str, str] = MappingProxyType({})
NAMING_CONVENTION = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}


class Masked(str):
    """A record's stored form: SQLAlchemy shows what it reads and writes in its log, and in the error of what failed."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'…'"


class Body(TypeDecorator[str]):
    """The column of stored forms."""

    impl: Any = Text
    cache_ok: bool | None = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the database's own type; MariaDB's TEXT ends at 64 KB."""
        return dialect.type_descriptor(LONGTEXT() if dialect.name in ("mysql", "mariadb") else Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Masked | None:  # noqa: ARG002
        """Mask what is written."""
        return None if value is None else Masked(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Masked | None:  # noqa: ARG002
        """Mask what was read."""
        return None if value is None else Masked(value)


@frozen(eq=False)
class Tables:
    """The tables of one installation.

    Attributes:
        users: users.
        memberships: who is authorised in which entity, beside their own structure.
        structures: entities, and the platform.
        customers: associations of customers.
        associates: which user is associated with which customer.
        links: links to customers' pages and documents.
        counters: attempt counters.
        sign_ins: half-finished sign-ins.
        assertions: which assertions of single sign-on were taken.
        events: the audit trail.
        steps: which steps of `upgrade` were taken.
    """

    users: Table
    memberships: Table
    structures: Table
    customers: Table
    associates: Table
    links: Table
    counters: Table
    sign_ins: Table
    assertions: Table
    events: Table
    steps: Table


@frozen(eq=False)
class Description:
    """Describes tables of one installation, all named alike.

    Attributes:
        target: the `MetaData` that they belong to.
        schema: the database schema they lie in, if not the default.
    """

    target: MetaData
    schema: str | None

    def table(
        self,
        full: str,
        *columns: Column[object],
        key: str | None = None,
        unique: str | None = None,
        index: Mapping[str, str] = NO_INDEX,
    ) -> Table:
        """Describe one table; names stay within 63 characters for a prefix of 35.

        Args:
            full: its whole name.
            columns: its columns.
            key: the columns of its primary key; the first one by default.
            unique: a column whose values are unique.
            index: its indexes, by the end of their names, with their columns; `!` before them: unique.
        """
        parts: list[PrimaryKeyConstraint | UniqueConstraint | Index] = [
            PrimaryKeyConstraint(*(key or columns[0].name).split(), name=f"pk_{full}")
        ]
        if unique is not None:
            parts.append(UniqueConstraint(unique, name=f"uq_{full}_{unique}"))
        for name, on in index.items():
            parts.append(Index(f"ix_{full}_{name}", *on.removeprefix("!").split(), unique=on.startswith("!")))
        return Table(
            full, self.target, *columns, *parts, schema=self.schema, mysql_engine="InnoDB", mariadb_engine="InnoDB"
        )


def attach_tables(metadata: MetaData | None = None, *, prefix: str = "mydso_", schema: str | None = None) -> Tables:
    """Describe the tables in a `MetaData`; nothing is created in a database.

    Args:
        metadata: the host's own, if its tables and ours are managed together; a new one by default.
        prefix: what the tables' names begin with.
        schema: the database schema they lie in, if not the default.
    """
    table = Description(MetaData() if metadata is None else metadata, schema).table
    return Tables(
        users=table(
            f"{prefix}users",
            *record_columns(),
            Column("name_key", DIGEST),
            Column("seen_at", BigInteger),
            *users_since_step_2(),
            unique="name_key",
            index={
                "sso_key": "!sso_key",
                "structure_listed_by": "structure_key listed_by key",
                "structure_seen_at": "structure_key seen_at key",
                "invited_at_key": "invited_at key",
            },
        ),
        memberships=table(
            f"{prefix}memberships",
            *key_columns("user_key", "entity_key"),
            Column("listed_by", String(2 * LISTED_BYTES), nullable=False),
            key="user_key entity_key",
            index={"entity_key": "entity_key listed_by user_key"},
        ),
        structures=table(
            f"{prefix}structures", *record_columns(), Column("platform_key", DIGEST), unique="platform_key"
        ),
        customers=table(
            f"{prefix}customers",
            *record_columns(),
            Column("entity_key", DIGEST, nullable=False),
            index={"entity_key_key": "entity_key key"},
        ),
        associates=table(
            f"{prefix}associates",
            *key_columns("customer_key", "entity_key", "user_key"),
            *associates_since_step_4(),
            key="customer_key user_key",
            index={"entity_key": "entity_key user_key customer_key"},
        ),
        links=table(
            f"{prefix}links",
            *record_columns(),
            *key_columns("entity_key", "customer_key", "granter_key"),
            Column("dead_from", BigInteger),
            index={
                "entity_key_key": "entity_key key",
                "customer_key_key": "customer_key key",
                "granter_key_key": "granter_key entity_key key",
                "dead_from": "dead_from",
            },
        ),
        counters=table(
            f"{prefix}counters",
            *record_columns(),
            Column("idle_from", BigInteger),
            index={"idle_from": "idle_from"},
        ),
        sign_ins=table(
            f"{prefix}sign_ins",
            *record_columns(),
            Column("expires_at", BigInteger, nullable=False),
            index={"expires_at": "expires_at"},
        ),
        assertions=table(
            f"{prefix}assertions",
            Column("key", DIGEST, nullable=False),
            Column("expires_at", BigInteger, nullable=False),
            index={"expires_at": "expires_at"},
        ),
        events=table(
            f"{prefix}events",
            *first_event_columns(),
            *events_since_step_2(),
            *events_since_step_5(),
            index={
                "at_key": "at key",
                "subject_key_at_key": "subject_key at key",
                "actor_key_at_key": "actor_key at key",
                "kind_at_key": "kind at key",
            },
        ),
        steps=table(f"{prefix}steps", Column("step", Integer, nullable=False, autoincrement=False)),
    )


def record_columns() -> list[Column[object]]:
    """Return what every record's table has."""
    return [
        Column("key", DIGEST, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("body", Body, nullable=False),
    ]


def key_columns(*names: str) -> list[Column[object]]:
    """Return columns that hold keys of other rows."""
    return [Column(name, DIGEST, nullable=False) for name in names]


def first_event_columns() -> list[Column[object]]:
    """Return what the trail's table has had from the beginning."""
    return [
        Column("key", DIGEST, nullable=False),
        Column("at", BigInteger, nullable=False),
        Column("subject_key", DIGEST),
        Column("body", Body, nullable=False),
    ]


def users_since_step_2() -> list[Column[object]]:
    """Return what step 2 adds to users: what can be added to rows that are there may be nothing."""
    return [
        Column("sso_key", DIGEST),
        Column("structure_key", DIGEST),
        Column("listed_by", String(2 * LISTED_BYTES)),
        Column("invited_at", BigInteger),
    ]


def events_since_step_2() -> list[Column[object]]:
    """Return what step 2 adds to events."""
    return [Column("actor_key", DIGEST)]


def events_since_step_5() -> list[Column[object]]:
    """Return what step 5 adds to events."""
    return [Column("kind", KIND)]


def associates_since_step_4() -> list[Column[object]]:
    """Return what step 4 adds to associates: by what the host's own tables are joined (`visible`)."""
    return [
        # A database of another character set could not hold every id.
        Column("customer_id", String(CUSTOMER_ID_CAP).with_variant(_UTF8, "mysql", "mariadb")),
        Column("customer_number", BigInteger),
        Column("collects", SmallInteger),
        Column("is_colleague", SmallInteger),
    ]


def row_key(kind: str, text: str) -> str:
    """Return the key of a row: equal for equal texts of one kind, whatever the database holds to be equal."""
    return hashlib.sha256(f"{kind}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()


def findable(text: str) -> str | None:
    """Return a text as every database can hold and compare it; `None`: none can, so no row of a host's has it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return None
    return None if "\0" in text else text


def number_of(text: str) -> int | None:
    """Return the number that a text spells in the only way that a database spells it; `None`: it spells none."""
    if NUMBER.fullmatch(text) is None:
        return None
    number = int(text)
    return number if -(2**63) <= number < 2**63 else None


def structure_key(structure: Structure) -> str:
    """Return the key of a structure's row, and of whatever belongs to the structure."""
    return row_key(structure.kind.value, structure.id)


metadata: MetaData = MetaData(naming_convention=NAMING_CONVENTION)
TABLES: Tables = attach_tables(metadata)
