"""Every setting of the policy: its bounds from both sides, its type, its declaration, where it may be set."""

import re
from collections.abc import Iterator
from datetime import timedelta
from enum import Enum, IntEnum

import attrs
import pytest

from mydso_access.errors import InvalidPolicy
from mydso_access.policy import (
    Algorithm,
    Composition,
    LockoutPolicy,
    Networks,
    PasswordPolicy,
    Recipient,
    SecurityPolicy,
    WithSso,
    Words,
    all_settings,
)
from mydso_access.policy.settings import SettableAt, Setting, Stricter, setting, value_type

MS, SECOND, MINUTE, DAY = timedelta(milliseconds=1), timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
HOUR = timedelta(hours=1)
NUMBER, DURATION, YES_NO = int, timedelta, bool
TEXT = str
INSTALLATION, BOTH, ENTITY = SettableAt.INSTALLATION, SettableAt.PLATFORM_AND_ENTITY, SettableAt.ENTITY
HIGHER, LOWER, NEITHER = Stricter.HIGHER, Stricter.LOWER, Stricter.NEITHER
ON_BOTH = Stricter.BOTH

# name: type, least, preset, greatest, None allowed, where it may be set, which way is stricter
EXPECTED = {
    "lockout.account.failures": (NUMBER, 1, 5, 1000, False, INSTALLATION, LOWER),
    "lockout.account.window": (DURATION, MINUTE, 24 * HOUR, 366 * DAY, True, INSTALLATION, HIGHER),
    "lockout.account.block": (DURATION, MINUTE, HOUR, 366 * DAY, False, INSTALLATION, HIGHER),
    "lockout.address.failures": (NUMBER, 1, 10, 1000, False, INSTALLATION, LOWER),
    "lockout.address.window": (DURATION, MINUTE, 24 * HOUR, 366 * DAY, True, INSTALLATION, HIGHER),
    "lockout.address.block": (DURATION, MINUTE, 24 * HOUR, 366 * DAY, False, INSTALLATION, HIGHER),
    "lockout.codes.failures": (NUMBER, 1, 5, 1000, False, INSTALLATION, LOWER),
    "lockout.codes.window": (DURATION, MINUTE, 10 * MINUTE, 366 * DAY, True, INSTALLATION, HIGHER),
    "lockout.codes.block": (DURATION, MINUTE, 10 * MINUTE, 366 * DAY, False, INSTALLATION, HIGHER),
    "lockout.blocked_attempts_count": (YES_NO, None, True, None, False, INSTALLATION, HIGHER),
    "lockout.hard_cap": (NUMBER, 1, None, 10_000, True, INSTALLATION, LOWER),
    "lockout.lease": (DURATION, SECOND, 30 * SECOND, MINUTE, False, INSTALLATION, NEITHER),
    "lockout.charge_wait": (DURATION, 10 * MS, 2 * SECOND, MINUTE, False, INSTALLATION, NEITHER),
    "lockout.ipv6_prefix": (NUMBER, 16, 64, 128, False, INSTALLATION, LOWER),
    "names.max_length": (NUMBER, 16, 254, 1024, False, INSTALLATION, NEITHER),
    "names.min_length": (NUMBER, 1, 6, 16, False, INSTALLATION, NEITHER),
    "names.special": (TEXT, None, "._-@", None, False, INSTALLATION, NEITHER),
    "passwords.min_length": (NUMBER, 8, 9, 64, False, BOTH, HIGHER),
    "passwords.max_length": (NUMBER, 64, 128, 256, False, INSTALLATION, NEITHER),
    "passwords.composition": (Composition, None, Composition.ALWAYS, None, False, BOTH, HIGHER),
    "passwords.require_lowercase": (YES_NO, None, False, None, False, BOTH, HIGHER),
    "passwords.refuse_names": (YES_NO, None, True, None, False, BOTH, HIGHER),
    "rotation.days": (NUMBER, 1, None, 3650, True, BOTH, LOWER),
    "rotation.history": (NUMBER, 0, 0, 24, False, BOTH, HIGHER),
    "second_factor.required": (YES_NO, None, False, None, False, BOTH, HIGHER),
    "second_factor.with_sso": (WithSso, None, WithSso.ALWAYS, None, False, BOTH, HIGHER),
    "second_factor.steps_back": (NUMBER, 0, 1, 2, False, INSTALLATION, LOWER),
    "second_factor.steps_ahead": (NUMBER, 0, 0, 1, False, INSTALLATION, LOWER),
    "second_factor.algorithm": (Algorithm, None, Algorithm.SHA1, None, False, INSTALLATION, NEITHER),
    "second_factor.recovery_codes": (NUMBER, 1, 10, 20, False, INSTALLATION, NEITHER),
    "sso.assertion_age": (DURATION, 10 * SECOND, 5 * MINUTE, HOUR, False, INSTALLATION, LOWER),
    "sso.skew": (DURATION, timedelta(0), 15 * SECOND, 2 * MINUTE, False, INSTALLATION, LOWER),
    "sso.trusted": (Words, None, Words(), None, False, INSTALLATION, NEITHER),
    "addresses.networks": (Networks, None, None, None, True, BOTH, ON_BOTH),
    "addresses.recipient": (Recipient, None, Recipient.ADMINISTRATOR, None, False, BOTH, HIGHER),
    "addresses.code": (DURATION, MINUTE, 10 * MINUTE, 10 * MINUTE, False, INSTALLATION, LOWER),
    "addresses.sends": (NUMBER, 1, 3, 20, False, INSTALLATION, LOWER),
    "addresses.sends_window": (DURATION, MINUTE, 10 * MINUTE, DAY, False, INSTALLATION, HIGHER),
    "hashing.memory_kib": (NUMBER, 8, 65536, 2 * 1024 * 1024, False, INSTALLATION, HIGHER),
    "hashing.time_cost": (NUMBER, 1, 3, 64, False, INSTALLATION, HIGHER),
    "hashing.lanes": (NUMBER, 1, 4, 64, False, INSTALLATION, NEITHER),
    "hashing.max_parallel": (NUMBER, 1, 4, 1024, False, INSTALLATION, NEITHER),
    "hashing.slot_wait": (DURATION, MS, 5 * SECOND, MINUTE, False, INSTALLATION, NEITHER),
    "hashing.insecure_for_tests": (YES_NO, None, False, None, False, INSTALLATION, LOWER),
    "tokens.invitation": (DURATION, HOUR, 30 * DAY, 30 * DAY, False, INSTALLATION, LOWER),
    "tokens.reset": (DURATION, 5 * MINUTE, HOUR, DAY, False, INSTALLATION, LOWER),
    "tokens.reset_pause": (DURATION, timedelta(0), 5 * MINUTE, HOUR, False, INSTALLATION, HIGHER),
    "tokens.resets_a_day": (NUMBER, 1, 5, 100, False, INSTALLATION, LOWER),
    "tokens.email_confirmation": (DURATION, 5 * MINUTE, DAY, 30 * DAY, False, INSTALLATION, LOWER),
    "tokens.sign_in": (DURATION, 2 * MINUTE, 15 * MINUTE, HOUR, False, INSTALLATION, LOWER),
    "tokens.step_up": (DURATION, MINUTE, 15 * MINUTE, 12 * HOUR, False, INSTALLATION, LOWER),
    "dormancy.months": (NUMBER, 1, None, 120, True, BOTH, LOWER),
    "visibility.collectors": (YES_NO, None, False, None, False, ENTITY, HIGHER),
    "visibility.sales": (YES_NO, None, False, None, False, ENTITY, HIGHER),
    "visibility.sales_administration": (YES_NO, None, False, None, False, ENTITY, HIGHER),
    "visibility.guests": (YES_NO, None, False, None, False, ENTITY, HIGHER),
    "links.interactive": (DURATION, DAY, None, 3660 * DAY, True, ENTITY, LOWER),
    "links.documents": (DURATION, DAY, None, 3660 * DAY, True, ENTITY, LOWER),
    "account.max_users": (NUMBER, 1, None, 10_000_000, True, INSTALLATION, LOWER),
    "account.event_retention": (DURATION, 30 * DAY, None, 36600 * DAY, True, INSTALLATION, NEITHER),
}
# What else has to be set for a bound to be reachable: two settings of one group may limit each other.
COMPANIONS = {
    ("hashing.memory_kib", 8): {"lanes": 1, "insecure_for_tests": True},
    ("hashing.memory_kib", 2 * 1024 * 1024): {"time_cost": 2},
    ("hashing.time_cost", 1): {"insecure_for_tests": True},
    ("lockout.lease", SECOND): {"charge_wait": SECOND},
    ("lockout.charge_wait", MINUTE): {"lease": MINUTE},
}
SETTINGS = dict(all_settings(SecurityPolicy))
BOUNDED = [name for name, field in SETTINGS.items() if field.metadata[Setting].minimum is not None]
STEP = {int: 1, timedelta: timedelta.resolution}


def group_of(name: str) -> object:
    """Return the preset's group that holds the setting `name`."""
    group: object = SecurityPolicy()
    for part in name.split(".")[:-1]:
        group = getattr(group, part)
    return group


def build(name: str, value: object) -> object:
    """Return the value that the setting has once its group is built with it."""
    last = name.rpartition(".")[2]
    changes = {last: value} | COMPANIONS.get((name, value), {})
    return getattr(attrs.evolve(group_of(name), **changes), last)


@pytest.fixture
def validators_switched_off() -> Iterator[None]:
    before = attrs.validators.get_disabled()
    attrs.validators.set_disabled(True)
    yield
    attrs.validators.set_disabled(before)


def test_the_settings_are_these_and_no_others() -> None:
    assert list(EXPECTED) == list(SETTINGS)


@pytest.mark.parametrize("name", EXPECTED)
def test_type_bounds_preset_place_and_order_are_as_decided_d3_d13_d17_s38(name: str) -> None:
    field = SETTINGS[name]
    declared = field.metadata[Setting]
    default = getattr(group_of(name), field.name)
    found = (value_type(field), declared.minimum, default, declared.maximum, declared.optional)
    assert EXPECTED[name] == (*found, declared.at, declared.stricter)


@pytest.mark.parametrize("name", BOUNDED)
@pytest.mark.parametrize("bound", ["minimum", "maximum"])
def test_the_bound_itself_is_accepted(name: str, bound: str) -> None:
    value = getattr(SETTINGS[name].metadata[Setting], bound)
    assert value == build(name, value)


def outside(name: str) -> list[object]:
    declared, kind = SETTINGS[name].metadata[Setting], value_type(SETTINGS[name])
    return [declared.minimum - STEP[kind], declared.maximum + STEP[kind]]


@pytest.mark.parametrize("name", BOUNDED)
@pytest.mark.parametrize("side", [0, 1], ids=["below", "above"])
def test_just_outside_is_refused_naming_field_value_and_bounds(name: str, side: int) -> None:
    value, declared = outside(name)[side], SETTINGS[name].metadata[Setting]
    with pytest.raises(InvalidPolicy) as refused:
        build(name, value)
    assert f"{type(group_of(name)).__name__}.{SETTINGS[name].name}" == refused.value.field
    assert f"{value!r} ({type(value).__name__})" == refused.value.given
    bounds = f"({declared.unit}) from {declared.minimum} to {declared.maximum}"
    assert bounds in refused.value.expected
    assert declared.optional == refused.value.expected.endswith(", or None")


@pytest.mark.parametrize("name", BOUNDED)
@pytest.mark.usefixtures("validators_switched_off")
def test_bounds_hold_even_where_attrs_validators_are_switched_off(name: str) -> None:
    for value in outside(name):
        with pytest.raises(InvalidPolicy):
            build(name, value)


@pytest.mark.usefixtures("validators_switched_off")
def test_the_floor_and_the_pairs_hold_even_where_attrs_validators_are_switched_off() -> None:
    for name, value in (("hashing.memory_kib", 8), ("lockout.charge_wait", MINUTE)):
        with pytest.raises(InvalidPolicy):
            attrs.evolve(group_of(name), **{name.rpartition(".")[2]: value})


class Number(int):
    """A subclass may compare as it likes, so it is none of ours."""


class Duration(timedelta):
    """As `Number`."""


class Text(str):
    """As `Number`."""

    __slots__ = ()


class Five(IntEnum):
    """A number in disguise."""

    FIVE = 5


class Other(Enum):
    """An enumeration that is not the setting's, with a member of the same value."""

    ALWAYS = "always"


WRONG = {
    int: [True, False, 5.0, "5", b"5", Number(100), Five.FIVE, 5 + 0j, float("nan"), timedelta(5), (5,), object],
    timedelta: [60, 60.0, "60s", True, Duration(minutes=1), HOUR.total_seconds()],
    bool: [0, 1, "true", "", "yes", (), 1.0],
    str: [b"._", 5, ("._",), frozenset("._"), True, Text("._"), Other.ALWAYS],
    Composition: ["always", Other.ALWAYS, WithSso.ALWAYS, True, 2, Composition],
    WithSso: ["always", Other.ALWAYS, Composition.ALWAYS, True, 2, WithSso],
    Algorithm: ["sha1", True, 1, Algorithm],
    Recipient: ["user", True, 1, Recipient],
    Networks: ["192.0.2.1", ("192.0.2.1",), Words(), frozenset[str](), True, Networks],
    Words: ["mfa", ("mfa",), Networks(()), frozenset[str](), True, Words],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_wrong_type_is_refused_naming_it_also_a_bool_for_a_number(name: str) -> None:
    declared = SETTINGS[name].metadata[Setting]
    for value in [*WRONG[value_type(SETTINGS[name])], *([] if declared.optional else [None])]:
        with pytest.raises(InvalidPolicy) as refused:
            build(name, value)
        assert refused.value.field.endswith(f".{SETTINGS[name].name}")
        assert refused.value.given.startswith(repr(value)[:20])
        assert f"({type(value).__name__})" in refused.value.given


@pytest.mark.parametrize("name", EXPECTED)
def test_none_is_accepted_exactly_where_the_declaration_says_so(name: str) -> None:
    accepted = True
    try:
        assert build(name, None) is None
    except InvalidPolicy:
        accepted = False
    assert accepted is EXPECTED[name][4]


def test_a_refused_enumeration_names_all_its_members() -> None:
    with pytest.raises(InvalidPolicy) as refused:
        PasswordPolicy(composition="always")
    assert refused.value.expected == "one of Composition.NEVER, Composition.WITH_ROTATION, Composition.ALWAYS"


def test_a_refused_yes_or_no_says_what_it_wants() -> None:
    with pytest.raises(InvalidPolicy) as refused:
        LockoutPolicy(blocked_attempts_count=1)
    assert str(refused.value) == "LockoutPolicy.blocked_attempts_count is 1 (int): expected a bool"


def test_an_absurdly_large_number_is_refused_like_any_other() -> None:
    with pytest.raises(InvalidPolicy):
        build("lockout.account.failures", 10**5000)


@pytest.mark.parametrize("name", EXPECTED)
def test_every_setting_declares_unit_source_order_place_and_meaning(name: str) -> None:
    declared = SETTINGS[name].metadata[Setting]
    assert declared.unit.strip() == declared.unit != ""
    assert re.search(r"[SDA]\d+|RFC \d+|NIST|ASVS|OWASP|GDPR|architecture", declared.source)
    assert isinstance(declared.stricter, Stricter)
    assert isinstance(declared.at, SettableAt)
    assert declared.doc.endswith(".")
    assert len(declared.doc) > 20
    assert (declared.minimum is None) == (declared.maximum is None)


@pytest.mark.parametrize(
    "name", [name for name in EXPECTED if name.split(".")[0] in ("lockout", "names", "hashing", "sso")]
)
def test_lockout_names_hashing_and_what_sso_proves_are_the_installations_alone_s38_d17(name: str) -> None:
    assert SETTINGS[name].metadata[Setting].at is SettableAt.INSTALLATION


@pytest.mark.parametrize("name", [name for name in EXPECTED if name.split(".")[0] in ("visibility", "links")])
def test_role_restriction_and_expiry_of_links_exist_at_entity_level_only_s27(name: str) -> None:
    assert SETTINGS[name].metadata[Setting].at is SettableAt.ENTITY


def test_the_options_that_both_levels_have_are_these_s19_s20() -> None:
    both = [name for name, field in SETTINGS.items() if field.metadata[Setting].at is SettableAt.PLATFORM_AND_ENTITY]
    assert both == [
        "passwords.min_length",
        "passwords.composition",
        "passwords.require_lowercase",
        "passwords.refuse_names",
        "rotation.days",
        "rotation.history",
        "second_factor.required",
        "second_factor.with_sso",
        "addresses.networks",
        "addresses.recipient",
        "dormancy.months",
    ]


def test_every_unit_of_a_duration_is_duration() -> None:
    durations = {name for name, field in SETTINGS.items() if value_type(field) is timedelta}
    assert {name for name, field in SETTINGS.items() if field.metadata[Setting].unit == "duration"} == durations


def test_all_settings_starts_from_any_group_and_with_any_prefix() -> None:
    assert [name for name, _ in all_settings(PasswordPolicy, "here.")] == [
        "here.min_length",
        "here.max_length",
        "here.composition",
        "here.require_lowercase",
        "here.refuse_names",
    ]


def test_a_field_without_declaration_and_without_type_is_no_setting() -> None:
    odd = attrs.make_class("Odd", {"untyped": attrs.field(default=1), "real": setting(2, **declaration())})
    assert [name for name, _ in all_settings(odd)] == ["real"]


def declaration() -> dict[str, object]:
    return {"unit": "u", "source": "S1", "stricter": Stricter.NEITHER, "doc": "Nothing."}


def test_a_declaration_is_complete_or_is_none() -> None:
    for missing in declaration():
        rest = {key: value for key, value in declaration().items() if key != missing}
        with pytest.raises(TypeError, match=missing):
            setting(1, **rest)
