"""The bridge of the asynchronous door: awaits what can be awaited, and keeps everything else off the event loop."""

import asyncio
import inspect
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ParamSpec, TypeVar, cast

from attrs import define, field, frozen

from mydso_access.errors import StoreError, StoreUnavailable, name_of
from mydso_access.ports import MaybeAwaitable
from mydso_access.slots import Slot, Slots

P = ParamSpec("P")
T = TypeVar("T")


logger: logging.Logger = logging.getLogger("mydso_access")


@define
class AsynchronousBridge:
    """Awaits; a synchronous repository runs in a thread, and hashing on an executor of its own.

    Attributes:
        executor: as many threads as there are hashing slots.
        settling: what must come to its end although nobody may wait for it any more.
        closed: whether no further attempt begins.
    """

    executor: ThreadPoolExecutor
    settling: "set[asyncio.Task[Any]]" = field(factory=set)
    closed: bool = False

    @classmethod
    def with_threads(cls, count: int) -> "AsynchronousBridge":
        """Return a bridge that hashes in so many threads."""
        return cls(ThreadPoolExecutor(count, thread_name_prefix="mydso-access-hashing"))

    async def ask(self, call: Callable[P, MaybeAwaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call and return the answer, awaited if it can be.

        Raises:
            StoreUnavailable: the call raised something that is not ours.
        """
        try:
            if inspect.iscoroutinefunction(call):
                return cast("T", await call(*args, **kwargs))
            answer = await asyncio.to_thread(_called, partial(call, *args, **kwargs))
            return cast("T", await answer if inspect.isawaitable(answer) else answer)
        except StoreError:
            raise
        except Exception as error:
            raise StoreUnavailable(name_of(call)) from error

    async def slot(self, slots: Slots, wait: timedelta, /) -> Slot | None:
        """Wait for a slot without blocking the loop."""
        if self.closed:  # before anything is charged
            return None
        if slots.take():
            return Slot(slots)
        turn = slots.request()
        try:
            granted, _ = await asyncio.wait({asyncio.wrap_future(turn)}, timeout=wait.total_seconds())
        except BaseException:
            slots.withdraw(turn)
            raise
        if granted:
            return Slot(slots)
        slots.withdraw(turn)
        return None

    async def compute(self, slot: Slot, work: Callable[[], T], /) -> T:
        """Work in a thread, which keeps the slot until it ends, whatever becomes of this task."""
        running = self.executor.submit(_called, work)
        slot.holds(running)
        return await asyncio.wrap_future(running)

    async def shielded(self, work: Coroutine[Any, Any, T], /) -> T:
        """Carry on in a task of its own when the caller's is cancelled."""
        task = asyncio.ensure_future(work)
        self.settling.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    async def close(self, slots: Slots) -> None:
        """Let no further attempt begin; wait for those that have a slot, for what is being settled, and for the threads."""
        if self.closed:
            return
        self.closed = True
        for _ in range(slots.count):
            await asyncio.wrap_future(slots.request())
        while self.settling:
            await asyncio.wait(self.settling)
        await asyncio.to_thread(self.executor.shutdown)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self.settling.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.error("an attempt ended unsettled; its lease will end it", exc_info=error)


def _called(work: Callable[[], T]) -> T:
    """Call; a StopIteration must not reach a future, which would never end."""
    try:
        return work()
    except StopIteration as error:
        raise RuntimeError("StopIteration") from error


@frozen
class AsyncSystemClock:
    """The machine's clock, for the asynchronous door."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float, /) -> None:
        """Wait, and let the event loop go on."""
        await asyncio.sleep(seconds)
