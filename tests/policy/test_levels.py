"""Strictest wins is a join over every setting (D6, A14), and each level asks only for what it may (S19, S20, S27, S38)."""

from datetime import timedelta
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, collapse_addresses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydso_access.errors import InvalidPolicy
from mydso_access.policy import (
    Composition,
    EffectivePolicy,
    Level,
    Networks,
    Recipient,
    SecurityPolicy,
    StructurePolicy,
    WithSso,
    strictest,
)
from mydso_access.policy.dotted import value_of
from mydso_access.policy.levels import joined, may_be_set_at, stricter
from mydso_access.policy.settings import SettableAt, Setting, Stricter
from tests.policy.strategies import SETTINGS, SHARED, STRUCTURES, security_policies, structure_policies, values_of

HIGHER, LOWER, NEITHER = Stricter.HIGHER, Stricter.LOWER, Stricter.NEITHER
ORDERED = [name for name in SETTINGS if SETTINGS[name].metadata[Setting].stricter in (HIGHER, LOWER)]
LISTS = [name for name in SETTINGS if SETTINGS[name].metadata[Setting].stricter is Stricter.BOTH]
UNORDERED = [name for name in SETTINGS if name not in (*ORDERED, *LISTS)]
# An address of each part into which the lists of `strategies.NETWORKS` divide all addresses.
ADDRESSES = [
    *map(IPv4Address, ("192.0.2.1", "192.0.2.2", "192.0.2.200", "203.0.113.9", "8.8.8.8")),
    *map(IPv6Address, ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::", "2001:db8:1::1", "2001:db8:2::", "fe80::1")),
]


def naive_rank(name: str, value: Any) -> float:
    """Say how strict a value is, from the declaration's words alone: "`None` stands for without end"."""
    match value:
        case None:
            size = float("inf")
        case timedelta():
            size = float(value // timedelta.resolution)
        case Enum():
            size = float(list(type(value)).index(value))
        case _:
            size = float(value)
    return size if SETTINGS[name].metadata[Setting].stricter is HIGHER else -size


def let_in(networks: Networks | None) -> set[IPv4Address | IPv6Address]:
    """Say which addresses a list lets in: `None` stands for all of them (S21)."""
    return {each for each in ADDRESSES if networks is None or each in networks}


def collapsed(value: Any) -> Any:
    """Return a list without what lies in another of its networks, or is the half of one; other values as they are."""
    if not isinstance(value, Networks):
        return value
    of_each = ([each for each in value.items if each.version == version] for version in (4, 6))
    return Networks(network for several in of_each for network in collapse_addresses(several))


def is_as_strict(name: str, value: Any, as_: Any) -> bool:
    if name in LISTS:
        return let_in(value) <= let_in(as_)
    return naive_rank(name, value) >= naive_rank(name, as_)


# --- one setting


@given(st.data())
@pytest.mark.parametrize("name", ORDERED)
def test_d6_the_stricter_of_two_values_is_a_join(name: str, data: st.DataObject) -> None:
    one, two, three = (data.draw(values_of(name)) for _ in range(3))
    both = stricter(name, one, two)
    assert both in (one, two)
    assert naive_rank(name, both) == max(naive_rank(name, one), naive_rank(name, two))  # never weaker than either
    assert both == stricter(name, two, one)
    assert one == stricter(name, one, one)
    assert stricter(name, both, three) == stricter(name, one, stricter(name, two, three))


@given(st.data())
@pytest.mark.parametrize("name", LISTS)
def test_a14_of_two_lists_what_is_on_both_is_a_join(name: str, data: st.DataObject) -> None:
    one, two, three = (data.draw(values_of(name)) for _ in range(3))
    both = stricter(name, one, two)
    assert let_in(one) & let_in(two) == let_in(both)  # let in by both is let in by each, and the other way round
    assert both == stricter(name, two, one)
    assert collapsed(one) == stricter(name, one, one)  # each address once, however often the list says it
    assert stricter(name, both, three) == stricter(name, one, stricter(name, two, three))


@pytest.mark.parametrize(
    ("name", "one", "other", "expected"),
    [
        ("lockout.account.failures", 5, 4, 4),
        ("lockout.account.window", None, timedelta(days=366), None),  # never forgetting is stricter than a year
        ("lockout.account.window", timedelta(hours=1), timedelta(hours=2), timedelta(hours=2)),
        ("lockout.hard_cap", None, 10_000, 10_000),  # any cap is stricter than none
        ("dormancy.months", None, 120, 120),
        ("dormancy.months", 3, 6, 3),
        ("links.interactive", None, timedelta(days=3660), timedelta(days=3660)),
        ("account.max_users", 1, None, 1),
        ("passwords.min_length", 9, 12, 12),
        ("passwords.composition", Composition.NEVER, Composition.WITH_ROTATION, Composition.WITH_ROTATION),
        ("passwords.composition", Composition.ALWAYS, Composition.WITH_ROTATION, Composition.ALWAYS),
        ("visibility.guests", False, True, True),
        ("hashing.insecure_for_tests", False, True, False),
        ("tokens.reset_pause", timedelta(0), timedelta(minutes=5), timedelta(minutes=5)),
        ("rotation.days", None, 3650, 3650),
        ("rotation.history", 0, 3, 3),
        ("second_factor.required", False, True, True),
        ("second_factor.with_sso", WithSso.NEVER, WithSso.UNLESS_TRUSTED, WithSso.UNLESS_TRUSTED),
        ("second_factor.with_sso", WithSso.ALWAYS, WithSso.UNLESS_TRUSTED, WithSso.ALWAYS),
        ("addresses.recipient", Recipient.USER, Recipient.ADMINISTRATOR, Recipient.ADMINISTRATOR),
        ("addresses.networks", None, Networks("192.0.2.1"), Networks("192.0.2.1")),
        ("addresses.networks", None, Networks(()), Networks(())),
        ("addresses.networks", Networks("192.0.2.0/24"), Networks("192.0.2.7, 8.8.8.8"), Networks("192.0.2.7")),
        ("addresses.networks", Networks("192.0.2.0/24"), Networks("2001:db8::/32"), Networks(())),
        ("addresses.networks", Networks("0.0.0.0/0"), Networks("::/0"), Networks(())),
    ],
)
def test_d6_the_stricter_value_is_this_one(name: str, one: Any, other: Any, expected: Any) -> None:
    assert expected == stricter(name, one, other)
    assert expected == stricter(name, other, one)


@pytest.mark.parametrize("name", UNORDERED)
def test_where_no_value_is_stricter_two_are_refused(name: str) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        stricter(name, 1, 2)
    assert refused.value.field == name


# --- declarations: what keeps a new setting from slipping through


@pytest.mark.parametrize("name", SETTINGS)
def test_only_a_setting_of_the_installation_alone_may_be_without_an_order(name: str) -> None:
    declared = SETTINGS[name].metadata[Setting]
    assert declared.stricter is not NEITHER or declared.at is SettableAt.INSTALLATION


@pytest.mark.parametrize("name", SETTINGS)
def test_s19_s20_s27_s38_who_may_ask_for_a_setting_is_declared_with_it(name: str) -> None:
    expected = {
        SettableAt.INSTALLATION: set[Level](),  # S38
        SettableAt.ENTITY: {Level.ENTITY},  # S27
        SettableAt.PLATFORM_AND_ENTITY: {Level.PLATFORM, Level.ENTITY},  # S19 S20
    }[SETTINGS[name].metadata[Setting].at]
    assert expected == {level for level in Level if may_be_set_at(name, level)}


def test_s27_s38_no_structure_asks_for_lock_out_and_no_platform_for_visibility_or_links() -> None:
    groups = {level: {name.split(".")[0] for name in SETTINGS if may_be_set_at(name, level)} for level in Level}
    assert groups == {
        Level.INSTALLATION: set(),
        Level.PLATFORM: {"passwords", "rotation", "second_factor", "addresses", "dormancy"},
        Level.ENTITY: {"passwords", "rotation", "second_factor", "addresses", "dormancy", "visibility", "links"},
    }


# --- what a structure asks for


def test_a_structure_asks_only_for_what_it_names() -> None:
    policy = StructurePolicy({"passwords.min_length": 12, "dormancy.months": 6})
    assert policy.asks == (("dormancy.months", 6), ("passwords.min_length", 12))
    assert policy.asking("dormancy.months", 3) == StructurePolicy({"passwords.min_length": 12, "dormancy.months": 3})
    assert policy.without("dormancy.months") == StructurePolicy({"passwords.min_length": 12})
    assert policy.without("links.documents") == policy
    assert StructurePolicy().asks == ()


@given(st.data())
def test_the_order_in_which_asks_are_named_does_not_matter(data: st.DataObject) -> None:
    policy = data.draw(structure_policies())
    shuffled = StructurePolicy(data.draw(st.permutations(policy.asks)))
    assert policy == shuffled
    assert hash(policy) == hash(shuffled)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("passwords.min_length", 7),
        ("passwords.min_length", True),
        ("passwords.min_length", "12"),
        ("passwords.min_length", None),
        ("dormancy.months", 0),
        ("dormancy.months", -1),
        ("dormancy.months", 121),
        ("visibility.guests", 1),
        ("passwords.composition", "always"),
        ("rotation.days", 0),
        ("rotation.history", 25),
        ("second_factor.with_sso", Composition.ALWAYS),
        ("addresses.networks", "192.0.2.1"),
        ("addresses.networks", ("192.0.2.1",)),
    ],
)
def test_a_value_that_is_none_of_the_settings_is_refused_by_its_dotted_name(name: str, value: object) -> None:
    for build in (lambda: StructurePolicy({name: value}), lambda: StructurePolicy().asking(name, value)):
        with pytest.raises(InvalidPolicy) as refused:
            build()
        assert refused.value.field == name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("dormancy.month", "the name of a setting; did you mean dormancy.months?"),
        ("", "one of lockout.account.failures"),
    ],
)
def test_an_unknown_setting_is_refused(name: str, expected: str) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        StructurePolicy({name: 1})
    assert refused.value.expected.startswith(expected)


# --- what structures ask for together


def as_strict(policy: StructurePolicy, than: StructurePolicy) -> bool:
    asks = dict(policy.asks)
    return all(name in asks and is_as_strict(name, asks[name], as_=value) for name, value in than.asks)


policies = structure_policies()


@given(policies, policies, policies)
def test_d6_what_structures_ask_for_together_is_a_join(
    one: StructurePolicy, two: StructurePolicy, three: StructurePolicy
) -> None:
    both = strictest(one, two)
    assert both == strictest(two, one)
    assert StructurePolicy((name, collapsed(value)) for name, value in one.asks) == strictest(one, one)
    assert strictest(both, three) == strictest(one, strictest(two, three)) == strictest(one, two, three)
    assert as_strict(both, one)
    assert as_strict(both, two)
    assert set(dict(both.asks)) == set(dict(one.asks)) | set(dict(two.asks))


@given(policies)
def test_d6_who_asks_nothing_changes_nothing(policy: StructurePolicy) -> None:
    assert policy == strictest(policy, StructurePolicy()) == strictest(policy)
    assert StructurePolicy() == strictest()


# --- the effective policy


asked_for = st.fixed_dictionaries({}, optional=dict.fromkeys(STRUCTURES, policies))


@given(security_policies(), asked_for)
def test_d6_the_effective_policy_is_never_weaker_than_any_level(
    installation: SecurityPolicy, asked: dict[Level, StructurePolicy]
) -> None:
    effective = joined(installation, asked)
    for name in SETTINGS:
        wanted = {Level.INSTALLATION: value_of(installation, name)}
        for level, structure in asked.items():
            if name in dict(structure.asks) and may_be_set_at(name, level):
                wanted[level] = dict(structure.asks)[name]
        value = value_of(effective.policy, name)
        if name in LISTS:
            assert set.intersection(*map(let_in, wanted.values())) == let_in(value)
            assert effective.levels(name) == {
                level for level, each in wanted.items() if (each is None) is (value is None)
            }
            continue
        assert value in wanted.values()
        if name in ORDERED:
            assert naive_rank(name, value) == max(naive_rank(name, each) for each in wanted.values())
        assert effective.levels(name) == {level for level, each in wanted.items() if each == value}


@given(security_policies(), policies)
def test_s27_what_only_entities_may_ask_for_the_platform_does_not_get(
    installation: SecurityPolicy, policy: StructurePolicy
) -> None:
    effective = joined(installation, {Level.PLATFORM: policy})
    for name in SHARED:
        if not may_be_set_at(name, Level.PLATFORM):
            assert value_of(installation, name) == value_of(effective.policy, name)
            assert effective.levels(name) == {Level.INSTALLATION}


def test_s38_what_a_structure_must_not_ask_for_has_no_effect_even_if_it_is_stored() -> None:
    asked = StructurePolicy(
        {"lockout.account.failures": 1, "names.max_length": 16, "tokens.reset": timedelta(minutes=5)}
    )
    effective = joined(SecurityPolicy(), {Level.PLATFORM: asked, Level.ENTITY: asked})
    assert SecurityPolicy() == effective.policy
    assert effective.levels("lockout.account.failures") == {Level.INSTALLATION}


def test_a_value_knows_every_level_that_asks_for_it() -> None:
    six = StructurePolicy({"dormancy.months": 6, "passwords.min_length": 9})
    three = StructurePolicy({"dormancy.months": 3})
    effective = joined(SecurityPolicy(), {Level.PLATFORM: six, Level.ENTITY: three})
    assert effective.policy.dormancy.months == 3
    assert effective.levels("dormancy.months") == {Level.ENTITY}
    assert effective.levels("passwords.min_length") == {Level.INSTALLATION, Level.PLATFORM}
    both = joined(SecurityPolicy(), {Level.PLATFORM: six, Level.ENTITY: six})
    assert both.levels("dormancy.months") == {Level.PLATFORM, Level.ENTITY}


def test_a14_every_list_has_its_part_in_what_is_on_all_of_them_s21() -> None:
    wide, narrow = Networks("192.0.2.0/24, 8.8.8.8"), Networks("192.0.2.7")
    asked = {
        Level.PLATFORM: StructurePolicy({"addresses.networks": wide}),
        Level.ENTITY: StructurePolicy({"addresses.networks": narrow}),
    }
    effective = joined(SecurityPolicy(), asked)
    assert narrow == effective.policy.addresses.networks
    assert {Level.PLATFORM, Level.ENTITY} == effective.levels("addresses.networks")
    lax = joined(SecurityPolicy(), {Level.ENTITY: StructurePolicy({"addresses.networks": None})})
    assert lax.policy.addresses.networks is None
    assert {Level.INSTALLATION, Level.ENTITY} == lax.levels("addresses.networks")


def test_a_setting_that_nobody_was_asked_about_is_the_installations() -> None:
    assert EffectivePolicy(SecurityPolicy(), {}).levels("dormancy.months") == {Level.INSTALLATION}


def test_an_entity_tightens_and_never_relaxes_a14() -> None:
    lax = StructurePolicy(
        {"passwords.min_length": 8, "passwords.composition": Composition.NEVER, "dormancy.months": None}
    )
    assert SecurityPolicy() == joined(SecurityPolicy(), {Level.ENTITY: lax}).policy


@pytest.mark.parametrize("asks", [{5: 1}, {5: 1, "dormancy.months": 6}, {None: 1}])
def test_what_is_no_name_of_a_setting_is_said_in_our_words(asks: dict[object, object]) -> None:
    with pytest.raises(InvalidPolicy, match="expected a setting's dotted name"):
        StructurePolicy(asks)


@pytest.mark.parametrize("asks", [None, "ab", 7, [1, 2]])
def test_what_is_no_mapping_of_names_is_said_in_our_words(asks: object) -> None:
    with pytest.raises(InvalidPolicy, match="asks is"):
        StructurePolicy(asks)
