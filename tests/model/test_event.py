"""Events: nothing that was typed can forge a line of the trail, turn its direction, or pose as an escape."""

import re
import sys
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mydso_access.errors import InvalidValue
from mydso_access.model import Difference, Event, EventKind, EventQuery, Reason, Structure
from mydso_access.model.event import escaped
from mydso_access.policy import Level

NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001  # what is refused
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("anna", "anna"),
        ("röot 😀 中文 ａ", "röot 😀 中文 ａ"),
        ("a\r\nb", r"a\u000d\u000ab"),
        ("\0", r"\u0000"),
        ("\t", r"\u0009"),
        ("\x1b[31m", r"\u001b[31m"),
        ("\x7f\x85\x9b", r"\u007f\u0085\u009b"),
        ("\u2028\u2029", r"\u2028\u2029"),
        ("\u202e\u2066\u2069\u200f\u061c", r"\u202e\u2066\u2069\u200f\u061c"),
        ("ro\u200bo\u200dt\ufeff\xad", r"ro\u200bo\u200dt\ufeff\u00ad"),
        ("\ud800\udfff", r"\ud800\udfff"),
        ("\U000e0001\U000e0041", r"\U000e0001\U000e0041"),
        ("\U000110bd", r"\U000110bd"),
        ("\\", "\\"),
        (r"\u000a", r"\u000a"),
        ("\\\n", r"\\u000a"),
        ("C:\\temp", r"C:\temp"),
    ],
    ids=ascii,
)
def test_what_could_forge_a_line_is_written_as_an_escape(text: str, expected: str) -> None:
    assert escaped(text) == expected


def test_no_text_stays_no_text() -> None:
    assert escaped(None) is None


EVERY_CHARACTER = "".join(map(chr, range(sys.maxunicode + 1)))


def test_every_single_character_comes_out_harmless_and_only_the_harmful_change() -> None:
    dangerous = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    result = escaped(EVERY_CHARACTER)
    assert result is not None
    assert not dangerous & set(map(unicodedata.category, result))
    kept = "".join(c for c in EVERY_CHARACTER if unicodedata.category(c) not in dangerous)
    assert kept == re.sub(r"\\(u[0-9a-f]{4}|U[0-9a-f]{8})", "", result)


hostile = st.text(alphabet=st.characters() | st.sampled_from("\\uU0a\n\r\u202e\u200b\ud800\U000e0041"))


@given(hostile)
@example("\\u000a")
@example("\\\\u000a")
@example("\\\n\\n")
@example("\ud83d\ude00")
def test_escaping_twice_is_escaping_once_and_leaves_one_line(text: str) -> None:
    once = escaped(text)
    assert once is not None
    assert once == escaped(once)
    assert all(c.isprintable() or unicodedata.category(c) in ("Zs", "Cn", "Co") for c in once)
    assert len(once.splitlines()) <= 1


def event(**changes: object) -> Event:
    return Event(**({"id": "e", "kind": EventKind.REFUSED, "at": NOON} | changes))


@pytest.mark.parametrize("field", ["subject", "actor", "system", "customer", "address"])
def test_an_events_texts_are_escaped_when_it_is_made(field: str) -> None:
    assert getattr(event(**{field: "a\nb\\"}), field) == "a\\u000ab\\"
    assert getattr(event(), field) is None


def test_a_differences_texts_are_escaped_and_never_none() -> None:
    made = Difference("na\nme", "be\u202efore", "")
    assert (made.name, made.before, made.after) == (r"na\u000ame", r"be\u202efore", "")
    for field in attrs.fields(Difference):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(made, field.name, "x")


def test_a_structures_id_is_the_hosts_and_is_escaped_too() -> None:
    assert event(structure=Structure.entity("ly\non")).structure == Structure.entity(r"ly\u000aon")
    assert event(structure=Structure.platform("group")).structure == Structure.platform("group")


def test_a_changed_copy_keeps_what_was_escaped() -> None:
    assert attrs.evolve(event(subject="a\nb"), id="f").subject == r"a\u000ab"


def test_instants_are_kept_in_utc_and_naive_ones_refused() -> None:
    local = NOON.astimezone(timezone(timedelta(hours=-3)))
    made = event(at=local, until=local)
    assert (made.at, made.until) == (NOON, NOON)
    assert made.at.tzinfo is UTC
    assert event().until is None
    for wrong in ({"at": NAIVE}, {"until": NAIVE}, {"at": None}):
        with pytest.raises(InvalidValue):
            event(**wrong)


def test_an_event_never_changes() -> None:
    for field in attrs.fields(Event):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(event(), field.name, None)


def test_an_event_says_no_more_than_it_was_told() -> None:
    made = event(reason=Reason.UNKNOWN, rule="D11")
    assert (made.subject, made.actor, made.levels, made.until) == (None, None, frozenset[Level](), None)
    assert (made.system, made.structure, made.customer, made.differences) == (None, None, None, ())


def test_a_query_holds_what_is_about_and_by_and_since() -> None:
    asked = event(subject="an\nna", actor="boss", at=NOON)
    every = [
        *(EventQuery(), EventQuery(subject="an\nna"), EventQuery(subject=r"an\u000ana"), EventQuery(actor="boss")),
        EventQuery(kind=EventKind.REFUSED),
        *(EventQuery(since=NOON), EventQuery(since=NOON, subject="an\nna", actor="boss", latest_first=True)),
    ]
    none = [
        EventQuery(kind=EventKind.SIGNED_IN),
        *(EventQuery(subject="anna"), EventQuery(subject="boss"), EventQuery(actor="an\nna"), EventQuery(actor="")),
        *(EventQuery(since=NOON + timedelta(microseconds=1)), EventQuery(subject="an\nna", actor="other")),
    ]
    assert every == [query for query in every if query.holds(asked)]
    assert [] == [query for query in none if query.holds(asked)]
    assert not EventQuery(subject="anna").holds(event(subject=None))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        *(({"since": NAIVE}, "since"), ({"since": None}, "since"), ({"subject": 7}, "user_id")),
        *(({"actor": b"boss"}, "user_id"), ({"latest_first": None}, "latest_first")),
        ({"kind": "authn_login_fail"}, "kind"),
    ],
    ids=repr,
)
def test_a_query_that_asks_for_nothing_there_could_be_is_misuse(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidValue, match=f"^{field} is "):
        EventQuery(**wrong)


def test_the_words_are_owasps_logging_vocabulary() -> None:
    assert {kind.name: kind.value for kind in EventKind} == {
        "SIGNED_IN": "authn_login_success",
        "REFUSED": "authn_login_fail",
        "BLOCK_STARTED": "authn_login_lock",
        "BLOCK_ENDED": "authn_login_unlock",
        "USER_CREATED": "user_created",
        "PASSWORD_CHANGED": "authn_password_change",
        "PASSWORD_CHANGE_REFUSED": "authn_password_change_fail",
        "PASSWORD_RESET_SENT": "authn_password_reset_sent",
        "PASSWORD_RESET": "authn_password_reset",
        "STEPPED_UP": "authn_step_up",
        "STEP_UP_REFUSED": "authn_step_up_fail",
        "PASSWORD_REHASHED": "authn_password_rehash",
        "PASSWORD_COMPROMISED": "authn_password_compromised",
        "STEP_PROVEN": "authn_step_success",
        "ADDRESS_CODE_SENT": "authn_address_code_sent",
        "ADDRESS_APPROVED": "authn_address_approved",
        "ADDRESS_REVOKED": "authn_address_revoked",
        "SECOND_FACTOR_ENROLLED": "authn_second_factor_enrolled",
        "SECOND_FACTOR_RESET": "authn_second_factor_reset",
        "RECOVERY_CODES_RENEWED": "authn_recovery_codes_renewed",
        "ENTERED": "authz_structure_entered",
        "ACCESSED": "authn_session_used",
        "INVITATION_SENT": "user_invited",
        "INVITATION_ACCEPTED": "user_activated",
        "USER_UPDATED": "user_updated",
        "USER_DISABLED": "user_disabled",
        "USER_ENABLED": "user_enabled",
        "USER_WARNED": "user_warned",
        "USER_FORGOTTEN": "user_deleted",
        "EMAIL_CHANGE_ASKED": "user_email_change_asked",
        "EMAIL_CHANGED": "user_email_changed",
        "MOBILE_CHANGED": "user_mobile_changed",
        "RIGHTS_CHANGED": "authz_change",
        "STRUCTURE_CREATED": "structure_created",
        "STRUCTURE_UPDATED": "structure_updated",
        "SETTINGS_CHANGED": "structure_settings_changed",
        "MAIN_ADMINISTRATORS_CHANGED": "structure_main_administrators_changed",
        "CUSTOMER_ASSOCIATED": "customer_associated",
        "CUSTOMER_DISSOCIATED": "customer_dissociated",
        "LINKS_ISSUED": "links_issued",
        "LINK_RENEWED": "link_renewed",
        "LINK_REVOKED": "link_revoked",
        "LINK_OPENED": "link_opened",
        "LINK_REFUSED": "link_open_fail",
    }
