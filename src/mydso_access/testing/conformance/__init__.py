"""Proof that a store keeps its promises: subclass one contract per repository and give it an empty store.

For example::

    class TestMyCounters(CounterContract):
        @pytest.fixture
        def repositories(self):  # any object with `counters`; empty at the start of every test
            return MyRepositories(...)

One suite serves both kinds of store: an answer that can be awaited is awaited on the fixture `runner`, an
`asyncio.Runner`, on which the fixture `repositories` of an asynchronous store opens and closes its connections too.
What a store cannot do is declared with a reason, `gaps = {"test_name": "reason"}`, and must then fail. No test of a
contract can be overridden. This package needs pytest.
"""

from mydso_access.testing.conformance.assertions import AssertionContract
from mydso_access.testing.conformance.contract import Contract
from mydso_access.testing.conformance.counters import CounterContract
from mydso_access.testing.conformance.customers import CustomerContract
from mydso_access.testing.conformance.events import EventContract
from mydso_access.testing.conformance.links import LinkContract
from mydso_access.testing.conformance.races import RaceContract
from mydso_access.testing.conformance.sign_ins import SignInContract
from mydso_access.testing.conformance.structures import StructureContract
from mydso_access.testing.conformance.users import UserContract

__all__ = [
    "AssertionContract",
    "Contract",
    "CounterContract",
    "CustomerContract",
    "EventContract",
    "LinkContract",
    "RaceContract",
    "SignInContract",
    "StructureContract",
    "UserContract",
]
