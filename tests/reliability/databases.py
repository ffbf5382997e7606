"""The four stores that reliability is shown on, described so that another process can open them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from attrs import frozen
from redis import Redis
from sqlalchemy import Engine, create_engine, event

from mydso_access.adapters.redis import RedisAssertions, RedisCounters, RedisSignIns
from mydso_access.adapters.sqlalchemy import SqlRepositories, upgrade
from mydso_access.model import Credential, Event, EventKind, Secret, User
from mydso_access.testing import an_entity
from tests.servers import Server
from tests.support import PLACES, RIGHT, active, settle

NAMES = ("sqlite", "postgres", "mariadb", "valkey")
# Sixteen processes with this many connections each stay below every server's limit.
POOL = {"pool_size": 2, "max_overflow": 2}
# Makes a statement wait for what somebody else is changing as short as can be, so that a test of it is soon over.
IMPATIENT: dict[str, dict[str, Any]] = {
    "sqlite": {"timeout": 0.05},
    "postgres": {"options": "-c lock_timeout=50"},
    "mariadb": {"init_command": "SET innodb_lock_wait_timeout = 1"},
    "valkey": {"timeout": 0.05},
}


@frozen
class Database:
    """Where one installation is kept.

    Attributes:
        name: which of the four.
        sql: URL of the SQL database; for Valkey an SQLite file, with the users and their events.
        valkey: URL of the Valkey database that counters, sign-ins and assertions are in, if they are.
        synchronous: how careful SQLite is; FULL waits for the disk at every commit.
    """

    name: str
    sql: str
    valkey: str | None = None
    synchronous: str = "OFF"


@frozen(eq=False)
class Opened:
    """A database with connections of our own."""

    engine: Engine
    repositories: Any
    client: Redis | None = None


@contextmanager
def fresh(name: str, server: Server | None, folder: Path, synchronous: str = "OFF") -> Iterator[Database]:
    """Give a new database with the tables made; `server` is the one of that name, none for SQLite."""
    made = None if server is None else server.fresh()
    file = f"sqlite:///{folder / name}.db"
    if name == "valkey":
        database = Database(name, file, made, synchronous)
    else:
        database = Database(name, made or file, synchronous=synchronous)
    with opened(database) as world:
        with world.engine.begin() as connection:
            upgrade(connection)
        settle(world.repositories, *PLACES, an_entity())
    yield database
    if server is not None and made is not None:
        server.drop(made)


@contextmanager
def opened(database: Database, client: type[Redis] = Redis, **options: Any) -> Iterator[Opened]:
    """Open a database; options are the engine's."""
    engine = create_engine(database.sql, **(options or POOL))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: _careful(connection, database.synchronous))
    stored = SqlRepositories(engine)
    valkey = None if database.valkey is None else client.from_url(database.valkey)
    try:
        yield Opened(engine, stored if valkey is None else _with_valkey(stored, valkey), valkey)
    finally:
        engine.dispose()
        if valkey is not None:
            valkey.close()


def people(names: Iterable[str]) -> list[User]:
    """Return users whose stored password says whose it is, for a hasher that tells whom it looked at."""
    return [active(name, credential=Credential(Secret(f"{name} {RIGHT}"), active(name).saved_at)) for name in names]


def settle_in(database: Database, names: Iterable[str], event_id: str = "settled-in") -> None:
    """Store people, all at once."""
    users = people(names)
    with opened(database) as world:
        world.repositories.users.add_all(users, Event(id=event_id, kind=EventKind.USER_CREATED, at=users[0].saved_at))


def _with_valkey(stored: SqlRepositories, client: Redis) -> SimpleNamespace:
    return SimpleNamespace(
        users=stored.users,
        structures=stored.structures,
        customers=stored.customers,
        links=stored.links,
        events=stored.events,
        counters=RedisCounters(client),
        sign_ins=RedisSignIns(client),
        assertions=RedisAssertions(client),
    )


def _careful(connection: Any, synchronous: str) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={synchronous}")
