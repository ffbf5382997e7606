"""S12 between processes, on real databases: of many who accept one invitation, one does."""

from collections import Counter
from collections.abc import Iterator

import pytest
from attrs import frozen

from mydso_access import AccessControl, Done, Enabled, EventQuery, NewUser, Structure, System
from tests.reliability import databases
from tests.reliability.conftest import server_of
from tests.reliability.databases import Database, opened
from tests.reliability.nursery import Nursery
from tests.reliability.race_work import Crew, Tally, TellingHasher, accept, crew, work
from tests.support import policy

PROCESSES, ROUNDS = 16, 20
HOST = System("test")


@frozen(eq=False)
class Race:
    """Sixteen processes on one database."""

    database: Database
    crew: Crew
    hasher: TellingHasher


@pytest.fixture(scope="module", params=["sqlite", "postgres", "mariadb"])
def race(request: pytest.FixtureRequest, nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Race]:
    folder = tmp_path_factory.mktemp("invitation")
    hasher = TellingHasher(Tally(folder / "tally"))
    with (
        databases.fresh(request.param, server_of(request.param, request), folder) as database,
        crew(nursery, PROCESSES, database, work, hasher) as hands,
    ):
        yield Race(database, hands, hasher)


def test_s12_of_16_processes_that_accept_one_invitation_one_does_in_every_round(race: Race, share: float) -> None:
    for turn in range(max(2, int(ROUNDS * share))):
        with opened(race.database) as world:
            access = AccessControl(world.repositories, policy=policy(), hasher=race.hasher)
            new = NewUser(email="anna@example.com", role="collector", name=f"invited-{turn}")
            added = access.add_user(HOST, Structure.entity("e1"), new)
            assert isinstance(added, Done)
            token = added.messages[0].token.reveal()
            each = [(token, f"Correct-Horse-{worker}") for worker in range(PROCESSES)]
            answers = Counter(race.crew.at_once(accept, *each))
            assert {"Done": 1, "Refused dead_token": PROCESSES - 1} == answers
            stored = world.repositories.users.get(added.record.id)
            assert isinstance(stored.login, Enabled)
            kinds = [
                event.kind.name
                for event in world.repositories.events.page(
                    EventQuery(since=added.event.at, subject=stored.id), None, 99
                )
            ]
            assert ["USER_CREATED", "INVITATION_ACCEPTED"] == kinds
