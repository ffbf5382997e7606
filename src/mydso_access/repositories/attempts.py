"""What a host implements to keep attempts, half-finished sign-ins and the trail."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from mydso_access.model.assertion import Assertion
from mydso_access.model.attempts import AttemptCounter, CounterKey
from mydso_access.model.event import Event, EventQuery
from mydso_access.model.sign_in import SignIn
from mydso_access.ports import MaybeAwaitable


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

    def page(self, query: EventQuery, /, after: Event | None, limit: int) -> MaybeAwaitable[Sequence[Event]]:
        """Return a page of the trail: earliest first, the order of equals always the same; or that order from its end.

        Args:
            query: which events are asked for, and whether the latest come first.
            after: the last event of the page before; `None` for the first page.
            limit: how many at most; fewer mean that it was the last page.
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
