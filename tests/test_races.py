"""Invariant 1, counted at the verifier and never at the counter: no interleaving gets one guess too many evaluated."""

import asyncio
import contextlib
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from mydso_access import AccessControl, AsyncAccessControl, Busy, Done, Entity, Reason, Refused, SignedIn
from mydso_access.adapters.memory import MemoryCounters
from mydso_access.decisions.lockout import current
from mydso_access.model import AttemptCounter, CounterKey
from tests.administration_world import stored
from tests.flows.scene import LYON, ROOT, Scene
from tests.support import RIGHT, CountingHasher, World, active, policy, populated, settle, with_parts

THREADS, GUESSES, ROUNDS = 32, 50, 20


def at_once(count: int, work: Callable[[int], None]) -> None:
    barrier = threading.Barrier(count)

    def run(number: int) -> None:
        barrier.wait()
        work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_s36_32_threads_of_50_guesses_at_one_account_get_exactly_5_evaluated_in_each_of_20_rounds() -> None:
    evaluated = []
    for _ in range(ROUNDS):
        hasher = CountingHasher(seconds=0.02)
        access = AccessControl(populated(), policy=policy(), hasher=hasher)

        def guess(thread: int, access: AccessControl = access) -> None:
            for number in range(GUESSES):
                outcome = access.sign_in("known", f"guess-{number}", address=f"10.{thread}.0.{number}")
                assert isinstance(outcome, Refused | Busy)

        at_once(THREADS, guess)
        evaluated.append(hasher.evaluations)
    assert [5] * ROUNDS == evaluated


def test_s37_50_accounts_from_one_address_get_exactly_10_guesses_evaluated() -> None:
    hasher = CountingHasher(seconds=0.02)
    people = [active(f"user-{number}") for number in range(50)]
    access = AccessControl(populated(*people), policy=policy(), hasher=hasher)

    def guess(thread: int) -> None:
        for number in range(50):
            access.sign_in(f"user-{(thread + number) % 50}", "guess", address="10.0.0.1")

    at_once(THREADS, guess)
    assert (10, 0) == (hasher.evaluations, hasher.dummies)


def test_100_right_sign_ins_at_once_from_one_address_never_block_it() -> None:
    people = [active(f"user-{number}") for number in range(100)]
    world = World(repositories=populated(*people), hasher=CountingHasher(seconds=0.02))
    access, outcomes = world.access, Counter[type]()

    def sign_in(number: int) -> None:
        outcomes[type(access.sign_in(f"user-{number}", RIGHT, address="10.0.0.1"))] += 1

    at_once(100, sign_in)
    assert {SignedIn, Busy} >= set(outcomes)
    assert outcomes[SignedIn] >= 10
    assert ((), (), None) == _state(world, "10.0.0.1")


def _state(world: World, address: str) -> tuple[object, ...]:
    counter = world.address(address)
    return counter.failures, counter.reservations, counter.blocked_until


def test_5_right_sign_ins_at_once_to_one_account_all_get_in() -> None:
    world, outcomes = World(hasher=CountingHasher(seconds=0.02)), []
    access = world.access
    at_once(5, lambda number: outcomes.append(access.sign_in("known", RIGHT, address=f"10.0.0.{number}")))
    assert [SignedIn] * 5 == [type(outcome) for outcome in outcomes]


def test_a_guess_too_many_in_flight_reads_like_a_wrong_password_and_is_given_back_to_the_address() -> None:
    world = World(hasher=CountingHasher(seconds=0.1))
    access, outcomes = world.access, []
    at_once(8, lambda number: outcomes.append(access.sign_in("known", "wrong", address=f"10.0.0.{number}")))
    assert {"The name or the password is not right."} == {outcome.public_message for outcome in outcomes}
    assert {"wrong_secret": 5, "account_busy": 3} == Counter(outcome.reason.value for outcome in outcomes)
    assert 5 == sum(len(world.address(f"10.0.0.{number}").failures) for number in range(8))


class Storm:
    """Guesses as tasks, some of which are cancelled at random points."""

    def __init__(self, seed: int, slots: int) -> None:
        self.chance = random.Random(seed)
        self.world = World(hasher=CountingHasher(seconds=0.005))
        hashing = evolve(self.world.policy.hashing, max_parallel=slots)
        self.world.policy = evolve(self.world.policy, hashing=hashing)
        self.access = AsyncAccessControl(
            self.world.repositories, policy=self.world.policy, hasher=self.world.hasher, clock=self.world.clock
        )

    async def guess(self, number: int) -> None:
        attempt = asyncio.ensure_future(self.access.sign_in("known", f"guess-{number}", address=f"10.0.{number}.1"))
        if self.chance.random() < 0.5:
            await asyncio.sleep(self.chance.random() * 0.03)
            attempt.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            assert isinstance(await attempt, Refused | Busy)

    async def blow(self, guesses: int) -> None:
        await asyncio.gather(*map(self.guess, range(guesses)))
        bridge = self.access._installation.bridge
        while bridge.settling or self.world.hasher.running:
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("seed", range(20))
def test_s36_tasks_that_are_cancelled_at_random_points_never_get_a_sixth_guess_evaluated(seed: int) -> None:
    storm = Storm(seed, slots=3)
    asyncio.run(storm.blow(60))
    world = storm.world
    assert 5 >= world.hasher.evaluations
    assert 3 >= world.hasher.most_running
    # Whatever was cancelled has settled or lapses to a failure: nothing stays in flight past the lease.
    later = world.clock.now() + world.policy.lockout.lease
    for counter in world.repositories.counters.all():
        charged = {reservation.id for reservation in counter.reservations} | {each.id for each in counter.failures}
        lapsed = current(counter, world.policy.lockout, later)
        assert () == lapsed.reservations
        assert lapsed.blocked_until or charged == {failure.id for failure in lapsed.failures}


def test_hashes_of_clients_that_hang_up_keep_their_slot_until_their_thread_ends() -> None:
    hasher = CountingHasher(seconds=0.3)
    people = [active(f"user-{number}") for number in range(40)]
    base = policy()
    limited = evolve(base, hashing=evolve(base.hashing, max_parallel=2, slot_wait=timedelta(milliseconds=20)))
    access = AsyncAccessControl(populated(*people), policy=limited, hasher=hasher)

    async def hang_up(number: int) -> None:
        attempt = asyncio.ensure_future(access.sign_in(f"user-{number}", RIGHT, address=f"10.0.{number}.1"))
        await asyncio.sleep(number * 0.002)
        while not (hasher.running or attempt.done()):  # however long a busy machine takes to begin
            await asyncio.sleep(0.001)
        attempt.cancel()
        await asyncio.wait([attempt])

    async def all_of_them() -> None:
        await asyncio.gather(*map(hang_up, range(40)))
        while hasher.running:
            await asyncio.sleep(0.01)

    asyncio.run(all_of_them())
    assert 2 == hasher.most_running


def test_100_right_sign_ins_as_tasks_are_signed_in_or_busy() -> None:
    people = [active(f"user-{number}") for number in range(100)]
    world = World(repositories=populated(*people), hasher=CountingHasher(seconds=0.002))
    access = AsyncAccessControl(world.repositories, policy=world.policy, hasher=world.hasher)

    async def everybody() -> list[object]:
        names = (f"user-{number}" for number in range(100))
        return await asyncio.gather(*(access.sign_in(name, RIGHT, address="10.0.0.1") for name in names))

    outcomes = asyncio.run(everybody())
    assert {SignedIn, Busy} >= {type(outcome) for outcome in outcomes}
    assert ((), (), None) == _state(world, "10.0.0.1")


def test_the_race_test_bites_a_store_that_compares_nothing() -> None:
    class Racy(MemoryCounters):
        def get(self, key: CounterKey, /) -> AttemptCounter | None:
            found = super().get(key)
            time.sleep(0.002)
            return found

        def save(self, counter: AttemptCounter, /) -> int:
            stored = super().get(counter.key)
            return super().save(evolve(counter, version=stored.version if stored else 0))

    world = World(hasher=CountingHasher(seconds=0.02))
    racy = with_parts(world.repositories, counters=Racy())
    access = AccessControl(racy, policy=world.policy, hasher=world.hasher)
    at_once(THREADS, lambda thread: access.sign_in("known", "guess", address=f"10.{thread}.0.1"))
    assert world.hasher.evaluations > 5


# --- administration


@pytest.fixture
def hurried() -> Iterator[None]:
    """Let threads take turns two hundred times as often: what a flow reads and what it saves lie apart."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 200)
    yield
    sys.setswitchinterval(usual)


def operations(access: AccessControl) -> tuple[Callable[[str], object], ...]:
    return (
        lambda who: access.appoint(ROOT, LYON, who),
        lambda who: access.dismiss(ROOT, LYON, who),
        lambda who: access.dismiss(ROOT, LYON, who),
        lambda who: access.disable_user(ROOT, who),
        lambda who: access.enable_user(ROOT, who),
        lambda who: access.change_role(ROOT, who, "guest"),
        lambda who: access.change_role(ROOT, who, "administrator"),
    )


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("seed", range(5))
def test_a13_8_threads_that_appoint_dismiss_disable_and_demote_leave_a_main_administrator_after_every_round(
    seed: int,
) -> None:
    chance, scene = random.Random(seed), Scene()
    administrators = ("id-boss", "id-deputy", "id-manager")
    for _ in range(40):
        asked = [(chance.choice(operations(scene.access)), chance.choice(administrators)) for _ in range(8)]

        def ask(number: int, asked: list[tuple[Callable[[str], object], str]] = asked) -> None:
            operation, who = asked[number]
            assert isinstance(operation(who), Done | Refused | Busy)

        at_once(8, ask)
        now = stored(scene.repositories)
        assert now.administrators(LYON) == now.listed(LYON) != set()


@pytest.mark.usefixtures("hurried")
def test_invariant_5_of_16_threads_that_accept_one_invitation_one_wins() -> None:
    for _ in range(20):
        scene, outcomes = Scene(), list[object]()
        access = scene.access
        token = access.renew_invitation(ROOT, "id-invited").messages[0].token

        def accept(
            number: int, token: Any = token, access: AccessControl = access, outcomes: list[object] = outcomes
        ) -> None:
            outcomes.append(access.accept_invitation(token, f"Another-Horse-{number}"))

        at_once(16, accept)
        assert 1 == sum(isinstance(each, Done) for each in outcomes)
        assert {Reason.DEAD_TOKEN} == {each.reason for each in outcomes if isinstance(each, Refused)}


@pytest.mark.usefixtures("hurried")
def test_d16_8_threads_that_authorise_one_user_lose_no_membership() -> None:
    for _ in range(10):
        scene = Scene()
        access, entities = scene.access, [f"entity-{number}" for number in range(8)]
        settle(scene.repositories, *(Entity(id=each, title=each) for each in entities))
        at_once(
            8, lambda number, access=access, entities=entities: access.authorise(ROOT, "id-nowhere", entities[number])
        )
        assert frozenset(entities) == scene.user("nowhere").memberships
