"""The lock-out settings: the figures of S36 and S37, and how they limit one another (D2–D5, D13, D17)."""

from datetime import timedelta

import attrs
import pytest

from mydso_access.errors import InvalidPolicy
from mydso_access.policy import Limit, LockoutPolicy
from mydso_access.policy.lockout import ACCOUNT, ADDRESS, CODES

HOUR, DAY = timedelta(hours=1), timedelta(hours=24)


def test_five_failures_in_24_hours_block_an_account_for_one_hour_s36_d3() -> None:
    assert LockoutPolicy().account == Limit(failures=5, window=DAY, block=HOUR) == ACCOUNT


def test_ten_failures_in_24_hours_block_an_address_for_24_hours_s37_d3() -> None:
    assert LockoutPolicy().address == Limit(failures=10, window=DAY, block=DAY) == ADDRESS


def test_five_wrong_codes_in_ten_minutes_stop_the_codes_of_a_user_for_ten_d13() -> None:
    ten = timedelta(minutes=10)
    assert LockoutPolicy().codes == Limit(failures=5, window=ten, block=ten) == CODES


def test_attempts_on_a_blocked_account_count_for_the_address_d2() -> None:
    assert LockoutPolicy().blocked_attempts_count is True


def test_the_hard_cap_is_off_d4() -> None:
    assert LockoutPolicy().hard_cap is None


def test_a_lease_lasts_30_seconds_d13() -> None:
    assert LockoutPolicy().lease == timedelta(seconds=30)


def test_ipv6_is_counted_by_its_first_64_bits_d5() -> None:
    assert LockoutPolicy().ipv6_prefix == 64


def test_a_window_without_end_is_the_literal_reading_d3() -> None:
    assert Limit(window=None).window is None


def test_a_charge_may_be_tried_for_as_long_as_its_lease_and_no_longer() -> None:
    lease = timedelta(seconds=10)
    assert LockoutPolicy(lease=lease, charge_wait=lease).charge_wait == lease
    with pytest.raises(InvalidPolicy) as refused:
        LockoutPolicy(lease=lease, charge_wait=lease + timedelta.resolution)
    assert refused.value.field == "LockoutPolicy.charge_wait"
    assert refused.value.given == "0:00:10.000001"
    assert refused.value.expected == "at most the lease, 0:00:10"


@pytest.mark.parametrize("group", ["account", "address", "codes"])
@pytest.mark.parametrize("wrong", [None, 5, {"failures": 5}, LockoutPolicy, Limit], ids=repr)
def test_a_limit_is_a_limit_and_nothing_else(group: str, wrong: object) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        LockoutPolicy(**{group: wrong})
    assert refused.value.field == f"LockoutPolicy.{group}"
    assert refused.value.expected == "a Limit"


def test_nothing_is_taken_by_position() -> None:
    for group in (Limit, LockoutPolicy):
        with pytest.raises(TypeError, match="positional"):
            group(5)


def test_a_limit_and_a_lockout_policy_never_change() -> None:
    for value, field in ((LockoutPolicy(), "hard_cap"), (Limit(), "failures"), (LockoutPolicy().account, "block")):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(value, field, 1)
    assert LockoutPolicy() == LockoutPolicy()
    assert hash(LockoutPolicy()) == hash(LockoutPolicy())
