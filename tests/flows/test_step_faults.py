"""A store that fails at any call of a step grants nothing, charges at most once, and leaves a way back in."""

from collections.abc import Callable
from typing import Any

import pytest

from mydso_access import AccessError, Reason, Refused, SignedIn, StoreUnavailable, UnreadableRecord
from mydso_access.model import Enabled
from tests.flows.scene import NEW, Scene
from tests.flows.steps import PERIOD, STEPS, Owed, asserted, begin, by_sso, reason, seed_of, wrong_code
from tests.flows.steps import code as code_of
from tests.support import HOME
from tests.test_faults import Faulty, charged
from tests.test_store import raising, replacing

Call = Callable[[Any], Any]
every_step = pytest.mark.parametrize("step", STEPS)


def right(scene: Scene, step: str, owed: Owed) -> Call:
    """Return the right answer to a step, through whatever door."""
    token = owed.token
    match step:
        case "second factor":
            return lambda access: access.enter_second_factor(token, code_of(scene), address=HOME)
        case "enrolment":
            shown = code_of(scene, seed=seed_of(owed.asked))
            return lambda access: access.confirm_second_factor(token, shown, address=HOME)
        case "address code":
            (message,) = owed.asked.messages
            return lambda access: access.enter_address_code(token, message.code, address=HOME)
        case _:
            return lambda access: access.set_new_password(token, NEW, address=HOME)


def wrong(scene: Scene, step: str, owed: Owed) -> Call:
    """Return a wrong answer; of the new password there is none."""
    token = owed.token
    match step:
        case "second factor":
            return lambda access: access.enter_second_factor(token, wrong_code(scene), address=HOME)
        case "enrolment":
            shown = wrong_code(scene, seed_of(owed.asked))
            return lambda access: access.confirm_second_factor(token, shown, address=HOME)
        case _:
            (message,) = owed.asked.messages
            guess = "000000" if message.code.reveal() != "000000" else "000001"
            return lambda access: access.enter_address_code(token, guess, address=HOME)


def outcome_of(call: Call, scene: Scene, repositories: Any) -> Any:
    try:
        return call(scene.through(repositories))
    except AccessError as error:
        return error


def faults(step: str, answer: Callable[[Scene, str, Owed], Call], *, after: bool) -> Any:
    """Yield each scene in which one more call of the store has failed, and what was answered."""
    for failing in range(1, 80):
        scene = Scene()
        owed = STEPS[step](scene)
        call = answer(scene, step, owed)
        faulty = Faulty(scene.repositories, lambda number, k=failing: number == k, after=after)
        outcome = outcome_of(call, scene, faulty)
        if faulty.calls < failing:
            return
        yield scene, outcome
    pytest.fail("it never ended")


@every_step
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_fault_at_any_call_of_a_right_step_is_no_sign_in_or_one_that_was_told_of(step: str, after: bool) -> None:
    for scene, outcome in faults(step, right, after=after):
        if not isinstance(outcome, SignedIn):  # else only what is learned or told after it failed
            assert isinstance(outcome, StoreUnavailable)
        assert max(charged(scene, scene.account("anna")), charged(scene, scene.address())) <= 1


@pytest.mark.parametrize("step", [step for step in STEPS if step != "new password"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_fault_at_any_call_of_a_wrong_step_charges_at_most_once(step: str, after: bool) -> None:
    for scene, outcome in faults(step, wrong, after=after):
        assert isinstance(outcome, StoreUnavailable | Refused)
        assert max(charged(scene, scene.account("anna")), charged(scene, scene.address())) <= 1


@pytest.mark.parametrize("step", ["second factor", "address code"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_once_the_fault_is_gone_the_owner_gets_in_by_signing_in_anew(step: str, after: bool) -> None:
    for scene, _ in faults(step, right, after=after):
        scene.clock.move(10 * PERIOD + PERIOD)
        asked = begin(scene)
        if isinstance(asked, SignedIn):  # its address was approved
            continue
        again = right(scene, step, Owed(asked, lambda: None))
        assert isinstance(again(scene.access), SignedIn)


def test_a_fault_at_any_call_of_an_assertion_grants_nothing_that_was_not_told_of() -> None:
    for failing in range(1, 40):
        scene = Scene()
        by_sso(scene)
        faulty = Faulty(scene.repositories, lambda number, k=failing: number == k, after=True)
        call = lambda access: access.sign_in_with_sso(asserted(scene), address=HOME)  # noqa: B023, E731
        outcome = outcome_of(call, scene, faulty)
        if faulty.calls < failing:
            assert isinstance(outcome, SignedIn)
            return
        assert isinstance(outcome, StoreUnavailable)
    pytest.fail("it never ended")


@every_step
@pytest.mark.parametrize("part", ["users_get", "structures_get", "sign_ins_get"])
def test_invariant_2_a_damaged_row_is_a_refusal_with_an_event_and_never_an_exception(step: str, part: str) -> None:
    scene = Scene()
    call = right(scene, step, STEPS[step](scene))
    damaged = replacing(scene, **{part: raising(UnreadableRecord("a row", "nothing", "a column"))})
    outcome = call(scene.through(damaged))
    assert Reason.UNREADABLE_RECORD is reason(outcome)
    assert Reason.UNREADABLE_RECORD is scene.events()[-1].reason
    assert isinstance(scene.user("anna").login, Enabled)


def test_invariant_2_a_damaged_row_at_the_first_factor_is_refused_like_a_wrong_password() -> None:
    for part in ("users_named", "structures_get"):
        scene = Scene()
        damaged = replacing(scene, **{part: raising(UnreadableRecord("a row", "nothing", "a column"))})
        outcome = scene.through(damaged).sign_in("anna", "Correct-Horse-9", address=HOME)
        assert Reason.UNREADABLE_RECORD is reason(outcome)
        assert (1, 1) == (len(scene.account("anna").failures), scene.hasher.dummies)
        assert "The name or the password is not right." == outcome.public_message
