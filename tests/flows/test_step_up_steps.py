"""Stepping up with a second factor, and from a new address: every factor anew, and still nobody is signed in by it."""

from datetime import timedelta

from mydso_access import (
    AddressCodeRequired,
    Done,
    EventKind,
    Factor,
    Reason,
    SecondFactorRequired,
    SignedIn,
    SteppedUp,
)
from tests.flows.scene import LYON, Scene
from tests.flows.steps import PERIOD, answer, begin, block, counted, enrol, listed, reason, texted, wrong_code
from tests.support import HOME, RIGHT

HOUR = timedelta(hours=1)


def session(scene: Scene) -> SignedIn:
    outcome = answer(scene, begin(scene))
    assert isinstance(outcome, SignedIn)
    scene.clock.move(HOUR)
    return outcome


def test_s26_whoever_has_a_second_factor_proves_it_again_and_the_proof_is_fresh() -> None:
    scene = Scene()
    enrol(scene)
    old = session(scene).proof
    assert Reason.STEP_UP_NEEDED is reason(scene.access.renew_recovery_codes(old))
    asked = scene.access.step_up(old, RIGHT, address=HOME)
    assert isinstance(asked, SecondFactorRequired)
    outcome = answer(scene, asked)
    assert isinstance(outcome, SteppedUp)
    now = scene.clock.now()
    assert {Factor.PASSWORD: now, Factor.TOTP: now} == dict(outcome.proof.factors)
    assert EventKind.STEPPED_UP is scene.events()[-1].kind
    assert 10 == len(scene.access.renew_recovery_codes(outcome.proof).codes)


def test_it_is_no_access_and_clears_no_failure() -> None:
    scene = Scene()
    enrol(scene)
    signed_in = session(scene)
    asked = scene.access.step_up(signed_in.proof, RIGHT, address=HOME)
    assert Reason.WRONG_CODE is reason(answer(scene, asked, wrong_code(scene)))
    assert isinstance(answer(scene, asked), SteppedUp)
    assert ((1, 1), signed_in.user.last_access_at) == (counted(scene), scene.user("anna").last_access_at)


def test_a_code_that_signed_in_steps_nobody_up() -> None:
    scene = Scene()
    enrol(scene)
    outcome = answer(scene, begin(scene))
    asked = scene.access.step_up(outcome.proof, RIGHT, address=HOME)
    assert Reason.USED_CODE is reason(answer(scene, asked))
    scene.clock.move(PERIOD)
    assert isinstance(answer(scene, asked), SteppedUp)


def test_d7_the_token_of_a_step_up_signs_nobody_in_and_kills_no_sign_in() -> None:
    scene = Scene()
    enrol(scene)
    proof = session(scene).proof
    signing_in = begin(scene)
    stepping_up = scene.access.step_up(proof, RIGHT, address=HOME)
    assert isinstance(answer(scene, stepping_up), SteppedUp)
    scene.clock.move(PERIOD)
    assert isinstance(answer(scene, signing_in), SignedIn)


def test_s21_from_a_new_address_a_code_comes_first_and_the_address_is_remembered() -> None:
    scene = Scene()
    proof = begin(scene).proof
    listed(scene)
    asked = scene.access.step_up(proof, RIGHT, address=HOME)
    assert isinstance(asked, AddressCodeRequired)
    assert isinstance(scene.access.enter_address_code(asked.sign_in, texted(asked), address=HOME), SteppedUp)
    assert [HOME] == [each.address for each in scene.structure(LYON).approved]


def test_s36_a_block_between_two_steps_ends_it() -> None:
    scene = Scene()
    enrol(scene)
    asked = scene.access.step_up(session(scene).proof, RIGHT, address=HOME)
    block(scene)
    assert Reason.ACCOUNT_BLOCKED is reason(answer(scene, asked))


def test_a_password_that_is_due_is_not_asked_for_here() -> None:
    scene = Scene()
    proof = begin(scene).proof
    scene.ask(LYON, rotation__days=1)
    scene.clock.move(timedelta(days=2))
    assert isinstance(scene.access.step_up(proof, RIGHT, address=HOME), SteppedUp)


def test_whoever_has_no_factor_where_one_is_required_enrols_by_it() -> None:
    scene = Scene()
    proof = begin(scene).proof
    scene.ask(LYON, second_factor__required=True)
    assert "EnrolmentRequired" == type(scene.access.step_up(proof, RIGHT, address=HOME)).__name__


def test_the_address_of_a_session_is_none_of_the_proofs() -> None:
    scene = Scene()
    enrol(scene)
    proof = session(scene).proof
    outcome = answer(scene, scene.access.step_up(proof, RIGHT, address="192.0.2.60"), address="192.0.2.60")
    assert isinstance(outcome, SteppedUp)
    assert isinstance(scene.access.accessed(outcome.proof), Done)
