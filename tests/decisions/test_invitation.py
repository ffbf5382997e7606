"""Invitations: valid to the very end, dead once used, replaced or lapsed (S7, S9, S10, S12, S13; A7, A9, A24, A30)."""

from datetime import timedelta

import attrs
import pytest

from mydso_access.decisions.changes import Changed
from mydso_access.decisions.invitation import (
    OpenInvitation,
    accepted,
    has_lapsed,
    invited,
    judge_invitation,
    lapsed,
    lapses_after,
)
from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.tokens import GivenToken, TokenPurpose, read_token, token_digest
from mydso_access.model import (
    Credential,
    Disabled,
    DisabledBecause,
    Email,
    Enabled,
    EventKind,
    InvitationMessage,
    Invited,
    Notice,
    Reason,
    Secret,
    SentToken,
    SignInMode,
    User,
)
from mydso_access.policy import SecurityPolicy, TokenPolicy
from tests.decisions.people import LONG_AGO, NOON, POLICY, SECRET, TICK, anna, contact, invite, invited_anna

THIRTY_DAYS = timedelta(hours=30 * 24)
DEAD = Refused(Reason.DEAD_TOKEN, "S13")
INVITED, MESSAGES = invited(invited_anna(), invite())
TOKEN = GivenToken("u-anna", SECRET)


def test_s7_an_invitation_says_who_where_and_until_when_and_carries_the_only_token() -> None:
    (message,) = MESSAGES
    assert message == InvitationMessage(
        to="anna@example.com", name="anna.petit", structure="Lyon", token=message.token, until=NOON + THIRTY_DAYS
    )
    assert message.token is not None
    assert read_token(message.token) == TOKEN
    assert INVITED.login == Invited(NOON, token_digest(TokenPurpose.INVITATION, "u-anna", SECRET))
    assert SECRET.reveal() not in str(attrs.asdict(INVITED, recurse=False))


def test_s7_without_an_address_there_is_no_message_to_send() -> None:
    record, messages = invited(invited_anna(email=None), invite())
    assert messages == ()
    assert isinstance(record.login, Invited)


def test_a24_who_comes_by_sso_has_no_password_to_create_and_may_sign_in_at_once() -> None:
    record, (message,) = invited(invited_anna(), invite(sso=True))
    assert record.login == Enabled(NOON)
    assert (message.token, message.until) == (None, None)
    assert record.credential is None


def test_s13_a_new_invitation_ends_whatever_was_proven_or_sent_before() -> None:
    before = anna(reset=SentToken(Secret("r"), LONG_AGO), notice=Notice(NOON, 14))
    record, _ = invited(before, invite())
    assert (record.credential, record.reset, record.notice) == (None, None, None)
    assert record.valid_from == NOON


# --- how long it is good


@pytest.mark.parametrize(
    ("after", "is_open"),
    [
        (timedelta(0), True),
        (THIRTY_DAYS - TICK, True),
        (THIRTY_DAYS, True),  # at the deadline it is still good (A7)
        (THIRTY_DAYS + TICK, False),
        (timedelta(days=4000), False),
        (-timedelta(days=1), True),  # a clock that went back
    ],
    ids=str,
)
def test_s9_a7_an_invitation_is_good_for_thirty_times_24_hours_and_not_a_microsecond_longer(
    after: timedelta, is_open: bool
) -> None:
    judged = judge_invitation(INVITED, TOKEN, POLICY, NOON + after)
    lapse = Refused(Reason.LAPSED, "S9", user_id="u-anna")
    assert judged == (OpenInvitation(INVITED, NOON + THIRTY_DAYS) if is_open else lapse)
    assert has_lapsed(INVITED, POLICY, NOON + after) is not is_open


def test_s9_a_shorter_time_may_be_set_and_binds_what_was_sent_before() -> None:
    policy = SecurityPolicy(tokens=TokenPolicy(invitation=timedelta(hours=1)))
    assert lapses_after(INVITED, policy) == NOON + timedelta(hours=1)
    assert judge_invitation(INVITED, TOKEN, policy, NOON + timedelta(hours=1)) == OpenInvitation(
        INVITED, NOON + timedelta(hours=1)
    )
    assert isinstance(judge_invitation(INVITED, TOKEN, policy, NOON + timedelta(hours=1) + TICK), Refused)


def test_s10_a_founding_main_administrators_invitation_is_not_stored_as_lapsed_but_opens_no_longer() -> None:
    founder = attrs.evolve(INVITED, appointments=frozenset({"a-1"}))
    late = NOON + THIRTY_DAYS + TICK
    assert has_lapsed(founder, POLICY, late) is False
    assert judge_invitation(founder, TOKEN, POLICY, late) == Refused(Reason.LAPSED, "S9", user_id="u-anna")


@pytest.mark.parametrize("user", [anna(), contact(), anna(login=Disabled(DisabledBecause.LAPSED, NOON))])
def test_s9_nobody_else_has_an_invitation_that_lapses(user: User) -> None:
    assert lapses_after(user, POLICY) is None
    assert has_lapsed(user, POLICY, NOON + timedelta(days=4000)) is False


# --- what opens nothing


NOBODYS = GivenToken("nobody", SECRET)
REPLACED, _ = invited(INVITED, invite(secret=Secret("a later one"), at=NOON + timedelta(days=1)))


@pytest.mark.parametrize(
    ("user", "given"),
    [
        (None, TOKEN),
        (None, None),
        (INVITED, None),
        (None, NOBODYS),
        (INVITED, GivenToken("u-anna", Secret("guessed"))),
        (INVITED, GivenToken("u-eve", SECRET)),
        (REPLACED, TOKEN),  # S13: the link of the one before died at once
        (invited_anna(), TOKEN),  # none is on its way
        (accepted(INVITED, Secret("h"), NOON).record, TOKEN),  # used
        (attrs.evolve(INVITED, login=Disabled(DisabledBecause.LAPSED, NOON)), TOKEN),
        (attrs.evolve(INVITED, login=Disabled(DisabledBecause.ADMINISTRATOR, NOON)), TOKEN),
        (contact(), TOKEN),
        (anna(reset=SentToken(token_digest(TokenPurpose.RESET, "u-anna", SECRET), NOON)), TOKEN),
    ],
)
def test_s13_an_unknown_used_replaced_or_ended_invitation_opens_nothing(
    user: User | None, given: GivenToken | None
) -> None:
    assert judge_invitation(user, given, POLICY, NOON) == DEAD


def test_s13_a_dead_token_does_not_say_whose_it_was() -> None:
    assert DEAD.user_id is None
    assert judge_invitation(INVITED, GivenToken("u-anna", Secret("guessed")), POLICY, NOON) == judge_invitation(
        None, NOBODYS, POLICY, NOON
    )


def test_the_digest_of_another_purpose_opens_no_invitation() -> None:
    for purpose in (TokenPurpose.RESET, TokenPurpose.EMAIL):
        user = invited_anna(login=Invited(NOON, token_digest(purpose, "u-anna", SECRET)))
        assert judge_invitation(user, TOKEN, POLICY, NOON) == DEAD


# --- what it makes of the user


def test_s12_who_accepts_may_sign_in_with_their_own_password_and_owns_the_address_a30() -> None:
    before = attrs.evolve(INVITED, notice=Notice(NOON, 7))
    change = accepted(before, Secret("hash"), NOON + TICK)
    assert change == Changed(
        record=attrs.evolve(
            before,
            login=Enabled(NOON + TICK),
            credential=Credential(Secret("hash"), NOON + TICK),
            email=Email("anna@example.com", NOON + TICK),
            valid_from=NOON + TICK,
            notice=None,
        ),
        kind=EventKind.INVITATION_ACCEPTED,
        rule="S12",
    )


def test_s12_who_has_no_address_any_more_may_accept_all_the_same() -> None:
    assert accepted(attrs.evolve(INVITED, email=None), Secret("hash"), NOON).record.email is None


def test_s10_who_does_not_accept_in_time_is_disabled_and_keeps_category_role_and_place_a8_d12() -> None:
    late = NOON + THIRTY_DAYS + TICK
    change = lapsed(INVITED, late)
    expected = attrs.evolve(INVITED, login=Disabled(DisabledBecause.LAPSED, late), valid_from=late)
    assert change.record == expected
    assert (change.kind, change.rule, change.reason) == (EventKind.USER_DISABLED, "S10", Reason.LAPSED)
    assert change.answer == Refused(Reason.LAPSED, "S9", user_id="u-anna")
    assert change.messages == ()


def test_a24_an_invitation_asks_no_password_of_who_comes_by_sso_by_now() -> None:
    dead = Refused(Reason.DEAD_TOKEN, "A24", user_id="u-anna")
    assert judge_invitation(INVITED, TOKEN, POLICY, NOON, SignInMode.SSO) == dead
    assert judge_invitation(attrs.evolve(INVITED, sign_in_mode=SignInMode.SSO), TOKEN, POLICY, NOON) == dead
    by_password = attrs.evolve(INVITED, sign_in_mode=SignInMode.PASSWORD)
    assert isinstance(judge_invitation(by_password, TOKEN, POLICY, NOON, SignInMode.SSO), OpenInvitation)
