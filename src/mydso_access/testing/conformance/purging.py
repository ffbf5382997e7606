"""What holds for records that are forgotten when they are over: nothing else is, and no version ever comes back."""

from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from attrs import evolve

from mydso_access.errors import Stale
from mydso_access.model.attempts import AttemptCounter
from mydso_access.model.link import Link
from mydso_access.model.sign_in import SignIn
from mydso_access.policy.fixed import TICK
from mydso_access.ports import MaybeAwaitable
from mydso_access.repositories import Repositories
from mydso_access.testing.clock import A_MONDAY
from mydso_access.testing.conformance.comparing import same
from mydso_access.testing.conformance.contract import answered
from mydso_access.testing.conformance.records import A_SHIFT
from mydso_access.testing.conformance.saving import RecordContract, Shelf, tried

Passing = TypeVar("Passing", bound=AttemptCounter | SignIn | Link)

OVER = A_MONDAY + A_SHIFT  # an end that lies hours after the save, so that no store forgets by the clock meanwhile
AFTER = OVER + TICK
LATER = OVER + timedelta(days=1)
ALL = 1000
LIVES, FEW = 20, 8


class PassingRecordContract(RecordContract[Passing]):
    """What a repository of records that pass promises of `purge`, beside what holds for every record."""

    def purge(self, repositories: Repositories, instant: datetime, limit: int) -> MaybeAwaitable[int]:
        """Forget records of this kind that were over before an instant, at most so many."""
        raise NotImplementedError

    def ending(self, number: int, instant: datetime) -> Passing:
        """Return a new record for each number, over from an instant on."""
        raise NotImplementedError

    def test_purging_an_empty_store_forgets_nothing(self, repositories: Repositories) -> None:
        """There is nothing to count."""
        same(0, self.ask(self.purge, repositories, AFTER, ALL))

    def test_purging_keeps_what_is_not_over(self, repositories: Repositories) -> None:
        """What is over at the very instant of the purge, or later, stays."""
        shelf = self.shelf(repositories)
        kept = [self.stored(shelf, self.ending(n, OVER + n * TICK)) for n in range(3)]
        same(0, self.ask(self.purge, repositories, OVER, ALL))
        same(kept, [self.ask(shelf.get, record) for record in kept])

    def test_purging_goes_by_the_latest_save(self, repositories: Repositories) -> None:
        """A record that was saved again ends when that save says, not when an earlier one said."""
        shelf = self.shelf(repositories)
        first = self.stored(shelf, self.ending(1, OVER))
        longer = evolve(self.ending(1, LATER), version=first.version)
        kept = self.stored(shelf, longer)
        same(0, self.ask(self.purge, repositories, OVER + timedelta(hours=12), ALL))
        same(kept, self.ask(shelf.get, kept))

    def test_purging_counts_what_it_forgets_and_forgets_no_more_than_its_limit(
        self, repositories: Repositories
    ) -> None:
        """It is done in small bites; a store that forgets by itself may leave it at that and answer 0."""
        shelf = self.shelf(repositories)
        over = [self.stored(shelf, self.ending(number, OVER)) for number in range(FEW)]
        before = len(over)
        for limit in (1, 2):
            count = self.ask(self.purge, repositories, AFTER, limit)
            left = len(self.left(shelf, over))
            same((before - left, True), (count, count <= limit))
            before = left

    def test_purging_again_and_again_forgets_all_that_is_over_or_nothing(self, repositories: Repositories) -> None:
        """A store that forgets by itself answers 0 and has forgotten nothing; another comes to an end."""
        shelf = self.shelf(repositories)
        over = [self.stored(shelf, self.ending(number, OVER)) for number in range(FEW)]
        kept = self.stored(shelf, self.ending(FEW, AFTER))
        counts = [self.ask(self.purge, repositories, AFTER, 2) for _ in range(FEW)]
        left = self.left(shelf, over)
        same((counts, left), (counts, []) if counts[0] else ([0] * FEW, over))
        same(sum(counts), len(over) - len(left))
        same(kept, self.ask(shelf.get, kept))

    def test_a_version_is_never_used_twice_for_one_key(self, repositories: Repositories) -> None:
        """Not even after the record was forgotten and came back."""
        shelf = self.shelf(repositories)
        versions, record = [], self.ending(1, OVER)
        for _ in range(LIVES):
            for _ in range(3):
                record = self.stored(shelf, record)
                versions.append(record.version)
            self.ask(self.purge, repositories, AFTER, ALL)
            if self.ask(shelf.get, record) is None:
                record = evolve(record, version=0)
        same(sorted(set(versions)), sorted(versions))

    def test_a_save_from_before_a_record_was_forgotten_is_stale(self, repositories: Repositories) -> None:
        """A save that was on its way all the time finds the record gone, or another one in its place."""
        shelf = self.shelf(repositories)
        new = self.ending(1, OVER)
        for _ in range(LIVES):
            first = self.stored(shelf, new)
            second = self.stored(shelf, first)
            self.ask(self.purge, repositories, AFTER, ALL)
            if self.ask(shelf.get, new) is not None:
                return  # it forgets by itself, when the clock says so
            self.refuses(Stale, shelf.save, first)
            self.refuses(Stale, shelf.save, second)
            again = self.stored(shelf, new)
            self.refuses(Stale, shelf.save, first)
            self.refuses(Stale, shelf.save, second)
            same(again, self.ask(shelf.get, new))
            self.ask(self.purge, repositories, AFTER, ALL)

    def test_purging_takes_nothing_that_is_saved_meanwhile(self, repositories: Repositories) -> None:
        """A purge that looks first and deletes later takes a block that has just started."""
        shelf = self.shelf(repositories)

        async def one_less() -> int:
            return await answered(self.purge, repositories, AFTER, 1)

        for turn in range(FEW):
            numbers = range(turn * FEW, turn * FEW + FEW)
            over = [self.stored(shelf, self.ending(number, OVER)) for number in numbers]
            longer = [
                evolve(self.ending(n, LATER), version=each.version) for n, each in zip(numbers, over, strict=True)
            ]
            (saved,), _ = self.watched([partial(_saved, shelf, longer)], one_less)
            same(saved, [self.ask(shelf.get, each) for each in longer])

    def left(self, shelf: Shelf[Passing], among: list[Passing]) -> list[Passing]:
        """Return those that are still stored."""
        return [record for record in among if self.ask(shelf.get, record) is not None]


async def _saved(shelf: Shelf[Passing], several: list[Passing]) -> list[Passing | None]:
    """Save records and return them as they are stored then, `None` for those that were forgotten before."""
    return [await tried(shelf, record) for record in several]
