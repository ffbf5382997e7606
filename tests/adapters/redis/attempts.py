"""Users, structures and trail in memory, counters, sign-ins and assertions in Valkey, and what an attempt left there."""

from typing import Any

import pytest
from attrs import frozen

from mydso_access.adapters.redis import (
    AsyncRedisAssertions,
    AsyncRedisCounters,
    AsyncRedisSignIns,
    RedisAssertions,
    RedisCounters,
    RedisSignIns,
)
from mydso_access.decisions.lockout import current
from mydso_access.model import AttemptCounter
from mydso_access.repositories import (
    AssertionRepository,
    CounterRepository,
    CustomerRepository,
    EventRepository,
    LinkRepository,
    SignInRepository,
    StructureRepository,
    UserRepository,
)
from tests.support import World, policy, populated

redis = pytest.importorskip("redis")

LEASE = policy().lockout.lease


@frozen
class Split:
    """Users, structures and trail in one place, counters, half-finished sign-ins and assertions in another."""

    users: UserRepository
    structures: StructureRepository
    customers: CustomerRepository
    links: LinkRepository
    events: EventRepository
    counters: CounterRepository
    sign_ins: SignInRepository
    assertions: AssertionRepository


def beside(memory: Any, client: Any) -> Split:
    """Keep what a sign-in writes by itself through a synchronous client."""
    kept = (RedisCounters(client), RedisSignIns(client), RedisAssertions(client))
    return Split(memory.users, memory.structures, memory.customers, memory.links, memory.events, *kept)


def beside_asynchronously(memory: Any, client: Any) -> Split:
    """Keep what a sign-in writes by itself through an asynchronous client."""
    kept = (AsyncRedisCounters(client), AsyncRedisSignIns(client), AsyncRedisAssertions(client))
    return Split(memory.users, memory.structures, memory.customers, memory.links, memory.events, *kept)


def split(client: Any) -> Split:
    return beside(populated(), client)


def asynchronous(client: Any) -> Split:
    return beside_asynchronously(populated(), client)


def failures(world: World) -> int:
    """Return how many failures the account and the address have once every lease has ended; the same on both."""
    world.clock.move(LEASE)
    counted = {len(current(each, world.policy.lockout, world.clock.now()).failures) for each in _both(world)}
    assert 1 == len(counted), counted
    return counted.pop()


def _both(world: World) -> tuple[AttemptCounter, AttemptCounter]:
    return world.account("known"), world.address()
