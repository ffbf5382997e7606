"""Invitations: accepted once, to the very end of 30 days; renewed, and the old link is dead; looked at without a trace."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from mydso_access import (
    AccessControl,
    Busy,
    BusyBecause,
    Disabled,
    Done,
    EventKind,
    InvalidValue,
    InvitationShown,
    NewUser,
    PasswordRejected,
    Reason,
    Refused,
    Secret,
    SignedIn,
    SignInMode,
    VerifierFailed,
)
from mydso_access.decisions.tokens import token_text
from mydso_access.model import DisabledBecause, Enabled, Invited
from mydso_access.policy.fixed import TICK
from tests.flows.scene import LYON, NEW, ROOT, Scene, everything, revealed
from tests.support import HOME, RIGHT, CountingHasher, door, run, with_one_slot

MONTH = timedelta(days=30)
BERT = NewUser(email="bert@example.com", role="collector", name="bert.grand")


def invited(scene: Scene) -> str:
    return revealed(scene.access.add_user(ROOT, LYON, BERT, user_id="bert").messages[0].token)


def after_it(scene: Scene) -> list[Any]:
    return scene.events()[1:]


def reason(outcome: Any) -> Reason:
    assert isinstance(outcome, Refused)
    return outcome.reason


# --- accepting


def test_s12_accepting_creates_the_password_proves_the_address_and_signs_nobody_in() -> None:
    scene = Scene()
    token = invited(scene)
    done = scene.access.accept_invitation(token, NEW)
    assert isinstance(done, Done)
    user, at = done.record, done.record.saved_at
    assert (Enabled(at), at, at) == (user.login, user.valid_from, user.email.confirmed_at)
    assert (NEW, at, None) == (user.credential.hash.reveal(), user.credential.set_at, user.last_access_at)
    (event,) = after_it(scene)
    assert (EventKind.INVITATION_ACCEPTED, None, None, "bert") == (event.kind, event.actor, event.system, event.subject)
    assert ("S12", (), ()) == (event.rule, event.differences, done.messages)
    assert isinstance(scene.access.sign_in("bert.grand", NEW, address=HOME), SignedIn)


def test_s12_a_token_may_come_as_a_secret_and_through_the_asynchronous_door() -> None:
    scene = Scene()
    token = Secret(invited(scene))
    assert isinstance(run(door(scene).look_at_invitation(token)), InvitationShown)
    assert isinstance(run(door(scene).accept_invitation(token, Secret(NEW))), Done)


def test_s9_an_invitation_is_valid_at_exactly_30_times_24_hours_and_lapsed_a_microsecond_later() -> None:
    for later, expected in ((MONTH, Done), (MONTH + TICK, Refused)):
        scene = Scene()
        token = invited(scene)
        since = scene.repositories.users.get("bert").login.since
        scene.clock.move(since + later - scene.clock.now())
        assert expected is type(scene.access.accept_invitation(token, NEW))


def test_s10_an_invitation_found_to_have_lapsed_is_stored_as_lapsed_and_never_revives() -> None:
    scene = Scene()
    token = invited(scene)
    scene.clock.move(MONTH + timedelta(seconds=1))
    assert Refused(Reason.LAPSED, "S9", user_id="bert") == scene.access.accept_invitation(token, NEW)
    user = scene.repositories.users.get("bert")
    assert Disabled(DisabledBecause.LAPSED, user.saved_at) == user.login
    (event,) = after_it(scene)
    assert (EventKind.USER_DISABLED, "S10", Reason.LAPSED, "bert") == (
        event.kind,
        event.rule,
        event.reason,
        event.subject,
    )
    scene.clock.move(-MONTH)
    assert Reason.DEAD_TOKEN is reason(scene.access.accept_invitation(token, NEW))
    assert 1 == len(after_it(scene))


def test_s10_what_a_lapsed_user_is_associated_with_stays() -> None:
    scene = Scene()
    token = invited(scene)
    assert isinstance(scene.access.associate(ROOT, "lyon", "c1", "bert"), Done)
    scene.clock.move(2 * MONTH)
    scene.access.accept_invitation(token, NEW)
    assert frozenset({"bert"}) == scene.repositories.customers.get("lyon", "c1").colleagues


def test_invariant_5_an_invitation_is_accepted_once() -> None:
    scene = Scene()
    token = invited(scene)
    assert isinstance(scene.access.accept_invitation(token, NEW), Done)
    before = everything(scene.repositories)
    assert Reason.DEAD_TOKEN is reason(scene.access.accept_invitation(token, "Yet-Another-11"))
    assert before == everything(scene.repositories)


@pytest.mark.parametrize("password", ["", "short", "no digits at all!", "\ud800", "x" * 2000])
def test_s24_a_password_that_is_not_good_enough_leaves_the_invitation_as_it_is(password: str) -> None:
    scene = Scene()
    token = invited(scene)
    before = everything(scene.repositories)
    outcome = scene.access.accept_invitation(token, password)
    assert isinstance(outcome, PasswordRejected)
    assert before == everything(scene.repositories)
    assert isinstance(scene.access.accept_invitation(token, NEW), Done)


def test_d6_the_password_must_be_what_the_users_own_entity_asks_for() -> None:
    scene = Scene()
    token = invited(scene)
    scene.ask(LYON, passwords__min_length=20)
    assert isinstance(scene.access.accept_invitation(token, NEW), PasswordRejected)
    assert isinstance(scene.access.accept_invitation(token, NEW + "-and-more-of-it"), Done)


def test_a_token_of_somebody_or_of_something_else_opens_nothing() -> None:
    scene = Scene()
    token = invited(scene)
    encoded, _, secret = token.partition(".")
    reset = revealed(scene.access.request_password_reset("anna").messages[0].token)
    theirs = revealed(token_text("id-invited", Secret(secret)))
    before = everything(scene.repositories)
    for given in ("", ".", encoded, secret, f"{encoded}.", f"{token}x", token[:-1], reset, theirs, "é.x", "x" * 5000):
        for call in (scene.access.look_at_invitation, lambda each: scene.access.accept_invitation(each, NEW)):
            assert Reason.DEAD_TOKEN is reason(call(given))
    assert before == everything(scene.repositories)
    assert 0 == scene.hasher.hashes


@pytest.mark.parametrize("token", [None, 7, b"x", Secret(b"x")], ids=repr)
def test_a_token_that_is_no_text_is_misuse(token: Any) -> None:
    for call in (Scene().access.look_at_invitation, lambda each: Scene().access.accept_invitation(each, NEW)):
        with pytest.raises(InvalidValue, match=r"token is .*: expected text"):
            call(token)


def test_a_hasher_that_fails_says_so_and_nothing_is_stored() -> None:
    class Failing(CountingHasher):
        def hash(self, password: Any, /) -> Any:
            raise MemoryError

    scene = Scene(hasher=Failing())
    token = invited(scene)
    before = everything(scene.repositories)
    with pytest.raises(VerifierFailed, match="MemoryError"):
        scene.access.accept_invitation(token, NEW)
    assert before == everything(scene.repositories)


def test_no_hashing_slot_in_time_is_busy_and_the_invitation_stays() -> None:
    scene = with_one_slot(Scene())
    token, access, outcomes = invited(scene), scene.access, list[Any]()
    scene.hasher.while_verifying = lambda: outcomes.append(access.accept_invitation(token, NEW))
    access.sign_in("anna", RIGHT, address=HOME)
    assert [Busy(BusyBecause.NO_SLOT)] == outcomes
    assert isinstance(access.accept_invitation(token, NEW), Done)


# --- renewing


def test_s13_a_renewed_invitation_kills_the_link_before_and_begins_the_days_anew() -> None:
    scene = Scene()
    old = invited(scene)
    scene.clock.move(timedelta(days=29))
    done = scene.access.renew_invitation(scene.proof("boss"), "bert")
    (message,) = done.messages
    assert (scene.clock.now(), scene.clock.now() + MONTH) == (done.record.login.since, message.until)
    (event,) = after_it(scene)
    assert (EventKind.INVITATION_SENT, "id-boss", "bert", "S13") == (event.kind, event.actor, event.subject, event.rule)
    assert Reason.DEAD_TOKEN is reason(scene.access.look_at_invitation(old))
    assert Reason.DEAD_TOKEN is reason(scene.access.accept_invitation(old, NEW))
    scene.clock.move(timedelta(days=29))
    assert isinstance(scene.access.accept_invitation(revealed(message.token), NEW), Done)


def test_a9_whoever_let_an_invitation_lapse_is_invited_again() -> None:
    scene = Scene()
    done = scene.access.renew_invitation(scene.proof("boss"), "id-lapsed")
    assert Invited is type(done.record.login)
    assert isinstance(scene.access.accept_invitation(done.messages[0].token, NEW), Done)


@pytest.mark.parametrize("name", ["anna", "disabled", "contact"])
def test_a9_whoever_was_not_invited_or_has_a_password_is_not_invited_again(name: str) -> None:
    scene = Scene()
    before = everything(scene.repositories)
    assert Reason.WRONG_STATE is reason(scene.access.renew_invitation(scene.proof("boss"), f"id-{name}"))
    assert before == everything(scene.repositories)


# --- looking


def test_a_mail_scanner_that_looks_at_a_link_changes_nothing() -> None:
    scene = Scene()
    token = invited(scene)
    until = scene.clock.now() + MONTH
    before = everything(scene.repositories)
    for _ in range(3):
        shown = scene.access.look_at_invitation(token)
        assert InvitationShown("bert.grand", until) == shown
    scene.clock.move(MONTH + timedelta(days=1))
    assert Reason.LAPSED is reason(scene.access.look_at_invitation(token))
    assert before == everything(scene.repositories)
    scene.clock.move(-MONTH)
    assert isinstance(scene.access.accept_invitation(token, NEW), Done)


def test_a24_an_invitation_opens_nothing_once_the_structure_came_to_single_sign_on() -> None:
    scene = Scene()
    token = scene.access.renew_invitation(ROOT, "id-invited").messages[0].token
    scene.access.describe_structure(ROOT, LYON, title="Lyon", sign_in_mode=SignInMode.SSO)
    for outcome in (scene.access.look_at_invitation(token), scene.access.accept_invitation(token, "Battery-Staple-8")):
        assert (Reason.DEAD_TOKEN, "A24") == (outcome.reason, outcome.rule)


def test_d4_strangers_cannot_spend_the_hard_cap_of_somebody_who_has_no_password_yet() -> None:
    scene = Scene()
    capped = AccessControl(
        scene.repositories,
        policy=evolve(scene.policy, lockout=evolve(scene.policy.lockout, hard_cap=4)),
        hasher=scene.hasher,
        clock=scene.clock,
    )
    for number in range(4):
        capped.sign_in("invited", "a guess", address=f"198.51.100.{number}")
    token = capped.renew_invitation(ROOT, "id-invited").messages[0].token
    assert isinstance(capped.accept_invitation(token, "Battery-Staple-8"), Done)
    assert isinstance(capped.sign_in("invited", "Battery-Staple-8", address=HOME), SignedIn)
