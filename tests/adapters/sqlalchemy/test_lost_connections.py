"""Connections that die before, in and at the end of a transaction: `Stale` if nothing was stored, else an error."""

from collections.abc import Callable
from contextlib import ExitStack

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from mydso_access import SignedIn
from mydso_access.adapters.sqlalchemy import SqlRepositories
from mydso_access.errors import Stale, StoreUnavailable
from tests.adapters.sqlalchemy.hosts import (
    ANNA,
    KEY,
    SERVERS,
    Host,
    before,
    counter,
    event_of,
    kill,
    only,
    process_of,
    stored,
)
from tests.support import HOME, PLACES, RIGHT, CountingHasher, settle

ONE_CONNECTION = {"pool_size": 1, "max_overflow": 0}
Opened = Callable[..., Engine]
Hosted = Callable[..., Host]


@only(*SERVERS)
def test_a_connection_lost_before_a_write_is_stale_with_nothing_stored(hosted: Hosted, engine: Engine) -> None:
    host = hosted(**ONE_CONNECTION)
    kill(engine, host.process())
    with pytest.raises(Stale):
        host.repositories().counters.save(counter())
    assert None is host.repositories().counters.get(KEY)
    assert 0 < host.repositories().counters.save(counter())


@only(*SERVERS)
def test_a_connection_lost_between_record_and_event_stores_neither(
    hosted: Hosted, engine: Engine, repositories: SqlRepositories
) -> None:
    host = hosted(**ONE_CONNECTION)
    own = host.process()
    with before(host.sync_engine, "INSERT INTO mydso_events", lambda _: kill(engine, own)), pytest.raises(Stale):
        host.repositories().users.save(ANNA, event_of("e1"))
    assert None is repositories.users.get(ANNA.id)


@only(*SERVERS)
def test_a_connection_lost_before_a_read_is_not_noticed(
    hosted: Hosted, engine: Engine, repositories: SqlRepositories
) -> None:
    anna = stored(repositories)
    host = hosted(**ONE_CONNECTION)
    kill(engine, host.process())
    assert anna == host.repositories().users.get(ANNA.id)
    with host.connection() as connection:
        made = host.repositories(connection)
        own = connection.run_sync(process_of) if host.is_async else process_of(connection.target)
        connection.rollback()
        kill(engine, own)
        assert anna == made.users.get(ANNA.id)
        assert not connection.in_transaction()


@only(*SERVERS)
def test_a_connection_lost_at_the_commit_is_an_error_since_nobody_knows(hosted: Hosted, engine: Engine) -> None:
    host = hosted(**ONE_CONNECTION)

    def lose(connection: Connection) -> None:
        kill(engine, process_of(connection))

    with before(host.sync_engine, "COMMIT", lose), pytest.raises(DBAPIError) as lost:
        host.repositories().counters.save(counter())
    assert lost.value.connection_invalidated
    assert 0 < host.repositories().counters.save(counter())


@only(*SERVERS)
def test_a_connection_lost_at_the_commit_of_a_sign_in_grants_nothing(
    hosted: Hosted, engine: Engine, repositories: SqlRepositories
) -> None:
    settle(repositories, *PLACES)
    stored(repositories)
    host, hasher = hosted(**ONE_CONNECTION), CountingHasher()

    def lose_at_the_commit(connection: Connection) -> None:
        losing.enter_context(before(host.sync_engine, "COMMIT", lambda _: kill(engine, process_of(connection))))

    with ExitStack() as losing:
        losing.enter_context(before(host.sync_engine, "UPDATE mydso_users", lose_at_the_commit))
        with pytest.raises(StoreUnavailable):
            host.door(hasher).sign_in("anna", RIGHT, address=HOME)
    assert 1 == hasher.evaluations
    assert isinstance(host.door(hasher).sign_in("anna", RIGHT, address=HOME), SignedIn)


@only(*SERVERS)
def test_a_connection_lost_before_any_statement_of_a_sign_in_costs_nobody_anything(
    hosted: Hosted, engine: Engine, repositories: SqlRepositories
) -> None:
    settle(repositories, *PLACES)
    stored(repositories)
    for start in ("SELECT mydso_counters", "INSERT INTO mydso_counters", "SELECT mydso_users", "UPDATE mydso_users"):
        host = hosted(**ONE_CONNECTION)
        own = host.process()
        with before(host.sync_engine, start, lambda _, own=own: kill(engine, own)) as lost:  # type: ignore[misc]
            assert isinstance(host.door(CountingHasher()).sign_in("anna", RIGHT, address=HOME), SignedIn)
        assert 1 == len(lost) or start.startswith("INSERT")  # the counters are there from the second time on
