"""Which powers each administration asks for: users, rights, settings, the whole account (S3, S4, S6, S18; A13, D16, D17)."""

from datetime import timedelta

import attrs
import pytest

from mydso_access.decisions.administration import (
    System,
    judge_main_administration,
    judge_management,
    judge_powers,
    judge_right,
    judge_unblocking,
    judge_whole_account,
)
from mydso_access.decisions.outcomes import Refused
from mydso_access.model import Reason, Right, Structure, StructureRecord, User
from tests.decisions.people import (
    ADMINISTRATOR,
    BOSS,
    CHIEF,
    GROUP,
    GROUP_OF_CHIEF,
    LYON,
    LYON_OF_BOSS,
    MANAGER,
    NOON,
    PARIS,
    ROLES,
    anna,
    contact,
    facts_of,
    multi,
    proven,
    refused,
)

# --- managing users


@pytest.mark.parametrize("role", [role for role in ROLES.roles if role not in ("administrator", "credit_manager")])
def test_s4_only_roles_that_manage_users_do(role: str) -> None:
    actor = anna(id="u-actor", role=role)
    for states in ((), (contact(role="guest"),), (actor,)):
        assert judge_management(proven(actor, LYON), ROLES, *states) == refused(Reason.NOT_ALLOWED, "S4", actor)


ALLOWED, MORE = None, refused(Reason.MORE_RIGHTS, "A13", MANAGER)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (contact(), None, ALLOWED),
        (anna(), None, ALLOWED),
        (anna(), anna(role="credit_manager"), ALLOWED),
        (anna(), anna(role="guest"), ALLOWED),
        (anna(), anna(role="administrator"), MORE),
        (ADMINISTRATOR, None, MORE),
        (ADMINISTRATOR, attrs.evolve(ADMINISTRATOR, role="guest"), MORE),  # nobody is demoted by who has less
        (MANAGER, attrs.evolve(MANAGER, role="administrator"), MORE),  # nor promotes themselves
        (MANAGER, attrs.evolve(MANAGER, role="guest"), ALLOWED),
        (MANAGER, attrs.evolve(MANAGER, may_import=True), MORE),
        (anna(), anna(may_import=True), MORE),
        (anna(structure=PARIS.structure), None, MORE),
        (multi(role="guest"), None, MORE),
        (anna(role="astronaut"), None, MORE),
        (anna(), anna(role="astronaut"), MORE),
        (anna(appointments=frozenset({"a-3"})), None, MORE),
        (anna(), anna(appointments=frozenset({"a-3"})), MORE),
        (contact(structure=PARIS.structure), None, MORE),
    ],
)
def test_a13_a_credit_manager_changes_only_users_who_have_no_more_before_and_after(
    before: User, after: User | None, expected: Refused | None
) -> None:
    states = [before] if after is None else [before, after]
    assert expected == judge_management(proven(MANAGER, LYON), ROLES, *states)


def test_a13_a_main_administrator_may_change_an_administrator_and_an_administrator_no_main_one() -> None:
    assert judge_management(proven(BOSS, LYON_OF_BOSS), ROLES, ADMINISTRATOR) is None
    assert judge_management(proven(BOSS, LYON_OF_BOSS), ROLES, BOSS) is None
    expected = refused(Reason.MORE_RIGHTS, "A13", ADMINISTRATOR)
    assert expected == judge_management(proven(ADMINISTRATOR, LYON_OF_BOSS), ROLES, BOSS)


def test_a13_the_platforms_main_administrator_is_one_of_each_entity_that_they_are_authorised_in() -> None:
    narrow = attrs.evolve(CHIEF, memberships=frozenset({"paris"}))
    assert judge_management(proven(CHIEF, GROUP_OF_CHIEF), ROLES, BOSS) is None
    assert judge_management(proven(narrow, GROUP_OF_CHIEF), ROLES, BOSS) == refused(Reason.MORE_RIGHTS, "A13", CHIEF)
    assert judge_management(proven(BOSS, LYON_OF_BOSS), ROLES, CHIEF) == refused(Reason.MORE_RIGHTS, "A13", BOSS)


def test_a13_membership_of_each_entity_is_a_power_d16() -> None:
    narrow = attrs.evolve(CHIEF, memberships=frozenset({"lyon"}))
    more = refused(Reason.MORE_RIGHTS, "A13", CHIEF)
    in_lyon, in_paris = multi(memberships=frozenset({"lyon"})), multi(memberships=frozenset({"paris"}))
    assert judge_management(proven(narrow, GROUP_OF_CHIEF), ROLES, in_lyon) is None
    assert judge_management(proven(narrow, GROUP_OF_CHIEF), ROLES, in_paris) == more
    assert judge_management(proven(narrow, GROUP_OF_CHIEF), ROLES, multi(), in_paris) == more
    assert judge_management(proven(CHIEF, GROUP_OF_CHIEF), ROLES, multi(), in_paris) is None
    assert judge_management(proven(CHIEF, GROUP_OF_CHIEF), ROLES, anna(), anna(role="guest")) is None


# --- using a right somewhere


@pytest.mark.parametrize(
    ("user", "right", "structure", "expected"),
    [
        (anna(), Right.REPORTS, LYON.structure, None),
        (anna(), Right.REPORTS, PARIS.structure, (Reason.OTHER_STRUCTURE, "S3")),
        (anna(), Right.REPORTS, GROUP.structure, (Reason.OTHER_STRUCTURE, "S3")),
        (anna(), Right.REPORTS, Structure.platform("lyon"), (Reason.OTHER_STRUCTURE, "S3")),
        (anna(), Right.MANAGE_USERS, LYON.structure, (Reason.NOT_ALLOWED, "S6")),
        (anna(role="astronaut"), Right.REPORTS, LYON.structure, (Reason.NOT_ALLOWED, "S6")),
        (multi(), Right.REPORTS, GROUP.structure, None),
        (multi(), Right.REPORTS, LYON.structure, (Reason.OTHER_STRUCTURE, "S3")),
        (multi(memberships=frozenset({"lyon"})), Right.REPORTS, LYON.structure, None),
        (multi(memberships=frozenset({"lyon"})), Right.REPORTS, PARIS.structure, (Reason.OTHER_STRUCTURE, "S3")),
    ],
)
def test_s3_s6_s16_a_right_is_used_only_where_one_is_a_member_and_by_a_role_that_has_it(
    user: User, right: Right, structure: Structure, expected: tuple[Reason, str] | None
) -> None:
    answer = None if expected is None else refused(*expected, user)
    assert answer == judge_right(proven(user), ROLES, right, structure)


# --- settings and main administrators


@pytest.mark.parametrize(
    ("user", "home", "structure", "may"),
    [
        (BOSS, LYON_OF_BOSS, LYON, True),
        (BOSS, LYON_OF_BOSS, PARIS, False),
        (BOSS, LYON_OF_BOSS, GROUP, False),
        (BOSS, LYON, LYON, False),
        (ADMINISTRATOR, LYON_OF_BOSS, LYON, False),  # a plain administrator
        (MANAGER, LYON_OF_BOSS, LYON, False),
        (attrs.evolve(BOSS, role="credit_manager"), LYON_OF_BOSS, LYON, False),  # S18 asks for both
        (CHIEF, GROUP_OF_CHIEF, GROUP, True),
        (CHIEF, GROUP_OF_CHIEF, PARIS, True),  # where they are authorised
        (attrs.evolve(CHIEF, memberships=frozenset({"lyon"})), GROUP_OF_CHIEF, PARIS, False),
        (attrs.evolve(CHIEF, memberships=frozenset[str]()), GROUP_OF_CHIEF, GROUP, True),
        (attrs.evolve(CHIEF, appointments=frozenset[str]()), GROUP_OF_CHIEF, LYON, False),
    ],
)
def test_s18_settings_are_changed_by_main_administrators_as_far_as_their_access_goes_a13(
    user: User, home: StructureRecord, structure: StructureRecord, may: bool
) -> None:
    expected = None if may else refused(Reason.NOT_ALLOWED, "S18", user)
    assert expected == judge_main_administration(proven(user, home), ROLES, structure.structure)


@pytest.mark.parametrize(
    ("user", "home", "expected"),
    [
        (CHIEF, GROUP_OF_CHIEF, None),
        (attrs.evolve(CHIEF, memberships=frozenset[str]()), GROUP_OF_CHIEF, None),
        (CHIEF, GROUP, (Reason.NOT_ALLOWED, "S18")),
        (multi(role="administrator"), GROUP_OF_CHIEF, (Reason.NOT_ALLOWED, "S18")),
        (BOSS, LYON_OF_BOSS, (Reason.NOT_ALLOWED, "D17")),
    ],
)
def test_d17_what_concerns_the_whole_account_is_the_platforms_main_administrators_only(
    user: User, home: StructureRecord, expected: tuple[Reason, str] | None
) -> None:
    answer = None if expected is None else refused(*expected, user)
    assert answer == judge_whole_account(proven(user, home), ROLES)


def test_s26_whoever_owes_an_entity_a_second_factor_administers_nothing_there() -> None:
    lyon = anna().structure
    owing = attrs.evolve(proven(CHIEF, GROUP_OF_CHIEF), unproven=frozenset({LYON.structure}))
    owed = refused(Reason.SECOND_FACTOR_OWED, "S26", CHIEF)
    assert [owed] * 3 == [
        judge_right(owing, ROLES, Right.MANAGE_USERS, LYON.structure),
        judge_main_administration(owing, ROLES, LYON.structure),
        judge_management(owing, ROLES, anna(structure=LYON.structure)),
    ]
    assert [None] * 3 == [
        judge_right(owing, ROLES, Right.MANAGE_USERS, PARIS.structure),
        judge_main_administration(owing, ROLES, GROUP.structure),
        judge_management(owing, ROLES, anna(structure=PARIS.structure)),
    ]
    assert None is judge_management(attrs.evolve(owing, unproven=frozenset()), ROLES, anna(structure=lyon))


# --- what a stolen session must not be enough for


STALE = timedelta(minutes=15, microseconds=1)


@pytest.mark.parametrize(
    ("states", "asked"),
    [
        ((), False),
        ((anna(),), False),
        ((anna(), anna(role="guest")), False),
        ((contact(),), False),
        ((anna(may_import=True),), False),
        ((anna(), anna(role="credit_manager")), True),
        ((anna(role="credit_manager"), anna()), True),
        ((MANAGER,), True),
        ((ADMINISTRATOR, ADMINISTRATOR), True),
        ((BOSS,), True),
        ((contact(role="administrator"),), True),  # made active, they would have it
    ],
)
def test_asvs_7_5_1_whoever_administers_is_changed_with_a_fresh_proof_only(
    states: tuple[User, ...], asked: bool
) -> None:
    stale = proven(BOSS, LYON_OF_BOSS, NOON - STALE)
    expected = refused(Reason.STEP_UP_NEEDED, "ASVS 7.5.1", BOSS) if asked else None
    assert expected == judge_management(stale, ROLES, *states)
    assert judge_management(proven(BOSS, LYON_OF_BOSS), ROLES, *states) is None
    assert judge_management(facts_of(System("setup")), ROLES, *states) is None


def test_asvs_7_5_1_whoever_may_not_at_all_is_told_that_and_not_to_prove_themselves() -> None:
    stale = proven(MANAGER, LYON_OF_BOSS, NOON - STALE)
    assert MORE == judge_management(stale, ROLES, ADMINISTRATOR)


def test_s36_nobody_ends_their_own_block_and_others_with_a_fresh_proof() -> None:
    own = Refused(Reason.NOT_ALLOWED, "D17", user_id=BOSS.id)
    needed = refused(Reason.STEP_UP_NEEDED, "ASVS 7.5.1", BOSS)
    fresh, stale = (proven(BOSS, LYON_OF_BOSS, at) for at in (NOON, NOON - STALE))
    assert [own, None, None] == [judge_unblocking(fresh, each) for each in (BOSS.id, "u-anna", None)]
    assert [own, needed, needed] == [judge_unblocking(stale, each) for each in (BOSS.id, "u-anna", None)]
    assert [None, None] == [judge_unblocking(facts_of(System("setup")), each) for each in (BOSS.id, None)]


def test_s26_whoever_owes_an_entity_a_second_factor_changes_nobodys_membership_of_it() -> None:
    owing = attrs.evolve(proven(CHIEF, GROUP_OF_CHIEF), unproven=frozenset({PARIS.structure}))
    owed = refused(Reason.SECOND_FACTOR_OWED, "S26", CHIEF)
    in_lyon, in_both = multi(memberships=frozenset({"lyon"})), multi(memberships=frozenset({"lyon", "paris"}))
    for states, expected in (((in_lyon, in_both), owed), ((in_both, in_lyon), owed), ((multi(), in_lyon), None)):
        assert [expected] * 2 == [judge(owing, ROLES, *states) for judge in (judge_management, judge_powers)]
