"""What stands in the tables, what a purge takes, and which of `Taken` and `Stale` it is."""

import logging
import re
import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import Connection, Engine, Table, func, select
from sqlalchemy.exc import IntegrityError

from mydso_access.adapters.codec import microseconds
from mydso_access.adapters.sqlalchemy import SqlRepositories, metadata, upgrade
from mydso_access.adapters.sqlalchemy.tables import TABLES
from mydso_access.errors import Stale, Taken
from mydso_access.model import CounterKey, Customer, EventKind, EventQuery, KeyKind, Platform, SsoIdentity
from mydso_access.model.user import listed_by
from mydso_access.policy.fixed import CUSTOMER_ID_CAP
from mydso_access.testing.clock import A_MONDAY
from mydso_access.testing.conformance.link_records import link
from mydso_access.testing.conformance.user_records import multi_entity
from tests.adapters.sqlalchemy.hosts import (
    A_SIGN_IN,
    AN_ASSERTION,
    ANNA,
    KEY,
    Host,
    before,
    counter,
    event_of,
    fill,
    only,
    stored,
)
from tests.support import RIGHT, active

LATER = A_MONDAY + timedelta(hours=1)
HOSTILE = [
    "o'brien\"`; DROP TABLE mydso_users; --",
    "%s %(key)s :key ? {0} \\' \\",
    "nul\0nul",
    "\U0001f600\u202e\u200b",
    "lone \ud800 surrogate",
    "\U0001f600" * 10_000,  # twelve bytes each in a body
    "",
]


def rows(engine: Engine, table: Table) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]


def keys(count: int) -> list[CounterKey]:
    return [CounterKey(KeyKind.ACCOUNT, f"{n:064x}") for n in range(count)]


# --- what stands in the tables


def test_nothing_says_who_it_is_about_but_bodies_and_what_lists_are_ordered_and_joined_by(
    engine: Engine, repositories: SqlRepositories
) -> None:
    anna = evolve(multi_entity("id-of-anna", "id-of-entity"), name="name-of-anna", sso=SsoIdentity("issuer", "anna"))
    its_event = event_of("id-of-event", subject=anna.id, actor="id-of-ben", address="192.0.2.1")
    repositories.users.save(anna, its_event)
    repositories.structures.save(Platform(id="id-of-platform", title="P"), event_of("e2"))
    repositories.customers.save(Customer(entity="id-of-entity", id="id-of-c", collector=anna.id), event_of("e3"))
    repositories.links.save(link("id-of-link", granter=anna.id), event_of("e4"))
    repositories.counters.save(counter(idle_from=LATER))
    repositories.sign_ins.save(evolve(A_SIGN_IN, id="id-of-sign-in", user_id=anna.id))
    repositories.assertions.add(AN_ASSERTION)
    numbers = {"version", "seen_at", "invited_at", "idle_from", "expires_at", "dead_from", "at"}
    numbers |= {"customer_number", "collects", "is_colleague"}
    for table in set(metadata.tables.values()) - {TABLES.steps}:
        row = next(each for each in rows(engine, table) if each.get("subject_key", "") is not None)
        assert row.pop("body", "{").startswith("{")
        assert row.pop("listed_by", listed_by(anna)) == listed_by(anna)
        assert row.pop("customer_id", "id-of-c") == "id-of-c"  # by which the host's own tables are joined
        assert row.pop("kind", EventKind.USER_CREATED.value) in {each.value for each in EventKind}
        row.pop("invited_at", None)
        row.pop("customer_number", None)
        digests = [row.pop(name) for name in set(row) - numbers]
        assert digests
        assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests)
        assert not {KEY.digest, AN_ASSERTION.key} & set(digests)
        assert {int} >= {type(value) for value in row.values()}


def test_instants_are_microseconds(engine: Engine, repositories: SqlRepositories) -> None:
    at = LATER + timedelta(microseconds=1)
    repositories.counters.save(counter(idle_from=at))
    assert [microseconds(at)] == [row["idle_from"] for row in rows(engine, TABLES.counters)]
    found = repositories.counters.get(KEY)
    assert found is not None
    assert at == found.idle_from


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_any_text_is_an_id_and_a_name(host: Host, text: str) -> None:
    made = host.repositories()
    anna = evolve(ANNA, id=text, name=text)
    expected = evolve(anna, version=made.users.save(anna, event_of(f"e{text}", subject=text)))
    made.users.add_all([evolve(ANNA, id=f"{text}2", name=f"{text}2")], event_of(f"f{text}"))
    assert expected == made.users.get(text)
    assert expected == made.users.named(text)
    assert None is made.users.named(f"{text} ")
    made.assertions.add(evolve(AN_ASSERTION, key=text))
    with pytest.raises(Stale):
        made.assertions.add(evolve(AN_ASSERTION, key=text))
    sign_in = evolve(A_SIGN_IN, id=text, user_id=text)
    assert evolve(sign_in, version=made.sign_ins.save(sign_in)) == made.sign_ins.get(text)
    (found,) = made.events.page(EventQuery(since=A_MONDAY, subject=text), after=None, limit=9)
    assert f"e{text}" == found.id
    customer = Customer(entity=text, id=text, collector=text or None, colleagues=frozenset({text}))
    made.customers.save_all([(customer, event_of(f"g{text}"))])
    (named,) = made.customers.named(text, [text, f"{text} "])
    assert evolve(customer, version=named.version) == named
    assert (named,) == made.customers.of(text, after=None, limit=9, associated=text)
    bound = dict.fromkeys(("entity", "customer", "resource"), text[:CUSTOMER_ID_CAP] or "-")
    made.links.add_all([link(text, granter=text, **bound)], event_of(f"h{text}"))
    (listed,) = made.links.of(bound["entity"], after=None, limit=9, customer=bound["customer"])
    assert listed == made.links.get(text) == link(text, granter=text, version=listed.version, **bound)
    assert 1 == made.links.forget(text, limit=9)
    with pytest.raises(Taken):
        made.users.save(evolve(ANNA, id="other", name=text), event_of("e9"))


def test_no_error_and_no_log_shows_what_is_stored(
    hosted: Callable[..., Host], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="sqlalchemy")
    made = hosted().repositories()
    made.users.save(ANNA, event_of("e1"))
    for save in (
        lambda: made.users.save(ANNA, event_of("e2")),
        lambda: made.users.save(evolve(ANNA, id="other"), event_of("e2")),
        lambda: made.users.add_all([active("ben"), ANNA], event_of("e2")),
        lambda: made.users.save(active("ben"), event_of("e1")),
    ):
        with pytest.raises((Stale, Taken, IntegrityError)) as refused:
            save()
        told = "".join(traceback.format_exception(refused.value))
        assert "INSERT INTO mydso_" in told
        assert RIGHT not in told
    assert RIGHT in made.users.get(ANNA.id).credential.hash.reveal()
    assert "INSERT INTO mydso_users" in caplog.text
    assert "Row (" in caplog.text
    assert RIGHT not in caplog.text


# --- Taken or Stale


def test_a_user_who_exists_is_stale_even_if_the_name_is_theirs(host: Host, repositories: SqlRepositories) -> None:
    anna, made = stored(repositories), host.repositories()
    for again in (ANNA, evolve(ANNA, name="anne"), evolve(anna, version=anna.version - 1)):
        with pytest.raises(Stale):
            made.users.save(again, event_of("e2"))
    for several in (
        [ANNA],
        [active("ben"), ANNA],
        [active("ben"), evolve(ANNA, name="anne")],
        [active("ben")] * 2,
        [anna],
    ):
        with pytest.raises(Stale):
            made.users.add_all(several, event_of("e2"))
    assert anna == repositories.users.get(ANNA.id)
    assert None is repositories.users.named("ben")


def test_a_name_that_another_user_has_is_taken(host: Host, repositories: SqlRepositories) -> None:
    made = host.repositories()
    anna, ben = stored(repositories), stored(repositories, active("ben"))
    namesake, contacts = evolve(ANNA, id="x"), [active(str(n)) for n in range(600)]
    for user in (namesake, evolve(ben, name="anna")):
        with pytest.raises(Taken, match="name is taken"):
            made.users.save(user, event_of("e2"))
    for several in ([namesake], [*contacts, namesake], [active("carl"), evolve(active("carl"), id="x")]):
        with pytest.raises(Taken, match="name is taken"):
            made.users.add_all(several, event_of("e2"))
    with pytest.raises(Stale):
        made.users.save(evolve(ben, name="anna", version=ben.version + 1), event_of("e2"))
    assert (anna, ben) == (repositories.users.get(anna.id), repositories.users.get(ben.id))
    assert None is repositories.users.named("1")


def test_an_event_is_stored_once_and_no_user_is_saved_with_one_that_is_stored(
    host: Host, repositories: SqlRepositories
) -> None:
    anna, made = stored(repositories), host.repositories()
    made.events.append(event_of("e1"))
    place, customer = Platform(id="p", title="P"), Customer(entity="e", id="c")
    for call in (
        lambda: made.structures.save(place, event_of("e1")),
        lambda: made.customers.save(customer, event_of("e1")),
        lambda: made.users.remove(anna, event_of("e1")),
        lambda: made.events.append(event_of("e1")),
        lambda: made.users.save(evolve(anna, name="anne"), event_of("e1", EventKind.SIGNED_IN)),
        lambda: made.users.add_all([active("ben")], event_of("e1")),
    ):
        with pytest.raises(IntegrityError):
            call()
    assert (anna, None) == (repositories.users.get(ANNA.id), repositories.users.named("ben"))
    assert (None, None) == (repositories.structures.platform(), repositories.customers.get("e", "c"))


# --- purging


def test_a_purge_takes_what_is_over_before_the_instant_and_no_more_than_its_limit(host: Host) -> None:
    made, (over, other, just, never, later) = host.repositories(), keys(5)
    for key, idle_from in ((over, A_MONDAY), (other, A_MONDAY), (just, LATER), (later, LATER + timedelta(1))):
        made.counters.save(counter(key, idle_from=idle_from))
    made.counters.save(counter(never, blocked_until=A_MONDAY))
    assert 1 == made.counters.purge(LATER, limit=1)
    assert 1 == made.counters.purge(LATER, limit=9)
    assert 0 == made.counters.purge(LATER, limit=9)
    assert [True, True, False, False, False] == [
        made.counters.get(key) is None for key in (over, other, just, never, later)
    ]
    made.sign_ins.save(A_SIGN_IN)
    assert 0 == made.sign_ins.purge(A_SIGN_IN.expires_at, limit=9)
    assert 1 == made.sign_ins.purge(A_SIGN_IN.expires_at + timedelta(microseconds=1), limit=9)
    made.assertions.add(AN_ASSERTION)
    assert 0 == made.assertions.purge(AN_ASSERTION.expires_at, limit=9)
    assert 1 == made.assertions.purge(AN_ASSERTION.expires_at + timedelta(microseconds=1), limit=9)
    made.assertions.add(AN_ASSERTION)


def test_a_purge_takes_more_than_one_statement_may_name(host: Host, engine: Engine) -> None:
    fill(engine, 4000, over=1203)
    made = host.repositories()
    assert 1202 == made.counters.purge(LATER, limit=1202)
    assert 1 == made.counters.purge(LATER, limit=1202)
    with engine.connect() as connection:
        assert 4000 == connection.scalar(select(func.count()).select_from(TABLES.counters))


@only("postgres", "mariadb")
def test_a_counter_that_is_saved_while_it_is_purged_stays(host: Host, repositories: SqlRepositories) -> None:
    saved, purged = keys(2)
    for key in (saved, purged):
        repositories.counters.save(counter(key, idle_from=A_MONDAY))

    def use(_: Connection) -> None:
        found = repositories.counters.get(saved)
        assert found is not None
        repositories.counters.save(evolve(found, blocked_until=LATER, idle_from=LATER))

    with before(host.sync_engine, "DELETE", use) as used:
        assert 1 == host.repositories().counters.purge(LATER, limit=9)
    assert 1 == len(used)
    assert [True, False] == [repositories.counters.get(key) is not None for key in (saved, purged)]


@only("sqlite")
@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
def test_a_counter_cannot_be_saved_while_sqlite_purges_it(
    opened: Callable[..., Engine], fresh: Callable[[], str], journal: str
) -> None:
    url = fresh()
    engine = opened(url=url)
    with engine.begin() as connection:
        upgrade(connection)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA journal_mode={journal}")
    purging, other = SqlRepositories(engine), SqlRepositories(opened(url=url, connect_args={"timeout": 0.01}))
    purging.counters.save(counter(idle_from=A_MONDAY))

    def use(_: Connection) -> None:
        found = other.counters.get(KEY)
        assert found is not None
        with pytest.raises(Stale):
            other.counters.save(evolve(found, blocked_until=LATER, idle_from=LATER))

    with before(engine, "DELETE", use) as used:
        assert 1 == purging.counters.purge(LATER, limit=9)
    assert 1 == len(used)


@only("mariadb")
def test_the_answer_is_the_same_for_a_client_that_counts_changed_rows_instead_of_found_ones(
    hosted: Callable[..., Host], engine: Engine
) -> None:
    made = hosted(connect_args={"client_flag": 0}).repositories()
    version = made.counters.save(counter(idle_from=A_MONDAY))
    assert version < made.counters.save(counter(version=version, idle_from=A_MONDAY))
    with pytest.raises(Stale):
        made.counters.save(counter(version=version, idle_from=A_MONDAY))
    assert 1 == made.counters.purge(LATER, limit=9)
