"""Enrolling from a session, or replacing a second factor: by a fresh proof, from any address, by any clock (S26; A17, D10)."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from mydso_access import (
    Done,
    Enrolled,
    EnrolmentRequired,
    Factor,
    InvalidValue,
    Proof,
    Reason,
    SignedIn,
    SteppedUp,
)
from mydso_access.policy.addresses import Recipient
from mydso_access.policy.second_factor import Algorithm
from tests.flows.scene import LYON, ROOT, Scene, everything
from tests.flows.steps import (
    PERIOD,
    answer,
    begin,
    by_sso,
    code,
    confirm,
    enrol,
    listed,
    reason,
    seed_of,
    texted,
)
from tests.support import HOME, RIGHT, World, door, run

HOUR = timedelta(hours=1)


def from_session(scene: Scene, name: str = "anna") -> Any:
    return scene.access.begin_enrolment(scene.proof(name), address=HOME)


def test_a_session_enrols_by_its_fresh_proof_and_goes_on_with_another_one() -> None:
    scene = Scene()
    asked = run(door(scene).begin_enrolment(scene.proof("anna"), address=HOME))
    assert isinstance(asked, EnrolmentRequired)
    scene.clock.move(timedelta(seconds=1))
    outcome = confirm(scene, asked)
    assert isinstance(outcome, Enrolled)
    assert {Factor.PASSWORD, Factor.TOTP} == {factor for factor, _ in outcome.proof.factors}
    assert scene.user("anna") == outcome.user
    assert None is outcome.user.last_access_at
    scene.clock.move(timedelta(seconds=1))
    earlier = scene.proof("anna", age=timedelta(seconds=2))
    assert Reason.OUTDATED_PROOF is reason(scene.access.begin_enrolment(earlier, address=HOME))
    assert isinstance(scene.access.begin_enrolment(outcome.proof, address=HOME), EnrolmentRequired)


def test_asvs_7_5_1_an_old_proof_must_be_made_fresh_first() -> None:
    scene = Scene()
    old = scene.proof("anna", age=HOUR)
    assert Reason.STEP_UP_NEEDED is reason(scene.access.begin_enrolment(old, address=HOME))
    fresh = scene.access.step_up(old, RIGHT, address=HOME)
    assert isinstance(fresh, SteppedUp)
    assert isinstance(scene.access.begin_enrolment(fresh.proof, address=HOME), EnrolmentRequired)


def test_whoever_has_a_factor_replaces_it_only_with_a_proof_of_it() -> None:
    scene = Scene()
    enrol(scene)
    assert Reason.STEP_UP_NEEDED is reason(from_session(scene))
    proof = answer(scene, begin(scene)).proof
    asked = scene.access.begin_enrolment(proof, address=HOME)
    assert isinstance(asked, EnrolmentRequired)
    before = scene.user("anna").second_factor
    assert isinstance(confirm(scene, asked), Enrolled)
    after = scene.user("anna").second_factor
    assert before.seed != after.seed
    assert () == after.recovery  # codes on paper are given anew


def test_a_replaced_factor_proves_nothing_any_more() -> None:
    scene = Scene()
    enrol(scene)
    proof = answer(scene, begin(scene)).proof
    asked = scene.access.begin_enrolment(proof, address=HOME)
    assert isinstance(confirm(scene, asked), Enrolled)
    scene.clock.move(PERIOD)
    following = begin(scene)
    assert Reason.WRONG_CODE is reason(answer(scene, following))
    assert isinstance(answer(scene, following, code(scene, seed=seed_of(asked))), SignedIn)


def test_a_proof_that_does_not_stand_begins_nothing() -> None:
    scene = Scene()
    before = everything(scene.repositories)
    for proof in (scene.proof("disabled"), scene.proof("nobody"), Proof("id-anna", ())):
        assert Reason.OUTDATED_PROOF is reason(scene.access.begin_enrolment(proof, address=HOME))
    assert before == everything(scene.repositories)
    assert {} == scene.repositories.sign_ins._by_id


@pytest.mark.parametrize("proof", [None, ROOT, "id-anna"], ids=repr)
def test_whoever_brings_no_proof_is_misuse(proof: Any) -> None:
    with pytest.raises(InvalidValue, match="proof is"):
        Scene().access.begin_enrolment(proof, address=HOME)


def test_a_session_that_came_by_sso_enrols_too() -> None:
    scene = Scene()
    by_sso(scene)
    now = scene.clock.now()
    asked = scene.access.begin_enrolment(Proof("id-anna", ((Factor.SSO, now),)), address=HOME)
    assert isinstance(asked, EnrolmentRequired)
    outcome = confirm(scene, asked)
    assert isinstance(outcome, Enrolled)
    assert [Factor.SSO, Factor.TOTP] == [factor for factor, _ in outcome.proof.factors]


def test_s21_a_session_enrols_from_a_new_address_after_its_code() -> None:
    scene = Scene()
    listed(scene)
    asked = from_session(scene)
    following = scene.access.enter_address_code(asked.sign_in, texted(asked), address=HOME)
    assert isinstance(following, EnrolmentRequired)
    assert isinstance(confirm(scene, following), Enrolled)


def test_the_algorithm_is_the_policys_at_the_time_of_enrolling() -> None:
    scene = Scene()
    factor = evolve(scene.policy.second_factor, algorithm=Algorithm.SHA256)
    scene.policy = evolve(scene.policy, second_factor=factor)
    asked = from_session(scene)
    assert "algorithm=SHA256" in asked.uri.reveal()
    totp, step = scene.access._installation.one_time_codes, int(scene.clock.now().timestamp()) // 30
    shown = totp.code(seed_of(asked), step, Algorithm.SHA256).reveal()
    scene.policy = World().policy
    assert isinstance(confirm(scene, asked, shown), Enrolled)
    assert Algorithm.SHA256 is scene.user("anna").second_factor.algorithm


# --- on the way to it


@pytest.mark.parametrize("recipient", Recipient)
def test_a17_an_address_that_was_let_in_on_the_way_is_remembered_with_the_enrolment(recipient: Recipient) -> None:
    scene = Scene()
    scene.policy = evolve(scene.policy, addresses=evolve(scene.policy.addresses, recipient=recipient))
    listed(scene)
    asked = from_session(scene)
    assert recipient is asked.validator
    following = scene.access.enter_address_code(asked.sign_in, texted(asked), address=HOME)
    assert ((), ()) == (scene.user("anna").approved, scene.structure(LYON).approved)
    assert isinstance(confirm(scene, following), Enrolled)
    own, shared = scene.user("anna").approved, scene.structure(LYON).approved
    expected = ([HOME], []) if recipient is Recipient.USER else ([], [HOME])
    assert expected == ([each.address for each in own], [each.address for each in shared])
    asked = begin(scene)
    scene.clock.move(PERIOD)
    assert isinstance(answer(scene, asked, code(scene, seed=seed_of(following))), SignedIn)


@pytest.mark.parametrize("with_list", [False, True], ids=["from a listed address", "from a new one"])
def test_d10_a_factor_is_replaced_also_by_a_clock_that_went_back_behind_its_enrolment(with_list: bool) -> None:
    scene = Scene()
    enrol(scene)
    first = scene.access.begin_enrolment(answer(scene, begin(scene)).proof, address=HOME)
    proof = confirm(scene, first).proof
    before = scene.user("anna").second_factor
    scene.clock.move(-HOUR)
    if with_list:
        listed(scene)
    asked = scene.access.begin_enrolment(proof, address=HOME)
    if with_list:
        asked = scene.access.enter_address_code(asked.sign_in, texted(asked), address=HOME)
    assert isinstance(asked, EnrolmentRequired)
    assert before == scene.user("anna").second_factor
    at_the_last_save = code(scene, HOUR // PERIOD, seed_of(asked))  # until the clock is there again, time stands still
    outcome = confirm(scene, asked, at_the_last_save)
    assert isinstance(outcome, Enrolled)
    assert before.seed != scene.user("anna").second_factor.seed
    assert isinstance(scene.access.accessed(outcome.proof), Done)
