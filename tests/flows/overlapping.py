"""Flows that overlap at every call of the store, in an order drawn by the test: races without threads, and repeatable."""

import random
from collections.abc import Coroutine, Generator
from typing import Any

from attrs import evolve

from mydso_access.adapters.synchronous import SynchronousBridge
from mydso_access.installation import Installation
from mydso_access.store import Store
from tests.support import World


class _Turn:
    """Lets whoever is driven next have their turn."""

    def __await__(self) -> Generator[None, None, None]:
        yield


class TurnTaking(SynchronousBridge):
    """Before every call of the store it is somebody else's turn."""

    async def ask(self, call: Any, /, *args: Any, **kwargs: Any) -> Any:
        await _Turn()
        return await super().ask(call, *args, **kwargs)


def installation(world: World) -> Installation:
    """Return a world's installation, whose flows overlap."""
    opened, bridge = world.access._installation, TurnTaking()
    parts = world.repositories
    store = Store(
        users=parts.users,
        structures=parts.structures,
        customers=parts.customers,
        links=parts.links,
        counters=parts.counters,
        sign_ins=parts.sign_ins,
        assertions=parts.assertions,
        events=parts.events,
        bridge=bridge,
    )
    return evolve(opened, store=store, bridge=bridge)


def overlapped(flows: list[Coroutine[Any, Any, Any]], chance: random.Random, *, dying: float = 0.0) -> list[Any]:
    """Run flows to their end, a call of the store at a time, in an order that chance draws.

    Args:
        flows: what overlaps.
        chance: draws whose turn it is.
        dying: how likely it is at each turn that the process of that flow dies.

    Returns:
        What each answered; `None` for one that died.
    """
    answers: list[Any] = [None] * len(flows)
    running = dict(enumerate(flows))
    while running:
        number = chance.choice([*running])
        if chance.random() < dying:
            running.pop(number).close()
            continue
        try:
            running[number].send(None)
        except StopIteration as end:
            answers[number] = end.value
            del running[number]
    return answers


def interrupted(flow: Coroutine[Any, Any, Any], other: Coroutine[Any, Any, Any], after: int) -> tuple[Any, Any, bool]:
    """Run a flow up to a call of the store, then another one to its end, then the rest of the first.

    Returns:
        What both answered, and whether the first had ended before it could be interrupted.
    """
    for _ in range(after):
        try:
            flow.send(None)
        except StopIteration as end:
            return end.value, to_its_end(other), True
    answer = to_its_end(other)
    return to_its_end(flow), answer, False


def to_its_end(flow: Coroutine[Any, Any, Any]) -> Any:
    """Run a flow alone, and return what it answered."""
    while True:
        try:
            flow.send(None)
        except StopIteration as end:
            return end.value
