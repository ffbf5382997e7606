"""Stored forms grow older: what an earlier version of the library wrote is still read, by vectors and by upgrades."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from mydso_access.adapters import codec
from mydso_access.adapters.codec import CASES, UPGRADES, read, written
from mydso_access.errors import UnreadableRecord
from mydso_access.model import (
    AttemptCounter,
    Category,
    CounterKey,
    Credential,
    Disabled,
    DisabledBecause,
    Enabled,
    Event,
    EventKind,
    Factor,
    Failure,
    Invited,
    KeyKind,
    Purpose,
    Reason,
    Reservation,
    Secret,
    SignIn,
    Structure,
    User,
)
from mydso_access.policy import Level
from mydso_access.policy.fixed import EARLIEST
from tests.adapters.stored_records import CANARY, FULL, LAST, everything_told

FILE = json.loads((Path(__file__).parent.parent / "vectors" / "stored-forms.json").read_text(encoding="ascii"))
VECTORS: list[dict[str, Any]] = FILE["vectors"]

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
TEN = datetime(2026, 3, 2, 10, 0, 0, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
HASH = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"
ACCOUNT, ADDRESS = CounterKey(KeyKind.ACCOUNT, "a1" * 32), CounterKey(KeyKind.ADDRESS, "b2" * 32)
ENTITY = Structure.entity("entity-1")

# What each vector holds, by its name.
RECORDS: dict[str, User | AttemptCounter | SignIn | Event] = {
    "a contact": User(
        id="user-1", category=Category.INACTIVE, structure=ENTITY, version=1, saved_at=NINE, written_by="event-1"
    ),
    "an invited user": User(
        id="user-2",
        category=Category.ACTIVE,
        structure=ENTITY,
        login=Invited(NINE),
        name="anna",
        version=2,
        saved_at=NINE,
        written_by="event-2",
    ),
    "a user with a password": User(
        id="user-3",
        category=Category.ACTIVE,
        structure=ENTITY,
        login=Enabled(NINE),
        name="bernd",
        credential=Credential(Secret(HASH), NINE),
        last_access_at=TEN,
        version=2**62 + 1,
        saved_at=TEN,
        written_by="event-3",
    ),
    "a user of the platform without a password": User(
        id="user-4",
        category=Category.MULTI_ENTITY,
        structure=Structure.platform("platform-1"),
        login=Enabled(NINE),
        name="carla",
        version=4,
        saved_at=NINE,
    ),
    "a disabled user with a strange name": User(
        id='"\\/\0\ud800',
        category=Category.ACTIVE,
        structure=Structure.entity(""),
        login=Disabled(DisabledBecause.DORMANT, LAST),
        name="r\xf6\xf6t \U0001f600 \u202e",
        credential=Credential(Secret("\xe9\0\udfff"), EARLIEST),
        version=5,
    ),
    "a user disabled by an administrator": User(
        id="user-6",
        category=Category.ACTIVE,
        structure=ENTITY,
        login=Disabled(DisabledBecause.ADMINISTRATOR, TEN),
        name="dora",
        version=6,
        saved_at=TEN,
        written_by="event-6",
    ),
    "a new counter": AttemptCounter(ACCOUNT),
    "a counter with failures and reservations": AttemptCounter(
        ADDRESS,
        version=8,
        saved_at=TEN,
        failures=(Failure("f1", NINE), Failure("f2", TEN)),
        reservations=(Reservation("r1", TEN, TEN - HOUR, 2), Reservation("r2", TEN, TEN, 2)),
        failed=7,
        cleared=3,
        idle_from=TEN + 24 * HOUR,
    ),
    "a blocked counter": AttemptCounter(
        ACCOUNT, version=9, saved_at=TEN, blocked_until=TEN + HOUR, failed=2**63 - 1, idle_from=LAST
    ),
    "a sign-in just begun": SignIn(
        id="sign-in-1",
        user_id="user-3",
        address=ADDRESS,
        purpose=Purpose.SIGN_IN,
        token=Secret("c3" * 32),
        started_at=NINE,
        expires_at=NINE + HOUR,
        factors=((Factor.PASSWORD, NINE),),
        version=10,
        saved_at=NINE,
    ),
    "a sign-in that was completed": SignIn(
        id="sign-in-2",
        user_id="user-3",
        address=ADDRESS,
        purpose=Purpose.SIGN_IN,
        token=Secret("c4" * 32),
        started_at=NINE,
        expires_at=NINE + HOUR,
        factors=((Factor.PASSWORD, NINE), (Factor.PASSWORD, TEN)),
        code=Secret("d5" * 32),
        seed=Secret("JBSWY3DPEHPK3PXP"),
        session="e6" * 32,
        used_at=TEN,
        version=11,
        saved_at=TEN,
    ),
    "a sign-in that proved nothing": SignIn(
        id="sign-in-3",
        user_id="user-3",
        address=ADDRESS,
        purpose=Purpose.SIGN_IN,
        token=Secret(""),
        started_at=NINE,
        expires_at=NINE + HOUR,
        factors=(),
        version=12,
    ),
    "an event with nothing to say": Event(id="event-1", kind=EventKind.USER_CREATED, at=NINE),
    "a refusal": Event(
        id="event-8",
        kind=EventKind.REFUSED,
        at=TEN,
        subject="user-3",
        address="2001:db8::1",
        reason=Reason.WRONG_SECRET,
        rule="S36",
        levels=frozenset({Level.INSTALLATION}),
    ),
    "a block": Event(
        id="event-9",
        kind=EventKind.BLOCK_STARTED,
        at=TEN,
        subject="user-3\r\n\u202e",
        actor="admin",
        address="192.0.2.1",
        reason=Reason.ACCOUNT_BLOCKED,
        rule="A26",
        levels=frozenset(Level),
        until=TEN + HOUR,
    ),
}

each_vector = pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])


def kind_of(vector: dict[str, Any]) -> Any:
    return {kind.__name__: kind for kind in UPGRADES}[vector["record"]]


@each_vector
def test_what_was_written_yesterday_still_loads(vector: dict[str, Any]) -> None:
    assert vector["text"].isascii()
    assert vector["form"] == json.loads(vector["text"])["form"]
    assert RECORDS[vector["name"]] == read(kind_of(vector), vector["text"], vector["version"])


@pytest.mark.parametrize("name", RECORDS)
def test_the_newest_form_of_each_is_what_is_written(name: str) -> None:
    record = RECORDS[name]
    newest = [
        json.loads(vector["text"])
        for vector in VECTORS
        if name == vector["name"] and vector["form"] == len(UPGRADES[kind_of(vector)]) + 1
    ]
    assert newest == [json.loads(written(record))]


def test_the_vectors_show_every_record_and_every_case_in_every_form() -> None:
    assert {vector["name"] for vector in VECTORS} == RECORDS.keys()
    shown = {(vector["record"], vector["form"]) for vector in VECTORS}
    assert {(kind.__name__, form) for kind, ups in UPGRADES.items() for form in range(1, len(ups) + 2)} == shown
    logins = {type(record.login) for record in RECORDS.values() if isinstance(record, User)}
    assert CASES.keys() == logins


# --- upgrades, with forms that never were: in form 1 `written_by` was not there, in form 2 `name` was called `login_name`

Form = dict[str, Any]


def to_form_2(form: Form) -> Form:
    return form | {"written_by": None}


def to_form_3(form: Form) -> Form:
    renamed = {**form, "name": form["login_name"]}
    del renamed["login_name"]
    return renamed


USER = attrs.evolve(FULL[User], written_by=None)


def old_form(number: int, last: int) -> Form:
    """Return the user in one of those forms; with two forms only, the second is today's."""
    form = json.loads(written(USER)) | {"form": number}
    if number < 3 and last == 3:
        form["login_name"] = form.pop("name")
    if number < 2:
        del form["written_by"]
    return form


def with_upgrades(monkeypatch: pytest.MonkeyPatch, *upgrades: Callable[[Form], Any]) -> None:
    monkeypatch.setattr(codec, "UPGRADES", {**UPGRADES, User: upgrades})


@pytest.mark.parametrize("last", [2, 3])
def test_every_form_up_to_the_last_is_read_and_the_last_is_written(monkeypatch: pytest.MonkeyPatch, last: int) -> None:
    texts = [json.dumps(old_form(number, last)) for number in range(1, last + 1)]
    with_upgrades(monkeypatch, *(to_form_2, to_form_3)[: last - 1])
    assert [USER] * last == [read(User, text, 7) for text in texts]
    assert last == json.loads(written(USER))["form"]
    assert USER == read(User, written(USER), 7)
    assert 1 == json.loads(written(FULL[Event]))["form"]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_each_form_goes_through_the_upgrades_it_needs_in_their_order(
    monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    called = []

    def noted(step: int) -> Callable[[Form], Form]:
        def upgrade(form: Form) -> Form:
            assert "form" not in form
            called.append(step)
            return form

        return upgrade

    with_upgrades(monkeypatch, noted(1), noted(2))
    assert FULL[User] == read(User, json.dumps(json.loads(written(FULL[User])) | {"form": number}), 7)
    assert [1, 2][number - 1 :] == called


@pytest.mark.parametrize("form", [0, 4, 99, -1, True, False, None, "1", 1.0, [1], [CANARY], {"x": CANARY}], ids=repr)
def test_another_form_is_refused(monkeypatch: pytest.MonkeyPatch, form: Any) -> None:
    text = json.dumps(json.loads(written(FULL[User])) | {"form": form})
    with_upgrades(monkeypatch, to_form_2, to_form_3)
    with pytest.raises(UnreadableRecord) as refused:
        read(User, text, 7)
    expected = "a form from 1 to 3; a newer version of this library may have written it"
    assert ("User.form", expected) == (refused.value.field, refused.value.expected)
    assert CANARY not in everything_told(refused.value)


def raising(error: type[Exception]) -> Callable[[Form], Form]:
    def upgrade(form: Form) -> Form:
        raise error(form["credential"]["hash"])

    return upgrade


WRONG_UPGRADES: dict[str, tuple[Callable[[Form], Any], str]] = {
    "leaves a field out": (lambda form: {name: form[name] for name in form if name != "login"}, "User.login"),
    "adds a field": (lambda form: {**form, "color": 1}, "User"),
    "adds a version": (lambda form: {**form, "version": 8}, "User"),
    "leaves another type": (lambda form: {**form, "saved_at": "now"}, "User.saved_at"),
    "adds the form": (lambda form: {**form, "form": 2}, "User"),
    "returns nothing": (lambda _: None, "User"),
    "returns a list": (list, "User"),
    "finds no field": (raising(KeyError), "User"),
    "finds another type": (raising(TypeError), "User"),
    "finds another value": (raising(ValueError), "User"),
    "finds a number too large": (raising(OverflowError), "User"),
    "goes too deep": (raising(RecursionError), "User"),
}


@pytest.mark.parametrize("what", WRONG_UPGRADES)
def test_an_upgrade_that_leaves_no_right_form_is_refused(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    upgrade, field = WRONG_UPGRADES[what]
    text = written(FULL[User])
    with_upgrades(monkeypatch, upgrade)
    with pytest.raises(UnreadableRecord) as refused:
        read(User, text, 7)
    assert field == refused.value.field
    assert CANARY not in everything_told(refused.value)
