"""An upgrade of tables with rows that an earlier version wrote: all are found as if this version had saved them."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import Connection, Engine, select, text, update

from mydso_access.adapters.codec import UPGRADES, microseconds, read
from mydso_access.adapters.sqlalchemy import SqlRepositories, upgrade
from mydso_access.adapters.sqlalchemy.tables import TABLES, row_key
from mydso_access.errors import UnreadableRecord
from mydso_access.model import Entity, Event, EventQuery, Invited, Platform, SignIn, Structure, User
from mydso_access.model.user import seen_at
from mydso_access.policy.fixed import LATEST, PAGE, TICK
from tests.adapters.sqlalchemy.hosts import before, event_of

FILE = json.loads((Path(__file__).parents[2] / "vectors" / "stored-forms.json").read_text(encoding="ascii"))
FIRST = [vector for vector in FILE["vectors"] if vector["form"] == 1]
OLD_USERS = [(vector["text"], vector["version"]) for vector in FIRST if vector["record"] == "User"]
OLD_EVENTS = [vector["text"] for vector in FIRST if vector["record"] == "Event"]
ENTITY, PLATFORM = Structure.entity("entity-1"), Structure.platform("platform-1")
END = LATEST - TICK
MANY = 2 * PAGE + 3


@pytest.fixture
def url(fresh: Callable[[], str]) -> str:
    return fresh()


@pytest.fixture
def old(opened: Callable[..., Engine]) -> Engine:
    """Give an engine on tables as step 1 left them."""
    engine = opened()
    with engine.begin() as connection:
        upgrade(connection, to=1)
    return engine


def write_users(engine: Engine, users: list[tuple[str, int]]) -> list[User]:
    """Write users as the earlier version did, and return them."""
    records = [read(User, body, version) for body, version in users]
    rows = [user_row(body, each) for (body, _), each in zip(users, records, strict=True)]
    statement = "INSERT INTO mydso_users VALUES (:key, :version, :body, :name_key, :seen_at)"
    with engine.begin() as connection:
        connection.execute(text(statement), rows)
    return records


def user_row(body: str, user: User) -> dict[str, Any]:
    seen = seen_at(user)
    return {
        "key": row_key("user", user.id),
        "version": user.version,
        "body": body,
        "name_key": None if user.name is None else row_key("name", user.name),
        "seen_at": None if seen is None else microseconds(seen),
    }


def write_events(engine: Engine, events: list[str]) -> list[Event]:
    records = [read(Event, body) for body in events]
    rows = [event_row(body, each) for body, each in zip(events, records, strict=True)]
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO mydso_events VALUES (:key, :at, :subject_key, :body)"), rows)
    return records


def event_row(body: str, event: Event) -> dict[str, Any]:
    subject = None if event.subject is None else row_key("user", event.subject)
    return {"key": row_key("event", event.id), "at": microseconds(event.at), "subject_key": subject, "body": body}


def copies(body: str, count: int) -> list[str]:
    """Return so many stored forms like this one, under ids and names of their own."""
    form = json.loads(body)
    own = [{"id": f"id-{n}"} | ({"name": f"name-{n}"} if form.get("name") else {}) for n in range(count)]
    return [json.dumps(form | each, separators=(",", ":")) for each in own]


def upgraded(engine: Engine) -> SqlRepositories:
    with engine.begin() as connection:
        upgrade(connection)
    return SqlRepositories(engine)


def ids(users: Any) -> list[str]:
    return sorted(each.id for each in users)


def test_users_from_before_are_found_by_everything_that_finds_a_user(old: Engine) -> None:
    users = write_users(old, OLD_USERS)
    made = upgraded(old)
    for user in users:
        assert user == made.users.get(user.id)
        assert user.name is None or user == made.users.named(user.name)
    for structure in {user.structure for user in users}:
        own = [user for user in users if user.structure == structure]
        assert ids(own) == ids(made.users.of(structure, after=None, limit=99))
        unseen = [user for user in own if seen_at(user) is not None]
        assert ids(unseen) == ids(made.users.unseen_since(structure, END, after=None, limit=99))
    invited = [user for user in users if isinstance(user.login, Invited)]
    assert 1 == len(invited)
    assert invited == list(made.users.invited_before(END, after=None, limit=99))


def test_users_from_before_are_saved_and_removed_like_any_other(old: Engine) -> None:
    write_users(old, OLD_USERS)
    made = upgraded(old)
    for user in made.users.of(ENTITY, after=None, limit=99):
        version = made.users.save(evolve(user, full_name="A"), event_of(f"save {user.id}"))
        made.users.remove(evolve(user, version=version), event_of(f"remove {user.id}"))
    assert () == made.users.of(ENTITY, after=None, limit=99)
    (multi,) = made.users.of(PLATFORM, after=None, limit=99)
    made.users.save(evolve(multi, memberships=frozenset({"entity-1"})), event_of("authorise"))
    assert [multi.id] == ids(made.users.of(ENTITY, after=None, limit=99))


def test_events_from_before_are_found_by_who_asked_for_them(old: Engine) -> None:
    events = write_events(old, OLD_EVENTS)
    made = upgraded(old)
    assert ids(events) == ids(made.events.page(EventQuery(), after=None, limit=99))
    for actor in ("admin", "user-3"):
        asked = [event for event in events if event.actor == actor]
        assert asked == list(made.events.page(EventQuery(actor=actor), after=None, limit=99))
    assert 1 == made.events.pseudonymise("admin", "pseudonym", limit=99)


def test_more_rows_than_a_page_are_all_filled(old: Engine) -> None:
    write_users(old, [(body, 1) for body in copies(OLD_USERS[2][0], MANY)])
    write_events(old, copies(OLD_EVENTS[-1], MANY))
    made = upgraded(old)
    assert MANY == len(made.users.of(ENTITY, after=None, limit=2 * MANY)) == made.users.count()
    assert MANY == len(made.events.page(EventQuery(actor="admin"), after=None, limit=2 * MANY))


@pytest.mark.parametrize("table", ["users", "events"])
def test_an_upgrade_that_was_interrupted_between_two_pages_is_completed(old: Engine, table: str) -> None:
    write_users(old, [(body, 1) for body in copies(OLD_USERS[2][0], MANY)])
    write_events(old, copies(OLD_EVENTS[-1], MANY))
    pages: list[int] = []

    def stop(connection: Connection) -> None:
        pages.append(1)
        if len(pages) == 2:
            connection.commit()  # as MariaDB does by itself after every statement
            raise KeyboardInterrupt

    with (
        before(old, f"UPDATE mydso_{table}", stop, times=2),
        pytest.raises(KeyboardInterrupt),
        old.connect() as connection,
    ):
        upgrade(connection)
    made = upgraded(old)
    assert MANY == len(made.users.of(ENTITY, after=None, limit=2 * MANY))
    assert MANY == len(made.events.page(EventQuery(actor="admin"), after=None, limit=2 * MANY))


def test_a_row_that_holds_no_record_stops_the_upgrade_which_is_completed_once_it_is_mended(old: Engine) -> None:
    (user,) = write_users(old, OLD_USERS[:1])
    with old.begin() as connection:
        connection.execute(text("UPDATE mydso_users SET body = '{}'"))
    with pytest.raises(UnreadableRecord), old.begin() as connection:
        upgrade(connection)
    with old.begin() as connection:
        assert [1] == list(connection.scalars(select(TABLES.steps.c.step)))
        connection.execute(text("UPDATE mydso_users SET body = :body"), {"body": OLD_USERS[0][0]})
    made = upgraded(old)
    assert (user,) == made.users.of(user.structure, after=None, limit=9)
    with old.begin() as connection:
        assert [1, 2, 3, 4, 5] == sorted(connection.scalars(select(TABLES.steps.c.step)))


def test_a_user_whose_columns_an_earlier_version_left_empty_is_found_again_after_the_next_save(old: Engine) -> None:
    made = upgraded(old)
    with old.begin() as connection:
        row = user_row(OLD_USERS[2][0], read(User, *OLD_USERS[2]))
        columns = "(key, version, body, name_key, seen_at) VALUES (:key, :version, :body, :name_key, :seen_at)"
        quoted = columns.replace("(key,", "(`key`,", 1) if old.dialect.name == "mariadb" else columns
        connection.execute(text(f"INSERT INTO mydso_users {quoted}"), row)
    user = made.users.get("user-3")
    assert user is not None
    assert () == made.users.of(user.structure, after=None, limit=9)
    saved_at = user.saved_at + timedelta(seconds=1)
    version = made.users.save(evolve(user, saved_at=saved_at), event_of("saved"))
    assert (evolve(user, saved_at=saved_at, version=version),) == made.users.of(user.structure, after=None, limit=9)


# --- what step 3 finds

KINDS: dict[str, tuple[Any, str]] = {
    "User": (User, "users"),
    "Entity": (Entity, "structures"),
    "Platform": (Platform, "structures"),
    "SignIn": (SignIn, "sign_ins"),
}
FORMS = {"User": 2, "Entity": 1, "Platform": 1, "SignIn": 1}  # that were written before step 3
BEFORE_STEP_3 = [vector for vector in FILE["vectors"] if vector["form"] == FORMS.get(vector["record"])]


@pytest.mark.parametrize("vector", BEFORE_STEP_3, ids=lambda vector: vector["name"])
def test_what_was_written_before_step_3_is_read_after_it_and_saved_in_its_newest_form(
    opened: Callable[..., Engine], vector: dict[str, Any]
) -> None:
    engine = opened()
    with engine.begin() as connection:
        upgrade(connection, to=2)
    kind, part = KINDS[vector["record"]]
    old = read(kind, vector["text"])
    asked = old.structure if part == "structures" else old.id
    shelf, table = getattr(SqlRepositories(engine), part), getattr(TABLES, part)
    events = () if part == "sign_ins" else (event_of("old"),)
    version = shelf.save(old, *events)
    with engine.begin() as connection:
        connection.execute(update(table).values(body=vector["text"]))
    upgraded(engine)
    assert evolve(old, version=version) == shelf.get(asked)
    version = shelf.save(shelf.get(asked), *(event_of("new") for _ in events))
    assert evolve(old, version=version) == shelf.get(asked)
    with engine.begin() as connection:
        assert len(UPGRADES[kind]) + 1 == json.loads(connection.scalars(select(table.c.body)).one())["form"]
