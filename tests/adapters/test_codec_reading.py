"""Reading a stored form: whatever is not exactly one is refused by its path, and no refusal shows a secret."""

import json
import math
from collections.abc import Iterator
from datetime import timedelta
from itertools import permutations
from operator import attrgetter
from typing import Any

import pytest

from mydso_access.adapters.codec import read, written
from mydso_access.decisions.outcomes import Proof
from mydso_access.errors import InvalidValue, UnreadableRecord
from mydso_access.model import AttemptCounter, Customer, Entity, Event, Link, LinkPurpose, Platform, SignIn, User
from mydso_access.policy.fixed import CUSTOMER_ID_CAP, EARLIEST, LATEST, LINK_TEXT_CAP, TICK
from mydso_access.policy.levels import StructurePolicy
from tests.adapters.stored_records import CANARY, CASES_OF_LOGIN, FULL, PLACES, everything_told

DAY = timedelta(days=1)
TARGET = {"purpose": LinkPurpose.DOCUMENT.value, **dict.fromkeys(("entity", "customer", "resource", "recipient"), "x")}


def called(value: Any) -> str:
    return value.__name__ if isinstance(value, type) else ascii(value)[:40]


each_kind = pytest.mark.parametrize("kind", FULL, ids=called)

NESTED = [[CANARY], {"x": CANARY}, {CANARY: {"x": [CANARY]}}, [], {}]
NO_TEXT = [None, True, 0, 1.5, *NESTED]
NO_POLICY = [None, True, 0, "", CANARY, [], [CANARY], [{"passwords.min_length": "12"}]]
NO_INT = [None, True, False, 1.0, 0.0, -1, math.nan, math.inf, "1", "", CANARY, *NESTED]
END = (LATEST - EARLIEST) // TICK
# What each sort of field refuses. `None` is left out for those that may hold it: their sort ends in "?".
WRONG: dict[str, list[Any]] = {
    "text": NO_TEXT,
    "secret": NO_TEXT,
    "word": [*NO_TEXT, "", "nonsense", "ACTIVE", " active", "None"],
    "number": [*NO_INT, 2**63, 10**400],
    "instant": [*NO_INT, END, END + 1, 10**400],
    "truth": [None, 0, 1, 1.0, "true", "", CANARY, *NESTED],
    "object": [*NO_TEXT, "", CANARY],
    "policy": [*NO_POLICY, {"unknown": "1"}, {"passwords": "1"}, {"passwords.min_length": 12}, {"": ""}],
    "instants": [None, True, 0, "", CANARY, {}, {"0": CANARY}, [None], [-1], [[CANARY]], [{"x": CANARY}]],
    "list": [None, True, 0, "", CANARY, {}, {"0": CANARY}, [None], [7], [[CANARY]], [{"x": CANARY}]],
    "row": [None, True, 0, "", CANARY, {}, [], [CANARY], ["password"], ["password", 1, CANARY], [1, "password"]],
    "form": [*NO_INT, 0, 4, 99, 10**400],
}
EACH_PLACE = [(kind, place) for kind, places in PLACES.items() for place in places]
each_place = pytest.mark.parametrize(
    ("kind", "place"), EACH_PLACE, ids=[f"{kind.__name__}.{place}" for kind, place in EACH_PLACE]
)


def stored(kind: type) -> Any:
    return json.loads(written(FULL[kind]))


def changed(form: Any, place: str, value: Any) -> Any:
    """Put a value at a place of a form."""
    *before, last = [int(part) if part.isdigit() else part for part in place.split(".")]
    inside = form
    for part in before:
        inside = inside[part]
    inside[last] = value
    return form


def places_of(form: Any, path: str = "") -> Iterator[str]:
    inside = form.items() if isinstance(form, dict) else [(len(form) - 1, form[-1])] if isinstance(form, list) else []
    for name, value in inside if path != "policy." else []:  # whose fields are settings
        yield f"{path}{name}"
        yield from places_of(value, f"{path}{name}.")


def error_of(kind: Any, text: Any) -> UnreadableRecord:
    with pytest.raises(UnreadableRecord) as caught:
        read(kind, text, 7)
    told = everything_told(caught.value)
    assert CANARY not in told
    assert len(str(caught.value)) < 400
    assert str(caught.value).isprintable()
    return caught.value


@each_kind
def test_no_place_is_forgotten(kind: type) -> None:
    assert PLACES[kind].keys() - {"factors.1.0"} == set(places_of(stored(kind)))
    assert FULL[kind] == read(kind, json.dumps(stored(kind)), getattr(FULL[kind], "version", 0))


@each_place
def test_every_wrong_value_is_refused_by_its_path(kind: type, place: str) -> None:
    sort = PLACES[kind][place]
    path = ".".join([kind.__name__, *(part for part in place.split(".") if not part.isdigit())])
    for wrong in WRONG[sort.removesuffix("?")]:
        if not (sort.endswith("?") and wrong is None):
            error = error_of(kind, json.dumps(changed(stored(kind), place, wrong)))
            assert (wrong, True) == (wrong, error.field.startswith(path))


@each_kind
def test_none_is_read_where_a_field_may_be_missing(kind: Any) -> None:
    # An active user without a name and a sign-in that enters nothing are another test's.
    places = [p for p, sort in PLACES[kind].items() if sort.endswith("?") and p not in ("name", "entity")]
    assert places or kind is Proof
    for place in places:
        assert attrgetter(place)(read(kind, json.dumps(changed(stored(kind), place, None)))) is None


@each_place
def test_every_field_has_to_be_there(kind: type, place: str) -> None:
    *before, last = place.split(".")
    if last.isdigit():
        return
    form = stored(kind)
    inside = form
    for part in before:
        inside = inside[int(part) if part.isdigit() else part]
    del inside[last]
    path = ".".join([kind.__name__, *(part for part in place.split(".") if not part.isdigit())])
    given = "None (NoneType)" if last in ("form", "case") else "missing"
    for other in ({}, {"other": 1}):  # an unknown one in its place does not help
        inside |= other
        error = error_of(kind, json.dumps(form))
        assert (path, given) == (error.field, error.given)


OBJECTS = [(kind, place) for kind, place in EACH_PLACE if PLACES[kind][place].startswith("object")]


@pytest.mark.parametrize(
    "name", ["color", "version ", "Id", "", "a\nb\x1b[31m\u202e", "\ud800", "x" * 100_000], ids=called
)
@pytest.mark.parametrize(("kind", "place"), [*OBJECTS, *((kind, "") for kind in FULL)], ids=called)
def test_no_other_field_may_be_there(kind: type, place: str, name: str) -> None:
    error = error_of(kind, json.dumps(changed(stored(kind), f"{place}.{name}".removeprefix("."), 1)))
    path = ".".join([kind.__name__, *(part for part in place.split(".") if part and not part.isdigit())])
    assert path == error.field
    assert ascii(name)[1:9] in error.given or not name


@each_kind
def test_a_version_in_the_text_is_refused_like_any_other_field(kind: type) -> None:
    for value in (7, 8, None, CANARY):
        assert "version" in error_of(kind, json.dumps(stored(kind) | {"version": value})).expected


@pytest.mark.parametrize(("kind", "other"), list(permutations(FULL, 2)), ids=called)
def test_a_record_is_not_read_as_one_of_another_kind(kind: type, other: type) -> None:
    assert error_of(kind, written(FULL[other])).field.startswith(kind.__name__)


@pytest.mark.parametrize(
    ("text", "rewritten"),
    [
        ('"category":', '"category":"inactive","category":'),
        ('"hash":', '"hash":"other","hash":'),
        ('"case":', '"case":"enabled","case":'),
        ('"form":3', '"form":3,"form":3'),
        ('"id":"u"', '"id":"u","\\u0069d":"u"'),
    ],
)
def test_a_field_may_not_be_there_twice(text: str, rewritten: str) -> None:
    twice = written(FULL[User]).replace(text, rewritten)
    assert twice != written(FULL[User])
    assert "User" == error_of(User, twice).field


def test_a_level_may_not_be_there_twice() -> None:
    error = error_of(Event, json.dumps(stored(Event) | {"levels": ["entity", "platform", "entity"]}))
    assert ("Event.levels", "a list", "a list without repetition") == (error.field, error.given, error.expected)


FULL_TEXT = written(FULL[User])
NO_OBJECTS = {
    "nothing": "",
    "a blank": " ",
    "null": "null",
    "a list": "[]",
    "a list of one": f"[{FULL_TEXT}]",
    "a text": json.dumps(FULL_TEXT),
    "a number": "1",
    "cut short": FULL_TEXT[:-1],
    "cut at the front": FULL_TEXT[1:],
    "two of them": FULL_TEXT * 2,
    "more after it": FULL_TEXT + CANARY,
    "a blank after it": FULL_TEXT + " ",
    "a NUL after it": FULL_TEXT + "\0",
    "a blank before it": " " + FULL_TEXT,
    "a byte order mark": "\ufeff" + FULL_TEXT,
    "single quotes": FULL_TEXT.replace('"', "'"),
    "a comma too many": FULL_TEXT[:-1] + ",}",
    "a control character": FULL_TEXT.replace("anna", "an\nna"),
    "an undefined escape": FULL_TEXT.replace("anna", "an\\xna"),
    "lists in lists": "[" * 100_000,
    "objects in objects": '{"id":' * 100_000,
    "a number of too many digits": FULL_TEXT.replace('"form":3', '"form":' + "1" * 5000),
    "Python's repr": repr(stored(User)),
}


@pytest.mark.parametrize("what", NO_OBJECTS)
def test_text_that_is_no_json_object_is_refused_without_showing_it(what: str) -> None:
    error = error_of(User, NO_OBJECTS[what])
    assert ("User", "a str") == (error.field, error.given)
    assert error.__cause__ is None
    assert error.__context__ is None  # a JSONDecodeError holds the whole text


@pytest.mark.parametrize(
    "wrong", [None, FULL_TEXT.encode(), bytearray(FULL_TEXT.encode()), 1, stored(User), [FULL_TEXT]], ids=called
)
def test_what_is_no_text_is_refused(wrong: Any) -> None:
    error = error_of(User, wrong)
    assert ("User", f"a {type(wrong).__name__}") == (error.field, error.given)


@pytest.mark.parametrize("depth", [10, 100, 300, 500, 700, 800, 850, 900, 950, 990, 2000])
@pytest.mark.parametrize("place", ["name", "credential", "login", "form", "login.case"])
def test_deep_nesting_is_refused_however_near_to_pythons_limit(place: str, depth: int) -> None:
    text = json.dumps(changed(stored(User), place, "HERE")).replace('"HERE"', "[" * depth + "]" * depth)
    assert error_of(User, text).field.startswith("User")


def test_halves_of_a_utf_16_pair_that_are_not_escaped_are_refused() -> None:
    for place in ("name", "credential.hash"):
        text = json.dumps(changed(stored(User), place, f"{CANARY}HERE")).replace("HERE", "\ud83d\ude00")
        assert f"User.{place}" == error_of(User, text).field
    user = read(User, written(FULL[User]).replace("anna", "\\ud83d\\ude00"))
    assert "😀" == user.name


# --- fields that do not go together


@pytest.mark.parametrize(
    ("kind", "changes", "field"),
    [
        (User, {"category": "active"}, "User (User.structure)"),
        (User, {"category": "inactive", "structure": {"kind": "entity", "id": "e"}}, "User (User.login)"),
        (User, {"login": {"case": "none"}}, "User (User.login)"),
        (User, {"name": None}, "User (User.name)"),
        (User, {"login": {"case": "invited", "since": 1, "token": None}}, "User (User.credential)"),
        (User, {"category": "active", "structure": {"kind": "entity", "id": "e"}}, "User (User.memberships)"),
        (User, {"login": {"case": "disabled", "since": 1, "reason": "dormant"}}, "User (User.login)"),
        (SignIn, {"entity": None}, "SignIn (SignIn.entity)"),
        (SignIn, {"purpose": "sign_in"}, "SignIn (SignIn.entity)"),
        (SignIn, {"expires_at": 5}, "SignIn (SignIn.expires_at)"),
        (SignIn, {"address": {"kind": "account", "digest": CANARY}}, "SignIn (SignIn.address)"),
        (Link, {"target": {**TARGET, "recipient": ""}}, "Link.target (LinkTarget.recipient)"),
        (Link, {"target": {**TARGET, "resource": "r" * (LINK_TEXT_CAP + 1)}}, "Link.target (LinkTarget.resource)"),
        (Link, {"target": {**TARGET, "customer": "c" * (CUSTOMER_ID_CAP + 1)}}, "Link.target (LinkTarget.customer)"),
        (Customer, {"collector": ""}, "Customer (Customer.collector)"),
    ],
    ids=called,
)
def test_fields_that_do_not_go_together_are_refused(kind: type, changes: dict[str, Any], field: str) -> None:
    error = error_of(kind, json.dumps(stored(kind) | changes))
    assert field == error.field
    assert isinstance(error.__cause__, InvalidValue)
    assert (error.__cause__.given, error.__cause__.expected) == (error.given, error.expected)


@pytest.mark.parametrize("case", ["none", "invited", "enabled"])
def test_a_case_has_its_own_fields_and_no_others(case: str) -> None:
    login = {"case": case, "since": 1, "reason": "dormant"}
    assert error_of(User, json.dumps(stored(User) | {"login": login})).field.startswith("User.login")


@pytest.mark.parametrize("place", CASES_OF_LOGIN)
def test_every_wrong_value_of_another_case_is_refused_by_its_path(place: str) -> None:
    user, sort = CASES_OF_LOGIN[place]
    assert user == read(User, written(user), 7)
    for wrong in WRONG[sort.removesuffix("?")]:
        if not (sort.endswith("?") and wrong is None):
            error = error_of(User, json.dumps(changed(json.loads(written(user)), place, wrong)))
            assert (wrong, f"User.{place}") == (wrong, error.field)


# --- what a structure asks for


@pytest.mark.parametrize(
    ("asks", "field", "given"),
    [
        ({"passwords.min_length": "7"}, " (passwords.min_length)", "7 (int)"),
        ({"passwords.min_length": "65"}, " (passwords.min_length)", "65 (int)"),
        ({"passwords.min_length": "none"}, " (passwords.min_length)", "'none' (str)"),
        ({"passwords.min_length": "1e1"}, " (passwords.min_length)", "'1e1' (str)"),
        ({"passwords.require_lowercase": "yes"}, " (passwords.require_lowercase)", "'yes' (str)"),
        ({"passwords.composition": "sometimes"}, " (passwords.composition)", "'sometimes' (str)"),
        ({"links.interactive": "23h"}, " (links.interactive)", "datetime.timedelta(seconds=82800) (timedelta)"),
        ({"links.interactive": "soon"}, " (links.interactive)", "'soon' (str)"),
        ({"passwords.min_lenght": "12"}, "", "an object with 'passwords.min_lenght' (str)"),
    ],
    ids=called,
)
def test_a_setting_that_is_none_or_out_of_its_bounds_is_refused(asks: dict[str, str], field: str, given: str) -> None:
    error = error_of(Entity, json.dumps(stored(Entity) | {"policy": asks}))
    assert (f"Entity.policy{field}", given) == (error.field, error.given)


def test_settings_are_read_as_people_write_them() -> None:
    asks = {"links.interactive": "48h", "dormancy.months": "none", "passwords.min_length": "012"}
    found = read(Entity, json.dumps(stored(Entity) | {"policy": asks})).policy
    assert StructurePolicy({"links.interactive": 2 * DAY, "dormancy.months": None, "passwords.min_length": 12}) == found
    assert {"links.interactive": "2d", "dormancy.months": "none", "passwords.min_length": "12"} == json.loads(
        written(Entity(id="e", title="E", policy=found))
    )["policy"]


def test_entity_and_platform_say_which_they_are() -> None:
    for kind, other in ((Entity, "platform"), (Platform, "entity")):
        error = error_of(kind, json.dumps(stored(kind) | {"case": other}))
        assert (f"{kind.__name__}.case", f"'{other}' (str)") == (error.field, error.given)


def test_a_refusal_of_a_number_or_a_word_shows_it() -> None:
    counter = error_of(AttemptCounter, json.dumps(stored(AttemptCounter) | {"failed": -3}))
    assert "stored AttemptCounter.failed is -3 (int): expected a number (int) from 0 to 9223372036854775807" == str(
        counter
    )
    user = error_of(User, json.dumps(stored(User) | {"category": "guest"}))
    assert "stored User.category is 'guest' (str): expected one of active, inactive, multi_entity" == str(user)
    login = error_of(User, json.dumps(stored(User) | {"login": {"case": "locked"}}))
    assert "stored User.login.case is 'locked' (str): expected one of none, invited, enabled, disabled" == str(login)
