"""What a hash costs: RFC 9106's figures, OWASP's floor, and a ceiling (ASVS 11.4.2; S38, D17)."""

from datetime import timedelta

import attrs
import pytest

from mydso_access.errors import InvalidPolicy
from mydso_access.policy import HashingPolicy
from mydso_access.policy.fixed import HASH_WORK_CAP

FLOOR = 19 * 1024


def test_the_default_is_rfc_9106s_low_memory_profile() -> None:
    policy = HashingPolicy()
    assert (policy.memory_kib, policy.time_cost, policy.lanes) == (64 * 1024, 3, 4)
    assert (policy.max_parallel, policy.slot_wait) == (4, timedelta(seconds=5))
    assert policy.insecure_for_tests is False


@pytest.mark.parametrize(
    ("field", "least"),
    [("memory_kib", FLOOR), ("time_cost", 2)],
)
def test_below_owasps_floor_is_refused_unless_for_tests(field: str, least: int) -> None:
    assert getattr(HashingPolicy(**{field: least}), field) == least
    with pytest.raises(InvalidPolicy) as refused:
        HashingPolicy(**{field: least - 1})
    assert refused.value.field == f"HashingPolicy.{field}"
    assert refused.value.given == str(least - 1)
    assert refused.value.expected == (
        f"at least {least}, OWASP's floor; only a test suite may say insecure_for_tests=True"
    )
    assert getattr(HashingPolicy(**{field: least - 1}, insecure_for_tests=True), field) == least - 1


def test_the_floor_itself_with_one_lane_is_owasps_profile() -> None:
    policy = HashingPolicy(memory_kib=FLOOR, time_cost=2, lanes=1)
    assert (policy.memory_kib, policy.time_cost, policy.lanes) == (FLOOR, 2, 1)


@pytest.mark.parametrize("passes", [2, 3, 4, 7, 16, 63, 64])
def test_memory_times_passes_has_a_ceiling(passes: int) -> None:
    most = HASH_WORK_CAP // passes
    assert HashingPolicy(memory_kib=most, time_cost=passes).memory_kib == most
    with pytest.raises(InvalidPolicy) as refused:
        HashingPolicy(memory_kib=most + 1, time_cost=passes)
    if most + 1 <= 2 * 1024 * 1024:  # otherwise the setting's own bound refuses it first
        assert refused.value.field == "HashingPolicy.memory_kib × time_cost"
        assert refused.value.given == f"{most + 1} KiB × {passes} passes"
        assert refused.value.expected == "at most 4194304"


@pytest.mark.parametrize("lanes", [1, 2, 4, 64])
def test_every_lane_needs_eight_kib(lanes: int) -> None:
    built = HashingPolicy(memory_kib=8 * lanes, lanes=lanes, insecure_for_tests=True)
    assert built.memory_kib == 8 * lanes
    if lanes == 1:
        return  # one KiB less is below the setting's own bound
    with pytest.raises(InvalidPolicy) as refused:
        HashingPolicy(memory_kib=8 * lanes - 1, lanes=lanes, insecure_for_tests=True)
    assert refused.value.field == "HashingPolicy.memory_kib"
    assert refused.value.given == str(8 * lanes - 1)
    assert refused.value.expected == f"at least 8 KiB for each of the {lanes} lanes"


def test_the_cheapest_is_the_least_that_argon2_has_and_says_what_it_is() -> None:
    cheapest = HashingPolicy.cheapest_for_tests()
    assert HashingPolicy(memory_kib=8, time_cost=1, lanes=1, insecure_for_tests=True) == cheapest
    with pytest.raises(InvalidPolicy):
        attrs.evolve(cheapest, insecure_for_tests=False)


def test_a_hashing_policy_never_changes() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        HashingPolicy().time_cost = 1
