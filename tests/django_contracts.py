"""The repositories of the Django example keep every contract."""

from collections.abc import Iterator

import pytest

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
from tests.django_project import connections, empty

from accounts.records import DjangoRepositories  # isort: skip


class InDjango:
    @pytest.fixture
    def repositories(self) -> Iterator[DjangoRepositories]:
        empty()
        yield DjangoRepositories()
        connections.close_all()


class TestUsers(InDjango, UserContract): ...


class TestStructures(InDjango, StructureContract): ...


class TestCustomers(InDjango, CustomerContract): ...


class TestLinks(InDjango, LinkContract): ...


class TestCounters(InDjango, CounterContract): ...


class TestSignIns(InDjango, SignInContract): ...


class TestAssertions(InDjango, AssertionContract): ...


class TestEvents(InDjango, EventContract): ...


class TestRaces(InDjango, RaceContract): ...
