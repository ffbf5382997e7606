"""What holds for a record that is saved with an event: both are stored, or neither is, and nobody sees one alone."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from attrs import evolve

from mydso_access.errors import Stale
from mydso_access.model.customer import Customer
from mydso_access.model.event import Event
from mydso_access.model.link import Link
from mydso_access.model.structure import Entity
from mydso_access.model.user import User
from mydso_access.ports import MaybeAwaitable
from mydso_access.repositories import Repositories
from mydso_access.testing.conformance.comparing import same
from mydso_access.testing.conformance.contract import answered
from mydso_access.testing.conformance.saving import ROUNDS, WRITERS, RecordContract, Shelf, write
from mydso_access.testing.conformance.trails import TrailContract

Told = TypeVar("Told", bound=User | Entity | Customer | Link)


class ToldRecordContract(RecordContract[Told], TrailContract):
    """What a repository promises of records that are saved with events, beside what holds for every record."""

    def told(self, record: Told) -> Event:
        """Return the event that the shelf saves a record with."""
        raise NotImplementedError

    def test_an_event_is_stored_with_its_record_exactly_once(self, repositories: Repositories) -> None:
        """The trail tells of every save, in every field."""
        shelf = self.shelf(repositories)
        record, expected = shelf.new(1), []
        for number in range(5):
            record = shelf.changed(record, number)
            expected.append(self.told(record))
            record = self.stored(shelf, record)
            same(expected, self.trail(repositories))

    def test_a_stale_save_leaves_no_event(self, repositories: Repositories) -> None:
        """What was not stored is not told of."""
        shelf = self.shelf(repositories)
        stored = self.stored(shelf, shelf.new(1))
        for wrong in (0, stored.version + 1):
            self.refuses(Stale, shelf.save, evolve(shelf.changed(stored, 1), version=wrong))
        self.refuses(Stale, shelf.save, shelf.changed(evolve(shelf.new(2), version=1), 2))
        same([self.told(stored).id], self.event_ids(repositories))

    def test_a_save_whose_answer_was_lost_has_one_event_and_says_which(self, repositories: Repositories) -> None:
        """Whoever repeats it finds in the record the id of the event that was stored with it."""
        shelf = self.shelf(repositories)
        record = shelf.new(1)
        for number in range(3):
            lost = shelf.changed(record, number)
            self.ask(shelf.save, lost)
            self.refuses(Stale, shelf.save, lost)
            record = self.found(shelf, lost)
            same(self.told(lost).id, record.written_by)
            same([f"event-{n}" for n in range(number + 1)], self.event_ids(repositories))

    def test_every_save_has_exactly_its_event_however_many_save_at_once(self, repositories: Repositories) -> None:
        """As many events as saves, and the record names the last of them."""
        shelf = self.shelf(repositories)
        first = self.stored(shelf, shelf.new(1))
        written = self.at_once([partial(write, shelf, first, writer) for writer in range(WRITERS)])
        saves = sorted((record.version, record.written_by or "") for writer in written for _, record in writer)
        same(sorted([self.told(first).id, *(event_id for _, event_id in saves)]), self.event_ids(repositories))
        same(saves[-1][1], self.found(shelf, first).written_by)

    def test_no_reader_sees_a_record_without_its_event_nor_an_event_without_its_record(
        self, repositories: Repositories
    ) -> None:
        """They are there together, from the first instant on."""
        shelf = self.shelf(repositories)
        first, *new = [shelf.changed(shelf.new(number), number) for number in range(ROUNDS)]
        self.stored(shelf, first)
        look = partial(_alone, shelf, partial(self.page, repositories))
        _, readers = self.watched([partial(_create, shelf, new)], look)
        same([], sorted({each for seen in readers for alone in seen for each in alone}))


async def _create(shelf: Shelf[Told], new: Sequence[Told]) -> None:
    for each in new:
        await answered(shelf.save, each)


async def _alone(shelf: Shelf[Told], page: Callable[[], MaybeAwaitable[Sequence[Event]]]) -> list[str]:
    """Look at the latest record and the latest event, and return which of them is there without the other."""
    alone = []
    before = (await answered(page))[-1]
    number = int(before.id.rpartition("-")[2])
    if await answered(shelf.get, shelf.new(number)) is None:
        alone.append(f"{before.id} without its record")
    following = await answered(shelf.get, shelf.new(number + 1))
    if following is not None and following.written_by not in {each.id for each in await answered(page)}:
        alone.append(f"{following.written_by} is missing, its record is not")
    return alone
