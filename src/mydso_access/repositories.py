"""What a host implements to keep its data where it likes: compare-and-set of one record, and nothing more.

A method may return its value or an awaitable of it. `save` compares the record's version with the stored one (0: must
not exist yet), stores the record under a version never used for that key before (not even before the key was forgotten),
and returns that version; or it raises `Stale` (or `Taken`, for a unique value) and stores nothing. Any other exception
means that nobody knows.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from mydso_access.model.attempts import AttemptCounter, CounterKey
from mydso_access.model.event import Event
from mydso_access.model.sign_in import SignIn
from mydso_access.model.user import User
from mydso_access.ports import MaybeAwaitable


class UserRepository(Protocol):
    """Keeps users. A user's name is unique over all of them."""

    def get(self, user_id: str, /) -> MaybeAwaitable[User | None]:
        """Return the user with this id."""
        ...

    def named(self, name: str, /) -> MaybeAwaitable[User | None]:
        """Return the user whose canonical login name is exactly this."""
        ...

    def save(self, user: User, event: Event, /) -> MaybeAwaitable[int]:
        """Store user and event together, and return the user's new version.

        Raises:
            Stale: the stored version is another one.
            Taken: another user has this name.
        """
        ...

    def add_all(self, users: Sequence[User], event: Event, /) -> MaybeAwaitable[None]:
        """Store new users and the one event that tells of them: all of them, or nothing.

        Raises:
            Stale: one of them exists.
            Taken: one of their names is another user's, or given twice.
        """
        ...

    def unseen_since(self, instant: datetime, /, after: User | None, limit: int) -> MaybeAwaitable[Sequence[User]]:
        """Return a page of the enabled users who were last seen (`model.user.seen_at`) before an instant.

        Args:
            instant: the cut-off.
            after: the last user of the page before, as it was returned; `None` for the first page.
            limit: how many at most; fewer mean that it was the last page.

        Returns:
            The users, longest unseen first, the order of equals always the same.
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


class EventRepository(Protocol):
    """Keeps the audit trail."""

    def append(self, event: Event, /) -> MaybeAwaitable[None]:
        """Store an event that no record is saved with: a refusal, or a block's start or end."""
        ...

    def page(
        self, since: datetime, /, after: Event | None, limit: int, subject: str | None = None
    ) -> MaybeAwaitable[Sequence[Event]]:
        """Return a page of the trail, earliest first, the order of equals always the same.

        Args:
            since: the earliest instant of interest.
            after: the last event of the page before; `None` for the first page.
            limit: how many at most; fewer mean that it was the last page.
            subject: only events about this user; text that no database keeps is found as the event holds it, escaped.
        """
        ...


class Repositories(Protocol):
    """One installation's repositories: any object with these attributes, each kept where the host likes."""

    @property
    def users(self) -> UserRepository:
        """Users."""
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
    def events(self) -> EventRepository:
        """The audit trail."""
        ...
