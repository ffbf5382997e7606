"""What every contract has: one way to ask any store, gaps with a reason, and tests that nobody overrides."""

import asyncio
import difflib
import inspect
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar, ParamSpec, Protocol, TypeAlias, TypeVar, cast

import pytest

from mydso_access.errors import InvalidValue, shown
from mydso_access.ports import MaybeAwaitable

P = ParamSpec("P")
T = TypeVar("T")
Scenario: TypeAlias = Callable[[], Coroutine[Any, Any, T]]

PACKAGE = __name__.rpartition(".")[0]
PATIENCE = 60.0  # seconds until threads that do not start have failed
SWITCH = 1e-5  # seconds after which a thread makes way for another while races are on
WATCHERS = 2
LOOKS = 5000  # of one of them, if what it watches has not ended before
FREE = frozenset({"gaps", "runner"})  # what a subclass may say anew
_ORIGINALS: dict[type, Mapping[str, object]] = {}


class Ask(Protocol):
    """Calls a repository and returns its answer."""

    def __call__(self, call: Callable[P, MaybeAwaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call, and await what can be awaited."""
        ...


async def answered(call: Callable[P, MaybeAwaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a repository inside of a scenario and return its answer, awaited if need be."""
    answer = call(*args, **kwargs)
    return cast("T", await answer if inspect.isawaitable(answer) else answer)


class Contract:
    """What a repository promises. A subclass gives the fixture `repositories`, an empty store for every test.

    Attributes:
        gaps: what this store cannot do: name of a test -> reason. The test must then fail (a strict xfail).

    Raises:
        InvalidValue: when a subclass is defined that overrides a test of its contract, or whose gaps name no test or no
            reason. What is set later fails every test of the class.
    """

    gaps: ClassVar[Mapping[str, str]] = MappingProxyType({})
    _runner: asyncio.Runner | None = None
    _is_asynchronous: bool = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__module__.startswith(f"{PACKAGE}."):
            _keep_original(cls)
        else:
            check(cls)

    @pytest.fixture
    def runner(self) -> Iterator[asyncio.Runner]:
        """Run what an asynchronous store answers, and what its fixture does to open and close it."""
        with asyncio.Runner() as runner:
            yield runner

    @pytest.fixture(autouse=True)
    def _contract_is_kept(self, request: pytest.FixtureRequest, runner: asyncio.Runner) -> None:
        check(type(self))
        self._runner = runner
        if reason := self.gaps.get(request.function.__name__):
            request.applymarker(pytest.mark.xfail(reason=reason, strict=True))

    def ask(self, call: Callable[P, MaybeAwaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a repository and return its answer, awaited on the runner if need be."""
        answer = call(*args, **kwargs)
        if not inspect.isawaitable(answer):
            return answer
        self._is_asynchronous = True
        return cast("T", self._loop().run(_awaited(answer)))

    def refuses(
        self, error: type[Exception], call: Callable[P, MaybeAwaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> Any:
        """Call a repository that must raise `error`, and return what it raised.

        Raises:
            AssertionError: it answered.
        """
        __tracebackhide__ = True
        try:
            answer = self.ask(call, *args, **kwargs)
        except error as refusal:
            return refusal
        raise AssertionError(f"expected {error.__name__}, but got the answer {shown(answer)}")

    def at_once(self, scenarios: Sequence[Scenario[T]]) -> list[T]:
        """Play scenarios at the same time, in tasks or, if the store is synchronous, in threads.

        Ask the store for something before, so that it is known which.

        Returns:
            What they returned, in their order; or the first exception of one of them is raised, once all have ended.
        """
        if self._is_asynchronous:
            return self._loop().run(_gathered(scenarios))
        start = threading.Barrier(len(scenarios))

        def play(scenario: Scenario[T]) -> T:
            start.wait(PATIENCE)
            return _driven(scenario())

        with _frequent_switches(), ThreadPoolExecutor(len(scenarios)) as threads:
            return list(threads.map(play, scenarios))

    def watched(self, work: Sequence[Scenario[Any]], look: Scenario[T]) -> tuple[list[Any], list[list[T]]]:
        """Play scenarios at the same time, while others look again and again until all of them have ended.

        Returns:
            What the scenarios returned, and what each of those who looked saw, one after the other.
        """
        begun: list[None] = []  # one for each who looks: the work waits for them
        ended: list[None] = []  # one for each who works

        async def at_work(scenario: Scenario[Any]) -> Any:
            while len(begun) < WATCHERS:
                await self._pause()
            try:
                return await scenario()
            finally:
                ended.append(None)

        async def watch() -> list[T]:
            begun.append(None)
            seen = [await look()]
            while len(ended) < len(work) and len(seen) < LOOKS:
                seen.append(await look())
                if len(seen) % 10 == 0:
                    await self._pause()
            return [*seen, await look()]

        workers: list[Scenario[Any]] = [partial(at_work, scenario) for scenario in work]
        played = self.at_once([*workers, *[watch] * WATCHERS])
        return played[: len(work)], played[len(work) :]

    @contextmanager
    def elsewhere(self) -> Iterator[Ask]:
        """Ask from another place for a while: from one and the same other thread, or a task if the store has no threads."""
        with ThreadPoolExecutor(1) as other:

            def ask(call: Callable[P, MaybeAwaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
                if self._is_asynchronous:
                    return self.ask(call, *args, **kwargs)
                return cast("T", other.submit(call, *args, **kwargs).result())

            yield ask

    async def _pause(self) -> None:
        """Make way for others."""
        if self._is_asynchronous:
            await asyncio.sleep(0)
        else:
            time.sleep(SWITCH)  # noqa: ASYNC251  # there is no event loop

    def _loop(self) -> asyncio.Runner:
        if self._runner is None:
            raise InvalidValue("runner", "missing", "a contract to be run by pytest")
        return self._runner


def _keep_original(contract: type[Contract]) -> None:
    own = {name: value for name, value in vars(contract).items() if not name.startswith("__") and name not in FREE}
    _ORIGINALS[contract] = MappingProxyType(own)


_keep_original(Contract)


def originals(contract: type[Contract]) -> dict[str, object]:
    """Return what the contracts say that a class inherits, by name."""
    kept: dict[str, object] = {}
    for base in reversed(contract.__mro__):
        kept.update(_ORIGINALS.get(base, {}))
    return kept


def check(contract: type[Contract]) -> None:
    """Check that a host's class says what its contract says, and that its gaps are gaps.

    Raises:
        InvalidValue: it does not; the field is the class and the name in it.
    """
    kept = originals(contract)
    for name, original in kept.items():
        if inspect.getattr_static(contract, name, None) is not original:
            expected = "as the contract has it; what this store cannot do is declared in `gaps`, with a reason"
            raise InvalidValue(f"{contract.__name__}.{name}", "overridden", expected)
    if not isinstance(contract.gaps, Mapping):
        raise InvalidValue(f"{contract.__name__}.gaps", shown(contract.gaps), "a mapping of test names to reasons")
    for name, reason in contract.gaps.items():
        _check_gap(f"{contract.__name__}.gaps", name, reason, [each for each in kept if each.startswith("test_")])


def _check_gap(field: str, name: str, reason: str, tests: list[str]) -> None:
    if name not in tests:
        close = difflib.get_close_matches(str(name), tests, n=1)
        expected = f"names of its tests; did you mean {close[0]}?" if close else "names of its tests"
        raise InvalidValue(field, shown(name), expected)
    if not isinstance(reason, str) or not reason.strip():
        raise InvalidValue(f"{field}[{name}]", shown(reason), "the reason why this store cannot do it")


async def _awaited(answer: Awaitable[T]) -> T:
    return await answer


async def _gathered(scenarios: Sequence[Scenario[T]]) -> list[T]:
    ended = await asyncio.gather(*(scenario() for scenario in scenarios), return_exceptions=True)
    for end in ended:
        if isinstance(end, BaseException):
            raise end
    return cast("list[T]", ended)


def _driven(scenario: Coroutine[Any, Any, T]) -> T:
    """Play the scenario of a synchronous store in this thread."""
    try:
        scenario.send(None)
    except StopIteration as end:
        return cast("T", end.value)
    scenario.close()
    raise AssertionError("some methods of this repository answer with awaitables, and some do not")


@contextmanager
def _frequent_switches() -> Iterator[None]:
    """Let threads take turns more often, or a store in memory would seldom meet a race."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
