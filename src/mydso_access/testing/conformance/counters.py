"""The contract of a counter repository."""

from datetime import datetime

from mydso_access.model.attempts import AttemptCounter, CounterKey, KeyKind
from mydso_access.policy.fixed import TICK
from mydso_access.ports import MaybeAwaitable
from mydso_access.repositories import Repositories
from mydso_access.testing.clock import A_MONDAY
from mydso_access.testing.conformance.comparing import same
from mydso_access.testing.conformance.lookalikes import DIGESTS
from mydso_access.testing.conformance.purging import AFTER, ALL, OVER, PassingRecordContract
from mydso_access.testing.conformance.records import dated_counter, every_counter, key, numbered_counter
from mydso_access.testing.conformance.saving import Shelf


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
        """An account, an address and a user's codes may have the same digest."""
        shelf = self.shelf(repositories)
        stored = []
        for number, kind in enumerate(KeyKind):
            new = AttemptCounter(key(1, kind), failed=number)
            same(None, self.ask(shelf.get, new))
            stored.append(self.stored(shelf, new))
        same(stored, [self.ask(shelf.get, each) for each in stored])

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
