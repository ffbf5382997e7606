"""Columns of any type and collation that a host may have: ids that a database takes for one another are told apart."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import (
    CHAR,
    BigInteger,
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    Unicode,
    Uuid,
    insert,
    select,
    text,
)
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.exc import OperationalError

from mydso_access import AssociatedWith, Customer, EventKind, Everything, ManagedBy
from mydso_access.adapters.sqlalchemy import OwnColleagues, OwnColumns, SqlRepositories, upgrade, visible
from mydso_access.adapters.sqlalchemy.tables import findable
from mydso_access.decisions.outcomes import INSTALLATION
from mydso_access.decisions.visibility import ScopeBecause
from tests.adapters.sqlalchemy.hosts import only
from tests.adapters.sqlalchemy.visible_world import HOSTILE, event

BECAUSE: dict[str, Any] = {"reason": ScopeBecause.SWITCHED_ON, "rule": "S29", "levels": INSTALLATION}
SHORT = [each for each in HOSTILE if findable(each) is not None and len(each) <= 64]
NUMBERS = ("7", "07", "007", "-7", "0", "-0", "+7", "7.0", " 7", "7e0", "0x7", "8", "\uff17", "", "a", "77" * 11, "7\0")
Made = Callable[..., tuple[Table, Table, OwnColumns]]


@pytest.fixture
def made(engine: Engine) -> Iterator[Made]:
    """Make a host's tables of customers and colleagues, whose ids are of one type."""
    host = MetaData()

    def make(held: Any) -> tuple[Table, Table, OwnColumns]:
        def column(name: str) -> Column[Any]:
            return Column(name, held)

        number = Column("row", Integer, primary_key=True)
        customers = Table("customers", host, number, column("entity_id"), column("id"), column("collector_id"))
        names = ("entity_id", "customer_id", "user_id")
        colleagues = Table("colleagues", host, Column("row", Integer, primary_key=True), *map(column, names))
        host.create_all(engine)
        theirs = colleagues.c
        its = OwnColleagues(customer=theirs.customer_id, user=theirs.user_id, entity=theirs.entity_id)
        return customers, colleagues, OwnColumns(collector=customers.c.collector_id, colleagues=its)

    yield make
    host.drop_all(engine)


def found(connection: Connection, customers: Table, clause: Any) -> set[int]:
    rows = connection.scalars(select(customers.c.row).where(clause)).all()
    assert len(rows) == len(set(rows))
    return set(rows)


def told_apart(engine: Engine, made: Made, held: Any, ids: Sequence[str], stored: Sequence[Any]) -> None:
    """Check who sees a row of each id: whoever has that id, in the entity of that id, and in one that all are in.

    Args:
        engine: where.
        made: makes the tables.
        held: the type of the host's columns.
        ids: as the library has them.
        stored: what the host's columns can hold; the first is the entity that all are in.
    """
    customers, colleagues, own = made(held)
    repositories, shared = SqlRepositories(engine), str(stored[0])
    for each in ids:
        for entity in {each, shared}:
            customer = Customer(entity=entity, id=each, collector=each or None, colleagues=frozenset({each}))
            repositories.customers.save(customer, event(f"{entity}-{each}", EventKind.CUSTOMER_ASSOCIATED))
    rows = [(entity, each) for each in stored for entity in {each, stored[0]}]
    with engine.begin() as connection:
        named = [{"entity_id": entity, "id": each, "collector_id": each} for entity, each in rows]
        connection.execute(insert(customers), named)
        pairs = [{"entity_id": entity, "customer_id": each, "user_id": each} for entity, each in rows]
        connection.execute(insert(colleagues), pairs)
    asked = [(entity, each) for each in ids if each for entity in {each, shared}]
    with engine.connect() as connection:
        there = {row.row: (str(row.entity_id), str(row.id)) for row in connection.execute(select(customers))}
        for entity, each in asked:
            who: dict[str, Any] = {"entity": entity, "user_id": each} | BECAUSE
            of_all = {row for row, (where, _) in there.items() if where == entity}
            of_user = {row for row, its in there.items() if its == (entity, each)}
            for scope, expected in (
                (Everything(**who), of_all),
                (ManagedBy(**who), of_user),
                (AssociatedWith(**who), of_user),
            ):
                for columns in (own,) if isinstance(held, Uuid) else (own, None):
                    clause = visible(scope, id=customers.c.id, entity=customers.c.entity_id, own=columns)
                    assert (entity, each, expected) == (entity, each, found(connection, customers, clause))


@pytest.mark.parametrize("held", [String(64), Unicode(64), String(), Text(), CHAR(64)], ids=repr)
def test_s28_every_type_of_text_tells_every_hostile_id_from_every_other(engine: Engine, made: Made, held: Any) -> None:
    if engine.dialect.name == "mariadb" and isinstance(held, String) and held.length is None:
        held = Text()  # MariaDB has no VARCHAR without a length
    blanks = isinstance(held, CHAR) and engine.dialect.name != "sqlite"
    # A padded column holds `anna ` as `anna`: which of both a row is, nobody knows.
    storable = [each for each in SHORT if not (blanks and each.endswith(" "))]
    if blanks and engine.dialect.name == "postgresql":  # it gives back the blanks that it added
        return padded(engine, made, held, storable)
    told_apart(engine, made, held, HOSTILE, storable)
    return None


def padded(engine: Engine, made: Made, held: Any, ids: Sequence[str]) -> None:
    customers, _, own = made(held)
    with engine.begin() as connection:
        connection.execute(insert(customers), [{"entity_id": "lyon", "id": each, "collector_id": each} for each in ids])
    with engine.connect() as connection:
        there = {row.row: row.collector_id.rstrip(" ") for row in connection.execute(select(customers))}
        for each in filter(None, HOSTILE):
            clause = visible(
                ManagedBy(entity="lyon", user_id=each, **BECAUSE),
                id=customers.c.id,
                entity=customers.c.entity_id,
                own=own,
            )
            expected = {row for row, its in there.items() if its == each}
            assert (each, expected) == (each, found(connection, customers, clause))


@pytest.mark.parametrize("held", [Integer(), BigInteger(), SmallInteger()], ids=repr)
def test_s28_a_number_is_found_by_the_one_id_that_spells_it_and_none_is_too_large_to_ask_for(
    engine: Engine, made: Made, held: Any
) -> None:
    largest = {SmallInteger: 2**15 - 1, Integer: 2**31 - 1, BigInteger: 2**63 - 1}[type(held)]
    numbers = [7, -7, 0, 8, 77, largest, -largest - 1]
    beyond = [str(edge + step) for edge in (2**15, 2**31, 2**63, 2**64) for step in (-1, 0, 1)]
    told_apart(engine, made, held, [*NUMBERS, *beyond, str(-largest - 1), "\ud800"], numbers)


@pytest.mark.parametrize("held", [Uuid(), Uuid(as_uuid=False), Uuid(native_uuid=False)], ids=["native", "text", "char"])
def test_s28_a_uuid_is_found_by_the_one_id_that_spells_it(engine: Engine, made: Made, held: Any) -> None:
    uuids = [UUID(int=7), UUID(int=2**128 - 1), *(uuid4() for _ in range(3))]
    spelled = [form for each in uuids for form in (str(each), str(each).upper(), each.hex, f"{{{each}}}", each.urn)]
    stored = [str(each) for each in uuids] if not held.as_uuid else uuids
    told_apart(engine, made, held, [*dict.fromkeys(spelled), "7", "anna", "\0", "\ud800"], stored)


@only("sqlite")
@pytest.mark.parametrize("collation", ["NOCASE", "RTRIM", "BINARY"])
@pytest.mark.parametrize("said", [True, False], ids=["said", "not said"])
def test_s28_no_collation_of_sqlite_takes_one_for_another(
    engine: Engine, made: Made, collation: str, said: bool
) -> None:
    with engine.begin() as connection:  # what the host's tables were made by
        columns = ", ".join(f"{name} VARCHAR(64) COLLATE {collation}" for name in ("entity_id", "id", "collector_id"))
        connection.execute(text(f"CREATE TABLE customers (row INTEGER PRIMARY KEY, {columns})"))
    told_apart(engine, made, String(64, collation=collation if said else None), HOSTILE, SHORT)


@only("sqlite")
def test_s28_what_is_said_to_be_text_and_holds_numbers_is_found_by_the_one_id_that_spells_it(
    engine: Engine, made: Made
) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("CREATE TABLE customers (row INTEGER PRIMARY KEY, entity_id, id INTEGER, collector_id)")
        )
        connection.execute(
            text("CREATE TABLE colleagues (row INTEGER PRIMARY KEY, entity_id, customer_id INTEGER, user_id)")
        )
    told_apart(engine, made, String(64), NUMBERS[:-1], ["7", "-7", "0", "a"])


@only("sqlite")
def test_s28_a_colleague_of_a_number_is_none_of_what_is_converted_to_it(engine: Engine, made: Made) -> None:
    with engine.begin() as connection:
        columns = "row INTEGER PRIMARY KEY, entity_id, customer_id INTEGER, user_id"
        connection.execute(text(f"CREATE TABLE colleagues ({columns})"))
    customers, colleagues, own = made(String(64))
    with engine.begin() as connection:
        connection.execute(insert(customers), [{"entity_id": "lyon", "id": each} for each in ("007", "7", "8")])
        connection.execute(insert(colleagues).values(entity_id="lyon", customer_id="7", user_id="anna"))
    scope = AssociatedWith(entity="lyon", user_id="anna", **BECAUSE)
    with engine.connect() as connection:
        clause = visible(scope, id=customers.c.id, entity=customers.c.entity_id, own=own)
        assert ["7"] == connection.scalars(select(customers.c.id).where(clause)).all()


@only("postgres")
@pytest.mark.parametrize("held", [postgresql.CITEXT(), String(64, collation="C")], ids=["citext", "C"])
def test_s28_no_collation_of_postgresql_takes_one_for_another(engine: Engine, made: Made, held: Any) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS citext"))
    told_apart(engine, made, held, HOSTILE, SHORT)


@only("mariadb")
@pytest.mark.parametrize(
    "collation",
    [
        "utf8mb4_general_ci",
        "utf8mb4_unicode_ci",
        "utf8mb4_bin",
        "utf8mb4_nopad_bin",
        "utf8mb3_general_ci",
        "latin1_swedish_ci",
        "latin1_bin",
        "uca1400_ai_ci",
    ],
)
def test_s28_no_collation_of_mariadb_takes_one_for_another(engine: Engine, made: Made, collation: str) -> None:
    codec = {"latin1": "cp1252"}.get(collation.partition("_")[0], "utf-8")
    narrow = not collation.startswith(("utf8mb4", "uca1400"))
    held = String(64, collation=collation)
    storable = [each for each in SHORT if _encodes(each, codec) and not (narrow and any(c > "\uffff" for c in each))]
    told_apart(engine, made, held, HOSTILE, storable)


def _encodes(each: str, codec: str) -> bool:
    try:
        each.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


@only("mariadb")
@pytest.mark.parametrize("charset", ["latin1", "utf8mb3"])
def test_s28_another_character_set_is_compared_though_nobody_says_so(engine: Engine, made: Made, charset: str) -> None:
    told_apart(engine, made, mysql.VARCHAR(64, charset=charset), ["anna", "Anna", "anna ", "é", "e", "Ω", "7", "07"], [
        "anna", "Anna", "anna ", "é", "e", "7", "07",
    ])  # fmt: skip


@only("mariadb")
def test_s28_a_collation_that_differs_and_is_not_said_is_a_clear_error_and_shows_nothing(engine: Engine) -> None:
    customers = Table("customers", MetaData(), Column("entity_id", String(64)), Column("id", String(64)))
    with engine.begin() as connection:
        columns = "entity_id VARCHAR(64), id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
        connection.execute(text(f"CREATE TABLE customers ({columns})"))
    scope = ManagedBy(entity="lyon", user_id="anna", **BECAUSE)
    clause = visible(scope, id=customers.c.id, entity=customers.c.entity_id)
    with engine.connect() as connection, pytest.raises(OperationalError, match="Illegal mix of collations"):
        connection.execute(select(customers).where(clause))
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE customers"))


@only("mariadb")
@pytest.mark.parametrize("collation", ["utf8mb4_unicode_ci", "utf8mb4_bin", "latin1_swedish_ci"])
def test_s28_a_host_whose_tables_are_made_like_its_database_need_say_nothing(
    opened: Callable[..., Engine], fresh: Callable[[], str], collation: str
) -> None:
    engine = opened(url=fresh())
    with engine.begin() as connection:
        charset = collation.partition("_")[0]
        connection.execute(text(f"ALTER DATABASE {engine.url.database} CHARACTER SET {charset} COLLATE {collation}"))
    engine.dispose()
    with engine.begin() as connection:
        upgrade(connection)
    customers = Table("customers", MetaData(), Column("entity_id", String(64)), Column("id", String(64)))
    customers.create(engine)
    with engine.begin() as connection:
        connection.execute(insert(customers), [{"entity_id": "lyon", "id": each} for each in ("a", "A", "a ", "é")])
    customer = Customer(entity="lyon", id="a", collector="anna")
    SqlRepositories(engine).customers.save(customer, event("c", EventKind.CUSTOMER_ASSOCIATED))
    clause = visible(
        ManagedBy(entity="lyon", user_id="anna", **BECAUSE), id=customers.c.id, entity=customers.c.entity_id
    )
    with engine.connect() as connection:
        assert ["a"] == connection.scalars(select(customers.c.id).where(clause)).all()
