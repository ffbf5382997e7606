"""Structures, customers, removals and erasures in the host's transaction, and what `Stale` says of one there."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import Connection, Engine

from mydso_access.adapters.sqlalchemy import SqlRepositories
from mydso_access.errors import Stale, Taken
from mydso_access.model import Customer, Entity, EventKind, EventQuery, Platform, Structure, User
from mydso_access.policy.fixed import EARLIEST
from mydso_access.testing.clock import A_MONDAY
from mydso_access.testing.conformance.link_records import link
from tests.adapters.sqlalchemy.hosts import ANNA, Host, event_of, kill, only, process_of, stored
from tests.support import active

LATER = A_MONDAY + timedelta(days=1)
ENTITY, PLATFORM = Entity(id="e1", title="Lyon"), Platform(id="p1", title="The group")
CUSTOMER = Customer(entity="e1", id="c1", collector=ANNA.id)
LINK = link("l1", entity="e1", granter=ANNA.id)


def everything(repositories: Any) -> dict[str, Any]:
    """Return what there is."""
    return {
        "users": list(repositories.users.of(ANNA.structure, after=None, limit=9)),
        "structures": [repositories.structures.platform(), repositories.structures.get(Structure.entity("e1"))],
        "customers": list(repositories.customers.of("e1", after=None, limit=9, associated=ANNA.id)),
        "links": list(repositories.links.of("e1", after=None, limit=9)),
        "events": list(repositories.events.page(EventQuery(), after=None, limit=99)),
    }


def administer(made: Any, anna: User) -> None:
    """Let every kind of change that may join a transaction be made."""
    made.structures.save(PLATFORM, event_of("platform"))
    made.structures.save(ENTITY, event_of("entity"))
    made.customers.save(CUSTOMER, event_of("customer"))
    made.customers.save_all([(evolve(CUSTOMER, id=each), event_of(f"customer {each}")) for each in ("c2", "c3")])
    made.links.add_all(
        [LINK, evolve(LINK, id="l2", granter="ben"), evolve(LINK, id="l3", until=EARLIEST)], event_of("links")
    )
    made.links.save(evolve(LINK, id="l4", granter="carl"), event_of("link"))
    assert (1, 1) == (made.links.purge(A_MONDAY, limit=9), made.links.forget(ANNA.id, limit=9))
    made.users.remove(anna, event_of("removal", EventKind.USER_FORGOTTEN, subject=anna.id))
    made.users.save(active("ben"), event_of("ben", at=LATER))
    assert 1 == made.events.pseudonymise(ANNA.id, "pseudonym", limit=9)
    assert 1 == made.events.purge(A_MONDAY, limit=9)


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_administration_of_every_kind_joins_the_hosts_transaction(
    host: Host, repositories: SqlRepositories, end: str
) -> None:
    anna = stored(repositories)
    before = everything(repositories)
    with host.connection() as connection:
        connection.begin()
        made = host.repositories(connection)
        administer(made, anna)
        during = everything(made)
        assert before == everything(repositories)
        getattr(connection, end)()
    assert before != during
    assert (during if end == "commit" else before) == everything(repositories)


STALE: dict[str, Callable[[Any, User], Any]] = {
    "a user saved since": lambda made, anna: made.users.save(evolve(anna, version=1), event_of("e1")),
    "a user who exists": lambda made, _: made.users.save(ANNA, event_of("e1")),
    "users who exist": lambda made, _: made.users.add_all([active("ben"), ANNA], event_of("e1")),
    "users with a version": lambda made, anna: made.users.add_all([anna], event_of("e1")),
    "a removal": lambda made, anna: made.users.remove(evolve(anna, version=1), event_of("e1")),
    "an entity": lambda made, _: made.structures.save(evolve(ENTITY, version=1), event_of("e1")),
    "customers together": lambda made, _: made.customers.save_all(
        [(CUSTOMER, event_of("e1")), (evolve(CUSTOMER, id="c2", version=1), event_of("e2"))]
    ),
    "a link": lambda made, _: made.links.save(evolve(LINK, version=1), event_of("e1")),
    "links with a version": lambda made, _: made.links.add_all(
        [LINK, evolve(LINK, id="l2", version=1)], event_of("e1")
    ),
    "a link given twice": lambda made, _: made.links.add_all([LINK, LINK], event_of("e1")),
    "a customer": lambda made, _: made.customers.save(evolve(CUSTOMER, version=1), event_of("e1")),
}


@pytest.mark.parametrize("what", STALE)
def test_stale_says_whether_it_was_in_a_transaction_of_the_hosts(
    host: Host, repositories: SqlRepositories, what: str
) -> None:
    anna, made = stored(repositories), host.repositories()
    with pytest.raises(Stale) as alone:
        STALE[what](made, anna)
    assert not alone.value.joined
    with host.connection() as connection:
        with pytest.raises(Stale) as outside:  # a connection in no transaction
            STALE[what](host.repositories(connection), anna)
        assert not outside.value.joined
        connection.begin()
        with pytest.raises(Stale, match="begin your transaction anew") as inside:
            STALE[what](host.repositories(connection), anna)
        assert inside.value.joined
    assert anna == repositories.users.get(ANNA.id)
    assert (None, None) == (repositories.customers.get("e1", "c1"), repositories.links.get("l1"))


def test_taken_in_a_transaction_of_the_hosts_leaves_it_as_it_was(host: Host, repositories: SqlRepositories) -> None:
    with host.connection() as connection:
        connection.begin()
        made = host.repositories(connection)
        version = made.structures.save(PLATFORM, event_of("e1"))
        with pytest.raises(Taken, match="platform is taken"):
            made.structures.save(Platform(id="p2", title="Another"), event_of("e2"))
        made.structures.save(ENTITY, event_of("e3"))
        connection.commit()
    assert evolve(PLATFORM, version=version) == repositories.structures.platform()
    assert ["e1", "e3"] == sorted(each.id for each in repositories.events.page(EventQuery(), after=None, limit=9))


@only("postgres", "mariadb")
def test_a_connection_lost_in_the_hosts_transaction_is_stale_and_says_so(
    host: Host, engine: Engine, repositories: SqlRepositories
) -> None:
    anna = stored(repositories)
    with host.connection() as connection:
        connection.begin()
        own: Callable[[Connection], int] = process_of
        kill(engine, connection.run_sync(own) if host.is_async else own(connection.target))
        with pytest.raises(Stale) as stale:
            host.repositories(connection).users.save(anna, event_of("e2"))
        assert stale.value.joined
        connection.rollback()


@only("mariadb")
@pytest.mark.parametrize("together", [False, True], ids=["save", "save_all"])
def test_a_customer_that_the_hosts_transaction_saw_in_an_older_state_is_saved_whole(
    host: Host, repositories: SqlRepositories, together: bool
) -> None:
    first = evolve(CUSTOMER, version=repositories.customers.save(CUSTOMER, event_of("e1")))
    with host.connection() as connection:
        connection.begin()
        made = host.repositories(connection)
        assert first == made.customers.get("e1", "c1")  # from here on the transaction sees what is stored now
        second = evolve(first, colleagues=frozenset({"ben"}))
        second = evolve(second, version=repositories.customers.save(second, event_of("e2")))
        third = evolve(second, collector=None, colleagues=frozenset({"carl"}))
        if together:
            made.customers.save_all([(third, event_of("e3"))])
        else:
            made.customers.save(third, event_of("e3"))
        connection.commit()
    found = {each: len(repositories.customers.of("e1", None, 9, each)) for each in (ANNA.id, "ben", "carl")}
    assert {ANNA.id: 0, "ben": 0, "carl": 1} == found
