"""The store in memory keeps every contract, and so it does behind asynchronous methods."""

import asyncio
import inspect
from typing import Any

import pytest

from mydso_access.adapters.memory import MemoryRepositories
from mydso_access.testing.conformance import (
    AssertionContract,
    CounterContract,
    CustomerContract,
    EventContract,
    LinkContract,
    RaceContract,
    SignInContract,
    StructureContract,
    UserContract,
)


class InMemory:
    @pytest.fixture
    def repositories(self) -> MemoryRepositories:
        return MemoryRepositories()


class TestUsers(InMemory, UserContract): ...


class TestStructures(InMemory, StructureContract): ...


class TestCustomers(InMemory, CustomerContract): ...


class TestLinks(InMemory, LinkContract): ...


class TestCounters(InMemory, CounterContract): ...


class TestSignIns(InMemory, SignInContract): ...


class TestAssertions(InMemory, AssertionContract): ...


class TestEvents(InMemory, EventContract): ...


class TestRaces(InMemory, RaceContract): ...


class Asynchronous:
    """An object whose methods, and those of its attributes, answer with coroutines that let others go first."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if not inspect.ismethod(found):
            return Asynchronous(found)

        async def call(*args: Any, **kwargs: Any) -> Any:
            await asyncio.sleep(0)
            answer = found(*args, **kwargs)
            await asyncio.sleep(0)
            return answer

        return call


class InMemoryAsynchronously:
    @pytest.fixture
    def repositories(self) -> Asynchronous:
        return Asynchronous(MemoryRepositories())


class TestAsynchronousUsers(InMemoryAsynchronously, UserContract): ...


class TestAsynchronousStructures(InMemoryAsynchronously, StructureContract): ...


class TestAsynchronousCustomers(InMemoryAsynchronously, CustomerContract): ...


class TestAsynchronousLinks(InMemoryAsynchronously, LinkContract): ...


class TestAsynchronousCounters(InMemoryAsynchronously, CounterContract): ...


class TestAsynchronousSignIns(InMemoryAsynchronously, SignInContract): ...


class TestAsynchronousAssertions(InMemoryAsynchronously, AssertionContract): ...


class TestAsynchronousEvents(InMemoryAsynchronously, EventContract): ...


class TestAsynchronousRaces(InMemoryAsynchronously, RaceContract): ...
