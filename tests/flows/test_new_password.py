"""The new password that a sign-in owes: why, what it may not be, and that the sign-in goes on with it (S23; A18)."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from attrs import evolve

from mydso_access import (
    Done,
    EventKind,
    Factor,
    Flaw,
    NewPasswordRequired,
    PasswordRejected,
    Reason,
    SignedIn,
    VerifierFailed,
)
from mydso_access.decisions.outcomes import DueBecause
from mydso_access.model import Credential, Secret
from mydso_access.model.message import SecurityChange
from mydso_access.policy import Composition, Level
from mydso_access.testing.clock import A_MONDAY
from tests.flows.scene import GROUP, LYON, NEW, PARIS, ROOT, Scene
from tests.flows.steps import answer, begin, counted, enrol, reason
from tests.support import HOME, RIGHT, CountingHasher, door, run, with_one_slot

DAYS, TICK = timedelta(days=30), timedelta(microseconds=1)


def rotating(**asks: Any) -> Scene:
    scene = Scene()
    scene.ask(LYON, rotation__days=30, **asks)
    return scene


def due(scene: Scene) -> NewPasswordRequired:
    scene.clock.move(DAYS)
    asked = begin(scene)
    assert isinstance(asked, NewPasswordRequired)
    return asked


def set_new(scene: Scene, asked: Any, password: str = NEW) -> Any:
    return scene.access.set_new_password(asked.sign_in, password, address=HOME)


def flaws(outcome: Any) -> set[Flaw]:
    assert isinstance(outcome, PasswordRejected)
    return {each.flaw for each in outcome.violations}


# --- owed


def test_a18_a_password_is_due_at_exactly_its_last_change_and_the_frequency() -> None:
    scene = rotating()
    scene.clock.move(DAYS - TICK)
    assert isinstance(begin(scene), SignedIn)
    scene = rotating()
    asked = due(scene)
    assert (DueBecause.AGE, scene.clock.now() + timedelta(minutes=15), ()) == (
        asked.because,
        asked.until,
        asked.messages,
    )


@pytest.mark.parametrize(
    ("structure", "name", "due"),
    [
        (LYON, "anna", True),
        (PARIS, "anna", False),
        (GROUP, "anna", False),
        (GROUP, "multi", True),
        (LYON, "multi", False),
    ],
)
def test_d15_rotation_is_of_the_structure_that_is_signed_in_to(structure: Any, name: str, due: bool) -> None:
    scene = Scene()
    scene.ask(structure, rotation__days=30)
    scene.clock.move(DAYS)
    assert due is isinstance(begin(scene, name), NewPasswordRequired)


def test_a_password_that_is_marked_compromised_must_be_changed_although_nothing_rotates() -> None:
    scene = Scene()
    scene.access.mark_compromised(ROOT, "id-anna")
    asked = begin(scene)
    assert DueBecause.COMPROMISED is asked.because
    assert isinstance(set_new(scene, asked), SignedIn)
    assert not scene.user("anna").credential.compromised
    assert isinstance(scene.access.sign_in("anna", NEW, address=HOME), SignedIn)


OUTGROWN = {
    "too short": ({"passwords__min_length": 16}, RIGHT),
    "no capital": ({"passwords__composition": Composition.ALWAYS}, "correct-horse-9"),
    "names": ({"passwords__refuse_names": True}, "Anna-Petit-2026!"),
}


@pytest.mark.parametrize("case", OUTGROWN)
def test_a_password_that_could_not_be_set_any_more_must_be_changed_once_it_was_right(case: str) -> None:
    asks, password = OUTGROWN[case]
    scene = Scene()
    scene.ask(LYON, **asks)
    scene.change("anna", credential=Credential(Secret(password), A_MONDAY))
    assert Reason.WRONG_SECRET is reason(scene.access.sign_in("anna", "wrong", address=HOME))
    asked = scene.access.sign_in("anna", password, address=HOME)
    assert isinstance(asked, NewPasswordRequired)
    assert DueBecause.OUTGROWN is asked.because
    assert isinstance(set_new(scene, asked, "Another-Horse-1234"), SignedIn)
    assert isinstance(scene.access.sign_in("anna", "Another-Horse-1234", address=HOME), SignedIn)


def test_d13_a_password_longer_than_may_be_set_now_locks_nobody_out() -> None:
    scene = Scene()
    long = "Correct-Horse-9" * 10
    scene.change("anna", credential=Credential(Secret(long), A_MONDAY))
    assert isinstance(scene.access.sign_in("anna", long, address=HOME), SignedIn)


def test_d1_with_rotation_the_composition_binds_where_passwords_rotate_and_nowhere_else() -> None:
    scene = Scene()
    passwords = evolve(scene.policy.passwords, composition=Composition.WITH_ROTATION)
    scene.policy = evolve(scene.policy, passwords=passwords)
    plain = Credential(Secret("correct-horse"), A_MONDAY)
    scene.change("anna", credential=plain)
    scene.change("paul", credential=plain)
    scene.ask(LYON, rotation__days=30)
    assert isinstance(scene.access.sign_in("anna", "correct-horse", address=HOME), NewPasswordRequired)
    assert isinstance(scene.access.sign_in("paul", "correct-horse", address=HOME), SignedIn)


def test_a29_the_new_password_is_owed_last() -> None:
    scene = rotating()
    enrol(scene)
    scene.clock.move(DAYS)
    asked = begin(scene)
    assert "SecondFactorRequired" == type(asked).__name__
    assert Reason.WRONG_STEP is reason(set_new(scene, asked))
    assert isinstance(answer(scene, asked), NewPasswordRequired)


# --- set


def test_s23_the_new_password_completes_the_sign_in_and_ends_every_session_from_before() -> None:
    scene = rotating()
    earlier = scene.proof("anna")
    asked = due(scene)
    scene.clock.move(TICK)
    outcome = run(door(scene).set_new_password(asked.sign_in, NEW, address=HOME))
    assert isinstance(outcome, SignedIn)
    assert [Factor.PASSWORD] == [factor for factor, _ in outcome.proof.factors]
    assert [SecurityChange.PASSWORD_CHANGED] == [each.change for each in outcome.messages]
    assert [EventKind.PASSWORD_CHANGED, EventKind.SIGNED_IN] == [each.kind for each in scene.events()]
    assert Reason.OUTDATED_PROOF is reason(scene.access.accessed(earlier))
    assert isinstance(scene.access.accessed(outcome.proof), Done)
    assert isinstance(scene.access.sign_in("anna", NEW, address=HOME), SignedIn)
    assert Reason.WRONG_SECRET is reason(begin(scene))


def test_s23_the_frequency_counts_from_the_new_password_on() -> None:
    scene = rotating()
    assert isinstance(set_new(scene, due(scene)), SignedIn)
    scene.clock.move(DAYS - timedelta(seconds=1))
    assert isinstance(scene.access.sign_in("anna", NEW, address=HOME), SignedIn)
    scene.clock.move(timedelta(seconds=1))
    assert isinstance(scene.access.sign_in("anna", NEW, address=HOME), NewPasswordRequired)


@pytest.mark.parametrize(
    ("password", "flaw"),
    [
        ("short", Flaw.TOO_SHORT),
        ("all-lower-case-9", Flaw.NO_UPPERCASE),
        ("Anna-Petit-2026!", Flaw.NAMES),
        ("Qwertyuiop1!", Flaw.COMMON),
        (RIGHT, Flaw.REUSED),
        ("", Flaw.MALFORMED),
    ],
)
def test_s24_a_password_that_is_not_good_enough_leaves_the_token_and_costs_nothing(password: str, flaw: Flaw) -> None:
    scene = rotating()
    asked = due(scene)
    before = scene.user("anna")
    assert flaw in flaws(set_new(scene, asked, password))
    assert (before, (0, 0)) == (scene.user("anna"), counted(scene))
    assert isinstance(set_new(scene, asked), SignedIn)


def test_s24_the_cheap_rules_cost_no_hash_and_charge_nothing() -> None:
    scene = rotating()
    asked = due(scene)
    before = scene.hasher.hashes, scene.repositories.counters.all()
    flaws(set_new(scene, asked, "short"))
    assert before == (scene.hasher.hashes, scene.repositories.counters.all())


@pytest.mark.parametrize("history", [0, 1, 2])
def test_s23_earlier_passwords_may_not_come_back_as_many_as_the_policy_looks_at(history: int) -> None:
    scene = rotating(rotation__history=history)
    passwords = [RIGHT, "Second-Horse-2", "Third-Horse-3", "Fourth-Horse-4"]
    for old, new in pairwise(passwords):
        scene.clock.move(DAYS)
        asked = scene.access.sign_in("anna", old, address=HOME)
        assert isinstance(set_new(scene, asked, new), SignedIn)
    assert history == len(scene.user("anna").credential.before)
    scene.clock.move(DAYS)
    for back, password in enumerate(reversed(passwords)):
        asked = scene.access.sign_in("anna", passwords[-1], address=HOME)
        before = scene.hasher.evaluations
        outcome = set_new(scene, asked, password)
        if back <= history:
            assert {Flaw.REUSED} == flaws(outcome)
            assert back + 1 == scene.hasher.evaluations - before
        else:
            assert isinstance(outcome, SignedIn)
            break


def test_a_hasher_that_fails_changes_nothing() -> None:
    class Exhausted(CountingHasher):
        def hash(self, password: object, /) -> Any:
            raise MemoryError

    scene = rotating()
    asked = due(scene)
    scene.hasher = Exhausted()
    before = scene.user("anna")
    with pytest.raises(VerifierFailed):
        set_new(scene, asked)
    assert (before, (0, 0)) == (scene.user("anna"), counted(scene))


def test_no_slot_in_time_is_busy_and_leaves_the_token() -> None:
    scene = rotating()
    asked = due(scene)
    with_one_slot(scene)
    access = scene.access
    outcomes: list[Any] = []
    scene.hasher.while_verifying = lambda: outcomes.append(access.set_new_password(asked.sign_in, NEW, address=HOME))
    access.sign_in("guest", "wrong", address=HOME)
    scene.hasher.while_verifying = lambda: None
    assert "Busy" == type(outcomes[0]).__name__
    assert isinstance(access.set_new_password(asked.sign_in, NEW, address=HOME), SignedIn)


def test_the_levels_that_ask_for_it_are_told_where_it_is_refused() -> None:
    scene = Scene()
    scene.ask(LYON, rotation__days=30)
    proof = scene.proof("multi")
    scene.clock.move(DAYS)
    refused = scene.access.enter(proof, "lyon", address=HOME)
    assert (Reason.PASSWORD_DUE, {Level.ENTITY}) == (reason(refused), refused.levels)
