"""Fixtures for pytest: `pytest_plugins = ["mydso_access.testing.fixtures"]`, or import all of them by name.

Override one in your conftest.py, and everything that follows from it follows: `policy` with your own, `repositories` with
your store, `access` with your own door.
"""

import pytest

from mydso_access.adapters.memory import MemoryRepositories
from mydso_access.adapters.secret_box import UnprotectedBox
from mydso_access.control import AccessControl
from mydso_access.policy.security_policy import SecurityPolicy
from mydso_access.ports import PasswordHasher
from mydso_access.repositories import Repositories
from mydso_access.testing.clock import ManualClock
from mydso_access.testing.world import World, cheap_hasher

__all__ = ["access", "clock", "hasher", "policy", "repositories", "world"]


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that stands still until a test moves it."""
    return ManualClock()


@pytest.fixture
def policy() -> SecurityPolicy:
    """Return the policy under test: My DSO Manager's."""
    return SecurityPolicy.my_dso_manager()


@pytest.fixture
def hasher() -> PasswordHasher:
    """Return a hasher that costs next to nothing, whatever the policy says."""
    return cheap_hasher()


@pytest.fixture
def repositories() -> Repositories:
    """Return an empty store in memory."""
    return MemoryRepositories()


@pytest.fixture
def access(
    policy: SecurityPolicy, repositories: Repositories, clock: ManualClock, hasher: PasswordHasher
) -> AccessControl:
    """Return the door, with nobody behind it."""
    return AccessControl(
        repositories,
        policy=policy,
        hasher=hasher,
        clock=clock,
        secret_box=UnprotectedBox(),
        resource_exists=lambda _: True,
    )


@pytest.fixture
def world(access: AccessControl, repositories: Repositories, clock: ManualClock, hasher: PasswordHasher) -> World:
    """Return a world behind the door: people of every category, role and state."""
    return World.behind(access, repositories=repositories, clock=clock, hasher=hasher)
