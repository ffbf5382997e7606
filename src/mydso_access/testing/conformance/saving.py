"""What holds for a record of every kind: it comes back as it was, and is saved by compare-and-set."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Generic, TypeVar

from attrs import evolve, frozen

from mydso_access.errors import Stale
from mydso_access.model.attempts import AttemptCounter
from mydso_access.model.customer import Customer
from mydso_access.model.link import Link
from mydso_access.model.sign_in import SignIn
from mydso_access.model.structure import Entity
from mydso_access.model.user import User
from mydso_access.ports import MaybeAwaitable
from mydso_access.repositories import Repositories
from mydso_access.testing.conformance.comparing import same
from mydso_access.testing.conformance.contract import Contract, answered
from mydso_access.testing.conformance.records import INSTANTS

Record = TypeVar("Record", bound=User | Entity | Customer | Link | AttemptCounter | SignIn)

ROUNDS = 25  # of what must hold every time
WRITERS, TURNS = 4, 6
TRIES = 1000  # to save before others, until a store that never lets anybody has failed


@frozen
class Shelf(Generic[Record]):
    """How one kind of record is made, loaded and saved.

    Attributes:
        get: loads what is stored under the key of a record.
        save: saves a record; with its event, if it has one.
        new: a new record for each number.
        changed: the record with all that a save may change, told apart by a number.
        dated: a new record for each number that holds an instant wherever it can.
        every: records which between them hold every case of every field.
        alike: new records whose keys a loose comparison takes for the same.
    """

    get: Callable[[Record], MaybeAwaitable[Record | None]]
    save: Callable[[Record], MaybeAwaitable[int]]
    new: Callable[[int], Record]
    changed: Callable[[Record, int], Record]
    dated: Callable[[int, datetime], Record]
    every: Mapping[str, Record]
    alike: Sequence[Record]


class RecordContract(Contract, Generic[Record]):
    """What a repository of one kind of record promises of `get` and `save`."""

    def shelf(self, repositories: Repositories) -> Shelf[Record]:
        """Return how this kind of record is made, loaded and saved."""
        raise NotImplementedError

    # --- it comes back

    def test_what_was_never_saved_is_none(self, repositories: Repositories) -> None:
        """Nothing is found before it is saved, nor after another record was."""
        shelf = self.shelf(repositories)
        same(None, self.ask(shelf.get, shelf.new(1)))
        self.stored(shelf, shelf.new(2))
        same(None, self.ask(shelf.get, shelf.new(1)))

    def test_every_field_comes_back_as_it_was_saved(self, repositories: Repositories) -> None:
        """Every case of every field survives, the values of secrets included."""
        shelf = self.shelf(repositories)
        stored = {name: self.stored(shelf, record) for name, record in shelf.every.items()}
        for record in stored.values():
            same(record, self.ask(shelf.get, record))

    def test_every_field_comes_back_as_it_was_changed(self, repositories: Repositories) -> None:
        """A save replaces what was there, also something by nothing."""
        shelf = self.shelf(repositories)
        for number, record in enumerate(shelf.every.values()):
            full = self.stored(shelf, shelf.changed(record, number))
            same(full, self.ask(shelf.get, record))
            changed = self.stored(shelf, evolve(record, version=full.version))
            same(changed, self.ask(shelf.get, record))

    def test_instants_come_back_to_the_microsecond(self, repositories: Repositories) -> None:
        """From 1970 to the year 9000, in the hour that a local clock reads twice as well."""
        shelf = self.shelf(repositories)
        for number, instant in enumerate(INSTANTS):
            stored = self.stored(shelf, shelf.dated(number, instant))
            same(stored, self.ask(shelf.get, stored))

    def test_keys_that_a_loose_comparison_merges_are_different_records(self, repositories: Repositories) -> None:
        """Case, accents, blanks, normal forms, numbers, wildcards and cut ends tell records apart."""
        shelf = self.shelf(repositories)
        stored, merged = [], []
        for record in shelf.alike:
            if self.ask(shelf.get, record) is not None:
                merged.append(record)
                continue
            stored.append(self.stored(shelf, record))
        same([], merged)
        same(stored, [self.ask(shelf.get, record) for record in stored])

    # --- it is compared

    def test_the_version_is_an_int_above_the_one_before(self, repositories: Repositories) -> None:
        """A bool, a float or a version that stands still is none."""
        shelf = self.shelf(repositories)
        record, versions = shelf.new(1), [0]
        for number in range(ROUNDS):
            record = self.stored(shelf, shelf.changed(record, number))
            versions.append(record.version)
        same([int] * len(versions), [type(version) for version in versions])
        same(sorted(set(versions)), versions)

    def test_a_new_record_where_one_exists_is_stale_and_stores_nothing(self, repositories: Repositories) -> None:
        """Version 0 means that the record must not exist yet."""
        shelf = self.shelf(repositories)
        stored = self.stored(shelf, shelf.new(1))
        self.refuses(Stale, shelf.save, shelf.changed(shelf.new(1), 2))
        same(stored, self.ask(shelf.get, stored))

    def test_a_save_from_another_version_is_stale_and_stores_nothing(self, repositories: Repositories) -> None:
        """Older, newer and impossible versions are all another one."""
        shelf = self.shelf(repositories)
        first = self.stored(shelf, shelf.new(1))
        stored = self.stored(shelf, shelf.changed(first, 1))
        for version in (0, first.version, stored.version - 1, stored.version + 1, stored.version + 1000, 1, -1):
            if version != stored.version:
                self.refuses(Stale, shelf.save, evolve(shelf.changed(stored, 2), version=version))
                same(stored, self.ask(shelf.get, stored))

    def test_a_save_of_what_does_not_exist_is_stale_and_stores_nothing(self, repositories: Repositories) -> None:
        """A record that was loaded once cannot have been new."""
        shelf = self.shelf(repositories)
        version = self.stored(shelf, shelf.new(1)).version
        for wrong in (1, version, version + 1, -1):
            self.refuses(Stale, shelf.save, evolve(shelf.new(2), version=wrong))
            same(None, self.ask(shelf.get, shelf.new(2)))

    def test_of_two_saves_from_one_version_the_second_is_stale(self, repositories: Repositories) -> None:
        """Two loaded the same record; the one who saves first has changed it for the other."""
        shelf = self.shelf(repositories)
        record = self.stored(shelf, shelf.new(1))
        for number in range(1, ROUNDS):
            winner = self.stored(shelf, shelf.changed(record, number))
            self.refuses(Stale, shelf.save, shelf.changed(record, number + ROUNDS))
            same(winner, self.ask(shelf.get, record))
            record = winner

    def test_a_save_whose_answer_was_lost_is_there_and_stale_when_repeated(self, repositories: Repositories) -> None:
        """The connection broke after the save: the same save again is refused, and the record tells who wrote it."""
        shelf = self.shelf(repositories)
        record = shelf.new(1)
        for number in range(1, 4):
            lost = shelf.changed(record, number)
            self.ask(shelf.save, lost)
            self.refuses(Stale, shelf.save, lost)
            found = self.found(shelf, lost)
            same(evolve(lost, version=found.version), found)
            record = found

    # --- at once

    def test_a_save_is_seen_at_once(self, repositories: Repositories) -> None:
        """A read that lags, from a replica or a cache, counts fewer failures than there are."""
        shelf = self.shelf(repositories)
        record = shelf.new(1)
        for number in range(ROUNDS):
            record = self.stored(shelf, shelf.changed(record, number))
            same(record, self.ask(shelf.get, record))

    def test_a_save_is_seen_at_once_from_another_thread(self, repositories: Repositories) -> None:
        """Neither a cache of each thread nor a transaction left open may show what was there before."""
        shelf = self.shelf(repositories)
        record = self.stored(shelf, shelf.new(1))
        with self.elsewhere() as ask:
            for number in range(1, ROUNDS):
                same(record, ask(shelf.get, record))
                record = self.stored(shelf, shelf.changed(record, number))
                same(record, ask(shelf.get, record))
                changed = shelf.changed(record, number + ROUNDS)
                record = evolve(changed, version=ask(shelf.save, changed))
                same(record, self.ask(shelf.get, record))

    def test_of_many_who_create_one_record_one_does(self, repositories: Repositories) -> None:
        """They all found nothing; only the first of them has stored a record."""
        shelf = self.shelf(repositories)
        for turn in range(TURNS):
            new = shelf.new(turn)
            same(None, self.ask(shelf.get, new))
            candidates = [shelf.changed(new, turn * WRITERS + number) for number in range(WRITERS)]
            created = self.at_once([partial(tried, shelf, candidate) for candidate in candidates])
            same([self.ask(shelf.get, new)], [each for each in created if each is not None])

    def test_each_version_is_followed_by_one_save_however_many_try(self, repositories: Repositories) -> None:
        """A store that reads, compares and writes in three steps loses saves here, and counts too few failures."""
        shelf = self.shelf(repositories)
        first = self.stored(shelf, shelf.new(0))
        written = self.at_once([partial(write, shelf, first, writer) for writer in range(WRITERS)])
        saves = sorted(itertools.chain.from_iterable(written), key=lambda save: save[1].version)
        same([first.version, *(record.version for _, record in saves)][:-1], [before for before, _ in saves])
        same(saves[-1][1], self.ask(shelf.get, first))

    def test_no_reader_sees_half_a_save_or_goes_back(self, repositories: Repositories) -> None:
        """Whoever reads while others save sees what one of them saved, and then nothing older."""
        shelf = self.shelf(repositories)
        first = self.stored(shelf, shelf.new(0))
        work = [partial(write, shelf, first, writer) for writer in range(WRITERS)]
        written, readers = self.watched(work, partial(_loaded, shelf, first))
        states = {(first.version, first)}
        states.update((record.version, record) for saves in written for _, record in saves)
        for seen in readers:
            same([], [record for record in seen if (record.version, record) not in states])
            versions = [record.version for record in seen]
            same(sorted(versions), versions)

    def test_saves_of_different_records_do_not_disturb_each_other(self, repositories: Repositories) -> None:
        """Only a record's own version can make its save stale, whatever else is saved meanwhile."""
        shelf = self.shelf(repositories)
        same(None, self.ask(shelf.get, shelf.new(0)))
        last = self.at_once([partial(_grown, shelf, writer) for writer in range(WRITERS)])
        same(last, [self.ask(shelf.get, record) for record in last])

    def stored(self, shelf: Shelf[Record], record: Record) -> Record:
        """Save a record and return it as it is stored then."""
        return evolve(record, version=self.ask(shelf.save, record))

    def found(self, shelf: Shelf[Record], record: Record) -> Record:
        """Return what is stored under a record's key; that there is nothing fails the test."""
        found = self.ask(shelf.get, record)
        if found is None:
            raise AssertionError(f"a stored record is not found: {record!r}")
        return found


async def write(shelf: Shelf[Record], first: Record, writer: int) -> list[tuple[int, Record]]:
    """Change a record again and again, and return what was stored, each with the version it was loaded with."""
    return [await _written(shelf, first, 1 + writer * TURNS + turn) for turn in range(TURNS)]


async def _written(shelf: Shelf[Record], record: Record, number: int) -> tuple[int, Record]:
    for _ in range(TRIES):
        before = await _loaded(shelf, record)
        saved = await tried(shelf, shelf.changed(before, number))
        if saved is not None:
            return before.version, saved
    raise AssertionError(f"a save was stale {TRIES} times")


async def tried(shelf: Shelf[Record], record: Record) -> Record | None:
    """Save a record and return it as it is stored then, or `None` if the save was stale."""
    try:
        return evolve(record, version=await answered(shelf.save, record))
    except Stale:
        return None


async def _loaded(shelf: Shelf[Record], record: Record) -> Record:
    found = await answered(shelf.get, record)
    if found is None:
        raise AssertionError(f"a stored record is not found: {record!r}")
    return found


async def _grown(shelf: Shelf[Record], writer: int) -> Record:
    record = shelf.new(writer)
    for turn in range(TURNS):
        changed = shelf.changed(record, writer * TURNS + turn)
        record = evolve(changed, version=await answered(shelf.save, changed))
    return record
