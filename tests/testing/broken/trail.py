"""Stores that keep or page the trail wrongly."""

import time
from datetime import datetime
from typing import Any

from attrs import evolve

from mydso_access.adapters.memory import MemoryEvents
from mydso_access.model import Event, EventKind, EventQuery
from mydso_access.testing.conformance import EventContract
from tests.testing.broken.under_test import A_MOMENT, events, under_test


class Trail(MemoryEvents):
    """Sound, and easy to break."""

    def page(self, query: EventQuery, /, after: Event | None, limit: int) -> tuple[Event, ...]:
        found = [each for each in self.all() if self.is_since(each, query.since) and self.is_about(each, query.subject)]
        found = [each for each in found if self.is_asked_by(each, query.actor) and self.is_of(each, query.kind)]
        found = sorted(found, key=self.place)
        further = found if after is None else [each for each in found if self.is_after(each, after)]
        return tuple(further[:limit]) if not query.latest_first else self.from_the_end(found, after, limit)

    def from_the_end(self, found: list[Event], after: Event | None, limit: int) -> tuple[Event, ...]:
        left = [each for each in found if after is None or self.place(each) < self.place(after)]
        return tuple(left[::-1][:limit])

    def is_since(self, event: Event, since: datetime) -> bool:
        return event.at >= since

    def is_about(self, event: Event, subject: str | None) -> bool:
        return subject in (None, event.subject)

    def is_asked_by(self, event: Event, actor: str | None) -> bool:
        return actor in (None, event.actor)

    def is_of(self, event: Event, kind: EventKind | None) -> bool:
        return kind in (None, event.kind)

    def is_after(self, event: Event, after: Event) -> bool:
        return self.place(event) > self.place(after)

    def place(self, event: Event) -> Any:
        return event.at, event.id


under_test("SoundTrail", EventContract, events=Trail)


@events("test_pages_of_any_size_hold_every_event_exactly_once")
class TrailSkipsEquals(Trail):
    def is_after(self, event: Event, after: Event) -> bool:
        return event.at > after.at


@events("test_pages_of_any_size_hold_every_event_exactly_once")
class TrailRepeatsEquals(Trail):
    def is_after(self, event: Event, after: Event) -> bool:
        return event.at >= after.at and event.id != after.id


@events("test_the_earliest_instant_of_interest_is_included")
class TrailExcludesTheEarliest(Trail):
    def is_since(self, event: Event, since: datetime) -> bool:
        return event.at > since


@events("test_the_earliest_instant_of_interest_is_included")
class TrailForgetsSinceOnce(Trail):
    def is_since(self, event: Event, since: datetime) -> bool:
        return True


@events("test_the_earliest_comes_first_in_whatever_order_they_were_told")
class TrailAsStored(Trail):
    def place(self, event: Event) -> Any:
        return self.all().index(event)


@events("test_only_events_about_a_subject_are_found_by_it")
class TrailOfActors(Trail):
    def is_about(self, event: Event, subject: str | None) -> bool:
        return subject is None or subject in (event.subject, event.actor)


@events("test_only_events_about_a_subject_are_found_by_it")
class TrailOfNobody(Trail):
    def is_about(self, event: Event, subject: str | None) -> bool:
        return event.subject is None or super().is_about(event, subject)


@events("test_only_events_that_an_actor_asked_for_are_found_by_it")
class TrailOfEveryActor(Trail):
    def is_asked_by(self, event: Event, actor: str | None) -> bool:
        return True


@events("test_only_events_that_an_actor_asked_for_are_found_by_it")
class TrailOfSubjects(Trail):
    def is_asked_by(self, event: Event, actor: str | None) -> bool:
        return actor is None or actor in (event.subject, event.actor)


@events("test_only_events_that_an_actor_asked_for_are_found_by_it")
class TrailOfTheHost(Trail):
    def is_asked_by(self, event: Event, actor: str | None) -> bool:
        return actor is None or actor in (event.system, event.actor)


@events("test_only_events_that_an_actor_asked_for_are_found_by_it")
class TrailOfEither(Trail):
    """Takes one of two filters."""

    def is_about(self, event: Event, subject: str | None) -> bool:
        return True

    def page(self, query: EventQuery, /, after: Event | None, limit: int) -> tuple[Event, ...]:
        if query.actor is not None:
            return super().page(evolve(query, subject=None), after, limit)
        return tuple([each for each in super().page(query, after, 10_000) if query.holds(each)][:limit])


@events("test_a_page_is_as_long_as_its_limit_unless_it_is_the_last")
class TrailLimitsFirst(Trail):
    def page(self, query: EventQuery, /, after: Event | None, limit: int) -> tuple[Event, ...]:
        return tuple(filter(query.holds, super().page(evolve(query, subject=None), after, limit)))


@events("test_only_events_of_a_kind_are_found_by_it")
class TrailOfEveryKind(Trail):
    def is_of(self, event: Event, kind: EventKind | None) -> bool:
        return True


@events("test_only_events_of_a_kind_are_found_by_it")
class TrailOfKindsLimitsFirst(Trail):
    def page(self, query: EventQuery, /, after: Event | None, limit: int) -> tuple[Event, ...]:
        return tuple(filter(query.holds, super().page(evolve(query, kind=None), after, limit)))


LATEST = "test_the_latest_come_first_if_asked_in_just_the_other_order"


@events(LATEST)
class TrailNeverFromItsEnd(Trail):
    def page(self, query: EventQuery, /, after: Event | None, limit: int) -> tuple[Event, ...]:
        return super().page(evolve(query, latest_first=False), after, limit)


@events(LATEST)
class TrailTurnsEachPage(Trail):
    """Takes the first page there is, and turns it round."""

    def page(self, query: EventQuery, /, after: Event | None, limit: int) -> tuple[Event, ...]:
        found = super().page(evolve(query, latest_first=False), after, limit)
        return found[::-1] if query.latest_first else found


@events(LATEST)
class TrailOfEqualsAsBefore(Trail):
    """Goes by instants from the end, and leaves those of one instant in their order."""

    def from_the_end(self, found: list[Event], after: Event | None, limit: int) -> tuple[Event, ...]:
        ordered = sorted(found, key=lambda each: each.at, reverse=True)
        begin = 0 if after is None else [each.id for each in ordered].index(after.id) + 1
        return tuple(ordered[begin:][:limit])


@events(LATEST)
class TrailSkipsEqualsFromItsEnd(Trail):
    def from_the_end(self, found: list[Event], after: Event | None, limit: int) -> tuple[Event, ...]:
        return super().from_the_end([each for each in found if after is None or each.at < after.at], None, limit)


@events("test_events_of_one_instant_are_all_kept")
class OneEventAnInstant(Trail):
    def append(self, event: Event, /) -> None:
        if event.at not in {each.at for each in self.all()}:
            super().append(event)


@events("test_no_event_is_lost_however_many_are_told_at_once")
class EventsOverwritten(Trail):
    """Reads the whole trail, and writes it back with one event more."""

    def append(self, event: Event, /) -> None:
        before = list(self._events)
        time.sleep(A_MOMENT / 3)
        self._events = [*before, event]


@events("test_an_empty_trail_is_an_empty_page")
class TrailOfNone(Trail):
    def page(self, *asked: Any, **filters: Any) -> Any:
        return super().page(*asked, **filters) or None


@events("test_an_event_once_read_is_read_again_while_others_are_told")
class TrailRewritten(Trail):
    def append(self, event: Event, /) -> None:
        before, self._events = self._events, []
        time.sleep(A_MOMENT / 3)
        self._events = [*before, event]
