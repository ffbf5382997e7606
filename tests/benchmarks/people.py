"""Lists and sweep among many users, on SQLite: `python -m tests.benchmarks.people [--rows 1000000]`. Ratios in one run.

A page of a list against the raw indexed query for its rows; a sweep among many users against one among few; the
memory that a sweep takes, by how many are due.
"""

import argparse
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from types import SimpleNamespace

from attrs import evolve
from sqlalchemy import Engine, event, text

from mydso_access import (
    AccessControl,
    Email,
    Enabled,
    Event,
    EventKind,
    Structure,
    StructurePolicy,
    System,
    User,
)
from mydso_access.adapters.codec import read
from mydso_access.adapters.sqlalchemy import SqlRepositories
from mydso_access.adapters.sqlalchemy.tables import structure_key
from mydso_access.testing import ManualClock
from mydso_access.testing.clock import A_MONDAY
from tests.benchmarks.measure import best_of
from tests.benchmarks.scale import AT_ONCE, FEW, engine
from tests.support import PLACES, CountingHasher, active, policy, settle

HOST, LYON = System("benchmark"), Structure.entity("e1")
PAGE = 50
MONTHS = 6
LONG_AGO = A_MONDAY - timedelta(days=400)
PAGE_OF_KEYS = text(
    "SELECT version, body FROM mydso_users WHERE structure_key = :key ORDER BY listed_by, key LIMIT :limit"
)


def people(start: int, end: int, unseen: int) -> Iterator[User]:
    """Yield users, of whom the first so many have not been seen for long."""
    for number in range(start, end):
        seen = LONG_AGO if number < unseen else A_MONDAY
        known_as, at = f"Anna Petit {number * 7919 % 1_000_003:07}", f"anna-{number}@example.com"
        yield active(
            f"user-{number}", full_name=known_as, email=Email(at, seen), last_access_at=seen, login=Enabled(seen)
        )


def filled(path: Path, rows: int, unseen: int) -> Engine:
    """Return an engine on a file with so many users of one entity."""
    made = engine(path, "OFF")
    repositories = SqlRepositories(made)
    settle(repositories, *(evolve(each, policy=StructurePolicy({"dormancy.months": MONTHS})) for each in PLACES))
    for start in range(0, rows, AT_ONCE):
        users = [*people(start, min(start + AT_ONCE, rows), unseen)]
        repositories.users.add_all(users, Event(id=f"fill-{start}", kind=EventKind.USER_CREATED, at=A_MONDAY))
    return made


def access_to(made: Engine) -> AccessControl:
    return AccessControl(SqlRepositories(made), policy=policy(), hasher=CountingHasher(), clock=ManualClock())


def listing(made: Engine, rows: int) -> None:
    access, key = access_to(made), structure_key(LYON)
    middle = access.list_users(HOST, LYON, limit=PAGE)
    for _ in range(5):
        middle = access.list_users(HOST, LYON, after=middle.after, limit=PAGE)

    def raw() -> list[tuple[int, str]]:
        with made.connect() as connection:
            return [(row.version, row.body) for row in connection.execute(PAGE_OF_KEYS, {"key": key, "limit": PAGE})]

    def decoded() -> list[User]:
        return [read(User, body, version) for version, body in raw()]

    def repository() -> None:
        SqlRepositories(made).users.of(LYON, after=middle.after, limit=PAGE)

    def flow() -> None:
        access.list_users(HOST, LYON, after=middle.after, limit=PAGE)

    whole, page, records, query = best_of(flow, repository, decoded, raw, calls=20, rounds=9)
    print(
        f"a page of {PAGE} among {rows:,} users: {page:.0f} µs; the raw indexed query: {query:.0f} µs as text, ", end=""
    )
    print(f"{records:.0f} µs as records; ratio {page / records:.1f} (goal: 3)")
    print(f"  with the states of all {PAGE}, blocks included: {whole:.0f} µs")


def swept(made: Engine, rows: int, due: int) -> None:
    reads, access = count(), access_to(made)
    statements: list[str] = []

    @event.listens_for(made, "before_cursor_execute")
    def on_statement(connection: object, cursor: object, statement: str, *rest: object) -> None:
        next(reads)
        statements.append(statement.split(maxsplit=1)[0])

    tracemalloc.start()
    report = access.sweep(send=lambda _: None)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    event.remove(made, "before_cursor_execute", on_statement)
    written = statements.count("UPDATE")
    print(
        f"a sweep among {rows:,} users of whom {due:,} are due: {report.dormant:,} disabled, {report.looked_at:,} looked at"
    )
    print(f"  {written:,} rows changed, {most / 1e6:.1f} MB at most in memory")
    assert (due, due) == (report.dormant, written)


def sweep_when_nothing_is_due(few: Engine, many: Engine, rows: int) -> None:
    idle: list[Callable[[], object]] = [access_to(few).sweep, access_to(many).sweep]
    among_few, among_many = best_of(*idle, calls=5, rounds=9)
    ratio = among_many / among_few
    print(
        f"a sweep with nobody due: {among_few:.0f} µs among {FEW:,}, {among_many:.0f} µs among {rows:,}: {ratio:.2f} times"
    )


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="how many users are many")
    arguments: SimpleNamespace = parser.parse_args(namespace=SimpleNamespace())
    rows = arguments.rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for due in (rows // 100, rows // 10):
            made = filled(folder / f"due-{due}.db", rows, due)
            if due == rows // 100:
                listing(made, rows)
            swept(made, rows, due)
            if due == rows // 100:
                few = filled(folder / "few.db", FEW, 0)
                sweep_when_nothing_is_due(few, made, rows)
                few.dispose()
            made.dispose()


if __name__ == "__main__":
    main()
