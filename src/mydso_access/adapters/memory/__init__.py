"""Repositories in this process's memory: for tests, examples and single-process tools. Nothing survives the process."""

from typing import final

from attrs import Factory, field, frozen

from mydso_access.adapters.memory.assertions import MemoryAssertions
from mydso_access.adapters.memory.attempts import MemoryCounters, MemorySignIns
from mydso_access.adapters.memory.customers import MemoryCustomers, MemoryLinks
from mydso_access.adapters.memory.events import MemoryEvents
from mydso_access.adapters.memory.structures import MemoryStructures
from mydso_access.adapters.memory.users import MemoryUsers

__all__ = [
    "MemoryAssertions",
    "MemoryCounters",
    "MemoryCustomers",
    "MemoryEvents",
    "MemoryLinks",
    "MemoryRepositories",
    "MemorySignIns",
    "MemoryStructures",
    "MemoryUsers",
]


@final
@frozen(eq=False, repr=False)
class MemoryRepositories:
    """One installation in memory, thread-safe. Records are immutable, so nothing handed out can be changed."""

    events: MemoryEvents = field(init=False, factory=MemoryEvents)
    counters: MemoryCounters = field(init=False, factory=MemoryCounters)
    sign_ins: MemorySignIns = field(init=False, factory=MemorySignIns)
    assertions: MemoryAssertions = field(init=False, factory=MemoryAssertions)
    users: MemoryUsers = field(init=False, default=Factory(lambda self: MemoryUsers(self.events), takes_self=True))
    structures: MemoryStructures = field(
        init=False, default=Factory(lambda self: MemoryStructures(self.events), takes_self=True)
    )
    customers: MemoryCustomers = field(
        init=False, default=Factory(lambda self: MemoryCustomers(self.events), takes_self=True)
    )
    links: MemoryLinks = field(init=False, default=Factory(lambda self: MemoryLinks(self.events), takes_self=True))
