"""Visibility, as ratios in one run: `python -m tests.benchmarks.visibility [--rows 1000000]`. Prints, never fails for being slow.

A collector's list of 200 among many customers, on three databases: through the clause, and by the SQL that one would
write by hand. One question about one customer: against a dict, and against other libraries that answer it.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import date
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from attrs import frozen
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Date,
    Engine,
    Index,
    Integer,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    create_engine,
    insert,
    select,
    text,
)

from mydso_access import AssociatedWith, Customer, ManagedBy, Structure
from mydso_access.adapters.sqlalchemy import OwnColleagues, OwnColumns, upgrade, visible
from mydso_access.adapters.sqlalchemy.customers import Associate, associate_row
from mydso_access.adapters.sqlalchemy.tables import TABLES, row_key, structure_key
from mydso_access.decisions.outcomes import INSTALLATION
from mydso_access.decisions.visibility import ScopeBecause
from tests.benchmarks.measure import best_of
from tests.benchmarks.questions import questions
from tests.django_worlds import set_up
from tests.servers import serving

EACH = 200  # customers of one collector
AT_ONCE = 20_000
WHO: dict[str, Any] = {
    "entity": "lyon",
    "user_id": "user-7",
    "reason": ScopeBecause.SWITCHED_ON,
    "rule": "S29",
    "levels": INSTALLATION,
}
MANAGED, ASSOCIATED = ManagedBy(**WHO), AssociatedWith(**WHO)
HOST = MetaData()
CUSTOMERS = Table(
    "customers",
    HOST,
    Column("row", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("entity_id", String(64)),
    Column("id", String(64)),
    Column("name", String(200)),
    Column("city", String(80)),
    Column("balance", Numeric(12, 2)),
    Column("due", Date),
    Column("collector_id", String(64)),
    UniqueConstraint("entity_id", "id"),
    Index("ix_customers_collector", "entity_id", "collector_id"),
)
COLLEAGUES = Table(
    "colleagues",
    HOST,
    Column("entity_id", String(64)),
    Column("user_id", String(64)),
    Column("customer_id", String(64)),
    PrimaryKeyConstraint("entity_id", "user_id", "customer_id"),
)
OWN = OwnColumns(
    collector=CUSTOMERS.c.collector_id,
    colleagues=OwnColleagues(
        customer=COLLEAGUES.c.customer_id, user=COLLEAGUES.c.user_id, entity=COLLEAGUES.c.entity_id
    ),
)
SHOWN = [CUSTOMERS.c[name] for name in ("id", "name", "city", "balance", "due", "collector_id")]
KEYS = {"entity_key": structure_key(Structure.entity("lyon")), "user_key": row_key("user", "user-7")}


@frozen
class Case:
    """One list: through the clause, and by hand, as text and in Core."""

    title: str
    scope: ManagedBy | AssociatedWith
    own: OwnColumns | None
    values: dict[str, str]
    where: str
    in_core: Callable[[], ColumnElement[bool]]

    def clause(self) -> ColumnElement[bool]:
        return visible(self.scope, id=CUSTOMERS.c.id, entity=CUSTOMERS.c.entity_id, own=self.own)

    def by_hand(self) -> Any:
        """Return the SQL by hand, its rows of the same types as the clause's."""
        return text(f"SELECT {', '.join(each.name for each in SHOWN)} FROM customers WHERE {self.where}").columns(
            *SHOWN
        )


def theirs() -> ColumnElement[bool]:
    found = COLLEAGUES.c
    return CUSTOMERS.c.id.in_(select(found.customer_id).where(found.entity_id == "lyon", found.user_id == "user-7"))


def ours() -> ColumnElement[bool]:
    found = TABLES.associates.c
    by_key = found.entity_key == KEYS["entity_key"], found.user_key == KEYS["user_key"]
    return CUSTOMERS.c.id.in_(select(found.customer_id).where(*by_key, found.collects == 1))


CASES = [
    Case(
        "collector, the host's own column",
        MANAGED,
        OWN,
        {"entity": "lyon", "user": "user-7"},
        "entity_id = :entity AND collector_id = :user",
        lambda: CUSTOMERS.c.collector_id == "user-7",
    ),
    Case(
        "colleague, the host's own table",
        ASSOCIATED,
        OWN,
        {"entity": "lyon", "user": "user-7"},
        "entity_id = :entity AND id IN"
        " (SELECT customer_id FROM colleagues WHERE entity_id = :entity AND user_id = :user)",
        theirs,
    ),
    Case(
        "collector, the library's associations",
        MANAGED,
        None,
        {"entity": "lyon", **KEYS},
        "entity_id = :entity AND id IN (SELECT customer_id FROM mydso_associates"
        " WHERE entity_key = :entity_key AND user_key = :user_key AND collects = 1)",
        ours,
    ),
]


def fill(engine: Engine, rows: int) -> None:
    """Store so many customers, each with one collector, who is associated, too; no two neighbours have the same."""
    with engine.begin() as connection:
        upgrade(connection)
        HOST.create_all(connection)
    collectors = max(rows // EACH, 8)
    for start in range(0, rows, AT_ONCE):
        pairs = [(f"customer-{n}", f"user-{n % collectors}") for n in range(start, min(start + AT_ONCE, rows))]
        with engine.begin() as connection:
            connection.execute(insert(CUSTOMERS), [row(customer, user) for customer, user in pairs])
            connection.execute(
                insert(COLLEAGUES),
                [{"entity_id": "lyon", "user_id": user, "customer_id": each} for each, user in pairs],
            )
            connection.execute(insert(TABLES.associates), [associated(customer, user) for customer, user in pairs])
    analyze = "ANALYZE TABLE customers, colleagues, mydso_associates" if is_mariadb(engine) else "ANALYZE"
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(analyze))


def row(customer: str, user: str) -> dict[str, object]:
    named = {"entity_id": "lyon", "id": customer, "name": f"{customer} and sons", "city": "Villeurbanne"}
    return {**named, "balance": Decimal("1234.56"), "due": date(2026, 3, 31), "collector_id": user}


def associated(customer: str, user: str) -> dict[str, object]:
    return associate_row(Customer(entity="lyon", id=customer), Associate(user, collects=True, is_colleague=True))


def is_mariadb(engine: Engine) -> bool:
    return engine.dialect.name == "mariadb"


def lists(engine: Engine, rows: int) -> None:
    """Measure every list, the clause and its statement made anew for each."""
    print(f"a list of {EACH} among {rows:,} customers on {engine.dialect.name}:")
    with engine.connect() as connection:
        for case in CASES:
            compare(connection, case)


def compare(connection: Connection, case: Case) -> None:
    ready, by_hand = select(*SHOWN).where(case.clause()), case.by_hand()

    def rows(statement: Any, values: dict[str, str] | None = None) -> Sequence[Any]:
        return connection.execute(statement, values).all()

    works: list[Callable[[], Any]] = [
        lambda: rows(select(*SHOWN).where(case.clause())),
        lambda: rows(select(*SHOWN).where(CUSTOMERS.c.entity_id == "lyon", case.in_core())),
        lambda: rows(ready),
        lambda: rows(by_hand, case.values),
        case.clause,
    ]
    assert sorted(works[0]()) == sorted(works[1]()) == sorted(works[3]())
    anew, core, kept, raw, made = best_of(*works, calls=10, rounds=40)
    print(
        f"  {case.title}: {anew:.0f} µs; the same SQL written by hand in Core: {core:.0f} µs; ratio {anew / core:.2f} (goal: 1.10)"
    )
    print(
        f"    the statement kept: {kept:.0f} µs; the SQL by hand as text: {raw:.0f} µs; ratio {kept / raw:.2f} (goal: 1.10)"
    )
    print(f"    made anew against text that is kept: {anew / raw:.2f}; of it the clause: {made:.0f} µs")


def through_django(path: Path, rows: int) -> None:
    """Measure the recipe for Django's ORM on tables of its own, with the same customers."""
    set_up("django.db.backends.sqlite3", str(path), "", "")
    sys.path.append(str(Path(__file__).parents[2] / "examples"))
    recipe, connection = import_module("django_visibility"), import_module("django.db").connection
    with connection.schema_editor() as editor:
        for model in (recipe.Customer, recipe.Colleague):
            editor.create_model(model)
    of = "visible_customers_"
    with connection.cursor() as cursor:
        named = "SELECT row, entity_id, id, name, collector_id FROM customers"
        cursor.execute(f"INSERT INTO {of}customer (id, entity, number, name, collector) {named}")
        cursor.execute(f"INSERT INTO {of}colleague (customer_id, user) SELECT row, collector_id FROM customers")
        cursor.execute("ANALYZE")
    print(f"the same {EACH} among {rows:,} customers through Django's ORM on sqlite:")
    found = recipe.Customer.objects
    for scope in (MANAGED, ASSOCIATED):

        def listed(scope: ManagedBy | AssociatedWith = scope) -> Sequence[Any]:
            return list(found.filter(recipe.visible(scope)))

        def columns(scope: ManagedBy | AssociatedWith = scope) -> Sequence[Any]:
            return list(found.filter(recipe.visible(scope)).values_list("number", "name", "entity", "collector"))

        assert len(columns()) == len(listed()) > 0
        tuples, objects = best_of(columns, listed, calls=10, rounds=25)
        print(f"  {type(scope).__name__}: {tuples:.0f} µs as tuples of four columns, {objects:.0f} µs as objects")
    connection.close()


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="how many customers are many")
    arguments: SimpleNamespace = parser.parse_args(namespace=SimpleNamespace())
    with tempfile.TemporaryDirectory() as name, ExitStack() as servers:
        urls = [f"sqlite:///{Path(name) / 'customers.db'}"]
        urls += [servers.enter_context(serving(kind)).fresh() for kind in ("postgres", "mariadb")]
        for url in urls:
            engine = create_engine(url)
            fill(engine, arguments.rows)
            lists(engine, arguments.rows)
            engine.dispose()
        through_django(Path(name) / "customers.db", arguments.rows)
    questions()


if __name__ == "__main__":
    main()
