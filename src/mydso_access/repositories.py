"""What a host implements to keep its data where it likes: compare-and-set of one record, and nothing more.

A method may return its value or an awaitable of it. `save` compares the record's version with the stored one (0: must
not exist yet), stores the record under a version never used for that key before (not even before the key was forgotten),
and returns that version; or it raises `Stale` (or `Taken`, for a unique value) and stores nothing. Any other exception
means that nobody knows.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from mydso_access.model.assertion import Assertion
from mydso_access.model.attempts import AttemptCounter, CounterKey
from mydso_access.model.customer import Customer
from mydso_access.model.event import Event
from mydso_access.model.sign_in import SignIn
from mydso_access.model.structure import Entity, Platform, Structure, StructureRecord
from mydso_access.model.user import SsoIdentity, User
from mydso_access.ports import MaybeAwaitable


class UserRepository(Protocol):
    """Keeps users. A user's name and a user's identity of single sign-on are unique over all of them."""

    def get(self, user_id: str, /) -> MaybeAwaitable[User | None]:
        """Return the user with this id."""
        ...

    def named(self, name: str, /) -> MaybeAwaitable[User | None]:
        """Return the user whose canonical login name is exactly this."""
        ...

    def known_as(self, identity: SsoIdentity, /) -> MaybeAwaitable[User | None]:
        """Return the user whose identity of single sign-on is exactly this."""
        ...

    def save(self, user: User, event: Event, /) -> MaybeAwaitable[int]:
        """Store user and event together, and return the user's new version.

        Raises:
            Stale: the stored version is another one.
            Taken: another user has this name (`name`) or this identity (`sso`).
        """
        ...

    def add_all(self, users: Sequence[User], event: Event, /) -> MaybeAwaitable[None]:
        """Store new users and the one event that tells of them: all of them, or nothing.

        Raises:
            Stale: one of them exists.
            Taken: one of their names or identities is another user's, or given twice.
        """
        ...

    def remove(self, user: User, event: Event, /) -> MaybeAwaitable[None]:
        """Forget a user and store the event that tells of it, together.

        Raises:
            Stale: the stored version is another one.
        """
        ...

    def of(self, structure: Structure, /, after: User | None, limit: int) -> MaybeAwaitable[Sequence[User]]:
        """Return a page of the users of a structure: who belongs to it, and who is authorised in it (D16).

        Args:
            structure: entity or platform.
            after: the last user of the page before, as it was returned; `None` for the first page.
            limit: how many at most; fewer mean that it was the last page.

        Returns:
            The users in the order of `model.user.listed_by`, the order of equals always the same.
        """
        ...

    def unseen_since(
        self, structure: Structure, instant: datetime, /, after: User | None, limit: int
    ) -> MaybeAwaitable[Sequence[User]]:
        """Return a page of a structure's own enabled users who were last seen (`model.user.seen_at`) before an instant.

        Args:
            structure: whose own users; who is only authorised in it is not among them.
            instant: the cut-off.
            after: the last user of the page before, as it was returned; `None` for the first page.
            limit: how many at most; fewer mean that it was the last page.

        Returns:
            The users, longest unseen first, the order of equals always the same.
        """
        ...

    def invited_since(self, instant: datetime, /, after: User | None, limit: int) -> MaybeAwaitable[Sequence[User]]:
        """Return a page of the users whose latest invitation was sent before an instant, and was not accepted.

        Args:
            instant: the cut-off.
            after: the last user of the page before, as it was returned; `None` for the first page.
            limit: how many at most; fewer mean that it was the last page.

        Returns:
            The users, longest invited first, the order of equals always the same.
        """
        ...

    def count(self) -> MaybeAwaitable[int]:
        """Return how many users there are, contacts included; asked only where the account has a cap (A1)."""
        ...


class StructureRepository(Protocol):
    """Keeps entities, and the platform if there is one: of platforms there is never more than one."""

    def get(self, structure: Structure, /) -> MaybeAwaitable[StructureRecord | None]:
        """Return the entity or platform of this name."""
        ...

    def platform(self) -> MaybeAwaitable[Platform | None]:
        """Return the platform."""
        ...

    def save(self, record: StructureRecord, event: Event, /) -> MaybeAwaitable[int]:
        """Store entity or platform and event together, and return its new version.

        Raises:
            Stale: the stored version is another one.
            Taken: there is another platform (`platform`).
        """
        ...

    def entities(self, *, after: Entity | None, limit: int) -> MaybeAwaitable[Sequence[Entity]]:
        """Return a page of the entities, in an order that is always the same.

        Args:
            after: the last entity of the page before, as it was returned; `None` for the first page.
            limit: how many at most; fewer mean that it was the last page.
        """
        ...


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


class CounterRepository(Protocol):
    """Keeps attempt counters. A save commits on its own: never in a transaction that the host may roll back."""

    def get(self, key: CounterKey, /) -> MaybeAwaitable[AttemptCounter | None]:
        """Return the counter of this key."""
        ...

    def save(self, counter: AttemptCounter, /) -> MaybeAwaitable[int]:
        """Store the counter and return its new version.

        Raises:
            Stale: the stored version is another one.
        """
        ...

    def purge(self, instant: datetime, /, limit: int) -> MaybeAwaitable[int]:
        """Forget counters whose `idle_from` lies before an instant, at most so many; return how many were forgotten.

        A counter whose `idle_from` is `None` stays. A store that forgets by itself may do nothing and return 0.
        """
        ...


class SignInRepository(Protocol):
    """Keeps half-finished sign-ins. A save commits on its own, like a counter's."""

    def get(self, sign_in_id: str, /) -> MaybeAwaitable[SignIn | None]:
        """Return the sign-in with this id."""
        ...

    def save(self, sign_in: SignIn, /) -> MaybeAwaitable[int]:
        """Store the sign-in and return its new version.

        Raises:
            Stale: the stored version is another one.
        """
        ...

    def purge(self, instant: datetime, /, limit: int) -> MaybeAwaitable[int]:
        """Forget sign-ins whose `expires_at` lies before an instant, at most so many; return how many were forgotten.

        A store that forgets by itself may do nothing and return 0.
        """
        ...


class AssertionRepository(Protocol):
    """Keeps which assertions of single sign-on were taken. A save commits on its own, like a counter's."""

    def add(self, assertion: Assertion, /) -> MaybeAwaitable[None]:
        """Store that an assertion was taken.

        Raises:
            Stale: it was taken before.
        """
        ...

    def purge(self, instant: datetime, /, limit: int) -> MaybeAwaitable[int]:
        """Forget assertions whose `expires_at` lies before an instant, at most so many; return how many were forgotten.

        A store that forgets by itself may do nothing and return 0.
        """
        ...


class EventRepository(Protocol):
    """Keeps the audit trail."""

    def append(self, event: Event, /) -> MaybeAwaitable[None]:
        """Store an event that no record is saved with: a refusal, or a block's start or end."""
        ...

    def page(
        self, since: datetime, /, after: Event | None, limit: int, subject: str | None = None, actor: str | None = None
    ) -> MaybeAwaitable[Sequence[Event]]:
        """Return a page of the trail, earliest first, the order of equals always the same.

        Args:
            since: the earliest instant of interest.
            after: the last event of the page before; `None` for the first page.
            limit: how many at most; fewer mean that it was the last page.
            subject: only events about this user; text that no database keeps is found as the event holds it, escaped.
            actor: only events that this user asked for, likewise.
        """
        ...

    def purge(self, instant: datetime, /, limit: int) -> MaybeAwaitable[int]:
        """Forget events that happened before an instant, at most so many; return how many were forgotten."""
        ...

    def pseudonymise(self, user_id: str, pseudonym: str, /, limit: int) -> MaybeAwaitable[int]:
        """Replace a user's id by a pseudonym, as subject and as actor, and erase the addresses of those events.

        At most so many events; return how many were changed, 0 once none is left.
        """
        ...


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
