"""The contract of a structure repository: entities and at most one platform, each stored together with its event."""

from functools import partial
from typing import TypeVar

from attrs import evolve

from mydso_access.errors import Stale, Taken
from mydso_access.model.event import Event
from mydso_access.model.structure import Entity, Platform, Structure, StructureRecord
from mydso_access.policy.fixed import TICK
from mydso_access.ports import MaybeAwaitable
from mydso_access.repositories import Repositories, StructureRepository
from mydso_access.testing.clock import A_MONDAY
from mydso_access.testing.conformance.comparing import same
from mydso_access.testing.conformance.contract import answered
from mydso_access.testing.conformance.lookalikes import ID_LENGTH, lookalikes
from mydso_access.testing.conformance.paging import all_pages
from mydso_access.testing.conformance.saving import WRITERS, Shelf
from mydso_access.testing.conformance.structure_records import (
    dated_entity,
    entity,
    every_entity,
    numbered_structure,
    platform,
    policies,
    structure_told,
)
from mydso_access.testing.conformance.telling import ToldRecordContract

S = TypeVar("S", Entity, Platform)
ALL = 1000
IDS = ("b", "A", "entity-10", "entity-9", "Zoë", "a", "B", "\u4e2d", "\U0001f600", "z")


class StructureContract(ToldRecordContract[Entity]):
    """What a structure repository promises. The fixture `repositories` gives empty `structures` and `events`."""

    def shelf(self, repositories: Repositories) -> Shelf[Entity]:
        """Return how entities are made, loaded and saved; the platform has tests of its own."""
        structures = repositories.structures
        return Shelf(
            get=lambda record: _entity(structures, record),
            save=lambda record: structures.save(record, structure_told(record)),
            new=lambda number: entity(f"entity-{number}"),
            changed=numbered_structure,
            dated=dated_entity,
            every=every_entity(),
            alike=[entity(text) for text in lookalikes(ID_LENGTH)],
        )

    def told(self, record: Entity) -> Event:
        """Return the event that an entity is saved with."""
        return structure_told(record)

    # --- the platform

    def test_the_platform_is_found_as_the_platform_and_by_its_name(self, repositories: Repositories) -> None:
        """As it was saved last; no entity is taken for it."""
        structures = repositories.structures
        self.kept(repositories, entity("entity-1"))
        same(None, self.ask(structures.platform))
        for record in (platform("one"), numbered_structure(platform("one"), 1), numbered_structure(platform("one"), 2)):
            before = self.ask(structures.platform)
            found = self.kept(repositories, evolve(record, version=0 if before is None else before.version))
            same([found, found], [self.ask(structures.platform), self.ask(structures.get, Structure.platform("one"))])
        same(None, self.ask(structures.get, Structure.platform("entity-1")))

    def test_every_field_of_the_platform_comes_back_as_it_was_saved(self, repositories: Repositories) -> None:
        """What it asks for, too."""
        record = self.kept(repositories, platform("one"))
        for number, policy in enumerate(policies().values()):
            changed = evolve(numbered_structure(record, number), policy=policy)
            record = self.kept(repositories, changed)
            same(record, self.ask(repositories.structures.platform))

    def test_an_entity_and_a_platform_of_one_id_are_two_structures(self, repositories: Repositories) -> None:
        """Each is compared with itself."""
        one, other = self.kept(repositories, entity("same")), self.kept(repositories, platform("same"))
        one = self.kept(repositories, numbered_structure(one, 1))
        other = self.kept(repositories, numbered_structure(other, 2))
        get = repositories.structures.get
        same([one, other], [self.ask(get, Structure.entity("same")), self.ask(get, Structure.platform("same"))])

    def test_a_second_platform_is_refused_and_nothing_is_stored(self, repositories: Repositories) -> None:
        """However much its id looks like the first's; no event tells of what did not happen."""
        structures = repositories.structures
        stored = self.kept(repositories, platform("platform"))
        for other in ("Platform", "platform ", "other", ""):
            taken = self.refuses(Taken, structures.save, platform(other), structure_told(platform(other)))
            same("platform", taken.field)
            same(None, self.ask(structures.get, Structure.platform(other)))
        same(stored, self.ask(structures.platform))
        same([structure_told(stored).id], self.event_ids(repositories))

    def test_a_platform_that_was_saved_since_or_is_another_one_is_stale(self, repositories: Repositories) -> None:
        """A platform is compared like every record, and never takes the place of another."""
        structures = repositories.structures
        first = self.kept(repositories, platform("one"))
        stored = self.kept(repositories, numbered_structure(first, 1))
        wrong = [evolve(stored, version=version) for version in (0, first.version, stored.version + 1)]
        for record in (*wrong, platform("other", version=stored.version)):
            changed = numbered_structure(record, 2)
            self.refuses(Stale, structures.save, changed, structure_told(changed))
            same(stored, self.ask(structures.platform))
        namesake = entity("one", version=stored.version)
        self.refuses(Stale, structures.save, namesake, structure_told(namesake))
        same(stored, self.ask(structures.platform))

    def test_of_many_who_found_a_platform_one_does(self, repositories: Repositories) -> None:
        """Under ids of their own, so that the others are told that there is one."""
        same(None, self.ask(repositories.structures.platform))
        candidates = [numbered_structure(platform(f"platform-{n}"), n) for n in range(WRITERS)]
        founded = self.at_once([partial(_founded, repositories.structures, each) for each in candidates])
        found = self.ask(repositories.structures.platform)
        same([found], [each for each in founded if each is not None])

    # --- the entities

    def test_pages_of_any_size_hold_every_entity_exactly_once(self, repositories: Repositories) -> None:
        """And the platform in none of them; the order is always the same."""
        kept = [self.kept(repositories, entity(each)) for each in IDS]
        self.kept(repositories, platform("entity-5"))
        entities = self.entities(repositories)
        same(sorted(each.id for each in kept), sorted(each.id for each in entities))
        for limit in (1, 2, 3, 5, len(IDS), len(IDS) + 1):
            same(entities, all_pages(lambda a, n: self.ask(repositories.structures.entities, after=a, limit=n), limit))

    def test_a_page_of_entities_is_as_long_as_its_limit_unless_it_is_the_last(self, repositories: Repositories) -> None:
        """Fewer mean that it was the last, wherever the platform stands in between."""
        for number in range(6):
            self.kept(repositories, entity(f"entity-{number}"))
        self.kept(repositories, platform("platform"))
        entities = self.entities(repositories)
        for count in range(7):
            after = entities[count - 1] if count else None
            page = self.ask(repositories.structures.entities, after=after, limit=3)
            same(entities[count : count + 3], list(page))

    def test_entities_are_listed_as_they_were_saved_last(self, repositories: Repositories) -> None:
        """From the first save on, each once."""
        same([], self.entities(repositories))
        record = self.kept(repositories, entity("entity-1"))
        for number in range(3):
            same([record], self.entities(repositories))
            record = self.kept(
                repositories, evolve(numbered_structure(record, number), saved_at=A_MONDAY + number * TICK)
            )

    def kept(self, repositories: Repositories, record: S) -> S:
        """Save entity or platform and return it as it is stored then."""
        return evolve(record, version=self.ask(repositories.structures.save, record, structure_told(record)))

    def entities(self, repositories: Repositories) -> list[Entity]:
        """Return all entities, in one page."""
        return list(self.ask(repositories.structures.entities, after=None, limit=ALL))


def _entity(structures: StructureRepository, record: Entity) -> MaybeAwaitable[Entity | None]:
    found: MaybeAwaitable[StructureRecord | None] = structures.get(record.structure)
    return found  # type: ignore[return-value]  # that it is an entity is for the comparison to say


async def _founded(structures: StructureRepository, candidate: Platform) -> Platform | None:
    try:
        return evolve(candidate, version=await answered(structures.save, candidate, structure_told(candidate)))
    except Taken:
        return None
