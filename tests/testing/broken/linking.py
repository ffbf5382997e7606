"""Stores that list links wrongly, or let a link for single use open twice."""

import time
from typing import Any

from attrs import evolve

from mydso_access.adapters.memory import MemoryEvents, MemoryLinks
from mydso_access.errors import Stale
from mydso_access.model import Event, Link
from mydso_access.testing.conformance import LinkContract, RaceContract
from tests.testing.broken.under_test import A_MOMENT, links, under_test


class Linked(MemoryLinks):
    """Sound, and easy to break."""

    def of(
        self, entity: str, /, after: Link | None, limit: int, customer: str | None = None, granter: str | None = None
    ) -> Any:
        found = [each for each in list(self._by_id.values()) if self.is_in(each, entity)]
        found = [each for each in found if granter is None or self.is_by(each, granter)]
        found = [each for each in found if customer is None or self.is_to(each, customer)]
        found = [each for each in found if after is None or self.is_after(each, after)]
        return sorted(found, key=self.place)[:limit]

    def is_in(self, link: Link, entity: str) -> bool:
        return link.target.entity == entity

    def is_to(self, link: Link, customer: str) -> bool:
        return link.target.customer == customer

    def is_by(self, link: Link, granter: str) -> bool:
        return link.granter == granter

    def is_after(self, link: Link, after: Link) -> bool:
        return bool(self.place(link) > self.place(after))

    def place(self, link: Link) -> Any:
        return link.id


@links("test_an_entity_without_links_has_an_empty_page")
class LinksOfNone(Linked):
    def of(self, *asked: Any, **filters: Any) -> Any:
        return super().of(*asked, **filters) or None


@links("test_links_are_found_by_their_entity_and_by_their_customer")
class LinksThatStillOpen(Linked):
    """Leaves out what is dead."""

    def is_in(self, link: Link, entity: str) -> bool:
        return link.revoked_at is None and super().is_in(link, entity)


@links("test_links_are_found_by_their_entity_and_by_their_customer", "test_an_entity_without_links_has_an_empty_page")
class LinksOfEveryEntity(Linked):
    def is_in(self, link: Link, entity: str) -> bool:
        return True


@links("test_links_are_found_by_their_entity_and_by_their_customer")
class LinksOfACustomerAnywhere(Linked):
    """Finds by the customer alone."""

    def of(
        self, entity: str, /, after: Link | None, limit: int, customer: str | None = None, granter: str | None = None
    ) -> Any:
        every = [each for each in self._by_id.values() if customer == each.target.customer]
        return super().of(entity, after, limit) if customer is None else sorted(every, key=self.place)[:limit]


@links("test_entities_that_a_loose_comparison_merges_have_links_of_their_own")
class LinksOfEntitiesThatLookAlike(Linked):
    def is_in(self, link: Link, entity: str) -> bool:
        return link.target.entity.casefold() == entity.casefold()


@links("test_customers_that_a_loose_comparison_merges_have_links_of_their_own")
class LinksOfCustomersThatLookAlike(Linked):
    def is_to(self, link: Link, customer: str) -> bool:
        return link.target.customer.rstrip() == customer.rstrip()


@links("test_customers_that_a_loose_comparison_merges_have_links_of_their_own")
class LinksOfCustomersThatRunTogether(Linked):
    """`entity:customer` as a key."""

    def of(
        self, entity: str, /, after: Link | None, limit: int, customer: str | None = None, granter: str | None = None
    ) -> Any:
        if customer is None:
            return super().of(entity, after, limit)
        every = list(self._by_id.values())
        return [e for e in every if f"{e.target.entity}:{e.target.customer}" == f"{entity}:{customer}"][:limit]


@links("test_links_are_found_by_who_granted_them")
class LinksOfEveryGranter(Linked):
    def is_by(self, link: Link, granter: str) -> bool:
        return True


@links("test_links_are_found_by_who_granted_them")
class LinksOfGrantersThatLookAlike(Linked):
    def is_by(self, link: Link, granter: str) -> bool:
        return link.granter.casefold() == granter.casefold()


@links("test_pages_of_any_size_hold_every_link_exactly_once")
class LinksInAnyOrder(Linked):
    def place(self, link: Link) -> Any:
        return link.version

    def is_after(self, link: Link, after: Link) -> bool:
        return link.id > after.id


@links("test_pages_of_any_size_hold_every_link_exactly_once")
class LinksAgain(Linked):
    def is_after(self, link: Link, after: Link) -> bool:
        return link.id >= after.id


@links("test_a_page_of_links_is_as_long_as_its_limit_unless_it_is_the_last")
class LinksLimitFirst(Linked):
    """Takes a page of all links, and then those to the customer."""

    def of(
        self, entity: str, /, after: Link | None, limit: int, customer: str | None = None, granter: str | None = None
    ) -> Any:
        return [each for each in super().of(entity, after, limit) if customer is None or self.is_to(each, customer)]


@links("test_no_link_is_left_out_when_the_last_of_a_page_has_changed_or_gone_since")
class LinksByTheirLastSave(Linked):
    """An order that is another one as soon as a link was saved."""

    def place(self, link: Link) -> Any:
        return link.saved_at, link.id


@links("test_no_link_is_left_out_when_the_last_of_a_page_has_changed_or_gone_since")
class LinksAfterOneThatIsThere(Linked):
    """Looks up where the last of the page before stands."""

    def of(
        self, entity: str, /, after: Link | None, limit: int, customer: str | None = None, granter: str | None = None
    ) -> Any:
        if after is not None and self.get(after.id) is None:
            return []
        return super().of(entity, after, limit, customer)


@links("test_no_link_is_left_out_or_listed_twice_while_others_come_and_go")
class LinksByOffset(Linked):
    """`OFFSET` as many as stand before the last of the page before."""

    def of(
        self, entity: str, /, after: Link | None, limit: int, customer: str | None = None, granter: str | None = None
    ) -> Any:
        shown = self.__dict__.setdefault("shown", {})
        start = 0 if after is None else shown.get(after.id, 0) + 1
        page = super().of(entity, None, 10_000, customer)[start : start + limit]
        shown.update({each.id: start + n for n, each in enumerate(page)})
        return page


@links("test_a_link_is_listed_as_it_was_saved_last")
class LinksAsTheyWereIssued(Linked):
    """A list of its own, written once."""

    def of(
        self, entity: str, /, after: Link | None, limit: int, customer: str | None = None, granter: str | None = None
    ) -> Any:
        first = self.__dict__.setdefault("first", {})
        return [first.setdefault(each.id, each) for each in super().of(entity, after, limit, customer)]


@links(
    "test_a_new_record_where_one_exists_is_stale_and_stores_nothing",
    "test_of_two_saves_from_one_version_the_second_is_stale",
    "test_a_stale_save_leaves_no_event",
)
class NoVersionCheckOfLinks(MemoryLinks):
    def save(self, link: Link, event: Event, /) -> int:
        stored = self.get(link.id)
        return super().save(evolve(link, version=stored.version if stored else 0), event)


@links(
    "test_an_event_is_stored_with_its_record_exactly_once",
    "test_every_save_has_exactly_its_event_however_many_save_at_once",
)
class SilentLinks(MemoryLinks):
    def __init__(self, _: MemoryEvents) -> None:
        super().__init__(MemoryEvents())


@links("test_every_field_comes_back_as_it_was_saved")
class LinksWithoutRecipients(MemoryLinks):
    def get(self, link_id: str, /) -> Link | None:
        found = super().get(link_id)
        return found and evolve(found, target=evolve(found.target, recipient="somebody"))


@links("test_instants_come_back_to_the_microsecond")
class LinksToTheSecond(MemoryLinks):
    def get(self, link_id: str, /) -> Link | None:
        found = super().get(link_id)
        return found and evolve(found, until=found.until and found.until.replace(microsecond=0))


class OpensTwice(MemoryLinks):
    """Reads, compares and writes in three steps."""

    def save(self, link: Link, event: Event, /) -> int:
        stored = self.get(link.id)
        if link.version != (stored.version if stored else 0):
            raise Stale
        time.sleep(A_MOMENT)
        while True:
            now = self.get(link.id)
            try:
                return super().save(evolve(link, version=now.version if now else 0), event)
            except Stale:
                continue


links("test_of_many_who_create_one_record_one_does", "test_each_version_is_followed_by_one_save_however_many_try")(
    OpensTwice
)
under_test(
    "OpensTwiceRace", RaceContract, "test_of_many_who_open_one_link_for_single_use_exactly_one_does", links=OpensTwice
)
under_test("SoundLinked", LinkContract, links=Linked)
