"""The contract of a link repository: links are found by entity and customer, and told of in the trail."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from itertools import count

from attrs import evolve

from mydso_access.model.event import Event
from mydso_access.model.link import Link
from mydso_access.policy.fixed import EARLIEST
from mydso_access.ports import MaybeAwaitable
from mydso_access.repositories import LinkRepository, Repositories
from mydso_access.testing.conformance.comparing import same
from mydso_access.testing.conformance.contract import answered
from mydso_access.testing.conformance.dead_links import DeadLinkContract
from mydso_access.testing.conformance.issuing import IssuingContract
from mydso_access.testing.conformance.link_records import dated_link, every_link, link, link_told, numbered_link
from mydso_access.testing.conformance.lookalikes import ID_LENGTH, lookalikes
from mydso_access.testing.conformance.paging import all_pages, all_pages_of
from mydso_access.testing.conformance.purging import PassingRecordContract
from mydso_access.testing.conformance.records import event
from mydso_access.testing.conformance.saving import Shelf
from mydso_access.testing.conformance.telling import ToldRecordContract

ALL = 1000  # more links than any test below makes
ENTITY, OTHER = "entity-1", "entity-2"
ROUNDS, TURNS, FEW = 10, 25, 12


class LinkContract(ToldRecordContract[Link], PassingRecordContract[Link], IssuingContract, DeadLinkContract):
    """What a link repository promises. The fixture `repositories` gives empty `links` and `events`."""

    def shelf(self, repositories: Repositories) -> Shelf[Link]:
        """Return how links are made, loaded and saved."""
        links = repositories.links
        alike = [link(text, written_by=f"event-{number}") for number, text in enumerate(lookalikes(ID_LENGTH))]
        number = count()

        def save(record: Link) -> MaybeAwaitable[int]:
            event_id = link_told(record).id
            if record.written_by is None and (again := next(number)):  # one that was forgotten and comes back
                event_id = f"{event_id} {again}"
            return links.save(record, evolve(link_told(record), id=event_id))

        return Shelf(
            get=lambda record: links.get(record.id),
            save=save,
            new=lambda number: link(f"link-{number}"),
            changed=numbered_link,
            dated=dated_link,
            every=every_link(),
            alike=alike,
        )

    def told(self, record: Link) -> Event:
        """Return the event that a link is saved with."""
        return link_told(record)

    def purge(self, repositories: Repositories, instant: datetime, limit: int) -> MaybeAwaitable[int]:
        """Forget links that are dead."""
        return repositories.links.purge(instant, limit=limit)

    def ending(self, number: int, instant: datetime) -> Link:
        """Return a link that is dead after an instant."""
        return link(f"link-{number}", until=instant)

    def test_an_entity_without_links_has_an_empty_page(self, repositories: Repositories) -> None:
        """So has a customer to whom none leads."""
        same([], self.of(repositories, ENTITY))
        self.issued(repositories, link("link-1", customer="customer-1"))
        same([[], []], [self.of(repositories, OTHER), self.of(repositories, ENTITY, "customer-2")])

    def test_links_are_found_by_their_entity_and_by_their_customer(self, repositories: Repositories) -> None:
        """A customer's of that entity only; whoever granted them, and whether they still open or not."""
        ours = [
            link("open", customer="a"),
            link("used", customer="a", single_use=True, used_at=EARLIEST),
            link("revoked", customer="b", granter="another", revoked_at=EARLIEST),
        ]
        theirs = [link("theirs", entity=OTHER, customer="a")]
        for each in (*ours, *theirs):
            self.issued(repositories, each)
        expected = {
            (ENTITY, None): ["open", "revoked", "used"],
            (ENTITY, "a"): ["open", "used"],
            (ENTITY, "b"): ["revoked"],
            (OTHER, None): ["theirs"],
            (OTHER, "a"): ["theirs"],
            (OTHER, "b"): [],
        }
        for (entity, of), ids in expected.items():
            same(ids, sorted(each.id for each in self.of(repositories, entity, of)))

    def test_entities_that_a_loose_comparison_merges_have_links_of_their_own(self, repositories: Repositories) -> None:
        """Nothing of one entity is listed in another."""
        texts = lookalikes(ID_LENGTH)
        issued = [self.issued(repositories, link(f"link-{n}", entity=text)) for n, text in enumerate(texts)]
        for text, expected in zip(texts, issued, strict=True):
            same([[expected]] * 2, [self.of(repositories, text), self.of(repositories, text, "customer-1")])

    def test_customers_that_a_loose_comparison_merges_have_links_of_their_own(self, repositories: Repositories) -> None:
        """Neither an id that looks alike, nor one that runs together with its entity's, finds another's links."""
        texts = [(ENTITY, text) for text in lookalikes(ID_LENGTH)]
        texts += [("a", "bc"), ("ab", "c"), ("a", "b:c"), ("a:b", "c")]
        issued = [
            self.issued(repositories, link(f"link-{n}", entity=entity, customer=text))
            for n, (entity, text) in enumerate(texts)
        ]
        for (entity, text), expected in zip(texts, issued, strict=True):
            same([expected], self.of(repositories, entity, text))

    def test_links_are_found_by_who_granted_them(self, repositories: Repositories) -> None:
        """In one entity, and there, if asked, to one customer; granters whose ids look alike have links of their own."""
        granters = lookalikes(ID_LENGTH)
        for number, granter in enumerate(granters):
            for entity, customer in ((ENTITY, "a"), (ENTITY, "b"), (OTHER, "a")):
                self.issued(
                    repositories,
                    link(f"{entity}-{customer}-{number}", entity=entity, customer=customer, granter=granter),
                )
        of = repositories.links.of
        for number, granter in enumerate(granters):
            found = list(self.ask(of, ENTITY, after=None, limit=ALL, granter=granter))
            same([f"{ENTITY}-{customer}-{number}" for customer in "ab"], sorted(each.id for each in found))
            same(found[1:], list(self.ask(of, ENTITY, after=found[0], limit=ALL, granter=granter)))
            to_b = self.ask(of, ENTITY, after=None, limit=ALL, customer="b", granter=granter)
            same([f"{ENTITY}-b-{number}"], [each.id for each in to_b])
        same([], list(self.ask(of, ENTITY, after=None, limit=ALL, granter="nobody")))

    def test_pages_of_any_size_hold_every_link_exactly_once(self, repositories: Repositories) -> None:
        """All of an entity's, or all to a customer's; the order is always the same."""
        for number in range(FEW):
            self.issued(repositories, link(f"link-{number}", customer="a" if number % 2 else "b"))
            self.issued(repositories, link(f"other-{number}", entity=OTHER, customer="a"))
        for customer, number in ((None, FEW), ("a", FEW // 2)):
            everything = self.of(repositories, ENTITY, customer)
            same(number, len({each.id for each in everything}))
            for limit in (1, 2, 3, 5, number, number + 1):
                same(everything, self.paged(repositories, limit, customer))

    def test_a_page_of_links_is_as_long_as_its_limit_unless_it_is_the_last(self, repositories: Repositories) -> None:
        """Fewer mean that it was the last, even where others' links stand in between."""
        for number in range(FEW):
            self.issued(repositories, link(f"link-{number}", customer="a" if number % 2 else "b"))
        everything = self.of(repositories, ENTITY, "a")
        for seen in range(FEW // 2 + 1):
            after = everything[seen - 1] if seen else None
            page = self.ask(repositories.links.of, ENTITY, after=after, limit=3, customer="a")
            same(everything[seen : seen + 3], list(page))

    def test_no_link_is_left_out_when_the_last_of_a_page_has_changed_or_gone_since(
        self, repositories: Repositories
    ) -> None:
        """The next page begins where that link stood, whatever became of it."""
        for number in range(FEW):
            granter = "gone" if number % 2 else "granter"
            self.issued(repositories, link(f"link-{number}", granter=granter))
        everything = self.of(repositories, ENTITY)
        for number, last in enumerate(everything):
            self.issued(repositories, numbered_link(last, number))
            following = self.ask(repositories.links.of, ENTITY, after=last, limit=ALL)
            same(everything[number + 1 :], list(following))
        self.ask(repositories.links.forget, "gone", limit=ALL)
        for number, last in enumerate(everything):
            following = self.ask(repositories.links.of, ENTITY, after=last, limit=ALL)
            left = [each.id for each in everything[number + 1 :] if each.granter != "gone"]
            same(left, [each.id for each in following])

    def test_a_link_is_listed_as_it_was_saved_last(self, repositories: Repositories) -> None:
        """Renewed, revoked: at once, from here and from elsewhere."""
        record = self.issued(repositories, link("link-1"))
        with self.elsewhere() as ask:
            for number in range(ROUNDS):
                record = self.issued(repositories, numbered_link(record, number))
                for asked in (self.ask, ask):
                    for customer in (None, "customer-1"):
                        page = asked(repositories.links.of, ENTITY, after=None, limit=ALL, customer=customer)
                        same([record], list(page))

    def test_no_link_is_left_out_or_listed_twice_while_others_come_and_go(self, repositories: Repositories) -> None:
        """Whichever does not change is in exactly one page, whatever is stored and forgotten between two pages."""
        still = [self.issued(repositories, link(f"still-{number}")) for number in range(FEW)]
        links = repositories.links
        _, readers = self.watched([partial(self.come_and_go, links)], partial(_listed, links))
        for found in (each for seen in readers for each in seen):
            ids = [each.id for each in found if each.id.startswith("still-")]
            same(sorted(each.id for each in still), sorted(ids))

    async def come_and_go(self, links: LinkRepository) -> None:
        """Store links before and behind all others, and forget them, again and again."""
        for turn in range(TURNS):
            several = [link(f"{place}-{turn}-{number}", granter="passing") for place in "az" for number in range(3)]
            await answered(links.add_all, several, event(f"issued-{turn}"))
            await self._pause()
            await answered(links.forget, "passing", limit=ALL)
            await self._pause()

    def paged(self, repositories: Repositories, limit: int, customer: str | None) -> list[Link]:
        """Return an entity's links, or those to one customer's pages, page after page."""
        of = repositories.links.of
        return all_pages(lambda a, n: self.ask(of, ENTITY, after=a, limit=n, customer=customer), limit)

    def issued(self, repositories: Repositories, record: Link) -> Link:
        """Save a link and return it as it is stored then."""
        (stored,) = self.kept(repositories, record)
        return stored

    def of(self, repositories: Repositories, entity: str, customer: str | None = None) -> list[Link]:
        """Return an entity's links, or those to one customer's pages, in one page."""
        return list(self.ask(repositories.links.of, entity, after=None, limit=ALL, customer=customer))


async def _listed(links: LinkRepository) -> list[Link]:
    async def page(after: Link | None) -> Sequence[Link]:
        return await answered(links.of, ENTITY, after=after, limit=2)

    return await all_pages_of(page, 2)
