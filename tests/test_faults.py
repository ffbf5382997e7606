"""Invariants 2 and 3: a store that fails at any call, in any way, grants nothing and charges nobody twice."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest
from attrs import evolve

from mydso_access import (
    AccessControl,
    AccessError,
    AsyncAccessControl,
    AsynchronousStore,
    BrokenStore,
    Busy,
    PasswordChanged,
    Refused,
    SignedIn,
    Stale,
    StoreUnavailable,
    VerifierFailed,
)
from mydso_access.decisions.lockout import current
from mydso_access.model import AttemptCounter, EventKind, Reason
from tests.support import HOME, KNOWN, PARTS, RIGHT, CountingHasher, World, active, methods_of, policy, with_parts

NEW = "Another-Horse-10"


class ConnectionLostError(Exception):
    """What a driver raises; nothing of ours."""


class Faulty:
    """Passes every call on and fails at the chosen ones, before or after they are carried out."""

    def __init__(self, repositories: Any, fails: Callable[[int], bool], *, after: bool) -> None:
        self.calls, self._fails, self._after = 0, fails, after
        for part in PARTS:
            own = methods_of(getattr(repositories, part))
            setattr(self, part, SimpleNamespace(**{name: self._failing(method) for name, method in own.items()}))

    def _failing(self, method: Any) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            self.calls += 1
            fails = self._fails(self.calls)
            if fails and not self._after:
                raise ConnectionLostError
            answer = method(*arguments, **named)
            if fails:
                raise ConnectionLostError
            return answer

        return call


def sign_in(name: str, password: str) -> Callable[[AccessControl], Any]:
    return lambda access: access.sign_in(name, password, address=HOME)


def change(old: str) -> Callable[[AccessControl], Any]:
    return lambda access: access.change_password(KNOWN, old, NEW, address=HOME)


REQUESTS = {
    "right": sign_in("known", RIGHT),
    "wrong": sign_in("known", "wrong"),
    "unknown": sign_in("nobody", RIGHT),
    "disabled": sign_in("disabled", RIGHT),
    "change": change(RIGHT),
    "change, wrong": change("wrong"),
}


def outcome_of(request: Callable[[Any], Any], world: World, repositories: Any) -> Any:
    try:
        return request(world.through(repositories))
    except AccessError as error:
        return error


def charged(world: World, counter: AttemptCounter) -> int:
    """Return how many failures the key has once every lease has run out."""
    later = world.clock.now() + timedelta(minutes=2)
    return len(current(counter, world.policy.lockout, later).failures)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("request_name", REQUESTS)
def test_a_fault_at_any_call_grants_nothing_and_charges_at_most_once(
    request_name: str, lasting: bool, after: bool
) -> None:
    reached_the_end = False
    for failing in range(1, 40):
        world = World()
        faulty = Faulty(world.repositories, (lambda call, k=failing: call >= k if lasting else call == k), after=after)
        outcome = outcome_of(REQUESTS[request_name], world, faulty)
        charges = charged(world, world.account("known")), charged(world, world.address())
        assert max(charges) <= 1
        if faulty.calls < failing:
            reached_the_end = True
            break
        appends_only = world.hasher.hashes and isinstance(outcome, Refused)  # the trail never changes an answer
        assert isinstance(outcome, StoreUnavailable) or appends_only
        assert not isinstance(outcome, SignedIn | PasswordChanged)
    assert reached_the_end


@pytest.mark.parametrize("failing", range(1, 16))
def test_once_the_fault_is_gone_the_owner_gets_in(failing: int) -> None:
    world = World()
    outcome_of(REQUESTS["right"], world, Faulty(world.repositories, lambda call: call == failing, after=True))
    assert isinstance(outcome_of(REQUESTS["right"], world, world.repositories), SignedIn)


def test_a_charge_whose_save_failed_is_given_back_before_anything_was_evaluated() -> None:
    world = World()
    faulty = Faulty(world.repositories, lambda call: call == 5, after=True)  # the account's charge was carried out
    assert isinstance(outcome_of(REQUESTS["wrong"], world, faulty), StoreUnavailable)
    assert ((), ()) == (world.account("known").reservations, world.address().reservations)
    assert 0 == world.hasher.hashes


def test_a_verdict_that_cannot_be_settled_lapses_to_one_failure() -> None:
    world = World()
    broken = {"now": False}
    world.hasher.while_verifying = lambda: broken.update(now=True)
    faulty = Faulty(world.repositories, lambda _: broken["now"], after=False)
    assert isinstance(outcome_of(REQUESTS["right"], world, faulty), StoreUnavailable)
    assert (1, 1) == (charged(world, world.account("known")), charged(world, world.address()))


def test_a_settlement_that_others_overtake_is_tried_again_until_it_is_saved() -> None:
    world, stale = World(), []

    class Overtaken:
        def get(self, key: Any) -> Any:
            return world.repositories.counters.get(key)

        def save(self, counter: AttemptCounter) -> int:
            stale.append(counter)
            if len(stale) % 3:
                raise Stale
            return world.repositories.counters.save(counter)

    repositories = with_parts(world.repositories, counters=Overtaken())
    assert isinstance(outcome_of(REQUESTS["right"], world, repositories), SignedIn)
    assert 12 == len(stale)
    assert ((), ()) == (world.account("known").reservations, world.address().reservations)


def test_a_key_that_others_keep_saving_first_is_busy_and_nothing_is_evaluated() -> None:
    world = World()

    def always_stale(_: Any) -> int:
        raise Stale

    counters = SimpleNamespace(get=world.repositories.counters.get, save=always_stale)
    repositories = with_parts(world.repositories, counters=counters)
    assert isinstance(outcome_of(REQUESTS["right"], world, repositories), Busy)
    assert 0 == world.hasher.hashes


def test_a_trail_that_cannot_be_written_never_turns_a_refusal_into_anything_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World()

    def full(_: Any) -> None:
        raise OSError("disk full")

    repositories = with_parts(world.repositories, events=SimpleNamespace(append=full))
    outcome = outcome_of(REQUESTS["wrong"], world, repositories)
    assert Reason.WRONG_SECRET is outcome.reason
    assert "could not be stored" in caplog.text


@pytest.mark.parametrize("answer", [None, False, True, 0, 1.0, "2", MagicMock()], ids=repr)
@pytest.mark.parametrize("repository", ["users", "counters"])
def test_a_save_that_answers_anything_but_a_grown_version_is_a_broken_store(repository: str, answer: Any) -> None:
    world = World()
    own = getattr(world.repositories, repository)
    broken = {"get": own.get, "named": getattr(own, "named", None), "save": lambda *_: answer}
    repositories = with_parts(world.repositories, **{repository: SimpleNamespace(**broken)})
    assert isinstance(outcome_of(REQUESTS["right"], world, repositories), BrokenStore)


WRONG_RECORDS = {
    "a mock": MagicMock(),
    "true": True,
    "another key's counter": World().account("other"),
    "a dict": {"failures": []},
}


@pytest.mark.parametrize("answer", WRONG_RECORDS.values(), ids=WRONG_RECORDS)
def test_a_get_that_answers_another_keys_counter_or_none_at_all_is_a_broken_store(answer: Any) -> None:
    world = World()
    counters = SimpleNamespace(get=lambda _: answer, save=world.repositories.counters.save)
    repositories = with_parts(world.repositories, counters=counters)
    assert isinstance(outcome_of(REQUESTS["right"], world, repositories), BrokenStore)
    assert 0 == world.hasher.hashes


@pytest.mark.parametrize("answer", [MagicMock(), True, "known", active("other")], ids=["mock", "true", "text", "other"])
def test_another_persons_record_is_a_broken_store_or_nobody(answer: Any) -> None:
    world = World()
    users = SimpleNamespace(named=lambda _: answer, get=lambda _: answer, save=world.repositories.users.save)
    repositories = with_parts(world.repositories, users=users)
    by_name = outcome_of(REQUESTS["right"], world, repositories)
    by_id = outcome_of(REQUESTS["change"], world, repositories)
    # A looser look-up under a name is nobody (D11); a look-up under an id has no looser reading.
    assert isinstance(by_name, BrokenStore) or by_name.reason is Reason.UNKNOWN
    assert isinstance(by_id, BrokenStore)
    assert 0 == world.hasher.evaluations


def asynchronous(world: World) -> SimpleNamespace:
    def awaited(method: Any) -> Any:
        async def call(*arguments: Any, **named: Any) -> Any:
            await asyncio.sleep(0)
            return method(*arguments, **named)

        return call

    parts = {}
    for part in PARTS:
        own = methods_of(getattr(world.repositories, part))
        parts[part] = SimpleNamespace(**{name: awaited(method) for name, method in own.items()})
    return SimpleNamespace(**parts)


def test_an_asynchronous_store_behind_the_synchronous_door_raises_and_evaluates_nothing() -> None:
    world = World()
    outcome = outcome_of(REQUESTS["right"], world, asynchronous(world))
    assert isinstance(outcome, AsynchronousStore)
    assert "AsyncAccessControl" in str(outcome)
    assert 0 == world.hasher.hashes


def test_an_asynchronous_store_behind_the_asynchronous_door_signs_in() -> None:
    world = World()
    access = AsyncAccessControl(asynchronous(world), policy=policy(), hasher=world.hasher, clock=world.clock)
    outcome = asyncio.run(access.sign_in("known", RIGHT, address=HOME))
    assert isinstance(outcome, SignedIn)


class Raising(CountingHasher):
    def verify(self, stored: Any, password: Any, /) -> Any:
        super().verify(stored, password)
        raise ValueError("a mismatch, in the hasher's own way")


class Saying(CountingHasher):
    def verify(self, stored: Any, password: Any, /) -> Any:
        super().verify(stored, password)
        return True


@pytest.mark.parametrize("hasher", [Raising, Saying])
def test_a_hasher_that_raises_or_answers_a_bool_signs_nobody_in_and_its_guesses_are_limited_all_the_same(
    hasher: type[CountingHasher],
) -> None:
    world = World(hasher=hasher())
    outcomes = [outcome_of(sign_in("known", RIGHT), world, world.repositories) for _ in range(7)]
    assert [VerifierFailed] * 5 + [Refused] * 2 == [type(outcome) for outcome in outcomes]
    assert 5 == world.hasher.evaluations


def test_a_user_saved_by_others_meanwhile_is_judged_again_by_what_they_are_now() -> None:
    world = World()

    def disable_meanwhile() -> None:
        known = world.repositories.users.get("id-known")
        assert known is not None
        disabled = evolve(known, login=world.repositories.users.get("id-disabled").login)  # type: ignore[union-attr]
        world.repositories.users.save(disabled, world.repositories.events.all()[0])

    world.hasher.while_verifying = disable_meanwhile
    outcome = outcome_of(REQUESTS["right"], world, world.repositories)
    assert Reason.DISABLED is outcome.reason
    assert 1 == len(world.account("known").failures)
    assert [EventKind.REFUSED] == [event.kind for event in world.events()]


def test_a_password_changed_meanwhile_makes_the_proven_one_wrong() -> None:
    world = World()

    def change_meanwhile() -> None:
        world.hasher.while_verifying = lambda: None
        assert isinstance(change(RIGHT)(world.access), PasswordChanged)

    world.hasher.while_verifying = change_meanwhile
    outcome = outcome_of(REQUESTS["right"], world, world.repositories)
    assert Reason.WRONG_SECRET is outcome.reason


def test_a_record_that_others_keep_saving_is_busy_in_the_end_and_the_charge_is_given_back() -> None:
    world = World()

    def always_stale(*_: Any) -> int:
        raise Stale

    users = world.repositories.users
    contested = SimpleNamespace(get=users.get, named=users.named, save=always_stale)
    repositories = with_parts(world.repositories, users=contested)
    world.policy = policy(lease=timedelta(minutes=1))
    outcome = outcome_of(REQUESTS["right"], world, repositories)
    assert isinstance(outcome, Busy)
    assert not any(event.kind is EventKind.SIGNED_IN for event in world.events())
