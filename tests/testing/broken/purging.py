"""Stores that forget what is not over, or more than they were asked to."""

import time
from datetime import datetime

from mydso_access.adapters.memory import MemoryCounters, MemorySignIns
from mydso_access.model import AttemptCounter
from tests.testing.broken.under_test import A_MOMENT, counters, sign_ins


class PurgesBy(MemoryCounters):
    def purge(self, instant: datetime, /, limit: int) -> int:
        with self._lock:
            over = [each.key for each in list(self._by_key.values()) if self.is_over(each, instant)][
                : self.bites(limit)
            ]
            for key in over:
                del self._by_key[key]
        return len(over)

    def is_over(self, counter: AttemptCounter, instant: datetime) -> bool:
        return counter.idle_from is not None and counter.idle_from < instant

    def bites(self, limit: int) -> int:
        return limit


@counters("test_purging_keeps_what_is_not_over", "test_purging_never_takes_a_block_that_is_active")
class PurgesTheActive(PurgesBy):
    def is_over(self, counter: AttemptCounter, instant: datetime) -> bool:
        return counter.idle_from is not None and counter.saved_at < instant


@counters("test_purging_never_takes_a_counter_that_is_never_idle")
class PurgesTheNeverIdle(PurgesBy):
    def is_over(self, counter: AttemptCounter, instant: datetime) -> bool:
        return counter.idle_from is None or counter.idle_from < instant


@counters("test_purging_keeps_what_is_not_over", "test_purging_again_and_again_forgets_all_that_is_over_or_nothing")
class PurgesTooSoon(PurgesBy):
    def is_over(self, counter: AttemptCounter, instant: datetime) -> bool:
        return counter.idle_from is not None and counter.idle_from <= instant


@counters("test_purging_counts_what_it_forgets_and_forgets_no_more_than_its_limit")
class PurgesWithoutLimit(PurgesBy):
    def bites(self, limit: int) -> int:
        return 10_000


@counters("test_purging_again_and_again_forgets_all_that_is_over_or_nothing")
class PurgesOnlyOnce(PurgesBy):
    purged = False

    def bites(self, limit: int) -> int:
        first, self.purged = not self.purged, True
        return limit if first else 0


@counters("test_purging_goes_by_the_latest_save")
class PurgesByTheFirstSave(PurgesBy):
    def save(self, counter: AttemptCounter, /) -> int:
        self.__dict__.setdefault("first", {}).setdefault(counter.key, counter)
        return super().save(counter)

    def is_over(self, counter: AttemptCounter, instant: datetime) -> bool:
        return super().is_over(self.__dict__["first"][counter.key], instant)


@counters(
    "test_purging_an_empty_store_forgets_nothing", "test_purging_again_and_again_forgets_all_that_is_over_or_nothing"
)
class PurgesWithoutCounting(PurgesBy):
    def purge(self, instant: datetime, /, limit: int) -> int:
        super().purge(instant, limit)
        return limit


@counters("test_purging_takes_nothing_that_is_saved_meanwhile")
class PurgesWhatItSaw(MemoryCounters):
    """Looks first and deletes a moment later."""

    def purge(self, instant: datetime, /, limit: int) -> int:
        over = [key for key, each in list(self._by_key.items()) if each.idle_from and each.idle_from < instant][:limit]
        time.sleep(A_MOMENT)
        return sum(self._by_key.pop(key, None) is not None for key in over)


@sign_ins("test_purging_keeps_what_is_not_over")
class PurgesTheUnfinished(MemorySignIns):
    def purge(self, instant: datetime, /, limit: int) -> int:
        over = [each.id for each in list(self._by_id.values()) if each.started_at < instant][:limit]
        return sum(self._by_id.pop(sign_in_id, None) is not None for sign_in_id in over)


@sign_ins("test_purging_keeps_what_is_not_over")
class PurgesWhatExpiresNow(MemorySignIns):
    def purge(self, instant: datetime, /, limit: int) -> int:
        over = [each.id for each in list(self._by_id.values()) if each.expires_at <= instant][:limit]
        return sum(self._by_id.pop(sign_in_id, None) is not None for sign_in_id in over)
