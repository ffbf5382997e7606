"""The whole policy: the preset's exact figures, immutable, its groups of the right type."""

import copy
import pickle
from datetime import timedelta

import attrs
import pytest

from mydso_access.errors import InvalidPolicy
from mydso_access.policy import (
    AccountPolicy,
    AddressPolicy,
    Algorithm,
    Composition,
    DormancyPolicy,
    HashingPolicy,
    LinkPolicy,
    LockoutPolicy,
    NamePolicy,
    PasswordPolicy,
    Recipient,
    RotationPolicy,
    SecondFactorPolicy,
    SecurityPolicy,
    SsoPolicy,
    TokenPolicy,
    VisibilityPolicy,
    WithSso,
    Words,
)

PRESET = {
    "lockout": {
        "account": {"failures": 5, "window": timedelta(hours=24), "block": timedelta(hours=1)},
        "address": {"failures": 10, "window": timedelta(hours=24), "block": timedelta(hours=24)},
        "codes": {"failures": 5, "window": timedelta(minutes=10), "block": timedelta(minutes=10)},
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
    "rotation": {"days": None, "history": 0},
    "second_factor": {
        "required": False,
        "with_sso": WithSso.ALWAYS,
        "steps_back": 1,
        "steps_ahead": 0,
        "algorithm": Algorithm.SHA1,
        "recovery_codes": 10,
    },
    "sso": {"assertion_age": timedelta(minutes=5), "skew": timedelta(seconds=15), "trusted": Words()},
    "addresses": {
        "networks": None,
        "recipient": Recipient.ADMINISTRATOR,
        "code": timedelta(minutes=10),
        "sends": 3,
        "sends_window": timedelta(minutes=10),
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
        "sign_in": timedelta(minutes=15),
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
    "rotation": RotationPolicy,
    "second_factor": SecondFactorPolicy,
    "sso": SsoPolicy,
    "addresses": AddressPolicy,
    "hashing": HashingPolicy,
    "tokens": TokenPolicy,
    "dormancy": DormancyPolicy,
    "visibility": VisibilityPolicy,
    "links": LinkPolicy,
    "account": AccountPolicy,
}


def as_dict(policy: SecurityPolicy) -> dict[str, object]:
    """Return a policy as a dictionary of dictionaries, its lists as they are."""
    return attrs.asdict(policy, recurse=False) | {
        name: attrs.asdict(getattr(policy, name), recurse=name == "lockout") for name in GROUPS
    }


def test_the_preset_has_the_products_figures_and_no_others_s1_s9_s24_s36_s37_d1_d3_d4_d5_d8_d9_d13_d14() -> None:
    assert PRESET == as_dict(SecurityPolicy.my_dso_manager())


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
    assert PRESET == as_dict(policy)


def test_equal_policies_are_equal_and_hash_alike_also_after_copy_and_pickle() -> None:
    policy = SecurityPolicy(names=NamePolicy(max_length=100))
    for other in (copy.copy(policy), copy.deepcopy(policy), pickle.loads(pickle.dumps(policy))):
        assert policy == other
        assert hash(policy) == hash(other)
    assert policy != SecurityPolicy()


NEVER, WITH_ROTATION, ALWAYS = Composition.NEVER, Composition.WITH_ROTATION, Composition.ALWAYS


@pytest.mark.parametrize(
    ("composition", "days", "expected"),
    [
        (NEVER, None, NEVER),
        (NEVER, 30, NEVER),
        (WITH_ROTATION, None, NEVER),
        (WITH_ROTATION, 1, ALWAYS),
        (WITH_ROTATION, 3650, ALWAYS),
        (ALWAYS, None, ALWAYS),
        (ALWAYS, 30, ALWAYS),
    ],
)
def test_d1_s24_binds_with_the_rotation_where_the_seed_is_read_to_the_letter(
    composition: Composition, days: int | None, expected: Composition
) -> None:
    passwords = PasswordPolicy(composition=composition, min_length=12)
    policy = SecurityPolicy(passwords=passwords, rotation=RotationPolicy(days=days))
    assert attrs.evolve(passwords, composition=expected) == policy.binding_passwords
    assert (expected is ALWAYS) is policy.binding_passwords.composition_binds
    assert passwords == policy.passwords


@pytest.mark.parametrize("special", ["._ ", "\t", "a\u202eb", "\n"])
def test_a3_what_nobody_can_see_cannot_be_part_of_a_new_name(special: str) -> None:
    with pytest.raises(InvalidPolicy, match=r"NamePolicy\.special"):
        NamePolicy(special=special)
