"""The bridge of the synchronous door: everything happens in the caller's thread, without an event loop."""

import inspect
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, NoReturn, ParamSpec, TypeVar, cast

from mydso_access.errors import AsynchronousStore, StoreError, StoreUnavailable, name_of
from mydso_access.ports import MaybeAwaitable
from mydso_access.slots import Slot, Slots

P = ParamSpec("P")
T = TypeVar("T")


class SynchronousBridge:
    """Calls, and refuses every awaitable: an asynchronous store behind the synchronous door never passes silently."""

    async def ask(self, call: Callable[P, MaybeAwaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call and return the answer.

        Raises:
            AsynchronousStore: the answer is an awaitable; a coroutine is closed before.
            StoreUnavailable: the call raised something that is not ours.
        """
        try:
            answer = call(*args, **kwargs)
        except (StoreError, AsynchronousStore):
            raise
        except Exception as error:
            raise StoreUnavailable(name_of(call)) from error
        if hasattr(type(answer), "__await__"):
            _refuse(answer, call)
        return cast("T", answer)

    async def slot(self, slots: Slots, wait: timedelta, /) -> Slot | None:
        """Wait for a slot in this thread."""
        if slots.take():
            return Slot(slots)
        turn = slots.request()
        try:
            turn.result(wait.total_seconds())
        except TimeoutError:
            slots.withdraw(turn)
            return None
        except BaseException:
            slots.withdraw(turn)
            raise
        return Slot(slots)

    async def compute(self, slot: Slot, work: Callable[[], T], /) -> T:  # noqa: ARG002  # this thread holds the slot
        """Work in this thread."""
        return work()

    async def shielded(self, work: Coroutine[Any, Any, T], /) -> T:
        """Carry on: nobody cancels a thread."""
        return await work


def drive(flow: Coroutine[Any, Any, T]) -> T:
    """Run a flow whose bridge never waits for anything.

    Raises:
        AsynchronousStore: the flow waited all the same.
    """
    try:
        flow.send(None)
    except StopIteration as end:
        return cast("T", end.value)
    flow.close()
    raise AsynchronousStore(repr(flow))


def _refuse(answer: Any, call: Any) -> NoReturn:
    if inspect.iscoroutine(answer):
        answer.close()  # or Python warns that it was never awaited
    raise AsynchronousStore(name_of(call))
