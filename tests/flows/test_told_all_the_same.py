"""What changed for good is told to its user, whatever the step came to: refused, too late, or another was first."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from mydso_access import Busy, Enrolled, EventKind, Reason, Refused, SecurityMessage, SignedIn
from mydso_access.decisions.outcomes import BusyBecause
from mydso_access.flows.enrolment import confirm_second_factor
from mydso_access.flows.new_password import set_new_password
from mydso_access.flows.sign_in import sign_in
from mydso_access.flows.users import disable_user
from mydso_access.installation import Installation
from mydso_access.model.message import SecurityChange
from tests.flows.overlapping import installation, interrupted
from tests.flows.scene import LYON, NEW, ROOT, Scene
from tests.flows.steps import PERIOD, answer, begin, code, enrol, seed_of
from tests.support import HOME, RIGHT

Flow = Coroutine[Any, Any, Any]
MOST = 80  # calls of the store in one flow, at most


def _new_password(where: Installation, scene: Scene) -> Flow:
    enrol(scene)
    scene.access.mark_compromised(ROOT, "id-anna")
    asked = answer(scene, begin(scene))
    return set_new_password(where, asked.sign_in, NEW, address=HOME)


def _enrolment(where: Installation, scene: Scene) -> Flow:
    scene.ask(LYON, second_factor__required=True)
    asked = begin(scene)
    return confirm_second_factor(where, asked.sign_in, code(scene, seed=seed_of(asked)), address=HOME)


def _enrolment_of_a_session(where: Installation, scene: Scene) -> Flow:
    asked = scene.access.begin_enrolment(begin(scene).proof, address=HOME)
    return confirm_second_factor(where, asked.sign_in, code(scene, seed=seed_of(asked)), address=HOME)


# What is changed for good, the event of it, and what its user is told.
CHANGED: dict[str, tuple[Callable[[Installation, Scene], Flow], EventKind, SecurityChange]] = {
    "new password": (_new_password, EventKind.PASSWORD_CHANGED, SecurityChange.PASSWORD_CHANGED),
    "enrolment": (_enrolment, EventKind.SECOND_FACTOR_ENROLLED, SecurityChange.SECOND_FACTOR_ENROLLED),
    "enrolment of a session": (
        _enrolment_of_a_session,
        EventKind.SECOND_FACTOR_ENROLLED,
        SecurityChange.SECOND_FACTOR_ENROLLED,
    ),
}


async def _late(scene: Scene) -> None:
    scene.clock.move(scene.policy.lockout.lease + PERIOD)


async def _signed_in_anew(where: Installation) -> Any:
    """Begin a sign-in that takes the place of the one under way, with whichever password is theirs by now."""
    for password in (NEW, RIGHT):
        await sign_in(where, "anna", password, address=HOME)


# What spoils the step in the middle, and what it is answered after its change was stored.
SPOILING: dict[str, tuple[Callable[[Installation, Scene], Flow], object]] = {
    "a second sign-in": (lambda where, _: _signed_in_anew(where), Reason.DEAD_SIGN_IN),
    "disabled": (lambda where, _: disable_user(where, ROOT, "id-anna"), Reason.DISABLED),
    "too late": (lambda _, scene: _late(scene), BusyBecause.LAPSED),
}
# Nothing is stored after a session's enrolment but that its sign-in is used; and that has a purpose of its own.
OVERLAPS = [
    (change, spoilt)
    for change in CHANGED
    for spoilt in SPOILING
    if change != "enrolment of a session" or spoilt == "too late"
]


def why(outcome: Any) -> object:
    match outcome:
        case Refused(reason=reason):
            return reason
        case Busy(because=because):
            return because
        case _:
            return type(outcome)


@pytest.mark.parametrize(("change", "spoilt"), OVERLAPS)
def test_what_was_changed_before_a_step_was_refused_or_too_late_is_told_all_the_same(change: str, spoilt: str) -> None:
    begun, kind, told = CHANGED[change]
    spoils, expected = SPOILING[spoilt]
    answers = set()
    for after in range(MOST):
        scene = Scene()
        where = installation(scene)
        outcome, _, ended = interrupted(begun(where, scene), spoils(where, scene), after=after)
        stored = kind in [each.kind for each in scene.events()]
        assert [told] * stored == [each.change for each in outcome.messages if isinstance(each, SecurityMessage)], after
        assert stored or not isinstance(outcome, SignedIn | Enrolled)
        if stored:
            answers.add(why(outcome))
        if ended:
            assert expected in answers
            return
    pytest.fail("it never ended")
