"""Single sign-on and the steps after it: a second factor as the policy says, a code for a new address (S35; D9)."""

import pytest
from attrs import evolve

from mydso_access import AddressCodeRequired, EnrolmentRequired, Factor, Reason, SecondFactorRequired, SignedIn
from mydso_access.decisions.naming import account_key
from mydso_access.model import SsoIdentity
from mydso_access.model.structure import SignInMode
from mydso_access.policy.lists import Words
from mydso_access.policy.second_factor import WithSso
from tests.flows.scene import LYON, Scene
from tests.flows.steps import (
    CountingBox,
    answer,
    asserted,
    by_sso,
    confirm,
    counted,
    enrol,
    listed,
    reason,
    texted,
    wrong_code,
)
from tests.flows.test_sso import counters, scene_by_sso, sign_in
from tests.support import HOME


@pytest.mark.parametrize("enrolled", [False, True], ids=["not enrolled", "enrolled"])
@pytest.mark.parametrize("context", [frozenset(), frozenset({"mfa"}), frozenset({"other", "pwd"})], ids=sorted)
@pytest.mark.parametrize("with_sso", WithSso)
def test_d9_the_policy_says_whether_a_second_factor_is_asked_for(
    with_sso: WithSso, context: frozenset[str], enrolled: bool
) -> None:
    scene = scene_by_sso()
    sso = evolve(scene.policy.sso, trusted=Words("mfa"))
    factor = evolve(scene.policy.second_factor, with_sso=with_sso)
    scene.policy = evolve(scene.policy, sso=sso, second_factor=factor)
    scene.ask(LYON, second_factor__required=True)
    if enrolled:
        enrol(scene)
    outcome = sign_in(scene, context=context)
    trusted = with_sso is WithSso.UNLESS_TRUSTED and "mfa" in context
    if with_sso is WithSso.NEVER or trusted:
        assert isinstance(outcome, SignedIn)
        assert ("mfa" in context) is (Factor.SSO_SECOND in dict(outcome.proof.factors))
    else:
        assert isinstance(outcome, SecondFactorRequired if enrolled else EnrolmentRequired)


def test_s35_second_factor_and_sso_together_and_wrong_codes_count_on_the_identity() -> None:
    scene = scene_by_sso()
    enrol(scene)
    asked = sign_in(scene)
    for number in range(1, 5):
        assert Reason.WRONG_CODE is reason(answer(scene, asked, wrong_code(scene)))
        assert (number, number) == counters(scene)
    assert (0, 4) == counted(scene)
    outcome = answer(scene, asked)
    assert isinstance(outcome, SignedIn)
    assert [Factor.SSO, Factor.TOTP] == [factor for factor, _ in outcome.proof.factors]
    assert (0, 4) == counters(scene)


def test_s36_five_wrong_codes_block_the_identity() -> None:
    scene = scene_by_sso()
    enrol(scene)
    reasons = [reason(answer(scene, sign_in(scene, number), wrong_code(scene))) for number in range(5)]
    assert [Reason.WRONG_CODE] * 5 == reasons
    assert Reason.ACCOUNT_BLOCKED is reason(sign_in(scene, 9))


def test_s35_an_enrolment_after_sso() -> None:
    scene = scene_by_sso()
    scene.ask(LYON, second_factor__required=True)
    outcome = confirm(scene, sign_in(scene))
    assert isinstance(outcome, SignedIn)
    assert [Factor.SSO, Factor.TOTP] == [factor for factor, _ in outcome.proof.factors]


def test_a24_the_address_list_applies() -> None:
    scene = scene_by_sso()
    listed(scene)
    asked = sign_in(scene)
    assert isinstance(asked, AddressCodeRequired)
    assert isinstance(scene.access.enter_address_code(asked.sign_in, texted(asked), address=HOME), SignedIn)


def test_a24_a_mode_that_changes_between_two_steps_ends_the_sign_in() -> None:
    scene = scene_by_sso()
    enrol(scene)
    asked = sign_in(scene)
    scene.change("anna", sign_in_mode=SignInMode.PASSWORD)
    assert Reason.NOT_BY_SSO is reason(answer(scene, asked))


def test_a_sign_in_by_sso_is_bound_to_the_hosts_session() -> None:
    scene = scene_by_sso()
    enrol(scene)
    asked = scene.access.sign_in_with_sso(asserted(scene), address=HOME, session="s1")
    assert Reason.DEAD_SIGN_IN is reason(answer(scene, asked))
    assert isinstance(answer(scene, asked, session="s1"), SignedIn)


# --- a second factor that single sign-on is spared


def spared() -> Scene:
    """Return a scene in which `multi` comes by SSO without the second factor that they have, and that Lyon asks for."""
    scene = Scene(secret_box=CountingBox())
    never = evolve(scene.policy.second_factor, with_sso=WithSso.NEVER)
    scene.policy = evolve(scene.policy, second_factor=never)
    by_sso(scene, "multi")
    enrol(scene, "multi")
    scene.ask(LYON, second_factor__required=True, second_factor__with_sso=WithSso.ALWAYS)
    return scene


def test_s36_of_codes_guessed_at_entering_between_sign_ins_by_sso_five_are_evaluated_and_never_a_sixth() -> None:
    scene, refused = spared(), []
    for number in range(9):
        address = f"198.51.100.{number}"
        outcome = scene.access.sign_in_with_sso(asserted(scene, number, subject="multi"), address=address)
        if not isinstance(outcome, SignedIn):
            refused.append(reason(outcome))
            continue
        asked = scene.access.enter(outcome.proof, "lyon", address=address)
        assert isinstance(asked, SecondFactorRequired)
        refused.append(reason(answer(scene, asked, wrong_code(scene), address=address)))
    assert [Reason.WRONG_CODE] * 5 + [Reason.ACCOUNT_BLOCKED] * 4 == refused
    assert 5 == scene.secret_box.opened


def test_d3_a_sign_in_by_sso_clears_failures_only_of_whoever_owes_no_code_anywhere() -> None:
    identity = account_key(SsoIdentity("idp", "multi"))
    for enrolled in (True, False):
        scene = spared()
        outcome = scene.access.sign_in_with_sso(asserted(scene, 1, subject="multi"), address=HOME)
        asked = scene.access.enter(outcome.proof, "lyon", address=HOME)
        answer(scene, asked, wrong_code(scene))
        if not enrolled:
            scene.change("multi", second_factor=None)
        assert isinstance(
            scene.access.sign_in_with_sso(asserted(scene, 2, subject="multi"), address="192.0.2.60"), SignedIn
        )
        assert int(enrolled) == len(scene.repositories.counters.get(identity).failures)
