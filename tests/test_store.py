"""The store distrusts its repositories: what breaks the protocol is no answer, and a trail that fails changes none."""

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve

from mydso_access import BrokenStore, InvalidValue, Reason, Refused, Stale, StoreUnavailable, Taken
from mydso_access.model import AttemptCounter, Category, Failure, Reservation, Structure, User
from tests.support import HOME, KNOWN, PARTS, RIGHT, World, active, methods_of, policy
from tests.test_faults import outcome_of, sign_in

NAIVE = datetime(2026, 3, 2, 9)  # noqa: DTZ001
PARIS = ZoneInfo("Europe/Paris")


def replacing(world: World, **calls: Any) -> Any:
    """Return the world's repositories with some calls replaced, each named like `counters_save`."""
    parts = {}
    for part in PARTS:
        own = methods_of(getattr(world.repositories, part))
        parts[part] = SimpleNamespace(**{name: calls.pop(f"{part}_{name}", method) for name, method in own.items()})
    assert not calls
    return SimpleNamespace(**parts)


def raising(error: BaseException | type[BaseException]) -> Callable[..., Any]:
    def call(*_: Any) -> Any:
        raise error

    return call


def state(counter: AttemptCounter) -> tuple[int, int]:
    """Return how many failures and how many reservations the counter has."""
    return len(counter.failures), len(counter.reservations)


# --- counters


UNSOUND: dict[str, Callable[[AttemptCounter], AttemptCounter]] = {
    "version 0": lambda counter: evolve(counter, version=0),
    "a negative version": lambda counter: evolve(counter, version=-1),
    "a bool for a version": lambda counter: evolve(counter, version=True),
    "no version": lambda counter: evolve(counter, version=None),
    "another key's, of version 1": lambda _: evolve(World().account("other"), version=1),
    "a naive saved_at": lambda counter: evolve(counter, saved_at=NAIVE),
    "a saved_at in local time": lambda counter: evolve(counter, saved_at=counter.saved_at.astimezone(PARIS)),
    "a saved_at that is no instant": lambda counter: evolve(counter, saved_at="2026-03-02"),
    "a naive blocked_until": lambda counter: evolve(counter, blocked_until=NAIVE),
    "a naive failure": lambda counter: evolve(counter, failures=(Failure("f", NAIVE),)),
    "a naive reservation": lambda counter: evolve(
        counter, reservations=(Reservation("r", NAIVE, counter.saved_at, 0),)
    ),
    "a naive lease": lambda counter: evolve(counter, reservations=(Reservation("r", counter.saved_at, NAIVE, 0),)),
}


@pytest.mark.parametrize("unsound", UNSOUND.values(), ids=UNSOUND)
def test_a_counter_that_cannot_be_reckoned_with_is_a_broken_store_and_evaluates_nothing(
    unsound: Callable[[AttemptCounter], AttemptCounter],
) -> None:
    for key in ("account", "address"):
        world = World()
        sign_in("known", "wrong")(world.access)
        counter = world.account("known") if key == "account" else world.address()

        def answer(asked: Any, counter: AttemptCounter = counter, world: World = world) -> Any:
            return unsound(counter) if asked == counter.key else world.repositories.counters.get(asked)

        before = world.hasher.hashes
        outcome = outcome_of(sign_in("known", RIGHT), world, replacing(world, counters_get=answer))
        assert isinstance(outcome, BrokenStore)
        assert "counters.get" == outcome.call
        assert before == world.hasher.hashes


def test_a_counter_of_version_1_under_its_own_key_is_sound() -> None:
    world = World()
    sign_in("known", "wrong")(world.access)
    counter = evolve(world.account("known"), version=1)
    answer = lambda key: counter if key == counter.key else world.repositories.counters.get(key)  # noqa: E731
    repositories = replacing(world, counters_get=answer, counters_save=lambda saved: saved.version + 1)
    assert not isinstance(outcome_of(sign_in("known", RIGHT), world, repositories), BrokenStore)


# --- users


@pytest.mark.parametrize("version", [0, -1, True, None, "1"], ids=repr)
def test_a_user_that_was_never_stored_is_a_broken_store_and_gives_both_charges_back(version: Any) -> None:
    world = World()
    by_name = replacing(world, users_named=lambda _: active("known", version=version))
    outcome = outcome_of(sign_in("known", RIGHT), world, by_name)
    assert isinstance(outcome, BrokenStore)
    assert "users.named" == outcome.call
    assert [(0, 0)] * 2 == [state(world.account("known")), state(world.address())]
    by_id = replacing(world, users_get=lambda _: active("known", version=version))
    change = lambda access: access.change_password(KNOWN, RIGHT, "Another-Horse-10", address=HOME)  # noqa: E731
    outcome = outcome_of(change, world, by_id)
    assert isinstance(outcome, BrokenStore)
    assert "users.get" == outcome.call
    assert 0 == world.hasher.hashes


def test_a_record_that_cannot_even_be_made_is_an_unavailable_store_and_gives_both_charges_back() -> None:
    world = World()

    def broken_row(name: str) -> User:  # an active user of the platform
        platform = Structure.platform("p1")
        return User(id="id-known", name=name, category=Category.ACTIVE, structure=platform, role="collector")

    outcome = outcome_of(sign_in("known", RIGHT), world, replacing(world, users_named=broken_row))
    assert isinstance(outcome, StoreUnavailable)
    assert isinstance(outcome.__cause__, InvalidValue)
    assert [(0, 0)] * 2 == [state(world.account("known")), state(world.address())]
    assert 0 == world.hasher.hashes


# --- events


def refusals(world: World, repositories: Any) -> list[Any]:
    guesses = [outcome_of(sign_in("known", "wrong"), world, repositories) for _ in range(6)]
    more = [outcome_of(sign_in(name, RIGHT), world, repositories) for name in ("nobody", "disabled", "invited")]
    world.clock.move(timedelta(hours=2))
    return [*guesses, *more, outcome_of(sign_in("known", "wrong"), world, repositories)]


@pytest.mark.parametrize(
    "error",
    [Taken("id"), Stale(), StoreUnavailable("append"), BrokenStore("append", "no"), OSError("full"), StopIteration()],
    ids=lambda error: type(error).__name__,
)
def test_an_append_that_raises_whatever_it_be_never_changes_a_refusal(error: Exception) -> None:
    healthy, failing = World(), World()
    expected = refusals(healthy, healthy.repositories)
    assert [Refused] * 10 == [type(outcome) for outcome in expected]
    assert expected == refusals(failing, replacing(failing, events_append=raising(error)))


def test_d2_attempts_on_a_blocked_account_that_cost_nothing_leave_no_event() -> None:
    for counts, expected in ((True, 4), (False, 0)):
        world = World(policy=policy(blocked_attempts_count=counts))
        outcomes = [outcome_of(sign_in("known", "wrong"), world, world.repositories) for _ in range(9)]
        assert [Reason.ACCOUNT_BLOCKED] * 4 == [outcome.reason for outcome in outcomes[5:]]
        assert expected == sum(event.reason is Reason.ACCOUNT_BLOCKED for event in world.events())
