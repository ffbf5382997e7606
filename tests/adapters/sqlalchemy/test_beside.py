"""Rows beside a record's own: memberships and associates are exactly what the record says, and cost others nothing."""

import re
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import Engine, event, select

from mydso_access.adapters.sqlalchemy.tables import TABLES, row_key, structure_key
from mydso_access.errors import Stale
from mydso_access.model import Category, Customer, EventKind, Structure, User
from mydso_access.model.user import listed_by
from mydso_access.policy.fixed import CUSTOMER_ID_CAP
from mydso_access.testing.clock import A_MONDAY
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


def noted(host: Host) -> list[str]:
    """Return a list that says, from now on, what is asked of which table."""
    asked: list[str] = []

    def note(_: Any, __: Any, statement: str, *rest: Any) -> None:
        if table := re.search(r"mydso_[a-z_]+", statement):  # and nothing of the connection itself
            asked.append(f"{statement.split(maxsplit=1)[0]} {table[0]}")

    event.listen(host.sync_engine, "before_cursor_execute", note)
    return asked


@pytest.mark.parametrize("who", STATEMENTS)
def test_a_sign_in_writes_the_user_and_the_event_and_nothing_else(made: Any, host: Host, who: str) -> None:
    record, statements = STATEMENTS[who]
    record = saved(made, record, "add")
    asked = noted(host)
    saved(made, evolve(record, last_access_at=record.saved_at), "sign-in", EventKind.SIGNED_IN)
    assert statements == asked


Associates = set[tuple[Any, ...]]


def associates(engine: Engine) -> Associates:
    columns = TABLES.associates.c
    with engine.connect() as connection:
        rows = connection.execute(
            select(
                *(columns.customer_key, columns.entity_key, columns.user_key, columns.customer_id),
                *(columns.customer_number, columns.collects, columns.is_colleague),
            )
        )
        return {tuple(row) for row in rows}


def rows_of(*customers: Customer, numbers: dict[str, int] | None = None) -> Associates:
    """Return the rows that there are for customers, all told anew; which ids are numbers is said, not worked out."""
    found = set()
    for each in customers:
        entity = structure_key(Structure.entity(each.entity))
        for user_id in {each.collector, *each.colleagues} - {None}:
            found.add(
                (
                    row_key("customer", entity + each.id),
                    *(entity, row_key("user", str(user_id)), each.id, (numbers or {}).get(each.id)),
                    *(int(user_id == each.collector), int(user_id in each.colleagues)),
                )
            )
    return found


CHANGES: list[dict[str, Any]] = [
    {"collector": "anna"},
    {"collector": None, "colleagues": frozenset({"anna"})},  # from collector to colleague
    {"collector": "anna", "colleagues": frozenset()},  # and back
    {"colleagues": frozenset({"anna", "ben"})},  # both
    {"collector": None},  # no collector any more
    {"collector": "ben"},  # from colleague to both
    {"collector": "carl", "colleagues": frozenset({"dora", "ben"})},
    {"collector": "dora", "colleagues": frozenset({"carl", "ben"})},  # two change places
    {"saved_at": A_MONDAY},  # nothing of all this
    {"collector": None, "colleagues": frozenset()},
    {"collector": "ben"},
]


@pytest.mark.parametrize("together", [False, True], ids=["save", "save_all"])
def test_associates_are_those_of_the_latest_save(made: Any, engine: Engine, together: bool) -> None:
    beside = saved_customer(
        made, Customer(entity="e1", id="c0", collector="anna", colleagues=frozenset({"ben"})), "add"
    )
    customer = Customer(entity="e1", id="c1")
    for number, change in enumerate(CHANGES):
        customer = saved_customer(made, evolve(customer, **change), f"change {number}", together=together)
        assert rows_of(beside, customer) == associates(engine)
    stale = evolve(customer, version=customer.version - 1, collector="emma", colleagues=frozenset({"anna"}))
    with pytest.raises(Stale):
        saved_customer(made, stale, "refused", together=together)
    assert rows_of(beside, customer) == associates(engine)


def saved_customer(made: Any, changed: Customer, event_id: str, *, together: bool = False) -> Customer:
    told = event_of(event_id)
    if not together:
        return evolve(changed, version=made.customers.save(changed, told))
    made.customers.save_all([(changed, told)])
    stored: Customer = made.customers.get(changed.entity, changed.id)
    assert evolve(changed, version=stored.version) == stored
    return stored


def test_of_customers_that_are_saved_together_none_is_associated_if_one_is_stale(made: Any, engine: Engine) -> None:
    first, second = (saved_customer(made, Customer(entity="e1", id=f"c{n}", collector="anna"), f"{n}") for n in "12")
    moved = [evolve(first, collector="ben"), evolve(second, collector="ben", version=second.version + 1)]
    for several in (moved, moved[::-1]):
        with pytest.raises(Stale):
            made.customers.save_all([(each, event_of(f"refused {each.id}")) for each in several])
        assert rows_of(first, second) == associates(engine)


NUMBERS = {"0": 0, "7": 7, "-7": -7, f"{2**63 - 1}": 2**63 - 1, f"{-(2**63)}": -(2**63)}
NO_NUMBERS = [
    "007",
    "-0",
    "+7",
    "7 ",
    " 7",
    "7.0",
    "7e0",
    "1_000",
    f"{2**63}",
    "\uff17",
    "\u0667",
    "",
    "-",
    "A7",
    "%",
    "_",
]
LONG = "\U0001f600" * CUSTOMER_ID_CAP


def test_an_id_is_a_number_only_if_it_is_how_a_database_spells_one(made: Any, engine: Engine) -> None:
    customers = [Customer(entity="e1", id=each, collector="anna") for each in (*NUMBERS, *NO_NUMBERS, LONG)]
    made.customers.save_all([(each, event_of(f"e {each.id}")) for each in customers])
    assert rows_of(*customers, numbers=NUMBERS) == associates(engine)


@pytest.mark.parametrize("no_database_holds", ["nul\0nul", "lone \ud800", LONG + "x", "7" * 300])
def test_an_id_that_no_table_of_a_hosts_can_hold_finds_no_row_there(
    made: Any, engine: Engine, no_database_holds: str
) -> None:
    customer = Customer(entity="e1", id=no_database_holds, collector="anna", colleagues=frozenset({"ben"}))
    made.customers.save(customer, event_of("e1"))
    ids = {(customer_id, number) for _, _, _, customer_id, number, _, _ in associates(engine)}
    assert {(None, None)} == ids
    (found,) = made.customers.of("e1", after=None, limit=9, associated="ben")
    assert no_database_holds == found.id


CUSTOMER_STATEMENTS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing of who is associated": ({"saved_at": A_MONDAY}, []),
    "another collector": ({"collector": "carl"}, ["DELETE mydso_associates", "INSERT mydso_associates"]),
    "one more colleague": ({"colleagues": frozenset({"ben", "carl"})}, ["INSERT mydso_associates"]),
    "one colleague less": ({"colleagues": frozenset()}, ["DELETE mydso_associates"]),
}


@pytest.mark.parametrize("what", CUSTOMER_STATEMENTS)
def test_a_customer_is_written_with_what_has_changed_beside_it_and_nothing_else(
    made: Any, host: Host, what: str
) -> None:
    record = saved_customer(
        made, Customer(entity="e1", id="c1", collector="anna", colleagues=frozenset({"ben"})), "add"
    )
    change, beside = CUSTOMER_STATEMENTS[what]
    asked = noted(host)
    saved_customer(made, evolve(record, **change), "change")
    assert ["SELECT mydso_customers", "UPDATE mydso_customers", *beside, "INSERT mydso_events"] == asked
