"""Recovery codes renewed as a whole, and a lost factor reset by somebody else (S26; D8)."""

from datetime import timedelta
from typing import Any

import pytest

from mydso_access import (
    Busy,
    Done,
    EnrolmentRequired,
    EventKind,
    Factor,
    InvalidValue,
    Proof,
    Reason,
    Refused,
    SecondFactorRequired,
    SignedIn,
    Stale,
    StoreUnavailable,
    VerifierFailed,
)
from mydso_access.model.message import SecurityChange
from tests.flows.scene import LYON, ROOT, Scene, everything
from tests.flows.steps import (
    PERIOD,
    RECOVERY,
    answer,
    asserted,
    begin,
    by_sso,
    confirm,
    enrol,
    reason,
    seed_of,
    wrong_code,
)
from tests.support import HOME, CountingHasher, door, policy, run, with_one_slot
from tests.test_store import raising, replacing

HOUR = timedelta(hours=1)


def proven(scene: Scene, name: str = "anna") -> Proof:
    """Return what a sign-in with both factors proves."""
    outcome = answer(scene, begin(scene, name))
    assert isinstance(outcome, SignedIn)
    scene.clock.move(PERIOD)
    return outcome.proof


def enrolled() -> tuple[Scene, Proof]:
    scene = Scene()
    enrol(scene)
    return scene, proven(scene)


# --- recovery codes


def test_d8_ten_codes_each_with_its_place_are_given_once_and_hashed() -> None:
    scene, proof = enrolled()
    given = run(door(scene).renew_recovery_codes(proof))
    texts = [each.reveal() for each in given.codes]
    assert [f"{place}-" for place in range(1, 11)] == [text[: text.index("-") + 1] for text in texts]
    assert 10 == len(set(texts)) == len(scene.user("anna").second_factor.recovery)
    assert [SecurityChange.RECOVERY_CODES_RENEWED] == [each.change for each in given.messages]
    assert (EventKind.RECOVERY_CODES_RENEWED, "id-anna", "D8") == (
        scene.events()[-1].kind,
        scene.events()[-1].actor,
        scene.events()[-1].rule,
    )
    assert not [text for text in texts if text in repr(given) + repr(scene.events())]


def test_d8_all_earlier_codes_are_dead_and_each_new_one_works_once() -> None:
    scene, proof = enrolled()
    codes = scene.access.renew_recovery_codes(proof).codes
    assert Reason.WRONG_CODE is reason(answer(scene, begin(scene), RECOVERY[0].reveal()))
    for each in (codes[0], codes[9]):
        assert isinstance(answer(scene, begin(scene), each.reveal().lower()), SignedIn)
        assert Reason.WRONG_CODE is reason(answer(scene, begin(scene), each.reveal()))
    assert 8 == len(scene.user("anna").second_factor.recovery)


def test_renewing_them_leaves_sessions_and_the_app_as_they_are() -> None:
    scene, proof = enrolled()
    before = scene.user("anna")
    scene.access.renew_recovery_codes(proof)
    after = scene.user("anna")
    assert (before.valid_from, before.second_factor.seed) == (after.valid_from, after.second_factor.seed)
    assert isinstance(scene.access.accessed(proof), Done)


def test_asvs_7_5_1_they_are_given_to_nobody_who_has_not_proven_both_factors_just_now() -> None:
    scene, proof = enrolled()
    before = everything(scene.repositories), scene.hasher.hashes
    for stale in (scene.proof("anna"), Proof("id-anna", proof.factors[:1])):
        assert Reason.STEP_UP_NEEDED is reason(scene.access.renew_recovery_codes(stale))
    scene.clock.move(HOUR)
    assert Reason.STEP_UP_NEEDED is reason(scene.access.renew_recovery_codes(proof))
    assert before == (everything(scene.repositories), scene.hasher.hashes)


def test_whoever_has_no_factor_has_no_codes() -> None:
    scene = Scene()
    assert Reason.WRONG_STATE is reason(scene.access.renew_recovery_codes(scene.proof("anna")))
    assert Reason.OUTDATED_PROOF is reason(scene.access.renew_recovery_codes(scene.proof("disabled")))
    assert 0 == scene.hasher.hashes


@pytest.mark.parametrize("call", ["renew_recovery_codes", "begin_enrolment"])
@pytest.mark.parametrize("proof", [None, ROOT, "id-anna"], ids=repr)
def test_whoever_brings_no_proof_is_misuse(proof: Any, call: str) -> None:
    given = {"address": HOME} if call == "begin_enrolment" else {}
    with pytest.raises(InvalidValue, match="proof is"):
        getattr(Scene().access, call)(proof, **given)


def test_a_hasher_that_fails_or_a_slot_that_is_not_free_leaves_the_earlier_codes() -> None:
    class Exhausted(CountingHasher):
        def hash(self, password: object, /) -> Any:
            raise MemoryError

    scene, proof = enrolled()
    before = scene.user("anna")
    scene.hasher = Exhausted()
    with pytest.raises(VerifierFailed):
        scene.access.renew_recovery_codes(proof)
    scene.hasher = CountingHasher()
    access, outcomes = with_one_slot(scene).access, list[Any]()
    scene.hasher.while_verifying = lambda: outcomes.append(access.renew_recovery_codes(proof))
    access.sign_in("guest", "wrong", address=HOME)
    assert isinstance(outcomes[0], Busy)
    assert before == scene.user("anna")


def test_a_factor_that_is_reset_while_codes_are_hashed_gets_none() -> None:
    class Slow(CountingHasher):
        def hash(self, password: Any, /) -> Any:
            scene.access.reset_second_factor(ROOT, "id-anna")
            return super().hash(password)

    scene, proof = enrolled()
    scene.hasher = Slow()
    assert isinstance(scene.access.renew_recovery_codes(proof), Refused)
    assert None is scene.user("anna").second_factor


# --- a lost factor


@pytest.mark.parametrize("by", ["boss", None])
def test_s26_a_main_administrator_or_the_system_resets_a_lost_factor_and_its_user_is_told(by: str | None) -> None:
    scene = Scene()
    enrol(scene)
    earlier = proven(scene)
    done = scene.access.reset_second_factor(ROOT if by is None else scene.proof(by), "id-anna")
    assert isinstance(done, Done)
    assert None is done.record.second_factor is scene.user("anna").second_factor
    assert [SecurityChange.SECOND_FACTOR_RESET] == [each.change for each in done.messages]
    assert (EventKind.SECOND_FACTOR_RESET, "id-anna", "S26") == (done.event.kind, done.event.subject, done.event.rule)
    assert Reason.OUTDATED_PROOF is reason(scene.access.accessed(earlier))
    assert isinstance(begin(scene), SignedIn)


def test_s26_after_a_reset_the_next_sign_in_enrols_where_it_is_required() -> None:
    scene = Scene()
    enrol(scene)
    scene.ask(LYON, second_factor__required=True)
    scene.access.reset_second_factor(ROOT, "id-anna")
    asked = begin(scene)
    assert isinstance(asked, EnrolmentRequired)
    assert isinstance(confirm(scene, asked), SignedIn)


@pytest.mark.parametrize("who", ["boss", "chief"])
def test_s26_nobody_resets_their_own(who: str) -> None:
    scene = Scene()
    enrol(scene, who)
    proof = proven(scene, who)
    before = everything(scene.repositories)
    outcome = scene.access.reset_second_factor(proof, f"id-{who}")
    assert (Reason.NOT_ALLOWED, "S26") == (reason(outcome), outcome.rule)
    assert before == everything(scene.repositories)


@pytest.mark.parametrize("by", ["deputy", "manager", "anna", "stranger", "chief"])
def test_s26_it_takes_a_main_administrator_of_the_users_structure(by: str) -> None:
    scene = Scene()
    enrol(scene, "guest")
    before = everything(scene.repositories)
    outcome = scene.access.reset_second_factor(scene.proof(by), "id-guest")
    if by == "chief":  # of every entity that they are authorised in (A13)
        assert isinstance(outcome, Done)
        return
    assert Reason.NOT_ALLOWED is reason(outcome)
    assert before == everything(scene.repositories)


def test_asvs_7_5_1_an_administrator_proves_themselves_first_with_their_own_factor_too() -> None:
    scene = Scene()
    enrol(scene)
    assert Reason.STEP_UP_NEEDED is reason(scene.access.reset_second_factor(scene.proof("boss", age=HOUR), "id-anna"))
    enrol(scene, "boss")
    assert Reason.STEP_UP_NEEDED is reason(scene.access.reset_second_factor(scene.proof("boss"), "id-anna"))
    assert isinstance(scene.access.reset_second_factor(proven(scene, "boss"), "id-anna"), Done)


def test_what_is_not_there_is_reset_already_and_who_is_not_there_is_nobody() -> None:
    scene = Scene()
    before = everything(scene.repositories)
    done = scene.access.reset_second_factor(ROOT, "id-anna")
    assert (isinstance(done, Done), ()) == (True, done.messages)
    assert Reason.NO_USER is reason(scene.access.reset_second_factor(ROOT, "id-nobody"))
    assert before == everything(scene.repositories)


def test_a_proof_that_does_not_stand_resets_nothing_and_tells_nothing() -> None:
    scene = Scene()
    for who in ("id-anna", "id-nobody"):
        outcome = scene.access.reset_second_factor(scene.proof("disabled"), who)
        assert Reason.OUTDATED_PROOF is reason(outcome)


def test_d4_a_reset_lifts_the_hard_cap_of_whoever_comes_by_sso() -> None:
    scene = Scene(policy=policy(hard_cap=3))
    by_sso(scene)
    enrol(scene)
    asked = scene.access.sign_in_with_sso(asserted(scene), address=HOME)
    for _ in range(3):
        answer(scene, asked, wrong_code(scene))
    capped = scene.access.sign_in_with_sso(asserted(scene, 2), address=HOME)
    assert (Reason.ACCOUNT_BLOCKED, "D4") == (reason(capped), capped.rule)
    scene.access.reset_second_factor(ROOT, "id-anna")
    outcome = scene.access.sign_in_with_sso(asserted(scene, 3), address=HOME)
    assert isinstance(outcome, SignedIn)
    assert [Factor.SSO] == [factor for factor, _ in outcome.proof.factors]


def test_d4_a_reset_that_resets_nothing_lifts_no_hard_cap_and_is_no_event() -> None:
    scene = Scene(policy=policy(hard_cap=3))
    by_sso(scene)
    scene.ask(LYON, second_factor__required=True)
    asked = scene.access.sign_in_with_sso(asserted(scene), address=HOME)
    for _ in range(3):
        assert Reason.WRONG_CODE is reason(confirm(scene, asked, wrong_code(scene, seed_of(asked))))
    before = everything(scene.repositories)
    done = scene.access.reset_second_factor(ROOT, "id-anna")
    assert (isinstance(done, Done), None) == (True, done.event)
    assert before == everything(scene.repositories)
    capped = scene.access.sign_in_with_sso(asserted(scene, 2), address=HOME)
    assert (Reason.ACCOUNT_BLOCKED, "D4") == (reason(capped), capped.rule)


def capped_by_sso() -> Scene:
    """Return somebody who comes by single sign-on, whose wrong codes have reached the hard cap."""
    scene = Scene(policy=policy(hard_cap=3))
    by_sso(scene)
    enrol(scene)
    asked = scene.access.sign_in_with_sso(asserted(scene), address=HOME)
    for _ in range(3):
        answer(scene, asked, wrong_code(scene))
    return scene


def sso_reason(scene: Scene, number: int) -> Any:
    outcome = scene.access.sign_in_with_sso(asserted(scene, number), address=HOME)
    return outcome.reason if isinstance(outcome, Refused) else type(outcome)


def test_d4_a_reset_whose_counter_cannot_be_saved_is_busy_and_resets_nothing() -> None:
    scene = capped_by_sso()
    before = everything(scene.repositories)
    outcome = scene.through(replacing(scene, counters_save=raising(Stale()))).reset_second_factor(ROOT, "id-anna")
    assert isinstance(outcome, Busy)
    assert before == everything(scene.repositories)
    assert isinstance(scene.access.reset_second_factor(ROOT, "id-anna"), Done)
    assert SignedIn is sso_reason(scene, 2)


def test_d4_the_hard_cap_is_lifted_before_the_reset_since_it_could_not_be_caught_up_on() -> None:
    scene = capped_by_sso()
    failing = scene.through(replacing(scene, users_save=raising(StoreUnavailable("users.save"))))
    with pytest.raises(StoreUnavailable):
        failing.reset_second_factor(ROOT, "id-anna")
    assert None is not scene.user("anna").second_factor
    assert SecondFactorRequired is sso_reason(scene, 2)


@pytest.mark.parametrize("by", ["anna", "deputy", "stranger", "disabled"])
def test_d4_a_reset_that_is_refused_lifts_no_hard_cap(by: str) -> None:
    scene = capped_by_sso()
    before = everything(scene.repositories)
    assert isinstance(scene.access.reset_second_factor(scene.proof(by), "id-anna"), Refused)
    assert before == everything(scene.repositories)
    assert Reason.ACCOUNT_BLOCKED is sso_reason(scene, 2)
