"""Warning before an invitation lapses or a login goes dormant: once for each of 14, 7 and 1 days before (S10, S25)."""

from datetime import datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydso_access.decisions.changes import Changed
from mydso_access.decisions.dormancy import months_later
from mydso_access.decisions.listing import mark_of
from mydso_access.decisions.warning import EARLIEST_WARNING, Due, due, warned
from mydso_access.model import Disabled, DisabledBecause, Email, Ending, EventKind, Notice, User, WarningMessage
from mydso_access.policy import DormancyPolicy, SecurityPolicy
from tests.decisions.people import LONG_AGO, NOON, POLICY, TICK, anna, contact, invited_anna

DAY = timedelta(days=1)
POLICY_OF_A_MONTH = SecurityPolicy(dormancy=DormancyPolicy(months=1))
LAPSE, DORMANCY = LONG_AGO + timedelta(days=30), months_later(LONG_AGO, 1)


@pytest.mark.parametrize(
    ("user", "policy", "expected"),
    [
        (invited_anna(), POLICY, (Ending.INVITATION, LAPSE)),
        (invited_anna(), POLICY_OF_A_MONTH, (Ending.INVITATION, LAPSE)),
        (anna(), POLICY_OF_A_MONTH, (Ending.LOGIN, DORMANCY)),
        (anna(), POLICY, None),
        (contact(), POLICY_OF_A_MONTH, None),
        (anna(login=Disabled(DisabledBecause.DORMANT, NOON)), POLICY_OF_A_MONTH, None),
        (invited_anna(appointments=frozenset({"a"})), POLICY_OF_A_MONTH, None),  # never lapses
        (anna(appointments=frozenset({"a"})), POLICY_OF_A_MONTH, None),  # never goes dormant
    ],
)
def test_s10_s25_what_ends_for_a_user_and_when(
    user: User, policy: SecurityPolicy, expected: tuple[Ending, datetime] | None
) -> None:
    assert due(user, policy) == (None if expected is None else Due(user, *expected))


@pytest.mark.parametrize(
    ("left", "days"),
    [
        (14 * DAY + TICK, None),
        (14 * DAY, 14),
        (10 * DAY, 14),
        (7 * DAY + TICK, 14),
        (7 * DAY, 7),
        (DAY + TICK, 7),
        (DAY, 1),
        (TICK, 1),
        (timedelta(0), 1),
        (-TICK, None),
    ],
    ids=str,
)
def test_s10_s25_a_warning_goes_out_fourteen_seven_and_one_days_before(left: timedelta, days: int | None) -> None:
    change = warned(Due(anna(), Ending.LOGIN, NOON), NOON - left)
    assert (change is None) is (days is None)
    if change is not None and days is not None:
        assert change == Changed(
            record=anna(notice=Notice(NOON, days)),
            kind=EventKind.USER_WARNED,
            rule="S25",
            messages=(
                WarningMessage(to="anna@example.com", name="anna.petit", ending=Ending.LOGIN, due=NOON, days=days),
            ),
        )


def test_s10_an_invitation_is_warned_of_by_its_own_rule() -> None:
    change = warned(Due(invited_anna(), Ending.INVITATION, NOON), NOON - DAY)
    assert change is not None
    assert change.rule == "S10"
    assert isinstance(change.messages[0], WarningMessage)
    assert change.messages[0].ending is Ending.INVITATION


@pytest.mark.parametrize(
    ("notice", "left", "sends"),
    [
        (Notice(NOON, 14), 10 * DAY, False),
        (Notice(NOON, 14), 7 * DAY, True),
        (Notice(NOON, 7), 7 * DAY, False),
        (Notice(NOON, 7), 10 * DAY, False),  # a clock that went back
        (Notice(NOON, 7), DAY, True),
        (Notice(NOON, 1), TICK, False),
        (Notice(NOON - DAY, 14), 14 * DAY, True),  # that was about another end
        (Notice(NOON - DAY, 1), 14 * DAY, True),
    ],
)
def test_s10_s25_no_warning_goes_out_twice(notice: Notice, left: timedelta, sends: bool) -> None:
    assert (warned(Due(anna(notice=notice), Ending.LOGIN, NOON), NOON - left) is not None) is sends


def test_whoever_cannot_be_reached_is_not_warned() -> None:
    for user in (anna(email=None), contact(email=Email("carl@example.com"))):
        assert warned(Due(user, Ending.LOGIN, NOON), NOON - DAY) is None


@given(st.lists(st.timedeltas(timedelta(0), 20 * DAY), max_size=60))
def test_s25_however_often_the_sweep_comes_each_warning_goes_out_at_most_once(lefts: list[timedelta]) -> None:
    user, sent = anna(), []
    for left in sorted(lefts, reverse=True):
        change = warned(Due(user, Ending.LOGIN, NOON), NOON - left)
        if change is not None:
            user = attrs.evolve(change.record)
            sent.append(user.notice.days if user.notice else None)
    expected = [
        days for days, later in ((14, 7), (7, 1), (1, -1)) if any(later * DAY < left <= days * DAY for left in lefts)
    ]
    assert expected == sent


def test_nobody_is_warned_earlier_than_the_sweep_looks() -> None:
    assert EARLIEST_WARNING == 14 * DAY


def test_s10_s25_who_is_due_carries_the_mark_that_a_list_shows() -> None:
    assert mark_of(anna()) == Due(anna(), Ending.LOGIN, NOON).mark
