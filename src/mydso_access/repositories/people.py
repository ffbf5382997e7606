"""What a host implements to keep users, entities and the platform."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from mydso_access.model.event import Event
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

    def invited_before(self, instant: datetime, /, after: User | None, limit: int) -> MaybeAwaitable[Sequence[User]]:
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
