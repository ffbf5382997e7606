"""Invariants 2 and 3 on real databases: every step of every call fails in every way.

The rule. A fault that reaches the library as an error of unknown outcome grants nothing: the answer is an exception, or
a refusal whose event could not be stored. A fault after which certainly nothing is stored (a statement that timed out
and was taken back, a connection lost before its commit) may be healed by trying again, in the library or in the driver;
then a right password may be granted, and only if everything that the grant writes is stored: user and event, and no
charge left on either key. However the attempt ends, it has charged each key once at most, and looked at one password at
most; an earlier failure is cleared by a complete sign-in that is stored, and by nothing else; and once the fault is gone, the
owner gets in.
"""

import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from attrs import define, evolve, field
from sqlalchemy import select, update

from mydso_access import AccessControl, AccessError, Busy, PasswordChanged, Proof, Refused, SignedIn
from mydso_access.adapters.codec import read
from mydso_access.adapters.sqlalchemy.tables import TABLES, row_key
from mydso_access.adapters.system import SystemClock
from mydso_access.decisions.lockout import current
from mydso_access.decisions.naming import account_key, address_key, parse_address
from mydso_access.model import AttemptCounter, CounterKey, Event, EventKind, Factor, User
from mydso_access.ports import Clock
from mydso_access.testing import ManualClock
from mydso_access.testing.clock import A_MONDAY
from tests.reliability import consistency, databases
from tests.reliability.conftest import server_of
from tests.reliability.databases import IMPATIENT, Database, Opened, opened
from tests.reliability.race_work import kind_of
from tests.reliability.saboteur import Fault, Saboteur, sabotaged
from tests.support import RIGHT, CountingHasher, active, policy

NEW = "Another-Horse-10"
MOST_STEPS = 40
POLICY = policy()
UNDISTURBED = {"right": SignedIn, "wrong": Refused, "change": PasswordChanged, "change, wrong": Refused}
MAY_HEAL = {Fault.TIME_OUT, Fault.DROPPED, Fault.DROPPED_AFTER}


@define
class Visitor:
    """Somebody of whom nothing is known yet, and the address they come from."""

    name: str
    address: str

    @property
    def proof(self) -> Proof:
        return Proof(f"id-{self.name}", ((Factor.PASSWORD, A_MONDAY),))

    @property
    def keys(self) -> tuple[CounterKey, CounterKey]:
        return address_key(parse_address(self.address), POLICY.lockout), account_key(self.name)

    def attempts(self, access: AccessControl, what: str) -> Any:
        """Attempt something, and return the answer or the library's exception; any other one is a failure."""
        try:
            if what.startswith("change"):
                old = RIGHT if what == "change" else "wrong"
                return access.change_password(self.proof, old, NEW, address=self.address)
            return access.sign_in(self.name, RIGHT if what == "right" else "wrong", address=self.address)
        except AccessError as error:
            return error


@define(eq=False)
class Site:
    """A database whose steps fail when they are told to, behind a door."""

    world: Opened
    saboteur: Saboteur
    clock: Clock = field(factory=ManualClock)
    hasher: CountingHasher = field(factory=CountingHasher)
    numbers: Iterator[int] = field(factory=itertools.count)

    @property
    def access(self) -> AccessControl:
        return AccessControl(self.world.repositories, policy=POLICY, hasher=self.hasher, clock=self.clock)

    def visitor(self) -> Visitor:
        """Return somebody who has mistyped their password once."""
        number = next(self.numbers)
        user = active(f"visitor-{number}")
        event = Event(id=f"added-{number}", kind=EventKind.USER_CREATED, at=user.saved_at)
        self.world.repositories.users.save(user, event)
        visitor = Visitor(f"visitor-{number}", f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
        assert isinstance(visitor.attempts(self.access, "wrong"), Refused)
        return visitor

    def counter(self, key: CounterKey) -> AttemptCounter:
        return self.world.repositories.counters.get(key) or AttemptCounter(key)

    def charges(self, visitor: Visitor) -> list[int]:
        """Return how many failures address and account have once every lease has run out."""
        later = self.clock.now() + timedelta(minutes=2)
        return [len(current(self.counter(key), POLICY.lockout, later).failures) for key in visitor.keys]

    def is_signed_in(self, visitor: Visitor) -> bool:
        """Tell whether a complete sign-in is stored, although its answer was lost."""
        user = self.world.repositories.users.named(visitor.name)
        return user.last_access_at is not None and self.has_stored(user)

    def has_stored(self, granted: User) -> bool:
        """Tell whether the user is stored as granted, with the event of it, and no charge is left."""
        with self.world.engine.connect() as connection:
            body = connection.scalar(
                select(TABLES.events.c.body).where(TABLES.events.c.key == row_key("event", granted.written_by or ""))
            )
        wrote = body is not None and read(Event, body).subject == granted.id
        return wrote and granted == self.world.repositories.users.get(granted.id)


@pytest.fixture(scope="module", params=databases.NAMES)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    server, folder = server_of(request.param, request), tmp_path_factory.mktemp("faults")
    with databases.fresh(request.param, server, folder) as database, sabotaged(database) as (world, saboteur):
        yield Site(world, saboteur)


def check(site: Site, visitor: Visitor, what: str, outcome: Any) -> None:
    """Hold an answer given while a step failed against the rule."""
    site.saboteur.rest()
    assert [] == consistency.unpaired(site.world, visitor.name, A_MONDAY)
    charges = site.charges(visitor)
    if not isinstance(outcome, SignedIn | PasswordChanged):
        assert isinstance(outcome, AccessError | Refused | Busy)
        assert charges[0] in {1, 2}  # the one before, and perhaps this one
        assert charges[1] in {1, 2} or (charges[1] == 0 and site.is_signed_in(visitor))
        return
    unknown = site.saboteur.fault is Fault.DROPPED_AFTER and site.saboteur.committing
    assert what in {"right", "change"}
    assert site.saboteur.fault in MAY_HEAL
    assert not unknown
    assert site.has_stored(outcome.user)
    assert ([1, 0] if what == "right" else [1, 1]) == charges


def owner_gets_in(site: Site, visitor: Visitor) -> bool:
    """Tell whether exactly one of the passwords that may be the right one now signs in."""
    home = f"11{visitor.address[2:]}"  # elsewhere
    outcomes = [site.access.sign_in(visitor.name, password, address=home) for password in (RIGHT, NEW)]
    return [Refused, SignedIn] == sorted((type(outcome) for outcome in outcomes), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("fault", Fault, ids=[fault.name for fault in Fault])
@pytest.mark.parametrize("what", UNDISTURBED)
def test_a_fault_at_any_step_grants_nothing_that_is_not_stored_charges_once_at_most_and_passes(
    site: Site, what: str, fault: Fault
) -> None:
    for failing in range(1, MOST_STEPS):
        visitor, access = site.visitor(), site.access
        before = site.hasher.evaluations
        site.saboteur.prepare(fault, lambda step, failing=failing: step == failing)
        outcome = visitor.attempts(access, what)
        if not site.saboteur.hits:
            break
        assert site.hasher.evaluations - before <= 1
        check(site, visitor, what, outcome)
        assert owner_gets_in(site, visitor), f"after step {failing}"
    site.saboteur.rest()
    assert UNDISTURBED[what] is type(outcome)  # so every step had its turn
    assert [] == consistency.faults(site.world)


@pytest.mark.parametrize("what", UNDISTURBED)
def test_a_store_that_is_dead_from_any_step_on_grants_nothing_and_charges_once_at_most_until_it_is_back(
    site: Site, what: str
) -> None:
    for dying in range(1, MOST_STEPS):
        visitor, access = site.visitor(), site.access
        site.saboteur.prepare(Fault.BEFORE, lambda step, dying=dying: step >= dying)
        outcome = visitor.attempts(access, what)
        if not site.saboteur.hits:
            break
        check(site, visitor, what, outcome)
        assert owner_gets_in(site, visitor), f"after step {dying}"
    site.saboteur.rest()
    assert UNDISTURBED[what] is type(outcome)
    assert [] == consistency.faults(site.world)


@pytest.mark.parametrize("database", ["sqlite", "postgres", "mariadb"], indirect=True)
@pytest.mark.parametrize(("key", "expected"), [(0, "Busy address_full"), (1, "Refused account_busy")])
def test_a_counter_that_somebody_keeps_locked_is_busy_and_nothing_is_evaluated_until_it_is_free(
    database: Database, key: int, expected: str
) -> None:
    impatient = evolve(POLICY, lockout=evolve(POLICY.lockout, charge_wait=timedelta(milliseconds=100)))
    with opened(database) as other, opened(database, connect_args=IMPATIENT[database.name]) as world:
        site = Site(world, Saboteur(None, None), clock=SystemClock())
        visitor, hasher = site.visitor(), CountingHasher()
        access = AccessControl(world.repositories, policy=impatient, hasher=hasher)
        with other.engine.begin() as holder:
            where = TABLES.counters.c.key == row_key(visitor.keys[key].kind.value, visitor.keys[key].digest)
            holder.execute(update(TABLES.counters).where(where).values(idle_from=0))
            # A locked SQLite file is locked for every key, so the address is the first to notice.
            assert kind_of(visitor.attempts(access, "right")) in {expected, "Busy address_full"}
            assert 0 == hasher.evaluations
            holder.rollback()
        assert isinstance(visitor.attempts(access, "right"), SignedIn)
