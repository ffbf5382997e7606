"""Writing a record: what could not be read back as the same record is refused by its path, and no secret is shown."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone, tzinfo
from enum import Enum, IntEnum, StrEnum
from typing import Any, NamedTuple

import attrs
import pytest

from mydso_access.adapters.codec import written
from mydso_access.decisions.outcomes import Proof
from mydso_access.errors import UnreadableRecord
from mydso_access.model import (
    AttemptCounter,
    Category,
    CounterKey,
    Credential,
    Customer,
    Enabled,
    Entity,
    Event,
    Factor,
    Failure,
    KeyKind,
    Link,
    Secret,
    SignIn,
    Structure,
    User,
)
from mydso_access.policy import Level
from mydso_access.policy.fixed import EARLIEST, LATEST, TICK
from mydso_access.policy.levels import StructurePolicy
from tests.adapters.record_strategies import names_of
from tests.adapters.stored_records import CANARY, CASES_OF_LOGIN, FULL, NOON, PLACES, everything_told


class Text(str):
    """A text as other libraries make them: read back it would be another type."""

    __slots__ = ()


class Word(StrEnum):
    """An enum whose members are texts."""

    ACTIVE = "active"


class Number(IntEnum):
    """An enum whose members are numbers."""

    ONE = 1


class Foreign(Enum):
    """An enum with the words of ours."""

    ACTIVE = "active"
    ENTITY = "entity"
    PASSWORD = "password"


class Pair(NamedTuple):
    """A tuple as other libraries make them."""

    factor: Factor
    at: datetime


class Tuple(tuple[Any, ...]):
    """Another one."""

    __slots__ = ()


class Levels(frozenset[Level]):
    """A frozen set as other libraries make them."""

    __slots__ = ()


class Nowhere(tzinfo):
    """A zone that does not know its offset."""

    def utcoffset(self, _: datetime | None) -> None:
        return None


@attrs.frozen
class OtherStructure(Structure):
    """A host's own structure."""


@attrs.frozen
class OtherEnabled(Enabled):
    """A host's own login."""


@attrs.frozen
class OtherPolicy(StructurePolicy):
    """A host's own policy."""


HOLDERS = [[CANARY], (CANARY,), {"x": CANARY}, {CANARY}, Secret(CANARY), CANARY.encode(), type, object()]
NO_NUMBER = [None, True, False, 1.0, "1", CANARY, Number.ONE, *HOLDERS]
NAIVE = NOON.replace(tzinfo=None)
# What each sort of field refuses. `None` is left out for those that may hold it: their sort ends in "?".
WRONG: dict[str, list[Any]] = {
    "text": [None, True, 1, 1.5, Text("x"), Word.ACTIVE, f"{CANARY}\ud83d\ude00", "\ud800\udfff", *HOLDERS],
    "secret": [
        None,
        CANARY,
        1,
        *(each for each in HOLDERS if not isinstance(each, Secret)),
        *map(Secret, [CANARY.encode(), Text(CANARY), f"{CANARY}\ud83d\ude00", None, 1, [CANARY], Secret(CANARY)]),
    ],
    "word": [None, True, 1, "active", "entity", Text("active"), Word.ACTIVE, *Foreign, Category, KeyKind, *HOLDERS],
    "number": [*NO_NUMBER, -1, 2**63, 10**400, 10**5000],
    "instant": [
        *NO_NUMBER,
        0,
        NAIVE,
        NAIVE.replace(tzinfo=Nowhere()),
        date(2026, 3, 2),
        timedelta(1),
        datetime,
        EARLIEST - TICK,
        LATEST,
        datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))),
        NOON.isoformat(),
    ],
    "object": [
        None,
        True,
        1,
        "",
        CANARY,
        {},
        OtherStructure.entity("e"),
        OtherEnabled(NOON),
        Structure,
        NOON,
        *HOLDERS,
    ],
    "truth": [None, 0, 1, 1.0, "true", Number.ONE, *HOLDERS],
    "policy": [None, True, 1, "", CANARY, {}, (), StructurePolicy, OtherPolicy(), *HOLDERS],
    "list": [
        None,
        True,
        1,
        "",
        CANARY,
        [],
        Tuple(),
        set(),
        {},
        (7,),
        ((),),
        (None,),
        iter(()),
        (NOON, CANARY),
        *HOLDERS,
    ],
    "row": [
        *(None, "", CANARY, [], (), Pair(Factor.PASSWORD, NOON), [Factor.PASSWORD, NOON], (Factor.PASSWORD,)),
        *((Factor.PASSWORD, NOON, CANARY), (NOON, Factor.PASSWORD), ("password", NOON)),
        *HOLDERS,
    ],
}
WRONG["instants"] = WRONG["list"]
EACH_PLACE = [(kind, place) for kind, places in PLACES.items() for place in places]
NO_ATTRIBUTES = ("form", "case", "login.case", "levels.2", "memberships.1", "appointments.1", "colleagues.1")
EACH_PLACE = [each for each in EACH_PLACE if each[1] not in NO_ATTRIBUTES]


def forced(value: Any, place: str, wrong: Any) -> Any:
    """Return a copy with another value at a place, past every check that a record makes itself."""
    name, _, inside = place.partition(".")
    if name.isdigit():
        return (*value[: int(name)], forced(value[int(name)], inside, wrong) if inside else wrong)
    copied = attrs.evolve(value)
    object.__setattr__(copied, name, forced(getattr(value, name), inside, wrong) if inside else wrong)
    return copied


def error_of(record: Any) -> UnreadableRecord:
    with pytest.raises(UnreadableRecord) as caught:
        written(record)
    assert CANARY not in everything_told(caught.value)
    assert len(str(caught.value)) < 300
    return caught.value


def attributes_of(value: Any, path: str = "") -> Iterator[str]:
    if attrs.has(type(value)) and not isinstance(value, StructurePolicy):
        inside = [(name, getattr(value, name)) for name in names_of(type(value))]
    else:
        inside = [(str(len(value) - 1), value[-1])] if isinstance(value, tuple) else []
    for name, each in inside:
        yield f"{path}{name}"
        yield from attributes_of(each, f"{path}{name}.")


def test_no_place_is_forgotten() -> None:
    found = {(kind, place) for kind, record in FULL.items() for place in attributes_of(record) if place != "version"}
    assert {*EACH_PLACE} - {(SignIn, "factors.1.0"), (Proof, "factors.1.0")} == found


@pytest.mark.parametrize(("kind", "place"), EACH_PLACE, ids=[f"{kind.__name__}.{place}" for kind, place in EACH_PLACE])
def test_every_wrong_value_is_refused_by_its_path(kind: type, place: str) -> None:
    sort = PLACES[kind][place]
    path = ".".join([kind.__name__, *(part for part in place.split(".") if not part.isdigit())])
    for wrong in WRONG[sort.removesuffix("?")]:
        if not (sort.endswith("?") and wrong is None):
            assert error_of(forced(FULL[kind], place, wrong)).field.startswith(path)


@pytest.mark.parametrize(
    "wrong",
    [
        Levels(Level),
        set(Level),
        list(Level),
        tuple(Level),
        dict.fromkeys(Level),
        [],
        "",
        None,
        frozenset({"entity"}),
        frozenset({Foreign.ENTITY}),
        frozenset({Level.ENTITY, CANARY.encode()}),
    ],
    ids=repr,
)
def test_levels_are_a_frozen_set_of_levels(wrong: Any) -> None:
    assert "Event.levels" == error_of(forced(FULL[Event], "levels", wrong)).field


@pytest.mark.parametrize(
    "wrong",
    [{"e"}, ["e"], ("e",), {"e": 1}, "e", None, frozenset({1}), frozenset({None}), frozenset({Text("e")}), Secret("e")],
    ids=repr,
)
@pytest.mark.parametrize(("kind", "name"), [(User, "memberships"), (User, "appointments"), (Customer, "colleagues")])
def test_ids_are_a_frozen_set_of_texts(kind: type, name: str, wrong: Any) -> None:
    assert f"{kind.__name__}.{name}" == error_of(forced(FULL[kind], name, wrong)).field


@pytest.mark.parametrize("place", CASES_OF_LOGIN)
def test_every_wrong_value_of_another_case_is_refused_by_its_path(place: str) -> None:
    user, sort = CASES_OF_LOGIN[place]
    for wrong in WRONG[sort.removesuffix("?")]:
        if not (sort.endswith("?") and wrong is None):
            assert f"User.{place}" == error_of(forced(user, place, wrong)).field


@pytest.mark.parametrize(
    "asks",
    [
        None,
        7,
        "passwords.min_length",
        (("unknown", 1),),
        (("passwords.min_length", "12"),),
        (("passwords.min_length", 7),),
        (("passwords.min_length", True),),
        (("names.special", "\ud83d\ude00"),),
        [("passwords.min_length", 12)],
        ((1, 2, 3),),
        (CANARY.encode(),),
    ],
    ids=repr,
)
def test_settings_that_could_not_be_read_back_are_not_written(asks: Any) -> None:
    policy = forced(FULL[Entity].policy, "asks", asks)
    assert error_of(forced(FULL[Entity], "policy", policy)).field.startswith("Entity.policy")


# --- the same without force: what a record lets pass

KEY = CounterKey(KeyKind.ACCOUNT, "d")
PLAIN = User(
    id="u", category=Category.ACTIVE, structure=Structure.entity("e"), role="r", login=Enabled(NOON), name="anna"
)
PASSED = {
    "AttemptCounter.saved_at": AttemptCounter(KEY, saved_at=NAIVE),
    "AttemptCounter.failures": AttemptCounter(KEY, failures=[Failure("f", NOON)]),
    "AttemptCounter.failures.at": AttemptCounter(KEY, failures=(Failure("f", NAIVE),)),
    "AttemptCounter.failed": AttemptCounter(KEY, failed=-1),
    "AttemptCounter.key": AttemptCounter("d"),
    "AttemptCounter.key.kind": AttemptCounter(CounterKey("account", "d")),
    "User.category": attrs.evolve(PLAIN, category="active"),
    "User.may_import": attrs.evolve(PLAIN, may_import=1),
    "User.memberships": attrs.evolve(FULL[User], memberships={"e"}),
    "User.resets_sent": attrs.evolve(PLAIN, resets_sent=[NOON]),
    "User.credential": attrs.evolve(FULL[User], credential=f"{CANARY} hash"),
    "User.credential.hash": attrs.evolve(FULL[User], credential=Credential(f"{CANARY} hash", NOON)),
    "User.login": attrs.evolve(PLAIN, login="enabled"),
    "Entity.policy": attrs.evolve(FULL[Entity], policy={}),
    "Entity.main_administrators": attrs.evolve(FULL[Entity], main_administrators=[]),
    "Link.single_use": attrs.evolve(FULL[Link], single_use=1),
    "Link.target": attrs.evolve(FULL[Link], target="page"),
    "Link.digest": attrs.evolve(FULL[Link], digest=f"{CANARY} digest"),
    "SignIn.token": attrs.evolve(FULL[SignIn], token=Secret(CANARY.encode())),
    "SignIn.factors": attrs.evolve(FULL[SignIn], factors=[(Factor.PASSWORD, NOON)]),
    "Event.levels": attrs.evolve(FULL[Event], levels={Level.ENTITY}),
}


@pytest.mark.parametrize("field", PASSED)
def test_what_a_record_lets_pass_is_refused_before_it_is_stored(field: str) -> None:
    assert field == error_of(PASSED[field]).field


def test_a_refusal_says_what_is_there_and_what_would_be_right() -> None:
    expected = "stored AttemptCounter.saved_at is datetime.datetime(2026, 3, 2, 12, 0, 0, 123456) (datetime): expected"
    assert f"{expected} a timezone-aware datetime" == str(error_of(PASSED["AttemptCounter.saved_at"]))
    assert "stored User.credential is a str: expected a Credential" == str(error_of(PASSED["User.credential"]))
    assert "stored SignIn.token is a bytes: expected text (str), and no two halves of a UTF-16 pair in it" == str(
        error_of(PASSED["SignIn.token"])
    )
