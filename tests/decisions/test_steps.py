"""What a sign-in owes, in a fixed order: address code, second factor or enrolment, new password (S21-S26, S35; A29, D6, D9)."""

from datetime import timedelta
from ipaddress import ip_address
from itertools import product

import attrs
import pytest

from mydso_access.decisions.outcomes import DueBecause, Refused
from mydso_access.decisions.steps import (
    AddressCode,
    Enrolment,
    NewPassword,
    SecondFactorCode,
    Standing,
    Step,
    next_step,
)
from mydso_access.model import (
    Approval,
    ApprovedAddress,
    Credential,
    Factor,
    Purpose,
    Reason,
    Secret,
    StructureRecord,
)
from mydso_access.policy import AddressPolicy, Level, Networks, Recipient, SecondFactorPolicy, SecurityPolicy, WithSso
from tests.decisions.half_finished import (
    ADDRESS_CODE,
    ANNA,
    APP,
    ENROL,
    ENTER,
    HERE,
    MIA,
    PASSWORD,
    QUARTER,
    RECOVERY_CODE,
    SIGN_IN,
    SSO,
    SSO_SECOND,
    STEP_UP,
    TOTP,
    asking,
    elsewhere,
    entering,
    sign_in,
    standing,
)
from tests.decisions.people import GROUP, LONG_AGO, LYON, NOON, POLICY, TICK, refused

# --- the order


@pytest.mark.parametrize(
    ("purpose", "new_address", "second", "proven", "due"),
    list(
        product(
            Purpose, [False, True], ["off", "required", "app", "required, app"], [(), (TOTP,), (RECOVERY_CODE,)], [0, 1]
        )
    ),
    ids=str,
)
def test_a29_address_then_second_factor_then_password_whatever_it_leads_to(
    purpose: Purpose, new_address: bool, second: str, proven: tuple[Factor, ...], due: int
) -> None:
    home: StructureRecord = asking(GROUP, second_factor__required="required" in second, rotation__days=1)
    home = attrs.evolve(home, policy=home.policy.asking("addresses.networks", elsewhere_or_here(new_address)))
    user = attrs.evolve(
        MIA,
        second_factor=APP if "app" in second else None,
        credential=Credential(Secret("hash"), LONG_AGO if due else NOON),
    )
    begun_as = sign_in(user, purpose, PASSWORD, *proven)
    found = next_step(standing(user, begun_as, home, LYON if purpose is ENTER else None))

    expected: Step | Refused | None
    if due and purpose is ENTER:  # no step could help: nothing is asked for what would be refused in the end
        expected = Refused(Reason.PASSWORD_DUE, "S23", levels=frozenset({Level.PLATFORM}), user_id=user.id)
    elif new_address:
        expected = AddressCode(home)
    elif purpose is ENROL:
        expected = Enrolment()
    elif second != "off" and not proven:
        expected = SecondFactorCode() if "app" in second else Enrolment()
    elif due and purpose is SIGN_IN:
        expected = NewPassword(DueBecause.AGE)
    else:
        expected = None
    assert expected == found


def elsewhere_or_here(new_address: bool) -> Networks:
    return Networks("198.51.100.0/24" if new_address else "192.0.2.0/24")


# --- the address


def test_s21_where_nobody_asks_for_a_list_no_code_is_owed() -> None:
    assert next_step(standing()) is None
    assert next_step(entering()) is None


@pytest.mark.parametrize(
    ("group", "lyon", "expected"),
    [
        (GROUP, LYON, None),
        (elsewhere(GROUP), LYON, elsewhere(GROUP)),
        (GROUP, elsewhere(LYON), elsewhere(LYON)),
        (elsewhere(GROUP), elsewhere(LYON), elsewhere(GROUP)),  # one after the other, the platform's first
    ],
)
def test_a14_who_enters_must_be_on_both_lists(
    group: StructureRecord, lyon: StructureRecord, expected: StructureRecord | None
) -> None:
    assert (expected and AddressCode(expected)) == next_step(entering(group=group, lyon=lyon))


def with_approval(facts: Standing, record: StructureRecord, address: str = "192.0.2.1") -> Standing:
    approval = Approval(address, record.structure, Recipient.ADMINISTRATOR)
    approvals = (*facts.sign_in.approvals, approval)
    return attrs.evolve(facts, sign_in=attrs.evolve(facts.sign_in, approvals=approvals))


def test_d7_a_code_lets_in_for_the_rest_of_this_sign_in_and_for_one_structure_only() -> None:
    facts = entering(group=elsewhere(GROUP), lyon=elsewhere(LYON))
    once = with_approval(facts, GROUP)
    assert AddressCode(elsewhere(LYON)) == next_step(once)
    assert AddressCode(elsewhere(GROUP)) == next_step(with_approval(facts, LYON))
    assert next_step(with_approval(once, LYON)) is None


def test_d7_an_address_that_changes_within_its_prefix_may_go_on() -> None:
    facts = with_approval(standing(home=elsewhere(LYON), client=ip_address("2001:db8::2")), LYON, "2001:db8::1")
    assert next_step(facts) is None


def test_d14_an_approved_address_is_new_no_more_where_it_counts() -> None:
    shared = attrs.evolve(elsewhere(LYON), approved=(ApprovedAddress("192.0.2.1", LYON.structure, NOON),))
    assert next_step(standing(home=shared)) is None
    own = attrs.evolve(ANNA, approved=(ApprovedAddress("192.0.2.1", LYON.structure, NOON),))
    assert next_step(standing(own, home=elsewhere(LYON))) is None
    of_group = attrs.evolve(MIA, approved=(ApprovedAddress("192.0.2.1", GROUP.structure, NOON),))
    facts = entering(of_group, group=elsewhere(GROUP), lyon=elsewhere(LYON))
    assert AddressCode(elsewhere(LYON)) == next_step(facts)


def test_the_installations_list_asks_at_every_structure_a14() -> None:
    policy = SecurityPolicy(addresses=AddressPolicy(networks=Networks("198.51.100.0/24")))
    assert AddressCode(LYON) == next_step(standing(policy=policy))
    listed = asking(LYON, addresses__networks=Networks("192.0.2.1"))
    assert AddressCode(listed) == next_step(standing(home=listed, policy=policy))


def test_d9_who_comes_by_sso_owes_the_code_of_a_new_address_too() -> None:
    begun_as = sign_in(ANNA, SIGN_IN, SSO)
    assert AddressCode(elsewhere(LYON)) == next_step(standing(begun_as=begun_as, home=elsewhere(LYON)))


# --- the second factor


@pytest.mark.parametrize("purpose", [SIGN_IN, STEP_UP])
@pytest.mark.parametrize("others", [(), (ADDRESS_CODE,), (SSO_SECOND,)], ids=str)
def test_s26_neither_an_sms_nor_somebody_elses_word_is_a_second_factor_beside_a_password(
    purpose: Purpose, others: tuple[Factor, ...]
) -> None:
    begun_as = sign_in(ANNA, purpose, PASSWORD, *others)
    assert Enrolment() == next_step(standing(begun_as=begun_as, home=asking(LYON, second_factor__required=True)))
    with_app = attrs.evolve(ANNA, second_factor=APP)
    assert SecondFactorCode() == next_step(standing(with_app, begun_as))


WITH_SSO = list(product(WithSso, [False, True], ["off", "required", "app"], [(), (TOTP,)]))


@pytest.mark.parametrize(("with_sso", "vouched", "second", "proven"), WITH_SSO, ids=str)
def test_d9_second_factor_and_sso_meet_as_the_policy_says(
    with_sso: WithSso, vouched: bool, second: str, proven: tuple[Factor, ...]
) -> None:
    policy = SecurityPolicy(second_factor=SecondFactorPolicy(with_sso=with_sso, required=second == "required"))
    user = attrs.evolve(ANNA, second_factor=APP if second == "app" else None)
    begun_as = sign_in(user, SIGN_IN, SSO, *([SSO_SECOND] if vouched else []), *proven)
    asks = {WithSso.ALWAYS: True, WithSso.UNLESS_TRUSTED: not vouched, WithSso.NEVER: False}[with_sso]
    owed = SecondFactorCode() if second == "app" else Enrolment()
    expected = owed if asks and second != "off" and not proven else None
    assert expected == next_step(standing(user, begun_as, policy=policy))


@pytest.mark.parametrize(("of_group", "of_lyon"), list(product(WithSso, WithSso)))
def test_d6_at_entering_the_stricter_of_platform_and_entity_asks_who_comes_by_sso(
    of_group: WithSso, of_lyon: WithSso
) -> None:
    order = [WithSso.NEVER, WithSso.UNLESS_TRUSTED, WithSso.ALWAYS]
    policy = SecurityPolicy(second_factor=SecondFactorPolicy(with_sso=WithSso.NEVER, required=True))
    facts = entering(
        MIA,
        SSO,
        SSO_SECOND,
        group=asking(GROUP, second_factor__with_sso=of_group),
        lyon=asking(LYON, second_factor__with_sso=of_lyon),
        policy=policy,
    )
    strictest = max(of_group, of_lyon, key=order.index)
    assert (Enrolment() if strictest is WithSso.ALWAYS else None) == next_step(facts)


@pytest.mark.parametrize(("of_group", "of_lyon"), list(product([None, False, True], repeat=2)))
def test_s26_at_entering_a_second_factor_is_owed_if_either_asks_for_it_a14(
    of_group: bool | None, of_lyon: bool | None
) -> None:
    group = GROUP if of_group is None else asking(GROUP, second_factor__required=of_group)
    lyon = LYON if of_lyon is None else asking(LYON, second_factor__required=of_lyon)
    asked = bool(of_group or of_lyon)
    assert (Enrolment() if asked else None) == next_step(entering(group=group, lyon=lyon))
    with_app = attrs.evolve(MIA, second_factor=APP)
    assert SecondFactorCode() == next_step(entering(with_app, group=group, lyon=lyon))
    assert next_step(entering(with_app, PASSWORD, TOTP, group=group, lyon=lyon)) is None


@pytest.mark.parametrize("ago", [timedelta(0), QUARTER, QUARTER + TICK, timedelta(hours=9)], ids=str)
@pytest.mark.parametrize("first", [PASSWORD, SSO])
def test_asvs_7_5_a_stolen_session_cannot_enrol_an_app_by_entering_somewhere(first: Factor, ago: timedelta) -> None:
    lyon = asking(LYON, second_factor__required=True)
    begun_as = attrs.evolve(sign_in(MIA, ENTER), factors=((first, NOON - ago),))
    found = next_step(standing(MIA, begun_as, GROUP, lyon))
    stale = refused(Reason.STEP_UP_NEEDED, "ASVS 7.5.1", MIA)
    assert (Enrolment() if ago <= QUARTER else stale) == found
    # At a sign-in the first factor is always fresh, however long its steps take.
    begun_as = attrs.evolve(sign_in(MIA), factors=((first, NOON - ago),))
    assert Enrolment() == next_step(standing(MIA, begun_as, asking(GROUP, second_factor__required=True)))


def test_d10_a_clock_that_goes_back_an_hour_makes_no_session_fresh_enough_to_enrol() -> None:
    lyon, back = asking(LYON, second_factor__required=True), NOON - timedelta(hours=1)
    stale = refused(Reason.STEP_UP_NEEDED, "ASVS 7.5.1", MIA)
    for saved_at, expected in ((NOON + QUARTER, Enrolment()), (NOON + QUARTER + TICK, stale)):
        user = attrs.evolve(MIA, saved_at=saved_at)
        assert expected == next_step(standing(user, sign_in(user, ENTER), GROUP, lyon, now=back))


@pytest.mark.parametrize("enrolled_at", [None, LONG_AGO, NOON, NOON + TICK])
@pytest.mark.parametrize("home", [LYON, asking(LYON, second_factor__required=True), asking(LYON, rotation__days=1)])
def test_s26_enrolling_asks_for_the_first_code_whatever_is_asked_and_enrolled(
    home: StructureRecord, enrolled_at: object
) -> None:
    factor = None if enrolled_at is None else attrs.evolve(APP, enrolled_at=enrolled_at)
    user = attrs.evolve(ANNA, second_factor=factor, credential=Credential(Secret("hash"), LONG_AGO))
    for factors in ((PASSWORD,), (PASSWORD, TOTP), (SSO, SSO_SECOND)):
        begun_as = sign_in(user, ENROL, *factors)
        assert Enrolment() == next_step(standing(user, begun_as, home))
        assert AddressCode(elsewhere(home)) == next_step(standing(user, begun_as, elsewhere(home)))


# --- the new password

LATER = NOON + timedelta(days=30)


@pytest.mark.parametrize(("now", "due"), [(LATER - TICK, False), (LATER, True)])
@pytest.mark.parametrize("purpose", Purpose)
def test_s23_a_due_password_is_owed_at_sign_in_and_refuses_at_entering(
    purpose: Purpose, now: object, due: bool
) -> None:
    entity = LYON if purpose is ENTER else None
    user = attrs.evolve(MIA, second_factor=attrs.evolve(APP, enrolled_at=NOON))
    begun_as = sign_in(user, purpose, PASSWORD, TOTP)
    found = next_step(standing(user, begun_as, asking(GROUP, rotation__days=30), entity, now=now))
    at_entering = Refused(Reason.PASSWORD_DUE, "S23", levels=frozenset({Level.PLATFORM}), user_id=MIA.id)
    expected = {SIGN_IN: NewPassword(DueBecause.AGE), ENTER: at_entering}.get(purpose) if due else None
    assert (Enrolment() if purpose is ENROL else expected) == found


def test_d10_a_clock_that_goes_back_an_hour_owes_no_less() -> None:
    user = attrs.evolve(ANNA, saved_at=LATER)
    facts = standing(user, home=asking(LYON, rotation__days=30), now=LATER - timedelta(hours=1))
    assert LATER == facts.now
    assert NewPassword(DueBecause.AGE) == next_step(facts)


@pytest.mark.parametrize("because", DueBecause)
def test_s23_at_entering_only_age_is_of_the_levels_that_ask_for_a_period(because: DueBecause) -> None:
    compromised = because is DueBecause.COMPROMISED
    user = attrs.evolve(MIA, credential=Credential(Secret("hash"), LONG_AGO, compromised=compromised))
    begun_as = attrs.evolve(sign_in(user, ENTER), outgrown=because is DueBecause.OUTGROWN)
    asks = {"rotation__days": 1 if because is DueBecause.AGE else 300, "second_factor__required": True}
    levels = frozenset({Level.ENTITY if because is DueBecause.AGE else Level.INSTALLATION})
    expected = Refused(Reason.PASSWORD_DUE, "S23", levels=levels, user_id=user.id)
    assert expected == next_step(standing(user, begun_as, elsewhere(GROUP), asking(LYON, **asks)))


@pytest.mark.parametrize("purpose", [SIGN_IN, ENTER, STEP_UP])
def test_a18_who_comes_by_sso_owes_no_password(purpose: Purpose) -> None:
    user = attrs.evolve(MIA, credential=Credential(Secret("hash"), LONG_AGO, compromised=True))
    begun_as = attrs.evolve(sign_in(user, purpose, SSO), outgrown=True)
    facts = standing(user, begun_as, asking(GROUP, rotation__days=1), LYON if purpose is ENTER else None)
    assert next_step(facts) is None


def test_s23_at_entering_the_entitys_shorter_period_counts_d6() -> None:
    user = attrs.evolve(MIA, credential=Credential(Secret("hash"), NOON - timedelta(days=10)))
    for of_group, of_lyon, levels in (
        (30, 10, {Level.ENTITY}),
        (10, 30, {Level.PLATFORM}),
        (10, 10, {Level.PLATFORM, Level.ENTITY}),
        (30, 11, None),
    ):
        facts = entering(user, group=asking(GROUP, rotation__days=of_group), lyon=asking(LYON, rotation__days=of_lyon))
        due = levels and Refused(Reason.PASSWORD_DUE, "S23", levels=frozenset(levels), user_id=user.id)
        assert due == next_step(facts)


@pytest.mark.parametrize(
    ("is_compromised", "outgrown", "because"),
    [
        (True, True, DueBecause.COMPROMISED),
        (True, False, DueBecause.COMPROMISED),
        (False, True, DueBecause.OUTGROWN),
        (False, False, None),
    ],
)
def test_a_password_that_others_know_or_that_is_outgrown_is_owed_too(
    is_compromised: bool, outgrown: bool, because: DueBecause | None
) -> None:
    user = attrs.evolve(ANNA, credential=Credential(Secret("hash"), NOON, compromised=is_compromised))
    begun_as = attrs.evolve(sign_in(user), outgrown=outgrown)
    assert (because and NewPassword(because)) == next_step(standing(user, begun_as))


def test_where_no_structure_is_found_nothing_is_asked_that_the_installation_does_not_ask() -> None:
    assert next_step(standing(home=None)) is None
    required = SecurityPolicy(second_factor=SecondFactorPolicy(required=True))
    assert Enrolment() == next_step(standing(home=None, policy=required))
    assert POLICY == standing().place.policy
    assert HERE == standing().client
