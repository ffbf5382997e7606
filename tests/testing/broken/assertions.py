"""Stores that take an assertion twice, refuse one that is new, or forget what still counts."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from mydso_access.adapters.memory import MemoryAssertions
from mydso_access.errors import Stale
from mydso_access.model import Assertion
from mydso_access.testing.conformance import RaceContract
from tests.testing.broken.under_test import A_MOMENT, assertions, under_test


@assertions("test_an_assertion_is_taken_once", "test_of_many_who_take_one_assertion_one_does")
class TakesEverything(MemoryAssertions):
    def add(self, assertion: Assertion, /) -> None:
        self._taken[assertion.key] = assertion


@assertions("test_an_assertion_is_taken_once")
class TakesTheSameObject(MemoryAssertions):
    """Compares what was there with what it was given, and not whether anything was there."""

    def add(self, assertion: Assertion, /) -> None:
        if self._taken.setdefault(assertion.key, assertion) is not assertion:
            raise Stale


@assertions("test_an_assertion_is_taken_once")
class TakesTheEqual(MemoryAssertions):
    def add(self, assertion: Assertion, /) -> None:
        if self._taken.setdefault(assertion.key, assertion) != assertion:
            raise Stale


@assertions("test_the_key_alone_tells_assertions_apart")
class KnowsTheWhole(MemoryAssertions):
    """A set of records, where another instant is another record."""

    def add(self, assertion: Assertion, /) -> None:
        with self._lock:
            if assertion in self._taken.values():
                raise Stale
            self._taken[repr(assertion)] = assertion


@assertions("test_what_was_taken_is_known_at_once_elsewhere")
class KnownToItsThread(MemoryAssertions):
    """Every thread has a transaction of its own, open since its first look."""

    def __init__(self) -> None:
        super().__init__()
        self.threads = threading.local()

    def add(self, assertion: Assertion, /) -> None:
        own = self.threads.__dict__
        if assertion.key in own:
            raise Stale
        own[assertion.key] = assertion


class LooksThenTakes(MemoryAssertions):
    """Looks first, and writes a moment later."""

    def add(self, assertion: Assertion, /) -> None:
        if assertion.key in self._taken:
            raise Stale
        time.sleep(A_MOMENT)
        self._taken[assertion.key] = assertion


assertions("test_of_many_who_take_one_assertion_one_does")(LooksThenTakes)
under_test(
    "LooksThenTakesRace",
    RaceContract,
    "test_of_many_who_send_one_assertion_exactly_one_is_signed_in",
    assertions=LooksThenTakes,
)


@assertions("test_assertions_that_are_taken_at_once_do_not_disturb_each_other")
class OneAtATime(MemoryAssertions):
    """Somebody else writes: it takes that for the same assertion."""

    def add(self, assertion: Assertion, /) -> None:
        if not self._lock.acquire(blocking=False):
            raise Stale
        self._lock.release()
        super().add(assertion)
        with self._lock:
            time.sleep(A_MOMENT)


@assertions("test_assertions_of_any_time_are_taken_once")
class ForgetsByItsOwnClock(MemoryAssertions):
    """Keeps nothing that is over by the clock of the machine it runs on."""

    def add(self, assertion: Assertion, /) -> None:
        super().add(assertion)
        if assertion.expires_at < datetime(2026, 1, 1, tzinfo=UTC):
            del self._taken[assertion.key]


@assertions("test_assertions_of_any_time_are_taken_once")
class RefusesWhatIsPast(MemoryAssertions):
    def add(self, assertion: Assertion, /) -> None:
        if assertion.expires_at < datetime(2026, 1, 1, tzinfo=UTC):
            raise Stale
        super().add(assertion)


LOOSE: dict[str, Callable[[str], Any]] = {
    "CutAssertions": lambda key: key[:32],
    "CutInFront": lambda key: key[-32:],
    "AssertionsAsNumbers": lambda key: float(key) if key.replace("e", "").isdigit() else key,
}


class LooseAssertions(MemoryAssertions):
    fold: Callable[[str], Any] = staticmethod(str)

    def add(self, assertion: Assertion, /) -> None:
        with self._lock:
            key = self.fold(assertion.key)
            if key in self._taken:
                raise Stale
            self._taken[key] = assertion


for name, loose in LOOSE.items():
    merged = "test_keys_that_a_loose_comparison_merges_are_different_assertions"
    assertions(merged)(type(name, (LooseAssertions,), {"fold": staticmethod(loose)}))


# --- purging


class Purges(MemoryAssertions):
    def purge(self, instant: datetime, /, limit: int) -> int:
        with self._lock:
            over = [key for key, each in self._taken.items() if self.end(each) < instant][: self.bites(limit)]
            for key in over:
                del self._taken[key]
        return self.told(len(over), limit)

    def end(self, assertion: Assertion) -> datetime:
        return assertion.expires_at

    def bites(self, limit: int) -> int:
        return limit

    def told(self, count: int, limit: int) -> int:
        return count


@assertions("test_purging_no_assertions_forgets_nothing")
class TellsTheLimit(Purges):
    def told(self, count: int, limit: int) -> int:
        return limit


@assertions("test_purging_keeps_assertions_that_are_not_over")
class PurgesWhatWasTaken(Purges):
    def end(self, assertion: Assertion) -> datetime:
        return assertion.saved_at


@assertions(
    "test_purging_keeps_assertions_that_are_not_over",
    "test_purging_again_and_again_forgets_all_assertions_that_are_over_or_none",
)
class PurgesWhatEndsNow(Purges):
    def end(self, assertion: Assertion) -> datetime:
        return assertion.expires_at - timedelta(microseconds=1)


@assertions("test_an_assertion_that_was_refused_ends_when_it_would_have_ended")
class Prolongs(MemoryAssertions):
    """Overwrites, and then says that it was there."""

    def add(self, assertion: Assertion, /) -> None:
        with self._lock:
            before, self._taken[assertion.key] = self._taken.get(assertion.key), assertion
        if before is not None:
            raise Stale


@assertions("test_purging_counts_the_assertions_it_forgets_and_forgets_no_more_than_its_limit")
class PurgesAllOfThem(Purges):
    def bites(self, limit: int) -> int:
        return 10_000


@assertions("test_purging_counts_the_assertions_it_forgets_and_forgets_no_more_than_its_limit")
class TellsNothing(Purges):
    def told(self, count: int, limit: int) -> int:
        return 0


@assertions("test_purging_again_and_again_forgets_all_assertions_that_are_over_or_none")
class PurgesOnce(Purges):
    purged = False

    def bites(self, limit: int) -> int:
        first, self.purged = not self.purged, True
        return limit if first else 0


@assertions("test_purging_forgets_no_assertion_that_is_taken_meanwhile")
class PurgesIntoANewOne(MemoryAssertions):
    """Copies what it keeps, and throws away what came in the meantime."""

    def purge(self, instant: datetime, /, limit: int) -> int:
        over = [key for key, each in list(self._taken.items()) if each.expires_at < instant][:limit]
        kept = {key: each for key, each in list(self._taken.items()) if key not in over}
        time.sleep(A_MOMENT)
        self._taken = kept
        return len(over)
