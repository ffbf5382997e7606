"""What a host implements to keep its data where it likes: compare-and-set of one record, and nothing more.

A method may return its value or an awaitable of it. `save` compares the record's version with the stored one (0: must
not exist yet), stores the record under a version never used for that key before, and returns that version; or it raises
`Stale` (or `Taken`, for a unique value) and stores nothing. Any other exception means that nobody knows.
"""

from typing import Protocol

from mydso_access.model.attempts import AttemptCounter, CounterKey
from mydso_access.model.event import Event
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


class EventRepository(Protocol):
    """Keeps the audit trail."""

    def append(self, event: Event, /) -> MaybeAwaitable[None]:
        """Store an event that no record is saved with: a refusal, or a block's start or end."""
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
    def events(self) -> EventRepository:
        """The audit trail."""
        ...
