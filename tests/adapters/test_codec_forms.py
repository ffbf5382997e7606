"""Stored forms grow older: what an earlier version of the library wrote is still read, by vectors and by upgrades."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from mydso_access.adapters import codec
from mydso_access.adapters.codec import LOGINS, UPGRADES, read, written
from mydso_access.errors import UnreadableRecord
from mydso_access.model import Disabled, DisabledBecause, Entity, Event, Platform, SignIn, User
from mydso_access.policy.fixed import EARLIEST
from tests.adapters.stored_records import CANARY, FULL, everything_told
from tests.adapters.vector_records import RECORDS

FILE = json.loads((Path(__file__).parent.parent / "vectors" / "stored-forms.json").read_text(encoding="ascii"))
VECTORS: list[dict[str, Any]] = FILE["vectors"]

each_vector = pytest.mark.parametrize(
    "vector", VECTORS, ids=[f"{each['name']}, form {each['form']}" for each in VECTORS]
)


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
    users = [record for record in RECORDS.values() if isinstance(record, User)]
    assert LOGINS.keys() == {type(user.login) for user in users}
    assert set(DisabledBecause) == {user.login.reason for user in users if isinstance(user.login, Disabled)}


OLD: dict[tuple[str, int], dict[str, Any]] = {
    (vector["name"], vector["form"]): json.loads(vector["text"]) for vector in VECTORS
}
PASSWORD = {"hash": CANARY, "set_at": 1}


@pytest.mark.parametrize(
    ("name", "form", "kind", "changes"),
    [
        ("a user with a password", 1, User, {"role": "administrator"}),
        ("a user with a password", 1, User, {"valid_from": 0}),
        ("a user with a password", 1, User, {"memberships": []}),
        ("a user with a password", 1, User, {"codes_sent": []}),
        ("a user with a password", 1, User, {"credential": {**PASSWORD, "compromised": False}}),
        ("an invited user", 1, User, {"login": {"case": "invited", "since": 1, "token": CANARY}}),
        ("an invited user", 1, User, {"login": None}),
        ("an invited user", 1, User, {"login": [CANARY]}),
        ("an invited user", 1, User, {"login": {"since": 1}}),
        ("a user with everything", 2, User, {"second_factor": None}),
        ("a user with everything", 2, User, {"approved": []}),
        ("a user with everything", 2, User, {"codes_sent": []}),
        ("a user with everything", 2, User, {"credential": {**PASSWORD, "before": []}}),
        ("a user with everything", 2, User, {"credential": {**PASSWORD, "compromised": True}}),
        ("a user with everything", 2, User, {"credential": [CANARY]}),
        ("a new entity", 1, Entity, {"approved": []}),
        ("a new entity", 1, Entity, {"interactive_links_from": 0}),
        ("a new entity", 2, Entity, {"document_links_from": 0}),
        ("a new entity", 2, Entity, {"approved": None}),
        ("a platform", 2, Platform, {"interactive_links_from": 0}),
        ("a platform", 1, Platform, {"approved": [CANARY]}),
        ("a sign-in that was completed", 1, SignIn, {"approvals": []}),
        ("a sign-in that was completed", 1, SignIn, {"entity": None}),
        ("a sign-in that was completed", 1, SignIn, {"outgrown": False}),
        ("a sign-in that was completed", 1, SignIn, {"since": 1}),
        ("a refusal", 1, Event, {"system": "import"}),
        ("a refusal", 1, Event, {"differences": []}),
    ],
)
def test_an_old_form_with_what_came_later_or_without_what_it_had_is_refused(
    name: str, form: int, kind: Any, changes: dict[str, Any]
) -> None:
    with pytest.raises(UnreadableRecord) as refused:
        read(kind, json.dumps(OLD[name, form] | changes), 7)
    assert kind.__name__ == refused.value.field.partition(".")[0]
    assert CANARY not in everything_told(refused.value)


def test_a_half_finished_sign_in_of_an_old_form_comes_without_the_code_and_the_seed_it_may_have_held() -> None:
    old = OLD["a sign-in that was completed", 1]
    assert all(old[name] is not None for name in ("code", "seed"))
    found = read(SignIn, json.dumps(old), 7)
    assert (None, None, found.started_at) == (found.code, found.seed, found.since)


@pytest.mark.parametrize("form", [1, 2])
def test_an_entity_of_an_old_form_lets_links_open_whenever_they_were_issued(form: int) -> None:
    found = read(Entity, json.dumps(OLD["an entity that asks for something", form]), 7)
    assert (EARLIEST, EARLIEST) == (found.interactive_links_from, found.document_links_from)


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
    assert 2 == json.loads(written(FULL[Event]))["form"]


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
    text = json.dumps(json.loads(written(FULL[User])) | {"form": 1})
    with_upgrades(monkeypatch, upgrade)
    with pytest.raises(UnreadableRecord) as refused:
        read(User, text, 7)
    assert field == refused.value.field
    assert CANARY not in everything_told(refused.value)
