"""What databases say of how they search: by index, in tables large enough for them to care."""

import ast
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import Connection, Engine, event, text

from mydso_access.adapters.sqlalchemy import SqlRepositories, metadata
from mydso_access.errors import StoreError
from mydso_access.model import Customer, Enabled, Entity, Event, EventKind, EventQuery, Invited, SsoIdentity, Structure
from mydso_access.policy.fixed import EARLIEST
from mydso_access.testing.clock import A_MONDAY
from mydso_access.testing.conformance.link_records import link
from tests.adapters.sqlalchemy.hosts import ANNA, KEY, event_of, fill

EARLY = EARLIEST + timedelta(microseconds=10)  # before nearly all rows
ENTITY, PLATFORM = Structure.entity("entity-1"), Structure.platform("entity-1")
CUSTOMER = Customer(entity="entity-1", id="customer-8")  # whose key stands before nearly all
LINK = link("link-4")  # whose key stands before nearly all
INVITED = evolve(ANNA, credential=None, login=Invited(EARLY))
FEW = 20


def page_of_events(query: EventQuery, after: Event | None, made: SqlRepositories) -> Any:
    return made.events.page(query, after=after, limit=90)


OF = ("ix_mydso_users_structure_listed_by", "ix_mydso_memberships_entity_key")
ASSOCIATED = ("ix_mydso_associates_entity_key",)
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
    ("ix_mydso_assertions_expires_at", lambda made: made.assertions.purge(A_MONDAY, limit=90)),
    (
        "ix_mydso_users_structure_seen_at",
        lambda made: made.users.unseen_since(ENTITY, A_MONDAY, after=None, limit=90),
    ),
    (
        "ix_mydso_users_structure_seen_at",
        lambda made: made.users.unseen_since(ENTITY, A_MONDAY, after=evolve(ANNA, login=Enabled(EARLY)), limit=90),
    ),
    ("ix_mydso_users_invited_at_key", lambda made: made.users.invited_before(A_MONDAY, after=None, limit=90)),
    ("ix_mydso_users_invited_at_key", lambda made: made.users.invited_before(A_MONDAY, after=INVITED, limit=90)),
    ("ix_mydso_users_sso_key", lambda made: made.users.known_as(SsoIdentity("issuer", "nobody"))),
    ("pk_mydso_structures", lambda made: made.structures.get(ENTITY)),
    ("uq_mydso_structures_platform_key", lambda made: made.structures.platform()),
    ("pk_mydso_structures", lambda made: made.structures.entities(after=None, limit=90)),
    ("pk_mydso_structures", lambda made: made.structures.entities(after=Entity(id="e", title="E"), limit=90)),
    ("pk_mydso_customers", lambda made: made.customers.get("entity-1", "customer")),
    ("ix_mydso_customers_entity_key_key", lambda made: made.customers.of("entity-1", after=None, limit=90)),
    ("ix_mydso_customers_entity_key_key", lambda made: made.customers.of("entity-1", after=CUSTOMER, limit=90)),
    ("pk_mydso_customers", lambda made: made.customers.named("entity-1", [f"customer-{n}" for n in range(FEW)])),
    ("pk_mydso_links", lambda made: made.links.get("none")),
    ("ix_mydso_links_entity_key_key", lambda made: made.links.of("entity-1", after=None, limit=90)),
    ("ix_mydso_links_entity_key_key", lambda made: made.links.of("entity-1", after=LINK, limit=90)),
    ("ix_mydso_links_customer_key_key", lambda made: made.links.of("entity-1", after=None, limit=90, customer="1")),
    ("ix_mydso_links_customer_key_key", lambda made: made.links.of("entity-1", after=LINK, limit=90, customer="1")),
    ("ix_mydso_links_granter_key_key", lambda made: made.links.of("entity-1", after=None, limit=9, granter="busy")),
    ("ix_mydso_links_granter_key_key", lambda made: made.links.forget("granter-1", limit=90)),
    ("ix_mydso_links_dead_from", lambda made: made.links.purge(A_MONDAY, limit=90)),
    *(
        (index, partial(page_of_events, EventQuery(since=EARLY, latest_first=latest_first, **asked), after))
        for latest_first, begin in ((False, EARLY), (True, A_MONDAY))
        for after in (None, event_of("e1", at=begin))
        for index, asked in (
            ("ix_mydso_events_at_key", {}),
            ("ix_mydso_events_subject_key_at_key", {"subject": "nobody"}),
            ("ix_mydso_events_actor_key_at_key", {"actor": "nobody"}),
            ("_key_at_key", {"subject": "nobody", "actor": "nobody"}),
            ("ix_mydso_events_kind_at_key", {"kind": EventKind.LINK_REFUSED}),
        )
    ),
    ("ix_mydso_events_at_key", lambda made: made.events.purge(EARLY, limit=90)),
    ("ix_mydso_events_subject_key_at_key", lambda made: made.events.pseudonymise("nobody", "pseudonym", limit=90)),
]

# Searches that find the keys of their pages first, of two pages at most: what they sort is no more than these.
MERGED: list[tuple[tuple[str, ...], Callable[[SqlRepositories], Any]]] = [
    (OF, lambda made: made.users.of(ENTITY, after=None, limit=FEW)),
    (OF, lambda made: made.users.of(ENTITY, after=ANNA, limit=FEW)),
    (OF[:1], lambda made: made.users.of(PLATFORM, after=None, limit=FEW)),
    (OF[:1], lambda made: made.users.of(PLATFORM, after=ANNA, limit=FEW)),
    (ASSOCIATED, lambda made: made.customers.of("entity-1", after=None, limit=FEW, associated="user-1")),
    (ASSOCIATED, lambda made: made.customers.of("entity-1", after=CUSTOMER, limit=FEW, associated="user-1")),
]


@pytest.fixture
def url(fresh: Callable[[], str]) -> str:
    return fresh()


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """Give an engine on tables with thousands of rows, of which the database has made up its mind."""
    fill(engine, 5000, over=500)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in metadata.tables:
            connection.execute(text(ANALYZE[engine.dialect.name].format(table)))
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
        if index.startswith("ix_") and not index.endswith("sso_key"):
            assert index in found[0]  # only PostgreSQL calls the others by our names, or looks before it answers


def test_a_page_that_is_found_by_its_keys_first_scans_no_table_and_sorts_no_more_than_two_pages(filled: Engine) -> None:
    for indexes, search in MERGED:
        (plan,) = plans(filled, search)
        for index in indexes:
            assert index in plan
        assert [] == scanned_or_sorted(filled.dialect.name, plan.splitlines())


def scanned_or_sorted(database: str, lines: list[str]) -> list[str]:
    """Return what a plan says of tables that are scanned, and of rows of tables that are sorted before they are cut."""
    if database == "postgresql":
        sorts = [(re.search(r"Sort  \(cost=.*rows=(\d+)", line), line) for line in lines]
        sorts_more = [line for found, line in sorts if found and int(found[1]) > 2 * FEW]
        return sorts_more + [line for line in lines if "Seq Scan" in line]
    if database == "mariadb":
        return [line for line in lines if re.search("'mydso_.*('ALL'|filesort)", line)]
    rows = [ast.literal_eval(line) for line in lines]
    sorting = {row[1] for row in rows if "TEMP B-TREE" in row[3]}  # together with what, if not with what has been cut?
    return [str(row) for row in rows if "mydso" in row[3] and ("SCAN" in row[3] or row[1] in sorting)]


def test_a_scan_would_be_seen(filled: Engine) -> None:
    with filled.begin() as connection:
        of_its_table = " ON mydso_counters" if filled.dialect.name == "mariadb" else ""
        connection.execute(text(f"DROP INDEX ix_mydso_counters_idle_from{of_its_table}"))
    (select, *_) = plans(filled, lambda made: made.counters.purge(A_MONDAY, limit=90))
    assert SCANS[filled.dialect.name] in select
    assert SORTS[filled.dialect.name] in select
