"""Stores that keep entities wrongly, or more than one platform."""

import time
from typing import Any

from attrs import evolve

from mydso_access.adapters.memory import MemoryEvents, MemoryStructures
from mydso_access.errors import Stale, Taken
from mydso_access.model import Entity, Event, Platform, Structure, StructureKind, StructureRecord
from mydso_access.policy.levels import StructurePolicy
from tests.testing.broken.under_test import A_MOMENT, structures


@structures(
    "test_a_new_record_where_one_exists_is_stale_and_stores_nothing",
    "test_a_save_from_another_version_is_stale_and_stores_nothing",
    "test_a_stale_save_leaves_no_event",
    "test_a_platform_that_was_saved_since_or_is_another_one_is_stale",
)
class NoVersionCheckOfStructures(MemoryStructures):
    def save(self, record: StructureRecord, event: Event, /) -> int:
        stored = self.get(record.structure)
        return super().save(evolve(record, version=stored.version if stored else 0), event)


@structures(
    "test_an_event_is_stored_with_its_record_exactly_once",
    "test_no_reader_sees_a_record_without_its_event_nor_an_event_without_its_record",
)
class SilentStructures(MemoryStructures):
    def __init__(self, _: MemoryEvents) -> None:
        super().__init__(MemoryEvents())


@structures("test_keys_that_a_loose_comparison_merges_are_different_records")
class LooseStructures(MemoryStructures):
    def get(self, structure: Structure, /) -> StructureRecord | None:
        wanted = structure.id.casefold()
        return next((each for each in list(self._entities.values()) if each.id.casefold() == wanted), None)


@structures("test_every_field_comes_back_as_it_was_saved")
class StructuresWithoutTimes(MemoryStructures):
    """Keeps what a structure asks for as plain JSON, in seconds."""

    def save(self, record: StructureRecord, event: Event, /) -> int:
        asks = {name: value for name, value in record.policy.asks if name != "links.documents"}
        return super().save(evolve(record, policy=StructurePolicy(asks)), event)


@structures("test_the_platform_is_found_as_the_platform_and_by_its_name")
class PlatformByAnyName(MemoryStructures):
    def get(self, structure: Structure, /) -> StructureRecord | None:
        return self.platform() if structure.kind is StructureKind.PLATFORM else super().get(structure)


@structures("test_the_platform_is_found_as_the_platform_and_by_its_name")
class PlatformAsItWasFounded(MemoryStructures):
    def platform(self) -> Platform | None:
        self.__dict__["founded"] = self.__dict__.get("founded") or super().platform()
        return self.__dict__["founded"]


@structures("test_every_field_of_the_platform_comes_back_as_it_was_saved")
class PlatformAsksNothing(MemoryStructures):
    def save(self, record: StructureRecord, event: Event, /) -> int:
        return super().save(evolve(record, policy=StructurePolicy()) if isinstance(record, Platform) else record, event)


@structures("test_an_entity_and_a_platform_of_one_id_are_two_structures")
class StructuresByIdOnly(MemoryStructures):
    def save(self, record: StructureRecord, event: Event, /) -> int:
        for kind in StructureKind:
            other = self.get(Structure(kind, record.id))
            if other is not None and other.version != record.version:
                raise Stale
        return super().save(record, event)


@structures("test_a_second_platform_is_refused_and_nothing_is_stored", "test_of_many_who_found_a_platform_one_does")
class ManyPlatforms(MemoryStructures):
    """Looks for no other platform."""

    def __init__(self, trail: MemoryEvents) -> None:
        super().__init__(trail)
        self.several: dict[str, Platform] = {}

    def get(self, structure: Structure, /) -> StructureRecord | None:
        if structure.kind is StructureKind.PLATFORM:
            return self.several.get(structure.id)
        return super().get(structure)

    def save(self, record: StructureRecord, event: Event, /) -> int:
        if isinstance(record, Entity):
            return super().save(record, event)
        self._platform = self.several.get(record.id)
        version = super().save(record, event)
        self.several[record.id] = evolve(record, version=version)
        return version


@structures("test_a_second_platform_is_refused_and_nothing_is_stored")
class SecondPlatformIsStale(MemoryStructures):
    def save(self, record: StructureRecord, event: Event, /) -> int:
        try:
            return super().save(record, event)
        except Taken:
            raise Stale from None


@structures("test_a_second_platform_is_refused_and_nothing_is_stored")
class SecondPlatformIsTold(MemoryStructures):
    def save(self, record: StructureRecord, event: Event, /) -> int:
        try:
            return super().save(record, event)
        except Taken:
            self._events.append(event)
            raise


@structures("test_a_platform_that_was_saved_since_or_is_another_one_is_stale")
class PlatformUnderOneKey(MemoryStructures):
    """Compares the version of the one row for the platform, and not whose it is."""

    def save(self, record: StructureRecord, event: Event, /) -> int:
        stored = self.platform()
        if isinstance(record, Platform) and stored is not None and record.version == stored.version:
            self._platform = evolve(stored, id=record.id)
        return super().save(record, event)


@structures("test_of_many_who_found_a_platform_one_does")
class PlatformChecked(MemoryStructures):
    """Looks whether there is a platform, and stores one a moment later."""

    def save(self, record: StructureRecord, event: Event, /) -> int:
        stored = self.platform()
        if isinstance(record, Platform) and stored is None:
            time.sleep(A_MOMENT)
            self._platform = None
        return super().save(record, event)


class EntityPages(MemoryStructures):
    """Sound, and easy to break."""

    def entities(self, *, after: Entity | None, limit: int) -> Any:
        found = [each for each in self.everything() if after is None or each.id > after.id]
        return sorted(found, key=lambda each: each.id)[:limit]

    def everything(self) -> list[Any]:
        return list(self._entities.values())


@structures("test_pages_of_any_size_hold_every_entity_exactly_once")
class EntityPagesWithThePlatform(EntityPages):
    def everything(self) -> list[Any]:
        return [*super().everything(), *([self._platform] if self._platform else [])]


@structures("test_pages_of_any_size_hold_every_entity_exactly_once")
class EntityPagesAgain(EntityPages):
    """Begins with the last of the page before."""

    def entities(self, *, after: Entity | None, limit: int) -> Any:
        found = [each for each in self.everything() if after is None or each.id >= after.id]
        return sorted(found, key=lambda each: each.id)[:limit]


@structures("test_a_page_of_entities_is_as_long_as_its_limit_unless_it_is_the_last")
class EntityPagesLimitFirst(EntityPages):
    """Takes a page of all structures, and then the entities of it."""

    def entities(self, *, after: Entity | None, limit: int) -> Any:
        platforms = [("entity-2, after which it was founded", self._platform)] if self._platform else []
        found = [*platforms, *((each.id, each) for each in self.everything())]
        page = sorted((place, each) for place, each in found if after is None or place > after.id)[:limit]
        return [each for _, each in page if isinstance(each, Entity)]


@structures("test_entities_are_listed_as_they_were_saved_last")
class EntityPagesAsFounded(EntityPages):
    def everything(self) -> list[Any]:
        founded = self.__dict__.setdefault("founded", {})
        return [founded.setdefault(each.id, each) for each in super().everything()]


@structures("test_entities_are_listed_as_they_were_saved_last")
class EntityPagesOfNone(EntityPages):
    def entities(self, *, after: Entity | None, limit: int) -> Any:
        return [each for each in super().entities(after=after, limit=limit) if each.written_by]
