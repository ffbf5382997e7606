"""Invariant 3 beside the host's own work: whatever the host rolls back, a failure counts and what was used stays used.

Repositories that are given the host's engine have connections of their own, so nothing of theirs is in the host's
transaction. On SQLite, where one transaction at a time may write, the host signs in before it writes: an attempt made
while the host's own transaction is writing waits for it, in vain, and ends as `Busy`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import define, evolve, field
from sqlalchemy import Column, Connection, Integer, MetaData, Table, func, insert, select
from sqlalchemy.orm import Session

from mydso_access import AccessControl, Busy, OpenTransaction, Refused, SignedIn
from mydso_access.adapters.sqlalchemy import SqlRepositories
from mydso_access.decisions.naming import account_key, address_key, parse_address
from mydso_access.model import AttemptCounter, Event, EventKind, EventQuery, Factor, Purpose, Secret, SignIn, User
from tests.reliability.databases import IMPATIENT, Database, Opened, opened
from tests.support import HOME, RIGHT, CountingHasher, active, add, policy

HOSTS = Table("host_orders", MetaData(), Column("number", Integer))
POLICY = policy()
SQL = ["sqlite", "postgres", "mariadb"]


@define(eq=False)
class Host:
    """An application with a table of its own, beside ours."""

    world: Opened
    hasher: CountingHasher = field(factory=CountingHasher)

    @property
    def access(self) -> AccessControl:
        return self.door(self.world.repositories)

    def door(self, repositories: Any) -> AccessControl:
        # Little patience, so that a test of what never comes is soon over.
        lockout = evolve(POLICY.lockout, charge_wait=timedelta(milliseconds=100))
        return AccessControl(repositories, policy=evolve(POLICY, lockout=lockout), hasher=self.hasher)

    def orders(self) -> int:
        with self.world.engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(HOSTS)) or 0

    def failures(self) -> tuple[int, int]:
        keys = account_key("known"), address_key(parse_address(HOME), POLICY.lockout)
        counters = [self.world.repositories.counters.get(key) or AttemptCounter(key) for key in keys]
        return len(counters[0].failures), len(counters[1].failures)

    def known(self) -> User:
        return self.world.repositories.users.get("id-known")

    def kinds(self) -> list[EventKind]:
        page = self.world.repositories.events.page(EventQuery(since=datetime(2000, 1, 1, tzinfo=UTC)), None, 100)
        return [event.kind for event in page if not event.id.startswith(("add-", "found-"))]


@pytest.fixture
def host(database: Database) -> Iterator[Host]:
    with opened(database, connect_args=IMPATIENT[database.name]) as world:
        HOSTS.metadata.create_all(world.engine)
        add(world.repositories, active("known"))
        yield Host(world)


def order(session: Session | Connection) -> None:
    session.execute(insert(HOSTS).values(number=1))


def test_s36_five_failures_in_sessions_that_are_rolled_back_block_the_account(host: Host) -> None:
    for number in range(5):
        with Session(host.world.engine) as session:
            assert isinstance(host.access.sign_in("known", "wrong", address=f"10.0.0.{number}"), Refused)
            order(session)
            session.rollback()
    outcome = host.access.sign_in("known", RIGHT, address=HOME)
    assert isinstance(outcome, Refused)
    assert ("account_blocked", 5, 0) == (outcome.reason.value, host.hasher.evaluations, host.orders())


@pytest.mark.parametrize("database", ["postgres", "mariadb", "valkey"], indirect=True)
def test_a_failure_counts_although_the_host_had_written_before_it_and_rolls_back(
    host: Host, database: Database
) -> None:
    with Session(host.world.engine) as session:
        if database.name != "valkey":  # there the events are in SQLite, where one writes at a time
            order(session)
        assert isinstance(host.access.sign_in("known", "wrong", address=HOME), Refused)
        order(session)
        session.rollback()
    assert ((1, 1), [EventKind.REFUSED], 0) == (host.failures(), host.kinds(), host.orders())


def test_a_sign_in_stands_although_the_host_rolls_back(host: Host) -> None:
    with Session(host.world.engine) as session:
        outcome = host.access.sign_in("known", RIGHT, address=HOME)
        order(session)
        session.rollback()
    assert isinstance(outcome, SignedIn)
    assert outcome.user == host.known()
    assert (outcome.user.saved_at, [EventKind.SIGNED_IN], 0) == (
        host.known().last_access_at,
        host.kinds(),
        host.orders(),
    )


def test_a_half_finished_sign_in_that_was_used_stays_used_although_the_host_rolls_back(host: Host) -> None:
    now, sign_ins = datetime.now(UTC), host.world.repositories.sign_ins
    begun = SignIn(
        id="half-finished",
        user_id="id-known",
        address=address_key(parse_address(HOME), POLICY.lockout),
        purpose=Purpose.SIGN_IN,
        token=Secret("digest"),
        started_at=now,
        expires_at=now + timedelta(minutes=10),
        factors=((Factor.PASSWORD, now),),
        since=now,
        saved_at=now,
    )
    begun = evolve(begun, version=sign_ins.save(begun))
    with Session(host.world.engine) as session:
        sign_ins.save(evolve(begun, used_at=now))
        order(session)
        session.rollback()
    assert (now, 0) == (sign_ins.get(begun.id).used_at, host.orders())


@pytest.mark.parametrize("database", SQL, indirect=True)
@pytest.mark.parametrize("password", [RIGHT, "wrong"])
def test_repositories_in_the_hosts_own_transaction_are_refused_before_anything_is_evaluated(
    host: Host, password: str
) -> None:
    with Session(host.world.engine) as session:
        access = host.door(SqlRepositories(session.connection()))
        with pytest.raises(OpenTransaction):
            access.sign_in("known", password, address=HOME)
        session.commit()
    assert (0, (0, 0), None) == (host.hasher.evaluations, host.failures(), host.known().last_access_at)


@pytest.mark.parametrize("database", SQL, indirect=True)
def test_repositories_on_a_connection_that_is_in_no_transaction_commit_on_their_own(host: Host) -> None:
    with host.world.engine.connect() as connection:
        access = host.door(SqlRepositories(connection))
        assert isinstance(access.sign_in("known", "wrong", address=HOME), Refused)
        connection.rollback()
    assert (1, 1) == host.failures()


@pytest.mark.parametrize("database", SQL, indirect=True)
def test_what_an_administrator_changes_in_the_hosts_transaction_goes_with_it(host: Host) -> None:
    event = Event(id="an-addition", kind=EventKind.USER_CREATED, at=datetime.now(UTC))
    with host.world.engine.connect() as connection, connection.begin() as transaction:
        SqlRepositories(connection).users.add_all([active("new")], event)
        transaction.rollback()
    assert (None, []) == (host.world.repositories.users.named("new"), host.kinds())


@pytest.mark.parametrize("database", SQL, indirect=True)
def test_a_sign_in_while_the_host_is_changing_that_very_user_is_busy_and_succeeds_once_it_has_rolled_back(
    host: Host,
) -> None:
    before = host.known()
    event = Event(id="a-change", kind=EventKind.PASSWORD_CHANGED, at=datetime.now(UTC), subject=before.id)
    with host.world.engine.connect() as connection, connection.begin() as transaction:
        SqlRepositories(connection).users.save(evolve(before, saved_at=event.at, written_by=event.id), event)
        assert isinstance(host.access.sign_in("known", RIGHT, address=HOME), Busy)
        transaction.rollback()
    assert before == host.known()
    assert isinstance(host.access.sign_in("known", RIGHT, address=HOME), SignedIn)
