"""A second factor ends by a reset or by another one, and by nothing else that happens to its user (S26; S14)."""

from collections.abc import Callable
from typing import Any

import pytest

from mydso_access import Done, NewPasswordRequired, Reason, SecondFactorRequired, SignedIn
from mydso_access.decisions.second_factor import seal_context
from tests.flows.scene import LYON, NEW, ROOT, Scene, revealed
from tests.flows.steps import PERIOD, SEED, answer, begin, confirm, enrol, reason, wrong_code
from tests.support import HOME, RIGHT

Change = Callable[[Scene], Any]


def _invited_anew(scene: Scene, manager: Any, name: str) -> None:
    """Take the login away, and give another one: what a credit manager may do alone."""
    assert isinstance(scene.access.make_contact(manager, "id-anna"), Done)
    done = scene.access.make_active(manager, "id-anna", name)
    assert isinstance(done, Done)
    assert isinstance(scene.access.accept_invitation(done.messages[0].token, NEW), Done)


def _reset_password(scene: Scene) -> None:
    token = revealed(scene.access.request_password_reset("anna").messages[0].token)
    assert isinstance(scene.access.complete_password_reset(token, NEW), Done)


def _disable_and_enable(scene: Scene) -> None:
    scene.access.disable_user(ROOT, "id-anna")
    scene.access.enable_user(ROOT, "id-anna")


def _no_longer_required(scene: Scene) -> None:
    scene.ask(LYON, second_factor__required=True)
    scene.ask(LYON, second_factor__required=False)


# What happens, and with which password the user signs in then.
HAPPENS: dict[str, tuple[Change, str]] = {
    "a contact, and active again": (lambda scene: _invited_anew(scene, scene.proof("manager"), "anna.two"), NEW),
    "another role": (lambda scene: scene.access.change_role(ROOT, "id-anna", "guest"), RIGHT),
    "disabled and enabled": (_disable_and_enable, RIGHT),
    "password reset": (_reset_password, NEW),
    "no longer required": (_no_longer_required, RIGHT),
    "unblocked": (lambda scene: scene.access.unblock_account(ROOT, "id-anna"), RIGHT),
}


@pytest.mark.parametrize("what", HAPPENS)
def test_s26_nothing_that_happens_to_a_user_takes_their_second_factor_away(what: str) -> None:
    scene = Scene()
    enrol(scene)
    before = scene.user("anna").second_factor
    happens, password = HAPPENS[what]
    happens(scene)
    assert before == scene.user("anna").second_factor
    scene.clock.move(PERIOD)
    asked = scene.access.sign_in(scene.user("anna").name, password, address=HOME)
    assert isinstance(asked, SecondFactorRequired)
    assert isinstance(answer(scene, asked), SignedIn)


def test_s26_who_may_not_reset_a_factor_does_not_get_rid_of_it_by_a_new_login() -> None:
    scene = Scene()
    enrol(scene)
    manager = scene.proof("manager")
    assert Reason.NOT_ALLOWED is reason(scene.access.reset_second_factor(manager, "id-anna"))
    _invited_anew(scene, manager, "anna.two")
    asked = scene.access.sign_in("anna.two", NEW, address=HOME)
    assert Reason.WRONG_CODE is reason(answer(scene, asked, wrong_code(scene)))
    assert Reason.WRONG_STEP is reason(confirm(scene, asked, "123456"))


def test_s14_a_contact_with_a_factor_is_nobody_who_signs_in_and_an_administrator_resets_it() -> None:
    scene = Scene()
    enrol(scene)
    scene.access.make_contact(ROOT, "id-anna")
    assert Reason.UNKNOWN is reason(begin(scene))
    done = scene.access.reset_second_factor(scene.proof("boss"), "id-anna")
    assert (isinstance(done, Done), None) == (True, scene.user("anna").second_factor)


def test_a18_a_new_password_at_a_sign_in_leaves_it_too() -> None:
    scene = Scene()
    enrol(scene)
    scene.access.mark_compromised(ROOT, "id-anna")
    asked = answer(scene, begin(scene))
    assert isinstance(asked, NewPasswordRequired)
    assert isinstance(scene.access.set_new_password(asked.sign_in, NEW, address=HOME), SignedIn)
    sealed = scene.user("anna").second_factor.seed
    assert SEED == scene.secret_box.open(sealed, seal_context("id-anna"))
