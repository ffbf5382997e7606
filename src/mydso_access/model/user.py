"""A user: category, login, credential (S2, S3, S14, S16; D12)."""

from datetime import datetime
from enum import Enum
from typing import TypeAlias

from attrs import field, frozen

from mydso_access.errors import InvalidValue, shown
from mydso_access.model.instant import utc, utc_or_none
from mydso_access.model.secret import Secret
from mydso_access.model.structure import Structure, StructureKind
from mydso_access.policy.fixed import EARLIEST


class Category(Enum):
    """The three user categories (S2); a category never changes by itself (D12)."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    MULTI_ENTITY = "multi_entity"


class DisabledBecause(Enum):
    """Why a login is disabled (S10, S25)."""

    ADMINISTRATOR = "administrator"
    DORMANT = "dormant"
    LAPSED = "lapsed"


@frozen
class NoLogin:
    """A contact without login (S14)."""


@frozen
class Invited:
    """The password is still to be created (S9, S12).

    Attributes:
        since: when the latest invitation was sent.
    """

    since: datetime = field(converter=utc)


@frozen
class Enabled:
    """May sign in.

    Attributes:
        since: when the login was enabled.
    """

    since: datetime = field(converter=utc)


@frozen
class Disabled:
    """May not sign in any more.

    Attributes:
        reason: why.
        since: when it was disabled.
    """

    reason: DisabledBecause
    since: datetime = field(converter=utc)


Login: TypeAlias = NoLogin | Invited | Enabled | Disabled


@frozen
class Credential:
    """A password as it is stored.

    Attributes:
        hash: the Argon2 hash with its parameters and salt.
        set_at: when the password was set; a re-hash of the same password keeps it.
    """

    hash: Secret[str]
    set_at: datetime = field(converter=utc)


@frozen(kw_only=True)
class User:
    """One user's record.

    Attributes:
        id: the host's own id.
        category: active, inactive or multi-entity.
        structure: the entity an active or inactive user belongs to, the platform of a multi-entity user (S3, S16).
        login: none, invited, enabled or disabled.
        name: the canonical login name (`canonical_name`); `None` for a contact (A4).
        credential: the password, if there is one; a user who comes by SSO has none.
        last_access_at: the latest complete sign-in.
        version: 0 as long as it was never stored.
        saved_at: when it was last saved; decisions never look back behind it.
        written_by: id of the event that wrote this version.

    Raises:
        InvalidValue: category, structure, login, name and credential do not go together.
    """

    id: str
    category: Category
    structure: Structure
    login: Login = NoLogin()
    name: str | None = None
    credential: Credential | None = None
    last_access_at: datetime | None = field(default=None, converter=utc_or_none)
    version: int = 0
    saved_at: datetime = field(default=EARLIEST, converter=utc)
    written_by: str | None = None

    def __attrs_post_init__(self) -> None:
        contact = self.category is Category.INACTIVE
        wanted = StructureKind.PLATFORM if self.category is Category.MULTI_ENTITY else StructureKind.ENTITY
        if self.structure.kind is not wanted:  # S2 S3 S16
            expected = f"the {wanted.value} of a user of category {self.category.value}"
            raise InvalidValue("User.structure", shown(self.structure), expected)
        if contact != isinstance(self.login, NoLogin):  # S14
            expected = "NoLogin() for an inactive user, and for no other"
            raise InvalidValue("User.login", shown(self.login), expected)
        if contact != (self.name is None):  # A4
            raise InvalidValue("User.name", shown(self.name), "a login name, and None for an inactive user")
        if self.credential is not None and isinstance(self.login, NoLogin | Invited):  # S12
            expected = "None for a contact and for a user who was only invited"
            raise InvalidValue("User.credential", "set", expected)


def seen_at(user: User) -> datetime | None:
    """Return when an enabled user was last seen: their latest access, or the enabling after it; `None` for others (S25)."""
    if not isinstance(user.login, Enabled):
        return None
    return user.login.since if user.last_access_at is None else max(user.last_access_at, user.login.since)
