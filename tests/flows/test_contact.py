"""E-mail and mobile: a new address counts once its token came back, the old one is told, the proof must be fresh."""

from datetime import timedelta
from typing import Any

import pytest

from mydso_access import (
    Done,
    EmailConfirmationMessage,
    EventKind,
    InvalidValue,
    InvitationMessage,
    PasswordChanged,
    Reason,
    Refused,
    SecurityChange,
)
from mydso_access.model import Email, NewEmail
from mydso_access.policy.fixed import TICK
from tests.flows.scene import NEW, ROOT, Scene, everything, revealed
from tests.support import HOME, RIGHT, door, run

DAY, OTHER = timedelta(days=1), "anna.petit@example.org"
QUARTER = timedelta(minutes=15)


def asked(scene: Scene, name: str = "anna", by: str = "anna") -> Any:
    return scene.access.change_email(scene.proof(by), f"id-{name}", OTHER)


def reason(outcome: Any) -> Reason:
    assert isinstance(outcome, Refused)
    return outcome.reason


# --- asking for another address


def test_a30_a_new_address_waits_for_its_message_and_the_old_one_is_told() -> None:
    scene = Scene()
    done = asked(scene)
    assert ("anna@example.com", OTHER) == (done.record.email.address, done.record.new_email.address)
    confirmation, warning = done.messages
    assert EmailConfirmationMessage is type(confirmation)
    assert (OTHER, "anna", scene.clock.now() + DAY) == (confirmation.to, confirmation.name, confirmation.until)
    assert ("anna@example.com", SecurityChange.EMAIL_CHANGE_ASKED) == (warning.to, warning.change)
    assert (EventKind.EMAIL_CHANGE_ASKED, "id-anna", None, "id-anna", "A30", ()) == scene.told()


def test_a30_a_contacts_address_is_replaced_at_once() -> None:
    scene = Scene()
    done = asked(scene, "contact", by="boss")
    assert (Email(OTHER), ()) == (done.record.email, done.messages)
    assert (EventKind.EMAIL_CHANGED, "id-boss", None, "id-contact", "A4", ()) == scene.told()


def test_s13_whoever_is_still_invited_is_invited_anew_at_the_new_address_and_the_old_link_dies() -> None:
    scene = Scene()
    old = revealed(scene.access.renew_invitation(ROOT, "id-invited").messages[0].token)
    done = asked(scene, "invited", by="boss")
    (message,) = done.messages
    assert (InvitationMessage, OTHER, Email(OTHER)) == (type(message), message.to, done.record.email)
    assert Reason.DEAD_TOKEN is reason(scene.access.accept_invitation(old, NEW))
    assert isinstance(scene.access.accept_invitation(message.token, NEW), Done)


def test_a30_the_address_of_a_lapsed_invitation_is_corrected_at_once_and_nothing_is_sent() -> None:
    scene = Scene()
    done = asked(scene, "lapsed", by="boss")
    assert (Email(OTHER), None, ()) == (done.record.email, done.record.new_email, done.messages)
    assert (EventKind.EMAIL_CHANGED, "id-boss", None, "id-lapsed", "A30", ()) == scene.told()


def test_a30_whoever_has_a_password_and_is_disabled_keeps_the_address_that_is_confirmed() -> None:
    assert Reason.WRONG_STATE is reason(asked(Scene(), "disabled", by="boss"))


@pytest.mark.parametrize(
    "email", ["anna", "a@b", "a b@example.com", "a@example.com, b@example.com", "a@example.com\nX: y", "", None, 7]
)
def test_a_malformed_address_is_a_clear_error_and_changes_nothing(email: Any) -> None:
    scene = Scene()
    before = everything(scene.repositories)
    with pytest.raises(InvalidValue, match="email is"):
        scene.access.change_email(scene.proof("anna"), "id-anna", email)
    assert before == everything(scene.repositories)


# --- confirming it


def test_a30_the_token_that_came_back_makes_the_new_address_theirs() -> None:
    scene = Scene()
    token = revealed(asked(scene).messages[0].token)
    done = run(door(scene).confirm_email(token))
    assert (Email(OTHER, done.record.saved_at), None) == (done.record.email, done.record.new_email)
    (told,) = done.messages
    assert ("anna@example.com", SecurityChange.EMAIL_CHANGED) == (told.to, told.change)
    event = scene.events()[-1]
    assert (EventKind.EMAIL_CHANGED, None, None, "id-anna", "A30") == (
        *(event.kind, event.actor, event.system, event.subject),
        event.rule,
    )
    before = everything(scene.repositories)
    assert Reason.DEAD_TOKEN is reason(scene.access.confirm_email(token))
    assert before == everything(scene.repositories)


def test_a30_a_confirmation_is_good_for_exactly_a_day() -> None:
    for later, expected in ((DAY, Done), (DAY + TICK, Refused)):
        scene = Scene()
        done = asked(scene)
        scene.clock.move(done.record.new_email.token.sent_at + later - scene.clock.now())
        before = everything(scene.repositories)
        outcome = scene.access.confirm_email(done.messages[0].token)
        assert expected is type(outcome)
    assert Reason.LAPSED is reason(outcome)
    assert before == everything(scene.repositories)


def test_a_later_change_kills_the_token_of_the_one_before() -> None:
    scene = Scene()
    first, second = asked(scene), asked(scene)
    assert Reason.DEAD_TOKEN is reason(scene.access.confirm_email(first.messages[0].token))
    assert isinstance(scene.access.confirm_email(second.messages[0].token), Done)


def test_a_change_of_password_or_a_disabling_kills_the_token() -> None:
    for end in (
        lambda access: access.change_password(Scene().proof("anna"), RIGHT, NEW, address=HOME),
        lambda access: access.disable_user(ROOT, "id-anna"),
    ):
        scene = Scene()
        token = asked(scene).messages[0].token
        assert isinstance(end(scene.access), Done | PasswordChanged)
        assert Reason.DEAD_TOKEN is reason(scene.access.confirm_email(token))
        assert "anna@example.com" == scene.user("anna").email.address


def test_a_change_of_address_kills_the_reset_that_was_sent_to_the_old_one() -> None:
    scene = Scene()
    reset = scene.access.request_password_reset("anna").messages[0].token
    token = asked(scene).messages[0].token
    assert Reason.DEAD_TOKEN is reason(scene.access.complete_password_reset(reset, NEW))
    scene.clock.move(timedelta(minutes=6))
    waiting = scene.access.request_password_reset("anna").messages[0]
    assert "anna@example.com" == waiting.to  # until the new one is confirmed
    assert isinstance(scene.access.confirm_email(token), Done)
    assert Reason.DEAD_TOKEN is reason(scene.access.complete_password_reset(waiting.token, NEW))


def test_a_token_for_something_else_confirms_nothing() -> None:
    scene = Scene()
    asked(scene)
    reset = scene.access.request_password_reset("anna").messages[0].token
    before = everything(scene.repositories)
    for token in (reset, "", "x.y", revealed(reset) + "x"):
        assert Reason.DEAD_TOKEN is reason(scene.access.confirm_email(token))
    assert before == everything(scene.repositories)


def test_back_to_the_present_address_asks_for_a_confirmation_of_it_and_no_other() -> None:
    scene = Scene()
    first = asked(scene)
    back = scene.access.change_email(scene.proof("anna"), "id-anna", "anna@example.com")
    assert NewEmail is type(back.record.new_email)
    assert Reason.DEAD_TOKEN is reason(scene.access.confirm_email(first.messages[0].token))


# --- mobile, and the fresh proof


def test_a_mobile_number_is_changed_and_the_user_is_told() -> None:
    scene = Scene()
    done = scene.access.change_mobile(scene.proof("anna"), "id-anna", "+33 6 98 76 54 32")
    assert "+33698765432" == done.record.mobile == scene.user("anna").mobile
    assert [SecurityChange.MOBILE_CHANGED] == [message.change for message in done.messages]
    assert (EventKind.MOBILE_CHANGED, "id-anna", None, "id-anna", "S22", ()) == scene.told()
    assert scene.access.change_mobile(ROOT, "id-anna", None).record.mobile is None


@pytest.mark.parametrize("mobile", ["0612345678", "+33 call me", "+", "", "+0612345678", "+336", "+" + "1" * 16, 7])
def test_a_malformed_mobile_number_is_a_clear_error_and_changes_nothing(mobile: Any) -> None:
    scene = Scene()
    before = everything(scene.repositories)
    with pytest.raises(InvalidValue, match="mobile is"):
        scene.access.change_mobile(scene.proof("anna"), "id-anna", mobile)
    assert before == everything(scene.repositories)


@pytest.mark.parametrize("by", ["anna", "boss"])
@pytest.mark.parametrize(
    "call",
    [
        lambda access, proof: access.change_email(proof, "id-anna", OTHER),
        lambda access, proof: access.change_mobile(proof, "id-anna", "+33698765432"),
    ],
    ids=["email", "mobile"],
)
def test_address_and_mobile_need_a_password_proven_within_the_last_15_minutes(call: Any, by: str) -> None:
    scene = Scene()
    before = everything(scene.repositories)
    assert Reason.STEP_UP_NEEDED is reason(call(scene.access, scene.proof(by, age=QUARTER + TICK)))
    assert before == everything(scene.repositories)
    assert isinstance(call(scene.access, scene.proof(by, age=QUARTER)), Done)


def test_a_user_changes_their_own_and_nobody_elses() -> None:
    for proof in ("guest", "paul"):
        scene = Scene()
        assert reason(asked(scene, by=proof)) in (Reason.NOT_ALLOWED, Reason.MORE_RIGHTS)
    scene = Scene()
    assert isinstance(asked(scene, by="boss"), Done)
    assert Reason.MORE_RIGHTS is reason(asked(scene, "boss", by="manager"))
