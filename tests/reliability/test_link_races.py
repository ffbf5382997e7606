"""Invariant 5 between processes, on real databases: a link for single use lets one of sixteen in, and never two (A23)."""

from collections import Counter
from collections.abc import Iterator

import pytest
from attrs import frozen

from mydso_access import EventKind, EventQuery
from mydso_access.testing.clock import A_MONDAY
from tests.reliability import databases
from tests.reliability.conftest import server_of
from tests.reliability.databases import Database, opened
from tests.reliability.flaws import compares_no_link
from tests.reliability.link_work import follow, sent, work_on_links
from tests.reliability.nursery import Nursery
from tests.reliability.race_work import Crew, Outcomes, crew

PROCESSES, ROUNDS, LONG, TRIES = 16, 10, 100, 10
# Valkey keeps no links.
SQL = [name for name in databases.NAMES if name != "valkey"]
GRANTER = "granter"


@frozen(eq=False)
class Race:
    """Sixteen processes on one database, and what was stored there."""

    database: Database
    crew: Crew

    def followed(self) -> Outcomes:
        """Let every process follow one link at once; what is stored must tell the same as what was answered."""
        (issued,) = sent(self.database, f"id-{GRANTER}", [0])
        outcomes: Outcomes = sum(self.crew.at_once(follow, *[([issued.token.reveal()],)] * PROCESSES), Counter())
        with opened(self.database) as world:
            stored = world.repositories.links.get(issued.link.id)
            trail = world.repositories.events.page(EventQuery(since=A_MONDAY), None, 10_000)
            used = [event for event in trail if event.id == stored.written_by]
        assert [EventKind.LINK_OPENED] == [event.kind for event in used]
        assert used[0].at == stored.used_at
        return outcomes

    def campaign(self, links: int) -> list[int]:
        """Let every process follow all of several links, each in an order of its own; return how often each opened."""
        issued = sent(self.database, f"id-{GRANTER}", range(links))
        tokens = [each.token.reveal() for each in issued]
        orders = [(tokens[worker % links :] + tokens[: worker % links],) for worker in range(PROCESSES)]
        answers: Outcomes = sum(self.crew.at_once(follow, *orders), Counter())
        assert PROCESSES * links == answers.total()
        assert {"LinkOpened", "Refused used_link", "Busy record_changed"} >= {*answers}
        return [answers["LinkOpened"]]


@pytest.fixture(scope="module", params=SQL)
def race(request: pytest.FixtureRequest, nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Race]:
    folder = tmp_path_factory.mktemp("links")
    with databases.fresh(request.param, server_of(request.param, request), folder) as database:
        databases.settle_in(database, [GRANTER])
        with crew(nursery, PROCESSES, database, work_on_links) as hands:
            yield Race(database, hands)


def rounds(share: float) -> range:
    return range(max(1, int(ROUNDS * share)))


def test_a23_a_link_for_single_use_followed_by_16_processes_lets_exactly_one_in(race: Race, share: float) -> None:
    turns = rounds(share)
    outcomes = [race.followed() for _ in turns]
    assert [1] * len(turns) == [each["LinkOpened"] for each in outcomes]
    assert {PROCESSES} == {each.total() for each in outcomes}
    assert {"LinkOpened", "Refused used_link", "Busy record_changed"} >= {kind for each in outcomes for kind in each}


def test_a23_a_campaigns_links_followed_by_16_processes_open_once_each(race: Race) -> None:
    assert [12] == race.campaign(12)


@pytest.mark.parametrize("name", SQL)
def test_the_race_bites_links_that_are_saved_without_comparing(
    name: str, request: pytest.FixtureRequest, nursery: Nursery, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("flawed")
    with databases.fresh(name, server_of(name, request), folder) as database:
        databases.settle_in(database, [GRANTER])
        with crew(nursery, PROCESSES, database, work_on_links, compares_no_link) as hands:
            race = Race(database, hands)
            assert any(race.campaign(12)[0] > 12 for _ in range(TRIES))  # a race that is lost now and then


@pytest.mark.long
@pytest.mark.usefixtures("long_run")
def test_100_rounds_of_one_link_let_exactly_one_in_each(race: Race) -> None:
    assert [1] * LONG == [race.followed()["LinkOpened"] for _ in range(LONG)]
