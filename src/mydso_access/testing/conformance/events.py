"""The contract of an event repository: the trail keeps every event once, as it was told, and is read in pages."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from mydso_access.model.event import Event, EventKind, EventQuery
from mydso_access.policy.fixed import EARLIEST, LATEST, TICK
from mydso_access.repositories import EventRepository, Repositories
from mydso_access.testing.clock import A_MONDAY
from mydso_access.testing.conformance.comparing import same
from mydso_access.testing.conformance.contract import answered
from mydso_access.testing.conformance.erasing import ErasingContract
from mydso_access.testing.conformance.lookalikes import ID_LENGTH, lookalikes
from mydso_access.testing.conformance.paging import all_pages
from mydso_access.testing.conformance.records import INSTANTS, event, every_event
from mydso_access.testing.conformance.trails import MOST

WRITERS, TURNS = 4, 10


class EventContract(ErasingContract):
    """What an event repository promises. The fixture `repositories` gives an object with empty `events`."""

    def test_an_empty_trail_is_an_empty_page(self, repositories: Repositories) -> None:
        """The first page is the last."""
        same([], self.trail(repositories))
        same([], self.paged(repositories, 1, subject="user-1"))

    def test_every_field_comes_back_as_it_was_told(self, repositories: Repositories) -> None:
        """Every kind, reason and level, and texts that escaping goes wrong on."""
        told = list(every_event().values())
        self.append(repositories, told)
        same(_by_id(told), _by_id(self.trail(repositories)))

    def test_instants_come_back_to_the_microsecond(self, repositories: Repositories) -> None:
        """From 1970 to the year 9000, in the hour that a local clock reads twice as well."""
        told = [event(f"event-{number}", at=at, until=at) for number, at in enumerate(INSTANTS)]
        self.append(repositories, told)
        same(told, self.trail(repositories))

    def test_the_earliest_comes_first_in_whatever_order_they_were_told(self, repositories: Repositories) -> None:
        """By when it happened, to the microsecond, and not by when it was stored."""
        told = [event(f"event-{n}", at=A_MONDAY + TICK * ((n * 7) % 10)) for n in range(10)]
        self.append(repositories, told)
        same(sorted(told, key=lambda each: each.at), self.trail(repositories))

    def test_events_of_one_instant_are_all_kept(self, repositories: Repositories) -> None:
        """An instant is no key: events may differ in nothing but their id."""
        told = [event(f"event-{number}") for number in range(10)]
        self.append(repositories, told)
        same(_by_id(told), _by_id(self.trail(repositories)))

    def test_the_earliest_instant_of_interest_is_included(self, repositories: Repositories) -> None:
        """To the microsecond."""
        told = [event(f"event-{number}", at=A_MONDAY + number * TICK) for number in range(3)]
        self.append(repositories, told)
        for number in range(4):
            same(told[number:], self.since(repositories, A_MONDAY + number * TICK))
        same(told, self.since(repositories, EARLIEST))
        same([], self.since(repositories, LATEST - TICK))

    def test_pages_of_any_size_hold_every_event_exactly_once(self, repositories: Repositories) -> None:
        """Also where many happened at the same instant; the order is always the same."""
        told = [event(event_id, at=A_MONDAY + TICK * (n // 5)) for n, event_id in enumerate("bAaBz9Z10c-f_G.h")]
        self.append(repositories, told)
        trail = self.trail(repositories)
        same(_by_id(told), _by_id(trail))
        for limit in (1, 2, 3, 5, len(told), len(told) + 1):
            same(trail, self.paged(repositories, limit))

    def test_the_latest_come_first_if_asked_in_just_the_other_order(self, repositories: Repositories) -> None:
        """In pages of any size, of everybody or of one, also where many happened at the same instant."""
        told = [
            event(event_id, at=A_MONDAY + TICK * (n // 5), subject=f"user-{n % 2}", actor=f"user-{n % 3}")
            for n, event_id in enumerate("bAaBz9Z10c-f_G.h")
        ]
        self.append(repositories, told)
        for asked in ({}, {"subject": "user-1"}, {"actor": "user-2"}, {"since": A_MONDAY + TICK}):
            trail = self.paged(repositories, MOST, **asked)
            for limit in (1, 2, 3, 5, len(told)):
                same(trail[::-1], self.paged(repositories, limit, latest_first=True, **asked))

    def test_a_page_is_as_long_as_its_limit_unless_it_is_the_last(self, repositories: Repositories) -> None:
        """Fewer mean that it was the last, even where events about others stand in between."""
        told = [event(f"event-{n}", at=A_MONDAY + n * TICK, subject=f"user-{n % 2}") for n in range(8)]
        self.append(repositories, told)
        page = repositories.events.page
        for query, about in ((EventQuery(), told), (EventQuery(subject="user-1"), told[1::2])):
            for after, expected in ((None, about[:3]), (about[2], about[3:6]), (about[-1], [])):
                same(expected, list(self.ask(page, query, after=after, limit=3)))

    def test_only_events_about_a_subject_are_found_by_it(self, repositories: Repositories) -> None:
        """Neither those of the one who asked for it, nor those about nobody."""
        told = [
            event("about", subject="user-1", actor="user-2"),
            event("other", subject="user-2", actor="user-1", at=A_MONDAY + TICK),
            event("nobody", actor="user-1", address="user-1", rule="user-1", at=A_MONDAY + 2 * TICK),
        ]
        self.append(repositories, told)
        same(told, self.paged(repositories, 2))
        same(told[:1], self.paged(repositories, 2, subject="user-1"))
        same([], self.paged(repositories, 2, subject="user-3"))

    def test_only_events_that_an_actor_asked_for_are_found_by_it(self, repositories: Repositories) -> None:
        """Neither those about the actor, nor those that nobody or the host asked for; both filters may be set."""
        told = [
            event("asked", subject="user-1", actor="user-2"),
            event("about", subject="user-2", actor="user-1", at=A_MONDAY + TICK),
            event("asked again", subject="user-3", actor="user-2", at=A_MONDAY + 2 * TICK),
            event("by the host", subject="user-2", system="user-2", at=A_MONDAY + 3 * TICK),
        ]
        self.append(repositories, told)
        same([told[0], told[2]], self.paged(repositories, 2, actor="user-2"))
        same([told[2]], self.paged(repositories, 2, subject="user-3", actor="user-2"))
        same([], self.paged(repositories, 2, actor="user-3"))
        page = self.paged(repositories, 1, since=A_MONDAY + TICK, actor="user-2")
        same([told[2]], page)

    def test_only_events_of_a_kind_are_found_by_it(self, repositories: Repositories) -> None:
        """Of everybody, and of one; earliest first, and latest first."""
        kinds = (EventKind.SIGNED_IN, EventKind.REFUSED, EventKind.USER_CREATED)
        told = [
            event(f"event-{n}", kind=kinds[n % 3], at=A_MONDAY + n * TICK, subject=f"user-{n % 2}") for n in range(12)
        ]
        self.append(repositories, told)
        for kind in EventKind:
            own = [each for each in told if each.kind is kind]
            same(own, self.paged(repositories, 2, kind=kind))
            same(own[::-1], self.paged(repositories, 2, kind=kind, latest_first=True))
        of_one = [each for each in told if (each.kind, each.subject) == (EventKind.REFUSED, "user-1")]
        same(of_one, self.paged(repositories, 2, kind=EventKind.REFUSED, subject="user-1"))

    def test_subjects_that_a_loose_comparison_merges_are_different_subjects(self, repositories: Repositories) -> None:
        """Nobody's trail holds what was told of another, and everybody's is found under the id as the host has it."""
        texts = lookalikes(ID_LENGTH)
        told = [event(f"event-{n}", subject=text, actor=text) for n, text in enumerate(texts)]
        self.append(repositories, told)
        for text, each in zip(texts, told, strict=True):
            same([[each], [each]], [self.paged(repositories, 2, subject=text), self.paged(repositories, 2, actor=text)])

    def test_an_event_is_seen_at_once(self, repositories: Repositories) -> None:
        """From here and from another thread."""
        told: list[Event] = []
        same([], self.trail(repositories))
        with self.elsewhere() as ask:
            for number in range(10):
                told.append(event(f"event-{number}", at=A_MONDAY + number * TICK))
                ask(repositories.events.append, told[-1])
                same(told, self.trail(repositories))
                same(told, list(ask(self.page, repositories)))

    def test_no_event_is_lost_however_many_are_told_at_once(self, repositories: Repositories) -> None:
        """And none is there twice."""
        same([], self.trail(repositories))
        told = [
            [event(f"event-{writer}-{turn}", subject=f"user-{turn}") for turn in range(TURNS)]
            for writer in range(WRITERS)
        ]
        self.at_once([partial(_append, repositories.events, several) for several in told])
        same(_by_id([each for several in told for each in several]), _by_id(self.trail(repositories)))

    def test_an_event_once_read_is_read_again_while_others_are_told(self, repositories: Repositories) -> None:
        """What was told before is in its place, in every page, whatever is told meanwhile."""
        before = [event(f"before-{number}", at=A_MONDAY + number * TICK) for number in range(6)]
        self.append(repositories, before)
        meanwhile = [event(f"later-{n}", at=A_MONDAY + timedelta(days=1 + n)) for n in range(WRITERS * TURNS)]
        look = partial(_first, repositories.events, len(before))
        _, readers = self.watched([partial(_append, repositories.events, meanwhile)], look)
        for seen in readers:
            same([before] * len(seen), seen)

    def append(self, repositories: Repositories, events: Sequence[Event]) -> None:
        """Store events, one after the other; an append answers nothing."""
        for each in events:
            same(None, self.ask(repositories.events.append, each))

    def since(self, repositories: Repositories, instant: datetime) -> list[Event]:
        """Return the trail from an instant on, in one page."""
        return list(self.ask(repositories.events.page, EventQuery(since=instant), after=None, limit=MOST))

    def paged(self, repositories: Repositories, limit: int, **asked: Any) -> list[Event]:
        """Return what an `EventQuery` of these fields asks for, page after page."""
        page, query = repositories.events.page, EventQuery(**asked)
        return all_pages(lambda after, length: self.ask(page, query, after=after, limit=length), limit)


def _by_id(events: Sequence[Event]) -> list[Event]:
    return sorted(events, key=lambda each: each.id)


async def _append(events: EventRepository, several: Sequence[Event]) -> None:
    for each in several:
        await answered(events.append, each)


async def _first(events: EventRepository, count: int) -> list[Event]:
    return list(await answered(events.page, EventQuery(), after=None, limit=count))
