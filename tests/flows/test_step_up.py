"""Stepping up: the password is proven again behind the same gate, and the proof is fresh; nobody is signed in by it."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from mydso_access import Done, EventKind, Factor, InvalidValue, Proof, Reason, Refused, SignedIn, SignInMode, SteppedUp
from mydso_access.testing.clock import A_MONDAY
from tests.flows.scene import ROOT, Scene, everything
from tests.flows.steps import asserted, by_sso
from tests.support import HOME, RIGHT, door, run

HOUR = timedelta(hours=1)


def stepped_up(scene: Scene, password: str = RIGHT, **changes: Any) -> Any:
    return scene.access.step_up(evolve(scene.proof("anna", age=HOUR), **changes), password, address=HOME)


def test_a_right_password_makes_a_proof_fresh() -> None:
    scene = Scene()
    outcome = run(door(scene).step_up(scene.proof("anna", age=HOUR), RIGHT, address=HOME))
    assert isinstance(outcome, SteppedUp)
    assert ("id-anna", scene.user("anna").saved_at) == (outcome.proof.user_id, outcome.proof.factors[0][1])
    assert isinstance(scene.access.change_mobile(outcome.proof, "id-anna", None), Done)
    event = scene.events()[0]
    assert (EventKind.STEPPED_UP, "id-anna", "id-anna", HOME) == (event.kind, event.actor, event.subject, event.address)


def test_it_is_no_access_and_clears_no_failure() -> None:
    scene = Scene()
    for _ in range(3):
        scene.access.sign_in("anna", "wrong", address=HOME)
    assert isinstance(stepped_up(scene), SteppedUp)
    assert (None, 3, ()) == (
        scene.user("anna").last_access_at,
        len(scene.account("anna").failures),
        scene.account("anna").reservations,
    )


def test_s36_wrong_passwords_count_like_wrong_ones_at_a_sign_in() -> None:
    scene = Scene()
    reasons = [stepped_up(scene, "wrong").reason for _ in range(6)]
    assert [Reason.WRONG_SECRET] * 5 + [Reason.ACCOUNT_BLOCKED] == reasons
    assert Reason.ACCOUNT_BLOCKED is scene.access.sign_in("anna", RIGHT, address="192.0.2.9").reason
    assert EventKind.STEP_UP_REFUSED is scene.events()[0].kind


@pytest.mark.parametrize("password", ["", "\ud800", "x" * 1025])
def test_d11_a_password_that_cannot_be_one_is_no_attempt(password: str) -> None:
    scene = Scene()
    assert Reason.MALFORMED is stepped_up(scene, password).reason
    assert (0, ()) == (scene.hasher.hashes, scene.repositories.counters.all())


def test_d12_a_proof_that_does_not_stand_is_refused_without_a_hash() -> None:
    scene = Scene()
    scene.change("anna", valid_from=A_MONDAY)
    for proof in (scene.proof("anna", age=HOUR), scene.proof("disabled"), scene.proof("nobody")):
        outcome = scene.access.step_up(proof, RIGHT, address=HOME)
        assert isinstance(outcome, Refused)
        assert Reason.OUTDATED_PROOF is outcome.reason
    assert (0, ()) == (scene.hasher.hashes, scene.repositories.counters.all())


def test_whoever_is_disabled_while_the_password_is_verified_is_not_stepped_up() -> None:
    scene = Scene()
    scene.hasher.while_verifying = lambda: scene.access.disable_user(ROOT, "id-anna")
    outcome = stepped_up(scene)
    assert isinstance(outcome, Refused)
    assert Reason.DISABLED is outcome.reason


def test_a24_whoever_comes_by_sso_has_no_password_to_prove() -> None:
    scene = Scene()
    scene.change("anna", sign_in_mode=SignInMode.SSO)
    assert Reason.OUTDATED_PROOF is stepped_up(scene).reason
    assert 0 == scene.hasher.evaluations


@pytest.mark.parametrize("proof", [None, ROOT, "id-anna"], ids=repr)
def test_whoever_brings_no_proof_is_misuse(proof: Any) -> None:
    with pytest.raises(InvalidValue, match="proof is"):
        Scene().access.step_up(proof, RIGHT, address=HOME)


def test_a_password_that_is_no_text_or_an_address_that_is_none_is_misuse() -> None:
    scene = Scene()
    for password, address in ((None, HOME), (b"x", HOME), (RIGHT, "nowhere")):
        with pytest.raises(InvalidValue):
            scene.access.step_up(scene.proof("anna"), password, address=address)  # type: ignore[arg-type]


@pytest.mark.parametrize("password", [RIGHT, "wrong", ""], ids=["right", "wrong", "none"])
@pytest.mark.parametrize("credential", ["kept", "none"])
def test_a24_a_session_that_came_by_sso_is_sent_to_its_provider_and_pays_nothing(
    credential: str, password: str
) -> None:
    scene, kept = Scene(), Scene().user("anna").credential
    by_sso(scene)
    if credential == "kept":
        scene.change("anna", credential=kept)
    proof = Proof("id-anna", ((Factor.SSO, scene.clock.now() - HOUR),))
    before = everything(scene.repositories)
    for _ in range(10):
        outcome = scene.access.step_up(proof, password, address=HOME)
        assert isinstance(outcome, Refused)
        assert (Reason.SSO_ONLY, "A24", "id-anna") == (outcome.reason, outcome.rule, outcome.user_id)
        assert "Please sign in with your provider again." == outcome.public_message
    assert (0, before) == (scene.hasher.hashes, everything(scene.repositories))
    assert () == scene.repositories.counters.all()
    assert isinstance(scene.access.sign_in_with_sso(asserted(scene), address=HOME), SignedIn)
    assert isinstance(scene.access.sign_in("boss", RIGHT, address=HOME), SignedIn)
