"""Stores that find several customers wrongly by their ids, or save only some of them."""

import time
from collections.abc import Sequence
from typing import Any

from attrs import evolve

from mydso_access.adapters.memory import MemoryCustomers, MemoryEvents
from mydso_access.errors import Stale
from mydso_access.model import Customer, Event
from tests.testing.broken.under_test import A_MOMENT, customers

Saves = Sequence[tuple[Customer, Event]]

# --- named


@customers("test_customers_are_found_by_their_ids_in_one_entity")
class NamedInEveryEntity(MemoryCustomers):
    def named(self, _: str, customer_ids: Sequence[str], /) -> Any:
        return [each for each in list(self._by_id.values()) if each.id in customer_ids]


@customers("test_customers_are_found_by_their_ids_in_one_entity")
class NamedWithThoseThatAreNotThere(MemoryCustomers):
    """An outer join."""

    def named(self, entity: str, customer_ids: Sequence[str], /) -> Any:
        return [self.get(entity, each) or Customer(entity=entity, id=each) for each in customer_ids]


@customers("test_customers_are_found_by_their_ids_in_one_entity")
class NamedUntilOneIsUnknown(MemoryCustomers):
    def named(self, entity: str, customer_ids: Sequence[str], /) -> Any:
        found = [self.get(entity, each) for each in customer_ids]
        return [each for each in found if each] if None not in found else []


@customers("test_a_whole_page_of_customers_is_found_by_their_ids")
class NamesAtMostAHundred(MemoryCustomers):
    """As many as a statement may have values, and no second statement."""

    def named(self, entity: str, customer_ids: Sequence[str], /) -> Any:
        return super().named(entity, customer_ids)[:100]


@customers("test_ids_that_a_loose_comparison_merges_name_different_customers")
class NamedLoosely(MemoryCustomers):
    def named(self, entity: str, customer_ids: Sequence[str], /) -> Any:
        wanted = {each.casefold().rstrip() for each in customer_ids}
        every = list(self._by_id.values())
        return [each for each in every if each.entity == entity and each.id.casefold().rstrip() in wanted]


@customers("test_ids_that_a_loose_comparison_merges_name_different_customers")
class NamedInEntitiesThatLookAlike(MemoryCustomers):
    def named(self, entity: str, customer_ids: Sequence[str], /) -> Any:
        every = list(self._by_id.values())
        return [each for each in every if each.entity.casefold() == entity.casefold() and each.id in customer_ids]


@customers("test_customers_are_found_by_their_ids_as_they_were_saved_last")
class NamedAsTheyWere(MemoryCustomers):
    """A cache that nobody empties."""

    def named(self, entity: str, customer_ids: Sequence[str], /) -> Any:
        seen = self.__dict__.setdefault("seen", {})
        return [seen.setdefault((entity, each.id), each) for each in super().named(entity, customer_ids)]


# --- save_all


@customers(
    "test_no_customer_is_saved_if_one_was_changed_since",
    "test_no_customer_is_saved_if_one_is_given_twice",
    "test_no_reader_sees_some_of_the_customers_or_one_without_its_event",
)
class SavesOneByOne(MemoryCustomers):
    def save_all(self, saves: Saves, /) -> None:
        for customer, event in saves:
            self.save(customer, event)
            time.sleep(A_MOMENT / 10)


@customers("test_all_customers_are_saved_each_with_its_event", "test_a_whole_page_of_customers_is_saved_at_once")
class SavesWithOneEvent(MemoryCustomers):
    def save_all(self, saves: Saves, /) -> None:
        trail, self._events = self._events, MemoryEvents()
        super().save_all(saves)
        self._events = trail
        self._events.append(saves[0][1])


@customers("test_no_reader_sees_some_of_the_customers_or_one_without_its_event")
class SavesThenTells(MemoryCustomers):
    def save_all(self, saves: Saves, /) -> None:
        trail, self._events = self._events, MemoryEvents()
        super().save_all(saves)
        self._events = trail
        time.sleep(A_MOMENT)
        for _, event in saves:
            trail.append(event)


@customers("test_a_whole_page_of_customers_is_saved_at_once")
class SavesAtMostAHundred(MemoryCustomers):
    def save_all(self, saves: Saves, /) -> None:
        super().save_all(saves[:100])


@customers("test_all_customers_are_saved_each_with_its_event")
class SavesOnlyWhatIsNew(MemoryCustomers):
    """`ON CONFLICT DO NOTHING`."""

    def save_all(self, saves: Saves, /) -> None:
        super().save_all([(each, event) for each, event in saves if self.get(each.entity, each.id) is None])


@customers("test_all_customers_are_saved_each_with_its_event")
class SavesAllUnderOneVersion(MemoryCustomers):
    """Versions that stand still."""

    def save_all(self, saves: Saves, /) -> None:
        super().save_all(saves)
        self._by_id.update({(each.entity, each.id): each for each, _ in saves})


@customers(
    "test_no_customer_is_saved_if_one_was_changed_since",
    "test_saving_customers_whose_answer_was_lost_is_stale_when_repeated",
)
class SavesWithoutComparing(MemoryCustomers):
    def save_all(self, saves: Saves, /) -> None:
        stored = [self.get(each.entity, each.id) for each, _ in saves]
        now = [(evolve(e, version=s.version if s else 0), event) for (e, event), s in zip(saves, stored, strict=True)]
        try:
            super().save_all(now)
        except Stale:
            self.save_all(saves)


@customers("test_no_customer_is_saved_if_one_is_given_twice")
class SavesTheLastOfTwo(MemoryCustomers):
    """Compares each with what was there before all of them."""

    def save_all(self, saves: Saves, /) -> None:
        super().save_all(list({(each.entity, each.id): (each, event) for each, event in saves}.values()))


@customers("test_no_association_is_lost_however_many_save_the_same_customers")
class ComparesAllThenWrites(MemoryCustomers):
    """Reads, compares and writes in three steps."""

    def save_all(self, saves: Saves, /) -> None:
        stored = [self.get(each.entity, each.id) for each, _ in saves]
        if any(each.version != (s.version if s else 0) for (each, _), s in zip(saves, stored, strict=True)):
            raise Stale
        time.sleep(A_MOMENT)
        for customer, event in saves:
            now = self.get(customer.entity, customer.id)
            self._by_id.pop((customer.entity, customer.id), None)
            super().save_all([(evolve(customer, version=0), event)])
            if now:
                kept = evolve(customer, version=now.version + 1)
                self._by_id[customer.entity, customer.id] = kept


@customers("test_customers_that_were_saved_at_once_are_saved_and_found_like_others")
class SavedAtOnceAndNotIndexed(MemoryCustomers):
    """An index that only `save` writes."""

    def save(self, customer: Customer, event: Event, /) -> int:
        self.__dict__.setdefault("index", set()).add((customer.entity, customer.id))
        return super().save(customer, event)

    def of(self, entity: str, /, after: Customer | None, limit: int, associated: str | None = None) -> Any:
        index = self.__dict__.get("index", set())
        return [each for each in super().of(entity, after, limit, associated) if (entity, each.id) in index]
