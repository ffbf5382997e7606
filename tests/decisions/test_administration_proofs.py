"""Proving oneself again, and proofs of the wrong first factor (S26; A24, D9, D10, D12; ASVS 5.0, 7.5)."""

from datetime import timedelta
from itertools import product
from typing import Any

import attrs
import pytest

from mydso_access.decisions.administration import System, judge_proof, judge_step_up
from mydso_access.decisions.outcomes import Proof, Refused
from mydso_access.decisions.sessions import SensitiveAction
from mydso_access.errors import InvalidValue
from mydso_access.model import Factor, Reason, SecondFactor, Secret, SignInMode, Structure, StructureRecord, User
from mydso_access.policy import Algorithm, StructurePolicy, WithSso
from tests.decisions.people import LONG_AGO, LYON, NOON, TICK, anna, facts_of, proven, refused

QUARTER = timedelta(minutes=15)
APP = SecondFactor(Secret("sealed"), Algorithm.SHA1, LONG_AGO, 0)
WITH_APP = anna(second_factor=APP)
BY_SSO = attrs.evolve(LYON, sign_in_mode=SignInMode.SSO)
PASSWORD, SSO, TOTP = Factor.PASSWORD, Factor.SSO, Factor.TOTP
RECOVERY_CODE, SSO_SECOND, ADDRESS_CODE = Factor.RECOVERY_CODE, Factor.SSO_SECOND, Factor.ADDRESS_CODE
EMAIL, REQUIRE = SensitiveAction.CHANGE_EMAIL, SensitiveAction.REQUIRE_SECOND_FACTOR


def judged(
    user: User, *factors: tuple[Factor, timedelta], action: SensitiveAction = EMAIL, home: StructureRecord = LYON
) -> Refused | None:
    """Judge a proof of factors that were proven so long ago."""
    proof = Proof(user.id, tuple((factor, NOON - ago) for factor, ago in factors))
    return judge_step_up(facts_of(proof, user, home), action)


def needed(user: User) -> Refused:
    return refused(Reason.STEP_UP_NEEDED, "ASVS 7.5.1", user)


@pytest.mark.parametrize(
    ("ago", "fresh"),
    [
        (timedelta(0), True),
        (QUARTER, True),
        (QUARTER + TICK, False),
        (timedelta(days=1), False),
        (-TICK, False),  # from the future: a clock that went back makes nothing fresh
        (-timedelta(minutes=1), False),
    ],
    ids=str,
)
@pytest.mark.parametrize("action", SensitiveAction)
def test_a_proof_is_fresh_for_a_quarter_of_an_hour(action: SensitiveAction, ago: timedelta, fresh: bool) -> None:
    assert (None if fresh else needed(anna())) == judged(anna(), (PASSWORD, ago), action=action)


def test_d10_a_clock_that_went_back_behind_the_last_save_makes_no_proof_fresh() -> None:
    for saved_at, expected in ((NOON + QUARTER, None), (NOON + QUARTER + TICK, needed)):
        user = anna(saved_at=saved_at)
        assert (expected and expected(user)) == judge_step_up(proven(user, at=NOON), EMAIL)


def test_the_latest_factor_makes_a_proof_fresh() -> None:
    assert judged(anna(), (PASSWORD, timedelta(hours=9)), (PASSWORD, timedelta(0))) is None


NOW, OLD = timedelta(0), timedelta(hours=9)


@pytest.mark.parametrize(
    ("factors", "fresh"),
    [
        (((PASSWORD, NOW),), False),
        (((PASSWORD, NOW), (ADDRESS_CODE, NOW)), False),  # an SMS is no second factor
        (((PASSWORD, NOW), (SSO_SECOND, NOW)), False),
        (((PASSWORD, NOW), (TOTP, NOW)), True),
        (((PASSWORD, NOW), (RECOVERY_CODE, NOW)), True),
        (((PASSWORD, NOW), (TOTP, QUARTER)), True),
        (((PASSWORD, NOW), (TOTP, QUARTER + TICK)), False),
        (((PASSWORD, OLD), (TOTP, NOW)), False),
        (((PASSWORD, OLD), (TOTP, OLD)), False),
        (((PASSWORD, NOW), (TOTP, OLD), (RECOVERY_CODE, NOW)), True),
    ],
    ids=lambda value: "+".join(f"{factor.value} {ago}" for factor, ago in value) if isinstance(value, tuple) else None,
)
@pytest.mark.parametrize("action", SensitiveAction)
def test_s26_whoever_has_a_second_factor_proves_both_again(
    action: SensitiveAction, factors: tuple[Any, ...], fresh: bool
) -> None:
    assert (None if fresh else needed(WITH_APP)) == judged(WITH_APP, *factors, action=action)


@pytest.mark.parametrize(
    "factors", [(), (TOTP,), (RECOVERY_CODE,), (SSO_SECOND,), (ADDRESS_CODE,), (TOTP, ADDRESS_CODE)]
)
def test_d12_a_proof_without_a_first_factor_is_none(factors: tuple[Factor, ...]) -> None:
    for user in (anna(), WITH_APP):
        outdated = refused(Reason.OUTDATED_PROOF, "D12", user)
        facts = facts_of(Proof(user.id, tuple((factor, NOON) for factor in factors), NOON), user, LYON)
        assert outdated == judge_proof(facts)
        for action in SensitiveAction:
            assert outdated == judge_step_up(facts, action)


def test_a_second_factor_that_was_proven_must_be_fresh_also_once_it_is_gone() -> None:
    assert needed(anna()) == judged(anna(), (PASSWORD, NOW), (TOTP, OLD))


# --- single sign-on


@pytest.mark.parametrize(("with_sso", "vouched"), list(product(WithSso, [False, True])))
def test_d9_the_policy_says_whether_single_sign_on_is_asked_for_the_app_too(with_sso: WithSso, vouched: bool) -> None:
    home = attrs.evolve(BY_SSO, policy=StructurePolicy({"second_factor.with_sso": with_sso}))
    # The installation asks always, and of several levels the strictest wins (D6).
    factors = [(SSO, NOW), *([(SSO_SECOND, NOW)] if vouched else [])]
    assert needed(WITH_APP) == judged(WITH_APP, *factors, home=home)
    assert judged(WITH_APP, *factors, (TOTP, NOW), home=home) is None
    proof = Proof(WITH_APP.id, tuple((factor, NOON) for factor, _ in factors))
    facts = facts_of(proof, WITH_APP, home)
    asks = attrs.evolve(facts.policy.second_factor, with_sso=with_sso)
    asked = attrs.evolve(facts, policy=attrs.evolve(facts.policy, second_factor=asks))
    enough = with_sso is WithSso.NEVER or (with_sso is WithSso.UNLESS_TRUSTED and vouched)
    assert (None if enough else needed(WITH_APP)) == judge_step_up(asked, EMAIL)


@pytest.mark.parametrize("user", [anna(), WITH_APP], ids=["without app", "with app"])
@pytest.mark.parametrize("ago", [NOW, OLD], ids=str)
def test_2e_for_asking_everybody_for_a_second_factor_a_session_by_sso_is_enough(user: User, ago: timedelta) -> None:
    assert judged(user, (SSO, ago), action=REQUIRE, home=BY_SSO) is None
    others = [action for action in SensitiveAction if action is not REQUIRE]
    enough = ago == NOW and user.second_factor is None
    for action in others:
        assert (None if enough else needed(user)) == judged(user, (SSO, ago), action=action, home=BY_SSO)


# --- the wrong first factor


@pytest.mark.parametrize("own", [None, SignInMode.SSO])
def test_a24_a_password_proves_nothing_any_more_once_its_user_comes_by_sso(own: SignInMode | None) -> None:
    user = anna(sign_in_mode=own)
    assert refused(Reason.OUTDATED_PROOF, "A24", user) == judge_proof(proven(user, BY_SSO))
    by_password = anna(sign_in_mode=SignInMode.PASSWORD)
    assert by_password == judge_proof(proven(by_password, BY_SSO))


@pytest.mark.parametrize(
    ("factors", "by_sso", "by_password"),
    [
        ((SSO,), True, False),
        ((PASSWORD,), False, True),
        ((SSO, TOTP), True, False),
        ((PASSWORD, TOTP), False, True),
        ((SSO, SSO_SECOND), True, False),
        ((SSO, PASSWORD), False, False),  # a right one beside it does not heal a wrong one
        ((PASSWORD, SSO), False, False),
    ],
    ids=lambda value: "+".join(factor.value for factor in value) if isinstance(value, tuple) else None,
)
def test_a24_a_proof_is_of_the_first_factor_that_its_user_comes_by(
    factors: tuple[Factor, ...], by_sso: bool, by_password: bool
) -> None:
    proof = Proof("u-anna", tuple((factor, NOON) for factor in factors))
    outdated = refused(Reason.OUTDATED_PROOF, "A24", anna())
    for home, stands in ((BY_SSO, by_sso), (LYON, by_password)):
        assert (anna() if stands else outdated) == judge_proof(facts_of(proof, anna(), home))


# --- a second factor that an entity asks for besides single sign-on


@pytest.mark.parametrize("action", SensitiveAction)
def test_s26_whoever_owes_an_entity_a_second_factor_replaces_none_by_single_sign_on_alone(
    action: SensitiveAction,
) -> None:
    """Where home takes single sign-on for enough, and an entity does not."""
    facts = facts_of(Proof(WITH_APP.id, ((SSO, NOON),)), WITH_APP, BY_SSO)
    never = attrs.evolve(facts.policy.second_factor, with_sso=WithSso.NEVER)
    spared = attrs.evolve(facts, policy=attrs.evolve(facts.policy, second_factor=never))
    assert judge_step_up(spared, action) is None
    owing = attrs.evolve(spared, unproven=frozenset({Structure.entity("paris")}))
    expected = needed(WITH_APP) if action is SensitiveAction.CHANGE_SECOND_FACTOR else None
    assert expected == judge_step_up(owing, action)
    first = attrs.evolve(owing, user=anna())  # their first app, which nobody can have proven yet
    assert judge_step_up(first, action) is None


@pytest.mark.parametrize("name", [None, "", 7, "a\nb", "\0", b"host"], ids=repr)
def test_a_system_without_a_name_for_the_trail_is_misuse(name: Any) -> None:
    with pytest.raises(InvalidValue, match=r"^System\.name is "):
        System(name)
