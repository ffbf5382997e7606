"""Stores that forget links which nobody asked them to forget, or keep some that they were to forget."""

import time
from datetime import datetime

from attrs import evolve

from mydso_access.adapters.memory import MemoryLinks
from mydso_access.errors import Stale
from mydso_access.model import Event, Link
from mydso_access.testing.conformance import LinkContract
from tests.testing.broken.under_test import A_MOMENT, links, under_test


class Forgets(MemoryLinks):
    """Sound, and easy to break."""

    def forget(self, granter: str, /, limit: int) -> int:
        with self._lock:
            theirs = [each.id for each in list(self._by_id.values()) if self.is_of(each, granter)]
            return self.counted(self._forgotten(theirs[: self.bite(limit)]), limit)

    def purge(self, instant: datetime, /, limit: int) -> int:
        with self._lock:
            over = [each.id for each in list(self._by_id.values()) if self.is_over(each, instant)]
            return self.counted(self._forgotten(over[: self.bite(limit)]), limit)

    def is_of(self, link: Link, granter: str) -> bool:
        return link.granter == granter

    def is_over(self, link: Link, instant: datetime) -> bool:
        return link.dead_from is not None and link.dead_from < instant

    def bite(self, limit: int) -> int:
        return limit

    def counted(self, went: int, _: int) -> int:
        return went


under_test("SoundForgets", LinkContract, links=Forgets)


@links("test_forgetting_a_users_links_forgets_no_others")
class ForgetsLinksToThem(Forgets):
    def is_of(self, link: Link, granter: str) -> bool:
        return granter in (link.granter, link.target.customer)


@links("test_forgetting_a_users_links_forgets_no_others")
class ForgetsWhatIsDead(Forgets):
    """Leaves what still opens."""

    def is_of(self, link: Link, granter: str) -> bool:
        return link.revoked_at is not None and super().is_of(link, granter)


@links("test_forgetting_a_users_links_forgets_no_others")
class ForgetsInOneEntity(Forgets):
    def is_of(self, link: Link, granter: str) -> bool:
        return link.target.entity == "entity-1" and super().is_of(link, granter)


@links(
    "test_forgetting_counts_the_links_that_went_and_takes_no_more_than_its_limit",
    "test_purging_counts_the_links_it_forgets_and_forgets_no_more_than_its_limit",
)
class ForgetsWithoutLimit(Forgets):
    def bite(self, limit: int) -> int:
        return 10_000


@links(
    "test_forgetting_a_users_links_forgets_no_others",
    "test_forgetting_counts_the_links_that_went_and_takes_no_more_than_its_limit",
    "test_purging_counts_the_links_it_forgets_and_forgets_no_more_than_its_limit",
)
class ForgetsWithoutCounting(Forgets):
    def counted(self, went: int, limit: int) -> int:
        return limit


@links("test_granters_that_a_loose_comparison_merges_are_forgotten_one_by_one")
class ForgetsWhoeverLooksAlike(Forgets):
    def is_of(self, link: Link, granter: str) -> bool:
        return link.granter.casefold() == granter.casefold()


@links("test_a_save_from_before_a_links_granter_was_forgotten_is_stale")
class VersionsOfForgottenLinks(MemoryLinks):
    """Counts from one, each time that a link comes back."""

    def save(self, link: Link, event: Event, /) -> int:
        with self._lock:
            before = self._by_id.get(link.id)
            if link.version != (before.version if before else 0):
                raise Stale
            self._by_id[link.id] = evolve(link, version=link.version + 1)
            self._events.append(event)
        return link.version + 1


@links("test_a_save_from_before_a_links_granter_was_forgotten_is_stale")
class SavesWhatWasForgotten(MemoryLinks):
    """`INSERT ... ON CONFLICT UPDATE`, with the version compared in the update only."""

    def save(self, link: Link, event: Event, /) -> int:
        return super().save(link if self.get(link.id) else evolve(link, version=0), event)


@links("test_purging_forgets_exactly_the_links_that_were_dead_before_the_instant")
class PurgesLinksThatDieNow(Forgets):
    def is_over(self, link: Link, instant: datetime) -> bool:
        return link.dead_from is not None and link.dead_from <= instant


@links("test_purging_forgets_exactly_the_links_that_were_dead_before_the_instant")
class PurgesByTheDeadlineAlone(Forgets):
    """Keeps what was used or revoked."""

    def is_over(self, link: Link, instant: datetime) -> bool:
        return link.until is not None and link.until < instant


@links("test_purging_forgets_exactly_the_links_that_were_dead_before_the_instant")
class PurgesByTheLastEnd(Forgets):
    def is_over(self, link: Link, instant: datetime) -> bool:
        ends = [end for end in (link.until, link.used_at, link.revoked_at) if end is not None]
        return bool(ends) and max(ends) < instant


@links("test_purging_forgets_exactly_the_links_that_were_dead_before_the_instant")
class PurgesLinksForEver(Forgets):
    """Takes what has no end for what has ended."""

    def is_over(self, link: Link, instant: datetime) -> bool:
        return link.dead_from is None or link.dead_from < instant


@links("test_purging_forgets_exactly_the_links_that_were_dead_before_the_instant")
class PurgesLinksByTheSecond(Forgets):
    def is_over(self, link: Link, instant: datetime) -> bool:
        return link.dead_from is not None and link.dead_from < instant.replace(microsecond=0)


@links(
    "test_purging_forgets_exactly_the_links_that_were_dead_before_the_instant",
    "test_purging_counts_the_links_it_forgets_and_forgets_no_more_than_its_limit",
)
class NeverPurgesLinks(Forgets):
    def purge(self, _: datetime, /, limit: int) -> int:
        return 0


@links("test_no_link_is_lost_that_is_stored_while_others_are_forgotten")
class LinksWrittenBack(MemoryLinks):
    """Reads all links, changes them, and writes them back a moment later."""

    def forget(self, granter: str, /, limit: int) -> int:
        before = dict(self._by_id)
        theirs = [each.id for each in before.values() if each.granter == granter][:limit]
        time.sleep(A_MOMENT)
        self._by_id = {key: each for key, each in before.items() if key not in theirs}
        return len(theirs)

    def purge(self, instant: datetime, /, limit: int) -> int:
        before = dict(self._by_id)
        over = [each.id for each in before.values() if each.dead_from and each.dead_from < instant][:limit]
        time.sleep(A_MOMENT)
        self._by_id = {key: each for key, each in before.items() if key not in over}
        return len(over)
