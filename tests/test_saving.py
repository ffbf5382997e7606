"""Saving who was proven: an own write is recognised, nothing is written past the lease, a failed save clears nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from mydso_access import (
    BrokenStore,
    Busy,
    BusyBecause,
    EventKind,
    PasswordChanged,
    SignedIn,
    Stale,
    StoreError,
    StoreUnavailable,
    Taken,
)
from tests.support import RIGHT, World
from tests.test_faults import REQUESTS, outcome_of
from tests.test_store import raising, replacing, state

PAST_THE_LEASE = timedelta(seconds=45)
RIGHT_REQUESTS = ["right", "change"]


def once(world: World, *, then: Callable[[], Any] = lambda: None, carried_out: bool) -> Callable[..., int]:
    """Return a `users.save` that is stale at its first call, carried out or not, while something happens."""
    calls = 0

    def save(*arguments: Any) -> int:
        nonlocal calls
        calls += 1
        if calls > 1:
            return world.repositories.users.save(*arguments)
        if carried_out:
            world.repositories.users.save(*arguments)
        then()
        raise Stale

    return save


def kinds(world: World) -> list[EventKind]:
    return [event.kind for event in world.events()]


def stored_password(world: World) -> str:
    known = world.repositories.users.get("id-known")
    assert known is not None
    assert known.credential is not None
    return known.credential.hash.reveal()


@pytest.mark.parametrize(
    ("request_name", "answer", "event"),
    [("right", SignedIn, EventKind.SIGNED_IN), ("change", PasswordChanged, EventKind.PASSWORD_CHANGED)],
)
def test_a_save_that_was_carried_out_and_reported_stale_is_recognised_and_done_once(
    request_name: str, answer: type, event: EventKind
) -> None:
    world = World()
    outcome = outcome_of(REQUESTS[request_name], world, replacing(world, users_save=once(world, carried_out=True)))
    assert isinstance(outcome, answer)
    assert outcome.user == world.repositories.users.get("id-known")
    assert [event] == kinds(world)
    assert [(0, 0)] * 2 == [state(world.account("known")), state(world.address())]


@pytest.mark.parametrize("request_name", RIGHT_REQUESTS)
def test_a_save_that_is_stale_once_is_done_once_the_record_is_judged_again(request_name: str) -> None:
    world = World()
    outcome = outcome_of(REQUESTS[request_name], world, replacing(world, users_save=once(world, carried_out=False)))
    assert isinstance(outcome, SignedIn | PasswordChanged)
    assert 1 == len(world.events())


@pytest.mark.parametrize("request_name", RIGHT_REQUESTS)
def test_nothing_is_written_past_the_lease(request_name: str) -> None:
    world = World()
    late = once(world, then=lambda: world.clock.move(PAST_THE_LEASE), carried_out=False)
    before = world.repositories.users.get("id-known")
    assert Busy(BusyBecause.LAPSED) == outcome_of(REQUESTS[request_name], world, replacing(world, users_save=late))
    assert before == world.repositories.users.get("id-known")
    assert [] == kinds(world)


def settled_late(request_name: str, world: World) -> Any:
    def save(*arguments: Any) -> int:
        version = world.repositories.users.save(*arguments)
        world.clock.move(PAST_THE_LEASE)
        return version

    return outcome_of(REQUESTS[request_name], world, replacing(world, users_save=save))


def test_a_change_that_was_saved_in_time_and_settled_late_is_a_change() -> None:
    world = World()
    assert isinstance(settled_late("change", world), PasswordChanged)
    assert RIGHT != stored_password(world)


def test_a_sign_in_that_was_saved_in_time_and_settled_late_is_none() -> None:
    world = World()
    outcome_of(REQUESTS["wrong"], world, world.repositories)
    assert Busy(BusyBecause.LAPSED) == settled_late("right", world)
    outcome_of(REQUESTS["wrong"], world, world.repositories)  # saves what has lapsed: the first, the late one, this one
    assert (3, 0) == state(world.account("known"))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError("down"), StoreUnavailable),
        (StoreUnavailable("save"), StoreUnavailable),
        (BrokenStore("save", "no"), BrokenStore),
        (Taken("name"), Taken),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Exception) else "",
)
@pytest.mark.parametrize("carried_out", [False, True])
@pytest.mark.parametrize("request_name", RIGHT_REQUESTS)
def test_a_save_that_fails_gives_both_charges_back_and_clears_nothing(
    request_name: str, carried_out: bool, error: Exception, expected: type[StoreError]
) -> None:
    world = World()
    outcome_of(REQUESTS["wrong"], world, world.repositories)

    def save(*arguments: Any) -> int:
        if carried_out:
            world.repositories.users.save(*arguments)
        raise error

    assert isinstance(outcome_of(REQUESTS[request_name], world, replacing(world, users_save=save)), expected)
    assert [(1, 0)] * 2 == [state(world.account("known")), state(world.address())]


@pytest.mark.parametrize("request_name", RIGHT_REQUESTS)
def test_a_save_that_stays_stale_is_busy_gives_both_charges_back_and_clears_nothing(request_name: str) -> None:
    world = World()
    outcome_of(REQUESTS["wrong"], world, world.repositories)
    repositories = replacing(world, users_save=raising(Stale()))
    assert Busy(BusyBecause.RECORD_CHANGED) == outcome_of(REQUESTS[request_name], world, repositories)
    assert [(1, 0)] * 2 == [state(world.account("known")), state(world.address())]
    assert [EventKind.REFUSED] == kinds(world)
    assert RIGHT == stored_password(world)


@pytest.mark.parametrize("request_name", RIGHT_REQUESTS)
def test_a_save_that_joined_the_hosts_transaction_and_is_stale_is_raised_at_once(request_name: str) -> None:
    world, tries = World(), []

    def save(*arguments: Any) -> int:
        tries.append(arguments)
        raise Stale(joined=True)

    outcome = outcome_of(REQUESTS[request_name], world, replacing(world, users_save=save))
    assert isinstance(outcome, Stale)
    assert (True, 1, [(0, 0)] * 2) == (
        outcome.joined,
        len(tries),
        [state(world.account("known")), state(world.address())],
    )
