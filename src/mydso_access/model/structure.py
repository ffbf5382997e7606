"""What a user signs in to: an entity, or the multi-entity platform that groups entities (S3, S16)."""

from datetime import datetime
from enum import Enum
from typing import TypeAlias

from attrs import field, frozen

from mydso_access.errors import InvalidValue, shown
from mydso_access.model.instant import utc
from mydso_access.policy.fixed import EARLIEST
from mydso_access.policy.levels import StructurePolicy
from mydso_access.policy.settings import Level


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

    Raises:
        InvalidValue: the kind is none, or the id no text.
    """

    kind: StructureKind
    id: str

    def __attrs_post_init__(self) -> None:
        if type(self.kind) is not StructureKind:  # its text would be equal to nothing that is stored
            raise InvalidValue("Structure.kind", shown(self.kind), "StructureKind.ENTITY or StructureKind.PLATFORM")
        if type(self.id) is not str:
            raise InvalidValue("Structure.id", shown(self.id), "the host's own id, as text (str)")

    @classmethod
    def entity(cls, structure_id: str) -> "Structure":
        """Name an entity."""
        return cls(StructureKind.ENTITY, structure_id)

    @classmethod
    def platform(cls, structure_id: str) -> "Structure":
        """Name the multi-entity platform."""
        return cls(StructureKind.PLATFORM, structure_id)

    @property
    def level(self) -> Level:
        """The level at which its settings stand."""
        return Level.PLATFORM if self.kind is StructureKind.PLATFORM else Level.ENTITY


def check_structure(structure: Structure) -> None:
    """Refuse what names no structure, such as its id alone.

    Raises:
        InvalidValue: it is none.
    """
    if type(structure) is not Structure:
        raise InvalidValue("structure", shown(structure), "Structure.entity(id) or Structure.platform(id)")


def check_entity(entity: str) -> None:
    """Refuse what is no id of an entity, such as its `Structure`.

    Raises:
        InvalidValue: it is no text.
    """
    if type(entity) is not str:
        raise InvalidValue("entity", shown(entity), "the id of an entity, as text (str)")


class SignInMode(Enum):
    """How the users of a structure prove their first factor; set up by the vendor, no administrator's switch (A24)."""

    PASSWORD = "password"  # noqa: S105  # a mode
    SSO = "sso"


@frozen
class Appointment:
    """Makes one user main administrator of the structure that holds it, as long as the user holds its id, too.

    Attributes:
        user_id: who.
        id: its own id, drawn for this one appointment.
    """

    user_id: str
    id: str


@frozen
class ApprovedAddress:
    """An address that somebody let in by a code (S22, A17).

    Attributes:
        address: the exact address.
        structure: whose users, or for whose list, it counts.
        at: when.
    """

    address: str
    structure: Structure
    at: datetime = field(converter=utc)


@frozen(kw_only=True)
class Entity:
    """One entity of the account.

    Attributes:
        id: the host's own id.
        title: what people call it.
        policy: what it asks for beyond the installation's policy (S20).
        main_administrators: who may change its settings, in the order of their appointment (S18, A13).
        sign_in_mode: how its users prove their first factor.
        approved: addresses that an administrator let in, for everybody (D14).
        interactive_links_from: links of interactive e-mails that were issued before are dead, whatever period is asked
            for now: a longer one revives none (A23).
        document_links_from: the same for links to documents.
        version: 0 as long as it was never stored.
        saved_at: when it was last saved.
        written_by: id of the event that wrote this version.
    """

    id: str
    title: str
    policy: StructurePolicy = StructurePolicy()
    main_administrators: tuple[Appointment, ...] = ()
    sign_in_mode: SignInMode = SignInMode.PASSWORD
    approved: tuple[ApprovedAddress, ...] = ()
    interactive_links_from: datetime = field(default=EARLIEST, converter=utc)
    document_links_from: datetime = field(default=EARLIEST, converter=utc)
    version: int = 0
    saved_at: datetime = field(default=EARLIEST, converter=utc)
    written_by: str | None = None

    @property
    def structure(self) -> Structure:
        """Its name as a structure."""
        return Structure.entity(self.id)


@frozen(kw_only=True)
class Platform:
    """The multi-entity platform, of which an account has at most one.

    Attributes:
        id: the host's own id.
        title: what people call it.
        policy: what it asks of its own, multi-entity users beyond the installation's policy (S19).
        main_administrators: who may change its settings, in the order of their appointment (S18, A13).
        sign_in_mode: how its users prove their first factor.
        approved: addresses that an administrator let in, for everybody (D14).
        version: 0 as long as it was never stored.
        saved_at: when it was last saved.
        written_by: id of the event that wrote this version.
    """

    id: str
    title: str
    policy: StructurePolicy = StructurePolicy()
    main_administrators: tuple[Appointment, ...] = ()
    sign_in_mode: SignInMode = SignInMode.PASSWORD
    approved: tuple[ApprovedAddress, ...] = ()
    version: int = 0
    saved_at: datetime = field(default=EARLIEST, converter=utc)
    written_by: str | None = None

    @property
    def structure(self) -> Structure:
        """Its name as a structure."""
        return Structure.platform(self.id)


StructureRecord: TypeAlias = Entity | Platform
