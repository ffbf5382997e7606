"""The codec: what is written is read back, whatever it holds; no field is left out; the text is plain ASCII."""

import json
from datetime import UTC, datetime
from itertools import permutations
from typing import Any, get_args

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mydso_access.adapters.codec import CASES, LOGINS, UPGRADES, microseconds, read, written
from mydso_access.decisions.outcomes import Proof
from mydso_access.errors import UnreadableRecord
from mydso_access.model import (
    AttemptCounter,
    CounterKey,
    Credential,
    Customer,
    Entity,
    Event,
    KeyKind,
    Link,
    Login,
    Platform,
    Secret,
    SignIn,
    StructureRecord,
    User,
)
from mydso_access.policy import Level
from mydso_access.policy.fixed import EARLIEST, TICK
from tests.adapters.record_strategies import HOSTILE_TEXTS, LAST, ZONES, in_utc, names_of, records
from tests.adapters.stored_records import CANARY, DISABLED, FULL, INVITED, NOON

UNVERSIONED = (Event, Proof)
each_kind = pytest.mark.parametrize("kind", FULL, ids=lambda kind: kind.__name__)


def version_of(record: Any) -> int:
    return 0 if isinstance(record, UNVERSIONED) else record.version


@given(records)
@example(FULL[User])
@example(DISABLED)
@example(INVITED)
@example(FULL[Entity])
@example(FULL[AttemptCounter])
def test_what_is_written_is_read_back(record: Any) -> None:
    found = read(type(record), written(record), version_of(record))
    assert in_utc(record) == found
    assert written(record) == written(found)


@given(records)
def test_the_text_is_one_json_object_in_ascii_and_the_same_each_time(record: Any) -> None:
    text = written(record)
    assert text.isascii()
    assert "\n" not in text
    assert "\0" not in text
    assert isinstance(json.loads(text), dict)
    assert text == written(record)


@given(records)
def test_types_come_back_too_and_every_instant_in_utc(record: Any) -> None:
    def types(value: Any) -> Any:
        if isinstance(value, tuple | frozenset):
            return type(value), sorted(str(types(each)) for each in value)
        if attrs.has(type(value)):
            return type(value), [types(getattr(value, name)) for name in names_of(type(value))]
        assert not isinstance(value, datetime) or value.tzinfo is UTC
        return type(value)

    assert types(in_utc(record)) == types(read(type(record), written(record), version_of(record)))


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=lambda text: ascii(text)[:30])
def test_every_hostile_text_is_kept_as_a_name_and_as_a_secret(text: str) -> None:
    user = attrs.evolve(FULL[User], id=text, name=text, credential=Credential(Secret(text), NOON))
    found = read(User, written(user), 7)
    assert (text, text) == (found.id, found.name)
    assert found.credential is not None
    assert text == found.credential.hash.reveal()


@pytest.mark.parametrize("zone", ZONES, ids=str)
@pytest.mark.parametrize("instant", [EARLIEST, EARLIEST + TICK, NOON, LAST], ids=str)
def test_an_instant_is_written_as_its_microseconds_whatever_its_zone(instant: datetime, zone: Any) -> None:
    counter = AttemptCounter(CounterKey(KeyKind.ACCOUNT, "d"), saved_at=instant.astimezone(zone))
    stored = json.loads(written(counter))
    # Counted another way: by days, seconds and microseconds.
    passed = instant - EARLIEST
    assert (passed.days * 86400 + passed.seconds) * 10**6 + passed.microseconds == stored["saved_at"]
    assert stored["saved_at"] == microseconds(instant.astimezone(zone))
    assert instant == read(AttemptCounter, written(counter)).saved_at


def test_the_two_half_past_twos_of_a_clock_change_stay_an_hour_apart() -> None:
    paris = ZONES[3]
    both = [datetime(2026, 10, 25, 2, 30, tzinfo=paris, fold=fold) for fold in (0, 1)]
    key = CounterKey(KeyKind.ACCOUNT, "d")
    first, second = (read(AttemptCounter, written(AttemptCounter(key, saved_at=each))).saved_at for each in both)
    assert (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)) == (first, second)


class Subclass(datetime):
    """A datetime as other libraries make them."""


def test_a_datetime_of_another_library_is_read_back_as_a_plain_one() -> None:
    counter = AttemptCounter(CounterKey(KeyKind.ACCOUNT, "d"), saved_at=Subclass(2026, 3, 2, tzinfo=ZONES[1]))
    found = read(AttemptCounter, written(counter)).saved_at
    assert (counter.saved_at, datetime) == (found, type(found))


def test_levels_are_written_in_one_order_whatever_the_sets() -> None:
    texts = {written(attrs.evolve(FULL[Event], levels=frozenset(order))) for order in permutations(Level)}
    assert 1 == len(texts)
    assert ["entity", "installation", "platform"] == json.loads(texts.pop())["levels"]


# --- no field is left out


@each_kind
def test_every_field_is_written_but_the_version_that_stores_compare(kind: type) -> None:
    added = {"form", "case"} if kind in CASES else {"form"}
    assert {*names_of(kind), *added} - {"version"} == json.loads(written(FULL[kind])).keys()


@each_kind
def test_no_field_is_called_like_what_the_codec_adds(kind: type) -> None:
    assert not {"form", "case"} & set(names_of(kind))


def test_every_case_of_a_login_has_a_word_of_its_own_and_no_field_called_case() -> None:
    assert set(get_args(Login)) == LOGINS.keys()
    assert set(get_args(StructureRecord)) == CASES.keys() - LOGINS.keys()
    assert len(CASES) == len(set(CASES.values()))
    assert all("case" not in names_of(case) for case in CASES)


def test_there_is_an_example_of_every_record_with_nothing_left_at_its_default() -> None:
    assert UPGRADES.keys() == FULL.keys()
    for kind, record in FULL.items():
        plain = [field.name for field in attrs.fields(kind) if getattr(record, field.name) == field.default]
        assert (kind, []) == (kind, plain)


def test_a_record_says_which_form_it_has() -> None:
    forms = {kind: json.loads(written(record))["form"] for kind, record in FULL.items()}
    expected = {AttemptCounter: 1, Customer: 1, Link: 1, Entity: 3, Platform: 2, SignIn: 2, Event: 2, User: 3, Proof: 1}
    assert expected == forms


# --- the version


@pytest.mark.parametrize("kind", [kind for kind in FULL if kind not in UNVERSIONED], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("version", [0, 1, 2**62, 2**63 - 1])
def test_a_record_is_read_with_the_version_that_it_is_stored_under(kind: Any, version: int) -> None:
    text = written(attrs.evolve(FULL[kind], version=5))
    assert attrs.evolve(FULL[kind], version=version) == read(kind, text, version)
    assert 0 == read(kind, text).version


@pytest.mark.parametrize("kind", [kind for kind in FULL if kind not in UNVERSIONED], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize(
    "version", [True, False, None, "1", 1.0, -1, 2**63, 10**400], ids=lambda wrong: repr(wrong)[:20]
)
def test_a_version_that_is_none_is_refused(kind: Any, version: Any) -> None:
    with pytest.raises(UnreadableRecord) as refused:
        read(kind, written(FULL[kind]), version)
    assert f"{kind.__name__}.version" == refused.value.field


@pytest.mark.parametrize("kind", UNVERSIONED)
def test_an_event_and_a_proof_have_no_version(kind: Any) -> None:
    assert FULL[kind] == read(kind, written(FULL[kind]), 5)


# --- other ways to write the same

REWRITTEN = {
    "with blanks": lambda stored: json.dumps(stored, indent=2),
    "in another order": lambda stored: json.dumps(dict(sorted(stored.items(), reverse=True))),
    "not escaped": lambda stored: json.dumps(stored, ensure_ascii=False),
}


@each_kind
@pytest.mark.parametrize("way", REWRITTEN)
def test_a_database_may_write_the_json_its_own_way(kind: Any, way: str) -> None:
    record = FULL[kind] if kind in UNVERSIONED else attrs.evolve(FULL[kind], version=0)
    assert record == read(kind, REWRITTEN[way](json.loads(written(record))))


@given(st.text(st.characters(codec="utf-8"), max_size=8))
def test_text_that_is_not_escaped_is_read_the_same(name: str) -> None:
    user = attrs.evolve(FULL[User], name=name, version=0)
    assert user == read(User, json.dumps(json.loads(written(user)), ensure_ascii=False))


def test_an_events_text_that_was_edited_is_escaped_when_it_is_read() -> None:
    text = written(FULL[Event]).replace('"admin"', r'"a\r\nb"')
    assert r"a\u000d\u000ab" == read(Event, text).actor


def test_what_is_read_shows_no_secret() -> None:
    shown = repr([read(kind, written(record)) for kind, record in FULL.items()])
    assert CANARY not in shown
    assert 12 == shown.count("***")
