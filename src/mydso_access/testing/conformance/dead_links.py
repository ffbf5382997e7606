"""What holds for links that are forgotten: with their granter, or once they are dead; nothing else goes with them."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from itertools import count

from attrs import evolve

from mydso_access.errors import Stale
from mydso_access.model.link import Link
from mydso_access.policy.fixed import LATEST, TICK
from mydso_access.repositories import LinkRepository, Repositories
from mydso_access.testing.clock import A_MONDAY
from mydso_access.testing.conformance.comparing import same
from mydso_access.testing.conformance.contract import answered
from mydso_access.testing.conformance.link_records import link
from mydso_access.testing.conformance.lookalikes import ID_LENGTH, lookalikes
from mydso_access.testing.conformance.records import event
from mydso_access.testing.conformance.trails import TrailContract

NOON = A_MONDAY + timedelta(hours=3)
ALL = 1000
FEW, LIVES = 8, 10
NUMBERS = count()  # no event has the id of another


class DeadLinkContract(TrailContract):
    """What a link repository promises of `forget` and `purge`, beside what holds for every record that passes."""

    def test_forgetting_a_users_links_forgets_no_others(self, repositories: Repositories) -> None:
        """In every entity, dead or alive, and never a link to somebody of that name."""
        theirs = [
            link("theirs", granter="anna"),
            link("elsewhere", granter="anna", entity="entity-2"),
            link("dead", granter="anna", until=A_MONDAY, revoked_at=A_MONDAY),
            link("for ever", granter="anna", until=None),
        ]
        others = [link("other", granter="bert"), link("to her", granter="bert", customer="anna", entity="anna")]
        self.kept(repositories, *theirs)
        kept = self.kept(repositories, *others)
        told = self.trail(repositories)
        same(0, self.ask(repositories.links.forget, "carl", limit=ALL))
        same(len(theirs), self.ask(repositories.links.forget, "anna", limit=ALL))
        same(0, self.ask(repositories.links.forget, "anna", limit=ALL))
        same([None] * len(theirs), self.looked_up(repositories, theirs))
        same(kept, self.looked_up(repositories, kept))
        same(["other"], [each.id for each in self.ask(repositories.links.of, "entity-1", after=None, limit=ALL)])
        same(told, self.trail(repositories))

    def test_forgetting_counts_the_links_that_went_and_takes_no_more_than_its_limit(
        self, repositories: Repositories
    ) -> None:
        """It is done in small bites, until there is nothing left to do."""
        theirs = self.kept(repositories, *(link(f"link-{number}", granter="anna") for number in range(FEW)))
        (kept,) = self.kept(repositories, link("kept"))
        for bite, left in ((3, 5), (3, 2), (2, 0), (0, 0)):
            same(bite, self.ask(repositories.links.forget, "anna", limit=3))
            same(left, len([each for each in self.looked_up(repositories, theirs) if each is not None]))
        same([kept], self.looked_up(repositories, [kept]))

    def test_granters_that_a_loose_comparison_merges_are_forgotten_one_by_one(self, repositories: Repositories) -> None:
        """Nobody's links go because of an id that only looks like theirs."""
        texts = lookalikes(ID_LENGTH)
        theirs = self.kept(repositories, *(link(f"link-{n}", granter=text) for n, text in enumerate(texts)))
        for number, text in enumerate(texts):
            same(1, self.ask(repositories.links.forget, text, limit=ALL))
            same(None, self.ask(repositories.links.get, f"link-{number}"))
        same([None] * len(theirs), self.looked_up(repositories, theirs))

    def test_a_save_from_before_a_links_granter_was_forgotten_is_stale(self, repositories: Repositories) -> None:
        """It brings nothing back; and whatever has its id later has other versions."""
        links, new = repositories.links, link("link-1")
        versions: list[int] = []
        for _ in range(LIVES):
            (first,) = self.kept(repositories, new)
            (second,) = self.kept(repositories, first)
            versions += [first.version, second.version]
            same(1, self.ask(links.forget, new.granter, limit=ALL))
            self.refuses(Stale, links.save, first, event("refused"))
            self.refuses(Stale, links.save, second, event("refused"))
            (again,) = self.kept(repositories, new)
            versions.append(again.version)
            self.refuses(Stale, links.save, first, event("refused"))
            self.refuses(Stale, links.save, second, event("refused"))
            same([again], self.looked_up(repositories, [again]))
            same(1, self.ask(links.forget, new.granter, limit=ALL))
        same(sorted(set(versions)), sorted(versions))

    def test_purging_forgets_exactly_the_links_that_were_dead_before_the_instant(
        self, repositories: Repositories
    ) -> None:
        """To the microsecond: the first of deadline, use and revocation counts; without an end they stay for ever."""
        links = repositories.links
        ends = (NOON - TICK, NOON, NOON + TICK)
        late = LATEST - TICK
        dying = [
            *(link(f"until {n}", until=at) for n, at in enumerate(ends)),
            *(link(f"used {n}", until=late, single_use=True, used_at=at) for n, at in enumerate(ends)),
            *(link(f"revoked {n}", until=late, revoked_at=at) for n, at in enumerate(ends)),
            *(link(f"for ever {n}", until=None, revoked_at=at) for n, at in enumerate(ends)),
            *(link(f"at last {n}", until=at, used_at=late, revoked_at=late) for n, at in enumerate(ends)),
        ]
        kept = self.kept(repositories, link("for ever", until=None))
        self.kept(repositories, *dying)
        for number, instant in enumerate((*ends, NOON + 2 * TICK)):
            same(5 if number else 0, self.ask(links.purge, instant, limit=ALL))
            left = {each.id for each in dying if int(each.id[-1]) >= number}
            same(sorted(left), sorted(self.still_there(repositories, dying)))
        same(0, self.ask(links.purge, LATEST - TICK, limit=ALL))
        same(kept, self.looked_up(repositories, kept))

    def test_purging_counts_the_links_it_forgets_and_forgets_no_more_than_its_limit(
        self, repositories: Repositories
    ) -> None:
        """It is done in small bites; the trail keeps what it tells of them."""
        links = repositories.links
        over = self.kept(repositories, *(link(f"link-{number}", until=A_MONDAY) for number in range(FEW)))
        kept = self.kept(repositories, link("kept", until=NOON))
        told = self.trail(repositories)
        for bite, left in ((3, 5), (3, 2), (2, 0), (0, 0)):
            same(bite, self.ask(links.purge, NOON, limit=3))
            same(left, len(self.still_there(repositories, over)))
        same(kept, self.looked_up(repositories, kept))
        same(told, self.trail(repositories))

    def test_no_link_is_lost_that_is_stored_while_others_are_forgotten(self, repositories: Repositories) -> None:
        """A store that reads its links, changes them and writes them back loses what came in between."""
        links = repositories.links
        self.kept(repositories, *(link(f"anna-{number}", granter="anna") for number in range(FEW)))
        self.kept(repositories, *(link(f"dead-{number}", until=A_MONDAY) for number in range(FEW)))
        new = [link(f"new-{number}", until=None) for number in range(2 * FEW)]
        self.at_once([partial(_forget, links), partial(_purge, links), partial(_store, links, new)])
        found = self.ask(links.of, "entity-1", after=None, limit=ALL)
        same(sorted(each.id for each in new), sorted(each.id for each in found))

    def kept(self, repositories: Repositories, *several: Link) -> list[Link]:
        """Save links, each with an event of its own, and return them as they are stored then."""
        save = repositories.links.save
        return [evolve(each, version=self.ask(save, each, event(f"event {next(NUMBERS)}"))) for each in several]

    def looked_up(self, repositories: Repositories, several: Sequence[Link]) -> list[Link | None]:
        """Return what is stored under the ids of some links."""
        return [self.ask(repositories.links.get, each.id) for each in several]

    def still_there(self, repositories: Repositories, several: Sequence[Link]) -> set[str]:
        """Return the ids of those that are stored."""
        return {each.id for each in self.looked_up(repositories, several) if each is not None}


async def _forget(links: LinkRepository) -> None:
    while await answered(links.forget, "anna", limit=1):
        pass


async def _purge(links: LinkRepository) -> None:
    while await answered(links.purge, NOON, limit=1):
        pass


async def _store(links: LinkRepository, several: Sequence[Link]) -> None:
    for first, second in zip(several[::2], several[1::2], strict=True):
        await answered(links.add_all, [first, second], event(f"issued-{first.id}"))
