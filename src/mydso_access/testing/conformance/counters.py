"""The contract of a counter repository."""

from datetime import datetime

from mydso_access.model.attempts import AttemptCounter, CounterKey, KeyKind
from mydso_access.policy.fixed import TICK
from mydso_access.ports import MaybeAwaitable
from mydso_access.repositories import Repositories
from mydso_access.testing.clock import A_MONDAY
from mydso_access.testing.conformance.comparing import same
from mydso_access.testing.conformance.purging import AFTER, ALL, OVER, PassingRecordContract
from mydso_access.testing.conformance.records import dated_counter, every_counter, key, numbered_counter
from mydso_access.testing.conformance.saving import Shelf

# Digests that begin or end alike, and some that are the same number.
DIGESTS = (
    *("0" * 63 + "1", "0" * 63 + "2", "1" + "0" * 63, "2" + "0" * 63),
    *("0e" + "1" * 62, "0e" + "2" * 62, "1e" + "0" * 62, "10e" + "0" * 61),
    *("a" * 64, "a" * 32 + "b" * 32, "b" * 32 + "a" * 32),
)


class CounterContract(PassingRecordContract[AttemptCounter]):
    """What a counter repository promises. The fixture `repositories` gives an object with empty `counters`."""

    def shelf(self, repositories: Repositories) -> Shelf[AttemptCounter]:
        """Return how counters are made, loaded and saved."""
        counters = repositories.counters
        return Shelf(
            get=lambda counter: counters.get(counter.key),
            save=counters.save,
            new=lambda number: AttemptCounter(key(number), saved_at=A_MONDAY),
            changed=numbered_counter,
            dated=dated_counter,
            every=every_counter(),
            alike=[AttemptCounter(CounterKey(kind, digest), failed=3) for digest in DIGESTS for kind in KeyKind],
        )

    def purge(self, repositories: Repositories, instant: datetime, limit: int) -> MaybeAwaitable[int]:
        """Forget idle counters."""
        return repositories.counters.purge(instant, limit=limit)

    def ending(self, number: int, instant: datetime) -> AttemptCounter:
        """Return a counter that is idle from an instant on."""
        return AttemptCounter(key(number), saved_at=A_MONDAY, idle_from=instant)

    def test_counters_are_told_apart_by_the_kind_of_their_key(self, repositories: Repositories) -> None:
        """An account and an address may have the same digest."""
        shelf = self.shelf(repositories)
        account, address = (AttemptCounter(key(1, kind), failed=n) for n, kind in enumerate(KeyKind))
        stored = self.stored(shelf, account)
        same(None, self.ask(shelf.get, address))
        other = self.stored(shelf, address)
        same([stored, other], [self.ask(shelf.get, account), self.ask(shelf.get, address)])

    def test_purging_never_takes_a_counter_that_is_never_idle(self, repositories: Repositories) -> None:
        """Consecutive failures that do not fade have no `idle_from`."""
        shelf = self.shelf(repositories)
        kept = self.stored(shelf, AttemptCounter(key(1), saved_at=A_MONDAY, failed=3))
        over = self.stored(shelf, self.ending(2, OVER))
        never = self.stored(shelf, AttemptCounter(over.key, over.version, A_MONDAY, failed=3))
        same(0, self.ask(self.purge, repositories, AFTER, ALL))
        same([kept, never], [self.ask(shelf.get, kept), self.ask(shelf.get, never)])

    def test_purging_never_takes_a_block_that_is_active(self, repositories: Repositories) -> None:
        """An old counter says something as long as its block lasts."""
        shelf = self.shelf(repositories)
        blocked = AttemptCounter(key(1), 0, A_MONDAY, blocked_until=OVER + TICK, idle_from=OVER + TICK)
        kept = self.stored(shelf, blocked)
        same(0, self.ask(self.purge, repositories, OVER, ALL))
        same(kept, self.ask(shelf.get, kept))
