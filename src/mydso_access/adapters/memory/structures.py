"""Entities and the platform in memory."""

import threading
from typing import final

from mydso_access.adapters.memory.events import MemoryEvents
from mydso_access.adapters.memory.records import compared, page_of
from mydso_access.errors import Taken
from mydso_access.model.event import Event
from mydso_access.model.structure import Entity, Platform, Structure, StructureRecord


@final
class MemoryStructures:
    """Entities and the platform, and the trail that their events go to."""

    def __init__(self, events: MemoryEvents) -> None:
        self._entities: dict[str, Entity] = {}
        self._platform: Platform | None = None
        self._events = events
        self._lock = threading.Lock()

    def get(self, structure: Structure, /) -> StructureRecord | None:
        """Return the entity or platform of this name."""
        with self._lock:  # not before the event is stored, too
            return self._found(structure)

    def platform(self) -> Platform | None:
        """Return the platform."""
        with self._lock:
            return self._platform

    def save(self, record: StructureRecord, event: Event, /) -> int:
        """Store entity or platform and event, or raise `Stale` or `Taken` and store nothing."""
        with self._lock:
            stored = compared(record, self._found(record.structure))
            if isinstance(stored, Entity):
                self._entities[stored.id] = stored
            elif self._platform is not None and self._platform.id != stored.id:
                raise Taken("platform")
            else:
                self._platform = stored
            self._events.append(event)
        return stored.version

    def entities(self, *, after: Entity | None, limit: int) -> tuple[Entity, ...]:
        """Return a page of the entities, in the order of their ids."""
        with self._lock:
            entities = tuple(self._entities.values())
        return page_of(entities, lambda each: (each.id,), after, limit)

    def _found(self, structure: Structure) -> StructureRecord | None:
        platform = self._platform
        if platform is not None and platform.structure == structure:
            return platform
        return self._entities.get(structure.id) if structure == Structure.entity(structure.id) else None
