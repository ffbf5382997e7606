"""Each step of a sign-in, with another call played at every call of its store: one token, one sign-in, every factor."""

import random
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from mydso_access import Busy, Done, EventKind, Factor, PasswordRejected, Reason, Refused, SignedIn, StructurePolicy
from mydso_access.flows.address_codes import enter_address_code, send_address_code
from mydso_access.flows.enrolment import confirm_second_factor
from mydso_access.flows.new_password import set_new_password
from mydso_access.flows.password_reset import complete_password_reset
from mydso_access.flows.passwords import change_password, mark_compromised
from mydso_access.flows.recovery import reset_second_factor
from mydso_access.flows.second_factor import enter_second_factor
from mydso_access.flows.settings import change_settings
from mydso_access.flows.sign_in import sign_in
from mydso_access.flows.sso import sign_in_with_sso
from mydso_access.flows.users import change_role, disable_user
from mydso_access.installation import Installation
from mydso_access.model import Disabled
from tests.flows.overlapping import installation, interrupted, overlapped, to_its_end
from tests.flows.scene import LYON, NEW, ROOT, Scene, revealed
from tests.flows.steps import (
    LISTED,
    RECOVERY,
    STEPS,
    asserted,
    begin,
    by_sso,
    code,
    codes_counted,
    counted,
    enrol,
    listed,
    seed_of,
    texted,
    wrong_code,
)
from tests.support import HOME, RIGHT

Flow = Coroutine[Any, Any, Any]
Taking = Callable[[Installation, Scene, Any], Flow]
TAKING: dict[str, Taking] = {
    "second factor": lambda where, scene, asked: enter_second_factor(where, asked.sign_in, code(scene), address=HOME),
    "enrolment": lambda where, scene, asked: confirm_second_factor(
        where, asked.sign_in, code(scene, seed=seed_of(asked)), address=HOME
    ),
    "address code": lambda where, _, asked: enter_address_code(where, asked.sign_in, texted(asked), address=HOME),
    "new password": lambda where, _, asked: set_new_password(where, asked.sign_in, NEW, address=HOME),
}
MOST = 60  # calls of the store in one flow, at most
every_step = pytest.mark.parametrize("step", STEPS)


def kinds(scene: Scene) -> list[EventKind]:
    return [each.kind for each in scene.events()]


def signed_in(*answers: Any) -> int:
    return sum(isinstance(each, SignedIn) for each in answers)


# --- the same step again


@every_step
def test_d13_of_two_who_take_one_step_with_one_token_one_is_signed_in_wherever_they_overlap(step: str) -> None:
    for after in range(MOST):
        scene = Scene()
        asked = STEPS[step](scene).asked
        where = installation(scene)
        flows = [TAKING[step](where, scene, asked) for _ in range(2)]
        one, other, ended = interrupted(*flows, after=after)
        assert signed_in(one, other) == 1, after
        assert 1 == kinds(scene).count(EventKind.SIGNED_IN)
        assert max(counted(scene)) <= 1  # whoever came second guessed nothing, or a code that was used
        if ended:
            return
    pytest.fail("it never ended")


@every_step
def test_d13_of_four_who_overlap_in_any_order_at_most_one_is_signed_in_and_a_process_may_die(step: str) -> None:
    for seed in range(60):
        scene, chance = Scene(), random.Random(seed)
        asked = STEPS[step](scene).asked
        where = installation(scene)
        flows = [TAKING[step](where, scene, asked) for _ in range(4)]
        answers = overlapped(flows, chance, dying=0.02 * (seed % 2))
        assert signed_in(*answers) <= 1, seed
        assert kinds(scene).count(EventKind.SIGNED_IN) <= 1


# --- what ends a sign-in


Ending = Callable[[Installation, Scene], Callable[[], Flow]]


def _reset(where: Installation, scene: Scene) -> Callable[[], Flow]:
    token = revealed(scene.access.request_password_reset("anna").messages[0].token)
    return lambda: complete_password_reset(where, token, "Reset-Horse-77")


ENDINGS: dict[str, tuple[Ending, EventKind]] = {
    "disabled": (lambda where, _: lambda: disable_user(where, ROOT, "id-anna"), EventKind.USER_DISABLED),
    "role changed": (lambda where, _: lambda: change_role(where, ROOT, "id-anna", "guest"), EventKind.RIGHTS_CHANGED),
    "password reset": (_reset, EventKind.PASSWORD_RESET),
    "compromised": (
        lambda where, _: lambda: mark_compromised(where, ROOT, "id-anna"),
        EventKind.PASSWORD_COMPROMISED,
    ),
    "factor reset": (
        lambda where, _: lambda: reset_second_factor(where, ROOT, "id-anna"),
        EventKind.SECOND_FACTOR_RESET,
    ),
}


@every_step
@pytest.mark.parametrize("ending", ENDINGS)
def test_d7_nobody_is_signed_in_after_what_ends_a_sign_in_wherever_it_happens(step: str, ending: str) -> None:
    prepare, kind = ENDINGS[ending]
    if (step, ending) == ("new password", "compromised"):
        return  # it is owed because of that
    for after in range(MOST):
        scene = Scene()
        asked = STEPS[step](scene).asked
        where = installation(scene)
        end = prepare(where, scene)
        outcome, ended_by, ended = interrupted(TAKING[step](where, scene, asked), end(), after=after)
        assert isinstance(ended_by, Done) or isinstance(outcome, SignedIn)  # a new password kills a reset's token
        happened = kinds(scene)
        if EventKind.SIGNED_IN in happened and kind in happened:
            assert happened.index(EventKind.SIGNED_IN) < happened.index(kind), after
        assert isinstance(outcome, SignedIn | Refused | Busy | PasswordRejected) or step == "address code"
        assert not (isinstance(outcome, SignedIn) and isinstance(outcome.user.login, Disabled))
        if ended:
            return
    pytest.fail("it never ended")


def test_s26_a_factor_that_is_required_meanwhile_is_asked_for_unless_the_step_had_looked_before() -> None:
    for after in range(MOST):
        scene = Scene()
        asked = STEPS["address code"](scene).asked
        where = installation(scene)
        asks = StructurePolicy({"addresses.networks": LISTED, "second_factor.required": True})
        outcome, _, ended = interrupted(
            TAKING["address code"](where, scene, asked), change_settings(where, ROOT, LYON, asks), after=after
        )
        happened = kinds(scene)
        assert isinstance(outcome, SignedIn) is (EventKind.SIGNED_IN in happened)
        if after == 0:
            assert "EnrolmentRequired" == type(outcome).__name__
        if ended:
            return
    pytest.fail("it never ended")


def test_d3_a_password_changed_from_a_session_meanwhile_ends_it_too() -> None:
    for after in range(MOST):
        scene = Scene()
        asked = STEPS["second factor"](scene).asked
        where, proof = installation(scene), scene.proof("anna")
        change = change_password(where, proof, RIGHT, NEW, address="192.0.2.60")
        outcome, changed, ended = interrupted(TAKING["second factor"](where, scene, asked), change, after=after)
        happened = kinds(scene)
        if EventKind.SIGNED_IN in happened and EventKind.PASSWORD_CHANGED in happened:
            assert happened.index(EventKind.SIGNED_IN) < happened.index(EventKind.PASSWORD_CHANGED), after
        assert "PasswordChanged" == type(changed).__name__ or isinstance(outcome, SignedIn)
        if ended:
            return
    pytest.fail("it never ended")


# --- a second sign-in


@every_step
def test_d13_a_second_sign_in_from_the_same_address_leaves_one_of_them_alive(step: str) -> None:
    for after in range(MOST):
        scene = Scene()
        asked = STEPS[step](scene).asked
        where = installation(scene)
        second = sign_in(where, "anna", RIGHT, address=HOME)
        outcome, again, ended = interrupted(TAKING[step](where, scene, asked), second, after=after)
        assert isinstance(outcome, SignedIn | Refused | Busy)
        if type(asked) is type(again):
            following = to_its_end(TAKING[step](where, scene, again))
            assert signed_in(outcome, following) <= 1, after
        if ended:
            return
    pytest.fail("it never ended")


def test_d8_one_code_in_two_sign_ins_from_two_addresses_signs_in_once() -> None:
    for seed in range(80):
        scene = Scene()
        enrol(scene)
        one, other = begin(scene), begin(scene, address="192.0.2.60")
        where = installation(scene)
        flows = [
            enter_second_factor(where, each.sign_in, code(scene), address=address)
            for each, address in ((one, HOME), (other, "192.0.2.60"))
        ]
        answers = overlapped(flows, random.Random(seed))
        assert 1 == signed_in(*answers), seed
        (refused,) = (each for each in answers if not isinstance(each, SignedIn))
        assert Reason.USED_CODE is refused.reason


def test_d8_one_recovery_code_in_two_sign_ins_from_two_addresses_signs_in_once() -> None:
    for seed in range(80):
        scene = Scene()
        enrol(scene)
        one, other = begin(scene), begin(scene, address="192.0.2.60")
        where = installation(scene)
        flows = [
            enter_second_factor(where, each.sign_in, RECOVERY[0], address=address)
            for each, address in ((one, HOME), (other, "192.0.2.60"))
        ]
        assert 1 == signed_in(*overlapped(flows, random.Random(seed))), seed
        assert 3 == len(scene.user("anna").second_factor.recovery)


def test_s26_of_two_enrolments_that_overlap_one_is_kept_and_it_is_the_one_that_was_answered() -> None:
    for seed in range(80):
        scene = Scene()
        scene.ask(LYON, second_factor__required=True)
        one, other = begin(scene), begin(scene, address="192.0.2.60")
        where = installation(scene)
        flows = [
            confirm_second_factor(where, each.sign_in, code(scene, seed=seed_of(each)), address=address)
            for each, address in ((one, HOME), (other, "192.0.2.60"))
        ]
        answers = overlapped(flows, random.Random(seed))
        assert 1 == signed_in(*answers) == kinds(scene).count(EventKind.SECOND_FACTOR_ENROLLED), seed
        assert Factor.TOTP in dict(next(each for each in answers if isinstance(each, SignedIn)).proof.factors)


def test_s35_one_assertion_sent_four_times_at_once_is_taken_once() -> None:
    for seed in range(80):
        scene = Scene()
        by_sso(scene)
        where = installation(scene)
        flows = [sign_in_with_sso(where, asserted(scene), address=HOME) for _ in range(4)]
        answers = overlapped(flows, random.Random(seed))
        assert signed_in(*answers) <= 1, seed
        assert 1 == len(scene.repositories.assertions._taken)


# --- guesses and sends


@pytest.mark.parametrize("step", ["second factor", "address code"])
def test_s36_of_guesses_that_overlap_no_sixth_is_evaluated(step: str) -> None:
    for seed in range(30):
        scene = Scene()
        asked = STEPS[step](scene).asked
        where, wrong = installation(scene), wrong_code(scene)
        if step == "second factor":
            flows = [enter_second_factor(where, asked.sign_in, wrong, address=HOME) for _ in range(9)]
        else:
            guess = "000000" if texted(asked) != "000000" else "000001"
            flows = [enter_address_code(where, asked.sign_in, guess, address=HOME) for _ in range(9)]
        answers = overlapped(flows, random.Random(seed))
        assert sum(isinstance(each, Refused) and each.reason is Reason.WRONG_CODE for each in answers) <= 5, seed
        assert 0 == signed_in(*answers)


def test_d14_of_sends_that_overlap_no_fourth_goes_out() -> None:
    for seed in range(40):
        scene = Scene()
        listed(scene)
        asked = begin(scene)
        where = installation(scene)
        flows = [send_address_code(where, asked.sign_in, address=HOME) for _ in range(3)]
        flows += [sign_in(where, "anna", RIGHT, address=f"192.0.2.{number}") for number in range(60, 63)]
        answers = overlapped(flows, random.Random(seed))
        sent = [message for each in answers for message in getattr(each, "messages", ())]
        assert len(sent) <= 2, seed
        assert len(scene.user("anna").codes_sent) <= 3
        assert () == codes_counted(scene).reservations
