"""The fixtures as a host takes them: by name, as a plugin, overridden; and the page that shows them, run as it stands."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "test-your-policy.md"
FIRST = "test_first.py"
# In a process of its own, as at a host's: the module is imported already in this one.
OPTIONS = ("-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:valkey", "-W", "error", "-q")


def files_of(page: str) -> dict[str, str]:
    """Return the files that a page shows: a block that begins with a file's name begins that file, others go on."""
    files: dict[str, str] = {}
    name = FIRST
    for block in re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        begun = re.match(r"# (\w+\.py)\n", block)
        name = begun[1] if begun else name
        files[name] = files.get(name, "") + block + "\n\n"
    return files


def test_the_page_is_a_test_suite_that_passes(pytester: pytest.Pytester) -> None:
    files = files_of(PAGE.read_text("utf-8"))
    assert [*files] == [FIRST, "conftest.py", "test_our_policy.py", "test_our_store.py"]
    for name, text in files.items():
        (pytester.path / name).write_text(text, "utf-8")

    result = pytester.runpytest_subprocess(*OPTIONS)

    shown = sum(len(re.findall(r"^def test_", text, re.MULTILINE)) for text in files.values())
    assert result.parseoutcomes() == {"passed": shown}
    assert shown >= 12


def test_its_first_block_stands_alone_is_ten_lines_and_fails_if_the_policy_is_weaker(pytester: pytest.Pytester) -> None:
    first = files_of(PAGE.read_text("utf-8"))[FIRST]
    assert len([line for line in first.splitlines() if line.strip()]) == 10

    pytester.makepyfile(test_strong=first, test_weak=first.replace('"3"', '"4"'))
    result = pytester.runpytest_subprocess(*OPTIONS)

    assert result.parseoutcomes() == {"passed": 1, "failed": 1}
    result.stdout.fnmatch_lines(["*<Attack: 100 attempts on 1 name from 100 addresses *: 4 evaluated, never got in*"])


CONFTEST = """
import pytest
from mydso_access import AccessControl, MY_DSO_MANAGER, MemoryRepositories, Role, SecurityPolicy, with_setting

pytest_plugins = ["mydso_access.testing.fixtures"]
"""


def test_whatever_a_host_overrides_the_others_follow(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        CONFTEST
        + """
from datetime import UTC, datetime
from mydso_access.testing import ManualClock

STORE = MemoryRepositories()

@pytest.fixture
def policy():
    return with_setting(SecurityPolicy.my_dso_manager(), "lockout.account.failures", "2")

@pytest.fixture
def repositories():
    return STORE

@pytest.fixture
def clock():
    return ManualClock(datetime(2030, 1, 1, tzinfo=UTC))
"""
    )
    pytester.makepyfile(
        """
from conftest import STORE
from mydso_access.testing import World, botnet

def test_all_follow(world, access, policy, repositories, clock):
    assert world.access is access
    assert access.policy is policy
    assert world.repositories is repositories is STORE
    assert world.clock is clock
    assert world.user("anna").saved_at.year == 2030
    assert botnet(world, "anna").evaluated == 2
"""
    )
    assert pytester.runpytest_subprocess(*OPTIONS).parseoutcomes() == {"passed": 1}


def test_a_door_of_the_hosts_own_has_the_world_behind_it(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        CONFTEST
        + """
@pytest.fixture
def access(policy, repositories, clock, hasher):
    roles = [*MY_DSO_MANAGER, Role(id="auditor", title="Auditor", cells={}, restriction=None)]
    return AccessControl(repositories, policy=policy, clock=clock, hasher=hasher, roles=roles)
"""
    )
    pytester.makepyfile(
        """
from mydso_access import Done

def test_a_role_of_ours(world):
    assert isinstance(world.access.change_role(world.proof_of("anna"), "user-mia", "auditor"), Done)
"""
    )
    assert pytester.runpytest_subprocess(*OPTIONS).parseoutcomes() == {"passed": 1}


def test_the_door_may_be_had_with_nobody_behind_it_and_each_test_has_its_own(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(
        """
from mydso_access import Entity, Founded, NewUser, System

def found(access):
    return access.found(System("test"), Entity(id="lyon", title="Lyon"), NewUser(
        email="a@example.com", role="administrator", name="anna.petit"))

def test_one(access):
    assert isinstance(found(access), Founded)

def test_other(access):
    assert isinstance(found(access), Founded)
"""
    )
    assert pytester.runpytest_subprocess(*OPTIONS).parseoutcomes() == {"passed": 2}


@pytest.mark.parametrize("module", ["mydso_access.testing", "mydso_access.testing.world"])
def test_only_the_fixtures_need_pytest(module: str) -> None:
    program = f"import sys; sys.modules['pytest'] = sys.modules['_pytest'] = None; import {module}"
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=60)
