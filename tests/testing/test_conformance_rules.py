"""The suite keeps its word: gaps need a reason and must fail, no test of a contract is overridden, blanked or replaced."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from mydso_access import InvalidValue
from mydso_access.testing.conformance import CounterContract, EventContract, UserContract

pytest_plugins = ["pytester"]

HEAD = '''
import types
import attrs
import pytest
from mydso_access import MemoryRepositories
from mydso_access.testing.conformance import CounterContract, EventContract

class InMemory:
    @pytest.fixture
    def repositories(self):
        return MemoryRepositories()

class Forgetful:
    """Breaks one promise: who asked for a rule's number is not kept."""
    def __init__(self): self.inner = MemoryRepositories().events
    def append(self, event, /): self.inner.append(attrs.evolve(event, levels=frozenset()))
    def __getattr__(self, name): return getattr(self.inner, name)

class Broken:
    @pytest.fixture
    def repositories(self):
        return types.SimpleNamespace(events=Forgetful())
'''
NAME = "test_every_field_comes_back_as_it_was_told"

Run = Callable[[str], pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Run a host's test file and return what became of it."""

    def run(text: str) -> pytest.RunResult:
        pytester.makepyfile(HEAD + text)
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:asyncio")

    return run


def messages(result: pytest.RunResult) -> str:
    return "\n".join(result.outlines)


# --- gaps


def test_a_gap_is_an_expected_failure_with_its_reason(run: Run) -> None:
    result = run(f"class TestEvents(Broken, EventContract):\n    gaps = {{'{NAME}': 'levels are not kept here'}}\n")
    count = len([name for name in dir(EventContract) if name.startswith("test_")])
    result.assert_outcomes(xfailed=1, passed=count - 1)


def test_without_the_gap_the_run_fails(run: Run) -> None:
    result = run("class TestEvents(Broken, EventContract): ...\n")
    result.assert_outcomes(failed=1, passed=result.parseoutcomes()["passed"])


def test_a_gap_that_is_none_fails_the_run(run: Run) -> None:
    result = run(f"class TestEvents(InMemory, EventContract):\n    gaps = {{'{NAME}': 'nobody knows'}}\n")
    result.assert_outcomes(failed=1, passed=result.parseoutcomes()["passed"])
    assert "[XPASS(strict)] nobody knows" in messages(result)


def test_a_gap_excuses_no_store_that_cannot_be_opened(run: Run) -> None:
    result = run(
        "class TestEvents(EventContract):\n"
        f"    gaps = {{'{NAME}': 'levels are not kept here'}}\n"
        "    @pytest.fixture\n"
        "    def repositories(self):\n"
        "        raise OSError('no store')\n"
    )
    result.assert_outcomes(errors=len([name for name in dir(EventContract) if name.startswith("test_")]))


@pytest.mark.parametrize(
    ("gaps", "message"),
    [
        ({"test_every_field_comes_back": "why"}, f"did you mean {NAME}?"),
        ({"test_a_save_is_seen_at_once": "why"}, "expected names of its tests"),
        ({"append": "why"}, "expected names of its tests"),
        ({"ask": "why"}, "expected names of its tests"),
        ({3: "why"}, "expected names of its tests"),
        ({NAME: ""}, f"TestEvents.gaps[{NAME}] is '' (str): expected the reason"),
        ({NAME: " \n"}, "expected the reason why this store cannot do it"),
        ({NAME: None}, "expected the reason why this store cannot do it"),
        ({NAME}, "expected a mapping of test names to reasons"),
        (None, "expected a mapping of test names to reasons"),
    ],
)
def test_a_gap_needs_a_test_and_a_reason(gaps: Any, message: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        type("TestEvents", (EventContract,), {"gaps": gaps})
    assert message in str(refused.value)


def test_gaps_of_a_contract_are_none() -> None:
    assert {} == UserContract.gaps == CounterContract.gaps == EventContract.gaps


# --- nothing is overridden


def later(self: Any, repositories: Any) -> None:
    """Stands for a test that asks for less."""


class Mixin:
    test_every_field_comes_back_as_it_was_told = later


@pytest.mark.parametrize(
    "value", [later, None, property(later), NotImplemented], ids=lambda value: type(value).__name__
)
def test_an_overridden_or_blanked_test_is_refused_when_its_class_is_defined(value: Any) -> None:
    with pytest.raises(InvalidValue) as refused:
        type("TestEvents", (EventContract,), {NAME: value})
    assert f"TestEvents.{NAME} is overridden: expected as the contract has it" in str(refused.value)


def test_a_mixin_overrides_nothing_either() -> None:
    with pytest.raises(InvalidValue, match=rf"TestEvents.{NAME} is overridden"):
        type("TestEvents", (Mixin, EventContract), {})


def test_a_mixin_behind_the_contract_changes_nothing() -> None:
    assert type("TestEvents", (EventContract, Mixin), {}).__mro__[1] is EventContract


@pytest.mark.parametrize("name", ["ask", "at_once", "watched", "refuses", "append", "paged", "_contract_is_kept"])
def test_what_the_tests_are_made_of_is_not_overridden_either(name: str) -> None:
    with pytest.raises(InvalidValue, match=rf"TestEvents.{name} is overridden"):
        type("TestEvents", (EventContract,), {name: later})


def test_a_class_in_between_overrides_nothing() -> None:
    between = type("Between", (EventContract,), {"helper": later})
    with pytest.raises(InvalidValue, match=rf"TestEvents.{NAME} is overridden"):
        type("TestEvents", (between,), {NAME: later})


def test_a_host_may_add_tests_fixtures_gaps_and_a_runner_of_its_own() -> None:
    own = {"repositories": later, "runner": later, "test_of_my_own": later, "gaps": {}}
    assert "test_of_my_own" in dir(type("TestEvents", (EventContract,), own))


@pytest.mark.parametrize(
    "sabotage",
    [
        f"TestEvents.{NAME} = None",
        f"TestEvents.{NAME} = lambda self: None",
        f"EventContract.{NAME} = None",
        f"del EventContract.{NAME}",
        "TestEvents.ask = lambda self, *arguments: None",
        "TestEvents.gaps = {'test_unknown': 'why'}",
    ],
)
def test_what_is_set_later_fails_every_test_of_the_class(sabotage: str, run: Run) -> None:
    kept = dict(vars(EventContract))
    try:
        result = run(f"class TestEvents(InMemory, EventContract): ...\n{sabotage}\n")
    finally:
        setattr(EventContract, NAME, kept[NAME])
    outcomes = result.parseoutcomes()
    assert {"errors"} == set(outcomes)
    assert "InvalidValue: TestEvents." in messages(result)


def test_a_mixin_that_keeps_the_class_from_being_checked_fails_every_test(run: Run) -> None:
    result = run(
        "class Mixin:\n"
        "    def __init_subclass__(cls): pass\n"
        f"    def {NAME}(self): pass\n"
        "class TestEvents(Mixin, InMemory, EventContract): ...\n"
    )
    assert {"errors"} == set(result.parseoutcomes())
    assert f"TestEvents.{NAME} is overridden" in messages(result)


def test_a_class_that_is_refused_fails_the_run(run: Run) -> None:
    result = run(f"class TestEvents(InMemory, EventContract):\n    {NAME} = None\n")
    result.assert_outcomes(errors=1)


# --- asynchronous stores


def test_an_asynchronous_store_is_opened_asked_and_closed_on_one_loop(run: Run) -> None:
    result = run("""
import asyncio

class Store:
    '''Like a pool of connections: of use on the loop it was opened on only.'''
    def __init__(self): self.inner, self.loop = MemoryRepositories().events, asyncio.get_running_loop()
    @property
    def events(self): return self
    async def append(self, event, /):
        assert self.loop is asyncio.get_running_loop()
        self.inner.append(event)
    def __getattr__(self, name):
        async def call(*args, **kwargs):
            assert self.loop is asyncio.get_running_loop()
            return getattr(self.inner, name)(*args, **kwargs)
        return call
    async def close(self):
        assert self.loop is asyncio.get_running_loop()

async def opened(): return Store()

class TestEvents(EventContract):
    @pytest.fixture
    def repositories(self, runner):
        store = runner.run(opened())
        yield store
        runner.run(store.close())
""")
    assert {"passed"} == set(result.parseoutcomes())


def test_the_suite_is_not_loaded_with_the_helpers_for_tests() -> None:
    program = "import sys, mydso_access.testing; print('pytest' in sys.modules)"
    fresh = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert "False" == fresh.stdout.strip()
