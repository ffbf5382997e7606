"""Changing where messages go: the new address counts once its token has come back, and the old one is told (S13; A4, A30)."""

from datetime import timedelta

import attrs
import pytest

from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.email_change import (
    OpenConfirmation,
    email_change_asked,
    email_confirmed,
    judge_confirmation,
)
from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.tokens import GivenToken, TokenPurpose, read_token, token_digest
from mydso_access.model import (
    Disabled,
    DisabledBecause,
    Email,
    EmailConfirmationMessage,
    Enabled,
    EventKind,
    InvitationMessage,
    Invited,
    NewEmail,
    Reason,
    Secret,
    SecurityChange,
    SecurityMessage,
    SentToken,
    User,
)
from tests.decisions.people import LONG_AGO, NOON, POLICY, SECRET, TICK, anna, contact, invite, invited_anna, refused

NEW, DAY = "anna@new.example", timedelta(days=1)
TOKEN = GivenToken("u-anna", SECRET)
DIGEST = token_digest(TokenPurpose.EMAIL, "u-anna", SECRET)
WAITING = anna(new_email=NewEmail(NEW, SentToken(DIGEST, NOON)))
RESET = SentToken(Secret("r"), LONG_AGO)


def asked(user: User) -> Changed[User]:
    change = email_change_asked(user, NEW, invite())
    assert isinstance(change, Changed)
    return change


def test_a30_whoever_may_sign_in_keeps_the_old_address_until_the_new_one_is_confirmed() -> None:
    change = asked(anna(reset=RESET))
    assert change.record == WAITING  # and a reset that was on its way is dead
    assert (change.kind, change.rule) == (EventKind.EMAIL_CHANGE_ASKED, "A30")
    to_the_new, to_the_old = change.messages
    assert isinstance(to_the_new, EmailConfirmationMessage)
    assert read_token(to_the_new.token) == TOKEN
    assert (to_the_new.to, to_the_new.name, to_the_new.until) == (NEW, "anna.petit", NOON + DAY)
    assert to_the_old == SecurityMessage(
        to="anna@example.com", name="anna.petit", change=SecurityChange.EMAIL_CHANGE_ASKED, at=NOON
    )


def test_a30_who_had_no_address_confirms_the_first_one_too() -> None:
    change = asked(anna(email=None))
    assert change.record.email is None
    assert [type(message) for message in change.messages] == [EmailConfirmationMessage]


def test_a4_a_contacts_address_is_replaced_at_once_for_nothing_is_proven_by_it() -> None:
    change = asked(contact())
    assert change == Changed(record=contact(email=Email(NEW)), kind=EventKind.EMAIL_CHANGED, rule="A4")


def test_s13_whoever_is_invited_is_invited_anew_at_the_new_address_and_the_old_link_dies() -> None:
    before = invited_anna(login=Invited(LONG_AGO, Secret("0" * 64)))
    change = asked(before)
    (message,) = change.messages
    assert isinstance(message, InvitationMessage)
    assert (message.to, message.until) == (NEW, NOON + timedelta(days=30))
    assert change.record.email == Email(NEW)
    assert change.record.login == Invited(NOON, token_digest(TokenPurpose.INVITATION, "u-anna", SECRET))
    assert (change.kind, change.rule) == (EventKind.EMAIL_CHANGED, "S13")


def test_a30_the_address_of_a_lapsed_invitation_is_replaced_at_once() -> None:
    user = anna(login=Disabled(DisabledBecause.LAPSED, LONG_AGO), credential=None)
    change = asked(user)
    assert change == Changed(record=attrs.evolve(user, email=Email(NEW)), kind=EventKind.EMAIL_CHANGED, rule="A30")


@pytest.mark.parametrize("because", [DisabledBecause.ADMINISTRATOR, DisabledBecause.DORMANT])
@pytest.mark.parametrize("by_sso", [True, False])
def test_a30_no_reset_can_go_to_an_address_that_a_disabled_login_was_given_and_nobody_confirmed(
    because: DisabledBecause, by_sso: bool
) -> None:
    user = anna(login=Disabled(because, LONG_AGO), **({"credential": None} if by_sso else {}))
    assert email_change_asked(user, NEW, invite()) == refused(Reason.WRONG_STATE, "A30", user)


@pytest.mark.parametrize("user", [anna(), contact(email=Email("anna@example.com")), invited_anna()])
def test_the_address_that_is_there_already_changes_nothing(user: User) -> None:
    assert email_change_asked(user, "anna@example.com", invite()) == Done(user)


def test_who_asks_for_another_address_meanwhile_confirms_that_one_and_the_first_token_is_dead() -> None:
    change = email_change_asked(WAITING, "anna@third.example", invite(secret=Secret("later")))
    assert isinstance(change, Changed)
    assert change.record.new_email is not None
    assert change.record.new_email.address == "anna@third.example"
    assert isinstance(judge_confirmation(change.record, TOKEN, POLICY, NOON), Refused)


def test_who_asks_for_the_present_address_while_another_waits_is_not_left_with_the_other() -> None:
    change = email_change_asked(WAITING, "anna@example.com", invite(secret=Secret("later")))
    assert isinstance(change, Changed)
    assert isinstance(judge_confirmation(change.record, TOKEN, POLICY, NOON), Refused)


# --- confirming


@pytest.mark.parametrize(
    ("after", "is_open"), [(timedelta(0), True), (DAY, True), (DAY + TICK, False), (-DAY, True)], ids=str
)
def test_a30_a_confirmation_is_good_to_the_very_end_of_its_day(after: timedelta, is_open: bool) -> None:
    assert WAITING.new_email is not None
    expected = OpenConfirmation(WAITING, WAITING.new_email) if is_open else refused(Reason.LAPSED, "A30", WAITING)
    assert expected == judge_confirmation(WAITING, TOKEN, POLICY, NOON + after)


OTHER_PURPOSES = [
    token_digest(purpose, "u-anna", SECRET) for purpose in TokenPurpose if purpose is not TokenPurpose.EMAIL
]


@pytest.mark.parametrize(
    ("user", "given"),
    [
        (None, None),
        (None, TOKEN),
        (WAITING, None),
        (WAITING, GivenToken("u-anna", Secret("guessed"))),
        (WAITING, GivenToken("u-eve", SECRET)),
        (anna(), TOKEN),
        (anna(reset=SentToken(DIGEST, NOON)), TOKEN),
        *((anna(new_email=NewEmail(NEW, SentToken(digest, NOON))), TOKEN) for digest in OTHER_PURPOSES),
        (attrs.evolve(WAITING, login=Disabled(DisabledBecause.ADMINISTRATOR, NOON)), TOKEN),
    ],
)
def test_a30_an_unknown_used_or_replaced_token_confirms_nothing(user: User | None, given: GivenToken | None) -> None:
    expected = Refused(Reason.DEAD_TOKEN, "A30", user_id=None if user is None else user.id)
    assert expected == judge_confirmation(user, given, POLICY, NOON)


def test_a30_the_confirmed_address_replaces_the_old_one_which_is_told() -> None:
    before = attrs.evolve(WAITING, reset=RESET)
    confirmation = judge_confirmation(before, TOKEN, POLICY, NOON)
    assert isinstance(confirmation, OpenConfirmation)
    change = email_confirmed(confirmation, NOON + TICK)
    assert change.record == anna(email=Email(NEW, NOON + TICK))  # and whatever was sent to the old address is dead
    assert (change.kind, change.rule) == (EventKind.EMAIL_CHANGED, "A30")
    assert change.messages == (
        SecurityMessage(to="anna@example.com", name="anna.petit", change=SecurityChange.EMAIL_CHANGED, at=NOON + TICK),
    )
    assert isinstance(judge_confirmation(change.record, TOKEN, POLICY, NOON + TICK), Refused)  # it works once


def test_a24_who_comes_by_sso_and_is_still_invited_is_enabled_by_the_new_invitation() -> None:
    change = email_change_asked(invited_anna(), NEW, invite(sso=True))
    assert isinstance(change, Changed)
    assert change.record.login == Enabled(NOON)
