"""Stores that shorten the trail wrongly, or leave users in it who were to become pseudonyms."""

import time
from datetime import datetime

from attrs import evolve

from mydso_access.adapters.memory import MemoryEvents
from mydso_access.model import Event
from mydso_access.model.event import EventQuery, escaped
from mydso_access.testing.conformance import EventContract
from tests.testing.broken.under_test import A_MOMENT, events, under_test


class Erases(MemoryEvents):
    """Sound, and easy to break."""

    def purge(self, instant: datetime, /, limit: int) -> int:
        with self._lock:
            over = [each for each in self._events if self.is_over(each, instant)][: self.bite(limit)]
            self._events = [each for each in self._events if each not in over]
        return len(over)

    def pseudonymise(self, user_id: str, pseudonym: str, /, limit: int) -> int:
        with self._lock:
            theirs = [each for each in self._events if self.is_of(each, user_id)][: self.bite(limit)]
            self._events = [self.erased(e, user_id, pseudonym) if e in theirs else e for e in self._events]
        return self.counted(theirs, user_id)

    def bite(self, limit: int) -> int:
        return limit

    def is_over(self, event: Event, instant: datetime) -> bool:
        return event.at < instant

    def is_of(self, event: Event, user_id: str) -> bool:
        return escaped(user_id) in (event.subject, event.actor)

    def erased(self, event: Event, user_id: str, pseudonym: str) -> Event:
        subject, actor = (pseudonym if e == escaped(user_id) else e for e in (event.subject, event.actor))
        return evolve(event, subject=subject, actor=actor, address=None)

    def counted(self, theirs: list[Event], user_id: str) -> int:
        return len(theirs)


under_test("SoundErases", EventContract, events=Erases)


@events(
    "test_purging_an_empty_trail_forgets_nothing",
    "test_purging_counts_the_events_it_forgets_and_forgets_no_more_than_its_limit",
)
class PurgesTheTrailWithoutCounting(Erases):
    def purge(self, instant: datetime, /, limit: int) -> int:
        super().purge(instant, limit)
        return limit


@events("test_purging_forgets_exactly_what_happened_before_the_instant")
class PurgesTheInstant(Erases):
    def is_over(self, event: Event, instant: datetime) -> bool:
        return event.at <= instant


@events("test_purging_forgets_exactly_what_happened_before_the_instant")
class PurgesByTheSecond(Erases):
    def is_over(self, event: Event, instant: datetime) -> bool:
        return event.at < instant.replace(microsecond=0)


@events("test_purging_forgets_exactly_what_happened_before_the_instant")
class PurgesOnlyWhatIsAboutNobody(Erases):
    def is_over(self, event: Event, instant: datetime) -> bool:
        return event.subject is None and super().is_over(event, instant)


@events(
    "test_purging_counts_the_events_it_forgets_and_forgets_no_more_than_its_limit",
    "test_a_user_becomes_a_pseudonym_in_bites_no_larger_than_their_limit",
)
class ErasesWithoutLimit(Erases):
    def bite(self, limit: int) -> int:
        return 10_000


@events("test_a_pseudonym_replaces_a_user_as_subject_and_as_actor")
class PseudonymsOfSubjects(Erases):
    def is_of(self, event: Event, user_id: str) -> bool:
        return event.subject == escaped(user_id)


@events("test_a_pseudonym_replaces_a_user_as_subject_and_as_actor")
class PseudonymsOfOneAtATime(Erases):
    """Leaves the actor of an event where the subject has been replaced."""

    def erased(self, event: Event, user_id: str, pseudonym: str) -> Event:
        if event.subject == escaped(user_id):
            return evolve(event, subject=pseudonym, address=None)
        return evolve(event, actor=pseudonym, address=None)


@events("test_a_pseudonym_replaces_a_user_as_subject_and_as_actor")
class PseudonymsWithAddresses(Erases):
    def erased(self, event: Event, user_id: str, pseudonym: str) -> Event:
        return evolve(super().erased(event, user_id, pseudonym), address=event.address)


@events("test_a_pseudonym_replaces_a_user_as_subject_and_as_actor")
class PseudonymsEverywhere(Erases):
    """Replaces the text wherever it stands."""

    def erased(self, event: Event, user_id: str, pseudonym: str) -> Event:
        erased = super().erased(event, user_id, pseudonym)
        return evolve(erased, system=erased.system and erased.system.replace(user_id, pseudonym))


@events("test_a_pseudonym_replaces_a_user_as_subject_and_as_actor")
class PseudonymsForgetTheRest(Erases):
    def erased(self, event: Event, user_id: str, pseudonym: str) -> Event:
        return evolve(super().erased(event, user_id, pseudonym), rule=None, structure=None)


@events("test_events_are_found_by_the_pseudonym_and_no_more_by_the_user")
class PseudonymsNotIndexed(Erases):
    """Finds events by whom they were about when they were told."""

    def page(self, query: EventQuery, /, after: Event | None, limit: int) -> tuple[Event, ...]:
        known = self.__dict__.get("known", {})
        found = super().page(evolve(query, subject=None), after, 10_000)
        return tuple([each for each in found if query.subject in (None, known.get(each.id))][:limit])

    def append(self, event: Event, /) -> None:
        self.__dict__.setdefault("known", {})[event.id] = event.subject
        super().append(event)


@events("test_a_user_becomes_a_pseudonym_in_bites_no_larger_than_their_limit")
class PseudonymsCountedTwice(Erases):
    def counted(self, theirs: list[Event], user_id: str) -> int:
        return sum([each.subject, each.actor].count(user_id) for each in theirs)


@events("test_a_pseudonym_replaces_nobody_who_only_looks_alike")
class PseudonymsInAnyCase(Erases):
    def is_of(self, event: Event, user_id: str) -> bool:
        return (escaped(user_id) or "").casefold() in [(e or "").casefold() for e in (event.subject, event.actor)]


@events("test_a_pseudonym_replaces_nobody_who_only_looks_alike")
class PseudonymsOfUnescapedIds(Erases):
    def is_of(self, event: Event, user_id: str) -> bool:
        return user_id in (event.subject, event.actor)


@events("test_no_event_is_lost_that_is_told_while_others_are_purged_or_changed")
class TrailWrittenBack(Erases):
    """Reads the trail, changes it, and writes it back a moment later."""

    def purge(self, instant: datetime, /, limit: int) -> int:
        before = list(self._events)
        over = [each for each in before if self.is_over(each, instant)][:limit]
        time.sleep(A_MOMENT)
        self._events = [each for each in before if each not in over]
        return len(over)

    def append(self, event: Event, /) -> None:
        time.sleep(A_MOMENT / 10)
        super().append(event)
