"""Lives that end by kill -9 at random moments, one after the other, and what is left after each."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from attrs import define, field

from tests.reliability import consistency
from tests.reliability.crash_work import Begun, Doing, Life, live, live_through_crashes
from tests.reliability.databases import Database, Opened, opened, settle_in
from tests.reliability.nursery import Child, Nursery
from tests.reliability.race_work import Flaw, Tally
from tests.reliability.witness import Witness
from tests.servers import Server

VICTIMS_AT_ONCE, OWNERS_AT_ONCE, OWNERS = 4, 6, 40
MOST_ANSWERS = 4  # that a life gets before its last moment begins
LONGEST_OF_A_SERVER = 0.2  # seconds of work until it is killed
THOROUGH = 50  # kills between two looks at everything


@define
class CrashRun:
    """Processes working on one database, and what they were told was saved.

    Attributes:
        database: where they work.
        world: the same for us.
        nursery: starts them.
        tally: where they tell what they evaluate.
        chance: decides what they do and when they die.
        flaw: what is done to their repositories, for a test that must fail.
        victims: accounts that can still be guessed at.
        owners: accounts that are signed in to.
        witness: heard everything.
        lives: how many there were.
        interrupted: how many of them died while something was going on.
    """

    database: Database
    world: Opened
    nursery: Nursery
    tally: Tally
    chance: random.Random
    flaw: Flaw | None
    victims: list[str]
    owners: list[str]
    witness: Witness = field(factory=Witness)
    lives: int = 0
    interrupted: int = 0

    def life(self, victims: list[str], owners: list[str]) -> Life:
        """Return the next life: whom it works on, and by which chance."""
        self.lives += 1
        return Life(self.lives, self.chance.getrandbits(32), victims, owners, self.tally, self.flaw)

    def die(self) -> list[str]:
        """Let one process live for a random moment, and return what it lost or tore."""
        self.victims = [name for name in self.victims if name not in self.witness.closed]
        life = self.life(self.victims[:VICTIMS_AT_ONCE], self.chance.sample(self.owners, OWNERS_AT_ONCE))
        began_at = datetime.now(UTC)
        child = self.nursery.start(live, self.database, life)
        said = [child.receive()]  # it has opened the database, and begins
        began = time.monotonic()
        for _ in range(self.chance.randint(1, MOST_ANSWERS)):
            said += [child.receive(), child.receive()]
        one = (time.monotonic() - began) / (len(said) // 2)
        time.sleep(self.chance.uniform(0, 2 * one))  # somewhere in the next two attempts, however fast the machine is
        child.kill()
        said += child.rest()
        self.nursery.end(child)
        self.interrupted += isinstance(said[-1], Begun)
        self.witness.hear(said)
        self.world.engine.dispose()  # what is seen now is seen by a new connection
        saved = {each.whom for each in said if each.what in {Doing.RIGHT, Doing.EDIT}}
        torn = [fault for name in saved for fault in consistency.unpaired(self.world, name, began_at)]
        return torn + self.witness.lost(self.world, said)

    def survivors(self, count: int) -> list[Child]:
        """Start processes that work on while the server dies, none of them on another one's owners."""
        lives = [self.life(self.victims[number::count], self.owners[number::count]) for number in range(count)]
        return [self.nursery.start(live_through_crashes, self.database, life) for life in lives]

    def kill_server(self, server: Server, workers: list[Child]) -> None:
        """Kill the server at a random moment of their work, and start it again."""
        for worker in workers:
            self.witness.hear([worker.receive()])
        time.sleep(self.chance.uniform(0, LONGEST_OF_A_SERVER))
        server.kill()
        server.start()
        for worker in workers:
            while worker.connection.poll():
                self.witness.hear([worker.receive()])

    def finish(self, workers: list[Child]) -> None:
        """Let them come to their end, and hear what they were told."""
        for worker in workers:
            worker.send("enough")
            self.witness.hear(iter(worker.receive, None))
            self.nursery.end(worker)

    def faults(self) -> list[str]:
        """Look at everything, and return what is wrong."""
        self.world.engine.dispose()
        found = [*self.witness.lost(self.world), *consistency.faults(self.world)]
        return found + self.witness.too_many(self.tally)


@contextmanager
def crash_run(
    database: Database, nursery: Nursery, folder: Path, seed: int, victims: int, flaw: Flaw | None = None
) -> Iterator[CrashRun]:
    """Give a run on a fresh database, with people in it."""
    guessed = [f"victim-{number}" for number in range(victims)]
    owners = [f"owner-{number}" for number in range(OWNERS)]
    settle_in(database, guessed + owners)
    with opened(database, pool_size=1) as world:
        tally, chance = Tally(folder / "evaluated"), random.Random(seed)
        yield CrashRun(database, world, nursery, tally, chance, flaw, guessed, owners)
