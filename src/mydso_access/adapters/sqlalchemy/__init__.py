"""One installation in SQLite, PostgreSQL or MariaDB, through SQLAlchemy Core, synchronous or asynchronous."""

from mydso_access.adapters.sqlalchemy.repositories import AsyncSqlRepositories, SqlRepositories
from mydso_access.adapters.sqlalchemy.schema import upgrade
from mydso_access.adapters.sqlalchemy.tables import Tables, attach_tables, metadata

__all__ = ["AsyncSqlRepositories", "SqlRepositories", "Tables", "attach_tables", "metadata", "upgrade"]
