"""The whole policy: the preset's exact figures, immutable, its groups of the right type."""

import copy
import pickle
from datetime import timedelta

import attrs
import pytest

from mydso_access.errors import InvalidPolicy
from mydso_access.policy import (
    AccountPolicy,
    Composition,
    DormancyPolicy,
    HashingPolicy,
    LinkPolicy,
    LockoutPolicy,
    NamePolicy,
    PasswordPolicy,
    SecurityPolicy,
    TokenPolicy,
    VisibilityPolicy,
)

PRESET = {
    "lockout": {
        "account": {"failures": 5, "window": timedelta(hours=24), "block": timedelta(hours=1)},
        "address": {"failures": 10, "window": timedelta(hours=24), "block": timedelta(hours=24)},
        "blocked_attempts_count": True,
        "hard_cap": None,
        "lease": timedelta(seconds=30),
        "charge_wait": timedelta(seconds=2),
        "ipv6_prefix": 64,
    },
    "names": {"max_length": 254, "min_length": 6, "special": "._-@"},
    "passwords": {
        "min_length": 9,
        "max_length": 128,
        "composition": Composition.ALWAYS,
        "require_lowercase": False,
        "refuse_names": True,
    },
    "hashing": {
        "memory_kib": 64 * 1024,
        "time_cost": 3,
        "lanes": 4,
        "max_parallel": 4,
        "slot_wait": timedelta(seconds=5),
        "insecure_for_tests": False,
    },
    "tokens": {
        "invitation": timedelta(days=30),
        "reset": timedelta(hours=1),
        "reset_pause": timedelta(minutes=5),
        "resets_a_day": 5,
        "email_confirmation": timedelta(days=1),
        "step_up": timedelta(minutes=15),
    },
    "dormancy": {"months": None},
    "visibility": {"collectors": False, "sales": False, "sales_administration": False, "guests": False},
    "links": {"interactive": None, "documents": None},
    "account": {"max_users": None, "event_retention": None},
}
GROUPS = {
    "lockout": LockoutPolicy,
    "names": NamePolicy,
    "passwords": PasswordPolicy,
    "hashing": HashingPolicy,
    "tokens": TokenPolicy,
    "dormancy": DormancyPolicy,
    "visibility": VisibilityPolicy,
    "links": LinkPolicy,
    "account": AccountPolicy,
}


def test_the_preset_has_the_products_figures_and_no_others_s1_s9_s24_s36_s37_d1_d3_d4_d5_d13() -> None:
    assert attrs.asdict(SecurityPolicy.my_dso_manager()) == PRESET


def test_s1_a1_no_limit_on_users_is_invented_and_a_host_may_set_one() -> None:
    assert SecurityPolicy.my_dso_manager().account.max_users is None
    assert SecurityPolicy(account=AccountPolicy(max_users=3)).account.max_users == 3


def test_the_preset_is_the_default() -> None:
    assert SecurityPolicy.my_dso_manager() == SecurityPolicy()


def test_every_group_is_listed_here() -> None:
    assert {field.name: field.type for field in attrs.fields(SecurityPolicy)} == GROUPS


@pytest.mark.parametrize(("group", "kind"), GROUPS.items())
def test_a_group_is_of_its_own_type_and_nothing_else(group: str, kind: type) -> None:
    others = [None, {}, PRESET[group], kind, *(other() for other in (LockoutPolicy, NamePolicy) if other is not kind)]
    for wrong in others:
        with pytest.raises(InvalidPolicy) as refused:
            SecurityPolicy(**{group: wrong})
        assert refused.value.field == f"SecurityPolicy.{group}"
        assert refused.value.expected == f"a {kind.__name__}"


def test_a_subclass_of_a_group_is_refused_since_it_could_skip_the_checks() -> None:
    class Lax(NamePolicy):
        def __attrs_post_init__(self) -> None:
            """Check nothing."""

    with pytest.raises(InvalidPolicy, match=r"SecurityPolicy\.names"):
        SecurityPolicy(names=Lax(max_length=10**6))


def test_a_policy_never_changes_and_a_changed_copy_is_checked_again() -> None:
    policy = SecurityPolicy()
    for value, field in ((policy, "lockout"), (policy.lockout.account, "failures"), (policy.names, "max_length")):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(value, field, 1)
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            delattr(value, field)
    with pytest.raises(InvalidPolicy):
        attrs.evolve(policy.names, max_length=15)
    assert attrs.asdict(policy) == PRESET


def test_equal_policies_are_equal_and_hash_alike_also_after_copy_and_pickle() -> None:
    policy = SecurityPolicy(names=NamePolicy(max_length=100))
    for other in (copy.copy(policy), copy.deepcopy(policy), pickle.loads(pickle.dumps(policy))):
        assert policy == other
        assert hash(policy) == hash(other)
    assert policy != SecurityPolicy()


@pytest.mark.parametrize("special", ["._ ", "\t", "a\u202eb", "\n"])
def test_a3_what_nobody_can_see_cannot_be_part_of_a_new_name(special: str) -> None:
    with pytest.raises(InvalidPolicy, match=r"NamePolicy\.special"):
        NamePolicy(special=special)
