"""A driver that commits by itself: SQLite is made to begin all the same, the others are refused before they write."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import Engine, event
from sqlalchemy.exc import IntegrityError

from mydso_access import AccessControl, InvalidValue, SignedIn, StoreUnavailable, Taken
from mydso_access.adapters.sqlalchemy import SqlRepositories
from tests.adapters.sqlalchemy.hosts import ANNA, Host, event_of, only, stored
from tests.support import HOME, PLACES, RIGHT, CountingHasher, active, policy, settle


def half_written(made: Any, repositories: SqlRepositories) -> list[object]:
    """Let two saves fail in their second statement, and return what is stored of them."""
    anna = stored(repositories)
    with pytest.raises(IntegrityError):
        made.users.save(evolve(anna, name="anne"), event_of(f"add-{ANNA.id}"))
    with pytest.raises(Taken):
        made.users.add_all([active("ben"), evolve(ANNA, id="x")], event_of("e2"))
    return [found for name in ("anne", "ben") if (found := repositories.users.named(name)) is not None]


@only("sqlite")
def test_sqlite_without_transactions_of_its_own_gets_ours(
    hosted: Callable[..., Host], repositories: SqlRepositories
) -> None:
    made = hosted(connect_args={"isolation_level": None}).repositories()
    assert [] == half_written(made, repositories)


@only("sqlite")
def test_sqlite_whose_host_begins_by_a_listener_begins_once(
    opened: Callable[..., Engine], repositories: SqlRepositories
) -> None:
    engine = opened(connect_args={"isolation_level": None})
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    made = SqlRepositories(engine)
    settle(repositories, *PLACES)
    assert [] == half_written(made, repositories)
    door = AccessControl(made, policy=policy(), hasher=CountingHasher())
    assert isinstance(door.sign_in("anna", RIGHT, address=HOME), SignedIn)


@only("postgres", "mariadb")
def test_a_driver_in_autocommit_writes_nothing_and_signs_nobody_in(
    hosted: Callable[..., Host], repositories: SqlRepositories
) -> None:
    stored(repositories)
    host, hasher = hosted(connect_args={"autocommit": True}), CountingHasher()
    with pytest.raises(InvalidValue, match="engine is a driver in autocommit"):
        host.repositories().users.save(active("ben"), event_of("e2"))
    with pytest.raises(StoreUnavailable):
        host.door(hasher).sign_in("anna", RIGHT, address=HOME)
    assert (None, 0) == (repositories.users.named("ben"), hasher.hashes)
