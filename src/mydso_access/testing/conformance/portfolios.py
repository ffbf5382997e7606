"""What holds for many customers' associations at once: they are found by their ids, and saved all or not at all."""

from collections.abc import Sequence
from functools import partial

from attrs import evolve

from mydso_access.errors import Stale
from mydso_access.model.customer import Customer
from mydso_access.model.event import Event
from mydso_access.policy.fixed import PAGE
from mydso_access.repositories import CustomerRepository, Repositories
from mydso_access.testing.conformance.comparing import same
from mydso_access.testing.conformance.contract import answered
from mydso_access.testing.conformance.lookalikes import ID_LENGTH, lookalikes
from mydso_access.testing.conformance.records import event
from mydso_access.testing.conformance.structure_records import (
    customer,
    customer_told,
    every_customer,
    numbered_customer,
)
from mydso_access.testing.conformance.trails import TrailContract

ENTITY, OTHER = "entity-1", "entity-2"
ALL, ROUNDS, LENGTH = 1000, 10, 20
WRITERS, TURNS, TRIES = 4, 3, 1000


class PortfolioContract(TrailContract):
    """What a customer repository promises of `named` and `save_all`."""

    # --- named

    def test_customers_are_found_by_their_ids_in_one_entity(self, repositories: Repositories) -> None:
        """Those that are stored, and no others, however many are asked for that are not."""
        kept = {each: self.there(repositories, customer(each, collector=each)) for each in ("a", "b", "c")}
        self.there(repositories, customer("a", entity=OTHER, collector="another"))
        self.there(repositories, customer("d", entity=OTHER))
        for ids in (["a"], ["c", "a"], ["x", "b", "y"], ["x"], ["d"], ["d", "c", "b", "a"]):
            expected = {each: kept[each] for each in ids if each in kept}
            found = self.named(repositories, ids)
            same(sorted(expected), sorted(each.id for each in found))
            same(expected, {each.id: each for each in found})
        many = [f"unknown-{number}" for number in range(PAGE - 3)]
        same(["a", "b", "c"], sorted(each.id for each in self.named(repositories, [*many[:250], *kept, *many[250:]])))

    def test_a_whole_page_of_customers_is_found_by_their_ids(self, repositories: Repositories) -> None:
        """However many values a statement may have."""
        many = [customer(f"customer-{number}") for number in range(PAGE)]
        self.ask(repositories.customers.save_all, [(each, customer_told(each)) for each in many])
        found = self.named(repositories, [each.id for each in many])
        same(sorted(each.id for each in many), sorted(each.id for each in found))

    def test_ids_that_a_loose_comparison_merges_name_different_customers(self, repositories: Repositories) -> None:
        """Alone and among others that look alike; and so do their entities."""
        texts = lookalikes(ID_LENGTH)
        kept = {text: self.there(repositories, customer(text, collector="anna")) for text in texts}
        for text in texts:
            same([kept[text]], self.named(repositories, [text]))
        same(kept, {each.id: each for each in self.named(repositories, texts)})
        for text in texts:
            self.ask(repositories.customers.save, customer("same", entity=text, collector=text), event(f"e {text}"))
        for text in texts:
            (found,) = self.ask(repositories.customers.named, text, ["same"])
            same((text, text), (found.entity, found.collector))

    def test_customers_are_found_by_their_ids_as_they_were_saved_last(self, repositories: Repositories) -> None:
        """At once, from here and from elsewhere."""
        record = customer("customer-1")
        with self.elsewhere() as ask:
            for number in range(ROUNDS):
                record = self.there(repositories, numbered_customer(record, number))
                for asked in (self.ask, ask):
                    same([record], list(asked(repositories.customers.named, ENTITY, ["customer-1", "other"])))

    # --- save_all

    def test_all_customers_are_saved_each_with_its_event(self, repositories: Repositories) -> None:
        """New ones and such as are there, every field of them, under versions that have grown."""
        customers, every = repositories.customers, list(every_customer().values())
        new = [(each, customer_told(each)) for each in every]
        same(None, self.ask(customers.save_all, new))
        before = [self.stored_customer(repositories, each) for each in every]
        for each, found in zip(every, before, strict=True):
            same((int, True), (type(found.version), found.version > 0))
            same(evolve(each, version=found.version), found)
        changed = [numbered_customer(each, number) for number, each in enumerate([*before, customer("new")])]
        same(None, self.ask(customers.save_all, [(each, customer_told(each)) for each in changed]))
        for each in changed:
            found = self.stored_customer(repositories, each)
            same((int, True), (type(found.version), found.version > each.version))
            same(evolve(each, version=found.version), found)
        told = [event_of for _, event_of in new] + [customer_told(each) for each in changed]
        same(sorted(told, key=_id), sorted(self.trail(repositories), key=_id))

    def test_customers_that_were_saved_at_once_are_saved_and_found_like_others(
        self, repositories: Repositories
    ) -> None:
        """By compare-and-set, by collector and by colleague; whoever was associated before finds them no more."""
        customers = repositories.customers
        both = frozenset({"bert", "carl"})
        self.save_all(repositories, customer("a", collector="anna"), customer("b", collector="anna", colleagues=both))
        same(["a", "b"], self.found_by(repositories, "anna"))
        same([["b"], ["b"]], [self.found_by(repositories, each) for each in ("bert", "carl")])
        a, b = (self.stored_customer(repositories, customer(each)) for each in "ab")
        self.save_all(
            repositories,
            evolve(a, collector="carl", written_by="1"),
            evolve(b, collector=None, colleagues=frozenset({"anna"}), written_by="2"),
        )
        expected = {"anna": ["b"], "bert": [], "carl": ["a"]}
        same(expected, {each: self.found_by(repositories, each) for each in expected})
        self.refuses(Stale, customers.save, evolve(a, written_by="3"), event("refused"))
        self.there(repositories, evolve(self.stored_customer(repositories, a), collector="bert", written_by="4"))
        same(["a"], self.found_by(repositories, "bert"))

    def test_a_whole_page_of_customers_is_saved_at_once(self, repositories: Repositories) -> None:
        """Each with its event, and again from there."""
        many = [customer(f"customer-{n}", collector="anna", written_by=f"new-{n}") for n in range(PAGE)]
        self.save_all(repositories, *many)
        stored = [self.stored_customer(repositories, each) for each in (*many[::50], many[-1])]
        self.save_all(repositories, *(evolve(e, collector="bert", written_by=f"{e.written_by} again") for e in stored))
        same(PAGE - len(stored), len(self.found_by(repositories, "anna")))
        same(sorted(each.id for each in stored), self.found_by(repositories, "bert"))
        same(PAGE + len(stored), len(self.trail(repositories)))

    def test_no_customer_is_saved_if_one_was_changed_since(self, repositories: Repositories) -> None:
        """Wherever it stands: older, newer, there already or not there; no event tells of what did not happen."""
        first = self.there(repositories, customer("changed", written_by="1"))
        changed = self.there(repositories, evolve(first, collector="anna", written_by="2"))
        well = self.there(repositories, customer("well", collector="anna", written_by="3"))
        stale = [
            first,
            evolve(changed, version=0),
            evolve(changed, version=changed.version + 1),
            customer("unknown", version=1),
        ]
        for number, one in enumerate(stale):
            for place in range(3):
                several = [evolve(well, collector="bert"), customer("new", collector="bert")]
                several.insert(place, evolve(one, collector="bert"))
                self.saves_none(repositories, several, f"{number} {place}")

    def test_no_customer_is_saved_if_one_is_given_twice(self, repositories: Repositories) -> None:
        """The first of the two has changed it for the second."""
        self.there(repositories, customer("changed", written_by="1"))
        well = self.there(repositories, customer("well", collector="anna", written_by="2"))
        self.saves_none(repositories, [evolve(well, collector="bert"), customer("new"), well], "1")
        self.saves_none(repositories, [customer("new"), well, customer("new", collector="bert")], "2")

    def test_saving_customers_whose_answer_was_lost_is_stale_when_repeated(self, repositories: Repositories) -> None:
        """They are there once, and so are their events."""
        there = self.there(repositories, customer("a", written_by="1"))
        saves = [(each, customer_told(each)) for each in (evolve(there, collector="b", written_by="2"), customer("c"))]
        self.ask(repositories.customers.save_all, saves)
        before = [self.stored_customer(repositories, each) for each, _ in saves]
        self.refuses(Stale, repositories.customers.save_all, saves)
        same(before, [self.stored_customer(repositories, each) for each, _ in saves])
        same(["1", "2", "event of c of entity-1"], self.event_ids(repositories))

    def test_no_association_is_lost_however_many_save_the_same_customers(self, repositories: Repositories) -> None:
        """Each adds a colleague to all of them, half of them from the last to the first: nobody waits for ever."""
        ids = [f"customer-{number}" for number in range(LENGTH)]
        self.save_all(repositories, *(customer(each) for each in ids))
        told = len(self.trail(repositories))
        customers = repositories.customers
        joined = self.at_once([partial(_join, customers, ids[:: (-1) ** n], f"user-{n}") for n in range(WRITERS)])
        everybody = frozenset(f"user-{n}-{turn}" for n in range(WRITERS) for turn in range(TURNS))
        same([TURNS] * WRITERS, joined)
        for each in ids:
            same(sorted(everybody), sorted(self.stored_customer(repositories, customer(each)).colleagues))
        same(told + WRITERS * TURNS * LENGTH, len(self.trail(repositories)))

    def test_no_reader_sees_some_of_the_customers_or_one_without_its_event(self, repositories: Repositories) -> None:
        """Whoever finds one of them finds every other, and what is told of them."""
        new = [customer(f"customer-{number}", written_by=f"event-{number}") for number in range(LENGTH)]
        same([], self.named(repositories, ["customer-0"]))
        saves = [(each, customer_told(each)) for each in new]
        look = partial(self.missing, repositories, new)
        _, readers = self.watched([partial(_saved, repositories.customers, saves)], look)
        same([], sorted({each for seen in readers for missing in seen for each in missing}))
        same(LENGTH, len(self.named(repositories, [each.id for each in new])))

    def there(self, repositories: Repositories, record: Customer) -> Customer:
        """Save a customer and return it as it is stored then."""
        return evolve(record, version=self.ask(repositories.customers.save, record, customer_told(record)))

    def named(self, repositories: Repositories, ids: Sequence[str]) -> list[Customer]:
        """Return the customers of entity-1 with these ids."""
        return list(self.ask(repositories.customers.named, ENTITY, ids))

    def save_all(self, repositories: Repositories, *several: Customer) -> None:
        """Save customers together, each with its event."""
        self.ask(repositories.customers.save_all, [(each, customer_told(each)) for each in several])

    def stored_customer(self, repositories: Repositories, record: Customer) -> Customer:
        """Return what is stored under a customer's key."""
        found = self.ask(repositories.customers.get, record.entity, record.id)
        if found is None:
            raise AssertionError(f"a stored record is not found: {record!r}")
        return found

    def found_by(self, repositories: Repositories, user_id: str) -> list[str]:
        """Return the ids of a user's customers."""
        page = self.ask(repositories.customers.of, ENTITY, after=None, limit=ALL, associated=user_id)
        return sorted(each.id for each in page)

    def saves_none(self, repositories: Repositories, several: Sequence[Customer], name: str) -> None:
        """Try to save customers together, and see that nothing has changed."""
        customers, told = repositories.customers, self.trail(repositories)
        ids = ("changed", "well", "new", "unknown")
        before = [self.ask(customers.get, ENTITY, each) for each in ids]
        saves = [(each, event(f"refused {name} {n}")) for n, each in enumerate(several)]
        self.refuses(Stale, customers.save_all, saves)
        same(before, [self.ask(customers.get, ENTITY, each) for each in ids])
        same([], self.found_by(repositories, "bert"))
        same(told, self.trail(repositories))

    async def missing(self, repositories: Repositories, new: Sequence[Customer]) -> list[str]:
        """Return what is not there although the first or the last of some customers is."""
        get = repositories.customers.get
        for known in (new[0], new[-1]):
            if await answered(get, ENTITY, known.id) is not None:
                told = {each.id for each in await answered(self.page, repositories)}
                lost = [each.id for each in new if await answered(get, ENTITY, each.id) is None]
                return lost + [str(each.written_by) for each in new if each.written_by not in told]
        return []


def _id(told: Event) -> str:
    return told.id


async def _saved(customers: CustomerRepository, saves: Sequence[tuple[Customer, Event]]) -> None:
    await answered(customers.save_all, saves)


async def _join(customers: CustomerRepository, ids: Sequence[str], user_id: str) -> int:
    """Become a colleague of all of these customers several times, under another id each time, and return how often."""
    for turn in range(TURNS):
        await _joined(customers, ids, f"{user_id}-{turn}")
    return TURNS


async def _joined(customers: CustomerRepository, ids: Sequence[str], user_id: str) -> None:
    for number in range(TRIES):
        found = {each.id: each for each in await answered(customers.named, ENTITY, ids)}
        several = [evolve(found[each], colleagues=found[each].colleagues | {user_id}) for each in ids]
        told = [event(f"{user_id} {number} {each.id}") for each in several]
        try:
            return await answered(customers.save_all, list(zip(several, told, strict=True)))
        except Stale:
            continue
    raise AssertionError(f"a save was stale {TRIES} times")
