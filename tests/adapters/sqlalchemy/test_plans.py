"""What databases say of how they search: by index, in tables large enough for them to care."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import Connection, Engine, event, text

from mydso_access.adapters.sqlalchemy import SqlRepositories
from mydso_access.errors import StoreError
from mydso_access.model import Enabled
from mydso_access.policy.fixed import EARLIEST
from mydso_access.testing.clock import A_MONDAY
from tests.adapters.sqlalchemy.hosts import ANNA, KEY, event_of, fill

EARLY = EARLIEST + timedelta(microseconds=10)  # before nearly all rows
EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN ", "mariadb": "EXPLAIN "}
ANALYZE = {"sqlite": "ANALYZE {}", "postgresql": "ANALYZE {}", "mariadb": "ANALYZE TABLE {}"}
SCANS = {"sqlite": "'SCAN ", "postgresql": "Seq Scan", "mariadb": "'ALL'"}
SORTS = {"sqlite": "TEMP B-TREE", "postgresql": "Sort", "mariadb": "filesort"}
SEARCHES: list[tuple[str, Callable[[SqlRepositories], Any]]] = [
    ("pk_mydso_users", lambda made: made.users.get("nobody")),
    ("uq_mydso_users_name_key", lambda made: made.users.named("nobody")),
    ("pk_mydso_counters", lambda made: made.counters.get(KEY)),
    ("pk_mydso_sign_ins", lambda made: made.sign_ins.get("none")),
    ("ix_mydso_counters_idle_from", lambda made: made.counters.purge(A_MONDAY, limit=90)),
    ("ix_mydso_sign_ins_expires_at", lambda made: made.sign_ins.purge(A_MONDAY, limit=90)),
    ("ix_mydso_users_seen_at_key", lambda made: made.users.unseen_since(A_MONDAY, after=None, limit=90)),
    (
        "ix_mydso_users_seen_at_key",
        lambda made: made.users.unseen_since(A_MONDAY, after=evolve(ANNA, login=Enabled(EARLY)), limit=90),
    ),
    ("ix_mydso_events_at_key", lambda made: made.events.page(EARLY, after=None, limit=90)),
    ("ix_mydso_events_at_key", lambda made: made.events.page(EARLY, after=event_of("e1", at=EARLY), limit=90)),
    (
        "ix_mydso_events_subject_key_at_key",
        lambda made: made.events.page(EARLY, after=event_of("e1", at=EARLY), limit=90, subject="nobody"),
    ),
]


@pytest.fixture
def url(fresh: Callable[[], str]) -> str:
    return fresh()


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """Give an engine on tables with thousands of rows, of which the database has made up its mind."""
    fill(engine, 5000, over=500)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in ("users", "counters", "sign_ins", "events"):
            connection.execute(text(ANALYZE[engine.dialect.name].format(f"mydso_{table}")))
    return engine


def plans(engine: Engine, search: Callable[[SqlRepositories], Any]) -> list[str]:
    """Return how the database goes about each statement of a search."""
    explained: list[str] = []

    def explain(connection: Connection, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        if "lock_timeout" in statement:
            return
        cursor.execute(EXPLAIN[engine.dialect.name] + statement, parameters)
        explained.append("\n".join(map(str, cursor.fetchall())))

    event.listen(engine, "before_cursor_execute", explain)
    with suppress(StoreError):  # the bodies mean nothing
        search(SqlRepositories(engine))
    event.remove(engine, "before_cursor_execute", explain)
    return explained


def test_every_search_goes_by_index_and_none_scans_or_sorts_a_table(filled: Engine) -> None:
    database = filled.dialect.name
    for index, search in SEARCHES:
        found = plans(filled, search)
        assert found
        for plan in found:
            assert SCANS[database] not in plan
            assert SORTS[database] not in plan
        if index.startswith("ix_"):  # only PostgreSQL calls the others by our names, or looks before it answers
            assert index in found[0]


def test_a_scan_would_be_seen(filled: Engine) -> None:
    with filled.begin() as connection:
        of_its_table = " ON mydso_counters" if filled.dialect.name == "mariadb" else ""
        connection.execute(text(f"DROP INDEX ix_mydso_counters_idle_from{of_its_table}"))
    (select, *_) = plans(filled, lambda made: made.counters.purge(A_MONDAY, limit=90))
    assert SCANS[filled.dialect.name] in select
    assert SORTS[filled.dialect.name] in select
