"""The asynchronous bridge: nothing blocks the loop, no exception hangs it, and no number of tasks gets a guess too many."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mydso_access import (
    AsyncAccessControl,
    Busy,
    PasswordChanged,
    Proof,
    Reason,
    Refused,
    SignedIn,
    StoreUnavailable,
    VerifierFailed,
)
from tests.support import (
    HOME,
    PARTS,
    PATIENCE,
    RIGHT,
    CountingHasher,
    World,
    active,
    door,
    methods_of,
    populated,
    run,
    with_one_slot,
)
from tests.test_faults import NEW, asynchronous
from tests.test_store import raising, replacing

# What signing in, changing a password and purging ask for.
CALLED = {
    *("users_get", "users_named", "users_save", "structures_get", "events_append"),
    *("counters_get", "counters_save", "counters_purge", "sign_ins_purge", "assertions_purge"),
    "links_purge",
}

# --- threads


def recording(world: World, threads: dict[str, set[int]], *, asynchronously: bool) -> Any:
    def recorded(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            threads.setdefault(name, set()).add(threading.get_ident())
            return method(*arguments, **named)

        async def awaited(*arguments: Any, **named: Any) -> Any:
            return call(*arguments, **named)

        return awaited if asynchronously else call

    calls = {
        f"{part}_{name}": recorded(f"{part}_{name}", method)
        for part in PARTS
        for name, method in methods_of(getattr(world.repositories, part)).items()
    }
    return replacing(world, **calls)


@pytest.mark.parametrize("asynchronously", [False, True], ids=["synchronous", "asynchronous"])
def test_a_synchronous_repository_runs_off_the_loops_thread_and_an_asynchronous_one_on_it(asynchronously: bool) -> None:
    async def scenario() -> None:
        world, threads, hashing = World(), dict[str, set[int]](), set[int]()
        access = door(world, recording(world, threads, asynchronously=asynchronously))
        world.hasher.while_verifying = lambda: hashing.add(threading.get_ident())
        assert isinstance(await access.sign_in("known", "wrong", address=HOME), Refused)
        signed_in = await access.sign_in("known", RIGHT, address=HOME)
        assert isinstance(signed_in, SignedIn)
        assert isinstance(await access.change_password(signed_in.proof, RIGHT, NEW, address=HOME), PasswordChanged)
        await access.purge()
        assert CALLED == set(threads)
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
        ("verify", lambda access, _: access.sign_in("known", RIGHT, address=HOME)),
        ("verify_dummy", lambda access, _: access.sign_in("nobody", RIGHT, address=HOME)),
        ("needs_rehash", lambda access, _: access.sign_in("known", RIGHT, address=HOME)),
        ("hash", lambda access, proof: access.change_password(proof, RIGHT, NEW, address=HOME)),
    ],
)
def test_a_stop_iteration_of_the_hasher_is_a_failed_verifier_that_hangs_nothing_and_frees_the_slot(
    stops_at: str, attempt: Callable[[AsyncAccessControl, Proof], Awaitable[Any]]
) -> None:
    async def scenario() -> None:
        world = with_one_slot(World(hasher=Stopping()))
        access = door(world)
        proof = (await access.sign_in("known", RIGHT, address=HOME)).proof
        world.hasher.stops_at = stops_at
        with pytest.raises(VerifierFailed):
            await asyncio.wait_for(attempt(access, proof), PATIENCE)
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
