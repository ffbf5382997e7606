"""What holds for many links stored at once: all of them with the one event that tells of them, or nothing."""

from collections.abc import Sequence
from functools import partial

from attrs import evolve

from mydso_access.errors import Stale
from mydso_access.model.link import Link
from mydso_access.policy.fixed import LINKS_AT_ONCE, TICK
from mydso_access.repositories import LinkRepository, Repositories
from mydso_access.testing.clock import A_MONDAY
from mydso_access.testing.conformance.comparing import same
from mydso_access.testing.conformance.contract import answered
from mydso_access.testing.conformance.link_records import every_link, link, link_told
from mydso_access.testing.conformance.records import A_SHIFT, event
from mydso_access.testing.conformance.trails import TrailContract

CAMPAIGNS, LENGTH = 4, 20


class IssuingContract(TrailContract):
    """What a link repository promises of `add_all`."""

    def test_all_links_are_stored_with_one_event(self, repositories: Repositories) -> None:
        """Each as it was given, under a version of its own to save it from."""
        links, issued = repositories.links, list(every_link().values())
        same(None, self.ask(links.add_all, issued, event("issued")))
        for each in issued:
            found = self.ask(links.get, each.id)
            version = 0 if found is None else found.version
            same((int, True), (type(version), version > 0))
            same(evolve(each, version=version), found)
        same([event("issued")], self.trail(repositories))

    def test_links_that_were_stored_at_once_are_saved_found_and_forgotten_like_others(
        self, repositories: Repositories
    ) -> None:
        """By compare-and-set, by entity and customer, by granter and by their end."""
        links = repositories.links
        self.ask(links.add_all, [link("a"), link("b", customer="c", granter="g"), link("c", until=None)], event("e"))
        same(["a", "b", "c"], sorted(each.id for each in self.ask(links.of, "entity-1", after=None, limit=9)))
        same(["b"], [each.id for each in self.ask(links.of, "entity-1", after=None, limit=9, customer="c")])
        same(1, self.ask(links.forget, "g", limit=9))
        same(1, self.ask(links.purge, A_MONDAY + A_SHIFT + TICK, limit=9))
        same([None, None], [self.ask(links.get, each) for each in "ab"])
        self.refuses(Stale, links.save, link("c"), event("refused"))
        left = self.ask(links.get, "c")
        version = self.ask(links.save, left or link("c"), event("saved"))
        same(evolve(link("c", until=None), version=version), self.ask(links.get, "c"))
        same(["e", "saved"], self.event_ids(repositories))

    def test_a_thousand_links_are_stored_at_once(self, repositories: Repositories) -> None:
        """A campaign's portion, however many values a statement may have."""
        links = repositories.links
        many = [link(f"link-{number}") for number in range(LINKS_AT_ONCE)]
        self.ask(links.add_all, many, event("issued"))
        same([], [each.id for each in (*many[::100], many[-1]) if self.ask(links.get, each.id) is None])

    def test_no_link_is_stored_if_one_exists(self, repositories: Repositories) -> None:
        """Wherever the one stands; no event tells of what did not happen."""
        self.there(repositories, link("there"))
        for place in range(3):
            several = [link("link-1"), link("link-2")]
            several.insert(place, link("there", granter="another"))
            self.stores_nothing(repositories, several)

    def test_no_link_is_stored_if_one_was_loaded_before(self, repositories: Repositories) -> None:
        """A link with a version is none to be stored as new, whether it exists or not."""
        there = self.there(repositories, link("there"))
        self.stores_nothing(repositories, [link("link-1"), there])
        self.stores_nothing(repositories, [link("link-1"), link("link-2", version=1)])

    def test_no_link_is_stored_if_one_is_given_twice(self, repositories: Repositories) -> None:
        """The second of them would no longer be new."""
        self.there(repositories, link("there"))
        self.stores_nothing(repositories, [link("link-1"), link("link-2"), link("link-1", granter="another")])
        self.stores_nothing(repositories, [link("link-1"), link("link-2"), link("link-1")])

    def test_storing_links_whose_answer_was_lost_is_stale_when_repeated(self, repositories: Repositories) -> None:
        """The links are there once, and so is the event."""
        links, several = repositories.links, [link("link-1"), link("link-2")]
        self.ask(links.add_all, several, event("issued"))
        before = [self.ask(links.get, each.id) for each in several]
        self.refuses(Stale, links.add_all, several, event("issued"))
        same(before, [self.ask(links.get, each.id) for each in several])
        same([event("issued")], self.trail(repositories))

    def test_of_campaigns_that_share_a_link_one_is_stored(self, repositories: Repositories) -> None:
        """However many are stored at once; of the others nothing is left."""
        links = repositories.links
        campaigns = [[link(f"link-{n}-{each}") for each in range(LENGTH)] for n in range(CAMPAIGNS)]
        for number, several in enumerate(campaigns):
            several.insert(number * LENGTH // CAMPAIGNS, link("shared", granter=f"granter-{number}"))
        same(None, self.ask(links.get, "shared"))
        done = self.at_once([partial(_issued, links, several, f"event-{n}") for n, several in enumerate(campaigns)])
        same(1, sum(done))
        for several, was_stored in zip(campaigns, done, strict=True):
            own = [each for each in several if each.id != "shared"]
            same({was_stored}, {self.ask(links.get, each.id) is not None for each in own})
        same([f"event-{done.index(True)}"], self.event_ids(repositories))

    def test_campaigns_of_different_links_do_not_disturb_each_other(self, repositories: Repositories) -> None:
        """Only a link that exists makes storing it stale."""
        links = repositories.links
        campaigns = [[link(f"link-{each}-{n}") for each in range(LENGTH)] for n in range(CAMPAIGNS)]
        same(None, self.ask(links.get, "link-0-0"))
        done = self.at_once([partial(_issued, links, several, f"event-{n}") for n, several in enumerate(campaigns)])
        same([True] * CAMPAIGNS, done)
        same([], [each.id for several in campaigns for each in several if self.ask(links.get, each.id) is None])
        same([f"event-{n}" for n in range(CAMPAIGNS)], self.event_ids(repositories))

    def test_no_reader_sees_some_links_of_a_campaign_or_all_without_their_event(
        self, repositories: Repositories
    ) -> None:
        """Whoever finds one of them finds every other, and the event."""
        links, several = repositories.links, [link(f"link-{number}") for number in range(LENGTH)]
        same(None, self.ask(links.get, "link-0"))
        look = partial(self.missing, repositories, several)
        done, readers = self.watched([partial(_issued, links, several, "issued")], look)
        same([True], done)
        same([], sorted({each for seen in readers for missing in seen for each in missing}))

    def there(self, repositories: Repositories, stored: Link) -> Link:
        """Save a link that is there before others are stored, and return it as stored."""
        return evolve(stored, version=self.ask(repositories.links.save, stored, link_told(stored)))

    def stores_nothing(self, repositories: Repositories, several: Sequence[Link]) -> None:
        """Try to store links beside the one that is there, and see that nothing has changed."""
        links, before = repositories.links, self.trail(repositories)
        there = self.ask(links.get, "there")
        self.refuses(Stale, links.add_all, several, event("refused"))
        others = [each.id for each in several if each.id != "there"]
        same([None] * len(others), [self.ask(links.get, each) for each in others])
        same(there, self.ask(links.get, "there"))
        same(["there"], [each.id for each in self.ask(links.of, "entity-1", after=None, limit=9)])
        same(before, self.trail(repositories))

    async def missing(self, repositories: Repositories, several: Sequence[Link]) -> list[str]:
        """Return what is not found although the first or the last of some links was."""
        links = repositories.links
        for known in (several[0], several[-1]):
            if await answered(links.get, known.id) is not None:
                told = {each.id for each in await answered(self.page, repositories)}
                lost = [each.id for each in several if await answered(links.get, each.id) is None]
                return [*lost, *({"issued"} - told)]
        return []


async def _issued(links: LinkRepository, several: Sequence[Link], event_id: str) -> bool:
    try:
        await answered(links.add_all, several, event(event_id))
    except Stale:
        return False
    return True
