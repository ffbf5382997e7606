"""Invariant 1 between processes, on real databases, counted at the verifier: no guess too many is ever evaluated."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import frozen

from mydso_access.decisions.naming import account_key, address_key, parse_address
from mydso_access.model import AttemptCounter, CounterKey
from tests.reliability import databases
from tests.reliability.conftest import server_of
from tests.reliability.databases import Database, opened, settle_in
from tests.reliability.flaws import compares_nothing
from tests.reliability.nursery import Nursery
from tests.reliability.race_work import (
    Attempt,
    Crew,
    Outcomes,
    Tally,
    TellingHasher,
    attempt,
    attempt_in_tasks,
    attempt_in_threads,
    crew,
    work,
    work_in_tasks,
)
from tests.support import RIGHT, policy

PROCESSES, GUESSES, ROUNDS = 16, 50, 20
SECONDS = 0.005  # that a look at a password takes
TRIES = 10  # to lose a race
AT_ONCE = 200  # sign-ins from one address
OFFICE = "192.0.2.1"


@frozen(eq=False)
class Race:
    """Sixteen processes on one database, and the file that tells what they looked at."""

    database: Database
    crew: Crew
    tally: Tally

    def settle_in(self, test: str, count: int) -> list[str]:
        """Store people of whom no other test knows, and return their names."""
        names = [f"{test}-{number}" for number in range(count)]
        settle_in(self.database, names, f"settled-in-{test}")
        return names

    def evaluated(self, names: list[str]) -> Counter[str]:
        return Counter(line for line in self.tally.lines() if line.split()[0] in names)

    def counter(self, key: CounterKey) -> AttemptCounter:
        with opened(self.database) as world:
            return world.repositories.counters.get(key) or AttemptCounter(key)


@pytest.fixture(scope="module", params=databases.NAMES)
def race(request: pytest.FixtureRequest, nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Race]:
    folder = tmp_path_factory.mktemp("race")
    tally = Tally(folder / "tally")
    hasher = TellingHasher(tally, SECONDS)
    with (
        databases.fresh(request.param, server_of(request.param, request), folder) as database,
        crew(nursery, PROCESSES, database, work, hasher) as hands,
    ):
        yield Race(database, hands, tally)


def rounds(share: float) -> int:
    return max(2, int(ROUNDS * share))


def guesses(name: str, worker: int, turn: int = 0, count: int = GUESSES) -> list[Attempt]:
    """Return guesses at one account, each from an address of its own, so that no address is ever blocked."""
    return [(name, f"guess {number}", f"10.{worker}.{turn}.{number}") for number in range(count)]


def total(each: list[Outcomes]) -> Outcomes:
    return sum(each, Counter())


def test_s36_16_processes_of_50_guesses_at_one_account_get_exactly_5_evaluated_in_every_round(
    race: Race, share: float
) -> None:
    names = race.settle_in("guessed", rounds(share))
    for turn, name in enumerate(names):
        each = [[guesses(name, worker, turn)] for worker in range(PROCESSES)]
        outcomes = total(race.crew.at_once(attempt, *each))
        assert PROCESSES * GUESSES == outcomes.total()
        assert 5 == outcomes["Refused wrong_secret"]
    assert dict.fromkeys((f"{name} wrong" for name in names), 5) == race.evaluated(names)


def test_s37_50_accounts_guessed_at_from_one_address_get_exactly_10_evaluated(race: Race, share: float) -> None:
    evaluated = []
    for number in range(rounds(share) // 2):
        names = race.settle_in(f"office-{number}", 50)
        turned = [names[3 * worker :] + names[: 3 * worker] for worker in range(PROCESSES)]
        each = [[[(name, "guess", f"172.17.0.{number}") for name in some]] for some in turned]
        race.crew.at_once(attempt, *each)
        evaluated.append(race.evaluated(names).total())
    assert [10] * (rounds(share) // 2) == evaluated


def test_5_processes_with_the_right_password_at_once_all_get_in(race: Race, share: float) -> None:
    names = race.settle_in("owner", rounds(share))
    for name in names:
        each = [[[(name, RIGHT, f"172.16.0.{worker}")]] for worker in range(5)]
        assert {"SignedIn": 5} == total(race.crew.at_once(attempt, *each))
        counter = race.counter(account_key(name))
        assert ((), ()) == (counter.failures, counter.reservations)


def test_200_right_sign_ins_at_once_from_one_address_are_signed_in_or_busy_and_block_nobody(race: Race) -> None:
    names = race.settle_in("nine-o-clock", AT_ONCE)
    each = [[[(name, RIGHT, OFFICE) for name in names[worker::PROCESSES]]] for worker in range(PROCESSES)]
    outcomes = total(race.crew.at_once(attempt_in_threads, *each))
    assert AT_ONCE == outcomes.total()
    assert {"SignedIn", "Busy"} >= {kind.split()[0] for kind in outcomes}
    assert outcomes["SignedIn"] >= 10
    counter = race.counter(address_key(parse_address(OFFICE), policy().lockout))
    assert ((), (), None) == (counter.failures, counter.reservations, counter.blocked_until)


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_s36_16_tasks_in_4_processes_get_exactly_5_evaluated_in_every_round(
    database: Database, nursery: Nursery, tmp_path: Path, share: float
) -> None:
    tally = Tally(tmp_path / "tally")
    names = [f"account-{number}" for number in range(max(1, rounds(share) // 5))]
    settle_in(database, names)
    with crew(nursery, 4, database, work_in_tasks, TellingHasher(tally, SECONDS)) as hands:
        for turn, name in enumerate(names):
            tasks = [[guesses(name, 4 * worker + task, turn) for task in range(4)] for worker in range(4)]
            outcomes = total(hands.at_once(attempt_in_tasks, *([some] for some in tasks)))
            assert PROCESSES * GUESSES == outcomes.total()
    assert dict.fromkeys((f"{name} wrong" for name in names), 5) == Counter(tally.lines())


def test_the_race_bites_counters_that_are_saved_without_comparing(
    database: Database, nursery: Nursery, tmp_path: Path
) -> None:
    tally = Tally(tmp_path / "tally")
    names = [f"known-{turn}" for turn in range(TRIES)]
    settle_in(database, names)
    with crew(nursery, PROCESSES, database, work, TellingHasher(tally, SECONDS), compares_nothing) as hands:
        race = Race(database, hands, tally)
        assert any(guessed(race, name) > 5 for name in names)  # a race that is lost now and then


def guessed(race: Race, name: str) -> int:
    """Let every process guess three times at one account, and return how many guesses were looked at."""
    race.crew.at_once(attempt, *([guesses(name, worker, count=3)] for worker in range(PROCESSES)))
    return race.evaluated([name]).total()
