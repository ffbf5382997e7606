"""Whose policy binds whom, and where (S19, S20; D6, A14, invariants 8 and 9)."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydso_access.decisions.levels import Levels, effective_policy, levels_of, policy_at_home, value_at
from mydso_access.errors import InvalidValue
from mydso_access.model import StructureRecord, User
from mydso_access.policy import DormancyPolicy, Level, PasswordPolicy, SecurityPolicy, StructurePolicy
from mydso_access.policy.dotted import value_of
from mydso_access.policy.levels import joined, may_be_set_at
from mydso_access.policy.settings import Setting, Stricter
from tests.decisions.people import GROUP, LYON, PARIS, anna, contact, multi
from tests.policy.strategies import SETTINGS, security_policies, structure_policies

INSTALLATION = SecurityPolicy(passwords=PasswordPolicy(min_length=10), dormancy=DormancyPolicy(months=12))


def asking(record: StructureRecord, **asks: int) -> StructureRecord:
    names = {"months": "dormancy.months", "min_length": "passwords.min_length"}
    return attrs.evolve(record, policy=StructurePolicy({names[name]: value for name, value in asks.items()}))


STRICT_GROUP = asking(GROUP, months=3, min_length=9)
STRICT_LYON = asking(LYON, months=6, min_length=14)


@pytest.mark.parametrize(
    ("user", "platform", "entity", "months", "min_length"),
    [
        (anna(), None, None, 12, 10),
        (anna(), STRICT_GROUP, STRICT_LYON, 6, 14),  # S19 does not reach users of an entity
        (anna(), STRICT_GROUP, None, 12, 10),
        (contact(), STRICT_GROUP, STRICT_LYON, 6, 14),
        (multi(), STRICT_GROUP, None, 3, 10),
        (multi(), STRICT_GROUP, STRICT_LYON, 3, 14),  # the strictest of both, setting by setting
        (multi(), STRICT_GROUP, LYON, 3, 10),
        (multi(), None, STRICT_LYON, 6, 14),
        (multi(), asking(GROUP, months=24, min_length=8), None, 12, 10),  # nobody relaxes the installation's
    ],
)
def test_s19_s20_d6_the_strictest_of_the_levels_that_bind_a_user_wins(
    user: User, platform: StructureRecord, entity: StructureRecord, months: int, min_length: int
) -> None:
    policy = effective_policy(user, Levels(INSTALLATION, platform, entity)).policy
    assert (months, min_length) == (policy.dormancy.months, policy.passwords.min_length)


def test_a_value_knows_who_asks_for_it() -> None:
    both = effective_policy(multi(), Levels(INSTALLATION, STRICT_GROUP, asking(LYON, months=3)))
    assert both.levels("dormancy.months") == {Level.PLATFORM, Level.ENTITY}
    assert both.levels("passwords.min_length") == {Level.INSTALLATION}


@pytest.mark.parametrize("user", [anna(), contact()], ids=["active", "inactive"])
def test_s20_another_entity_never_binds_its_users_and_asking_so_is_misuse(user: User) -> None:
    with pytest.raises(InvalidValue) as refused:
        effective_policy(user, Levels(INSTALLATION, entity=PARIS))
    assert refused.value.field == "levels.entity"


@given(security_policies(), structure_policies(), structure_policies())
def test_s20_an_entitys_policy_has_no_effect_on_another_entitys_users(
    installation: SecurityPolicy, of_lyon: StructurePolicy, of_group: StructurePolicy
) -> None:
    lyon, group = attrs.evolve(LYON, policy=of_lyon), attrs.evolve(GROUP, policy=of_group)
    in_paris = anna(structure=PARIS.structure)
    assert effective_policy(in_paris, Levels(installation, group, PARIS)) == joined(
        installation, {Level.ENTITY: PARIS.policy}
    )
    assert effective_policy(anna(), Levels(installation, group, lyon)) == joined(installation, {Level.ENTITY: of_lyon})


@pytest.mark.parametrize(
    ("user", "home", "months"),
    [
        (anna(), STRICT_LYON, 6),
        (anna(), LYON, 12),
        (anna(), None, 12),
        (anna(), STRICT_GROUP, 12),
        (multi(), STRICT_GROUP, 3),
        (multi(), None, 12),
    ],
)
def test_at_home_a_users_own_structure_binds_them(user: User, home: StructureRecord | None, months: int) -> None:
    assert months == policy_at_home(user, home, INSTALLATION).policy.dormancy.months


# --- one setting alone

LISTS = {name for name, field in SETTINGS.items() if field.metadata[Setting].stricter is Stricter.BOTH}
EVERYWHERE = [name for name in SETTINGS if all(may_be_set_at(name, level) for level in (Level.PLATFORM, Level.ENTITY))]


@given(security_policies(), structure_policies(), st.sampled_from(EVERYWHERE))
def test_d6_one_setting_in_one_structure_is_what_all_of_them_joined_say(
    installation: SecurityPolicy, asked: StructurePolicy, name: str
) -> None:
    for record, user in ((LYON, anna()), (GROUP, multi())):
        asking_so = attrs.evolve(record, policy=asked)
        expected = value_of(policy_at_home(user, asking_so, installation).policy, name)
        assert expected == value_at(asking_so, installation, name)


# Of lists every level has its part in what is on all of them: nobody asks for that list alone.
ASKED_BY_SOMEBODY = [name for name in SETTINGS if may_be_set_at(name, Level.ENTITY) and name not in LISTS]


@given(security_policies(), structure_policies(), st.sampled_from(ASKED_BY_SOMEBODY))
def test_d6_who_asks_for_one_setting_is_who_asks_for_it_among_all(
    installation: SecurityPolicy, asked: StructurePolicy, name: str
) -> None:
    for record, user in ((LYON, anna()), (GROUP, multi())):
        if may_be_set_at(name, record.structure.level):
            asking_so = attrs.evolve(record, policy=asked)
            expected = policy_at_home(user, asking_so, installation).levels(name)
            assert expected == levels_of(asking_so, installation, name)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (LYON, {Level.INSTALLATION}),
        (asking(LYON, months=24), {Level.INSTALLATION}),
        (asking(LYON, months=12), {Level.INSTALLATION, Level.ENTITY}),
        (asking(LYON, months=6), {Level.ENTITY}),
        (asking(GROUP, months=6), {Level.PLATFORM}),
    ],
)
def test_d6_a_level_is_named_if_it_asks_for_what_counts(record: StructureRecord, expected: set[Level]) -> None:
    assert expected == levels_of(record, INSTALLATION, "dormancy.months")


@pytest.mark.parametrize(
    ("record", "expected"), [(LYON, 12), (asking(LYON, months=6), 6), (asking(GROUP, months=24), 12)]
)
def test_d6_one_setting_is_the_installations_unless_the_structure_is_stricter(
    record: StructureRecord, expected: int
) -> None:
    assert expected == value_at(record, INSTALLATION, "dormancy.months")
