"""Between two steps everything may change: each step is judged anew, and what was proven before counts no more."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from mydso_access import (
    AddressCodeRequired,
    EventKind,
    Reason,
    Refused,
    SecondFactorRequired,
    SignedIn,
    SignInMode,
    StructurePolicy,
)
from mydso_access.model import Enabled
from mydso_access.policy.addresses import Recipient
from tests.flows.scene import LYON, NEW, ROOT, Scene, revealed
from tests.flows.steps import LISTED, STEPS, answer, begin, block, counted, enrol, listed, reason, texted
from tests.support import HOME, RIGHT

Change = Callable[[Scene], Any]
HOUR = timedelta(hours=1)
every_step = pytest.mark.parametrize("step", STEPS)


def _reset(scene: Scene) -> None:
    token = revealed(scene.access.request_password_reset("anna").messages[0].token)
    scene.access.complete_password_reset(token, NEW)


def _disabled_and_enabled(scene: Scene) -> None:
    scene.access.disable_user(ROOT, "id-anna")
    scene.access.enable_user(ROOT, "id-anna")


CHANGES: dict[str, tuple[Change, Reason]] = {
    "disabled": (lambda scene: scene.access.disable_user(ROOT, "id-anna"), Reason.DISABLED),
    "disabled and enabled": (_disabled_and_enabled, Reason.DEAD_SIGN_IN),
    "password reset": (_reset, Reason.DEAD_SIGN_IN),
    "role changed": (lambda scene: scene.access.change_role(ROOT, "id-anna", "guest"), Reason.DEAD_SIGN_IN),
    "a contact": (lambda scene: scene.access.make_contact(ROOT, "id-anna"), Reason.DEAD_SIGN_IN),
    "forgotten": (lambda scene: scene.access.forget_user(ROOT, "id-anna"), Reason.DEAD_SIGN_IN),
    "blocked": (block, Reason.ACCOUNT_BLOCKED),
    "by sso": (lambda scene: scene.change("anna", sign_in_mode=SignInMode.SSO), Reason.SSO_ONLY),
}


@every_step
def test_a_step_that_is_owed_and_answered_signs_in_and_says_what_was_proven(step: str) -> None:
    scene = Scene()
    outcome = STEPS[step](scene)()
    assert isinstance(outcome, SignedIn)
    assert scene.user("anna") == outcome.user
    assert outcome.rotate_session
    assert EventKind.SIGNED_IN in [each.kind for each in scene.events()]


@every_step
@pytest.mark.parametrize("change", CHANGES)
def test_d7_a_user_who_changed_between_two_steps_is_refused(step: str, change: str) -> None:
    scene = Scene()
    take = STEPS[step](scene)
    happens, expected = CHANGES[change]
    happens(scene)
    before = scene.repositories.users.get("id-anna")
    assert expected is reason(take())
    assert before == scene.repositories.users.get("id-anna")
    assert EventKind.SIGNED_IN not in [each.kind for each in scene.events()]


@every_step
@pytest.mark.parametrize("change", ["disabled and enabled", "password reset", "role changed"])
def test_d10_a_clock_that_goes_back_revives_no_sign_in_that_a_change_has_ended(step: str, change: str) -> None:
    scene = Scene()
    take = STEPS[step](scene)
    scene.clock.move(-HOUR)
    CHANGES[change][0](scene)
    assert Reason.DEAD_SIGN_IN is reason(take())
    scene.clock.move(2 * HOUR - timedelta(minutes=50))
    assert Reason.DEAD_SIGN_IN is reason(take())


@every_step
def test_s25_whoever_went_dormant_between_two_steps_is_refused(step: str) -> None:
    scene = Scene()
    take = STEPS[step](scene)
    scene.ask(LYON, dormancy__months=1)
    scene.change("anna", last_access_at=None, login=Enabled(scene.clock.now() - timedelta(days=90)))
    assert Reason.DORMANT is reason(take())


@every_step
def test_d7_a_password_that_is_marked_compromised_between_two_steps_ends_the_sign_in(step: str) -> None:
    scene = Scene()
    take = STEPS[step](scene)
    scene.change("anna", credential=evolve(scene.user("anna").credential, compromised=False))
    scene.access.mark_compromised(ROOT, "id-anna")
    assert Reason.DEAD_SIGN_IN is reason(take())


@pytest.mark.parametrize("step", [name for name in STEPS if name != "address code"])
def test_s21_a_list_that_was_set_between_two_steps_asks_for_its_code_first_and_nothing_is_charged(step: str) -> None:
    scene = Scene()
    take = STEPS[step](scene)
    listed(scene)
    assert Reason.WRONG_STEP is reason(take())
    assert (0, 0) == counted(scene)


def test_s21_whoever_owes_a_code_since_the_list_was_set_is_sent_one_and_goes_on() -> None:
    scene = Scene()
    scene.ask(LYON, second_factor__required=True)
    asked = begin(scene)
    listed(scene)
    sent = scene.access.send_address_code(asked.sign_in, address=HOME)
    (message,) = sent.messages
    following = scene.access.enter_address_code(sent.sign_in, message.code, address=HOME)
    assert "EnrolmentRequired" == type(following).__name__


def _recipient(scene: Scene, recipient: Recipient) -> None:
    scene.policy = evolve(scene.policy, addresses=evolve(scene.policy.addresses, recipient=recipient))


@pytest.mark.parametrize("by", ["installation", "entity"])
def test_a16_a_users_own_code_is_dead_once_an_administrator_decides_and_costs_nothing(by: str) -> None:
    scene = Scene()
    _recipient(scene, Recipient.USER)
    take = STEPS["address code"](scene)
    assert Recipient.USER is take.asked.validator
    if by == "installation":
        _recipient(scene, Recipient.ADMINISTRATOR)
    else:
        scene.ask(LYON, addresses__recipient=Recipient.ADMINISTRATOR)
    refused = take()
    assert (Reason.OLD_CODE, "A16", (0, 0)) == (reason(refused), refused.rule, counted(scene))
    assert ((), ()) == (scene.user("anna").approved, scene.structure(LYON).approved)
    sent = scene.access.send_address_code(take.token, address=HOME)
    assert (Recipient.ADMINISTRATOR, "+33611111111") == (sent.validator, sent.messages[0].to)
    assert isinstance(scene.access.enter_address_code(sent.sign_in, sent.messages[0].code, address=HOME), SignedIn)


@pytest.mark.parametrize("recipient", Recipient)
def test_a16_an_administrators_word_counts_whoever_decides_since_and_so_does_a_lone_administrators_own(
    recipient: Recipient,
) -> None:
    for name in ("anna", "boss"):
        scene = Scene()
        listed(scene)
        asked = begin(scene, name)
        assert (Recipient.USER if name == "boss" else Recipient.ADMINISTRATOR) is asked.validator
        _recipient(scene, recipient)
        (message,) = asked.messages
        assert isinstance(scene.access.enter_address_code(asked.sign_in, message.code, address=HOME), SignedIn)


def test_d7_a_factor_that_was_reset_between_two_steps_ends_the_sign_in() -> None:
    scene = Scene()
    take = STEPS["second factor"](scene)
    scene.access.reset_second_factor(ROOT, "id-anna")
    assert Reason.DEAD_SIGN_IN is reason(take())


def test_s26_a_factor_that_is_required_since_is_asked_for_although_the_code_for_the_address_was_right() -> None:
    scene = Scene()
    take = STEPS["address code"](scene)
    assert not isinstance(
        scene.access.change_settings(
            ROOT, LYON, StructurePolicy({"addresses.networks": LISTED, "second_factor.required": True})
        ),
        Refused,
    )
    assert "EnrolmentRequired" == type(take()).__name__


def test_a_password_that_is_owed_and_changed_otherwise_is_not_owed_any_more() -> None:
    scene = Scene()
    take = STEPS["new password"](scene)
    _reset(scene)
    assert Reason.DEAD_SIGN_IN is reason(take())
    assert Reason.WRONG_SECRET is reason(scene.access.sign_in("anna", RIGHT, address=HOME))
    assert isinstance(scene.access.sign_in("anna", NEW, address=HOME), SignedIn)


@every_step
@pytest.mark.parametrize("back", [timedelta(minutes=1), HOUR, 12 * HOUR], ids=str)
def test_d10_a_sign_in_that_is_begun_after_the_clock_went_back_can_be_finished(step: str, back: timedelta) -> None:
    scene = Scene()
    STEPS[step](scene)  # half-finished, and in the place of the one that is begun now
    scene.clock.move(-back)
    assert isinstance(STEPS[step](scene)(), SignedIn)


@every_step
def test_d10_a_sign_in_that_is_begun_after_the_clock_went_back_ends_like_any_other(step: str) -> None:
    scene = Scene()
    STEPS[step](scene)
    scene.clock.move(-HOUR)
    take = STEPS[step](scene)
    scene.clock.move(HOUR + timedelta(minutes=16))
    assert Reason.DEAD_SIGN_IN is reason(take())


def test_a16_what_a_user_let_in_counts_no_more_once_the_policy_wants_an_administrator() -> None:
    scene = Scene()
    listed(scene)
    enrol(scene)
    own = scene.policy.addresses
    scene.policy = evolve(scene.policy, addresses=evolve(own, recipient=Recipient.USER))
    asked = begin(scene)
    owed = scene.access.enter_address_code(asked.sign_in, texted(asked), address=HOME)
    assert (Recipient.USER, SecondFactorRequired) == (asked.validator, type(owed))
    scene.policy = evolve(scene.policy, addresses=evolve(own, recipient=Recipient.ADMINISTRATOR))
    assert Reason.WRONG_STEP is reason(answer(scene, owed))
    again = begin(scene)
    assert (AddressCodeRequired, Recipient.ADMINISTRATOR) == (type(again), again.validator)
    assert () == scene.user("anna").approved
