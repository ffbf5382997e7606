"""Puts a broken repository into an otherwise sound store, and that under the contract whose tests it must fail."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest

from mydso_access.adapters.memory import (
    MemoryAssertions,
    MemoryCounters,
    MemoryCustomers,
    MemoryEvents,
    MemoryLinks,
    MemorySignIns,
    MemoryStructures,
    MemoryUsers,
)
from mydso_access.testing.conformance import (
    AssertionContract,
    Contract,
    CounterContract,
    CustomerContract,
    EventContract,
    LinkContract,
    RaceContract,
    SignInContract,
    StructureContract,
    UserContract,
)

A_MOMENT = 0.003  # seconds: what a database's answer takes
B = TypeVar("B", bound=type)

CLASSES: dict[str, type[Contract]] = {}  # what pytest collects
MUST_FAIL: dict[str, tuple[str, ...]] = {}  # at least


def under_test(name: str, contract: type[Contract], *tests: str, **broken: Callable[..., Any]) -> None:
    """Put a store with some broken repositories under a contract of which it must fail these tests."""

    @pytest.fixture
    def repositories(_: Any) -> Any:
        events = broken.get("events", MemoryEvents)()
        told = {
            "users": MemoryUsers,
            "structures": MemoryStructures,
            "customers": MemoryCustomers,
            "links": MemoryLinks,
        }
        made = {name: broken.get(name, sound)(events) for name, sound in told.items()}
        counters, sign_ins = broken.get("counters", MemoryCounters)(), broken.get("sign_ins", MemorySignIns)()
        assertions = broken.get("assertions", MemoryAssertions)()
        return SimpleNamespace(**made, counters=counters, sign_ins=sign_ins, assertions=assertions, events=events)

    CLASSES[f"Test{name}"] = type(f"Test{name}", (contract,), {"repositories": repositories})
    MUST_FAIL[f"Test{name}"] = tests


def users(*tests: str) -> Callable[[B], B]:
    def decorate(broken: B) -> B:
        under_test(broken.__name__, UserContract, *tests, users=broken)
        return broken

    return decorate


def structures(*tests: str) -> Callable[[B], B]:
    def decorate(broken: B) -> B:
        under_test(broken.__name__, StructureContract, *tests, structures=broken)
        return broken

    return decorate


def customers(*tests: str) -> Callable[[B], B]:
    def decorate(broken: B) -> B:
        under_test(broken.__name__, CustomerContract, *tests, customers=broken)
        return broken

    return decorate


def links(*tests: str) -> Callable[[B], B]:
    def decorate(broken: B) -> B:
        under_test(broken.__name__, LinkContract, *tests, links=broken)
        return broken

    return decorate


def counters(*tests: str) -> Callable[[B], B]:
    def decorate(broken: B) -> B:
        under_test(broken.__name__, CounterContract, *tests, counters=broken)
        return broken

    return decorate


def sign_ins(*tests: str) -> Callable[[B], B]:
    def decorate(broken: B) -> B:
        under_test(broken.__name__, SignInContract, *tests, sign_ins=broken)
        return broken

    return decorate


def assertions(*tests: str) -> Callable[[B], B]:
    def decorate(broken: B) -> B:
        under_test(broken.__name__, AssertionContract, *tests, assertions=broken)
        return broken

    return decorate


def events(*tests: str) -> Callable[[B], B]:
    def decorate(broken: B) -> B:
        under_test(broken.__name__, EventContract, *tests, events=broken)
        return broken

    return decorate


def race(*tests: str) -> Callable[[B], B]:
    def decorate(broken: B) -> B:
        under_test(f"{broken.__name__}Race", RaceContract, *tests, counters=broken)
        return broken

    return decorate


for sound in (
    *(
        UserContract,
        StructureContract,
        CustomerContract,
        LinkContract,
        CounterContract,
        SignInContract,
        AssertionContract,
    ),
    *(EventContract, RaceContract),
):
    under_test(f"Sound{sound.__name__}", sound)
