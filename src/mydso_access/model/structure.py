"""What a user signs in to: an entity, or the multi-entity platform that groups entities (S3, S16)."""

from enum import Enum

from attrs import frozen


class StructureKind(Enum):
    """The two kinds of structure."""

    ENTITY = "entity"
    PLATFORM = "platform"


@frozen
class Structure:
    """Names one structure.

    Attributes:
        kind: entity or platform.
        id: the host's own id for it.
    """

    kind: StructureKind
    id: str

    @classmethod
    def entity(cls, structure_id: str) -> "Structure":
        """Name an entity."""
        return cls(StructureKind.ENTITY, structure_id)

    @classmethod
    def platform(cls, structure_id: str) -> "Structure":
        """Name the multi-entity platform."""
        return cls(StructureKind.PLATFORM, structure_id)
