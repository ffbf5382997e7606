"""What a session asks for, while something ends the session: no proof, password or factor comes out of it any more."""

from collections.abc import Callable, Coroutine, Iterator
from itertools import product
from typing import Any

import pytest

from mydso_access import Done, EventKind, Proof, Reason, Refused, SignedIn
from mydso_access.flows.enrolment import begin_enrolment, confirm_second_factor
from mydso_access.flows.memberships import enter
from mydso_access.flows.passwords import change_password, mark_compromised
from mydso_access.flows.recovery import RecoveryCodes, renew_recovery_codes, reset_second_factor
from mydso_access.flows.second_factor import enter_second_factor
from mydso_access.flows.step_up import step_up
from mydso_access.flows.users import change_role, disable_user, enable_user
from mydso_access.installation import Installation
from tests.flows.overlapping import installation, interrupted
from tests.flows.scene import LYON, NEW, ROOT, Scene
from tests.flows.steps import PERIOD, RECOVERY, answer, begin, code, enrol, reason, seed_of
from tests.support import HOME, RIGHT

Flow = Coroutine[Any, Any, Any]
MOST = 80  # calls of the store in one flow, at most


async def _disabled_and_enabled(where: Installation) -> Any:
    await disable_user(where, ROOT, "id-anna")
    return await enable_user(where, ROOT, "id-anna")


ENDINGS: dict[str, Callable[[Installation], Flow]] = {
    "marked compromised": lambda where: mark_compromised(where, ROOT, "id-anna"),
    "disabled and enabled": _disabled_and_enabled,
    "role changed": lambda where: change_role(where, ROOT, "id-anna", "guest"),
    "factor reset": lambda where: reset_second_factor(where, ROOT, "id-anna"),
}


def session(scene: Scene) -> Proof:
    """Return what a sign-in with both factors proves."""
    enrol(scene)
    outcome = answer(scene, begin(scene))
    assert isinstance(outcome, SignedIn)
    scene.clock.move(PERIOD)
    return outcome.proof


def _change_password(where: Installation, scene: Scene) -> Flow:
    return change_password(where, session(scene), RIGHT, NEW, address=HOME)


def _step_up(where: Installation, scene: Scene) -> Flow:
    return step_up(where, session(scene), RIGHT, address=HOME)


def _step_up_without_a_factor(where: Installation, scene: Scene) -> Flow:
    outcome = begin(scene)
    assert isinstance(outcome, SignedIn)
    return step_up(where, outcome.proof, RIGHT, address=HOME)


def _second_step_of_a_step_up(where: Installation, scene: Scene) -> Flow:
    asked = scene.access.step_up(session(scene), RIGHT, address=HOME)
    return enter_second_factor(where, asked.sign_in, code(scene), address=HOME)


def _enter(where: Installation, scene: Scene) -> Flow:
    return enter(where, session(scene), "lyon", address=HOME)


def _confirm(where: Installation, scene: Scene) -> Flow:
    asked = scene.access.begin_enrolment(session(scene), address=HOME)
    return confirm_second_factor(where, asked.sign_in, code(scene, seed=seed_of(asked)), address=HOME)


ASKED: dict[str, Callable[[Installation, Scene], Flow]] = {
    "change_password": _change_password,
    "step_up": _step_up,
    "step_up without a factor": _step_up_without_a_factor,
    "the code of a step_up": _second_step_of_a_step_up,
    "enter": _enter,
    "confirm_second_factor": _confirm,
    "begin_enrolment": lambda where, scene: begin_enrolment(where, session(scene), address=HOME),
}

# There is nothing to reset where there is no factor.
OVERLAPS = [each for each in product(ASKED, ENDINGS) if each != ("step_up without a factor", "factor reset")]


def played(asked: str, ending: str) -> Iterator[tuple[Scene, Any]]:
    """Yield each scene in which the ending was played one call of the store later, and what was answered."""
    for after in range(MOST):
        scene = Scene()
        where = installation(scene)
        flow = ASKED[asked](where, scene)
        outcome, by, ended = interrupted(flow, ENDINGS[ending](where), after=after)
        assert isinstance(by, Done)
        yield scene, outcome
        if ended:
            return
    pytest.fail("it never ended")


@pytest.mark.parametrize(("asked", "ending"), OVERLAPS)
def test_d12_no_proof_that_a_session_asked_for_outlives_what_ended_the_session(asked: str, ending: str) -> None:
    for scene, outcome in played(asked, ending):
        proof = getattr(outcome, "proof", None)
        if proof is not None:
            assert Reason.OUTDATED_PROOF is reason(scene.access.accessed(proof))
            assert Reason.OUTDATED_PROOF is reason(scene.access.enter(proof, "lyon", address=HOME))


def test_s23_a_password_that_is_marked_compromised_while_its_session_changes_it_stays_marked() -> None:
    for scene, outcome in played("change_password", "marked compromised"):
        kinds = [each.kind for each in scene.events()]
        changed = EventKind.PASSWORD_CHANGED in kinds
        assert changed is ("PasswordChanged" == type(outcome).__name__)
        if changed:
            assert kinds.index(EventKind.PASSWORD_CHANGED) < kinds.index(EventKind.PASSWORD_COMPROMISED)
        assert scene.user("anna").credential.compromised
        assert "NewPasswordRequired" == type(_with_the_code(scene, NEW if changed else RIGHT)).__name__


def test_s26_a_session_whose_factor_is_reset_while_it_changes_its_password_enters_nothing_that_asks_for_one() -> None:
    for scene, outcome in played("change_password", "factor reset"):
        scene.ask(LYON, second_factor__required=True)
        proof = getattr(outcome, "proof", None)
        if proof is not None:
            assert Reason.OUTDATED_PROOF is reason(scene.access.enter(proof, "lyon", address=HOME))
        assert None is scene.user("anna").second_factor


def _with_the_code(scene: Scene, password: str) -> Any:
    scene.clock.move(PERIOD)
    return answer(scene, scene.access.sign_in("anna", password, address=HOME))


# --- recovery codes


def test_d8_a_recovery_code_that_is_renewed_meanwhile_signs_nobody_in_and_uses_up_no_new_one() -> None:
    refused = 0
    for after in range(MOST):
        scene = Scene()
        proof = session(scene)
        asked, where = begin(scene), installation(scene)
        typed = enter_second_factor(where, asked.sign_in, RECOVERY[2], address=HOME)
        outcome, renewed, ended = interrupted(typed, renew_recovery_codes(where, proof), after=after)
        assert isinstance(renewed, RecoveryCodes)
        assert [*range(1, 11)] == [each.place for each in scene.user("anna").second_factor.recovery]
        if isinstance(outcome, SignedIn):
            kinds = [each.kind for each in scene.events()]
            assert kinds.index(EventKind.RECOVERY_CODES_RENEWED) == len(kinds) - 1
        else:
            assert Reason.WRONG_CODE is reason(outcome)
            refused += 1
        place = int(RECOVERY[2].reveal()[0])
        assert isinstance(answer(scene, begin(scene), renewed.codes[place - 1].reveal()), SignedIn)
        if ended:
            assert refused > 1
            return
    pytest.fail("it never ended")


def test_d8_codes_that_are_renewed_while_one_is_used_are_all_new() -> None:
    for after in range(MOST):
        scene = Scene()
        proof = session(scene)
        asked, where = begin(scene), installation(scene)
        typed = enter_second_factor(where, asked.sign_in, RECOVERY[2], address=HOME)
        renewed, outcome, ended = interrupted(renew_recovery_codes(where, proof), typed, after=after)
        assert isinstance(renewed, RecoveryCodes)
        assert isinstance(outcome, SignedIn | Refused)
        assert 10 == len(scene.user("anna").second_factor.recovery)
        if ended:
            return
    pytest.fail("it never ended")
