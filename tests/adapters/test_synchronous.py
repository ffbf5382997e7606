"""The synchronous bridge: everything in the caller's thread, no awaitable passes, no exception leaks a slot."""

import asyncio
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from mydso_access import AccessControl, AsynchronousStore, SignedIn, StoreUnavailable, VerifierFailed
from mydso_access.adapters.synchronous import SynchronousBridge, drive
from mydso_access.slots import Slots
from tests.support import HOME, PARTS, RIGHT, World, methods_of
from tests.test_store import raising, replacing


def with_one_slot(world: World) -> World:
    hashing = evolve(world.policy.hashing, max_parallel=1, slot_wait=timedelta(milliseconds=5))
    world.policy = evolve(world.policy, hashing=hashing)
    return world


def test_repositories_and_hasher_are_called_in_the_callers_own_thread() -> None:
    world, threads = World(), set[int]()

    def recording(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            threads.add(threading.get_ident())
            return method(*arguments)

        return call

    calls = {
        f"{part}_{name}": recording(method)
        for part in PARTS
        for name, method in methods_of(getattr(world.repositories, part)).items()
    }
    world.hasher.while_verifying = lambda: threads.add(threading.get_ident())
    access = AccessControl(replacing(world, **calls), policy=world.policy, hasher=world.hasher, clock=world.clock)
    assert isinstance(access.sign_in("known", RIGHT, address=HOME), SignedIn)
    assert {threading.get_ident()} == threads


@pytest.mark.parametrize("call", ["users_named", "users_save", "counters_get", "counters_save"])
def test_a_stop_iteration_of_a_repository_is_an_unavailable_store_and_no_answer(call: str) -> None:
    world = with_one_slot(World())
    access = world.access
    object.__setattr__(
        access._installation, "store", _store(access, replacing(world, **{call: raising(StopIteration)}))
    )
    with pytest.raises(StoreUnavailable) as caught:
        access.sign_in("known", RIGHT, address=HOME)
    assert isinstance(caught.value.__cause__, StopIteration)
    object.__setattr__(access._installation, "store", _store(access, world.repositories))
    assert isinstance(access.sign_in("known", RIGHT, address=HOME), SignedIn)  # its slot is free again


def _store(access: Any, repositories: Any) -> Any:
    store = access._installation.store
    return evolve(store, users=repositories.users, counters=repositories.counters, events=repositories.events)


def test_a_stop_iteration_of_the_hasher_is_a_failed_verifier_and_frees_the_slot() -> None:
    world = with_one_slot(World())
    access = world.access
    world.hasher.while_verifying = raising(StopIteration)
    with pytest.raises(VerifierFailed):
        access.sign_in("known", RIGHT, address=HOME)
    world.hasher.while_verifying = lambda: None
    assert isinstance(access.sign_in("known", RIGHT, address=HOME), SignedIn)


class Awaitable:
    """Neither a coroutine nor a future, and awaitable all the same."""

    def __await__(self) -> Generator[None, None, None]:
        yield


def test_a_coroutine_is_refused_by_its_calls_name_and_closed() -> None:
    started: list[Any] = []

    async def named(name: str) -> None: ...

    def keeping(name: str) -> Any:
        started.append(named(name))
        return started[0]

    with pytest.raises(AsynchronousStore, match="keeping"):
        drive(SynchronousBridge().ask(keeping, "known"))
    with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
        started[0].send(None)


@pytest.mark.parametrize("kind", ["awaitable", "future"])
def test_every_other_awaitable_is_refused(kind: str) -> None:
    loop = asyncio.new_event_loop()
    answer = Awaitable() if kind == "awaitable" else loop.create_future()
    with pytest.raises(AsynchronousStore):
        drive(SynchronousBridge().ask(lambda: answer))
    loop.close()


def test_an_asynchronous_call_frees_the_slot_and_evaluates_nothing() -> None:
    world = with_one_slot(World())
    access = world.access
    object.__setattr__(
        access._installation, "store", _store(access, replacing(world, users_named=lambda _: Awaitable()))
    )
    with pytest.raises(AsynchronousStore):
        access.sign_in("known", RIGHT, address=HOME)
    assert 0 == world.hasher.hashes
    object.__setattr__(access._installation, "store", _store(access, world.repositories))
    assert isinstance(access.sign_in("known", RIGHT, address=HOME), SignedIn)


def test_a_flow_that_waits_is_closed_and_is_no_answer() -> None:
    ended: list[bool] = []

    async def flow() -> None:
        try:
            await Awaitable()
        finally:
            ended.append(True)

    with pytest.raises(AsynchronousStore):
        drive(flow())
    assert [True] == ended


def test_who_is_interrupted_while_waiting_for_a_slot_takes_none_along() -> None:
    class Interrupted(Future[None]):
        def result(self, timeout: float | None = None) -> None:
            raise KeyboardInterrupt

    class Interrupting(Slots):
        def request(self) -> "Future[None]":
            turn = Interrupted()
            self._waiting.append(turn)
            return turn

    slots = Interrupting(1)
    assert slots.take()
    with pytest.raises(KeyboardInterrupt):
        drive(SynchronousBridge().slot(slots, timedelta(seconds=5)))
    slots.release()
    assert slots.take()
