"""kill -9 at random moments: nothing acknowledged is lost, nothing is half-written, no record is without its event.

What dies is the process that signs people in, hundreds of times, or the database server itself. That is the death of a
process: what it had handed to the operating system is kept. It says nothing of a machine that loses its power.
"""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reliability import databases
from tests.reliability.conftest import server_of
from tests.reliability.crash_run import THOROUGH, CrashRun, crash_run
from tests.reliability.databases import Database
from tests.reliability.flaws import saves_the_event_afterwards, writes_now_and_then
from tests.reliability.nursery import Nursery
from tests.reliability.race_work import Flaw
from tests.servers import KINDS, Server, launch, serving

KILLS, LONG_KILLS = 300, 1100
SERVER_KILLS, LONG_SERVER_KILLS = 8, 60
SERVERS = ("postgres", "mariadb", "valkey")


@pytest.fixture
def seed() -> int:
    """Return another seed each time; pytest shows it with what failed."""
    return secrets.randbits(32)


@pytest.fixture(params=databases.NAMES)
def careful(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Give a database that waits for its disk where it can be told to."""
    with databases.fresh(request.param, server_of(request.param, request), tmp_path, synchronous="FULL") as made:
        yield made


def killed(run: CrashRun, kills: int, seed: int) -> None:
    """Kill so many processes, and look at what they touched each time, at everything now and then."""
    for number in range(1, kills + 1):
        assert [] == run.die(), f"seed {seed}, kill {number}"
        if number % THOROUGH == 0 or number == kills:
            assert [] == run.faults(), f"seed {seed}, kill {number}"
    # A kill that comes when nothing is going on proves nothing.
    assert run.interrupted > kills / 2


def test_a_process_killed_at_random_moments_loses_nothing_that_was_acknowledged_and_leaves_nothing_half_written(
    careful: Database, nursery: Nursery, tmp_path: Path, share: float, seed: int
) -> None:
    with crash_run(careful, nursery, tmp_path, seed, victims=KILLS * 3) as run:
        killed(run, int(KILLS * share), seed)


@pytest.mark.long
@pytest.mark.usefixtures("long_run")
def test_a_process_killed_at_more_than_a_thousand_random_moments_loses_nothing(
    careful: Database, nursery: Nursery, tmp_path: Path, seed: int
) -> None:
    with crash_run(careful, nursery, tmp_path, seed, victims=LONG_KILLS * 3) as run:
        killed(run, LONG_KILLS, seed)


@pytest.fixture(params=SERVERS)
def durable(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Give a server that we may kill, and that waits for its disk at every commit."""
    with serving(request.param, durable=True) as server:
        yield server


def server_killed(run: CrashRun, server: Server, kills: int, seed: int) -> None:
    workers = run.survivors(2)
    for _ in range(kills):
        run.kill_server(server, workers)
    run.finish(workers)
    assert [] == run.faults(), f"seed {seed}"
    assert run.witness.acknowledged() > 0


def test_a_server_killed_while_two_processes_work_has_kept_everything_that_was_acknowledged(
    durable: Server, nursery: Nursery, tmp_path: Path, share: float, seed: int
) -> None:
    with (
        databases.fresh(durable.kind.name, durable, tmp_path) as database,
        crash_run(database, nursery, tmp_path, seed, victims=200) as run,
    ):
        server_killed(run, durable, max(3, int(SERVER_KILLS * share)), seed)


@pytest.mark.long
@pytest.mark.usefixtures("long_run")
def test_a_server_killed_again_and_again_has_kept_everything_that_was_acknowledged(
    durable: Server, nursery: Nursery, tmp_path: Path, seed: int
) -> None:
    with (
        databases.fresh(durable.kind.name, durable, tmp_path) as database,
        crash_run(database, nursery, tmp_path, seed, victims=2000) as run,
    ):
        server_killed(run, durable, LONG_SERVER_KILLS, seed)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("flaw", [writes_now_and_then, saves_the_event_afterwards])
def test_the_crash_bites_what_is_written_later(
    database: Database, nursery: Nursery, tmp_path: Path, flaw: Flaw, seed: int
) -> None:
    with crash_run(database, nursery, tmp_path, seed, victims=KILLS * 3, flaw=flaw) as run:
        assert any(run.die() for _ in range(KILLS)), f"seed {seed}"


def test_the_crash_bites_a_server_that_keeps_what_it_acknowledged_in_its_memory(
    nursery: Nursery, tmp_path: Path, seed: int
) -> None:
    server = launch(KINDS["valkey"], durable=False)
    try:
        server.start()
        with (
            databases.fresh("valkey", server, tmp_path) as database,
            crash_run(database, nursery, tmp_path, seed, victims=200) as run,
        ):
            workers = run.survivors(2)
            for _ in range(5):
                run.kill_server(server, workers)
            run.finish(workers)
            assert [] != run.faults(), f"seed {seed}"
    finally:
        server.stop()
