"""How databases search through a scope's clause: from the few associations, through the host's own index, on each of them."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import (
    CHAR,
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    UniqueConstraint,
    insert,
    select,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

from mydso_access import AssociatedWith, Customer, ManagedBy
from mydso_access.adapters.sqlalchemy import OwnColleagues, OwnColumns, visible
from mydso_access.adapters.sqlalchemy.customers import Associate, associate_row
from mydso_access.adapters.sqlalchemy.tables import TABLES
from mydso_access.decisions.outcomes import INSTALLATION
from mydso_access.decisions.visibility import ScopeBecause
from tests.adapters.sqlalchemy.hosts import only
from tests.adapters.sqlalchemy.test_plans import ANALYZE

ROWS, USERS = 8000, 400
EACH = ROWS // USERS
WHO: dict[str, Any] = {
    "entity": "lyon",
    "user_id": "user-7",
    "reason": ScopeBecause.SWITCHED_ON,
    "rule": "S29",
    "levels": INSTALLATION,
}
EXPLAINED = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN (ANALYZE, TIMING OFF) ", "mariadb": "EXPLAIN "}
BY_ID_OR_COLLECTOR = re.compile(r"SEARCH customers USING INDEX \S+ \((entity_id=\? AND id=\?|collector_id=\?)\)")


@pytest.fixture
def url(fresh: Callable[[], str]) -> str:
    return fresh()


def filled(engine: Engine, held: TypeEngine[Any]) -> tuple[Table, OwnColumns]:
    """Store customers of two entities, twenty for each collector, with the indexes that a host would give its tables."""
    host = MetaData()
    customers = Table(
        "customers",
        host,
        Column("row", Integer, primary_key=True),
        Column("entity_id", held, nullable=False),
        Column("id", held, nullable=False),
        Column("collector_id", held, index=True),
        Column("name", String(200)),
        UniqueConstraint("entity_id", "id"),
    )
    colleagues = Table(
        "colleagues", host, *(Column(name, held, primary_key=True) for name in ("entity_id", "user_id", "customer_id"))
    )
    host.create_all(engine)
    named = [(("lyon", "paris")[n % 2], f"customer-{n}", f"user-{n // 2 % USERS}") for n in range(2 * ROWS)]
    rows = [{"entity_id": e, "id": i, "collector_id": u, "name": 100 * "x"} for e, i, u in named]
    pairs = [{"entity_id": e, "customer_id": i, "user_id": u} for e, i, u in named]
    ours = [
        associate_row(Customer(entity=e, id=i), Associate(u, collects=True, is_colleague=True)) for e, i, u in named
    ]
    with engine.begin() as connection:
        connection.execute(insert(customers), rows)
        connection.execute(insert(colleagues), pairs)
        connection.execute(insert(TABLES.associates), ours)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in ("customers", "colleagues", TABLES.associates.name):
            connection.execute(text(ANALYZE[engine.dialect.name].format(table)))
    theirs = colleagues.c
    found = OwnColleagues(customer=theirs.customer_id, user=theirs.user_id, entity=theirs.entity_id)
    return customers, OwnColumns(collector=customers.c.collector_id, colleagues=found)


def check(engine: Engine, held: TypeEngine[Any]) -> None:
    customers, own = filled(engine, held)
    for scope in (ManagedBy(**WHO), AssociatedWith(**WHO)):
        for columns in (None, own):
            clause = visible(scope, id=customers.c.id, entity=customers.c.entity_id, own=columns)
            with engine.connect() as connection:
                assert EACH == len(connection.execute(select(customers).where(clause)).all())
                plan = plan_of(connection, select(customers).where(clause))
            assert reads_few(engine.dialect.name, plan), f"{scope}, {columns}: {plan}"


def plan_of(connection: Connection, statement: Select[Any]) -> list[Any]:
    compiled = statement.compile(connection)
    values: Any = compiled.params
    if compiled.positional:
        values = tuple(compiled.params[name] for name in compiled.positiontup or ())
    return list(connection.exec_driver_sql(EXPLAINED[connection.dialect.name] + str(compiled), values))


def reads_few(database: str, plan: list[Any]) -> bool:
    """Tell whether a plan reads little more of customers than it shows."""
    if database == "mariadb":
        read = [row.rows for row in plan if row.table == "customers" and row.type != "ALL"]
        return bool(read) and all(int(rows) <= 2 * EACH for rows in read)
    lines = [row[-1] for row in plan if "customers" in row[-1]]
    if database == "sqlite":
        return bool(lines) and all(BY_ID_OR_COLLECTOR.fullmatch(line) for line in lines)
    removed = sum(int(found[1]) for row in plan if (found := re.search(r"Rows Removed by .*: (\d+)", row[0])))
    return bool(lines) and removed <= 2 * EACH and not any("Seq Scan" in line for line in lines)


def test_s28_a_list_reads_few_customers_by_the_hosts_index(engine: Engine) -> None:
    check(engine, String(64))


def test_s28_a_scan_would_be_seen(engine: Engine) -> None:
    customers, _ = filled(engine, String(64))
    # No index is on what is made of the column.
    clause = visible(ManagedBy(**WHO), id=customers.c.id + "", entity=customers.c.entity_id)
    with engine.connect() as connection:
        plan = plan_of(connection, select(customers).where(clause))
    assert not reads_few(engine.dialect.name, plan), f"{plan}"


@only("sqlite")
def test_s28_a_list_reads_few_customers_where_sqlite_compares_leniently(engine: Engine) -> None:
    check(engine, String(64, collation="NOCASE"))


@only("postgres")
@pytest.mark.parametrize(
    "held", [postgresql.CITEXT(), String(64, collation="C"), CHAR(64)], ids=["citext", "C", "char"]
)
def test_s28_a_list_reads_few_customers_where_postgresql_compares_in_another_way(engine: Engine, held: Any) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS citext"))
    check(engine, held)


@only("mariadb")
@pytest.mark.parametrize("collation", ["utf8mb4_unicode_ci", "utf8mb4_bin", "latin1_swedish_ci", "utf8mb3_general_ci"])
def test_s28_a_list_reads_few_customers_whatever_collation_of_mariadb_they_say_they_have(
    engine: Engine, collation: str
) -> None:
    check(engine, String(64, collation=collation))
