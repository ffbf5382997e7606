"""Users in memory: by id, by name, by identity, in lists and in searches."""

import threading
from collections.abc import Sequence
from datetime import datetime
from typing import final

from mydso_access.adapters.memory.events import MemoryEvents
from mydso_access.adapters.memory.records import compared, page_of
from mydso_access.errors import Stale, Taken
from mydso_access.model.event import Event
from mydso_access.model.structure import Structure
from mydso_access.model.user import Invited, SsoIdentity, User, listed_by, seen_at
from mydso_access.policy.fixed import EARLIEST


@final
class MemoryUsers:
    """Users, and the trail that their events go to."""

    def __init__(self, events: MemoryEvents) -> None:
        self._by_id: dict[str, User] = {}
        self._id_of: dict[str, str] = {}
        self._id_known_as: dict[SsoIdentity, str] = {}
        self._events = events
        self._lock = threading.Lock()

    def get(self, user_id: str, /) -> User | None:
        """Return the user with this id."""
        with self._lock:  # not before the event is stored, too
            return self._by_id.get(user_id)

    def named(self, name: str, /) -> User | None:
        """Return the user with exactly this name."""
        with self._lock:
            return self._by_id[self._id_of[name]] if name in self._id_of else None

    def known_as(self, identity: SsoIdentity, /) -> User | None:
        """Return the user with exactly this identity of single sign-on."""
        with self._lock:
            return self._by_id[self._id_known_as[identity]] if identity in self._id_known_as else None

    def save(self, user: User, event: Event, /) -> int:
        """Store user and event, or raise `Stale` or `Taken` and store nothing."""
        with self._lock:
            stored = self._checked(user)
            self._store(stored)
            self._events.append(event)
        return stored.version

    def add_all(self, users: Sequence[User], event: Event, /) -> None:
        """Store new users and their event, or raise `Stale` or `Taken` and store nothing."""
        with self._lock:
            if any(user.version for user in users) or len({user.id for user in users}) < len(users):
                raise Stale
            new = [self._checked(user) for user in users]
            for field in ("name", "sso"):
                values = [value for user in users if (value := getattr(user, field)) is not None]
                if len(set(values)) < len(values):
                    raise Taken(field)
            for user in new:
                self._store(user)
            self._events.append(event)

    def remove(self, user: User, event: Event, /) -> None:
        """Forget a user and store the event, or raise `Stale` and change nothing."""
        with self._lock:
            before = self._by_id.get(user.id)
            if before is None or user.version != before.version:
                raise Stale
            self._release(before)
            del self._by_id[user.id]
            self._events.append(event)

    def of(self, structure: Structure, /, after: User | None, limit: int) -> tuple[User, ...]:
        """Return a page of a structure's users: who belongs to it, and who is authorised in it."""
        found = [user for user in self._all() if user.structure == structure or _is_authorised(user, structure)]
        return page_of(found, lambda user: (listed_by(user), user.id), after, limit)

    def unseen_since(
        self, structure: Structure, instant: datetime, /, after: User | None, limit: int
    ) -> tuple[User, ...]:
        """Return a page of a structure's own enabled users who were not seen since, longest unseen first."""
        own = [user for user in self._all() if user.structure == structure]
        unseen = [user for user in own if (seen := seen_at(user)) is not None and seen < instant]
        return page_of(unseen, lambda user: (seen_at(user) or EARLIEST, user.id), after, limit)

    def invited_before(self, instant: datetime, /, after: User | None, limit: int) -> tuple[User, ...]:
        """Return a page of the users who were invited before an instant and did not accept, longest invited first."""
        invited = [user for user in self._all() if isinstance(user.login, Invited) and user.login.since < instant]
        return page_of(invited, _invited_place, after, limit)

    def count(self) -> int:
        """Return how many users there are."""
        return len(self._by_id)

    def _all(self) -> tuple[User, ...]:
        with self._lock:
            return tuple(self._by_id.values())

    def _checked(self, user: User) -> User:
        stored = compared(user, self._by_id.get(user.id))
        if user.name is not None and self._id_of.get(user.name, user.id) != user.id:
            raise Taken("name")
        if user.sso is not None and self._id_known_as.get(user.sso, user.id) != user.id:
            raise Taken("sso")
        return stored

    def _store(self, user: User) -> None:
        before = self._by_id.get(user.id)
        if before is not None:
            self._release(before)
        if user.name is not None:
            self._id_of[user.name] = user.id
        if user.sso is not None:
            self._id_known_as[user.sso] = user.id
        self._by_id[user.id] = user

    def _release(self, before: User) -> None:
        """Give up what was unique to a user."""
        if before.name is not None:
            del self._id_of[before.name]
        if before.sso is not None:
            del self._id_known_as[before.sso]


def _is_authorised(user: User, structure: Structure) -> bool:
    return structure.id in user.memberships and structure == Structure.entity(structure.id)


def _invited_place(user: User) -> tuple[datetime, str]:
    return (user.login.since if isinstance(user.login, Invited) else EARLIEST), user.id
