"""What a provider of single sign-on said, typed, and the record that it was taken (S35; D9)."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest

from mydso_access.errors import InvalidValue
from mydso_access.model import Assertion, SsoIdentity, VerifiedAssertion

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def verified(**changes: Any) -> VerifiedAssertion:
    facts = {"issuer": "https://idp.example", "subject": "5f3a", "id": "_1", "instant": NOON}
    return VerifiedAssertion(**(facts | changes))


def test_s35_who_it_is_about_is_the_issuer_and_its_own_id_of_the_person() -> None:
    assert SsoIdentity("https://idp.example", "5f3a") == verified().identity
    assert verified(issuer="https://other.example").identity != verified().identity
    assert verified(id="_2", context=frozenset({"mfa"})).identity == verified().identity


def test_it_says_nothing_of_how_unless_the_host_says_so_s35() -> None:
    assert frozenset[str]() == verified().context


@pytest.mark.parametrize("field", ["issuer", "subject", "id"])
@pytest.mark.parametrize("wrong", ["", None, 5, b"5f3a", ["5f3a"]], ids=repr)
def test_what_is_missing_or_no_text_is_refused_by_name(field: str, wrong: object) -> None:
    with pytest.raises(InvalidValue) as refused:
        verified(**{field: wrong})
    assert (field, "text") == (refused.value.field, refused.value.expected)


@pytest.mark.parametrize("wrong", ["mfa", {"mfa"}, ("mfa",), None, frozenset({1}), frozenset({"mfa", None})], ids=repr)
def test_how_somebody_proved_themselves_is_a_set_of_texts_and_nothing_else(wrong: object) -> None:
    with pytest.raises(InvalidValue) as refused:
        verified(context=wrong)
    assert ("context", "a frozenset of texts") == (refused.value.field, refused.value.expected)


def test_the_instant_is_kept_in_utc_and_may_be_missing_so_that_it_can_be_refused_s35() -> None:
    local = NOON.astimezone(timezone(timedelta(hours=-7)))
    assert (NOON, UTC) == (verified(instant=local).instant, verified(instant=local).instant.tzinfo)
    assert verified(instant=None).instant is None


def test_asvs_7_6_1_when_the_person_proved_themselves_may_be_said_and_is_kept_in_utc() -> None:
    assert verified().authenticated_at is None
    local = NOON.astimezone(timezone(timedelta(hours=-7)))
    at = verified(authenticated_at=local).authenticated_at
    assert (NOON, UTC) == (at, at.tzinfo)


@pytest.mark.parametrize("wrong", [NOON.replace(tzinfo=None), 1_772_452_800, "2026-03-02T12:00:00Z"], ids=repr)
def test_what_is_no_instant_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidValue):
        verified(instant=wrong)
    with pytest.raises(InvalidValue):
        verified(authenticated_at=wrong)
    with pytest.raises(InvalidValue):
        Assertion(key="k", expires_at=wrong)


def test_everything_but_how_must_be_said_by_name() -> None:
    with pytest.raises(TypeError, match="positional"):
        VerifiedAssertion("https://idp.example", "5f3a", "_1", NOON)
    with pytest.raises(TypeError, match="instant"):
        VerifiedAssertion(issuer="i", subject="s", id="1")


def test_the_record_always_says_until_when_it_is_kept() -> None:
    east = NOON.astimezone(timezone(timedelta(hours=9)))
    kept = Assertion(key="k", expires_at=east, saved_at=east)
    assert (NOON, UTC) == (kept.expires_at, kept.expires_at.tzinfo)
    assert (NOON, UTC) == (kept.saved_at, kept.saved_at.tzinfo)
    with pytest.raises(InvalidValue):
        Assertion(key="k", expires_at=None)


@pytest.mark.parametrize(
    "value", [verified(), Assertion(key="k", expires_at=NOON)], ids=lambda value: type(value).__name__
)
def test_they_never_change(value: object) -> None:
    for field in attrs.fields(type(value)):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(value, field.name, None)
