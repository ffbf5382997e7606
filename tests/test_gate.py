"""The gate: what is charged before a look is given back if none was taken, counted if one was, and shows no password."""

import asyncio
import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import argon2
import pytest
from argon2.exceptions import HashingError, VerificationError
from attrs import evolve

from mydso_access import (
    AccessControl,
    AsyncAccessControl,
    BrokenStore,
    Busy,
    BusyBecause,
    EventKind,
    InvalidValue,
    Reason,
    Refused,
    SignedIn,
    Stale,
    StoreUnavailable,
    Taken,
    VerifierFailed,
)
from mydso_access.model import Credential, Secret
from mydso_access.policy import Limit
from mydso_access.testing.clock import A_MONDAY
from tests import support
from tests.support import HOME, KNOWN, RIGHT, CountingHasher, World, active, policy, populated
from tests.test_faults import NEW, REQUESTS, outcome_of
from tests.test_store import raising, replacing, state

ELSEWHERE = "192.0.2.9"


def states(world: World) -> list[tuple[int, int]]:
    return [state(world.address()), state(world.account("known"))]


def with_one_slot(world: World) -> World:
    hashing = evolve(world.policy.hashing, max_parallel=1, slot_wait=timedelta(milliseconds=5))
    world.policy = evolve(world.policy, hashing=hashing)
    return world


# --- before the look


@pytest.mark.parametrize(
    "error",
    [OSError("down"), StoreUnavailable("named"), BrokenStore("named", "no"), Stale(), Taken("name"), StopIteration()],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("request_name", ["right", "wrong", "change"])
def test_a_user_who_cannot_be_loaded_gives_both_charges_back_and_nothing_is_evaluated(
    request_name: str, error: Exception
) -> None:
    world, calls = World(), 0

    def get(user_id: str) -> Any:
        nonlocal calls
        calls += 1
        if calls > 1:  # the first asks whether there is a password to change
            raise error
        return world.repositories.users.get(user_id)

    repositories = replacing(world, users_named=raising(error), users_get=get)
    expected = StoreUnavailable if isinstance(error, OSError | StopIteration) else type(error)
    assert isinstance(outcome_of(REQUESTS[request_name], world, repositories), expected)
    assert [(0, 0)] * 2 == states(world)
    assert [1, 1] == [min(counter.version, 1) for counter in (world.address(), world.account("known"))]
    assert 0 == world.hasher.hashes


def test_s37_a_blocked_address_is_refused_at_the_first_read_and_needs_no_slot() -> None:
    world = with_one_slot(World(policy=policy(address=Limit(failures=1))))
    access, outcomes = world.access, list[Any]()
    access.sign_in("known", "wrong", address=ELSEWHERE)
    until = world.address(ELSEWHERE).blocked_until

    def meanwhile() -> None:
        outcomes.extend(access.sign_in("known", RIGHT, address=address) for address in (ELSEWHERE, "192.0.2.7"))

    world.hasher.while_verifying = meanwhile
    assert isinstance(access.sign_in("known", RIGHT, address=HOME), SignedIn)
    assert [Refused(Reason.ADDRESS_BLOCKED, "S37", until), Busy(BusyBecause.NO_SLOT)] == outcomes


# --- the hasher's fault


class Failing(CountingHasher):
    """Fails at one of its methods, after the work is done."""

    fails_at = "verify"

    def _fail(self, method: str) -> None:
        if method == self.fails_at:
            raise ConnectionError

    def hash(self, password: Any, /) -> Any:
        self._fail("hash")
        return super().hash(password)

    def verify(self, stored: Any, password: Any, /) -> Any:
        verdict = super().verify(stored, password)
        self._fail("verify")
        return verdict

    def verify_dummy(self, password: Any, /) -> None:
        super().verify_dummy(password)
        self._fail("verify_dummy")

    def needs_rehash(self, stored: Any, /) -> bool:
        self._fail("needs_rehash")
        return True


@pytest.mark.parametrize(
    ("request_name", "fails_at", "failures"),
    [
        ("right", "verify", 1),
        ("wrong", "verify", 1),
        ("change", "verify", 1),
        ("change, wrong", "verify", 1),
        ("right", "needs_rehash", 0),  # the secret is proven: what fails now is no guess
        ("right", "hash", 0),
        ("change", "hash", 0),
    ],
)
def test_a_fault_of_the_hasher_is_one_failure_on_both_keys_unless_the_secret_was_proven(
    request_name: str, fails_at: str, failures: int
) -> None:
    world = World(hasher=Failing())
    world.hasher.fails_at = fails_at
    before = world.repositories.users.get("id-known")
    outcome = outcome_of(REQUESTS[request_name], world, world.repositories)
    assert isinstance(outcome, VerifierFailed)
    assert "ConnectionError" == outcome.why
    assert [(failures, 0)] * 2 == states(world)
    assert (before, []) == (world.repositories.users.get("id-known"), world.events())


def test_a_fault_of_the_dummy_is_one_failure_on_both_keys_like_any() -> None:
    world = World(hasher=Failing())
    world.hasher.fails_at = "verify_dummy"
    assert isinstance(outcome_of(REQUESTS["unknown"], world, world.repositories), VerifierFailed)
    assert [(1, 0)] * 2 == [state(world.address()), state(world.account("nobody"))]


def test_a_block_that_a_fault_of_the_hasher_started_is_told_of_once() -> None:
    one = Limit(failures=1)
    world = World(hasher=Failing(), policy=policy(account=one, address=one))
    assert isinstance(outcome_of(REQUESTS["right"], world, world.repositories), VerifierFailed)
    expected = [(EventKind.BLOCK_STARTED, "S37", None), (EventKind.BLOCK_STARTED, "S36", "id-known")]
    assert expected == [(event.kind, event.rule, event.subject) for event in world.events()]


def test_a_fault_of_the_hasher_frees_its_slot() -> None:
    world = with_one_slot(World(hasher=Failing()))
    access = world.access
    with pytest.raises(VerifierFailed):
        access.sign_in("known", RIGHT, address=HOME)
    world.hasher.fails_at = ""
    assert isinstance(access.sign_in("known", RIGHT, address=HOME), SignedIn)


# --- invariant 12: tracebacks that show the locals of every frame


SECRET = "Tell-Nobody-77"


def shown(error: BaseException) -> str:
    """Return the traceback as a crash reporter writes it: with the locals of every frame from the door on."""
    frames = error.__traceback__
    while frames is not None and "mydso_access" not in frames.tb_frame.f_code.co_filename:
        frames = frames.tb_next
    assert frames is not None
    chain = traceback.TracebackException(type(error), error, frames, capture_locals=True)
    return "".join(chain.format())


Call = Callable[[Any], Any]
MISUSES: dict[str, tuple[type[Exception], Call]] = {
    "a wrong keyword": (TypeError, lambda access: access.sign_in("known", SECRET, addres=HOME)),
    "a missing argument": (TypeError, lambda access: access.sign_in("known", SECRET)),
    "an argument too many": (TypeError, lambda access: access.sign_in("known", SECRET, HOME, address=HOME)),
    "bytes for a password": (InvalidValue, lambda access: access.sign_in("known", SECRET.encode(), address=HOME)),
    "a name that is no text": (InvalidValue, lambda access: access.sign_in(None, SECRET, address=HOME)),
    "no address": (InvalidValue, lambda access: access.sign_in("known", SECRET, address="nowhere")),
    "a wrong keyword at a change": (TypeError, lambda access: access.change_password(KNOWN, SECRET, SECRET, at=1)),
    "bytes for an old password": (
        InvalidValue,
        lambda access: access.change_password(KNOWN, SECRET.encode(), NEW, address=HOME),
    ),
    "bytes for a new password": (
        InvalidValue,
        lambda access: access.change_password(KNOWN, RIGHT, SECRET.encode(), address=HOME),
    ),
}


@pytest.mark.parametrize("door", [AccessControl, AsyncAccessControl])
@pytest.mark.parametrize("misuse", MISUSES)
def test_invariant_12_a_traceback_of_misuse_shows_no_password_in_any_frame(misuse: str, door: type) -> None:
    world = World()
    expected, call = MISUSES[misuse]
    access = door(world.repositories, policy=world.policy, hasher=world.hasher, clock=world.clock)
    assert SECRET not in shown(_caught(access, call, expected))


def _caught(access: Any, call: Call, expected: type[Exception]) -> Exception:
    async def awaited() -> None:
        await call(access)

    with pytest.raises(expected) as caught:
        asyncio.run(awaited()) if isinstance(access, AsyncAccessControl) else call(access)
    return caught.value


@pytest.mark.parametrize("door", [AccessControl, AsyncAccessControl])
@pytest.mark.parametrize("fails_at", ["verify", "hash", "dummy"])
def test_invariant_12_a_traceback_of_a_hasher_out_of_memory_shows_no_password_in_frame_cause_or_context(
    fails_at: str, door: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    def verify(_: Any, stored: str, password: bytes) -> bool:
        raise VerificationError("Memory allocation error")

    def hashed(_: Any, password: bytes, *, salt: bytes | None = None) -> str:
        raise HashingError("Memory allocation error")

    hasher = support.argon2()
    old, new = "Older-Horse-88", SECRET
    if fails_at == "verify":
        old, new = SECRET, NEW
    stored = active("known", credential=Credential(hasher.hash(Secret(old.encode())), A_MONDAY))
    world = World(repositories=populated(stored), hasher=hasher)
    if fails_at == "hash":
        monkeypatch.setattr(argon2.PasswordHasher, "hash", hashed)
    else:
        monkeypatch.setattr(argon2.PasswordHasher, "verify", verify)
    access = door(world.repositories, policy=world.policy, hasher=hasher, clock=world.clock)
    if fails_at == "dummy":
        call: Call = lambda access: access.sign_in("nobody", SECRET, address=HOME)  # noqa: E731
    else:
        call = lambda access: access.change_password(KNOWN, old, new, address=HOME)  # noqa: E731
    error = _caught(access, call, VerifierFailed)
    assert "Memory allocation error" == error.why  # type: ignore[attr-defined]
    assert SECRET not in shown(error)
