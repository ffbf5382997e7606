"""One installation in SQLite, PostgreSQL or MariaDB, through SQLAlchemy Core, synchronous or asynchronous."""

from typing import TYPE_CHECKING, Any

from mydso_access.adapters.sqlalchemy.repositories import SqlRepositories
from mydso_access.adapters.sqlalchemy.schema import upgrade
from mydso_access.adapters.sqlalchemy.tables import Tables, attach_tables, metadata
from mydso_access.adapters.sqlalchemy.visibility import OnlyEntity, OwnColleagues, OwnColumns, UniqueIds, visible

if TYPE_CHECKING:
    from mydso_access.adapters.sqlalchemy.asynchronous import AsyncSqlRepositories

__all__ = [
    "AsyncSqlRepositories",
    "OnlyEntity",
    "OwnColleagues",
    "OwnColumns",
    "SqlRepositories",
    "Tables",
    "UniqueIds",
    "attach_tables",
    "metadata",
    "upgrade",
    "visible",
]


def __getattr__(name: str) -> Any:
    """Import the asynchronous repositories on first use: they need greenlet, which the extra `sqlalchemy` has not."""
    if name != "AsyncSqlRepositories":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mydso_access.adapters.sqlalchemy.asynchronous import AsyncSqlRepositories  # noqa: PLC0415

    return AsyncSqlRepositories
