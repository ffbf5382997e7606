"""A user: category, role, login, credential, contact data, memberships (S2, S3, S5, S14, S16; D12, D16)."""

from datetime import datetime
from enum import Enum
from typing import TypeAlias

from attrs import field, frozen

from mydso_access.errors import InvalidValue, shown
from mydso_access.model.instant import utc, utc_or_none
from mydso_access.model.second_factor import SecondFactor
from mydso_access.model.secret import Secret
from mydso_access.model.structure import ApprovedAddress, SignInMode, Structure, StructureKind
from mydso_access.model.token import SentToken
from mydso_access.policy.fixed import EARLIEST, LISTED_BYTES


class Category(Enum):
    """The three user categories (S2); a category never changes by itself (D12)."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    MULTI_ENTITY = "multi_entity"


class DisabledBecause(Enum):
    """Why a login is disabled (S10, S25); one whose personal data were erased is never enabled again."""

    ADMINISTRATOR = "administrator"
    DORMANT = "dormant"
    LAPSED = "lapsed"
    FORGOTTEN = "forgotten"


@frozen
class NoLogin:
    """A contact without login (S14)."""


@frozen
class Invited:
    """The password is still to be created (S9, S12).

    Attributes:
        since: when the latest invitation was sent.
        token: digest of the token in it, the only one that is still good (S13); `None` while none is on its way.
    """

    since: datetime = field(converter=utc)
    token: Secret[str] | None = None


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
        compromised: whether somebody else is known to have it; it must be changed at the next sign-in.
        before: hashes of the passwords before it, latest first, as many as the policy looks at (S23).
    """

    hash: Secret[str]
    set_at: datetime = field(converter=utc)
    compromised: bool = False
    before: tuple[Secret[str], ...] = ()


@frozen
class Email:
    """An e-mail address.

    Attributes:
        address: in the form of `parse_email`.
        confirmed_at: when a message's token came back from it (A30).
    """

    address: str
    confirmed_at: datetime | None = field(default=None, converter=utc_or_none)


@frozen
class NewEmail:
    """An address that is to replace the present one once it is confirmed.

    Attributes:
        address: in the form of `parse_email`.
        token: what was sent there.
    """

    address: str
    token: SentToken


@frozen
class SsoIdentity:
    """Who a user is for a provider of single sign-on.

    Attributes:
        issuer: the provider.
        subject: the provider's own id of the user.
    """

    issuer: str
    subject: str


@frozen
class Notice:
    """The latest warning that a user was sent, so that none is sent twice.

    Attributes:
        due: what it warned of: when the login lapses or goes dormant.
        days: how many days before.
    """

    due: datetime = field(converter=utc)
    days: int


@frozen(kw_only=True)
class User:
    """One user's record.

    Attributes:
        id: the host's own id.
        category: active, inactive or multi-entity.
        structure: the entity an active or inactive user belongs to, the platform of a multi-entity user (S3, S16).
        role: id of the role, the same in every entity (S5).
        login: none, invited, enabled or disabled.
        name: the canonical login name (`canonical_name`); `None` for a contact (A4).
        credential: the password, if there is one; a user who comes by SSO has none.
        second_factor: the app and the codes on paper (S26); a contact keeps it, so that becoming one resets nothing.
        approved: addresses that the user let in for themselves (S22, D14).
        codes_sent: when codes for a new address were sent lately, over all sign-ins.
        full_name: what people call the user.
        email: where messages go.
        new_email: the address that is to replace it.
        mobile: the number for codes, in the form of `parse_mobile`.
        may_import: the user's own flag for importing data files.
        sign_in_mode: how the first factor is proven; `None`: as the structure says (A24).
        sso: who the user is for a provider of single sign-on.
        memberships: ids of the entities a multi-entity user is authorised in (S16, D16).
        appointments: ids of the user's appointments as main administrator (A13).
        reset: the token that resets the password, if one was sent and not used.
        resets_sent: when reset messages of the last day were sent.
        notice: the latest warning sent.
        valid_from: what was proven or issued before is dead.
        last_access_at: the latest access: a complete sign-in, or entering an entity (D15).
        version: 0 as long as it was never stored.
        saved_at: when it was last saved; decisions never look back behind it.
        written_by: id of the event that wrote this version.

    Raises:
        InvalidValue: fields do not go together; the message names one of them.
    """

    id: str
    category: Category
    structure: Structure
    role: str
    login: Login = NoLogin()
    name: str | None = None
    credential: Credential | None = None
    second_factor: SecondFactor | None = None
    approved: tuple[ApprovedAddress, ...] = ()
    codes_sent: tuple[datetime, ...] = ()
    full_name: str | None = None
    email: Email | None = None
    new_email: NewEmail | None = None
    mobile: str | None = None
    may_import: bool = False
    sign_in_mode: SignInMode | None = None
    sso: SsoIdentity | None = None
    memberships: frozenset[str] = frozenset()
    appointments: frozenset[str] = frozenset()
    reset: SentToken | None = None
    resets_sent: tuple[datetime, ...] = ()
    notice: Notice | None = None
    valid_from: datetime = field(default=EARLIEST, converter=utc)
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
        if self.memberships and self.category is not Category.MULTI_ENTITY:  # S3
            raise InvalidValue("User.memberships", shown(self.memberships), "none but for a multi-entity user")
        if self.appointments and not isinstance(self.login, Enabled | Invited):  # A13
            expected = "none for a main administrator: their appointments are withdrawn first"
            raise InvalidValue("User.login", shown(self.login), expected)


def seen_at(user: User) -> datetime | None:
    """Return when an enabled user was last seen: their latest access, or the enabling after it; `None` for others (S25)."""
    if not isinstance(user.login, Enabled):
        return None
    return user.login.since if user.last_access_at is None else max(user.last_access_at, user.login.since)


def listed_by(user: User) -> str:
    """Return what lists of users are ordered by: the beginning of what people call a user, as text of `0-9a-f`.

    Every database orders it alike, whatever its collation; the same for equal beginnings.
    """
    text = (user.full_name or user.name or "").casefold()
    return text.encode("utf-8", "surrogatepass")[:LISTED_BYTES].hex()


def check_user_id(user_id: str) -> None:
    """Refuse what is no id of a user, such as the record.

    Raises:
        InvalidValue: it is no text.
    """
    if type(user_id) is not str:
        raise InvalidValue("user_id", shown(user_id), "the id of a user, as text (str)")
