"""What a list shows of each user: one state at this moment, whatever the sweep has stored so far (S10, S11, S25, S36)."""

from datetime import datetime, timedelta

import attrs
import pytest

from mydso_access.decisions.dormancy import months_later
from mydso_access.decisions.listing import DISABLED_STATES, ListedUser, UserState, listed, seen_from
from mydso_access.decisions.naming import account_key
from mydso_access.model import AttemptCounter, Disabled, DisabledBecause, Enabled, Invited, Structure, User
from mydso_access.policy import DormancyPolicy, LockoutPolicy, SecurityPolicy
from tests.decisions.people import LONG_AGO, NOON, POLICY, TICK, anna, contact, invited_anna, multi

FREE = AttemptCounter(account_key("anna.petit"))
BLOCKED = attrs.evolve(FREE, blocked_until=NOON + timedelta(hours=1), saved_at=LONG_AGO)
DORMANT_AFTER_A_MONTH = SecurityPolicy(dormancy=DormancyPolicy(months=1))
CAPPED = SecurityPolicy(lockout=LockoutPolicy(hard_cap=1), dormancy=DormancyPolicy(months=1))
INVITED_UNTIL = LONG_AGO + timedelta(days=30)
DORMANT_FROM = months_later(LONG_AGO, 1)


@pytest.mark.parametrize(
    ("user", "counter", "now", "state"),
    [
        (contact(), None, NOON, UserState.CONTACT),
        (invited_anna(), None, NOON, UserState.INVITED),
        (invited_anna(), FREE, INVITED_UNTIL, UserState.INVITED),
        (invited_anna(), FREE, INVITED_UNTIL + TICK, UserState.LAPSED),
        (invited_anna(appointments=frozenset({"a"})), FREE, INVITED_UNTIL + TICK, UserState.INVITED),
        (anna(), FREE, NOON, UserState.ENABLED),
        (anna(), None, NOON, UserState.ENABLED),
        (multi(), FREE, NOON, UserState.ENABLED),
        (anna(), BLOCKED, NOON, UserState.BLOCKED),
        (anna(), BLOCKED, NOON + timedelta(hours=1) - TICK, UserState.BLOCKED),
        (anna(), BLOCKED, NOON + timedelta(hours=1), UserState.ENABLED),
        (anna(), FREE, DORMANT_FROM - TICK, UserState.ENABLED),
        (anna(), FREE, DORMANT_FROM, UserState.DORMANT),
        (anna(), attrs.evolve(BLOCKED, blocked_until=DORMANT_FROM + timedelta(1)), DORMANT_FROM, UserState.DORMANT),
        (invited_anna(), BLOCKED, NOON, UserState.INVITED),  # who tries names blocks them, too
        (anna(login=Disabled(DisabledBecause.ADMINISTRATOR, NOON)), BLOCKED, NOON, UserState.DISABLED),
        (anna(login=Disabled(DisabledBecause.DORMANT, NOON)), FREE, NOON, UserState.DORMANT),
        (anna(login=Disabled(DisabledBecause.LAPSED, NOON)), FREE, NOON, UserState.LAPSED),
        (anna(login=Disabled(DisabledBecause.FORGOTTEN, NOON)), FREE, NOON, UserState.FORGOTTEN),
    ],
)
def test_s11_every_user_has_one_state_at_this_moment(
    user: User, counter: AttemptCounter | None, now: datetime, state: UserState
) -> None:
    assert state is listed(user, counter, DORMANT_AFTER_A_MONTH, now).state


def test_s11_the_instants_behind_the_state_are_shown() -> None:
    assert listed(anna(), BLOCKED, DORMANT_AFTER_A_MONTH, NOON) == ListedUser(
        user=anna(), state=UserState.BLOCKED, blocked_until=NOON + timedelta(hours=1), dormant_from=DORMANT_FROM
    )
    assert listed(invited_anna(), FREE, POLICY, NOON) == ListedUser(
        user=invited_anna(), state=UserState.INVITED, invited_until=INVITED_UNTIL
    )
    assert listed(anna(), FREE, POLICY, NOON) == ListedUser(user=anna(), state=UserState.ENABLED)


def test_d4_a_login_that_only_a_reset_frees_is_blocked_without_an_end() -> None:
    line = listed(anna(login=Enabled(NOON)), attrs.evolve(FREE, failed=1), CAPPED, NOON)
    assert (line.state, line.blocked_until) == (UserState.BLOCKED, None)


def test_every_reason_of_a_disabled_login_has_its_state() -> None:
    assert set(DISABLED_STATES) == set(DisabledBecause)
    assert len(set(DISABLED_STATES.values())) == len(DisabledBecause)


def test_s11_a_user_who_was_just_added_is_in_the_list() -> None:
    just_added = invited_anna(login=Invited(NOON))
    assert listed(just_added, None, POLICY, NOON).state is UserState.INVITED


def test_d16_an_entitys_list_shows_of_a_multi_entity_user_nothing_of_elsewhere() -> None:
    mia = multi(memberships=frozenset({"lyon", "paris"}), appointments=frozenset({"a"}), resets_sent=(NOON,))
    shown = seen_from(mia, Structure.entity("lyon"))
    assert shown == attrs.evolve(
        mia, memberships=frozenset({"lyon"}), appointments=frozenset(), credential=None, resets_sent=()
    )
    assert seen_from(mia, mia.structure) is mia
    assert seen_from(anna(), Structure.entity("lyon")) == anna()
