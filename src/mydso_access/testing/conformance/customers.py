"""The contract of a customer repository: who is associated, by entity and customer, and found by user."""

from attrs import evolve

from mydso_access.model.customer import Customer
from mydso_access.model.event import Event
from mydso_access.repositories import Repositories
from mydso_access.testing.conformance.comparing import same
from mydso_access.testing.conformance.lookalikes import ID_LENGTH, lookalikes
from mydso_access.testing.conformance.paging import all_pages
from mydso_access.testing.conformance.portfolios import PortfolioContract
from mydso_access.testing.conformance.saving import Shelf
from mydso_access.testing.conformance.structure_records import (
    customer,
    customer_told,
    dated_customer,
    every_customer,
    numbered_customer,
)
from mydso_access.testing.conformance.telling import ToldRecordContract

ALL = 1000
ENTITY, OTHER = "entity-1", "entity-2"
ROUNDS = 10


class CustomerContract(ToldRecordContract[Customer], PortfolioContract):
    """What a customer repository promises. The fixture `repositories` gives empty `customers` and `events`."""

    def shelf(self, repositories: Repositories) -> Shelf[Customer]:
        """Return how customers are made, loaded and saved."""
        customers, texts = repositories.customers, lookalikes(ID_LENGTH)
        alike = [customer(text) for text in texts] + [customer("customer", entity=text) for text in texts]
        alike += [customer(of, entity=each) for each, of in (("a", "bc"), ("ab", "c"), ("a", "b:c"), ("a:b", "c"))]
        return Shelf(
            get=lambda record: customers.get(record.entity, record.id),
            save=lambda record: customers.save(record, customer_told(record)),
            new=lambda number: customer(f"customer-{number}"),
            changed=numbered_customer,
            dated=dated_customer,
            every=every_customer(),
            alike=[evolve(each, written_by=f"event-{number}") for number, each in enumerate(alike)],
        )

    def told(self, record: Customer) -> Event:
        """Return the event that a customer is saved with."""
        return customer_told(record)

    def test_equal_ids_in_two_entities_are_two_customers(self, repositories: Repositories) -> None:
        """Whatever is done for the one changes nothing of the other (A10)."""
        one, other = (self.kept(repositories, customer("same", entity=entity)) for entity in (ENTITY, OTHER))
        one = self.kept(repositories, numbered_customer(one, 1))
        get = repositories.customers.get
        same([one, other], [self.ask(get, ENTITY, "same"), self.ask(get, OTHER, "same")])
        same([[one], [other]], [self.of(repositories, entity) for entity in (ENTITY, OTHER)])

    def test_an_entity_without_customers_has_an_empty_page(self, repositories: Repositories) -> None:
        """So has a user with whom none is associated."""
        same([], self.of(repositories, ENTITY))
        self.kept(repositories, customer("customer-1", collector="anna"))
        same([[], []], [self.of(repositories, OTHER), self.of(repositories, ENTITY, "bert")])

    def test_customers_are_found_by_their_collector_and_by_their_colleagues(self, repositories: Repositories) -> None:
        """In their entity only, and once, if somebody is both (S14, S15)."""
        new = {
            "collects": customer("collects", collector="anna"),
            "colleague": customer("colleague", collector="bert", colleagues=frozenset({"anna", "carl"})),
            "both": customer("both", collector="anna", colleagues=frozenset({"anna", "bert"})),
            "neither": customer("neither", colleagues=frozenset({"carl"})),
            "elsewhere": customer("elsewhere", entity=OTHER, collector="anna", colleagues=frozenset({"carl"})),
        }
        for each in new.values():
            self.kept(repositories, each)
        expected = {
            "anna": ["both", "colleague", "collects"],
            "bert": ["both", "colleague"],
            "carl": ["colleague", "neither"],
            "dora": [],
        }
        for user_id, ids in expected.items():
            same(ids, sorted(each.id for each in self.of(repositories, ENTITY, user_id)))
        same(["elsewhere"], [each.id for each in self.of(repositories, OTHER, "anna")])
        same(sorted({*new} - {"elsewhere"}), sorted(each.id for each in self.of(repositories, ENTITY)))

    def test_users_that_a_loose_comparison_merges_have_customers_of_their_own(self, repositories: Repositories) -> None:
        """Nobody sees a customer because of an id that only looks like theirs."""
        texts = lookalikes(ID_LENGTH)
        kept = [self.kept(repositories, customer(f"customer-{n}", collector=text)) for n, text in enumerate(texts)]
        for text, expected in zip(texts, kept, strict=True):
            same([expected], self.of(repositories, ENTITY, text))

    def test_entities_that_a_loose_comparison_merges_have_customers_of_their_own(
        self, repositories: Repositories
    ) -> None:
        """Nothing of one entity is seen in another."""
        texts = lookalikes(ID_LENGTH)
        kept = [self.kept(repositories, customer("customer", entity=text, collector="anna")) for text in texts]
        for text, expected in zip(texts, kept, strict=True):
            same([[expected]] * 2, [self.of(repositories, text), self.of(repositories, text, "anna")])

    def test_pages_of_any_size_hold_every_customer_exactly_once(self, repositories: Repositories) -> None:
        """All of an entity's, or all of a user's; the order is always the same."""
        for number in range(12):
            collector = "anna" if number % 2 else "bert"
            self.kept(repositories, customer(f"customer-{number}", collector=collector))
            self.kept(repositories, customer(f"customer-{number}", entity=OTHER, collector="anna"))
        for associated, count in ((None, 12), ("anna", 6)):
            everything = self.of(repositories, ENTITY, associated)
            same(count, len({each.id for each in everything}))
            for limit in (1, 2, 3, 5, count, count + 1):
                same(everything, self.paged(repositories, limit, associated))

    def test_a_page_of_customers_is_as_long_as_its_limit_unless_it_is_the_last(
        self, repositories: Repositories
    ) -> None:
        """Fewer mean that it was the last, even where others' customers stand in between."""
        for number in range(12):
            self.kept(repositories, customer(f"customer-{number}", collector="anna" if number % 2 else "bert"))
        everything = self.of(repositories, ENTITY, "anna")
        for count in range(7):
            after = everything[count - 1] if count else None
            page = self.ask(repositories.customers.of, ENTITY, after=after, limit=3, associated="anna")
            same(everything[count : count + 3], list(page))

    def test_a_customer_is_found_by_whoever_is_associated_now(self, repositories: Repositories) -> None:
        """Associated and dissociated: at once, from here and from elsewhere."""
        record = self.kept(repositories, customer("customer-1", collector="anna", colleagues=frozenset({"bert"})))
        with self.elsewhere() as ask:
            for number in range(ROUNDS):
                collector, colleague = ("anna", "carl") if number % 2 else (None, "anna")
                colleagues = frozenset({colleague, "dora"} if number % 3 else {colleague})
                event_id = f"event-{number}"
                changed = evolve(record, collector=collector, colleagues=colleagues, written_by=event_id)
                record = self.kept(repositories, changed)
                present = sorted({*colleagues, *([collector] if collector else [])})
                for asked in (self.ask, ask):
                    for name in ("anna", "bert", "carl", "dora"):
                        page = asked(repositories.customers.of, ENTITY, after=None, limit=ALL, associated=name)
                        same([record] if name in present else [], list(page))

    def paged(self, repositories: Repositories, limit: int, associated: str | None) -> list[Customer]:
        """Return an entity's customers, or those of one user, page after page."""
        of = repositories.customers.of
        return all_pages(lambda a, n: self.ask(of, ENTITY, after=a, limit=n, associated=associated), limit)

    def kept(self, repositories: Repositories, record: Customer) -> Customer:
        """Save a customer and return it as it is stored then."""
        return evolve(record, version=self.ask(repositories.customers.save, record, customer_told(record)))

    def of(self, repositories: Repositories, entity: str, associated: str | None = None) -> list[Customer]:
        """Return an entity's customers, or those of one user, in one page."""
        return list(self.ask(repositories.customers.of, entity, after=None, limit=ALL, associated=associated))
