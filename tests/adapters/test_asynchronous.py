"""The asynchronous bridge: nothing blocks the loop, a cancelled attempt settles, its hash keeps the slot till it ends."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from mydso_access import (
    AsyncAccessControl,
    Busy,
    BusyBecause,
    EventKind,
    PasswordChanged,
    Reason,
    Refused,
    SignedIn,
    StoreUnavailable,
    VerifierFailed,
)
from tests.support import HOME, RIGHT, CountingHasher, World, active, populated
from tests.test_faults import NEW, asynchronous
from tests.test_ledger import LEASE, block_events, die
from tests.test_store import METHODS, raising, replacing, state

ELSEWHERE, PATIENCE = "192.0.2.9", 5.0


def door(world: World, repositories: Any = None) -> AsyncAccessControl:
    found = world.repositories if repositories is None else repositories
    return AsyncAccessControl(found, policy=world.policy, hasher=world.hasher, clock=world.clock)


def with_one_slot(world: World, milliseconds: int = 5) -> World:
    hashing = evolve(world.policy.hashing, max_parallel=1, slot_wait=timedelta(milliseconds=milliseconds))
    world.policy = evolve(world.policy, hashing=hashing)
    return world


async def until(done: Callable[[], bool]) -> None:
    """Wait for something that happens soon, or fail."""
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end
        await asyncio.sleep(0.001)


def run(scenario: Awaitable[Any]) -> Any:
    async def in_time() -> Any:
        return await asyncio.wait_for(scenario, PATIENCE)

    return asyncio.run(in_time())


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
        world.access.sign_in("known", "wrong", address=HOME)
        call, number, after = {**WHERE, "users, after": ("users_save", 1, True)}[where]
        part, method = call.split("_")
        held = Held(getattr(getattr(world.repositories, part), method), number, after=after)
        access = door(world, _asynchronous(world, **{call: held.call}))
        if request_name == "sign_in":
            await hang_up(access, held, access.sign_in("known", RIGHT, address=HOME))
        else:
            await hang_up(access, held, access.change_password("id-known", RIGHT, NEW, address=HOME))
        return world

    world = run(scenario())
    signed_in = request_name == "sign_in"
    assert [(1, 0), (0 if signed_in else 1, 0)] == [state(world.address()), state(world.account("known"))]
    expected = EventKind.SIGNED_IN if signed_in else EventKind.PASSWORD_CHANGED
    assert [EventKind.REFUSED, expected] == [event.kind for event in world.events()]


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


# --- threads


def recording(world: World, threads: dict[str, set[int]], *, asynchronously: bool) -> Any:
    def recorded(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            threads.setdefault(name, set()).add(threading.get_ident())
            return method(*arguments)

        async def awaited(*arguments: Any) -> Any:
            return call(*arguments)

        return awaited if asynchronously else call

    calls = {
        f"{part}_{method}": recorded(f"{part}_{method}", getattr(getattr(world.repositories, part), method))
        for part, methods in METHODS.items()
        for method in methods
    }
    return replacing(world, **calls)


@pytest.mark.parametrize("asynchronously", [False, True], ids=["synchronous", "asynchronous"])
def test_a_synchronous_repository_runs_off_the_loops_thread_and_an_asynchronous_one_on_it(asynchronously: bool) -> None:
    async def scenario() -> None:
        world, threads, hashing = World(), dict[str, set[int]](), set[int]()
        access = door(world, recording(world, threads, asynchronously=asynchronously))
        world.hasher.while_verifying = lambda: hashing.add(threading.get_ident())
        assert isinstance(await access.sign_in("known", "wrong", address=HOME), Refused)
        assert isinstance(await access.sign_in("known", RIGHT, address=HOME), SignedIn)
        assert isinstance(await access.change_password("id-known", RIGHT, NEW, address=HOME), PasswordChanged)
        assert {f"{part}_{method}" for part, methods in METHODS.items() for method in methods} == set(threads)
        here = threading.get_ident()
        assert [asynchronously] * len(threads) == [here in each for each in threads.values()]
        assert [1] * len(threads) == [len(each) for each in threads.values()] or not asynchronously
        assert here not in hashing

    run(scenario())


def test_an_awaitable_of_a_plain_function_is_awaited_on_the_loop() -> None:
    async def scenario() -> None:
        world, threads = World(), set[int]()

        async def named(name: str) -> Any:
            threads.add(threading.get_ident())
            return world.repositories.users.named(name)

        access = door(world, replacing(world, users_named=lambda name: named(name)))  # noqa: PLW0108
        assert isinstance(await access.sign_in("known", RIGHT, address=HOME), SignedIn)
        assert {threading.get_ident()} == threads

    run(scenario())


# --- StopIteration, which no future can carry


@pytest.mark.parametrize("asynchronously", [False, True], ids=["synchronous", "asynchronous"])
@pytest.mark.parametrize("call", ["users_named", "users_save", "counters_get", "counters_save"])
def test_a_stop_iteration_of_a_repository_is_an_unavailable_store_that_hangs_nothing_and_frees_the_slot(
    call: str, asynchronously: bool
) -> None:
    async def failing(*_: Any) -> None:
        raise StopIteration

    async def scenario() -> None:
        world = with_one_slot(World())
        repositories = replacing(world, **{call: failing if asynchronously else raising(StopIteration)})
        access = door(world, repositories)
        with pytest.raises(StoreUnavailable):
            await asyncio.wait_for(access.sign_in("known", RIGHT, address=HOME), PATIENCE)
        part, method = call.split("_")
        setattr(getattr(repositories, part), method, getattr(getattr(world.repositories, part), method))
        assert isinstance(await access.sign_in("known", RIGHT, address=HOME), SignedIn)

    asyncio.run(scenario())


class Stopping(CountingHasher):
    """Raises StopIteration at one of its methods."""

    stops_at = ""

    def hash(self, password: Any, /) -> Any:
        return self._stop("hash") or super().hash(password)

    def verify(self, stored: Any, password: Any, /) -> Any:
        return self._stop("verify") or super().verify(stored, password)

    def verify_dummy(self, password: Any, /) -> None:
        self._stop("verify_dummy")

    def needs_rehash(self, stored: Any, /) -> bool:
        return bool(self._stop("needs_rehash"))

    def _stop(self, method: str) -> None:
        if method == self.stops_at:
            raise StopIteration


@pytest.mark.parametrize(
    ("stops_at", "attempt"),
    [
        ("verify", lambda access: access.sign_in("known", RIGHT, address=HOME)),
        ("verify_dummy", lambda access: access.sign_in("nobody", RIGHT, address=HOME)),
        ("needs_rehash", lambda access: access.sign_in("known", RIGHT, address=HOME)),
        ("hash", lambda access: access.change_password("id-known", RIGHT, NEW, address=HOME)),
    ],
)
def test_a_stop_iteration_of_the_hasher_is_a_failed_verifier_that_hangs_nothing_and_frees_the_slot(
    stops_at: str, attempt: Callable[[AsyncAccessControl], Awaitable[Any]]
) -> None:
    async def scenario() -> None:
        world = with_one_slot(World(hasher=Stopping()))
        world.hasher.stops_at = stops_at
        access = door(world)
        with pytest.raises(VerifierFailed):
            await asyncio.wait_for(attempt(access), PATIENCE)
        world.hasher.stops_at = ""
        assert isinstance(await access.sign_in("known", RIGHT, address=HOME), SignedIn)

    asyncio.run(scenario())


# --- invariant 1, as tasks that never give up


async def insist(attempt: Callable[[], Awaitable[Any]]) -> Refused:
    """Try until the answer is more than to come again."""
    while True:
        outcome = await attempt()
        if isinstance(outcome, Refused) and outcome.reason is not Reason.ACCOUNT_BUSY:
            return outcome
        assert isinstance(outcome, Refused | Busy)
        await asyncio.sleep(0.005)


@pytest.mark.parametrize("repositories", ["synchronous", "asynchronous"])
def test_s36_60_tasks_that_guess_at_one_account_from_60_addresses_get_exactly_5_evaluated(repositories: str) -> None:
    world = World(hasher=CountingHasher(seconds=0.01))
    found = world.repositories if repositories == "synchronous" else asynchronous(world)

    async def scenario() -> list[Refused]:
        access = AsyncAccessControl(found, policy=world.policy, hasher=world.hasher)

        def guess(number: int) -> Awaitable[Any]:
            return insist(lambda: access.sign_in("known", f"guess-{number}", address=f"10.0.{number}.1"))

        return await asyncio.gather(*map(guess, range(60)))

    reasons = [outcome.reason for outcome in asyncio.run(scenario())]
    assert 5 == world.hasher.evaluations
    assert (5, 55) == (reasons.count(Reason.WRONG_SECRET), reasons.count(Reason.ACCOUNT_BLOCKED))


@pytest.mark.parametrize("repositories", ["synchronous", "asynchronous"])
def test_s37_50_tasks_that_guess_at_50_accounts_from_one_address_get_exactly_10_evaluated(repositories: str) -> None:
    people = [active(f"user-{number}") for number in range(50)]
    world = World(repositories=populated(*people), hasher=CountingHasher(seconds=0.01))
    found = world.repositories if repositories == "synchronous" else asynchronous(world)

    async def scenario() -> list[Refused]:
        access = AsyncAccessControl(found, policy=world.policy, hasher=world.hasher)

        def guess(number: int) -> Awaitable[Any]:
            return insist(lambda: access.sign_in(f"user-{number}", "guess", address="10.0.0.1"))

        return await asyncio.gather(*map(guess, range(50)))

    reasons = [outcome.reason for outcome in asyncio.run(scenario())]
    assert (10, 0) == (world.hasher.evaluations, world.hasher.dummies)
    assert (10, 40) == (reasons.count(Reason.WRONG_SECRET), reasons.count(Reason.ADDRESS_BLOCKED))
