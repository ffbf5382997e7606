"""Stores that compare wrongly, or give versions that are none, stand still or come back."""

import asyncio
import threading
import time
from datetime import datetime
from typing import Any

from attrs import evolve

from mydso_access.adapters.memory import MemoryCounters, MemoryEvents, MemorySignIns, MemoryUsers
from mydso_access.errors import Stale
from mydso_access.model import AttemptCounter, CounterKey, Event, SignIn, User
from mydso_access.testing.conformance import RaceContract
from tests.testing.broken.under_test import A_MOMENT, counters, race, sign_ins, under_test, users


@race(
    "test_of_guesses_at_one_account_from_many_addresses_exactly_the_limit_is_evaluated",
    "test_of_guesses_from_one_address_at_many_accounts_exactly_the_limit_is_evaluated",
)
@counters(
    "test_a_new_record_where_one_exists_is_stale_and_stores_nothing",
    "test_a_save_from_another_version_is_stale_and_stores_nothing",
    "test_a_save_of_what_does_not_exist_is_stale_and_stores_nothing",
    "test_of_two_saves_from_one_version_the_second_is_stale",
    "test_a_save_whose_answer_was_lost_is_there_and_stale_when_repeated",
    "test_of_many_who_create_one_record_one_does",
    "test_a_save_from_before_a_record_was_forgotten_is_stale",
)
class NoVersionCheck(MemoryCounters):
    def save(self, counter: AttemptCounter, /) -> int:
        stored = self.get(counter.key)
        return super().save(counter.stored(stored.version if stored else 0, counter.idle_from))


@users(
    "test_a_new_record_where_one_exists_is_stale_and_stores_nothing",
    "test_a_save_from_another_version_is_stale_and_stores_nothing",
    "test_a_save_of_what_does_not_exist_is_stale_and_stores_nothing",
    "test_of_two_saves_from_one_version_the_second_is_stale",
    "test_a_save_whose_answer_was_lost_is_there_and_stale_when_repeated",
    "test_of_many_who_create_one_record_one_does",
    "test_a_stale_save_leaves_no_event",
)
class NoVersionCheckOfUsers(MemoryUsers):
    def save(self, user: User, event: Event, /) -> int:
        stored = self.get(user.id)
        return super().save(evolve(user, version=stored.version if stored else 0), event)


@sign_ins(
    "test_a_new_record_where_one_exists_is_stale_and_stores_nothing",
    "test_a_save_whose_answer_was_lost_is_there_and_stale_when_repeated",
    "test_of_many_who_create_one_record_one_does",
)
class NewOverwrites(MemorySignIns):
    def save(self, sign_in: SignIn, /) -> int:
        stored = self.get(sign_in.id)
        return super().save(evolve(sign_in, version=stored.version) if stored and not sign_in.version else sign_in)


@sign_ins("test_a_save_from_another_version_is_stale_and_stores_nothing")
class OlderOnlyIsStale(MemorySignIns):
    def save(self, sign_in: SignIn, /) -> int:
        stored = self.get(sign_in.id)
        newer = stored is not None and sign_in.version > stored.version
        return super().save(evolve(sign_in, version=stored.version) if newer else sign_in)


@sign_ins(
    "test_a_save_of_what_does_not_exist_is_stale_and_stores_nothing",
    "test_a_save_from_before_a_record_was_forgotten_is_stale",
)
class SavesWhatIsNotThere(MemorySignIns):
    def save(self, sign_in: SignIn, /) -> int:
        return super().save(sign_in if self.get(sign_in.id) else evolve(sign_in, version=0))


@counters(
    "test_a_new_record_where_one_exists_is_stale_and_stores_nothing",
    "test_a_save_from_another_version_is_stale_and_stores_nothing",
    "test_of_two_saves_from_one_version_the_second_is_stale",
)
class StoresThenCompares(MemoryCounters):
    """Raises `Stale`, but has stored the record."""

    def save(self, counter: AttemptCounter, /) -> int:
        stored = self.get(counter.key)
        version = super().save(counter.stored(stored.version if stored else 0, counter.idle_from))
        if counter.version != (stored.version if stored else 0):
            raise Stale
        return version


@race(
    "test_of_guesses_at_one_account_from_many_addresses_exactly_the_limit_is_evaluated",
    "test_of_guesses_from_one_address_at_many_accounts_exactly_the_limit_is_evaluated",
)
@counters("test_of_many_who_create_one_record_one_does", "test_each_version_is_followed_by_one_save_however_many_try")
class ComparesThenWrites(MemoryCounters):
    """Reads, compares and writes in three steps."""

    def save(self, counter: AttemptCounter, /) -> int:
        stored = self.get(counter.key)
        if counter.version != (stored.version if stored else 0):
            raise Stale
        time.sleep(A_MOMENT)
        while True:
            now = self.get(counter.key)
            try:
                return super().save(counter.stored(now.version if now else 0, counter.idle_from))
            except Stale:
                continue


class AsynchronousCounters:
    """Sound, but for what a subclass does between two awaits."""

    def __init__(self) -> None:
        self.inner = MemoryCounters()

    async def get(self, key: CounterKey, /) -> AttemptCounter | None:
        await asyncio.sleep(0)
        return self.inner.get(key)

    async def save(self, counter: AttemptCounter, /) -> int:
        await asyncio.sleep(0)
        return self.inner.save(counter)

    async def purge(self, instant: datetime, /, limit: int) -> int:
        await asyncio.sleep(0)
        return self.inner.purge(instant, limit)


@counters(
    "test_of_many_who_create_one_record_one_does",
    "test_each_version_is_followed_by_one_save_however_many_try",
)
class ComparesThenAwaits(AsynchronousCounters):
    async def save(self, counter: AttemptCounter, /) -> int:
        stored = self.inner.get(counter.key)
        if counter.version != (stored.version if stored else 0):
            raise Stale
        await asyncio.sleep(0)
        now = self.inner.get(counter.key)
        return self.inner.save(counter.stored(now.version if now else 0, counter.idle_from))


class AsynchronousUsers:
    """Makes the whole store asynchronous for the race."""

    def __init__(self, trail: MemoryEvents) -> None:
        self.inner = MemoryUsers(trail)

    def __getattr__(self, name: str) -> Any:
        async def call(*args: Any, **kwargs: Any) -> Any:
            return getattr(self.inner, name)(*args, **kwargs)

        return call


under_test(
    "ComparesThenAwaitsRace",
    RaceContract,
    "test_of_guesses_at_one_account_from_many_addresses_exactly_the_limit_is_evaluated",
    "test_of_guesses_from_one_address_at_many_accounts_exactly_the_limit_is_evaluated",
    users=AsynchronousUsers,
    counters=ComparesThenAwaits,
)


@counters("test_saves_of_different_records_do_not_disturb_each_other")
class OneVersionForAll(MemoryCounters):
    """Takes a save for stale if any other record was saved meanwhile."""

    saves = 0

    def save(self, counter: AttemptCounter, /) -> int:
        before = self.saves
        time.sleep(A_MOMENT)
        if before != self.saves:
            raise Stale
        self.saves += 1
        return super().save(counter)


@counters("test_the_version_is_an_int_above_the_one_before")
class AnswersTrue(MemoryCounters):
    def save(self, counter: AttemptCounter, /) -> Any:
        return super().save(counter) > 0


@users("test_a_save_is_seen_at_once")
class AnswersNothing(MemoryUsers):
    def save(self, user: User, event: Event, /) -> Any:
        super().save(user, event)


@counters(
    "test_the_version_is_an_int_above_the_one_before",
    "test_of_two_saves_from_one_version_the_second_is_stale",
    "test_a_version_is_never_used_twice_for_one_key",
)
class VersionsStandStill(MemoryCounters):
    def get(self, key: CounterKey, /) -> AttemptCounter | None:
        found = super().get(key)
        return found and found.stored(1, found.idle_from)

    def save(self, counter: AttemptCounter, /) -> int:
        stored = super().get(counter.key)
        if counter.version != (1 if stored else 0):
            raise Stale
        super().save(counter.stored(stored.version if stored else 0, counter.idle_from))
        return 1


@counters("test_a_version_is_never_used_twice_for_one_key", "test_a_save_from_before_a_record_was_forgotten_is_stale")
class ReusedVersions(MemoryCounters):
    def save(self, counter: AttemptCounter, /) -> int:
        with self._lock:
            before = self._by_key.get(counter.key)
            if counter.version != (before.version if before else 0):
                raise Stale
            self._by_key[counter.key] = counter.stored(counter.version + 1, counter.idle_from)
        return counter.version + 1


@sign_ins("test_a_version_is_never_used_twice_for_one_key", "test_a_save_from_before_a_record_was_forgotten_is_stale")
class ReusedVersionsOfSignIns(MemorySignIns):
    def save(self, sign_in: SignIn, /) -> int:
        with self._lock:
            before = self._by_id.get(sign_in.id)
            if sign_in.version != (before.version if before else 0):
                raise Stale
            self._by_id[sign_in.id] = evolve(sign_in, version=sign_in.version + 1)
        return sign_in.version + 1


@race(
    "test_of_guesses_at_one_account_from_many_addresses_exactly_the_limit_is_evaluated",
    "test_failures_of_one_door_block_at_the_next",
)
class PerThread:
    """Each thread has counters of its own."""

    def __init__(self) -> None:
        self.own = threading.local()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.own.__dict__.setdefault("counters", MemoryCounters()), name)
