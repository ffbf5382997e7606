"""Invariants 1 and 5 between processes, on real databases: no code too many is evaluated, and no right one counts twice."""

import base64
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from attrs import field, frozen

from mydso_access import AccessControl
from mydso_access.model import Secret
from tests.reliability import databases
from tests.reliability.code_work import RECOVERY, app_code, assert_sso, door, give, settle_in, work_on_codes
from tests.reliability.conftest import server_of
from tests.reliability.databases import Database, opened
from tests.reliability.flaws import compares_nothing
from tests.reliability.nursery import Nursery
from tests.reliability.race_work import Crew, Outcomes, Tally, crew
from tests.support import RIGHT

PROCESSES, GUESSES, ROUNDS, LONG = 16, 8, 2, 20
SECONDS = 0.005  # that a look at a code takes
TRIES = 10  # to lose a race
CALLS = {
    "app": "enter_second_factor",
    "paper": "enter_second_factor",
    "sms": "enter_address_code",
    "enrolment": "confirm_second_factor",
}


@frozen(eq=False)
class Race:
    """Sixteen processes on one database, which know every password, and the file that tells what was looked at."""

    database: Database
    crew: Crew
    tally: Tally
    numbers: Iterator[int] = field(factory=count)

    def somebody(self, kind: str) -> tuple[str, list[str]]:
        """Store somebody who owes a code; return their name, and for each process an address that is not blocked."""
        number = next(self.numbers)
        settle_in(self.database, kind, [f"visitor-{number}"])
        addresses = [f"10.{number >> 8}.{number & 255}.{worker}" for worker in range(1, PROCESSES + 1)]
        return f"visitor-{number}", addresses

    def begun(self, name: str, addresses: list[str]) -> list[Any]:
        """Begin a sign-in from each address, with the right password."""
        with opened(self.database) as world:
            access: AccessControl = door(world.repositories, Tally(self.tally.path.with_name("beginnings")))
            return [access.sign_in(name, RIGHT, address=address) for address in addresses]

    def at_once(self, kind: str, asked: list[Any], addresses: list[str], codes: list[list[str]]) -> Outcomes:
        """Let each process give its codes for its sign-in, all at once."""
        each = [
            (CALLS[kind], one.sign_in.reveal(), some, address)
            for one, some, address in zip(asked, codes, addresses, strict=True)
        ]
        return sum(self.crew.at_once(give, *each), Counter())

    def looks(self, kind: str, name: str, begun: list[Any]) -> int:
        """Return how many codes of somebody were evaluated."""
        lines = Counter(self.tally.lines())
        if kind == "paper":
            return lines[f"{name} wrong"] + lines[f"{name} right"]
        if kind == "sms":
            ids = {base64.urlsafe_b64decode(one.sign_in.reveal().split(".")[0] + "==").decode() for one in begun}
            return sum(lines[f"sms {each}"] for each in ids)
        return lines[f"seed id-{name}"]


@pytest.fixture(scope="module", params=databases.NAMES)
def race(request: pytest.FixtureRequest, nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Race]:
    folder = tmp_path_factory.mktemp("codes")
    tally = Tally(folder / "tally")
    with (
        databases.fresh(request.param, server_of(request.param, request), folder) as database,
        crew(nursery, PROCESSES, database, work_on_codes, tally, SECONDS) as hands,
    ):
        yield Race(database, hands, tally)


def wrong(kind: str, worker: int) -> list[str]:
    """Return guesses, each another one."""
    numbers = range(GUESSES * worker, GUESSES * (worker + 1))
    if kind == "paper":
        return [f"{number % 10 + 1}-" + base64.b32encode(f"{number:08d}".encode()).decode()[:12] for number in numbers]
    return [f"{5209 * (number + 1) % 10**6:06d}" for number in numbers]


def guessed(race: Race, kind: str) -> int:
    """Let every process guess at the codes of one account, and return how many guesses were evaluated."""
    name, addresses = race.somebody(kind)
    begun = race.begun(name, addresses)
    codes = [wrong(kind, worker) for worker in range(PROCESSES)]
    outcomes = race.at_once(kind, begun, addresses, codes)
    assert PROCESSES * GUESSES == outcomes.total()
    assert {"Refused", "Busy"} >= {each.split()[0] for each in outcomes}
    return race.looks(kind, name, begun)


RIGHT_CODES: dict[str, Callable[[Any], str]] = {
    "app": lambda _: app_code(),
    "paper": lambda _: RECOVERY[3].reveal(),
    "sms": lambda asked: asked.messages[0].code.reveal(),
    "enrolment": lambda asked: app_code(Secret(base64.b32decode(asked.seed.reveal()))),
}


def taken(race: Race, kind: str, *, together: bool) -> Outcomes:
    """Let every process send one right code at once; together: all for the same sign-in."""
    name, addresses = race.somebody(kind)
    if together:
        addresses = addresses[:1] * PROCESSES
    asked = race.begun(name, addresses[:1]) * PROCESSES if together else race.begun(name, addresses)
    return race.at_once(kind, asked, addresses, [[RIGHT_CODES[kind](asked[0])]] * PROCESSES)


def asserted(race: Race) -> Outcomes:
    """Let every process bring one assertion at once."""
    (name, addresses), instant = race.somebody("sso"), datetime.now(UTC)
    each = [(name, f"said-of-{name}", instant, address) for address in addresses]
    return sum(race.crew.at_once(assert_sso, *each), Counter())


def rounds(share: float) -> range:
    return range(max(1, int(ROUNDS * share)))


@pytest.mark.parametrize("kind", CALLS)
def test_a17_with_the_right_password_16_processes_get_exactly_5_codes_evaluated_never_6(
    race: Race, share: float, kind: str
) -> None:
    turns = rounds(share)
    assert [5] * len(turns) == [guessed(race, kind) for _ in turns]


@pytest.mark.parametrize(
    ("kind", "together"),
    [("app", False), ("app", True), ("paper", False), ("paper", True), ("sms", True), ("enrolment", True)],
)
def test_d8_one_right_code_sent_by_16_processes_leads_on_once(
    race: Race, share: float, kind: str, together: bool
) -> None:
    turns = rounds(share)
    counts = [taken(race, kind, together=together)["SignedIn"] for _ in turns]
    assert [1] * len(turns) == counts


def test_s35_one_assertion_brought_by_16_processes_signs_in_once(race: Race, share: float) -> None:
    turns = rounds(share)
    assert [1] * len(turns) == [asserted(race)["SignedIn"] for _ in turns]


@pytest.mark.parametrize("kind", CALLS)
def test_the_race_bites_counters_that_are_saved_without_comparing(
    database: Database, nursery: Nursery, tmp_path: Path, kind: str
) -> None:
    tally = Tally(tmp_path / "tally")
    with crew(nursery, PROCESSES, database, work_on_codes, tally, SECONDS, compares_nothing) as hands:
        race = Race(database, hands, tally)
        assert any(guessed(race, kind) > 5 for _ in range(TRIES))  # a race that is lost now and then


@pytest.mark.long
@pytest.mark.usefixtures("long_run")
@pytest.mark.parametrize("kind", CALLS)
def test_20_rounds_of_guesses_get_exactly_5_codes_evaluated_in_each(race: Race, kind: str) -> None:
    assert [5] * LONG == [guessed(race, kind) for _ in range(LONG)]


@pytest.mark.long
@pytest.mark.usefixtures("long_run")
@pytest.mark.parametrize("kind", CALLS)
def test_20_rounds_of_right_codes_lead_on_once_in_each(race: Race, kind: str) -> None:
    assert [1] * LONG == [taken(race, kind, together=True)["SignedIn"] for _ in range(LONG)]


@pytest.mark.long
@pytest.mark.usefixtures("long_run")
def test_20_rounds_of_assertions_sign_in_once_in_each(race: Race) -> None:
    assert [1] * LONG == [asserted(race)["SignedIn"] for _ in range(LONG)]
