"""The sample records leave nothing out: every field, also one that is added some day, has several values among them."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import attrs
import pytest

from mydso_access.model import (
    Appointment,
    Approval,
    ApprovedAddress,
    CounterKey,
    Credential,
    Difference,
    Disabled,
    Email,
    Enabled,
    Event,
    Failure,
    Invited,
    LinkTarget,
    NewEmail,
    NewSeed,
    NoLogin,
    Notice,
    RecoveryCode,
    Reservation,
    SecondFactor,
    SentCode,
    SentToken,
    SsoIdentity,
)
from mydso_access.policy.settings import Level
from mydso_access.testing.conformance.link_records import dated_link, every_link, numbered_link
from mydso_access.testing.conformance.lookalikes import DIGESTS, ID_LENGTH, NAME_LENGTH, lookalikes
from mydso_access.testing.conformance.records import (
    dated_counter,
    dated_sign_in,
    every_counter,
    every_event,
    every_sign_in,
    later,
    numbered_counter,
    numbered_sign_in,
)
from mydso_access.testing.conformance.structure_records import (
    dated_customer,
    dated_entity,
    every_customer,
    every_entity,
    numbered_customer,
    numbered_structure,
    platform,
)
from mydso_access.testing.conformance.user_records import dated_user, every_user, multi_entity, numbered_user

NOT_VARIED = {"version"}  # the store's own
SAMPLES = {
    "users": [*every_user().values(), *(dated_user(n, later(n)) for n in range(2))],
    "entities": [*every_entity().values(), *(dated_entity(n, later(n)) for n in range(2))],
    "customers": [*every_customer().values(), *(dated_customer(n, later(n)) for n in range(2))],
    "links": [*every_link().values(), *(dated_link(n, later(n)) for n in range(2))],
    "counters": [*every_counter().values(), *(dated_counter(n, later(n)) for n in range(2))],
    "sign-ins": [*every_sign_in().values(), *(dated_sign_in(n, later(n)) for n in range(2))],
    "events": [*every_event().values(), *(attrs.evolve(each, at=later(1)) for each in every_event().values())],
}


@pytest.mark.parametrize("kind", SAMPLES)
def test_every_field_has_several_values(kind: str) -> None:
    samples = SAMPLES[kind]
    names = [field.name for field in attrs.fields(type(samples[0])) if field.name not in NOT_VARIED]
    same = {name for name in names if all(getattr(each, name) == getattr(samples[0], name) for each in samples)}
    assert set() == same


@pytest.mark.parametrize("kind", SAMPLES)
def test_every_field_that_may_be_nothing_is_nothing_and_something(kind: str) -> None:
    samples = SAMPLES[kind]
    for field in attrs.fields(type(samples[0])):
        if field.default is None:
            assert {True, False} == {getattr(each, field.name) is None for each in samples}, field.name


@pytest.mark.parametrize(
    ("samples", "changed", "kept"),
    [
        (every_user(), numbered_user, {"id", "category", "version", "memberships"}),
        ({"of several": multi_entity("multi")}, numbered_user, {"id", "category", "version"}),
        (every_entity(), numbered_structure, {"id", "version"}),
        ({"platform": platform("platform")}, numbered_structure, {"id", "version"}),
        (every_customer(), numbered_customer, {"entity", "id", "version"}),
        (every_link(), numbered_link, {"id", "target", "granter", "single_use", "version"}),
        (every_counter(), numbered_counter, {"key", "version"}),
        (every_sign_in(), numbered_sign_in, {"id", "user_id", "address", "purpose", "entity", "started_at", "version"}),
    ],
)
def test_a_numbered_change_changes_all_that_a_save_may_change(
    samples: Mapping[str, Any], changed: Any, kept: set[str]
) -> None:
    before = next(iter(samples.values()))
    one, two = changed(before, 1), changed(before, 2)
    names = {field.name for field in attrs.fields(type(before))}
    assert names - kept == {name for name in names if getattr(one, name) != getattr(two, name)}


@pytest.mark.parametrize(
    "make", [every_user, every_entity, every_customer, every_link, every_sign_in, every_event, every_counter]
)
def test_every_sample_has_a_key_of_its_own(make: Any) -> None:
    keys = [each.key if hasattr(each, "key") else (getattr(each, "entity", ""), each.id) for each in make().values()]
    assert len(keys) == len(set(keys))


def found_in(value: Any) -> list[Any]:
    """Return everything that a record holds, deep down."""
    if isinstance(value, tuple | frozenset):
        return [found for each in value for found in found_in(each)]
    inner = [found_in(getattr(value, field.name)) for field in attrs.fields(type(value))] if attrs.has(type(value)) else []  # fmt: skip
    return [value, *(found for each in inner for found in each)]


@pytest.mark.parametrize("kind", SAMPLES)
def test_every_member_of_every_enumeration_is_there(kind: str) -> None:
    found = [each for sample in SAMPLES[kind] for each in found_in(sample)]
    members = {each for each in found if isinstance(each, Enum)}
    for enumeration in {type(each) for each in members}:
        if (kind, enumeration.__name__) != ("sign-ins", "KeyKind"):  # an address's key it is
            assert set(enumeration) <= members


@pytest.mark.parametrize(
    ("kind", "inner"),
    [
        ("users", Credential),
        ("users", SecondFactor),
        ("users", RecoveryCode),
        ("users", ApprovedAddress),
        ("entities", ApprovedAddress),
        ("links", LinkTarget),
        ("sign-ins", SentCode),
        ("sign-ins", Approval),
        ("sign-ins", NewSeed),
    ],
)
def test_every_field_inside_of_a_field_has_several_values(kind: str, inner: type) -> None:
    found = [each for sample in SAMPLES[kind] for each in found_in(sample) if type(each) is inner]
    names = [field.name for field in attrs.fields(inner)]
    assert [] == [name for name in names if all(getattr(each, name) == getattr(found[0], name) for each in found)]


def test_every_case_of_every_union_is_there() -> None:
    found = {type(each) for samples in SAMPLES.values() for sample in samples for each in found_in(sample)}
    assert {NoLogin, Invited, Enabled, Disabled, Credential, CounterKey, Failure, Reservation, Event, Level} <= found
    assert {Appointment, Difference, Email, NewEmail, Notice, SentToken, SsoIdentity} <= found
    assert {Approval, ApprovedAddress, NewSeed, RecoveryCode, SecondFactor, SentCode} <= found


def test_keys_that_look_alike_are_all_different() -> None:
    for length in (ID_LENGTH, NAME_LENGTH):
        texts = lookalikes(length)
        assert len(texts) == len(set(texts))
        assert length == max(map(len, texts))
    assert len(DIGESTS) == len(set(DIGESTS))
    assert {64} == set(map(len, DIGESTS))
