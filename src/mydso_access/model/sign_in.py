"""A half-finished sign-in: what was proven so far, by whom and from where (D7, D13)."""

from datetime import datetime
from enum import Enum

from attrs import field, frozen

from mydso_access.errors import InvalidValue, shown
from mydso_access.model.attempts import CounterKey, KeyKind
from mydso_access.model.instant import utc, utc_or_none
from mydso_access.model.secret import Secret
from mydso_access.model.structure import Structure
from mydso_access.policy.addresses import Recipient
from mydso_access.policy.fixed import EARLIEST
from mydso_access.policy.second_factor import Algorithm


class Factor(Enum):
    """What somebody proved to be somebody with, and what else they showed on the way."""

    PASSWORD = "password"  # noqa: S105  # a kind of factor
    SSO = "sso"
    TOTP = "totp"
    RECOVERY_CODE = "recovery_code"
    SSO_SECOND = "sso_second"  # the provider of single sign-on vouches for a second factor
    ADDRESS_CODE = "address_code"


FIRST_FACTORS = frozenset({Factor.PASSWORD, Factor.SSO})
SECOND_FACTORS = frozenset({Factor.TOTP, Factor.RECOVERY_CODE})


class Purpose(Enum):
    """What a half-finished sign-in leads to."""

    SIGN_IN = "sign_in"
    ENTER = "enter"
    STEP_UP = "step_up"
    ENROL = "enrol"


@frozen
class SentCode:
    """A code for a new address, as it is kept: of no use without the sign-in's token.

    Attributes:
        digest: keyed by the secret half of the token that was answered when it was sent.
        sent_at: when its message was made.
        address: the exact address that it lets in.
        structure: whose list that address is not on.
        validator: who got the code.
    """

    digest: Secret[str]
    sent_at: datetime = field(converter=utc)
    address: str
    structure: Structure
    validator: Recipient


@frozen
class NewSeed:
    """The seed of a second factor whose first code is still to come.

    Attributes:
        sealed: the seed, sealed by the host's `SecretBox` for its user.
        algorithm: the hash inside its codes.
    """

    sealed: Secret[str]
    algorithm: Algorithm


@frozen
class Approval:
    """A code was right: the address is remembered once the sign-in completes.

    Attributes:
        address: the exact address.
        structure: whose list it joins, or counts for.
        validator: an administrator approves for everybody, a user for themselves (D14).
    """

    address: str
    structure: Structure
    validator: Recipient


@frozen(kw_only=True)
class SignIn:
    """The record of one half-finished sign-in. What it still owes is computed at each step and never stored.

    Attributes:
        id: what its token begins with; made of user, address key and purpose, so a later one takes its place.
        user_id: whose.
        address: the counter key of the address it was begun from.
        purpose: what it leads to.
        entity: id of the entity that it enters; `None` for other purposes.
        token: digest of the secret half of its token; each step replaces it.
        started_at: when the first factor was proven, or when the session's user began it.
        expires_at: the last instant at which it can be gone on with.
        factors: what was proven so far, each with its instant, as in `Proof`.
        since: the user's `valid_from` when all of it was found to stand; what ends sessions moves that, and ends this, too.
        code: the code that was sent and not yet entered.
        approvals: addresses that codes let in.
        seed: a new second factor's seed, as long as it is unconfirmed.
        outgrown: whether the password that was proven would not be allowed any more.
        session: the host's id of the session before the sign-in, digested, if the host binds to it.
        used_at: when it was completed; a used one is never used again.
        version: 0 as long as it was never stored.
        saved_at: when it was last saved; decisions never look back behind it.

    Raises:
        InvalidValue: it expires before it starts, or its address is no address's key.
    """

    id: str
    user_id: str
    address: CounterKey
    purpose: Purpose
    entity: str | None = None
    token: Secret[str]
    started_at: datetime = field(converter=utc)
    expires_at: datetime = field(converter=utc)
    factors: tuple[tuple[Factor, datetime], ...]
    since: datetime = field(converter=utc)
    code: SentCode | None = None
    approvals: tuple[Approval, ...] = ()
    seed: NewSeed | None = None
    outgrown: bool = False
    session: str | None = None
    used_at: datetime | None = field(default=None, converter=utc_or_none)
    version: int = 0
    saved_at: datetime = field(default=EARLIEST, converter=utc)

    def __attrs_post_init__(self) -> None:
        if self.expires_at <= self.started_at:
            raise InvalidValue("SignIn.expires_at", shown(self.expires_at), f"an instant after {self.started_at}")
        if self.address.kind is not KeyKind.ADDRESS:
            raise InvalidValue("SignIn.address", shown(self.address.kind), "the counter key of an address")
        if (self.entity is not None) is not (self.purpose is Purpose.ENTER):
            raise InvalidValue("SignIn.entity", shown(self.entity), "an entity for `enter`, and none otherwise")
