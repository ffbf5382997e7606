"""The example of a store of one's own keeps every contract; and between two processes, and after a crash, it does, too."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from examples.custom_store import JournalRepositories
from mydso_access import AccessControl, EventQuery
from mydso_access.testing.conformance import (
    AssertionContract,
    CounterContract,
    CustomerContract,
    EventContract,
    LinkContract,
    RaceContract,
    SignInContract,
    StructureContract,
    UserContract,
)
from tests.support import PLACES, CountingHasher, active, add, policy, settle
from tests.test_races import at_once

ROOT = Path(__file__).parents[1]


class InAJournal:
    @pytest.fixture
    def repositories(self, tmp_path: Path) -> JournalRepositories:
        return JournalRepositories(tmp_path / "journal")


class TestUsers(InAJournal, UserContract): ...


class TestStructures(InAJournal, StructureContract): ...


class TestCustomers(InAJournal, CustomerContract): ...


class TestLinks(InAJournal, LinkContract): ...


class TestCounters(InAJournal, CounterContract): ...


class TestSignIns(InAJournal, SignInContract): ...


class TestAssertions(InAJournal, AssertionContract): ...


class TestEvents(InAJournal, EventContract): ...


class TestRaces(InAJournal, RaceContract): ...


def test_two_stores_of_one_file_evaluate_five_guesses_between_them(tmp_path: Path) -> None:
    hasher = CountingHasher(seconds=0.005)
    one = JournalRepositories(tmp_path / "journal")
    other = JournalRepositories(tmp_path / "journal")
    settle(one, *PLACES)
    add(one, active("known"))
    doors = [AccessControl(store, policy=policy(), hasher=hasher) for store in (one, other)]

    def guess(thread: int) -> None:
        for number in range(10):
            doors[thread % 2].sign_in("known", "a guess", address=f"10.{thread}.{number}.1")

    at_once(8, guess)
    assert one.events.page(EventQuery(since=active("known").saved_at), None, 100) == other.events.page(
        EventQuery(since=active("known").saved_at), None, 100
    )
    assert 5 == hasher.evaluations


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_process_that_is_forked_keeps_the_other_one_out(tmp_path: Path) -> None:
    store, (told, tell) = JournalRepositories(tmp_path / "journal"), os.pipe()
    add(store, active("known"))
    with store.journal.caught_up():
        child = os.fork()
        if child == 0:
            try:
                store.journal.threads = threading.Lock()  # the parent's thread, which holds it, is not here
                with store.journal.caught_up():
                    os.write(tell, b"in")
            finally:
                os._exit(0)
        os.set_blocking(told, False)
        time.sleep(0.2)
        with pytest.raises(BlockingIOError):
            os.read(told, 2)
    os.waitpid(child, 0)
    assert b"in" == os.read(told, 2)
    for end in (told, tell):
        os.close(end)


PROCESS = """
import sys
from pathlib import Path
from examples.custom_store import JournalRepositories
from mydso_access import AccessControl
from tests.support import CountingHasher, policy

hasher = CountingHasher(seconds=0.005)
access = AccessControl(JournalRepositories(Path(sys.argv[1])), policy=policy(), hasher=hasher)
sys.stdin.readline()
for number in range(10):
    access.sign_in("known", "a guess", address=f"10.{sys.argv[2]}.{number}.1")
print(hasher.evaluations)
"""


def test_three_processes_evaluate_five_guesses_between_them(tmp_path: Path) -> None:
    store = JournalRepositories(tmp_path / "journal")
    settle(store, *PLACES)
    add(store, active("known"))
    command = [sys.executable, "-c", PROCESS, str(tmp_path / "journal")]
    processes = [
        subprocess.Popen([*command, str(n)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for n in range(3)
    ]
    for process in processes:
        process.stdin.write("go\n")  # type: ignore[union-attr]
        process.stdin.flush()  # type: ignore[union-attr]
    assert 5 == sum(int(process.communicate(timeout=60)[0]) for process in processes)


def test_a_save_that_a_crash_cut_short_never_happened(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    store = JournalRepositories(path)
    add(store, active("known"))
    whole = path.read_bytes()
    add(store, active("lost"))
    written = path.read_bytes()
    for length in range(len(whole), len(written)):  # wherever it was cut
        path.write_bytes(written[:length])
        store = JournalRepositories(path)
        other = JournalRepositories(path)
        assert store.users.get("id-known") is not None
        assert (None, None) == (store.users.get("id-lost"), store.users.named("lost"))
        assert 1 == len(store.events.page(EventQuery(since=active("known").saved_at), None, 100))
        if length % 50 == 0:
            add(store, active("lost"))
            assert store.users.get("id-lost") == other.users.get("id-lost") != None  # noqa: E711
            assert 2 == len(other.events.page(EventQuery(since=active("known").saved_at), None, 100))


def test_what_was_saved_is_there_after_a_restart(tmp_path: Path) -> None:
    store = JournalRepositories(tmp_path / "journal")
    add(store, active("known"))
    before = store.users.get("id-known")
    again = JournalRepositories(tmp_path / "journal")
    assert before == again.users.get("id-known") == again.users.named("known")
