"""What a host implements to keep associations of customers, and links to their pages and documents."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from mydso_access.model.customer import Customer
from mydso_access.model.event import Event
from mydso_access.model.link import Link
from mydso_access.ports import MaybeAwaitable


class CustomerRepository(Protocol):
    """Keeps which users are associated with which customers; the customers themselves are the host's."""

    def get(self, entity: str, customer_id: str, /) -> MaybeAwaitable[Customer | None]:
        """Return a customer's associations; equal ids in two entities are two customers."""
        ...

    def save(self, customer: Customer, event: Event, /) -> MaybeAwaitable[int]:
        """Store associations and event together, and return their new version.

        Raises:
            Stale: the stored version is another one.
        """
        ...

    def named(self, entity: str, customer_ids: Sequence[str], /) -> MaybeAwaitable[Sequence[Customer]]:
        """Return the associations of these customers of an entity, in any order; of those that have any.

        Args:
            entity: id of the entity.
            customer_ids: the host's own ids, none twice, never more than a page (500).
        """
        ...

    def save_all(self, saves: Sequence[tuple[Customer, Event]], /) -> MaybeAwaitable[None]:
        """Store several customers' associations, each with its event: all of them, or nothing.

        Args:
            saves: records and events, no customer twice, never more than a page (500).

        Raises:
            Stale: the stored version of one of them is another one.
        """
        ...

    def of(
        self, entity: str, /, after: Customer | None, limit: int, associated: str | None = None
    ) -> MaybeAwaitable[Sequence[Customer]]:
        """Return a page of an entity's customers, in an order that is always the same.

        Args:
            entity: id of the entity.
            after: the last customer of the page before, as it was returned; `None` for the first page.
            limit: how many at most; fewer mean that it was the last page.
            associated: only customers whose collector or colleague this user is.
        """
        ...


class LinkRepository(Protocol):
    """Keeps links to customers' pages and documents."""

    def get(self, link_id: str, /) -> MaybeAwaitable[Link | None]:
        """Return the link with this id."""
        ...

    def save(self, link: Link, event: Event, /) -> MaybeAwaitable[int]:
        """Store link and event together, and return the link's new version.

        Raises:
            Stale: the stored version is another one.
        """
        ...

    def add_all(self, links: Sequence[Link], event: Event, /) -> MaybeAwaitable[None]:
        """Store new links and the one event that tells of them: all of them, or nothing; at most a thousand.

        Raises:
            Stale: one of them exists.
        """
        ...

    def of(
        self,
        entity: str,
        /,
        after: Link | None,
        limit: int,
        customer: str | None = None,
        granter: str | None = None,
    ) -> MaybeAwaitable[Sequence[Link]]:
        """Return a page of an entity's links, in an order that is always the same.

        Args:
            entity: id of the entity.
            after: the last link of the page before, as it was returned; `None` for the first page.
            limit: how many at most; fewer mean that it was the last page.
            customer: only links to this customer's pages and documents.
            granter: only links that this user granted.
        """
        ...

    def forget(self, granter: str, /, limit: int) -> MaybeAwaitable[int]:
        """Forget links that a user granted, at most so many; return how many were forgotten, 0 once none is left."""
        ...

    def purge(self, instant: datetime, /, limit: int) -> MaybeAwaitable[int]:
        """Forget links whose `dead_from` lies before an instant, at most so many; return how many were forgotten.

        A link whose `dead_from` is `None` stays.
        """
        ...
