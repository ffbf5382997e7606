"""What a scope's clause is, as a statement: in selects, updates and joins, one for any number of customers, and never more."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Dialect,
    Engine,
    Enum,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    TypeDecorator,
    Uuid,
    cast,
    column,
    delete,
    func,
    insert,
    literal,
    null,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.dialects import mssql, mysql
from sqlalchemy.exc import CompileError, SAWarning

from mydso_access import AssociatedWith, Customer, Event, EventKind, Everything, InvalidValue, ManagedBy, Nothing, Scope
from mydso_access.adapters.sqlalchemy import (
    OnlyEntity,
    OwnColleagues,
    OwnColumns,
    SqlRepositories,
    UniqueIds,
    attach_tables,
    upgrade,
    visible,
)
from mydso_access.adapters.sqlalchemy.tables import TABLES
from mydso_access.decisions.outcomes import INSTALLATION
from mydso_access.decisions.visibility import ScopeBecause
from mydso_access.model import Reason
from mydso_access.testing.clock import A_MONDAY
from tests.adapters.sqlalchemy.visible_world import COLLEAGUES, CUSTOMERS, HOST, INVOICES, own

BECAUSE: dict[str, Any] = {"reason": ScopeBecause.SWITCHED_ON, "rule": "S29", "levels": INSTALLATION}
WHO: dict[str, Any] = {"entity": "lyon", "user_id": "anna"} | BECAUSE
NOTHING = Nothing(entity="lyon", user_id="anna", reason=Reason.NOT_ALLOWED, rule="S6")
SCOPES: tuple[Scope, ...] = (Everything(**WHO), ManagedBy(**WHO), AssociatedWith(**WHO), NOTHING)
HERE: dict[str, Any] = {"id": CUSTOMERS.c.id, "entity": CUSTOMERS.c.entity_id}
NAME = select(CUSTOMERS.c.id)


@pytest.fixture
def host(engine: Engine) -> Iterator[Engine]:
    """Give an engine on customers 1 to 4: 1 and 2 are anna's, 3 is carl's, and the 1 of Paris is anna's, too."""
    HOST.create_all(engine)
    rows = [
        ("lyon", "1", "anna"),
        ("lyon", "2", "anna"),
        ("lyon", "3", "carl"),
        ("lyon", "4", None),
        ("paris", "1", "anna"),
    ]
    save(engine, *(Customer(entity=e, id=i, collector=c, colleagues=frozenset({c} if c else ())) for e, i, c in rows))
    with engine.begin() as connection:
        named = [{"entity_id": e, "id": i, "collector_id": c} for e, i, c in rows]
        connection.execute(insert(CUSTOMERS), named)
        pairs = [{"entity_id": e, "customer_id": i, "user_id": c} for e, i, c in rows if c]
        connection.execute(insert(COLLEAGUES), pairs)
    yield engine
    HOST.drop_all(engine)


def save(engine: Engine, *customers: Customer, tables: Any = TABLES) -> None:
    repositories = SqlRepositories(engine, tables=tables)
    saves = [
        (each, Event(id=f"{each.entity}-{each.id}", kind=EventKind.CUSTOMER_ASSOCIATED, at=A_MONDAY))
        for each in customers
    ]
    repositories.customers.save_all(saves)


def asked(engine: Engine, statement: Any) -> list[Any]:
    with engine.connect() as connection:
        return sorted(connection.scalars(statement).all())


@pytest.mark.parametrize("columns", [None, own()], ids=["ours", "own"])
def test_s28_what_the_statement_reads_beside_takes_nothing_away(host: Engine, columns: OwnColumns | None) -> None:
    for scope in (ManagedBy(**WHO), AssociatedWith(**WHO)):
        clause = visible(scope, own=columns, **HERE)
        for beside in (TABLES.associates, COLLEAGUES, TABLES.customers):
            joined = select(CUSTOMERS.c.id).distinct().join(beside, literal(1) == 1).where(clause)
            assert ["1", "2"] == asked(host, joined)
        correlated = select(COLLEAGUES.c.user_id).where(
            select(CUSTOMERS.c.id).where(clause, CUSTOMERS.c.id == COLLEAGUES.c.customer_id).exists()
        )
        assert ["anna", "anna", "anna"] == asked(host, correlated)  # of 1 and 2 in Lyon, and of the 1 in Paris
        inner, outer = CUSTOMERS.alias(), select(CUSTOMERS.c.id).where(CUSTOMERS.c.entity_id == "lyon")
        theirs = own(inner) if columns else None
        aliased = visible(scope, id=inner.c.id, entity=inner.c.entity_id, own=theirs)
        assert ["1", "2"] == asked(host, outer.where(CUSTOMERS.c.row.in_(select(inner.c.row).where(aliased))))
        assert ["1", "2"] == asked(host, select(select(CUSTOMERS).where(clause).subquery().c.id))
        assert ["1", "2"] == asked(host, select(select(CUSTOMERS).where(clause).cte().c.id))


@pytest.mark.parametrize("columns", [None, own()], ids=["ours", "own"])
def test_s28_an_update_and_a_delete_change_only_what_is_seen(host: Engine, columns: OwnColumns | None) -> None:
    clause = visible(ManagedBy(**WHO), own=columns, **HERE)
    with host.begin() as connection:
        assert 2 == connection.execute(update(CUSTOMERS).where(clause).values(collector_id="anna")).rowcount
        assert 2 == connection.execute(delete(CUSTOMERS).where(clause)).rowcount
    assert ["1", "3", "4"] == asked(host, NAME)


def test_s28_a_clause_may_be_negated_and_joined_to_others_and_shown(host: Engine) -> None:
    for scope, columns in ((ManagedBy(**WHO), None), (AssociatedWith(**WHO), own())):
        clause = visible(scope, own=columns, **HERE)
        assert ["1", "3", "4"] == asked(host, NAME.where(~clause))
        assert ["1", "2", "4"] == asked(host, NAME.where(clause | (CUSTOMERS.c.id == "4")))
        assert ["2"] == asked(host, NAME.where(clause, CUSTOMERS.c.id > "1"))
        with host.connect() as connection:
            shown = connection.execute(
                select(CUSTOMERS.c.id, clause.label("seen")).where(CUSTOMERS.c.entity_id == "lyon")
            )
            assert {("1", 1), ("2", 1), ("3", 0), ("4", 0)} == {(row.id, int(row.seen)) for row in shown}


def test_s28_every_scope_keeps_to_its_entity_whether_a_column_says_it_or_a_name(host: Engine) -> None:
    for scope, expected in zip(SCOPES, (["1", "2", "3", "4"], ["1", "2"], ["1", "2"], []), strict=True):
        assert expected == asked(host, NAME.where(visible(scope, **HERE)))
        of_lyon = NAME.where(CUSTOMERS.c.entity_id == "lyon")
        for entity, seen in (("lyon", expected), ("paris", []), ("Lyon", []), ("", [])):
            named = visible(scope, id=CUSTOMERS.c.id, entity=OnlyEntity(entity))
            assert seen == asked(host, of_lyon.where(named))
    with host.begin() as connection:
        connection.execute(update(COLLEAGUES).where(COLLEAGUES.c.entity_id == "lyon").values(entity_id="elsewhere"))
    theirs, found = COLLEAGUES.c, []
    for where in (theirs.entity_id, OnlyEntity("lyon"), OnlyEntity("paris"), UniqueIds()):
        colleagues = OwnColleagues(customer=theirs.customer_id, user=theirs.user_id, entity=where)
        columns = OwnColumns(collector=CUSTOMERS.c.collector_id, colleagues=colleagues)
        found.append(asked(host, NAME.where(visible(AssociatedWith(**WHO), own=columns, **HERE))))
    assert [[], ["1", "2"], [], ["1", "2"]] == found


def test_s28_it_is_one_statement_whoever_asks_and_however_many_customers_they_have(host: Engine) -> None:
    def prepared(user: str) -> str:
        scopes = (ManagedBy(**WHO | {"user_id": user}), AssociatedWith(**WHO | {"user_id": user}))
        clauses = [visible(scope, own=columns, **HERE) for scope in scopes for columns in (None, own())]
        return "\n".join(str(NAME.where(clause).compile(host)) for clause in clauses)

    before = prepared("boss")
    save(host, *(Customer(entity="lyon", id=f"{n}-of-boss", collector="boss") for n in range(1000)))
    assert before == prepared("boss") == prepared("nobody")


def test_s28_a_statement_is_compiled_once_and_asked_for_everybody(host: Engine) -> None:
    cache: dict[Any, Any] = {}
    users = {"anna": ["1", "2"], "carl": ["3"], "nobody": [], "%": [], "anna'": []}
    with host.connect().execution_options(compiled_cache=cache) as connection:
        for columns in (None, own()):
            for kind in (ManagedBy, AssociatedWith):
                cache.clear()
                for user, expected in users.items():
                    clause = visible(kind(**WHO | {"user_id": user}), own=columns, **HERE)
                    assert expected == sorted(connection.scalars(NAME.where(clause)).all())
                assert 1 == len(cache)


def test_s28_the_librarys_tables_may_have_other_names_than_usual(host: Engine) -> None:
    named = attach_tables(MetaData(), prefix="other_")
    with host.begin() as connection:
        upgrade(connection, tables=named)
    try:
        save(host, Customer(entity="lyon", id="4", collector="anna"), tables=named)
        assert ["4"] == asked(host, NAME.where(visible(ManagedBy(**WHO), tables=named, **HERE)))
        assert ["1", "2"] == asked(host, NAME.where(visible(ManagedBy(**WHO), **HERE)))
    finally:
        named.users.metadata.drop_all(host)


def test_s28_columns_of_a_table_that_is_not_joined_are_warned_of_by_sqlalchemy(host: Engine) -> None:
    wrong = OwnColumns(collector=INVOICES.c.note, colleagues=own().colleagues)
    with host.connect() as connection, pytest.raises(SAWarning, match="cartesian product"):
        connection.execute(select(CUSTOMERS.c.id).where(visible(ManagedBy(**WHO), own=wrong, **HERE)))


def test_s28_columns_of_another_alias_are_an_error_for_they_are_of_another_row() -> None:
    other = CUSTOMERS.alias()
    with pytest.raises(InvalidValue, match=r"own\.collector is a column of another alias"):
        visible(ManagedBy(**WHO), own=own(other), **HERE)
    with pytest.raises(InvalidValue, match="entity is a column of another alias"):
        visible(Everything(**WHO), id=CUSTOMERS.c.id, entity=other.c.entity_id)
    two = {"customer": COLLEAGUES.c.customer_id, "user": COLLEAGUES.alias().c.user_id}
    with pytest.raises(InvalidValue, match=r"own\.colleagues is columns of several tables"):
        OwnColleagues(**two, entity=COLLEAGUES.c.entity_id)


class Masked(TypeDecorator[str]):
    impl = String
    cache_ok = True


class OfTheHost(String):
    """A type of the host's own."""


UNKNOWN: dict[str, Any] = {
    "a name": "id",
    "None": None,
    "null": null(),
    "text": text("id"),
    "untyped": column("id"),
    "a table": CUSTOMERS,
    "a subquery": select(CUSTOMERS.c.id),
    **{
        type(held).__name__: Column("id", held)
        for held in (Enum("a", "b"), JSON(), Masked(), OfTheHost(), mysql.SET("a"), Boolean(), Float(), Numeric(9), LargeBinary())
    },
}  # fmt: skip


@pytest.mark.parametrize("scope", SCOPES, ids=[type(each).__name__ for each in SCOPES])
@pytest.mark.parametrize("wrong", UNKNOWN.values(), ids=UNKNOWN)
def test_s28_a_column_that_is_not_understood_is_an_error_whatever_the_scope_is(scope: Scope, wrong: Any) -> None:
    theirs: dict[str, Any] = {name: COLLEAGUES.c[f"{name}_id"] for name in ("customer", "user", "entity")}

    def columns(**changed: Any) -> OwnColumns:
        return OwnColumns(collector=CUSTOMERS.c.collector_id, colleagues=OwnColleagues(**theirs | changed))

    for name in ("id", "entity"):
        with pytest.raises(InvalidValue, match=name):
            visible(scope, **HERE | {name: wrong})
    with pytest.raises(InvalidValue, match=r"own\.collector"):
        visible(scope, own=OwnColumns(collector=wrong, colleagues=own().colleagues), **HERE)
    for name in theirs:
        with pytest.raises(InvalidValue, match=f"own.colleagues.{name}"):
            visible(scope, own=columns(**{name: wrong}), **HERE)


@pytest.mark.parametrize("scope", SCOPES, ids=[type(each).__name__ for each in SCOPES])
def test_s28_own_columns_that_are_not_understood_are_an_error_whatever_the_scope_is(scope: Scope) -> None:
    host: Any = {"collector": CUSTOMERS.c.collector_id, "colleagues": own().colleagues}
    wrong: Any
    for wrong in (host, CUSTOMERS, CUSTOMERS.c.collector_id, True, own().colleagues):
        with pytest.raises(InvalidValue, match="own"):
            visible(scope, own=wrong, **HERE)
    with pytest.raises(InvalidValue, match=r"own\.colleagues"):
        OwnColumns(**host | {"colleagues": COLLEAGUES})
    with pytest.raises(InvalidValue, match=r"own\.colleagues\.customer"):  # '007' would be 7
        visible(scope, own=own(), **HERE | {"id": column("id", Integer)})
    with pytest.raises(InvalidValue, match="id"):
        visible(scope, **HERE | {"id": column("id", Uuid)})
    for understood in (
        cast(column("id", JSON), String),
        type_coerce(column("id", Masked), String()),
        func.lower(CUSTOMERS.c.id, type_=String),
    ):
        visible(scope, **HERE | {"id": understood})


class Wider(Everything):
    """A scope of another class."""


@pytest.mark.parametrize("wrong", [None, "Everything", Everything, Wider(**WHO), True, ("lyon", "anna")], ids=repr)
def test_s28_what_is_no_scope_is_an_error(wrong: Any) -> None:
    with pytest.raises(InvalidValue, match="scope"):
        visible(wrong, **HERE)


def test_s28_a_scope_is_shown_by_any_dialect_and_compiled_only_for_those_whose_comparison_is_known() -> None:
    elsewhere: Dialect = mssql.dialect()  # type: ignore[no-untyped-call]  # as SQLAlchemy has it
    for scope in SCOPES:
        for columns in (None, own()):
            statement = NAME.where(visible(scope, own=columns, **HERE))
            assert "entity_id" in str(statement) or "false" in str(statement)
            if scope is not NOTHING:
                with pytest.raises(CompileError, match="mssql"):
                    statement.compile(dialect=elsewhere)
