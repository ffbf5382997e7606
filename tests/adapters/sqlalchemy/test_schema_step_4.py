"""Step 4 on tables with rows: associates say how and with whom, links have a table, and nothing from before is lost."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import Connection, Engine, MetaData, inspect, select, text, update

from mydso_access.adapters.codec import read, written
from mydso_access.adapters.sqlalchemy import SqlRepositories, Tables, attach_tables, upgrade
from mydso_access.adapters.sqlalchemy.tables import TABLES, row_key, structure_key
from mydso_access.errors import UnreadableRecord
from mydso_access.model import Customer, Entity, Structure
from mydso_access.policy.fixed import PAGE
from mydso_access.testing.conformance.link_records import link
from tests.adapters.sqlalchemy.hosts import before, event_of, only

FILE = json.loads((Path(__file__).parents[2] / "vectors" / "stored-forms.json").read_text(encoding="ascii"))
ENTITIES = [each for each in FILE["vectors"] if each["record"] == "Entity" and each["form"] == 2]
BOTH = frozenset({"anna", "ben"})
CUSTOMERS = [
    Customer(entity="e1", id="nobody's"),
    Customer(entity="e1", id="7", collector="anna"),
    Customer(entity="e1", id="007", colleagues=BOTH),
    Customer(entity="e2", id="7", collector="anna", colleagues=BOTH),
    Customer(entity="e2", id="Z\xfcrich \U0001f600", collector="ben", colleagues=frozenset({"anna"})),
    Customer(entity="e2", id="lone \ud800", collector="anna"),
    Customer(entity="e2", id="nul\0nul", colleagues=BOTH),
    Customer(entity="e2", id="x" * 300, collector="ben"),
    Customer(entity="e2", id="-9223372036854775808", collector="ben"),
]
MANY = [Customer(entity="e1", id=f"{n}", collector="anna", colleagues=BOTH) for n in range(2 * PAGE + 3)]
ASSOCIATES_UNTIL_STEP_3 = """CREATE TABLE mydso_associates (
    customer_key VARCHAR(64) NOT NULL,
    entity_key VARCHAR(64) NOT NULL,
    user_key VARCHAR(64) NOT NULL,
    CONSTRAINT pk_mydso_associates PRIMARY KEY (customer_key, user_key)
)"""
COLUMNS = ["customer_id", "customer_number", "collects", "is_colleague"]


@pytest.fixture
def url(fresh: Callable[[], str]) -> str:
    return fresh()


@pytest.fixture(params=[2, 3])
def old(opened: Callable[..., Engine], request: pytest.FixtureRequest) -> Engine:
    """Give an engine on tables as step 2 or step 3 left them before there was a step 4."""
    engine = opened()
    with engine.begin() as connection:
        upgrade(connection, to=1)
        connection.execute(text(ASSOCIATES_UNTIL_STEP_3))
        connection.execute(
            text("CREATE INDEX ix_mydso_associates_entity_key ON mydso_associates (entity_key, user_key, customer_key)")
        )
        upgrade(connection, to=request.param)
    assert not {*COLUMNS} & {column["name"] for column in inspect(engine).get_columns("mydso_associates")}
    return engine


def write(engine: Engine, customers: Sequence[Customer]) -> None:
    """Write customers and their associates as the earlier version did."""
    rows = [
        {
            "key": row_key("customer", structure_key(Structure.entity(each.entity)) + each.id),
            "version": 5,
            "body": written(each),
            "entity_key": structure_key(Structure.entity(each.entity)),
        }
        for each in customers
    ]
    beside = [
        {"customer": row["key"], "entity": row["entity_key"], "its_user": row_key("user", str(user_id))}
        for each, row in zip(customers, rows, strict=True)
        for user_id in {each.collector, *each.colleagues} - {None}
    ]
    with engine.begin() as connection:
        connection.execute(TABLES.customers.insert(), rows)
        connection.execute(text("INSERT INTO mydso_associates VALUES (:customer, :entity, :its_user)"), beside)


def upgraded(engine: Engine, tables: Tables = TABLES) -> SqlRepositories:
    with engine.begin() as connection:
        upgrade(connection, tables=tables)
    return SqlRepositories(engine, tables=tables)


def associates(engine: Engine, tables: Tables = TABLES) -> list[tuple[Any, ...]]:
    columns = tables.associates.c
    asked = select(*(columns[name] for name in ("customer_key", "entity_key", "user_key", *COLUMNS)))
    with engine.connect() as connection:
        return sorted((tuple(row) for row in connection.execute(asked)), key=repr)


@pytest.fixture
def expected(opened: Callable[..., Engine]) -> Iterator[Callable[[Sequence[Customer]], list[tuple[Any, ...]]]]:
    """Say what this version writes beside customers: in another installation of the same database."""
    engine, tables = opened(), attach_tables(MetaData(), prefix="other_")

    def rows(customers: Sequence[Customer]) -> list[tuple[Any, ...]]:
        made = upgraded(engine, tables)
        for start in range(0, len(customers), PAGE):
            some = customers[start : start + PAGE]
            made.customers.save_all([(each, event_of(f"{each.entity} {each.id}")) for each in some])
        return associates(engine, tables)

    return rows


Expected = Callable[[Sequence[Customer]], list[tuple[Any, ...]]]


def test_associates_from_before_are_as_if_this_version_had_saved_them(old: Engine, expected: Expected) -> None:
    write(old, CUSTOMERS)
    made = upgraded(old)
    assert expected(CUSTOMERS) == associates(old)
    for each in CUSTOMERS:
        assert evolve(each, version=5) == made.customers.get(each.entity, each.id)
    assert ["007", "7"] == sorted(each.id for each in made.customers.of("e1", None, 9, "anna"))


def test_what_was_upgraded_is_saved_like_any_other(old: Engine, expected: Expected) -> None:
    write(old, CUSTOMERS)
    made = upgraded(old)
    changed = [evolve(each, version=5, collector="carl", colleagues=each.colleagues - {"anna"}) for each in CUSTOMERS]
    made.customers.save_all([(each, event_of(f"change {each.entity} {each.id}")) for each in changed])
    assert expected([evolve(each, version=0) for each in changed]) == associates(old)
    made.links.save(link("l1"), event_of("link"))
    assert made.links.get("l1") is not None


def test_a_second_upgrade_changes_nothing(old: Engine) -> None:
    write(old, CUSTOMERS)
    upgraded(old)
    first = associates(old)
    with before(old, "UPDATE", lambda _: None, times=99) as updates:
        upgraded(old)
    assert ([], first) == (updates, associates(old))


@pytest.mark.parametrize(
    "interrupted_before",
    [
        *(f"ALTER TABLE mydso_associates ADD COLUMN {name}" for name in COLUMNS),
        "CREATE TABLE mydso_links",
        "CREATE INDEX ix_mydso_links_granter_key_key",
        "UPDATE mydso_associates",
        "INSERT INTO mydso_steps",
    ],
)
def test_a_step_that_was_interrupted_is_completed(old: Engine, expected: Expected, interrupted_before: str) -> None:
    write(old, CUSTOMERS)

    def stop(connection: Connection) -> None:
        connection.commit()  # as MariaDB does by itself after every statement
        raise KeyboardInterrupt

    with (
        before(old, interrupted_before, stop) as stopped,
        pytest.raises(KeyboardInterrupt),
        old.connect() as connection,
    ):
        upgrade(connection)
    assert 1 == len(stopped)
    upgraded(old)
    assert expected(CUSTOMERS) == associates(old)
    assert {4} <= steps(old)


def test_a_step_that_was_interrupted_among_many_customers_is_completed(old: Engine, expected: Expected) -> None:
    write(old, MANY)
    pages: list[int] = []

    def stop(connection: Connection) -> None:
        pages.append(1)
        if len(pages) == 2:
            connection.commit()
            raise KeyboardInterrupt

    with (
        before(old, "UPDATE mydso_associates", stop, times=2),
        pytest.raises(KeyboardInterrupt),
        old.connect() as connection,
    ):
        upgrade(connection)
    assert 4 not in steps(old)
    filled = [row for row in associates(old) if row[-1] is not None]
    assert PAGE * 2 == len(filled)  # of a page of customers with two associates each
    made = upgraded(old)
    assert expected(MANY) == associates(old)
    assert len(MANY) == len(made.customers.of("e1", None, 2 * len(MANY), "ben"))


def test_a_customer_that_cannot_be_read_stops_the_step_which_is_completed_once_it_is_mended(
    old: Engine, expected: Expected
) -> None:
    write(old, CUSTOMERS)
    damaged = TABLES.customers.c.key == row_key("customer", structure_key(Structure.entity("e1")) + "7")
    with old.begin() as connection:
        connection.execute(update(TABLES.customers).where(damaged).values(body="{}"))
    with pytest.raises(UnreadableRecord), old.begin() as connection:
        upgrade(connection)
    assert 4 not in steps(old)
    with old.begin() as connection:
        connection.execute(update(TABLES.customers).where(damaged).values(body=written(CUSTOMERS[1])))
    upgraded(old)
    assert expected(CUSTOMERS) == associates(old)


def test_an_upgrade_to_step_3_leaves_associates_as_they_were(old: Engine) -> None:
    write(old, CUSTOMERS)
    with old.begin() as connection:
        upgrade(connection, to=3)
    assert {1, 2, 3} == steps(old)
    assert not {*COLUMNS} & {column["name"] for column in inspect(old).get_columns("mydso_associates")}


@only("sqlite", "postgres")
def test_a_step_that_is_rolled_back_leaves_associates_as_they_were(old: Engine) -> None:
    write(old, CUSTOMERS)
    with old.connect() as connection:
        upgrade(connection)
        connection.rollback()
    assert not {*COLUMNS} & {column["name"] for column in inspect(old).get_columns("mydso_associates")}
    assert "mydso_links" not in inspect(old).get_table_names()


@pytest.mark.parametrize("vector", ENTITIES, ids=lambda vector: vector["name"])
def test_an_entity_from_before_is_read_and_saved_in_its_newest_form(old: Engine, vector: dict[str, Any]) -> None:
    record = read(Entity, vector["text"])
    version = SqlRepositories(old).structures.save(record, event_of("old"))
    with old.begin() as connection:
        connection.execute(update(TABLES.structures).values(body=vector["text"]))
    made = upgraded(old)
    assert evolve(record, version=version) == made.structures.get(record.structure)
    made.structures.save(evolve(record, version=version), event_of("new"))
    with old.connect() as connection:
        assert 3 == json.loads(connection.scalars(select(TABLES.structures.c.body)).one())["form"]


def steps(engine: Engine) -> set[int]:
    with engine.connect() as connection:
        return set(connection.scalars(select(TABLES.steps.c.step)))
