"""What a process does until it is killed: it signs in, saves people and sign-ins, and says what was acknowledged to it."""

import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from enum import Enum
from multiprocessing.connection import Connection
from typing import Any, TypeAlias

from attrs import define, evolve, field, frozen
from redis import RedisError
from sqlalchemy.exc import SQLAlchemyError

from mydso_access import AccessControl, SignedIn, StoreError
from mydso_access.adapters.system import SystemChance
from mydso_access.decisions.naming import address_key, parse_address
from mydso_access.model import Event, EventKind, Factor, Purpose, Secret, SignIn
from tests.reliability.databases import Database, opened, people
from tests.reliability.race_work import Flaw, Tally, TellingHasher, kind_of
from tests.support import RIGHT, policy

STORE_FAILS = (StoreError, SQLAlchemyError, RedisError)
BREATH = 0.005  # seconds after it failed


class Doing(Enum):
    """What a process tries."""

    WRONG = "a wrong password"
    RIGHT = "the right password"
    EDIT = "an administrator's change"
    ADD = "two users with one event"
    SIGN_IN = "a sign-in in two steps"


@frozen
class Life:
    """What one process is given: its number, its chance, and whom it works on.

    Attributes:
        number: no other life's; all its ids begin with it.
        seed: decides what it does.
        victims: accounts of which only wrong passwords are tried.
        owners: accounts that their owners sign in to, and that administrators edit.
        tally: where evaluations are told.
        flaw: what is done to the repositories before they are used, for a test that must fail.
    """

    number: int
    seed: int
    victims: list[str]
    owners: list[str]
    tally: Tally
    flaw: Flaw | None = None


@frozen
class Begun:
    """Something is about to be tried."""

    what: Doing
    whom: str


@frozen
class Answered:
    """What was tried last has been answered.

    Attributes:
        what: which of the five.
        whom: an account's name, or a record's id.
        outcome: the answer's kind; an exception's, if the store failed.
        charges: ids that were drawn on the way: the address's charge first, the account's second.
        address: where it came from.
        version: of the record that was stored.
    """

    what: Doing
    whom: str
    outcome: str
    charges: tuple[str, ...] = ()
    address: str = ""
    version: int = 0


Said: TypeAlias = Begun | Answered


@define
class NumberedChance:
    """Draws ids that say whose they are, and remembers them."""

    life: int
    drawn: list[str] = field(factory=list)
    count: int = 0

    def new_id(self) -> str:
        self.count += 1
        self.drawn.append(f"{self.life}.{self.count}")
        return self.drawn[-1]

    def fraction(self) -> float:
        return SystemChance().fraction()


@define(eq=False)
class Worker:
    """A process at work."""

    life: Life
    repositories: Any
    access: AccessControl
    ids: NumberedChance
    chance: random.Random

    def wrong(self) -> Iterator[Said]:
        yield from self._sign_in(Doing.WRONG, self.chance.choice(self.life.victims + self.life.owners[:2]), "a guess")

    def right(self) -> Iterator[Said]:
        yield from self._sign_in(Doing.RIGHT, self.chance.choice(self.life.owners), RIGHT)

    def _sign_in(self, what: Doing, name: str, password: str) -> Iterator[Said]:
        address = f"10.{self.life.number >> 8}.{self.life.number & 255}.{self.chance.randrange(4)}"
        yield Begun(what, name)
        self.ids.drawn.clear()
        outcome = self.access.sign_in(name, password, address=address)
        version = outcome.user.version if isinstance(outcome, SignedIn) else 0
        yield Answered(what, name, kind_of(outcome), tuple(self.ids.drawn[:2]), address, version)

    def edit(self) -> Iterator[Said]:
        """Save a user with an event, as an administrator's change does."""
        name = self.chance.choice(self.life.owners)
        user = self.repositories.users.named(name)
        at = max(datetime.now(UTC), user.saved_at + timedelta(microseconds=1))
        event = Event(id=self.ids.new_id(), kind=EventKind.PASSWORD_CHANGED, at=at, subject=user.id)
        yield Begun(Doing.EDIT, name)
        version = self.repositories.users.save(evolve(user, saved_at=at, written_by=event.id), event)
        yield Answered(Doing.EDIT, name, "saved", version=version)

    def add(self) -> Iterator[Said]:
        """Store two users with one event."""
        event = Event(id=self.ids.new_id(), kind=EventKind.USER_CREATED, at=datetime.now(UTC))
        names = [f"new-{event.id}-{number}" for number in range(2)]
        yield Begun(Doing.ADD, event.id)
        self.repositories.users.add_all([evolve(user, written_by=event.id) for user in people(names)], event)
        yield Answered(Doing.ADD, event.id, "saved")

    def sign_in(self) -> Iterator[Said]:
        """Begin a sign-in in two steps, and complete it."""
        now = datetime.now(UTC)
        begun = SignIn(
            id=self.ids.new_id(),
            user_id="id-somebody",
            address=address_key(parse_address("10.0.0.1"), policy().lockout),
            purpose=Purpose.SIGN_IN,
            token=Secret("digest"),
            started_at=now,
            expires_at=now + timedelta(hours=1),
            factors=((Factor.PASSWORD, now),),
            since=now,
            saved_at=now,
        )
        yield Begun(Doing.SIGN_IN, begun.id)
        version = self.repositories.sign_ins.save(begun)
        version = self.repositories.sign_ins.save(evolve(begun, version=version, used_at=now))
        yield Answered(Doing.SIGN_IN, begun.id, "used", version=version)


def live(connection: Connection, database: Database, life: Life) -> None:
    """Work until killed, and say what begins and what was answered."""
    for said in _sayings(database, life, fearless=False):
        connection.send(said)


def live_through_crashes(connection: Connection, database: Database, life: Life) -> None:
    """Work until told to stop, also while the server is being killed and started again."""
    for said in _sayings(database, life, fearless=True):
        connection.send(said)
        if connection.poll():
            connection.recv()
            connection.send(None)
            return


def _sayings(database: Database, life: Life, *, fearless: bool) -> Iterator[Said]:
    chance, ids = random.Random(life.seed), NumberedChance(life.number)
    hasher = TellingHasher(life.tally, seconds=0.001)
    with opened(database) as world:
        stored = world.repositories if life.flaw is None else life.flaw(world)
        access = AccessControl(stored, policy=policy(), hasher=hasher, chance=ids)
        worker = Worker(life, stored, access, ids, chance)
        doings = [worker.wrong, worker.right, worker.edit, worker.add, worker.sign_in]
        while True:
            doing = chance.choices(doings, weights=[5, 3, 1, 1, 1])[0]
            yield from _bravely(doing) if fearless else doing()


def _bravely(doing: Callable[[], Iterator[Said]]) -> Iterator[Said]:
    """Go on if the store fails: what was begun was not answered, and that is all that is known."""
    try:
        yield from doing()
    except STORE_FAILS:
        time.sleep(BREATH)
