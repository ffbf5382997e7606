"""A link as it is stored: what it is good for, and when it ended (S33, S34; A23, D10)."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydso_access.errors import InvalidValue
from mydso_access.model import Link, LinkPurpose, LinkTarget, Secret
from mydso_access.policy.fixed import CUSTOMER_ID_CAP, EARLIEST, LINK_TEXT_CAP

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FACTS: dict[str, Any] = {
    "purpose": LinkPurpose.DOCUMENT,
    "entity": "lyon",
    "customer": "acme",
    "resource": "invoice-7",
    "recipient": "carl@example.com",
}
TEXTS = ("entity", "customer", "resource", "recipient")


def link(**changes: Any) -> Link:
    facts: dict[str, Any] = {
        "id": "link-1",
        "target": LinkTarget(**FACTS),
        "granter": "u-anna",
        "single_use": False,
        "digest": Secret("c4nary"),
        "issued_at": NOON,
        "until": None,
    }
    return Link(**facts | changes)


def test_s33_s34_there_are_three_purposes_and_their_names_are_stored() -> None:
    assert {
        "EXTERNAL_EMAIL": "external interactive e-mail",
        "INTERNAL_EMAIL": "internal interactive e-mail",
        "DOCUMENT": "EDM document",
    } == {purpose.name: purpose.value for purpose in LinkPurpose}


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize(
    "wrong", ["", "x" * (LINK_TEXT_CAP + 1), None, 5, b"lyon", ["lyon"]], ids=lambda x: repr(x)[:9]
)
def test_a_target_is_bound_to_texts_of_its_hosts_none_missing_or_over_long(field: str, wrong: Any) -> None:
    with pytest.raises(InvalidValue) as refused:
        LinkTarget(**FACTS | {field: wrong})
    assert f"LinkTarget.{field}" == refused.value.field
    cap = CUSTOMER_ID_CAP if field == "customer" else LINK_TEXT_CAP
    longest = LinkTarget(**FACTS | {field: "é" * cap})
    assert cap == len(getattr(longest, field))
    with pytest.raises(InvalidValue):
        LinkTarget(**FACTS | {field: "é" * (cap + 1)})


@pytest.mark.parametrize("wrong", [None, "DOCUMENT", "EDM document", 3], ids=repr)
def test_a_target_has_one_of_the_purposes(wrong: Any) -> None:
    with pytest.raises(InvalidValue) as refused:
        LinkTarget(**FACTS | {"purpose": wrong})
    assert "LinkTarget.purpose" == refused.value.field


@pytest.mark.parametrize("field", TEXTS)
def test_targets_that_differ_in_anything_are_different(field: str) -> None:
    one, other = LinkTarget(**FACTS), LinkTarget(**FACTS | {field: "another"})
    assert one == LinkTarget(**FACTS)
    assert one != other
    assert one != LinkTarget(**FACTS | {"purpose": LinkPurpose.EXTERNAL_EMAIL})


def test_a_new_link_was_never_stored_used_or_revoked() -> None:
    new = link()
    assert (0, EARLIEST, None) == (new.version, new.saved_at, new.written_by)
    assert (None, None, None) == (new.used_at, new.revoked_at, new.dead_from)


INSTANTS = ("until", "used_at", "revoked_at")
ends = st.none() | st.timedeltas(timedelta(0), timedelta(days=40)).map(lambda after: NOON + after)


@given(st.fixed_dictionaries(dict.fromkeys(INSTANTS, ends)))
def test_a_link_is_dead_from_the_first_of_its_ends(given_ends: dict[str, datetime | None]) -> None:
    several = sorted(end for end in given_ends.values() if end is not None)
    assert (several[0] if several else None) == link(**given_ends).dead_from


@pytest.mark.parametrize("field", ["issued_at", "saved_at", *INSTANTS])
def test_d10_instants_are_kept_in_utc_and_naive_ones_refused(field: str) -> None:
    kept = getattr(link(**{field: NOON.astimezone(timezone(timedelta(hours=-7)))}), field)
    assert (NOON, UTC) == (kept, kept.tzinfo)
    with pytest.raises(InvalidValue, match="timezone-aware"):
        link(**{field: NOON.replace(tzinfo=None)})


def test_what_its_token_is_known_by_is_not_shown() -> None:
    assert "c4nary" not in repr(link())


@pytest.mark.parametrize("value", [link(), LinkTarget(**FACTS)], ids=type)
def test_they_never_change(value: Any) -> None:
    for field in attrs.fields(type(value)):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(value, field.name, None)
