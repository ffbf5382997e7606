"""The repositories, distrusted: every answer is checked; a bridge makes every failure a `StoreError`."""

import logging
from datetime import UTC, datetime
from typing import Any

from attrs import evolve, frozen

from mydso_access.errors import BrokenStore, StoreError, shown
from mydso_access.model.attempts import AttemptCounter, CounterKey
from mydso_access.model.event import Event
from mydso_access.model.user import User
from mydso_access.ports import Bridge
from mydso_access.repositories import CounterRepository, EventRepository, SignInRepository, UserRepository

logger: logging.Logger = logging.getLogger("mydso_access")


@frozen(eq=False, repr=False)
class Store:
    """What flows and gate ask instead of the repositories."""

    users: UserRepository
    counters: CounterRepository
    sign_ins: SignInRepository
    events: EventRepository
    bridge: Bridge

    async def counter(self, key: CounterKey) -> AttemptCounter:
        """Return the key's counter, or a new one."""
        found = await self.bridge.ask(self.counters.get, key)
        if found is None:
            return AttemptCounter(key)
        if type(found) is not AttemptCounter or found.key != key or not _is_sound(found):
            raise BrokenStore("counters.get", f"{_kind(found)} instead of the counter asked for")
        return found

    async def save_counter(self, counter: AttemptCounter, idle_from: datetime | None) -> AttemptCounter:
        """Save the counter, to be kept until an instant, and return it as stored."""
        version = await self.bridge.ask(self.counters.save, counter.stored(counter.version, idle_from))
        return counter.stored(_grown("counters.save", version, counter.version), idle_from)

    async def purge_counters(self, before: datetime, limit: int) -> int:
        """Forget counters that were idle before an instant, at most so many."""
        return _portion("counters.purge", await self.bridge.ask(self.counters.purge, before, limit=limit), limit)

    async def purge_sign_ins(self, before: datetime, limit: int) -> int:
        """Forget sign-ins that expired before an instant, at most so many."""
        return _portion("sign_ins.purge", await self.bridge.ask(self.sign_ins.purge, before, limit=limit), limit)

    async def user(self, user_id: str) -> User | None:
        """Return the user with this id."""
        found = await self.bridge.ask(self.users.get, user_id)
        if found is None:
            return None
        if type(found) is not User or found.id != user_id or not _is_version(found.version, 0):
            raise BrokenStore("users.get", f"{_kind(found)} instead of the user asked for")
        return found

    async def user_named(self, name: str) -> User | None:
        """Return the user found under this name; whether it is exactly theirs is for the decision to say (D11)."""
        found = await self.bridge.ask(self.users.named, name)
        if found is not None and (type(found) is not User or not _is_version(found.version, 0)):
            raise BrokenStore("users.named", f"{_kind(found)} instead of a user")
        return found

    async def save_user(self, user: User, event: Event) -> User:
        """Save user and event together and return the user as stored."""
        version = await self.bridge.ask(self.users.save, user, event)
        return evolve(user, version=_grown("users.save", version, user.version))

    async def append(self, event: Event) -> None:
        """Append an event; a trail that cannot be written never turns a refusal into anything else."""
        try:
            await self.bridge.ask(self.events.append, event)
        except StoreError:
            logger.exception("an event could not be stored: %s at %s", event.kind.value, event.at.isoformat())


def _grown(call: str, version: Any, before: int) -> int:
    if not _is_version(version, before):
        raise BrokenStore(call, f"{shown(version)} instead of a version above {before}")
    return version  # type: ignore[no-any-return]  # an int, as just checked


def _portion(call: str, forgotten: Any, limit: int) -> int:
    if type(forgotten) is not int or not 0 <= forgotten <= limit:
        raise BrokenStore(call, f"{shown(forgotten)} instead of how many were forgotten, from 0 to {limit}")
    return forgotten


def _is_sound(counter: AttemptCounter) -> bool:
    """Tell whether a counter may be reckoned with: a store that lost its time zones has no order of instants."""
    instants = [counter.saved_at]
    if counter.blocked_until is not None:
        instants.append(counter.blocked_until)
    instants.extend(failure.at for failure in counter.failures)
    for reservation in counter.reservations:
        instants += (reservation.at, reservation.clock)
    return _is_version(counter.version, 0) and all(getattr(instant, "tzinfo", None) is UTC for instant in instants)


def _is_version(version: Any, above: int) -> bool:
    return type(version) is int and version > above


def _kind(answer: Any) -> str:
    return f"a {type(answer).__name__}"
