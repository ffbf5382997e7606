"""Stores that keep or page the trail wrongly."""

import time
from datetime import datetime
from typing import Any

from mydso_access.adapters.memory import MemoryEvents
from mydso_access.model import Event
from mydso_access.model.event import escaped
from mydso_access.testing.conformance import EventContract
from tests.testing.broken.under_test import A_MOMENT, events, under_test


class Trail(MemoryEvents):
    """Sound, and easy to break."""

    def page(
        self, since: datetime, /, after: Event | None, limit: int, subject: str | None = None, actor: str | None = None
    ) -> tuple[Event, ...]:
        found = [each for each in self.all() if self.is_since(each, since) and self.is_about(each, subject)]
        found = [each for each in found if self.is_asked_by(each, actor)]
        if after is not None:
            found = [each for each in found if self.is_after(each, after)]
        return tuple(sorted(found, key=self.place)[:limit])

    def is_since(self, event: Event, since: datetime) -> bool:
        return event.at >= since

    def is_about(self, event: Event, subject: str | None) -> bool:
        return subject is None or event.subject == escaped(subject)

    def is_asked_by(self, event: Event, actor: str | None) -> bool:
        return actor is None or event.actor == escaped(actor)

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

    def page(
        self, since: datetime, /, after: Event | None, limit: int, subject: str | None = None, actor: str | None = None
    ) -> tuple[Event, ...]:
        if actor is not None:
            return super().page(since, after, limit, None, actor)
        found = [
            each for each in super().page(since, after, 10_000) if subject is None or each.subject == escaped(subject)
        ]
        return tuple(found[:limit])


@events("test_a_page_is_as_long_as_its_limit_unless_it_is_the_last")
class TrailLimitsFirst(Trail):
    def page(
        self, since: datetime, /, after: Event | None, limit: int, subject: str | None = None, actor: str | None = None
    ) -> tuple[Event, ...]:
        return tuple(each for each in super().page(since, after, limit, None, actor) if self.is_about(each, subject))


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
