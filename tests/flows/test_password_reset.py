"""Password resets: one answer for every name, few messages, a token that works once and lifts nothing but the hard cap."""

from datetime import timedelta
from typing import Any

import pytest

from mydso_access import (
    Done,
    EventKind,
    InvalidValue,
    PasswordRejected,
    Reason,
    Refused,
    ResetMessage,
    ResetRequested,
    ResetShown,
    SecurityChange,
    SignedIn,
    SignInMode,
    UnreadableRecord,
    VerifierFailed,
)
from mydso_access.policy.fixed import TICK
from tests.flows.scene import LYON, NEW, ROOT, Scene, everything, revealed
from tests.support import HOME, RIGHT, CountingHasher, door, policy, run
from tests.test_store import raising, replacing

HOUR, PAUSE, DAY = timedelta(hours=1), timedelta(minutes=5), timedelta(days=1)


def requested(scene: Scene, name: str = "anna") -> ResetRequested:
    outcome = scene.access.request_password_reset(name)
    assert isinstance(outcome, ResetRequested)
    return outcome


def token_of(scene: Scene, name: str = "anna") -> str:
    return revealed(requested(scene, name).messages[0].token)


def reason(outcome: Any) -> Reason:
    assert isinstance(outcome, Refused)
    return outcome.reason


# --- requesting


def test_a_reset_is_sent_to_the_address_and_can_be_used_for_an_hour() -> None:
    scene = Scene()
    (message,) = requested(scene, " ANNA").messages
    assert ResetMessage is type(message)
    assert ("anna@example.com", "anna") == (message.to, message.name)
    assert scene.clock.now() + HOUR == message.until
    assert (EventKind.PASSWORD_RESET_SENT, None, None, "id-anna", "D13", ()) == scene.told()
    assert (scene.clock.now(),) == scene.user("anna").resets_sent


@pytest.mark.parametrize("name", ["nobody", "invited", "lapsed", "disabled", "", "a\nb", "x" * 999])
def test_everybody_is_answered_alike_and_who_cannot_reset_is_sent_nothing(name: str) -> None:
    scene = Scene()
    expected, before = requested(Scene()).public_message, everything(scene.repositories)
    outcome = requested(scene, name)
    assert (expected, ()) == (outcome.public_message, outcome.messages)
    assert before == everything(scene.repositories)


def test_s25_a24_whoever_is_dormant_or_comes_by_sso_is_sent_nothing() -> None:
    dormant = Scene()
    dormant.ask(LYON, dormancy__months=2)
    dormant.clock.move(timedelta(days=70))
    sso, no_address = Scene(), Scene()
    sso.change("anna", sign_in_mode=SignInMode.SSO)
    no_address.change("anna", email=None)
    for scene in (dormant, sso, no_address):
        before = everything(scene.repositories)
        assert () == requested(scene).messages
        assert before == everything(scene.repositories)


def test_d11_a_record_that_a_looser_look_up_found_is_sent_nothing() -> None:
    scene = Scene()
    scene.repositories.users._id_of["ännä"] = "id-anna"
    assert () == requested(scene, "ännä").messages


@pytest.mark.parametrize("name", [None, 7, b"anna"])
def test_a_name_that_is_no_text_is_misuse(name: Any) -> None:
    with pytest.raises(InvalidValue, match="name"):
        Scene().access.request_password_reset(name)


def test_a_request_within_five_minutes_sends_nothing_and_leaves_the_live_token_alive() -> None:
    scene = Scene()
    token = token_of(scene)
    scene.clock.move(PAUSE - TICK)
    before = everything(scene.repositories)
    assert () == requested(scene).messages
    assert before == everything(scene.repositories)
    assert isinstance(scene.access.complete_password_reset(token, NEW), Done)


def test_a_request_after_five_minutes_sends_another_and_kills_the_first() -> None:
    scene = Scene()
    first = token_of(scene)
    scene.clock.move(PAUSE)
    second = token_of(scene)
    assert Reason.DEAD_TOKEN is reason(scene.access.complete_password_reset(first, NEW))
    assert isinstance(scene.access.complete_password_reset(second, NEW), Done)


def test_five_messages_are_sent_a_day_and_the_sixth_when_the_first_is_a_day_old() -> None:
    scene = Scene()
    for _ in range(5):
        assert 1 == len(requested(scene).messages)
        scene.clock.move(HOUR)
    before = everything(scene.repositories)
    assert () == requested(scene).messages
    assert before == everything(scene.repositories)
    scene.clock.move(DAY - 5 * HOUR - TICK)
    assert () == requested(scene).messages
    scene.clock.move(TICK)
    assert 1 == len(requested(scene).messages)
    assert 5 == len(scene.user("anna").resets_sent)


def test_completing_a_reset_gives_no_further_message_a_day() -> None:
    scene = Scene()
    for _ in range(5):
        assert isinstance(scene.access.complete_password_reset(token_of(scene), NEW), Done)
        scene.clock.move(PAUSE)
    assert () == requested(scene).messages


# --- looking


def test_what_can_be_reset_is_shown_up_to_its_last_instant_and_looking_changes_nothing() -> None:
    scene = Scene()
    token, until = token_of(scene), scene.clock.now() + HOUR
    before = everything(scene.repositories)
    assert ResetShown("anna", until) == scene.access.look_at_reset(token) == run(door(scene).look_at_reset(token))
    scene.clock.move(HOUR)
    shown = scene.access.look_at_reset(token)
    assert (ResetShown("anna", until), ()) == (shown, shown.messages)
    assert before == everything(scene.repositories)
    scene.clock.move(TICK)
    assert Reason.LAPSED is reason(scene.access.look_at_reset(token))


def test_a_used_token_a_replaced_one_and_none_at_all_show_nothing_and_read_alike() -> None:
    scene = Scene()
    replaced = token_of(scene)
    scene.clock.move(PAUSE)
    token = token_of(scene)
    dead = [scene.access.look_at_reset(each) for each in (replaced, "", "aWQtYW5uYQ.guessed", token + "x")]
    assert isinstance(scene.access.complete_password_reset(token, NEW), Done)
    dead.append(scene.access.look_at_reset(token))
    assert [Reason.DEAD_TOKEN] * 5 == [reason(each) for each in dead]
    assert 1 == len({each.public_message for each in dead})


def test_s25_a24_what_cannot_be_reset_any_more_is_not_shown() -> None:
    for change in ({"sign_in_mode": SignInMode.SSO}, {"email": None}):
        scene = Scene()
        token = token_of(scene)
        scene.change("anna", **change)
        assert Reason.DEAD_TOKEN is reason(scene.access.look_at_reset(token))


@pytest.mark.parametrize("token", [None, 7, b"token"])
def test_a_token_that_is_no_text_cannot_be_looked_at(token: Any) -> None:
    with pytest.raises(InvalidValue):
        Scene().access.look_at_reset(token)


# --- completing


def test_a_reset_sets_the_password_kills_every_proof_and_token_and_signs_nobody_in() -> None:
    scene = Scene()
    proof = scene.proof("anna")
    waiting = scene.access.change_email(proof, "id-anna", "other@example.com").messages[0].token
    scene.clock.move(timedelta(seconds=1))
    token = token_of(scene)
    done = run(door(scene).complete_password_reset(token, NEW))
    user = done.record
    assert (NEW, user.saved_at, None) == (user.credential.hash.reveal(), user.valid_from, user.last_access_at)
    (told,) = done.messages
    assert ("anna@example.com", SecurityChange.PASSWORD_RESET) == (told.to, told.change)
    event = scene.events()[-1]
    assert (EventKind.PASSWORD_RESET, None, "id-anna", "D13") == (event.kind, event.actor, event.subject, event.rule)
    assert Reason.OUTDATED_PROOF is reason(scene.access.enter(proof, "lyon", address=HOME))
    assert Reason.DEAD_TOKEN is reason(scene.access.confirm_email(waiting))
    assert Reason.DEAD_TOKEN is reason(scene.access.complete_password_reset(token, "Yet-Another-11"))
    assert Reason.WRONG_SECRET is reason(scene.access.sign_in("anna", RIGHT, address=HOME))
    assert isinstance(scene.access.sign_in("anna", NEW, address=HOME), SignedIn)


def test_d13_a_reset_token_is_good_for_exactly_an_hour() -> None:
    for later, expected in ((HOUR, Done), (HOUR + TICK, Refused)):
        scene = Scene()
        token = token_of(scene)
        scene.clock.move(scene.user("anna").reset.sent_at + later - scene.clock.now())
        before = everything(scene.repositories)
        outcome = scene.access.complete_password_reset(token, NEW)
        assert expected is type(outcome)
    assert Reason.LAPSED is reason(outcome)
    assert before == everything(scene.repositories)


@pytest.mark.parametrize("password", ["", "short", "\ud800", "x" * 2000])
def test_a_password_refused_for_its_form_does_not_consume_the_token(password: str) -> None:
    scene = Scene()
    token = token_of(scene)
    before = everything(scene.repositories)
    assert isinstance(scene.access.complete_password_reset(token, password), PasswordRejected)
    assert before == everything(scene.repositories)
    assert isinstance(scene.access.complete_password_reset(token, NEW), Done)


def test_d6_the_new_password_must_be_what_the_users_structure_asks_for() -> None:
    scene = Scene()
    token = token_of(scene)
    scene.ask(LYON, passwords__min_length=20)
    assert isinstance(scene.access.complete_password_reset(token, NEW), PasswordRejected)


def test_a_token_of_a_login_that_may_be_reset_no_longer_is_dead() -> None:
    for change in ({"sign_in_mode": SignInMode.SSO}, {"email": None}):
        scene = Scene()
        token = token_of(scene)
        scene.change("anna", **change)
        before = everything(scene.repositories)
        assert Reason.DEAD_TOKEN is reason(scene.access.complete_password_reset(token, NEW))
        assert before == everything(scene.repositories)


def test_tokens_of_others_and_of_other_things_reset_nothing() -> None:
    scene = Scene()
    token = token_of(scene)
    invitation = revealed(scene.access.renew_invitation(ROOT, "id-invited").messages[0].token)
    paul = revealed(scene.access.request_password_reset("paul").messages[0].token)
    swapped = f"{token.partition('.')[0]}.{paul.partition('.')[2]}"
    before = everything(scene.repositories)
    for given in ("", "x.y", invitation, swapped, token[:-1], token + "="):
        assert Reason.DEAD_TOKEN is reason(scene.access.complete_password_reset(given, NEW))
    assert before == everything(scene.repositories)


def test_a_hasher_that_fails_says_so_and_the_token_stays() -> None:
    class Failing(CountingHasher):
        def hash(self, password: Any, /) -> Any:
            return "plain text"

    scene = Scene()
    token = token_of(scene)
    scene.hasher = Failing()
    before = everything(scene.repositories)
    with pytest.raises(VerifierFailed):
        scene.access.complete_password_reset(token, NEW)
    assert before == everything(scene.repositories)


# --- what it lifts


def guessed(scene: Scene, times: int) -> None:
    for number in range(times):
        scene.access.sign_in("anna", "wrong", address=f"10.0.0.{number}")
        if number % 4 == 3:
            scene.clock.move(DAY + HOUR)


def test_s36_a_reset_lifts_no_block_and_forgets_no_failure() -> None:
    scene = Scene()
    for number in range(5):
        scene.access.sign_in("anna", "wrong", address=f"10.0.0.{number}")
    until = scene.account("anna").blocked_until
    assert isinstance(scene.access.complete_password_reset(token_of(scene), NEW), Done)
    refused = scene.access.sign_in("anna", NEW, address=HOME)
    assert (Reason.ACCOUNT_BLOCKED, "S36", until) == (refused.reason, refused.rule, refused.until)
    scene.clock.move(until - scene.clock.now())
    assert isinstance(scene.access.sign_in("anna", NEW, address=HOME), SignedIn)


def test_d4_a_reset_lifts_the_hard_cap() -> None:
    scene = Scene(policy=policy(hard_cap=7))
    guessed(scene, 7)
    scene.clock.move(DAY)
    capped = scene.access.sign_in("anna", RIGHT, address=HOME)
    assert (Reason.ACCOUNT_BLOCKED, "D4", None) == (capped.reason, capped.rule, capped.until)
    assert isinstance(scene.access.complete_password_reset(token_of(scene), NEW), Done)
    assert isinstance(scene.access.sign_in("anna", NEW, address=HOME), SignedIn)


def test_nothing_is_counted_for_a_name_that_nobody_guessed_at() -> None:
    scene = Scene()
    assert isinstance(scene.access.complete_password_reset(token_of(scene), NEW), Done)
    assert () == scene.repositories.counters.all()


@pytest.mark.parametrize("damaged", ["users_named", "structures_get", "users_get"])
def test_invariant_2_a_damaged_row_is_answered_like_any_other_and_the_trail_tells_it(damaged: str) -> None:
    scene = Scene()
    before, unknown = everything(scene.repositories)[:-1], requested(Scene(), "nobody")
    broken = raising(UnreadableRecord("User.login", "cut", "a login"))
    outcome = scene.through(replacing(scene, **{damaged: broken})).request_password_reset("anna")
    assert (unknown, unknown.public_message) == (outcome, outcome.public_message)
    assert before == everything(scene.repositories)[:-1]
    assert (EventKind.REFUSED, Reason.UNREADABLE_RECORD) == (scene.event().kind, scene.event().reason)
