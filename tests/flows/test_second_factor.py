"""The code of an app, or one on paper, behind the gate: what it costs, what it clears, and that each counts once."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve

from mydso_access import EventKind, Factor, Reason, SecondFactorRequired, SignedIn, StoreUnavailable, VerifierFailed
from mydso_access.adapters.secret_box import AesGcmBox
from mydso_access.decisions.second_factor import seal_context
from mydso_access.model import Secret
from mydso_access.model.message import SecurityChange
from mydso_access.policy.second_factor import Algorithm
from tests.flows.scene import LYON, Scene
from tests.flows.steps import PERIOD, RECOVERY, SEED, answer, begin, code, counted, enrol, reason, wrong_code
from tests.support import HOME, RIGHT, CountingHasher, door, methods_of, policy, run, with_parts
from tests.test_store import raising

SHORT = timedelta(seconds=1)


def scene_with_a_factor(**changes: Any) -> Scene:
    scene = Scene()
    enrol(scene, **changes)
    return scene


def test_s26_a_right_code_signs_in_and_the_proof_says_how() -> None:
    scene = scene_with_a_factor()
    asked = begin(scene)
    assert isinstance(asked, SecondFactorRequired)
    assert (scene.clock.now() + timedelta(minutes=15), ()) == (asked.until, asked.messages)
    assert None is scene.user("anna").last_access_at
    scene.clock.move(SHORT)
    outcome = answer(scene, asked)
    assert isinstance(outcome, SignedIn)
    now = scene.clock.now()
    assert ((Factor.PASSWORD, now - SHORT), (Factor.TOTP, now)) == outcome.proof.factors
    assert (now, now) == (outcome.user.last_access_at, outcome.proof.issued_at)


def test_s26_whoever_has_a_second_factor_is_asked_for_it_although_nobody_requires_it() -> None:
    assert isinstance(begin(scene_with_a_factor()), SecondFactorRequired)
    assert isinstance(begin(Scene()), SignedIn)


def test_d3_a_right_password_clears_nothing_as_long_as_a_code_is_owed_and_a_complete_sign_in_does() -> None:
    scene = scene_with_a_factor()
    for _ in range(3):
        scene.access.sign_in("anna", "wrong", address=HOME)
    asked = begin(scene)
    assert (3, 3) == counted(scene)
    assert Reason.WRONG_CODE is reason(answer(scene, asked, wrong_code(scene)))
    assert (4, 4) == counted(scene)
    assert isinstance(answer(scene, asked), SignedIn)
    assert (0, 4) == counted(scene)


def test_d3_a_right_code_whose_sign_in_goes_on_clears_nothing() -> None:
    scene = scene_with_a_factor()
    scene.ask(LYON, rotation__days=1)
    scene.clock.move(timedelta(days=2))
    asked = begin(scene)
    assert Reason.WRONG_CODE is reason(answer(scene, asked, wrong_code(scene)))
    following = answer(scene, asked)
    assert "NewPasswordRequired" == type(following).__name__
    assert (1, 1) == counted(scene)
    assert isinstance(scene.access.set_new_password(following.sign_in, "Another-Horse-10", address=HOME), SignedIn)
    assert (0, 1) == counted(scene)


def test_s36_password_right_and_code_wrong_again_and_again_is_blocked_after_five() -> None:
    scene = scene_with_a_factor()
    reasons = [reason(answer(scene, begin(scene), wrong_code(scene))) for _ in range(5)]
    assert [Reason.WRONG_CODE] * 5 == reasons
    blocked = scene.access.sign_in("anna", RIGHT, address="192.0.2.77")
    assert Reason.ACCOUNT_BLOCKED is reason(blocked)
    assert EventKind.BLOCK_STARTED in [each.kind for each in scene.events()]


def test_s36_of_guesses_with_one_token_five_are_evaluated_and_never_a_sixth() -> None:
    scene = scene_with_a_factor()
    asked = begin(scene)
    reasons = [reason(answer(scene, asked, wrong_code(scene))) for _ in range(7)]
    assert [Reason.WRONG_CODE] * 5 + [Reason.ACCOUNT_BLOCKED] * 2 == reasons
    assert Reason.ACCOUNT_BLOCKED is reason(answer(scene, asked))
    assert SignedIn is not type(answer(scene, asked, RECOVERY[0].reveal()))


def test_a_wrong_code_tells_what_it_is_to_whoever_proved_the_password_and_a_block_too() -> None:
    scene = scene_with_a_factor()
    asked = begin(scene)
    told = [answer(scene, asked, wrong_code(scene)).public_message for _ in range(6)]
    assert ["The code is not right."] * 5 == told[:5]
    assert told[5].startswith("Too many wrong codes or passwords. Try again after ")


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "１２３４５６", "12345a", "-", "٠١٢٣٤٥", "1234 5", "2-AAAA-BBBB", "0" * 99]
)
def test_d8_what_is_no_code_is_no_attempt(typed: str) -> None:
    scene = scene_with_a_factor()
    asked = begin(scene)
    before = scene.repositories.counters.all()
    refused = answer(scene, asked, typed)
    assert (Reason.MALFORMED, "The code is not right.") == (reason(refused), refused.public_message)
    assert before == scene.repositories.counters.all()
    assert isinstance(answer(scene, asked), SignedIn)


def test_a_code_may_be_typed_in_groups() -> None:
    scene = scene_with_a_factor()
    digits = code(scene)
    assert isinstance(answer(scene, begin(scene), f" {digits[:3]} {digits[3:]} "), SignedIn)


def test_a_password_whose_parameters_have_grown_is_hashed_anew_although_a_code_is_owed() -> None:
    class Growing(CountingHasher):
        def needs_rehash(self, stored: Secret[str], /) -> bool:
            return True

    scene = Scene(hasher=Growing())
    enrol(scene)
    before = scene.user("anna")
    asked = begin(scene)
    assert [EventKind.PASSWORD_REHASHED] == [each.kind for each in scene.events()]
    assert (before.credential.set_at, None) == (scene.user("anna").credential.set_at, scene.user("anna").last_access_at)
    assert isinstance(answer(scene, asked), SignedIn)


# --- each step counts once


def test_d8_a_code_is_accepted_once_and_a_used_one_costs_a_failure() -> None:
    scene = scene_with_a_factor()
    assert isinstance(answer(scene, begin(scene)), SignedIn)
    used = answer(scene, begin(scene))
    assert Reason.USED_CODE is reason(used)
    assert "This code was used already. Please wait for the next one." == used.public_message
    assert (1, 1) == counted(scene)


@pytest.mark.parametrize(("back", "ahead"), [(0, 0), (1, 0), (2, 1), (1, 1)])
def test_d8_codes_count_within_the_drift_that_the_policy_allows_and_the_event_tells_it(back: int, ahead: int) -> None:
    for steps in range(-4, 4):
        scene = scene_with_a_factor()
        factor = evolve(scene.policy.second_factor, steps_back=back, steps_ahead=ahead)
        scene.policy = evolve(scene.policy, second_factor=factor)
        outcome = answer(scene, begin(scene), code(scene, steps))
        if -back <= steps <= ahead:
            assert isinstance(outcome, SignedIn)
            (told,) = scene.events()[-1].differences
            assert ("drift", str(steps)) == (told.name, told.after)
        else:
            assert Reason.WRONG_CODE is reason(outcome)


def test_d8_the_whole_drift_window_is_free_of_replay() -> None:
    for accepted in range(-2, 2):
        for replayed in range(-2, accepted + 1):
            scene = scene_with_a_factor()
            factor = evolve(scene.policy.second_factor, steps_back=2, steps_ahead=1)
            scene.policy = evolve(scene.policy, second_factor=factor)
            assert isinstance(answer(scene, begin(scene), code(scene, accepted)), SignedIn)
            assert Reason.USED_CODE is reason(answer(scene, begin(scene), code(scene, replayed)))
            scene.clock.move(PERIOD)
            assert reason(answer(scene, begin(scene), code(scene, replayed - 1))) in {
                Reason.USED_CODE,
                Reason.WRONG_CODE,
            }


def test_d10_a_clock_that_goes_back_revives_no_code() -> None:
    scene = scene_with_a_factor()
    shown = code(scene)
    assert isinstance(answer(scene, begin(scene)), SignedIn)
    scene.clock.move(-timedelta(hours=1))
    for text in (shown, code(scene), code(scene, -1)):
        assert reason(answer(scene, begin(scene), text)) in {Reason.USED_CODE, Reason.WRONG_CODE}


def test_d8_sha256_is_for_whoever_enrolled_with_it() -> None:
    scene = scene_with_a_factor(algorithm=Algorithm.SHA256)
    asked = begin(scene)
    assert Reason.WRONG_CODE is reason(answer(scene, asked))
    totp = scene.access._installation.one_time_codes
    step = int(scene.clock.now().timestamp()) // 30
    assert isinstance(answer(scene, asked, totp.code(SEED, step, Algorithm.SHA256).reveal()), SignedIn)


# --- on paper


def test_d8_a_recovery_code_signs_in_once_and_its_user_is_told() -> None:
    scene = scene_with_a_factor()
    outcome = run(door(scene).enter_second_factor(begin(scene).sign_in, RECOVERY[1], address=HOME))
    assert isinstance(outcome, SignedIn)
    assert [Factor.PASSWORD, Factor.RECOVERY_CODE] == [factor for factor, _ in outcome.proof.factors]
    assert [SecurityChange.RECOVERY_CODE_USED] == [each.change for each in outcome.messages]
    (told,) = scene.events()[-1].differences
    assert ("recovery_code", "3") == (told.name, told.before)
    assert (2, 4, 5) == tuple(each.place for each in scene.user("anna").second_factor.recovery)
    assert Reason.WRONG_CODE is reason(answer(scene, begin(scene), RECOVERY[1].reveal()))
    assert (1, 1) == counted(scene)


@pytest.mark.parametrize("typed", ["2aaaabbbbccc2", "2-aaaa-bbbb-ccc2", " 2 AAAA BBBB CCC2 "])
def test_d8_a_recovery_code_may_be_typed_as_people_type(typed: str) -> None:
    scene = scene_with_a_factor()
    assert isinstance(answer(scene, begin(scene), typed), SignedIn)


@pytest.mark.parametrize(
    ("typed", "evaluations", "dummies"),
    [("2-AAAA-BBBB-CCC2", 1, 0), ("2-AAAA-BBBB-CCCC", 1, 0), ("9-AAAA-BBBB-CCC2", 0, 1), ("12-AAAA-BBBB-CCC2", 0, 1)],
)
def test_d8_each_guess_at_a_recovery_code_costs_one_hash(typed: str, evaluations: int, dummies: int) -> None:
    scene = scene_with_a_factor()
    asked = begin(scene)
    scene.hasher.evaluations = scene.hasher.dummies = 0
    answer(scene, asked, typed)
    assert (evaluations, dummies) == (scene.hasher.evaluations, scene.hasher.dummies)


def test_s36_guesses_at_recovery_codes_are_counted_like_any() -> None:
    scene = scene_with_a_factor()
    asked = begin(scene)
    reasons = [reason(answer(scene, asked, f"{place}-AAAA-BBBB-CCCC")) for place in range(1, 7)]
    assert [Reason.WRONG_CODE] * 5 + [Reason.ACCOUNT_BLOCKED] == reasons


def test_a_recovery_code_works_without_the_box_that_its_owner_lost() -> None:
    scene = scene_with_a_factor()
    scene.secret_box = None
    assert isinstance(answer(scene, begin(scene), RECOVERY[0].reveal()), SignedIn)


# --- seeds at rest, and what fails


def boxed(*keys: str) -> AesGcmBox:
    return AesGcmBox({key: key.encode() * 16 for key in keys}, current=keys[-1])


def sealed(scene: Scene, box: AesGcmBox, name: str = "anna", owner: str = "anna") -> None:
    scene.secret_box = box
    enrol(scene, name, seed=box.seal(SEED, seal_context(f"id-{owner}")))


def test_s26_a_seed_whose_key_has_changed_is_sealed_anew_when_it_is_used() -> None:
    scene = Scene()
    sealed(scene, boxed("k1"))
    scene.secret_box = boxed("k1", "k2")
    assert isinstance(answer(scene, begin(scene)), SignedIn)
    assert scene.user("anna").second_factor.seed.reveal().startswith("k2.")
    scene.secret_box = boxed("k2")
    scene.clock.move(PERIOD)
    assert isinstance(answer(scene, begin(scene)), SignedIn)


def test_a_seed_moved_from_another_users_row_is_unusable_and_counts() -> None:
    scene = Scene()
    sealed(scene, boxed("k1"), owner="guest")
    outcome = answer(scene, begin(scene))
    assert Reason.UNUSABLE_CREDENTIAL is reason(outcome)
    assert (1, 1) == counted(scene)
    assert Reason.UNUSABLE_CREDENTIAL is scene.events()[-1].reason


@pytest.mark.parametrize("damaged", ["", "k1", "k1.", "k1.AAAA", "k9.AAAA", "unprotected", "é", "k1." + "A" * 80])
def test_a_damaged_seed_is_a_refusal_with_an_event_and_never_an_exception(damaged: str) -> None:
    scene = Scene()
    sealed(scene, boxed("k1"))
    enrol(scene, seed=Secret(damaged))
    assert Reason.UNUSABLE_CREDENTIAL is reason(answer(scene, begin(scene)))
    assert Reason.UNUSABLE_CREDENTIAL is scene.events()[-1].reason


def test_a_box_that_raises_costs_a_failure_and_signs_nobody_in() -> None:
    scene = scene_with_a_factor()
    asked = begin(scene)
    scene.secret_box = SimpleNamespace(**methods_of(scene.secret_box) | {"open": raising(OSError("no key service"))})
    with pytest.raises(VerifierFailed):
        answer(scene, asked)
    assert (1, 1) == counted(scene)


@pytest.mark.parametrize("part", ["users", "sign_ins", "counters", "structures"])
def test_a_store_that_fails_at_a_save_or_read_signs_nobody_in(part: str) -> None:
    scene = scene_with_a_factor()
    asked = begin(scene)
    for call in methods_of(getattr(scene.repositories, part)):
        own = methods_of(getattr(scene.repositories, part)) | {call: raising(OSError("down"))}
        access = scene.through(with_parts(scene.repositories, **{part: SimpleNamespace(**own)}))
        try:
            outcome = access.enter_second_factor(asked.sign_in, wrong_code(scene), address=HOME)
        except StoreUnavailable:
            continue
        assert not isinstance(outcome, SignedIn)


def test_hard_cap_counts_codes_too() -> None:
    scene = Scene(policy=policy(hard_cap=3))
    enrol(scene)
    asked = begin(scene)
    assert [Reason.WRONG_CODE] * 3 == [reason(answer(scene, asked, wrong_code(scene))) for _ in range(3)]
    capped = answer(scene, asked)
    assert (Reason.ACCOUNT_BLOCKED, "D4") == (reason(capped), capped.rule)
