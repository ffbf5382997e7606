"""Scale on SQLite, as ratios in one run: `python -m tests.benchmarks.scale [--rows 1000000]`. Prints, never fails for being slow.

Each figure is the best of several rounds; what is compared alternates, on files with the same settings.
"""

import argparse
import logging
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count, cycle
from pathlib import Path
from types import SimpleNamespace

from attrs import frozen
from sqlalchemy import BigInteger, Column, Engine, Integer, MetaData, String, Table, create_engine, event
from sqlalchemy import insert as inserting
from sqlalchemy.dialects.sqlite import insert

from mydso_access import AccessControl, AttemptCounter, Event, EventKind, Failure
from mydso_access.adapters.codec import microseconds, written
from mydso_access.adapters.sqlalchemy import SqlRepositories, upgrade
from mydso_access.adapters.sqlalchemy.operations import _counter_key
from mydso_access.adapters.sqlalchemy.tables import TABLES
from mydso_access.adapters.synchronous import drive
from mydso_access.adapters.versions import next_version
from mydso_access.decisions.lockout import Settlement
from mydso_access.decisions.naming import account_key, address_key, parse_address
from mydso_access.ledger import Ledger
from mydso_access.testing.clock import A_MONDAY
from tests.benchmarks.measure import best_of
from tests.support import HOME, PLACES, RIGHT, CountingHasher, active, policy, settle

AT_ONCE = 10_000
FEW = 1_000


def engine(path: Path, synchronous: str) -> Engine:
    """Return an engine on a new SQLite file with our tables, in WAL."""
    made = create_engine(f"sqlite:///{path}")

    @event.listens_for(made, "connect")
    def set_up(connection: object, _: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={synchronous}")

    with made.begin() as connection:
        upgrade(connection)
    return made


@frozen
class Attempts:
    """Attempts on one database: each on a name nobody tried before, from an address nobody tried from before."""

    access: AccessControl
    numbers: Iterator[int]

    def run(self) -> None:
        """Charge both keys and settle both: what a wrong password costs besides its hash and its event."""
        number = next(self.numbers)
        drive(self._run(f"somebody-{number}", f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"))

    async def _run(self, name: str, at: str) -> None:
        installation, client = self.access._installation, parse_address(at)
        address, account = address_key(client, installation.policy.lockout), account_key(name)
        ledger = Ledger(installation, client, known={address: await installation.store.counter(address)})
        await ledger.charge(address)
        await ledger.charge(account)
        await ledger.settle(Settlement.WRONG, Settlement.WRONG)


def attempts(repositories: object) -> Attempts:
    return Attempts(AccessControl(repositories, policy=policy(), hasher=CountingHasher()), count())


def upserting(made: Engine) -> Callable[[], None]:
    """Return one UPSERT of a plain counter through SQLAlchemy Core, committed."""
    metadata = MetaData()
    key, failures = Column("key", String(64), primary_key=True), Column("failures", Integer, nullable=False)
    plain = Table("plain", metadata, key, failures, Column("at", BigInteger, nullable=False))
    metadata.create_all(made)
    new = insert(plain).values(failures=1)
    grown = {"failures": plain.c.failures + 1, "at": new.excluded.at}
    statement, numbers = new.on_conflict_do_update(index_elements=["key"], set_=grown), count()

    def upsert() -> None:
        number = next(numbers)
        with made.begin() as connection:
            connection.execute(statement, {"key": f"somebody-{number}", "at": number})

    return upsert


def attempt_and_upsert(folder: Path, synchronous: str) -> None:
    made = engine(folder / f"upsert-{synchronous}.db", synchronous)
    attempt, upsert = best_of(attempts(SqlRepositories(made)).run, upserting(made), calls=50, rounds=12)
    print(f"synchronous={synchronous}: one attempt, both keys charged and settled: {attempt:.0f} µs")
    print(f"  one UPSERT through SQLAlchemy Core: {upsert:.0f} µs; ratio {attempt / upsert:.1f} (goal: 8)")
    made.dispose()


def axes_attempt(path: Path) -> Callable[[], None]:
    """Return one failed attempt in django-axes: asked whether it is allowed, and recorded, by name and by address."""
    import django  # noqa: PLC0415  # only where it is compared with
    from django.conf import settings  # noqa: PLC0415

    options = {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"}
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": options}
    settings.configure(
        DATABASES={"default": database},
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "axes"],
        AXES_FAILURE_LIMIT=10**9,
        AXES_LOCKOUT_PARAMETERS=["username", "ip_address"],
        AXES_COOLOFF_TIME=timedelta(hours=1),
        AXES_VERBOSE=False,
        SILENCED_SYSTEM_CHECKS=["axes.W002", "axes.W003"],
        SECRET_KEY="for a benchmark",
        USE_TZ=True,
        LOGGING_CONFIG=None,
    )
    django.setup()
    from axes.handlers.proxy import AxesProxyHandler  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.test import RequestFactory  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    logging.getLogger("axes").setLevel(logging.CRITICAL)
    numbers = count()

    def attempt() -> None:
        credentials = {"username": f"somebody-{next(numbers)}"}
        request = RequestFactory().post("/", REMOTE_ADDR=HOME)
        AxesProxyHandler.is_allowed(request, credentials)
        AxesProxyHandler.user_login_failed("benchmark", credentials, request)

    return attempt


def attempt_and_axes(folder: Path) -> None:
    axes = axes_attempt(folder / "axes.db")
    from django.db import connection  # noqa: PLC0415

    for synchronous in ("NORMAL", "FULL"):
        connection.cursor().execute(f"PRAGMA synchronous={synchronous}")
        made = engine(folder / f"ours-{synchronous}.db", synchronous)
        ours, theirs = best_of(attempts(SqlRepositories(made)).run, axes, calls=50, rounds=12)
        print(f"synchronous={synchronous}: one wrong attempt: {ours:.0f} µs; in django-axes: {theirs:.0f} µs")
        print(f"  django-axes takes {theirs / ours:.1f} times as long (goal: 3)")
        made.dispose()


def fill(made: Engine, rows: int) -> None:
    """Store so many counters and users, each a real record."""
    with made.begin() as connection:
        connection.exec_driver_sql("PRAGMA synchronous=OFF")
    repositories = SqlRepositories(made)
    settle(repositories, *PLACES)
    for start in range(0, rows, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, rows))
        with made.begin() as connection:
            connection.execute(inserting(TABLES.counters), [counter_row(number) for number in numbers])
        people = [active(f"user-{number}") for number in numbers]
        repositories.users.add_all(people, Event(id=f"fill-{start}", kind=EventKind.USER_CREATED, at=A_MONDAY))


def counter_row(number: int) -> dict[str, object]:
    at = A_MONDAY + timedelta(milliseconds=number)
    idle_from, failures = at + timedelta(hours=24), (Failure(f"{number:032x}", at),)
    counter = AttemptCounter(account_key(f"stored-{number}"), saved_at=at, failures=failures, idle_from=idle_from)
    values = {"version": next_version(0), "body": written(counter), "idle_from": microseconds(idle_from)}
    return {"key": _counter_key(counter.key), **values}


def few_and_many(folder: Path, rows: int) -> None:
    works: list[Callable[[], object]] = []
    engines = []
    for stored in (FEW, rows):
        made = engine(folder / f"rows-{stored}.db", "FULL")
        fill(made, stored)
        access = AccessControl(SqlRepositories(made), policy=policy(), hasher=CountingHasher())
        names = map("user-{}".format, cycle(range(0, stored, 7)))
        purges = (A_MONDAY + timedelta(hours=24, milliseconds=5 * number) for number in count())
        works += [
            attempts(SqlRepositories(made)).run,
            lambda access=access, names=names: access.sign_in(next(names), RIGHT, address=HOME),
            lambda made=made, purges=purges: SqlRepositories(made).counters.purge(next(purges), limit=5),
        ]
        engines.append(made)
    times = best_of(*works, calls=20, rounds=9)
    for place, what in enumerate(("one attempt", "one right sign-in, without its hash", "one purge of 5 counters")):
        few, many = times[place], times[place + 3]
        print(
            f"{what}: {few:.0f} µs among {FEW:,} counters and users, {many:.0f} µs among {rows:,}: {many / few:.2f} times"
        )
    for made in engines:
        made.dispose()


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="how many counters and users are many")
    arguments: SimpleNamespace = parser.parse_args(namespace=SimpleNamespace())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for synchronous in ("NORMAL", "FULL"):
            attempt_and_upsert(folder, synchronous)
        attempt_and_axes(folder)
        few_and_many(folder, arguments.rows)


if __name__ == "__main__":
    main()
