"""Clients of the asynchronous door that hang up: what has begun is settled, and a running hash keeps its slot."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from mydso_access import (
    AsyncAccessControl,
    Busy,
    BusyBecause,
    EventKind,
    Refused,
    SignedIn,
)
from tests.support import ELSEWHERE, HOME, PATIENCE, RIGHT, World, door, run, with_one_slot
from tests.test_faults import NEW, asynchronous
from tests.test_ledger import LEASE, block_events, die
from tests.test_store import raising, state


async def until(done: Callable[[], bool]) -> None:
    """Wait for something that happens soon, or fail."""
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end
        await asyncio.sleep(0.001)


# --- a client hangs up while the attempt is settled


class Held:
    """Asynchronous, and holds one of its calls back, before or after carrying it out, until it is let go."""

    def __init__(self, method: Callable[..., Any], number: int, *, after: bool = False) -> None:
        self.reached, self.go = asyncio.Event(), asyncio.Event()
        self._method, self._number, self._after, self._calls = method, number, after, 0

    async def call(self, *arguments: Any) -> Any:
        self._calls += 1
        held = self._calls == self._number
        if held and not self._after:
            await self._hold()
        answer = self._method(*arguments)
        if held and self._after:
            await self._hold()
        return answer

    async def _hold(self) -> None:
        self.reached.set()
        await self.go.wait()


async def hang_up(access: AsyncAccessControl, held: Held, attempt: Any) -> None:
    """Cancel the attempt where it is held back, then let go and wait until nothing is settled any more."""
    task = asyncio.ensure_future(attempt)
    await held.reached.wait()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    held.go.set()
    await until(lambda: not access._installation.bridge.settling)  # type: ignore[attr-defined]


# Where a client may hang up: the call, its number, and whether it was carried out before.
WHERE = {
    "address, before": ("counters_save", 3, False),
    "address, after": ("counters_save", 3, True),
    "account, before": ("counters_save", 4, False),
    "account, after": ("counters_save", 4, True),
    "event": ("events_append", 1, False),
}


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("name", ["known", "nobody"])
def test_a_client_that_hangs_up_while_its_wrong_guess_is_settled_has_it_counted_all_the_same(
    name: str, where: str
) -> None:
    async def scenario() -> World:
        world = World()
        call, number, after = WHERE[where]
        part, method = call.split("_")
        held = Held(getattr(getattr(world.repositories, part), method), number, after=after)
        access = door(world, _asynchronous(world, **{call: held.call}))
        await hang_up(access, held, access.sign_in(name, "wrong", address=HOME))
        return world

    world = run(scenario())
    assert [(1, 0)] * 2 == [state(world.address()), state(world.account(name))]
    assert [EventKind.REFUSED] == [event.kind for event in world.events()]


def _asynchronous(world: World, **calls: Any) -> Any:
    repositories = asynchronous(world)
    for name, call in calls.items():
        part, method = name.split("_")
        setattr(getattr(repositories, part), method, call)
    return repositories


@pytest.mark.parametrize("request_name", ["sign_in", "change_password"])
@pytest.mark.parametrize("where", ["users, after", *[where for where in WHERE if where != "event"]])
def test_a_client_that_hangs_up_between_the_users_save_and_the_settlement_is_settled_all_the_same(
    where: str, request_name: str
) -> None:
    async def scenario() -> World:
        world = World()
        proof = world.access.sign_in("known", RIGHT, address=HOME).proof
        world.access.sign_in("known", "wrong", address=HOME)
        call, number, after = {**WHERE, "users, after": ("users_save", 1, True)}[where]
        part, method = call.split("_")
        held = Held(getattr(getattr(world.repositories, part), method), number, after=after)
        access = door(world, _asynchronous(world, **{call: held.call}))
        if request_name == "sign_in":
            await hang_up(access, held, access.sign_in("known", RIGHT, address=HOME))
        else:
            await hang_up(access, held, access.change_password(proof, RIGHT, NEW, address=HOME))
        return world

    world = run(scenario())
    signed_in = request_name == "sign_in"
    assert [(1, 0), (0 if signed_in else 1, 0)] == [state(world.address()), state(world.account("known"))]
    expected = EventKind.SIGNED_IN if signed_in else EventKind.PASSWORD_CHANGED
    assert [EventKind.SIGNED_IN, EventKind.REFUSED, expected] == [event.kind for event in world.events()]


def test_what_ends_unsettled_although_nobody_waits_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        world = World()
        held = Held(raising(OSError("down")), 1)
        access = door(world, _asynchronous(world, users_save=held.call))
        await hang_up(access, held, access.sign_in("known", RIGHT, address=HOME))

    run(scenario())
    assert "ended unsettled" in caplog.text
    assert RIGHT not in caplog.text


def test_s36_a_block_that_a_charge_noticed_is_told_of_although_the_client_hangs_up() -> None:
    async def scenario() -> World:
        world = World()
        for number in range(5):
            die(world, "known", f"10.0.0.{number}")
        world.clock.move(LEASE)
        held = Held(world.repositories.users.named, 1)
        access = door(world, _asynchronous(world, users_named=held.call))
        await hang_up(access, held, access.sign_in("known", RIGHT, address=HOME))
        assert world.account("known").blocked_until is not None
        assert isinstance(await access.sign_in("known", RIGHT, address=ELSEWHERE), Refused)
        return world

    assert [EventKind.BLOCK_STARTED] == [event.kind for event in block_events(run(scenario()))]


# --- slots


class Gate:
    """Holds a hash back in its thread."""

    def __init__(self) -> None:
        self.started, self.go = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self.started.set()
        assert self.go.wait(2 * PATIENCE)


def test_a_hash_keeps_its_slot_while_its_thread_runs_although_its_client_hung_up() -> None:
    async def scenario() -> None:
        world, gate = with_one_slot(World()), Gate()
        access = door(world)
        world.hasher.while_verifying = gate
        try:
            hung_up = asyncio.ensure_future(access.sign_in("known", RIGHT, address=HOME))
            await until(gate.started.is_set)
            hung_up.cancel()
            await asyncio.wait([hung_up])
            for _ in range(3):
                further = access.sign_in("known", RIGHT, address=ELSEWHERE)
                assert Busy(BusyBecause.NO_SLOT) == await asyncio.wait_for(further, 1)
            assert (0, 1) == (world.address(ELSEWHERE).version, len(world.account("known").reservations))
            assert 1 == world.hasher.evaluations
        finally:
            gate.go.set()
        await until(lambda: access._installation.slots._free == 1)
        assert isinstance(await access.sign_in("known", RIGHT, address=ELSEWHERE), SignedIn)

    run(scenario())


def test_a_client_that_hangs_up_while_waiting_for_a_slot_takes_none_along() -> None:
    async def scenario() -> None:
        world, gate = with_one_slot(World(), milliseconds=5000), Gate()
        access = door(world)
        world.hasher.while_verifying = gate
        try:
            first = asyncio.ensure_future(access.sign_in("known", RIGHT, address=HOME))
            await until(gate.started.is_set)
            waiting = asyncio.ensure_future(access.sign_in("known", RIGHT, address=ELSEWHERE))
            await until(lambda: len(access._installation.slots._waiting) == 1)
            waiting.cancel()
            await asyncio.wait([waiting])
        finally:
            gate.go.set()
        assert isinstance(await first, SignedIn)
        assert isinstance(await access.sign_in("known", RIGHT, address=ELSEWHERE), SignedIn)
        assert 0 == len(world.address(ELSEWHERE).reservations)

    run(scenario())


@pytest.mark.parametrize("where", WHERE)
def test_closing_the_door_waits_until_what_nobody_waits_for_any_more_is_settled(where: str) -> None:
    async def scenario() -> tuple[World, int]:
        world = World()
        call, number, after = WHERE[where]
        part, method = call.split("_")
        held = Held(getattr(getattr(world.repositories, part), method), number, after=after)
        access = door(world, _asynchronous(world, **{call: held.call}))
        attempt = asyncio.ensure_future(access.sign_in("known", "wrong", address=HOME))
        await held.reached.wait()
        attempt.cancel()
        closing = asyncio.ensure_future(access.close())
        await asyncio.wait([attempt])
        open_before = len(await pending(closing))
        held.go.set()
        await closing
        return world, open_before

    world, open_before = run(scenario())
    assert 1 == open_before
    assert [(1, 0)] * 2 == [state(world.address()), state(world.account("known"))]
    assert [EventKind.REFUSED] == [event.kind for event in world.events()]


def test_a_closed_door_lets_nobody_in_and_charges_nobody() -> None:
    async def scenario() -> World:
        world = World()
        access = door(world)
        await access.close()
        await access.close()
        for _ in range(7):
            outcome = await access.sign_in("known", RIGHT, address=HOME)
            assert BusyBecause.NO_SLOT is outcome.because
        return world

    world = run(scenario())
    assert [(0, 0)] * 2 == [state(world.address()), state(world.account("known"))]
    assert isinstance(world.access.sign_in("known", RIGHT, address=HOME), SignedIn)


def test_closing_the_door_waits_for_who_has_a_slot_already() -> None:
    async def scenario() -> tuple[Any, bool]:
        world = World()
        held = Held(world.repositories.counters.save, 1)
        access = door(world, _asynchronous(world, counters_save=held.call))
        attempt = asyncio.ensure_future(access.sign_in("known", RIGHT, address=HOME))
        await held.reached.wait()
        closing = asyncio.ensure_future(access.close())
        was_open = bool(await pending(closing))
        held.go.set()
        await closing
        return await attempt, was_open

    outcome, was_open = run(scenario())
    assert (True, True) == (isinstance(outcome, SignedIn), was_open)


async def pending(closing: "asyncio.Future[None]") -> set["asyncio.Future[None]"]:
    """Return the task if it goes on, after everything that can go on by itself has."""
    for _ in range(100):
        await asyncio.sleep(0)
    return set() if closing.done() else {closing}
