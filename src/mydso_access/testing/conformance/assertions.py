"""The contract of a repository of assertions that were taken."""

from datetime import timedelta
from functools import partial

from mydso_access.errors import Stale
from mydso_access.model.assertion import Assertion
from mydso_access.policy.fixed import LATEST, TICK
from mydso_access.repositories import AssertionRepository, Repositories
from mydso_access.testing.clock import A_MONDAY
from mydso_access.testing.conformance.comparing import same
from mydso_access.testing.conformance.contract import Contract, answered
from mydso_access.testing.conformance.lookalikes import DIGESTS
from mydso_access.testing.conformance.purging import AFTER, ALL, FEW, LATER, OVER
from mydso_access.testing.conformance.records import A_SHIFT, INSTANTS, assertion

ROUNDS = 25  # of what must hold every time
TAKERS, TURNS = 12, 10


class AssertionContract(Contract):
    """What an assertion repository promises. The fixture `repositories` gives an object with empty `assertions`."""

    # --- it is taken once

    def test_an_assertion_is_taken_once(self, repositories: Repositories) -> None:
        """Neither the same object nor an equal one is taken again, however often it is tried."""
        assertions = repositories.assertions
        first = assertion(1)
        self.ask(assertions.add, first)
        for again in (first, assertion(1), first, assertion(1)):
            self.refuses(Stale, assertions.add, again)

    def test_the_key_alone_tells_assertions_apart(self, repositories: Repositories) -> None:
        """When it is over and when it was taken is no part of it: another instant makes no other assertion."""
        assertions = repositories.assertions
        self.ask(assertions.add, assertion(1, expires_at=OVER))
        others = ({"expires_at": LATER}, {"expires_at": OVER - TICK}, {"saved_at": A_MONDAY + timedelta(hours=1)})
        for changes in others:
            self.refuses(Stale, assertions.add, assertion(1, **changes))

    def test_keys_that_a_loose_comparison_merges_are_different_assertions(self, repositories: Repositories) -> None:
        """Digests that are the same number, or begin or end alike, are each taken once."""
        assertions = repositories.assertions
        alike = [Assertion(key=key, expires_at=OVER, saved_at=A_MONDAY) for key in DIGESTS]
        same([], [each for each in alike if not self.taken(assertions, each)])
        same([], [each for each in alike if self.taken(assertions, each)])

    def test_assertions_of_any_time_are_taken_once(self, repositories: Repositories) -> None:
        """From 1970 to the year 9000; what lies in the past is remembered, too."""
        assertions = repositories.assertions
        starts = [min(instant, LATEST - TICK - A_SHIFT) for instant in INSTANTS]
        dated = [assertion(n, saved_at=start, expires_at=start + A_SHIFT) for n, start in enumerate(starts)]
        same([], [each for each in dated if not self.taken(assertions, each)])
        same([], [each for each in dated if self.taken(assertions, each)])

    def test_what_was_taken_is_known_at_once_elsewhere(self, repositories: Repositories) -> None:
        """Neither a cache of each thread nor a transaction that is still open may let it in a second time."""
        assertions = repositories.assertions
        with self.elsewhere() as ask:
            for number in range(0, 2 * ROUNDS, 2):
                self.ask(assertions.add, assertion(number))
                ask(assertions.add, assertion(number + 1))
                self.refuses(Stale, ask, assertions.add, assertion(number))
                self.refuses(Stale, assertions.add, assertion(number + 1))

    def test_of_many_who_take_one_assertion_one_does(self, repositories: Repositories) -> None:
        """A store that looks first and writes afterwards signs somebody in twice."""
        assertions = repositories.assertions
        self.ask(assertions.add, assertion(TURNS))  # so that it is known whether it answers with awaitables
        for turn in range(TURNS):
            takers = [partial(_taken, assertions, assertion(turn)) for _ in range(TAKERS)]
            same([False] * (TAKERS - 1) + [True], sorted(self.at_once(takers)))

    def test_assertions_that_are_taken_at_once_do_not_disturb_each_other(self, repositories: Repositories) -> None:
        """Only the same assertion is stale."""
        assertions = repositories.assertions
        self.ask(assertions.add, assertion(TAKERS * TURNS))
        for turn in range(TURNS):
            numbers = range(turn * TAKERS, turn * TAKERS + TAKERS)
            takers = [partial(_taken, assertions, assertion(number)) for number in numbers]
            same([True] * TAKERS, self.at_once(takers))

    # --- it is forgotten

    def test_purging_no_assertions_forgets_nothing(self, repositories: Repositories) -> None:
        """There is nothing to count."""
        same(0, self.ask(repositories.assertions.purge, AFTER, limit=ALL))

    def test_purging_keeps_assertions_that_are_not_over(self, repositories: Repositories) -> None:
        """What is over at the very instant of the purge, or later, is still not taken a second time."""
        assertions = repositories.assertions
        kept = [assertion(number, expires_at=OVER + number * TICK) for number in range(3)]
        for each in kept:
            self.ask(assertions.add, each)
        same(0, self.ask(assertions.purge, OVER, limit=ALL))
        same([], [each for each in kept if self.taken(assertions, each)])

    def test_an_assertion_that_was_refused_ends_when_it_would_have_ended(self, repositories: Repositories) -> None:
        """Who sends it again neither prolongs nor shortens what is remembered of it."""
        assertions = repositories.assertions
        for number, end, other in ((1, LATER, OVER), (2, OVER, LATER)):
            self.ask(assertions.add, assertion(number, expires_at=end))
            self.refuses(Stale, assertions.add, assertion(number, expires_at=other))
        forgotten = self.ask(assertions.purge, AFTER, limit=ALL)
        same((False, forgotten), (self.taken(assertions, assertion(1)), int(self.taken(assertions, assertion(2)))))

    def test_purging_counts_the_assertions_it_forgets_and_forgets_no_more_than_its_limit(
        self, repositories: Repositories
    ) -> None:
        """It is done in small bites; a store that forgets by itself answers 0, and has forgotten nothing."""
        assertions = repositories.assertions
        over = [assertion(number, expires_at=OVER) for number in range(FEW)]
        for limit in (1, 2, 3):
            for each in over:
                self.taken(assertions, each)
            forgotten = self.ask(assertions.purge, AFTER, limit=limit)
            gone = sum([self.taken(assertions, each) for each in over])
            same((gone, True), (forgotten, forgotten <= limit))

    def test_purging_again_and_again_forgets_all_assertions_that_are_over_or_none(
        self, repositories: Repositories
    ) -> None:
        """It comes to an end, and what is forgotten could be taken again; its instant has passed long before."""
        assertions = repositories.assertions
        over, kept = [assertion(number, expires_at=OVER) for number in range(FEW)], assertion(FEW, expires_at=AFTER)
        for each in (*over, kept):
            self.ask(assertions.add, each)
        counts = [self.ask(assertions.purge, AFTER, limit=3) for _ in range(FEW)]
        gone = sum([self.taken(assertions, each) for each in over])
        same((counts, gone), (counts, FEW) if counts[0] else ([0] * FEW, 0))
        same((sum(counts), False), (gone, self.taken(assertions, kept)))

    def test_purging_forgets_no_assertion_that_is_taken_meanwhile(self, repositories: Repositories) -> None:
        """Whoever purges looks at what is over, and at nothing else."""
        assertions = repositories.assertions
        self.ask(assertions.add, assertion(0))

        async def one_less() -> int:
            return await answered(assertions.purge, AFTER, limit=1)

        for turn in range(FEW):
            first = 1 + 2 * turn * FEW
            for number in range(first, first + FEW):
                self.ask(assertions.add, assertion(number, expires_at=OVER))
            fresh = [assertion(number, expires_at=LATER) for number in range(first + FEW, first + 2 * FEW)]
            (took,), _ = self.watched([partial(_all_taken, assertions, fresh)], one_less)
            same([True] * FEW, took)
            same([False] * FEW, [self.taken(assertions, each) for each in fresh])

    def taken(self, assertions: AssertionRepository, each: Assertion) -> bool:
        """Try to take an assertion, and tell whether it was the first time."""
        try:
            self.ask(assertions.add, each)
        except Stale:
            return False
        return True


async def _taken(assertions: AssertionRepository, each: Assertion) -> bool:
    try:
        await answered(assertions.add, each)
    except Stale:
        return False
    return True


async def _all_taken(assertions: AssertionRepository, several: list[Assertion]) -> list[bool]:
    return [await _taken(assertions, each) for each in several]
