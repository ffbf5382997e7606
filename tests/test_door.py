"""A door shows what it was opened with, to read from."""

import pytest

from mydso_access import MY_DSO_MANAGER, AccessControl, AsyncAccessControl, MemoryRepositories
from mydso_access.testing import ManualClock


@pytest.mark.parametrize("door", [AccessControl, AsyncAccessControl])
def test_a_door_shows_its_repositories_and_its_clock(door: type[AccessControl | AsyncAccessControl]) -> None:
    repositories, clock = MemoryRepositories(), ManualClock()
    access = door(repositories, clock=clock)
    assert (True, True) == (access.repositories is repositories, access.clock is clock)
    assert {role.id for role in MY_DSO_MANAGER} == set(access.roles.roles)


@pytest.mark.parametrize("door", [AccessControl, AsyncAccessControl])
def test_what_a_door_was_opened_with_is_not_changed_afterwards(door: type[AccessControl | AsyncAccessControl]) -> None:
    access = door(MemoryRepositories())
    for name in ("repositories", "clock", "policy", "roles"):
        with pytest.raises(AttributeError):
            setattr(access, name, None)
