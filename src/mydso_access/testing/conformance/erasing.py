"""What holds for a trail that is shortened, and in which users become pseudonyms: nothing else is lost or changed."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from attrs import evolve

from mydso_access.model.event import Event, EventQuery
from mydso_access.policy.fixed import LATEST, TICK
from mydso_access.repositories import EventRepository, Repositories
from mydso_access.testing.clock import A_MONDAY
from mydso_access.testing.conformance.comparing import same
from mydso_access.testing.conformance.contract import answered
from mydso_access.testing.conformance.lookalikes import ID_LENGTH, lookalikes
from mydso_access.testing.conformance.records import ENTITY, event
from mydso_access.testing.conformance.trails import MOST, TrailContract

FEW = 10


class ErasingContract(TrailContract):
    """What an event repository promises of `purge` and `pseudonymise`."""

    def test_purging_an_empty_trail_forgets_nothing(self, repositories: Repositories) -> None:
        """There is nothing to count."""
        same(0, self.ask(repositories.events.purge, LATEST - TICK, limit=MOST))

    def test_purging_forgets_exactly_what_happened_before_the_instant(self, repositories: Repositories) -> None:
        """To the microsecond; what happened at that very instant stays."""
        told = self.tell(repositories, [event(f"event-{n}", at=A_MONDAY + n * TICK, subject="u") for n in range(FEW)])
        same(0, self.ask(repositories.events.purge, A_MONDAY, limit=MOST))
        for count in (1, 3, FEW):
            before = self.trail(repositories)
            instant = A_MONDAY + count * TICK
            same(len(before) - (FEW - count), self.ask(repositories.events.purge, instant, limit=MOST))
            same(told[count:], self.trail(repositories))

    def test_purging_counts_the_events_it_forgets_and_forgets_no_more_than_its_limit(
        self, repositories: Repositories
    ) -> None:
        """It is done in small bites, until there is nothing left to do."""
        self.tell(repositories, [event(f"event-{number}") for number in range(FEW)])
        (kept,) = self.tell(repositories, [event("kept", at=A_MONDAY + TICK)])
        for left in (7, 4, 1, 0, 0):
            before = len(self.trail(repositories))
            count = self.ask(repositories.events.purge, A_MONDAY + TICK, limit=3)
            same((before - 1 - left, left + 1), (count, len(self.trail(repositories))))
        same([kept], self.trail(repositories))

    def test_a_pseudonym_replaces_a_user_as_subject_and_as_actor(self, repositories: Repositories) -> None:
        """And erases the addresses of those events; all else of them, and all other events, stay as they were."""
        told = self.tell(
            repositories,
            [
                event("subject", subject="anna", actor="bert", address="192.0.2.1", rule="S36", structure=ENTITY),
                event("actor", subject="bert", actor="anna", address="192.0.2.1", customer="anna"),
                event("both", subject="anna", actor="anna", address="192.0.2.1", system="anna"),
                event("neither", subject="bert", actor="bert", address="192.0.2.1", rule="anna"),
                event("nobody", address="192.0.2.1"),
            ],
        )
        same(3, self.ask(repositories.events.pseudonymise, "anna", "pseudonym", limit=MOST))
        expected = [_without(each, "anna", "pseudonym") for each in told]
        same(sorted(expected, key=_id), sorted(self.trail(repositories), key=_id))
        same(0, self.ask(repositories.events.pseudonymise, "anna", "pseudonym", limit=MOST))

    def test_events_are_found_by_the_pseudonym_and_no_more_by_the_user(self, repositories: Repositories) -> None:
        """As subject and as actor, in the order in which they happened."""
        self.tell(
            repositories,
            [
                event(f"event-{n}", subject="anna" if n % 2 else "bert", actor="bert" if n % 2 else "anna", at=_at(n))
                for n in range(FEW)
            ],
        )
        self.ask(repositories.events.pseudonymise, "anna", "pseudonym", limit=MOST)
        odd, even = ([f"event-{n}" for n in range(FEW) if n % 2 == rest] for rest in (1, 0))
        for query, expected in (
            *((EventQuery(subject="pseudonym"), odd), (EventQuery(actor="pseudonym"), even)),
            *((EventQuery(subject="anna"), []), (EventQuery(actor="anna"), [])),
        ):
            found = self.ask(repositories.events.page, query, after=None, limit=MOST)
            same(expected, [each.id for each in found])

    def test_a_user_becomes_a_pseudonym_in_bites_no_larger_than_their_limit(self, repositories: Repositories) -> None:
        """Until none is left; an event about somebody who asked for it themselves counts once."""
        self.tell(repositories, [event(f"subject-{n}", subject="anna") for n in range(3)])
        self.tell(repositories, [event(f"both-{n}", subject="anna", actor="anna") for n in range(3)])
        self.tell(repositories, [event(f"actor-{n}", actor="anna") for n in range(3)])
        counts = [self.ask(repositories.events.pseudonymise, "anna", "pseudonym", limit=4) for _ in range(4)]
        same([4, 4, 1, 0], counts)
        same([], [each.id for each in self.trail(repositories) if "anna" in (each.subject, each.actor)])

    def test_a_pseudonym_replaces_nobody_who_only_looks_alike(self, repositories: Repositories) -> None:
        """Whoever's id a loose comparison takes for the same keeps it, and their addresses."""
        texts = lookalikes(ID_LENGTH)
        told = [event(f"event-{n}", subject=text, actor=text, address="192.0.2.1") for n, text in enumerate(texts)]
        self.tell(repositories, told)
        for number, text in enumerate(texts):
            same(1, self.ask(repositories.events.pseudonymise, text, f"pseudonym-{number}", limit=MOST))
        pseudonyms = [(f"event-{n}", f"pseudonym-{n}", f"pseudonym-{n}", None) for n in range(len(texts))]
        found = [(each.id, each.subject, each.actor, each.address) for each in self.trail(repositories)]
        same(sorted(pseudonyms), sorted(found))

    def test_no_event_is_lost_that_is_told_while_others_are_purged_or_changed(self, repositories: Repositories) -> None:
        """A store that reads its trail, changes it and writes it back loses what came in between."""
        old = [event(f"old-{number}", at=A_MONDAY) for number in range(FEW)]
        annas = [event(f"anna-{number}", subject="anna", at=A_MONDAY + TICK) for number in range(FEW)]
        new = [event(f"new-{number}", at=A_MONDAY + 2 * TICK) for number in range(4 * FEW)]
        self.tell(repositories, [*old, *annas])
        events = repositories.events
        self.at_once([partial(_purge, events), partial(_pseudonymise, events), partial(_tell, events, new)])
        expected = [*(_without(each, "anna", "pseudonym") for each in annas), *new]
        same(sorted(expected, key=_id), sorted(self.trail(repositories), key=_id))

    def tell(self, repositories: Repositories, told: Sequence[Event]) -> Sequence[Event]:
        """Store events, one after the other, and return them."""
        for each in told:
            self.ask(repositories.events.append, each)
        return told


def _at(number: int) -> datetime:
    return A_MONDAY + number * TICK


def _id(each: Event) -> str:
    return each.id


def _without(told: Event, user_id: str, pseudonym: str) -> Event:
    """Return what is to become of an event."""
    if user_id not in (told.subject, told.actor):
        return told
    subject, actor = (pseudonym if each == user_id else each for each in (told.subject, told.actor))
    return evolve(told, subject=subject, actor=actor, address=None)


async def _purge(events: EventRepository) -> None:
    while await answered(events.purge, A_MONDAY + TICK, limit=1):
        pass


async def _pseudonymise(events: EventRepository) -> None:
    while await answered(events.pseudonymise, "anna", "pseudonym", limit=1):
        pass


async def _tell(events: EventRepository, told: Sequence[Event]) -> None:
    for each in told:
        await answered(events.append, each)
