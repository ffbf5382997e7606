"""The database that a command works on: opened by its URL, and refused in one line if it cannot be used."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mydso_access.cli.problem import Problem
from mydso_access.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import Engine

# What a URL says may hold a password, so no problem shows it.
NO_URL = "the URL is none that can be used: expected one such as sqlite:////var/lib/app/access.db"
DRIVERS = {"psycopg": "postgres", "pymysql": "mariadb"}


@contextmanager
def opened(url: str) -> Iterator["Engine"]:
    """Yield the database with this URL, whose tables are those of this version.

    Raises:
        Problem: SQLAlchemy or a driver is not installed, there is no such database, its tables are missing or those of
            an earlier version, or it fails while it is used.
    """
    try:
        from sqlalchemy.exc import DBAPIError, SQLAlchemyError  # noqa: PLC0415  # an extra, and slow to import
    except ImportError:
        raise Problem("this needs a database: pip install 'mydso-access[sqlalchemy]'") from None
    engine = _engine(url)
    try:
        _check_tables(engine)
        yield engine
    except DBAPIError as error:
        raise Problem(f"the database cannot be used: {error.orig}") from error
    except SQLAlchemyError as error:
        raise Problem(f"the database cannot be used: {type(error).__name__}") from error
    except StoreError as error:
        cause = error.__cause__
        why = cause.orig if isinstance(cause, DBAPIError) else error
        raise Problem(f"the database failed, and what was done until then stays done: {why}") from error
    finally:
        engine.dispose()


def _engine(url: str) -> "Engine":
    from sqlalchemy import create_engine, make_url  # noqa: PLC0415
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        address = make_url(url)
        engine = create_engine(address)
    except ModuleNotFoundError as error:
        extra = DRIVERS.get(str(error.name).lower())
        install = f": pip install 'mydso-access[{extra}]'" if extra else ""
        raise Problem(f"the driver {error.name} is not installed{install}") from None
    except (ArgumentError, ValueError):
        raise Problem(NO_URL) from None
    if engine.dialect.is_async:
        raise Problem("the driver is an asynchronous one: the command line needs a synchronous one, such as psycopg")
    _check_file(address.database if engine.dialect.name == "sqlite" else None)
    return engine


def _check_file(path: str | None) -> None:
    """Refuse a file that is not there: SQLite would make an empty one of it."""
    if path and not path.startswith("file:") and path != ":memory:" and not Path(path).exists():
        raise Problem(f"{path}: No such file or directory")


def _check_tables(engine: "Engine") -> None:
    from sqlalchemy import func, inspect, select  # noqa: PLC0415

    from mydso_access.adapters.sqlalchemy.schema import STEPS  # noqa: PLC0415
    from mydso_access.adapters.sqlalchemy.tables import TABLES  # noqa: PLC0415

    with engine.connect() as connection:
        there = inspect(connection).has_table(TABLES.steps.name)
        taken = connection.scalar(select(func.max(TABLES.steps.c.step))) if there else None
    if not taken:
        raise Problem(f"there is no table {TABLES.steps.name}: create the tables with upgrade(connection) first")
    if taken < len(STEPS):
        raise Problem(f"the tables are at step {taken} of {len(STEPS)}: bring them up to date with upgrade(connection)")
