"""Prints the figures of docs/explanation/reliability.md: `python -m tests.reliability.figures`."""

import argparse
import itertools
import secrets
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from attrs import frozen
from sqlalchemy import text

from mydso_access.model import Event, EventKind
from mydso_access.testing import enabled_user
from tests.reliability import databases
from tests.reliability.code_work import work_on_codes
from tests.reliability.crash_run import THOROUGH, crash_run
from tests.reliability.databases import Database, opened, settle_in
from tests.reliability.nursery import Nursery, nursery
from tests.reliability.race_work import Tally, TellingHasher, attempt, attempt_in_threads, crew, work
from tests.reliability.speed_work import PEOPLE, hash_for, sign_in_for
from tests.reliability.test_code_races import CALLS, Race, asserted, guessed, taken
from tests.reliability.test_race import AT_ONCE, GUESSES, OFFICE, PROCESSES, SECONDS, guesses, total
from tests.servers import Server, serving
from tests.support import RIGHT, argon2

NAMES = {"sqlite": "SQLite", "postgres": "PostgreSQL", "mariadb": "MariaDB", "valkey": "Valkey (and SQLite)"}
DEADLOCKS = {
    "postgres": "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()",
    "mariadb": "SELECT count FROM information_schema.innodb_metrics WHERE name = 'lock_deadlocks'",
}


@frozen
class Bench:
    """Where figures are measured: the nursery, the servers, and how much."""

    nursery: Nursery
    servers: dict[str, Server]
    options: argparse.Namespace

    @contextmanager
    def database(self, name: str, synchronous: str = "OFF") -> Iterator[tuple[Database, Path]]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder)
            with databases.fresh(name, self.servers.get(name), path, synchronous) as made:
                yield made, path


def raced(bench: Bench, name: str) -> list[str]:
    """Return a row: 16 processes that guess at one account, round after round; 200 sign-ins from one address."""
    rounds = bench.options.rounds
    with bench.database(name) as (database, folder):
        accounts, owners = (
            [f"{kind}-{number}" for number in range(count)] for kind, count in (("a", rounds), ("o", AT_ONCE))
        )
        settle_in(database, [*accounts, *owners])
        tally = Tally(folder / "tally")
        with crew(bench.nursery, PROCESSES, database, work, TellingHasher(tally, SECONDS)) as hands:
            began = time.perf_counter()
            for turn, account in enumerate(accounts):
                hands.at_once(attempt, *([guesses(account, worker, turn)] for worker in range(PROCESSES)))
            each = (time.perf_counter() - began) / rounds
            right = [[(owner, RIGHT, OFFICE) for owner in owners[worker::PROCESSES]] for worker in range(PROCESSES)]
            office = total(hands.at_once(attempt_in_threads, *([some] for some in right)))
        evaluated = Counter(line.split()[0] for line in tally.lines() if line.endswith("wrong"))
        kinds = sorted(set(evaluated.values()))
        deadlocks = _deadlocks(database)
    let_in = f"{office['SignedIn']} in, {AT_ONCE - office['SignedIn']} busy"
    return [
        NAMES[name],
        f"{rounds} × {PROCESSES * GUESSES}",
        ", ".join(map(str, kinds)),
        f"{each:.1f} s",
        let_in,
        deadlocks,
    ]


def _deadlocks(database: Database) -> str:
    if database.name not in DEADLOCKS:
        return "–"
    with opened(database) as world, world.engine.connect() as connection:
        time.sleep(1)  # statistics come late
        return str(connection.scalar(text(DEADLOCKS[database.name])))


def raced_for_codes(bench: Bench, name: str) -> list[str]:
    """Return a row: 16 processes that know the password guess at a code, or send the right one, round after round."""
    rounds = bench.options.rounds
    with bench.database(name) as (database, folder):
        tally = Tally(folder / "tally")
        with crew(bench.nursery, PROCESSES, database, work_on_codes, tally, SECONDS) as hands:
            race = Race(database, hands, tally)
            evaluated = [{guessed(race, kind) for _ in range(rounds)} for kind in CALLS]
            right = {taken(race, kind, together=True)["SignedIn"] for kind in CALLS for _ in range(rounds)}
            said = {asserted(race)["SignedIn"] for _ in range(rounds)}
    return [NAMES[name], str(rounds), *(", ".join(map(str, sorted(each))) for each in (*evaluated, right, said))]


def crashed(bench: Bench, name: str) -> list[str]:
    """Return a row: processes killed at random moments, and what was lost."""
    kills, lost = bench.options.kills, []
    with bench.database(name, "FULL") as (database, folder):
        with crash_run(database, bench.nursery, folder, secrets.randbits(32), victims=kills * 3) as run:
            for number in range(1, kills + 1):
                lost += run.die()
                if number % THOROUGH == 0 or number == kills:
                    lost += run.faults()
        answers, heard = run.witness.outcomes.total(), run.witness.acknowledged()
    return [NAMES[name], str(kills), str(run.interrupted), f"{answers:,}", f"{heard:,}", str(len(lost))]


def measured(bench: Bench, name: str) -> list[str]:
    """Return a row: complete sign-ins a second, by one process and by eight."""
    with bench.database(name) as (database, _):
        people = [f"{worker}-{number}" for worker in range(8) for number in range(PEOPLE)]
        hasher = argon2()
        users = [enabled_user(person, RIGHT, hasher=hasher) for person in people]
        with opened(database) as world:
            event = Event(id="settled-in", kind=EventKind.USER_CREATED, at=users[0].saved_at)
            world.repositories.users.add_all(users, event)
        with crew(bench.nursery, 8, database, work, hasher) as hands:
            rates = []
            for processes in (1, 8):
                each = [[worker, bench.options.seconds] for worker in range(processes)]
                rates.append(sum(hands.at_once(sign_in_for, *each)) / bench.options.seconds)
    return [NAMES[name], *(f"{rate:,.0f}" for rate in rates)]


def hashed(bench: Bench) -> list[str]:
    """Return a row: what Argon2 alone allows with the preset's parameters."""
    rates = []
    for processes in (1, 8):
        children = [bench.nursery.start(hash_for, bench.options.seconds) for _ in range(processes)]
        rates.append(sum(child.receive() for child in children) / bench.options.seconds)
        for child in children:
            bench.nursery.end(child)
    return ["the preset's Argon2 alone (64 MiB, 3 passes)", *(f"{rate:,.0f}" for rate in rates)]


def show(title: str, head: list[str], rows: Iterable[list[str]]) -> None:
    print(f"\n{title}\n")
    for row in itertools.chain([head, ["---", *["---:"] * (len(head) - 1)]], rows):
        print(f"| {' | '.join(row)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=3.0)
    with ExitStack() as stack:
        servers = {name: stack.enter_context(serving(name)) for name in NAMES if name != "sqlite"}
        bench = Bench(stack.enter_context(nursery()), servers, parser.parse_args())
        head = ["database", "rounds × guesses", "evaluated, each round", "a round", "200 at once", "deadlocks inside"]
        show("Guesses at one account by 16 processes", head, (raced(bench, name) for name in NAMES))
        head = [
            "database",
            "rounds",
            "app",
            "on paper",
            "by SMS",
            "enrolment",
            "right code at once",
            "assertion at once",
        ]
        rows = (raced_for_codes(bench, name) for name in NAMES)
        show("Codes evaluated by 16 processes that know the password; sign-ins by what they send at once", head, rows)
        head = ["database", "kills", "in mid-attempt", "answers checked", "charges checked", "lost or torn"]
        show("Processes killed at random moments", head, (crashed(bench, name) for name in NAMES))
        head = ["complete sign-ins a second", "1 process", "8 processes"]
        show("Speed", head, [*(measured(bench, name) for name in NAMES), hashed(bench)])


if __name__ == "__main__":
    main()
