"""Versions: they grow by one, and begin where no earlier life of the key can have been."""

from mydso_access.adapters.versions import next_version


def test_a_version_grows_by_one() -> None:
    assert [2, 3, 1001] == [next_version(version) for version in (1, 2, 1000)]


def test_a_first_version_is_drawn_anew_each_time_and_leaves_room_to_grow() -> None:
    drawn = [next_version(0) for _ in range(10_000)]
    assert 10_000 == len(set(drawn))
    assert 0 < min(drawn)
    assert 2**62 >= max(drawn) > 2**61
