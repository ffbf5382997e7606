"""Rows beside a record's own: memberships and associates are exactly what the record says, and cost others nothing."""

import re
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import Engine, event, select

from mydso_access.adapters.sqlalchemy import SqlRepositories
from mydso_access.adapters.sqlalchemy.tables import TABLES, row_key, structure_key
from mydso_access.errors import Stale
from mydso_access.model import Category, Customer, EventKind, Structure, User
from mydso_access.model.user import listed_by
from mydso_access.testing.conformance.user_records import multi_entity, user
from tests.adapters.sqlalchemy.hosts import Host, event_of

ENTITIES = frozenset({"e1", "e2"})


def memberships(engine: Engine) -> set[tuple[str, str, str]]:
    columns = TABLES.memberships.c
    with engine.connect() as connection:
        rows = connection.execute(select(columns.user_key, columns.entity_key, columns.listed_by)).all()
    return {(user_key, entity_key, listed) for user_key, entity_key, listed in rows}


def expected(*users: User) -> set[tuple[str, str, str]]:
    entity = {each: structure_key(Structure.entity(each)) for one in users for each in one.memberships}
    return {(row_key("user", one.id), entity[each], listed_by(one)) for one in users for each in one.memberships}


@pytest.fixture
def made(host: Host) -> Any:
    return host.repositories()


def saved(made: Any, changed: User, event_id: str, kind: EventKind = EventKind.USER_UPDATED) -> User:
    return evolve(changed, version=made.users.save(changed, event_of(event_id, kind)))


def test_memberships_are_those_of_the_latest_save(made: Any, engine: Engine) -> None:
    anna, ben = (saved(made, multi_entity(each, *ENTITIES), f"add {each}") for each in ("anna", "ben"))
    changes: list[dict[str, Any]] = [
        {"memberships": frozenset({"e2", "e3"})},
        {"full_name": "Anna"},
        {"full_name": "Anne", "memberships": frozenset({"e4"})},
        {"memberships": frozenset()},
        {"memberships": ENTITIES},
        {"category": Category.ACTIVE, "structure": Structure.entity("e1"), "memberships": frozenset()},
        {"full_name": "Ann"},
        {"category": Category.MULTI_ENTITY, "structure": Structure.platform("p"), "memberships": ENTITIES},
    ]
    for number, change in enumerate(changes):
        anna = saved(made, evolve(anna, **change), f"change {number}")
        assert expected(anna, ben) == memberships(engine)
    made.users.remove(anna, event_of("removal"))
    assert expected(ben) == memberships(engine)
    made.users.add_all([multi_entity("carl", "e1"), user("dora")], event_of("added"))
    assert expected(ben, multi_entity("carl", "e1")) == memberships(engine)


def test_a_save_that_fails_changes_no_membership(made: Any, engine: Engine) -> None:
    anna = saved(made, multi_entity("anna", *ENTITIES), "add")
    stale = evolve(anna, version=anna.version - 1, memberships=frozenset({"e3"}))
    for refused in (
        stale,
        evolve(stale, category=Category.ACTIVE, structure=Structure.entity("e1"), memberships=frozenset()),
    ):
        with pytest.raises(Stale):
            made.users.save(refused, event_of("refused"))
    with pytest.raises(Stale):
        made.users.remove(stale, event_of("refused"))
    with pytest.raises(Exception, match="mydso_events"):
        made.users.save(evolve(anna, memberships=frozenset({"e3"})), event_of("add"))
    assert expected(anna) == memberships(engine)


STATEMENTS = {
    "an active user": (user("anna"), ["UPDATE mydso_users", "INSERT mydso_events"]),
    "a multi-entity user": (
        multi_entity("anna", *ENTITIES),
        ["SELECT mydso_users", "UPDATE mydso_users", "INSERT mydso_events"],
    ),
}


@pytest.mark.parametrize("who", STATEMENTS)
def test_a_sign_in_writes_the_user_and_the_event_and_nothing_else(made: Any, host: Host, who: str) -> None:
    record, statements = STATEMENTS[who]
    record, asked = saved(made, record, "add"), list[str]()

    def note(_: Any, __: Any, statement: str, *rest: Any) -> None:
        if table := re.search(r"mydso_[a-z_]+", statement):  # and nothing of the connection itself
            asked.append(f"{statement.split(maxsplit=1)[0]} {table[0]}")

    event.listen(host.sync_engine, "before_cursor_execute", note)
    saved(made, evolve(record, last_access_at=record.saved_at), "sign-in", EventKind.SIGNED_IN)
    assert statements == asked


def associates(engine: Engine) -> set[tuple[str, str]]:
    columns = TABLES.associates.c
    with engine.connect() as connection:
        return {(entity, of) for entity, of in connection.execute(select(columns.entity_key, columns.user_key))}


def test_associates_are_those_of_the_latest_save(made: Any, engine: Engine, repositories: SqlRepositories) -> None:
    customer = Customer(entity="e1", id="c1")
    changes: list[dict[str, Any]] = [
        {"collector": "anna"},
        {"colleagues": frozenset({"anna", "ben"})},
        {"collector": None},
        {"collector": "carl", "colleagues": frozenset({"dora", "ben"})},
        {"collector": None, "colleagues": frozenset()},
        {"collector": "ben"},
    ]
    for number, change in enumerate(changes):
        customer = evolve(customer, **change)
        customer = evolve(customer, version=made.customers.save(customer, event_of(f"change {number}")))
        users = {*customer.colleagues, customer.collector} - {None}
        entity = structure_key(Structure.entity("e1"))
        assert {(entity, row_key("user", str(each))) for each in users} == associates(engine)
    assert customer == repositories.customers.get("e1", "c1")
    with pytest.raises(Stale):
        made.customers.save(evolve(customer, version=customer.version - 1, collector="emma"), event_of("refused"))
    assert {(structure_key(Structure.entity("e1")), row_key("user", "ben"))} == associates(engine)
