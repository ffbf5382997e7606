"""Stores whose records come back as others: in halves, rounded, cut, or with something lost."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
from attrs import evolve

from mydso_access.adapters.memory import MemoryCounters, MemoryEvents, MemorySignIns, MemoryUsers
from mydso_access.errors import Stale
from mydso_access.model import AttemptCounter, CounterKey, Credential, Event, Secret, SignIn, User
from tests.testing.broken.under_test import A_MOMENT, counters, events, sign_ins, users


@counters("test_no_reader_sees_half_a_save_or_goes_back")
class PiecemealSave(MemoryCounters):
    """Writes failures first and the rest a moment later."""

    def __init__(self) -> None:
        super().__init__()
        self.writing = threading.Lock()

    def save(self, counter: AttemptCounter, /) -> int:
        with self.writing:
            before = self.get(counter.key) or AttemptCounter(counter.key)
            if before.version != counter.version:
                raise Stale
            version = super().save(evolve(before, failures=counter.failures))
            time.sleep(A_MOMENT)
            return super().save(counter.stored(version, counter.idle_from))


@users("test_no_reader_sees_half_a_save_or_goes_back")
class PiecemealSaveOfUsers(MemoryUsers):
    """Writes who wrote it a moment before the rest."""

    def __init__(self, trail: MemoryEvents) -> None:
        super().__init__(trail)
        self.writing = threading.Lock()

    def save(self, user: User, event: Event, /) -> int:
        with self.writing:
            before = self.get(user.id)
            if before is None or before.version != user.version:
                return super().save(user, event)
            self._by_id[user.id] = evolve(before, written_by=user.written_by)
            time.sleep(A_MOMENT)
            return super().save(user, event)


def by_the_second(record: Any) -> Any:
    """Return the record with every instant cut to its second."""
    return changed(record, lambda value: value.replace(microsecond=0) if isinstance(value, datetime) else value)


def changed(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return a value with everything in it changed, deep down; no record checks itself on the way."""
    if isinstance(value, tuple):
        return tuple(changed(each, change) for each in value)
    if isinstance(value, CounterKey):
        return value
    if not attrs.has(type(value)):
        return change(value)
    fields = [field.name for field in attrs.fields(type(value))]
    copy = object.__new__(type(value))
    for name in fields:
        object.__setattr__(copy, name, changed(getattr(value, name), change))
    return AttemptCounter(*(getattr(copy, name) for name in fields)) if type(value) is AttemptCounter else copy


@counters("test_instants_come_back_to_the_microsecond")
class SecondPrecision(MemoryCounters):
    def save(self, counter: AttemptCounter, /) -> int:
        return super().save(by_the_second(counter))


@users("test_instants_come_back_to_the_microsecond")
class SecondPrecisionOfUsers(MemoryUsers):
    def save(self, user: User, event: Event, /) -> int:
        return super().save(by_the_second(user), event)


@sign_ins("test_instants_come_back_to_the_microsecond")
class SecondPrecisionOfSignIns(MemorySignIns):
    def save(self, sign_in: SignIn, /) -> int:
        return super().save(by_the_second(sign_in))


@events("test_instants_come_back_to_the_microsecond")
class SecondPrecisionOfEvents(MemoryEvents):
    def append(self, event: Event, /) -> None:
        super().append(by_the_second(event))


@counters("test_instants_come_back_to_the_microsecond")
class FloatingInstants(MemoryCounters):
    """Keeps seconds since 1970 as a float, which has no microseconds left in the year 9000."""

    def save(self, counter: AttemptCounter, /) -> int:
        def floating(value: Any) -> Any:
            return datetime.fromtimestamp(value.timestamp(), UTC) if isinstance(value, datetime) else value

        return super().save(changed(counter, floating))


@counters("test_instants_come_back_to_the_microsecond")
class NaiveInstants(MemoryCounters):
    def get(self, key: CounterKey, /) -> AttemptCounter | None:
        found = super().get(key)
        return found and changed(found, lambda v: v.replace(tzinfo=None) if isinstance(v, datetime) else v)


@counters("test_instants_come_back_to_the_microsecond")
class LocalInstants(MemoryCounters):
    def get(self, key: CounterKey, /) -> AttemptCounter | None:
        def local(value: Any) -> Any:
            within = isinstance(value, datetime) and value.year < 8999
            return value.astimezone(timezone(timedelta(hours=1))) if within else value

        found = super().get(key)
        return found and changed(found, local)


@counters("test_every_field_comes_back_as_it_was_saved")
class FloatingNumbers(MemoryCounters):
    def get(self, key: CounterKey, /) -> AttemptCounter | None:
        found = super().get(key)
        return found and evolve(found, failed=int(float(found.failed)))


@users("test_every_field_comes_back_as_it_was_saved")
class CutSecrets(MemoryUsers):
    """A column of 255 characters."""

    def save(self, user: User, event: Event, /) -> int:
        if user.credential is not None:
            user = evolve(
                user, credential=Credential(Secret(user.credential.hash.reveal()[:255]), user.credential.set_at)
            )
        return super().save(user, event)


@users("test_every_field_comes_back_as_it_was_saved")
class ShownSecrets(MemoryUsers):
    def save(self, user: User, event: Event, /) -> int:
        if user.credential is not None:
            user = evolve(user, credential=Credential(Secret(str(user.credential.hash)), user.credential.set_at))
        return super().save(user, event)


@sign_ins("test_every_field_comes_back_as_it_was_saved")
class NothingIsEmpty(MemorySignIns):
    """Cannot tell `None` from an empty text."""

    def get(self, sign_in_id: str, /) -> SignIn | None:
        found = super().get(sign_in_id)
        return found and evolve(found, session=found.session or None)


@sign_ins("test_every_field_comes_back_as_it_was_changed")
class NeverEmptied(MemorySignIns):
    """Writes only what is given."""

    def save(self, sign_in: SignIn, /) -> int:
        before = self.get(sign_in.id)
        kept = {} if before is None else {name: getattr(before, name) for name in ("code", "seed", "used_at")}
        return super().save(evolve(sign_in, **{n: kept[n] for n in kept if getattr(sign_in, n) is None}))


@events("test_every_field_comes_back_as_it_was_told")
class LostLevels(MemoryEvents):
    def append(self, event: Event, /) -> None:
        super().append(evolve(event, levels=frozenset(list(event.levels)[:1])))


@counters("test_what_was_never_saved_is_none")
class InventsRecords(MemoryCounters):
    def get(self, key: CounterKey, /) -> AttemptCounter | None:
        return super().get(key) or AttemptCounter(key)
