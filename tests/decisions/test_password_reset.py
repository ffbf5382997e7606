"""Resetting a password: whom a message is sent, how often, and what its token does (S25; A24, D13, invariant 5)."""

from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.password_reset import OpenReset, judge_reset, may_reset, may_send, reset, reset_sent
from mydso_access.decisions.tokens import GivenToken, TokenPurpose, read_token, token_digest
from mydso_access.model import (
    Credential,
    Disabled,
    DisabledBecause,
    EventKind,
    NewEmail,
    Reason,
    ResetMessage,
    Secret,
    SecurityChange,
    SecurityMessage,
    SentToken,
    SignInMode,
    User,
)
from mydso_access.policy import DormancyPolicy, SecurityPolicy, TokenPolicy
from tests.decisions.people import (
    LONG_AGO,
    LYON,
    NOON,
    POLICY,
    SECRET,
    TICK,
    anna,
    contact,
    invited_anna,
    refused,
)

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
TOKEN = GivenToken("u-anna", SECRET)
SENT = reset_sent(anna(), SECRET, POLICY, NOON).record
BY_SSO = attrs.evolve(LYON, sign_in_mode=SignInMode.SSO)
STRICT = SecurityPolicy(dormancy=DormancyPolicy(months=1))
NEXT_MONTH = NOON + timedelta(days=31)

# --- whose password can be reset


@pytest.mark.parametrize(
    ("user", "home", "policy", "now", "may"),
    [
        (anna(), LYON, POLICY, NOON, True),
        (anna(credential=None), LYON, POLICY, NOON, True),  # who came by SSO until now
        (None, LYON, POLICY, NOON, False),
        (anna(), None, POLICY, NOON, False),
        (anna(email=None), LYON, POLICY, NOON, False),
        (contact(), LYON, POLICY, NOON, False),
        (invited_anna(), LYON, POLICY, NOON, False),
        *((anna(login=Disabled(because, NOON)), LYON, POLICY, NOON, False) for because in DisabledBecause),
        (anna(), BY_SSO, POLICY, NOON, False),
        (anna(sign_in_mode=SignInMode.SSO), LYON, POLICY, NOON, False),
        (anna(sign_in_mode=SignInMode.PASSWORD), BY_SSO, POLICY, NOON, True),
        (anna(), LYON, STRICT, NOON, True),
        (anna(), LYON, STRICT, NEXT_MONTH, False),  # dormant, whether the sweep was there or not
    ],
)
def test_d13_only_an_enabled_user_who_comes_by_password_may_reset_it_a24_s25(
    user: User | None, home: Any, policy: SecurityPolicy, now: datetime, may: bool
) -> None:
    assert may is may_reset(user, home, policy, now)
    if user is not None:
        waiting = attrs.evolve(user, reset=SENT.reset)
        judged = judge_reset(waiting, TOKEN, home, policy, now)
        assert may is (judged != refused(Reason.DEAD_TOKEN, "D13", user))


# --- how often


@pytest.mark.parametrize(
    ("ago", "may"),
    [
        ((), True),
        ((timedelta(0),), False),
        ((5 * MINUTE - TICK,), False),
        ((5 * MINUTE,), True),
        ((HOUR, 4 * MINUTE), False),
        ((5 * HOUR, 4 * HOUR, 3 * HOUR, 2 * HOUR), True),
        ((5 * HOUR, 4 * HOUR, 3 * HOUR, 2 * HOUR, HOUR), False),
        ((DAY, 4 * HOUR, 3 * HOUR, 2 * HOUR, HOUR), True),  # a day ago is not today
        ((DAY - TICK, 4 * HOUR, 3 * HOUR, 2 * HOUR, HOUR), False),
        ((-HOUR,), False),  # a clock that went back sends no more for it
    ],
    ids=str,
)
def test_d13_five_messages_a_day_and_five_minutes_between_two(ago: tuple[timedelta, ...], may: bool) -> None:
    assert may is may_send(anna(resets_sent=tuple(NOON - each for each in ago)), POLICY, NOON)


@given(st.lists(st.timedeltas(timedelta(0), timedelta(hours=12)), max_size=40), st.integers(1, 5), st.integers(0, 60))
def test_d13_however_often_somebody_asks_no_day_sees_more_messages(
    waits: list[timedelta], most: int, pause: int
) -> None:
    policy = SecurityPolicy(tokens=TokenPolicy(resets_a_day=most, reset_pause=pause * MINUTE))
    user, now, sent = anna(), NOON, []
    for wait in waits:
        now += wait
        if may_send(user, policy, now):
            user = reset_sent(user, SECRET, policy, now).record
            sent.append(now)
    for at in sent:
        within = [each for each in sent if at <= each < at + DAY]
        assert len(within) <= most
        assert not [each for each in within if at < each < at + pause * MINUTE]


def test_d13_a_message_goes_to_the_present_address_and_its_token_is_the_only_good_one() -> None:
    before = anna(
        new_email=NewEmail("anna@new.example", SentToken(Secret("e"), LONG_AGO)), resets_sent=(NOON - 2 * DAY,)
    )
    change = reset_sent(before, SECRET, POLICY, NOON)
    digest = token_digest(TokenPurpose.RESET, "u-anna", SECRET)
    assert change.record == attrs.evolve(before, reset=SentToken(digest, NOON), resets_sent=(NOON,))
    assert (change.kind, change.rule) == (EventKind.PASSWORD_RESET_SENT, "D13")
    (message,) = change.messages
    assert isinstance(message, ResetMessage)
    assert (message.to, message.name, message.until) == ("anna@example.com", "anna.petit", NOON + HOUR)
    assert read_token(message.token) == TOKEN
    again = reset_sent(change.record, Secret("later"), POLICY, NOON + HOUR).record
    assert again.resets_sent == (NOON, NOON + HOUR)
    assert isinstance(judge_reset(again, TOKEN, LYON, POLICY, NOON + HOUR), Refused)


# --- what the token does


@pytest.mark.parametrize(
    ("after", "is_open"), [(timedelta(0), True), (HOUR, True), (HOUR + TICK, False), (-HOUR, True)], ids=str
)
def test_d13_a_reset_is_good_to_the_very_end_of_its_hour(after: timedelta, is_open: bool) -> None:
    expected = OpenReset(SENT, NOON + HOUR) if is_open else refused(Reason.LAPSED, "D13", SENT)
    assert expected == judge_reset(SENT, TOKEN, LYON, POLICY, NOON + after)


@pytest.mark.parametrize(
    ("user", "token"),
    [
        (None, None),
        (None, TOKEN),
        (SENT, None),
        (SENT, GivenToken("u-anna", Secret("guessed"))),
        (SENT, GivenToken("u-eve", SECRET)),
        (anna(), TOKEN),
        (anna(reset=SentToken(token_digest(TokenPurpose.EMAIL, "u-anna", SECRET), NOON)), TOKEN),
        (anna(reset=SentToken(token_digest(TokenPurpose.INVITATION, "u-anna", SECRET), NOON)), TOKEN),
        (attrs.evolve(SENT, login=Disabled(DisabledBecause.DORMANT, NOON)), TOKEN),
    ],
)
def test_d13_an_unknown_used_or_replaced_token_resets_nothing(user: User | None, token: GivenToken | None) -> None:
    expected = Refused(Reason.DEAD_TOKEN, "D13", user_id=None if user is None else user.id)
    assert expected == judge_reset(user, token, LYON, POLICY, NOON)


def test_d13_a_new_password_kills_every_token_and_every_earlier_proof() -> None:
    before = attrs.evolve(SENT, new_email=NewEmail("anna@new.example", SentToken(Secret("e"), LONG_AGO)))
    change = reset(before, Secret("new"), POLICY, NOON)
    assert change.record == attrs.evolve(
        before, credential=Credential(Secret("new"), NOON), reset=None, new_email=None, valid_from=NOON
    )
    assert (change.kind, change.rule) == (EventKind.PASSWORD_RESET, "D13")
    assert change.messages == (
        SecurityMessage(to="anna@example.com", name="anna.petit", change=SecurityChange.PASSWORD_RESET, at=NOON),
    )
    assert isinstance(judge_reset(change.record, TOKEN, LYON, POLICY, NOON), Refused)  # it works once


def test_d10_no_password_bears_the_instant_of_the_one_before() -> None:
    ahead = anna(credential=Credential(Secret("old"), NOON))
    for at in (NOON, NOON - HOUR):
        changed = reset(ahead, Secret("new"), POLICY, at).record.credential
        assert changed == Credential(Secret("new"), NOON + TICK)


def test_who_had_no_password_gets_the_first() -> None:
    changed = reset(anna(credential=None), Secret("new"), POLICY, NOON).record.credential
    assert changed is not None
    assert changed.hash == Secret("new")
