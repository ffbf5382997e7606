"""Versions: they grow, and are never what another save of the key has had, whatever became of that save."""

from itertools import accumulate, repeat

from mydso_access.adapters.versions import next_version
from mydso_access.policy.fixed import NEXT_VERSION_BITS


def test_a_version_grows_and_by_how_much_is_drawn_anew_each_time() -> None:
    drawn = [next_version(7) for _ in range(10_000)]
    assert 9_990 < len(set(drawn))
    assert 7 < min(drawn)
    assert 8 + 2**NEXT_VERSION_BITS > max(drawn)


def test_a_first_version_is_drawn_anew_each_time_and_leaves_room_to_grow() -> None:
    drawn = [next_version(0) for _ in range(10_000)]
    assert 10_000 == len(set(drawn))
    assert 0 < min(drawn)
    assert 2**62 >= max(drawn) > 2**61


def test_a_hundred_thousand_saves_are_far_from_the_largest_integer_of_a_database() -> None:
    *_, last = accumulate(repeat(None, 100_000), lambda version, _: next_version(version), initial=2**62)
    assert 2**62 < last < 2**62 + 2**50
