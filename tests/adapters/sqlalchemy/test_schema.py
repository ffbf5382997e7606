"""Creating the tables: nothing by itself, every step once, all of it or nothing, and several installations side by side."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, MetaData, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.schema import DropTable

from mydso_access import EventQuery
from mydso_access.adapters.sqlalchemy import SqlRepositories, Tables, attach_tables, metadata, upgrade
from mydso_access.adapters.sqlalchemy.tables import TABLES, row_key
from mydso_access.errors import InvalidValue
from tests.adapters.sqlalchemy.hosts import ANNA, KEY, before, counter, event_of, only

NAMES = [
    f"mydso_{name}"
    for name in (
        *("assertions", "associates", "counters", "customers", "events", "links", "memberships", "sign_ins", "steps"),
        *("structures", "users"),
    )
]
FIRST_NAMES = ["mydso_counters", "mydso_events", "mydso_sign_ins", "mydso_steps", "mydso_users"]
INDEXES = {
    "ix_mydso_users_sso_key": ["sso_key"],
    "ix_mydso_users_structure_listed_by": ["structure_key", "listed_by", "key"],
    "ix_mydso_users_structure_seen_at": ["structure_key", "seen_at", "key"],
    "ix_mydso_users_invited_at_key": ["invited_at", "key"],
    "ix_mydso_memberships_entity_key": ["entity_key", "listed_by", "user_key"],
    "ix_mydso_customers_entity_key_key": ["entity_key", "key"],
    "ix_mydso_associates_entity_key": ["entity_key", "user_key", "customer_key"],
    "ix_mydso_links_entity_key_key": ["entity_key", "key"],
    "ix_mydso_links_customer_key_key": ["customer_key", "key"],
    "ix_mydso_links_granter_key_key": ["granter_key", "entity_key", "key"],
    "ix_mydso_links_dead_from": ["dead_from"],
    "ix_mydso_counters_idle_from": ["idle_from"],
    "ix_mydso_sign_ins_expires_at": ["expires_at"],
    "ix_mydso_assertions_expires_at": ["expires_at"],
    "ix_mydso_events_at_key": ["at", "key"],
    "ix_mydso_events_subject_key_at_key": ["subject_key", "at", "key"],
    "ix_mydso_events_actor_key_at_key": ["actor_key", "at", "key"],
    "ix_mydso_events_kind_at_key": ["kind", "at", "key"],
}
UNIQUE = {"uq_mydso_users_name_key", "uq_mydso_structures_platform_key"}


@pytest.fixture
def url(fresh: Callable[[], str]) -> str:
    return fresh()


def steps(engine: Engine, tables: Tables = TABLES) -> list[int]:
    with engine.connect() as connection:
        return list(connection.scalars(select(tables.steps.c.step)))


def table_names(engine: Engine) -> list[str]:
    return sorted(inspect(engine).get_table_names())


def indexes(engine: Engine) -> dict[str | None, list[str | None]]:
    found = [each for name in table_names(engine) for each in inspect(engine).get_indexes(name)]
    return {each["name"]: each["column_names"] for each in found if str(each["name"]).startswith("ix_")}


def test_an_upgrade_creates_the_tables_with_their_indexes(engine: Engine) -> None:
    assert NAMES == table_names(engine)
    assert INDEXES == indexes(engine)
    assert [1, 2, 3, 4, 5] == steps(engine)


def test_a_second_upgrade_finds_nothing_to_do(engine: Engine, repositories: SqlRepositories) -> None:
    repositories.users.save(ANNA, event_of("e1"))
    with engine.begin() as connection:
        upgrade(connection)
        upgrade(connection, to=1)
    assert [1, 2, 3, 4, 5] == steps(engine)
    assert repositories.users.get(ANNA.id) is not None


def test_an_upgrade_to_a_step_takes_the_steps_up_to_it(opened: Callable[..., Engine]) -> None:
    engine = opened()
    with engine.begin() as connection:
        upgrade(connection, to=1)
    assert FIRST_NAMES == table_names(engine)
    assert [1] == steps(engine)
    with engine.begin() as connection:
        upgrade(connection, to=2)
    assert [name for name in NAMES if name not in ("mydso_assertions", "mydso_links")] == table_names(engine)
    assert [1, 2] == steps(engine)
    with engine.begin() as connection:
        upgrade(connection, to=3)
    assert [name for name in NAMES if name != "mydso_links"] == table_names(engine)
    assert [1, 2, 3] == steps(engine)
    with engine.begin() as connection:
        upgrade(connection, to=5)
    assert NAMES == table_names(engine)
    assert INDEXES == indexes(engine)
    assert [1, 2, 3, 4, 5] == steps(engine)


@only("sqlite")
@pytest.mark.parametrize("step", [0, 6, -1, True, "1", 1.0])
def test_an_upgrade_to_a_step_that_there_is_not_is_refused_with_nothing_created(
    opened: Callable[..., Engine], step: Any
) -> None:
    engine = opened()
    with engine.begin() as connection, pytest.raises(InvalidValue, match=r"to is .*: expected a step from 1 to 5"):
        upgrade(connection, to=step)
    assert [] == table_names(engine)


@pytest.mark.parametrize(
    "interrupted_before",
    [
        "CREATE TABLE mydso_sign_ins",
        "CREATE INDEX ix_mydso_events_at_key",
        "ALTER TABLE mydso_users ADD COLUMN listed_by",
        "CREATE TABLE mydso_customers",
        "CREATE UNIQUE INDEX ix_mydso_users_sso_key",
        "DROP INDEX ix_mydso_users_seen_at_key",
        "CREATE TABLE mydso_assertions",
        "CREATE INDEX ix_mydso_assertions_expires_at",
        "CREATE TABLE mydso_links",
        "CREATE INDEX ix_mydso_links_dead_from",
        "INSERT INTO mydso_steps",
    ],
)
def test_an_upgrade_that_was_interrupted_is_completed(opened: Callable[..., Engine], interrupted_before: str) -> None:
    engine = opened()

    def stop(connection: Connection) -> None:
        connection.commit()  # as MariaDB does by itself after every statement
        raise KeyboardInterrupt

    with before(engine, interrupted_before, stop), pytest.raises(KeyboardInterrupt), engine.connect() as first:
        upgrade(first)
    assert "mydso_users" in table_names(engine)
    with engine.begin() as second:
        upgrade(second)
    assert NAMES == table_names(engine)
    assert INDEXES == indexes(engine)
    assert [1, 2, 3, 4, 5] == steps(engine)


@only("sqlite", "postgres")
def test_an_upgrade_that_is_rolled_back_leaves_nothing(opened: Callable[..., Engine]) -> None:
    engine = opened()
    with engine.connect() as connection:
        upgrade(connection)
        connection.rollback()
    assert [] == table_names(engine)
    with engine.begin() as connection:
        upgrade(connection)
    assert NAMES == table_names(engine)


def test_an_upgrade_commits_nothing_that_the_host_wrote(opened: Callable[..., Engine]) -> None:
    engine = opened()
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE own (n INTEGER)"))
        upgrade(connection)
    with engine.connect() as connection:
        connection.execute(text("INSERT INTO own VALUES (1)"))
        upgrade(connection)
        connection.rollback()
        assert 0 == connection.scalar(text("SELECT count(*) FROM own"))


def test_nothing_but_an_upgrade_creates_tables(opened: Callable[..., Engine]) -> None:
    engine = opened()
    made = SqlRepositories(engine)
    with engine.connect() as connection:
        SqlRepositories(connection)
        attach_tables()
    with pytest.raises(Exception, match="mydso_counters"):
        made.counters.get(KEY)
    assert [] == table_names(engine)


def test_an_asynchronous_engine_is_upgraded_through_run_sync(
    async_opened: Callable[..., AsyncEngine], runner: asyncio.Runner, opened: Callable[..., Engine]
) -> None:
    async def twice() -> None:
        async with async_opened().begin() as connection:
            await connection.run_sync(upgrade)
            await connection.run_sync(upgrade, to=1)

    runner.run(twice())
    engine = opened()
    assert NAMES == table_names(engine)
    assert INDEXES == indexes(engine)
    assert [1, 2, 3, 4, 5] == steps(engine)


def test_two_installations_in_one_database_do_not_see_each_other(engine: Engine, repositories: SqlRepositories) -> None:
    own = MetaData()
    tables = attach_tables(own, prefix="other_")
    with engine.begin() as connection:
        upgrade(connection, tables=tables)
    other = SqlRepositories(engine, tables=tables)
    assert {name.replace("mydso_", "other_") for name in NAMES} == set(own.tables)
    repositories.users.save(ANNA, event_of("e1"))
    repositories.counters.save(counter())
    assert (None, None) == (other.users.named("anna"), other.counters.get(KEY))
    assert () == other.events.page(EventQuery(since=ANNA.saved_at), after=None, limit=9)
    other.users.save(ANNA, event_of("e1"))
    assert 0 == other.counters.purge(ANNA.saved_at, limit=9)
    assert [1, 2, 3, 4, 5] == steps(engine, tables)


@only("postgres")
def test_an_installation_may_lie_in_a_schema_of_its_own(engine: Engine, repositories: SqlRepositories) -> None:
    tables = attach_tables(schema="apart")
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA apart"))
        upgrade(connection, tables=tables)
    apart = SqlRepositories(engine, tables=tables)
    apart.users.save(ANNA, event_of("e1"))
    assert NAMES == sorted(inspect(engine).get_table_names(schema="apart"))
    assert set(INDEXES) == {
        index["name"]
        for name in NAMES
        for index in inspect(engine).get_indexes(name, schema="apart")
        if not str(index["name"]).startswith("uq_")
    }
    assert None is repositories.users.get(ANNA.id)


def test_constraints_have_the_names_that_the_convention_promises(engine: Engine, database: str) -> None:
    inspector = inspect(engine)
    if database != "mariadb":  # whose primary keys are all called PRIMARY
        assert [f"pk_{name}" for name in NAMES] == [inspector.get_pk_constraint(name)["name"] for name in NAMES]
    found = {each["name"] for name in NAMES for each in inspector.get_unique_constraints(name)}
    assert UNIQUE == found - {"ix_mydso_users_sso_key"}  # which MariaDB calls a constraint, too
    by_name = {each.name for table in metadata.tables.values() for each in (*table.constraints, *table.indexes)}
    assert {*INDEXES, *UNIQUE, *(f"pk_{name}" for name in NAMES)} == by_name


def test_names_are_the_same_in_a_metadata_with_a_convention_of_its_own() -> None:
    host = MetaData(
        naming_convention={"ix": "i_%(column_0_label)s", "uq": "u_%(column_0_name)s", "pk": "p_%(table_name)s"}
    )
    attach_tables(host)
    names = {each.name for table in host.tables.values() for each in (*table.constraints, *table.indexes)}
    assert {*INDEXES, *UNIQUE, *(f"pk_{name}" for name in NAMES)} == names


@only("postgres", "mariadb")
def test_names_stay_within_what_databases_allow_for_a_prefix_of_35_characters(opened: Callable[..., Engine]) -> None:
    own = MetaData()
    tables = attach_tables(own, prefix="p" * 34 + "_")
    longest = max(len(str(each.name)) for table in own.tables.values() for each in (*table.constraints, *table.indexes))
    assert 63 == longest
    engine = opened()
    with engine.begin() as connection:
        upgrade(connection, tables=tables)
    SqlRepositories(engine, tables=tables).users.save(ANNA, event_of("e1"))


def test_a_table_that_was_dropped_is_told_of_by_its_name(engine: Engine, repositories: SqlRepositories) -> None:
    with engine.begin() as connection:
        connection.execute(DropTable(TABLES.sign_ins))
    with pytest.raises(Exception, match="mydso_sign_ins"):
        repositories.sign_ins.get("s1")


def test_a_key_tells_kinds_and_texts_apart_that_run_into_each_other() -> None:
    keys = {
        row_key("user", "a"),
        row_key("use", "ra"),
        row_key("user", "a\0"),
        row_key("name", "a"),
        row_key("", "user\0a"),
    }
    assert 5 == len(keys)
    assert row_key("user", "a") == row_key("user", "a")
    assert {64} == {len(key) for key in keys}
