"""What the page on stores of one's own says, put into one file, is a test file whose store keeps every contract."""

import re
from pathlib import Path

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

pytest_plugins = ["pytester"]

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "use-your-own-store.md"
CONTRACTS = (
    UserContract,
    StructureContract,
    CustomerContract,
    LinkContract,
    CounterContract,
    SignInContract,
    AssertionContract,
    EventContract,
    RaceContract,
)


def test_the_store_of_the_page_keeps_every_contract(pytester: pytest.Pytester) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    pytester.makepyfile("\n\n".join(blocks))
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:asyncio", "-q")
    count = sum(name.startswith("test_") for contract in CONTRACTS for name in dir(contract))
    assert {"passed": count} == result.parseoutcomes()
    assert count > 100  # as the page says
