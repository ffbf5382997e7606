"""A half-finished sign-in: what was proven so far, by whom and from where (D13)."""

from datetime import datetime
from enum import Enum

from attrs import field, frozen

from mydso_access.errors import InvalidValue, shown
from mydso_access.model.attempts import CounterKey, KeyKind
from mydso_access.model.instant import utc, utc_or_none
from mydso_access.model.secret import Secret
from mydso_access.policy.fixed import EARLIEST


class Factor(Enum):
    """What somebody proved to be somebody with."""

    PASSWORD = "password"  # noqa: S105  # a kind of factor


class Purpose(Enum):
    """What a half-finished sign-in leads to."""

    SIGN_IN = "sign_in"


@frozen(kw_only=True)
class SignIn:
    """The record of one half-finished sign-in. What it still owes is computed at each step and never stored.

    Attributes:
        id: what its token begins with; drawn at random.
        user_id: whose.
        address: the counter key of the address it was begun from.
        purpose: what it leads to.
        token: digest of the secret half of its token; each step replaces it.
        started_at: when the first factor was proven.
        expires_at: from when on it leads nowhere.
        factors: what was proven so far, each with its instant, as in `Proof`.
        code: keyed digest of the code that was sent and not yet entered.
        seed: a new second factor's seed, as long as it is unconfirmed.
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
    token: Secret[str]
    started_at: datetime = field(converter=utc)
    expires_at: datetime = field(converter=utc)
    factors: tuple[tuple[Factor, datetime], ...]
    code: Secret[str] | None = None
    seed: Secret[str] | None = None
    session: str | None = None
    used_at: datetime | None = field(default=None, converter=utc_or_none)
    version: int = 0
    saved_at: datetime = field(default=EARLIEST, converter=utc)

    def __attrs_post_init__(self) -> None:
        if self.expires_at <= self.started_at:
            raise InvalidValue("SignIn.expires_at", shown(self.expires_at), f"an instant after {self.started_at}")
        if self.address.kind is not KeyKind.ADDRESS:
            raise InvalidValue("SignIn.address", shown(self.address.kind), "the counter key of an address")
