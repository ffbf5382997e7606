"""Settings by dotted name, with values as text: every kind of value, and every way to be wrong."""

from datetime import timedelta
from enum import Enum
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydso_access.errors import AccessError, InvalidPolicy
from mydso_access.policy import (
    Algorithm,
    Composition,
    LockoutPolicy,
    Networks,
    Recipient,
    SecurityPolicy,
    WithSso,
    Words,
    all_settings,
    with_setting,
)
from mydso_access.policy.dotted import text_of, value_from
from tests.policy.strategies import SETTINGS, values_of

PRESET = SecurityPolicy()


def value_at(policy: SecurityPolicy, name: str) -> Any:
    found: Any = policy
    for part in name.split("."):
        found = getattr(found, part)
    return found


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("lockout.account.failures", "7", 7),
        ("lockout.account.failures", "0007", 7),
        ("lockout.address.failures", "1000", 1000),
        ("lockout.account.window", "none", None),
        ("lockout.account.window", "366d", timedelta(days=366)),
        ("lockout.account.block", "90m", timedelta(minutes=90)),
        ("lockout.address.block", "24h", timedelta(hours=24)),
        ("lockout.lease", "45s", timedelta(seconds=45)),
        ("lockout.lease", "1m", timedelta(minutes=1)),
        ("lockout.hard_cap", "100", 100),
        ("lockout.hard_cap", "none", None),
        ("lockout.blocked_attempts_count", "false", False),
        ("lockout.blocked_attempts_count", "true", True),
        ("names.max_length", "100", 100),
        ("names.special", "-_", "-_"),
        ("names.special", "none", "none"),
        ("lockout.lease", "2000000us", timedelta(seconds=2)),
        ("tokens.reset_pause", "0s", timedelta(0)),
        ("dormancy.months", "6", 6),
        ("dormancy.months", "none", None),
        ("links.documents", "90d", timedelta(days=90)),
        ("visibility.guests", "true", True),
        ("account.max_users", "10000000", 10_000_000),
        ("passwords.composition", "never", Composition.NEVER),
        ("passwords.composition", "with_rotation", Composition.WITH_ROTATION),
        ("passwords.composition", "always", Composition.ALWAYS),
        ("passwords.require_lowercase", "true", True),
        ("second_factor.with_sso", "unless_trusted", WithSso.UNLESS_TRUSTED),
        ("second_factor.algorithm", "sha256", Algorithm.SHA256),
        ("addresses.recipient", "user", Recipient.USER),
        ("addresses.networks", "none", None),
        ("addresses.networks", "192.0.2.1,2001:db8::/48", Networks(["2001:db8::/48", "192.0.2.1"])),
        ("addresses.networks", " 192.0.2.0/24 , 192.0.2.1 ", Networks("192.0.2.1, 192.0.2.0/24")),
        ("sso.trusted", "mfa  urn:oasis:hwk", Words(("urn:oasis:hwk", "mfa"))),
        ("sso.trusted", "", Words()),
        ("hashing.memory_kib", "131072", 131072),
        ("hashing.slot_wait", "10s", timedelta(seconds=10)),
    ],
)
def test_every_kind_of_value_is_understood_and_nothing_else_changes(name: str, text: str, value: object) -> None:
    changed = with_setting(PRESET, name, text)
    assert value_at(changed, name) == value
    assert type(value_at(changed, name)) is type(value)
    for other, _ in all_settings(SecurityPolicy):
        if other != name:
            assert value_at(changed, other) == value_at(PRESET, other)


def test_the_policy_given_stays_as_it_was() -> None:
    with_setting(PRESET, "lockout.account.failures", "7")
    assert PRESET.lockout.account.failures == 5


ADDRESSES = "addresses and networks such as 192.0.2.1 or 2001:db8::/48, separated by commas"
NUMBER, DURATION = "a whole number", "a duration such as 30s, 90m, 24h or 30d"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("lockout.account.failures", text, NUMBER)
        for text in ("", " 5", "5 ", "5\n", "+5", "-5", "5.0", "5e1", "0x5", "1_0", "five", "none", "true", "5s")
    ]
    + [("lockout.account.failures", text, NUMBER) for text in ("٥", "５", "1234567890", "9" * 5000)]
    + [("lockout.hard_cap", text, f"{NUMBER} or none") for text in ("None", "NONE", "null", "", "off")]
    + [
        ("lockout.lease", text, DURATION)
        for text in (
            "30",
            "30 s",
            "30S",
            "s",
            "-30s",
            "1.5m",
            "1h30m",
            "30ns",
            "3w",
            "none",
            "３0s",
            "9999999999999999d",
            "10000000000000000us",
            "30 us",
            "30s\n",
        )
    ]
    + [("lockout.account.window", text, f"{DURATION} or none") for text in ("24", "None", "")]
    + [("passwords.require_lowercase", text, "true or false") for text in ("True", "yes", "1", "", "none", " true")]
    + [
        ("passwords.composition", text, "never or with_rotation or always")
        for text in ("ALWAYS", "Always", "Composition.ALWAYS", "", "none", "true", "1")
    ],
)
def test_a_text_that_is_no_value_of_the_setting_is_refused_saying_what_is(name: str, text: str, expected: str) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        with_setting(PRESET, name, text)
    assert refused.value.field == name
    assert refused.value.given.startswith(repr(text)[:60])
    assert refused.value.expected == expected


@pytest.mark.parametrize(
    ("name", "text", "given", "expected"),
    [
        ("addresses.networks", "192.0.2.1,", "''", ADDRESSES),
        ("addresses.networks", "192.0.2.1 192.0.2.2", "'192.0.2.1 192.0.2.2'", ADDRESSES),
        ("addresses.networks", "10.0.0.0/8, 192.0.2.1/24", "' 192.0.2.1/24'", ADDRESSES),
        ("addresses.networks", "None", "'None'", ADDRESSES),
        ("sso.trusted", "mfa a\0b", "'a\\x00b'", "words without spaces"),
    ],
)
def test_of_a_list_the_item_that_is_none_is_named(name: str, text: str, given: str, expected: str) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        with_setting(PRESET, name, text)
    assert (name, f"{given} (str)", expected) == (refused.value.field, refused.value.given, refused.value.expected)


@pytest.mark.parametrize(
    ("name", "text", "field"),
    [
        ("lockout.account.failures", "0", "lockout.account.failures"),
        ("lockout.account.failures", "1001", "lockout.account.failures"),
        ("lockout.account.failures", "999999999", "lockout.account.failures"),
        ("lockout.account.block", "59s", "lockout.account.block"),
        ("lockout.account.window", "999999d", "lockout.account.window"),
        ("lockout.lease", "61s", "lockout.lease"),
        ("lockout.lease", "1s", "LockoutPolicy.charge_wait"),
        ("names.max_length", "15", "names.max_length"),
        ("hashing.time_cost", "1", "hashing.time_cost"),
        ("hashing.memory_kib", "1398102", "HashingPolicy.memory_kib × time_cost"),
    ],
)
def test_a_value_out_of_bounds_is_refused_under_the_name_that_was_given(name: str, text: str, field: str) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        with_setting(PRESET, name, text)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("lockout.account.failure", "lockout.account.failures"),
        ("lockout.adress.block", "lockout.address.block"),
        ("password.min_length", "passwords.min_length"),
        ("lockout.leese", "lockout.lease"),
        ("Lockout.lease", "lockout.lease"),
    ],
)
def test_a_misspelt_setting_names_the_nearest(name: str, near: str) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        with_setting(PRESET, name, "1")
    assert refused.value.field == "setting"
    assert refused.value.given == f"{name!r} (str)"
    assert refused.value.expected == f"the name of a setting; did you mean {near}?"


def test_a_name_that_resembles_none_lists_them_all() -> None:
    with pytest.raises(InvalidPolicy) as refused:
        with_setting(PRESET, "???", "1")
    assert refused.value.expected == "one of " + ", ".join(name for name, _ in all_settings(SecurityPolicy))


@pytest.mark.parametrize(
    "name", ["", "lockout", "lockout.account", "failures", ".lockout.lease", "lockout.lease.", "__class__", "lockout."]
)
def test_a_group_or_half_a_name_is_no_setting(name: str) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        with_setting(PRESET, name, "1")
    assert refused.value.field == "setting"


def as_text(value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case Enum():
            return str(value.value)
        case timedelta():
            return f"{value // timedelta(seconds=1)}s"
        case _:
            return str(value)


@pytest.mark.parametrize("name", [name for name, _ in all_settings(SecurityPolicy)])
def test_every_setting_of_the_preset_can_be_said_as_text(name: str) -> None:
    assert with_setting(PRESET, name, as_text(value_at(PRESET, name))) == PRESET


@given(name=st.text() | st.sampled_from([name for name, _ in all_settings(SecurityPolicy)]), text=st.text())
def test_any_text_either_sets_or_is_refused_in_our_own_words(name: str, text: str) -> None:
    try:
        changed = with_setting(PRESET, name, text)
    except AccessError:
        return
    assert type(changed) is SecurityPolicy


@given(lease=st.integers(2, 60), failures=st.integers(1, 1000))
def test_a_changed_setting_leaves_what_was_changed_before(lease: int, failures: int) -> None:
    changed = with_setting(PRESET, "lockout.lease", f"{lease}s")
    changed = with_setting(changed, "lockout.account.failures", str(failures))
    account = attrs.evolve(PRESET.lockout.account, failures=failures)
    assert LockoutPolicy(lease=timedelta(seconds=lease), account=account) == changed.lockout


@pytest.mark.parametrize(("name", "value"), [("lockout.account.failures", 5), (5, "1")], ids=repr)
def test_what_is_no_text_is_refused_in_our_own_words(name: Any, value: Any) -> None:
    with pytest.raises(InvalidPolicy):
        with_setting(PRESET, name, value)


@given(st.data())
@pytest.mark.parametrize("name", SETTINGS)
def test_what_text_of_writes_value_from_reads_back(name: str, data: st.DataObject) -> None:
    value = data.draw(values_of(name))
    read = value_from(name, text_of(value))
    assert value == read
    assert type(value) is type(read)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (timedelta(0), "0d"),
        (timedelta(days=30), "30d"),
        (timedelta(hours=36), "36h"),
        (timedelta(minutes=90), "90m"),
        (timedelta(seconds=61), "61s"),
        (timedelta(milliseconds=1500), "1500ms"),
        (timedelta(microseconds=1), "1us"),
        (None, "none"),
        (True, "true"),
        (12, "12"),
        ("._-@", "._-@"),
        (Composition.WITH_ROTATION, "with_rotation"),
        (Networks("192.0.2.1/32, 2001:db8::1/128, 192.0.2.0/24"), "192.0.2.0/24, 192.0.2.1, 2001:db8::1"),
        (Networks(()), ""),
        (Words("mfa hwk"), "hwk mfa"),
        (Words(), ""),
    ],
)
def test_a_value_is_written_in_its_largest_whole_unit(value: object, text: str) -> None:
    assert text == text_of(value)
