"""Stores that keep only some links of a campaign, or tell of it wrongly."""

import time
from collections.abc import Sequence

from attrs import evolve

from mydso_access.adapters.memory import MemoryEvents, MemoryLinks
from mydso_access.errors import Stale
from mydso_access.model import Event, Link
from tests.testing.broken.under_test import A_MOMENT, links


@links(
    "test_no_link_is_stored_if_one_exists",
    "test_no_link_is_stored_if_one_was_loaded_before",
    "test_no_link_is_stored_if_one_is_given_twice",
    "test_of_campaigns_that_share_a_link_one_is_stored",
    "test_no_reader_sees_some_links_of_a_campaign_or_all_without_their_event",
)
class IssuesOneByOne(MemoryLinks):
    def add_all(self, several: Sequence[Link], event: Event, /) -> None:
        trail, self._events = self._events, MemoryEvents()
        try:
            for each in several:
                self.save(each, event)
                time.sleep(A_MOMENT / 10)
        finally:
            self._events = trail
        self._events.append(event)


@links("test_no_link_is_stored_if_one_was_loaded_before")
class IssuesWhatWasLoaded(MemoryLinks):
    """Saves whatever has the version that it was loaded with."""

    def add_all(self, several: Sequence[Link], event: Event, /) -> None:
        with self._lock:
            there = {each.id: self._by_id.get(each.id) for each in several}
            kept = {each.id: evolve(each, version=each.version + 1) for each in several}
            if len(kept) < len(several) or any(
                each.version != (old.version if (old := there[each.id]) else 0) for each in several
            ):
                raise Stale
            self._by_id |= kept
            self._events.append(event)


@links("test_all_links_are_stored_with_one_event")
class IssuesWithoutEvent(MemoryLinks):
    def add_all(self, several: Sequence[Link], event: Event, /) -> None:
        trail, self._events = self._events, MemoryEvents()
        super().add_all(several, event)
        self._events = trail


@links("test_all_links_are_stored_with_one_event")
class IssuesWithAnEventEach(MemoryLinks):
    def add_all(self, several: Sequence[Link], event: Event, /) -> None:
        super().add_all(several, event)
        for each in several:
            self._events.append(evolve(event, id=f"{event.id} {each.id}"))


@links("test_no_reader_sees_some_links_of_a_campaign_or_all_without_their_event")
class IssuesThenTells(MemoryLinks):
    def add_all(self, several: Sequence[Link], event: Event, /) -> None:
        trail, self._events = self._events, MemoryEvents()
        super().add_all(several, event)
        self._events = trail
        time.sleep(A_MOMENT)
        trail.append(event)


@links(
    "test_no_link_is_stored_if_one_exists",
    "test_no_link_is_stored_if_one_is_given_twice",
    "test_storing_links_whose_answer_was_lost_is_stale_when_repeated",
)
class IssuesOnlyTheNew(MemoryLinks):
    """`ON CONFLICT DO NOTHING`."""

    def add_all(self, several: Sequence[Link], event: Event, /) -> None:
        new = {each.id: each for each in several if self.get(each.id) is None}
        super().add_all([evolve(each, version=0) for each in new.values()], event)


@links("test_a_thousand_links_are_stored_at_once")
class IssuesAtMostAHundred(MemoryLinks):
    def add_all(self, several: Sequence[Link], event: Event, /) -> None:
        super().add_all(several[:100], event)


@links(
    "test_all_links_are_stored_with_one_event",
    "test_links_that_were_stored_at_once_are_saved_found_and_forgotten_like_others",
)
class IssuesUnderVersion0(MemoryLinks):
    def add_all(self, several: Sequence[Link], event: Event, /) -> None:
        super().add_all(several, event)
        self._by_id.update({each.id: each for each in several})


@links("test_links_that_were_stored_at_once_are_saved_found_and_forgotten_like_others")
class IssuedAtOnceAndNotIndexed(MemoryLinks):
    """An index of granters that only `save` writes."""

    def save(self, link: Link, event: Event, /) -> int:
        self.__dict__.setdefault("index", set()).add(link.id)
        return super().save(link, event)

    def forget(self, granter: str, /, limit: int) -> int:
        index = self.__dict__.get("index", set())
        theirs = [each.id for each in list(self._by_id.values()) if each.granter == granter and each.id in index]
        return self._forgotten(theirs[:limit])


@links("test_campaigns_of_different_links_do_not_disturb_each_other")
class OneCampaignAtATime(MemoryLinks):
    """Takes a campaign for stale if any other was stored meanwhile."""

    campaigns = 0

    def add_all(self, several: Sequence[Link], event: Event, /) -> None:
        before = self.campaigns
        time.sleep(A_MOMENT)
        if before != self.campaigns:
            raise Stale
        self.campaigns += 1
        super().add_all(several, event)
