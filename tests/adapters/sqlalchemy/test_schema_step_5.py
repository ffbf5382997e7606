"""Step 5 on a trail from before: its events are found by their kinds, and nothing else of them changes."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, insert, inspect, text

from mydso_access.adapters.codec import microseconds, written
from mydso_access.adapters.sqlalchemy import SqlRepositories, upgrade
from mydso_access.adapters.sqlalchemy.tables import TABLES, row_key
from mydso_access.model import Event, EventKind, EventQuery
from mydso_access.policy.fixed import PAGE
from tests.adapters.sqlalchemy.hosts import event_of

KINDS = (EventKind.SIGNED_IN, EventKind.REFUSED, EventKind.LINK_OPENED)
INDEX = "ix_mydso_events_kind_at_key"


@pytest.fixture
def url(fresh: Callable[[], str]) -> str:
    return fresh()


@pytest.fixture
def old(opened: Callable[..., Engine]) -> Engine:
    """Give an engine on tables as step 4 left them before there was a step 5."""
    engine = opened()
    with engine.begin() as connection:
        upgrade(connection, to=4)
        on = f" ON {TABLES.events.name}" if engine.dialect.name == "mariadb" else ""
        connection.execute(text(f"DROP INDEX {INDEX}{on}"))
        connection.execute(text(f"ALTER TABLE {TABLES.events.name} DROP COLUMN kind"))
    assert "kind" not in {column["name"] for column in inspect(engine).get_columns(TABLES.events.name)}
    return engine


def write(engine: Engine, events: list[Event]) -> None:
    """Write events as the earlier version did."""
    rows = [
        {
            "key": row_key("event", each.id),
            "at": microseconds(each.at),
            "subject_key": row_key("user", each.subject or ""),
            "actor_key": None,
            "body": written(each),
        }
        for each in events
    ]
    with engine.begin() as connection:
        connection.execute(insert(TABLES.events), rows)


def test_events_from_before_are_found_by_their_kind_however_many(old: Engine) -> None:
    told = [event_of(f"e{n:04}", kind=KINDS[n % 3], subject="anna") for n in range(2 * PAGE + 3)]
    write(old, told)
    for _ in range(2):  # the second time there is nothing to do
        with old.begin() as connection:
            upgrade(connection)
    events = SqlRepositories(old).events
    assert {each["name"] for each in inspect(old).get_indexes(TABLES.events.name)} >= {INDEX}
    for kind in EventKind:
        own = {each.id for each in told if each.kind is kind}
        assert own == {each.id for each in events.page(EventQuery(kind=kind), None, 10_000)}
        assert own == {each.id for each in events.page(EventQuery(kind=kind, subject="anna"), None, 10_000)}
    assert told == sorted(events.page(EventQuery(), None, 10_000), key=lambda each: each.id)
    assert 5 == events.pseudonymise("anna", "pseudonym", 5)
    assert 5 == len(events.page(EventQuery(subject="pseudonym"), None, 10_000))
