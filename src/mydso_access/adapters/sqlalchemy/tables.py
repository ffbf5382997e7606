"""The tables: one for each kind of record, with its key, its version, the columns that queries need, and its body.

Keys are digests and instants are microseconds since 1970, so no database's collation merges two keys and none cuts an
instant short.
"""

import hashlib
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
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.dialects.mysql import LONGTEXT
from sqlalchemy.types import TypeEngine

DIGEST = String(64)
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
        counters: attempt counters.
        sign_ins: half-finished sign-ins.
        events: the audit trail.
        steps: which steps of `upgrade` were taken.
    """

    users: Table
    counters: Table
    sign_ins: Table
    events: Table
    steps: Table


def attach_tables(metadata: MetaData | None = None, *, prefix: str = "mydso_", schema: str | None = None) -> Tables:
    """Describe the tables in a `MetaData`; nothing is created in a database.

    Args:
        metadata: the host's own, if its tables and ours are managed together; a new one by default.
        prefix: what the tables' names begin with.
        schema: the database schema they lie in, if not the default.
    """
    target = MetaData() if metadata is None else metadata

    def table(name: str, *columns: Column[object], unique: str | None = None, index: tuple[str, ...] = ()) -> Table:
        full = prefix + name
        constraints: list[PrimaryKeyConstraint | UniqueConstraint | Index] = [
            PrimaryKeyConstraint(columns[0].name, name=f"pk_{full}")
        ]
        if unique is not None:
            constraints.append(UniqueConstraint(unique, name=f"uq_{full}_{unique}"))
        constraints += [Index(f"ix_{full}_{'_'.join(on.split())}", *on.split()) for on in index]
        return Table(
            full, target, *columns, *constraints, schema=schema, mysql_engine="InnoDB", mariadb_engine="InnoDB"
        )

    return Tables(
        users=table(
            "users",
            *_record(),
            Column("name_key", DIGEST),
            Column("seen_at", BigInteger),
            unique="name_key",
            index=("seen_at key",),
        ),
        counters=table("counters", *_record(), Column("idle_from", BigInteger), index=("idle_from",)),
        sign_ins=table("sign_ins", *_record(), Column("expires_at", BigInteger, nullable=False), index=("expires_at",)),
        events=table(
            "events",
            Column("key", DIGEST, nullable=False),
            Column("at", BigInteger, nullable=False),
            Column("subject_key", DIGEST),
            Column("body", Body, nullable=False),
            index=("at key", "subject_key at key"),
        ),
        steps=table("steps", Column("step", Integer, nullable=False, autoincrement=False)),
    )


def row_key(kind: str, text: str) -> str:
    """Return the key of a row: equal for equal texts of one kind, whatever the database holds to be equal."""
    return hashlib.sha256(f"{kind}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()


def _record() -> list[Column[object]]:
    return [
        Column("key", DIGEST, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("body", Body, nullable=False),
    ]


metadata: MetaData = MetaData(naming_convention=NAMING_CONVENTION)
TABLES: Tables = attach_tables(metadata)
