"""Users, structures and trail in memory, counters in Valkey, and what an attempt left there."""

from typing import Any

import pytest
from attrs import frozen

from mydso_access.adapters.redis import AsyncRedisCounters, AsyncRedisSignIns, RedisCounters, RedisSignIns
from mydso_access.decisions.lockout import current
from mydso_access.model import AttemptCounter
from mydso_access.repositories import (
    CounterRepository,
    CustomerRepository,
    EventRepository,
    SignInRepository,
    StructureRepository,
    UserRepository,
)
from tests.support import World, policy, populated

redis = pytest.importorskip("redis")

LEASE = policy().lockout.lease


@frozen
class Split:
    """Users, structures and trail in one place, counters and half-finished sign-ins in another."""

    users: UserRepository
    structures: StructureRepository
    customers: CustomerRepository
    events: EventRepository
    counters: CounterRepository
    sign_ins: SignInRepository


def beside(memory: Any, counters: CounterRepository, sign_ins: SignInRepository) -> Split:
    return Split(memory.users, memory.structures, memory.customers, memory.events, counters, sign_ins)


def split(client: Any) -> Split:
    return beside(populated(), RedisCounters(client), RedisSignIns(client))


def asynchronous(client: Any) -> Split:
    return beside(populated(), AsyncRedisCounters(client), AsyncRedisSignIns(client))


def failures(world: World) -> int:
    """Return how many failures the account and the address have once every lease has ended; the same on both."""
    world.clock.move(LEASE)
    counted = {len(current(each, world.policy.lockout, world.clock.now()).failures) for each in _both(world)}
    assert 1 == len(counted), counted
    return counted.pop()


def _both(world: World) -> tuple[AttemptCounter, AttemptCounter]:
    return world.account("known"), world.address()
