"""What a host implements to keep its data where it likes: compare-and-set of one record, and nothing more.

A method may return its value or an awaitable of it. `save` compares the record's version with the stored one (0: must
not exist yet), stores the record under a version never used for that key before (not even before the key was forgotten),
and returns that version; or it raises `Stale` (or `Taken`, for a unique value) and stores nothing. Any other exception
means that nobody knows.
"""

from typing import Protocol

from mydso_access.repositories.attempts import (
    AssertionRepository,
    CounterRepository,
    EventRepository,
    SignInRepository,
)
from mydso_access.repositories.customers import CustomerRepository, LinkRepository
from mydso_access.repositories.people import StructureRepository, UserRepository

__all__ = [
    "AssertionRepository",
    "CounterRepository",
    "CustomerRepository",
    "EventRepository",
    "LinkRepository",
    "Repositories",
    "SignInRepository",
    "StructureRepository",
    "UserRepository",
]


class Repositories(Protocol):
    """One installation's repositories: any object with these attributes, each kept where the host likes."""

    @property
    def users(self) -> UserRepository:
        """Users."""
        ...

    @property
    def structures(self) -> StructureRepository:
        """Entities and the platform."""
        ...

    @property
    def customers(self) -> CustomerRepository:
        """Customers' associations."""
        ...

    @property
    def links(self) -> LinkRepository:
        """Links to customers' pages and documents."""
        ...

    @property
    def counters(self) -> CounterRepository:
        """Attempt counters."""
        ...

    @property
    def sign_ins(self) -> SignInRepository:
        """Half-finished sign-ins."""
        ...

    @property
    def assertions(self) -> AssertionRepository:
        """Assertions of single sign-on that were taken."""
        ...

    @property
    def events(self) -> EventRepository:
        """The audit trail."""
        ...
