"""Stores that keep the associations of customers wrongly, or find them by the wrong user."""

from typing import Any

from attrs import evolve

from mydso_access.adapters.memory import MemoryCustomers, MemoryEvents
from mydso_access.model import Customer, Event
from mydso_access.testing.conformance import CustomerContract
from tests.testing.broken.under_test import customers, under_test


class Associations(MemoryCustomers):
    """Sound, and easy to break."""

    def of(self, entity: str, /, after: Customer | None, limit: int, associated: str | None = None) -> Any:
        found = [each for each in list(self._by_id.values()) if self.is_in(each, entity)]
        found = [each for each in found if associated is None or self.is_associated(each, associated)]
        found = [each for each in found if after is None or self.is_after(each, after)]
        return sorted(found, key=self.place)[:limit]

    def is_in(self, customer: Customer, entity: str) -> bool:
        return customer.entity == entity

    def is_associated(self, customer: Customer, user_id: str) -> bool:
        return user_id == customer.collector or user_id in customer.colleagues

    def is_after(self, customer: Customer, after: Customer) -> bool:
        return bool(self.place(customer) > self.place(after))

    def place(self, customer: Customer) -> Any:
        return customer.id


under_test("SoundAssociations", CustomerContract, customers=Associations)


@customers(
    "test_a_new_record_where_one_exists_is_stale_and_stores_nothing",
    "test_of_two_saves_from_one_version_the_second_is_stale",
    "test_a_stale_save_leaves_no_event",
)
class NoVersionCheckOfCustomers(MemoryCustomers):
    def save(self, customer: Customer, event: Event, /) -> int:
        stored = self.get(customer.entity, customer.id)
        return super().save(evolve(customer, version=stored.version if stored else 0), event)


@customers(
    "test_an_event_is_stored_with_its_record_exactly_once",
    "test_every_save_has_exactly_its_event_however_many_save_at_once",
)
class SilentCustomers(MemoryCustomers):
    def __init__(self, _: MemoryEvents) -> None:
        super().__init__(MemoryEvents())


@customers("test_keys_that_a_loose_comparison_merges_are_different_records")
class CustomersRunTogether(MemoryCustomers):
    """`entity:customer` as a key."""

    def get(self, entity: str, customer_id: str, /) -> Customer | None:
        wanted = f"{entity}:{customer_id}"
        return next((each for each in list(self._by_id.values()) if f"{each.entity}:{each.id}" == wanted), None)


@customers("test_every_field_comes_back_as_it_was_saved")
class CollectorsAreColleagues(MemoryCustomers):
    """Keeps everybody in one list."""

    def get(self, entity: str, customer_id: str, /) -> Customer | None:
        found = super().get(entity, customer_id)
        return found and evolve(found, colleagues=found.colleagues - {found.collector or ""})


@customers("test_equal_ids_in_two_entities_are_two_customers")
class CustomersById(MemoryCustomers):
    def get(self, entity: str, customer_id: str, /) -> Customer | None:
        return next((each for each in list(self._by_id.values()) if each.id == customer_id), None)


@customers("test_an_entity_without_customers_has_an_empty_page")
class CustomersOfNone(Associations):
    def of(self, *asked: Any, **filters: Any) -> Any:
        return super().of(*asked, **filters) or None


@customers("test_customers_are_found_by_their_collector_and_by_their_colleagues")
class CustomersOfCollectors(Associations):
    def is_associated(self, customer: Customer, user_id: str) -> bool:
        return user_id == customer.collector


@customers(
    "test_customers_are_found_by_their_collector_and_by_their_colleagues",
    "test_a_customer_is_found_by_whoever_is_associated_now",
)
class CustomersOfColleagues(Associations):
    def is_associated(self, customer: Customer, user_id: str) -> bool:
        return user_id in customer.colleagues


@customers("test_customers_are_found_by_their_collector_and_by_their_colleagues")
class CustomersOncePerAssociation(Associations):
    """Joins without looking."""

    def of(self, entity: str, /, after: Customer | None, limit: int, associated: str | None = None) -> Any:
        found = super().of(entity, after, limit, associated)
        return [each for one in found for each in [one] * (1 + (one.collector in one.colleagues))][:limit]


@customers("test_customers_are_found_by_their_collector_and_by_their_colleagues")
class CustomersOfEveryEntity(Associations):
    def is_in(self, customer: Customer, entity: str) -> bool:
        return True


@customers("test_users_that_a_loose_comparison_merges_have_customers_of_their_own")
class CustomersOfWhoeverLooksAlike(Associations):
    def is_associated(self, customer: Customer, user_id: str) -> bool:
        return user_id.rstrip() == (customer.collector or "").rstrip() or super().is_associated(customer, user_id)


@customers("test_entities_that_a_loose_comparison_merges_have_customers_of_their_own")
class CustomersOfEntitiesThatLookAlike(Associations):
    def is_in(self, customer: Customer, entity: str) -> bool:
        return customer.entity.casefold() == entity.casefold()


@customers("test_pages_of_any_size_hold_every_customer_exactly_once")
class CustomersInAnyOrder(Associations):
    def place(self, customer: Customer) -> Any:
        return customer.version

    def is_after(self, customer: Customer, after: Customer) -> bool:
        return customer.id > after.id


@customers("test_pages_of_any_size_hold_every_customer_exactly_once")
class CustomersAgain(Associations):
    def is_after(self, customer: Customer, after: Customer) -> bool:
        return customer.id >= after.id


@customers("test_a_page_of_customers_is_as_long_as_its_limit_unless_it_is_the_last")
class CustomersLimitFirst(Associations):
    """Takes a page of all customers, and then those of the user."""

    def of(self, entity: str, /, after: Customer | None, limit: int, associated: str | None = None) -> Any:
        page = super().of(entity, after, limit)
        return [each for each in page if associated is None or self.is_associated(each, associated)]


@customers("test_a_customer_is_found_by_whoever_is_associated_now")
class CustomersOfWhoeverWasAssociated(Associations):
    """An index that nobody leaves."""

    def save(self, customer: Customer, event: Event, /) -> int:
        version = super().save(customer, event)
        index = self.__dict__.setdefault("index", {})
        index.setdefault((customer.entity, customer.id), set()).update({customer.collector, *customer.colleagues})
        return version

    def is_associated(self, customer: Customer, user_id: str) -> bool:
        return user_id in self.__dict__["index"][customer.entity, customer.id]


@customers("test_a_customer_is_found_by_whoever_is_associated_now")
class CustomersAsTheyWere(Associations):
    """An index that is one save behind."""

    def save(self, customer: Customer, event: Event, /) -> int:
        before = self.get(customer.entity, customer.id) or customer
        version = super().save(customer, event)
        self.__dict__.setdefault("before", {})[customer.entity, customer.id] = before
        return version

    def is_associated(self, customer: Customer, user_id: str) -> bool:
        return super().is_associated(self.__dict__["before"][customer.entity, customer.id], user_id)
