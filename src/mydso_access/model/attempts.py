"""What is known of the attempts on one key: failures, reservations in flight, block (S36, S37)."""

from datetime import datetime
from enum import Enum

from attrs import frozen

from mydso_access.policy.fixed import EARLIEST


class KeyKind(Enum):
    """What a counter counts for."""

    ACCOUNT = "account"
    ADDRESS = "address"
    CODES = "codes"


@frozen(cache_hash=True)
class CounterKey:
    """A name as given, an identity of single sign-on, an address prefix, or a user's codes, told apart by kind and stored as a digest.

    Attributes:
        kind: account, address, or codes for a new address.
        digest: SHA-256 over kind and subject, in hexadecimal; a name typed is often a password.
    """

    kind: KeyKind
    digest: str


@frozen
class Reservation:
    """The right to evaluate one secret: charged before it is looked at, settled after.

    Attributes:
        id: drawn before the first try, kept by the failure that it may become.
        at: when the key admitted it; instants of one key only ever grow.
        clock: what the clock read then; the lease runs from here, so a clock that stepped back ends it too.
        failed_before: the key's failures up to its admission, which a complete sign-in may clear.
    """

    id: str
    at: datetime
    clock: datetime
    failed_before: int


@frozen
class Failure:
    """A wrong secret, or a reservation whose lease ran out; dated by its charge."""

    id: str
    at: datetime


@frozen
class AttemptCounter:
    """The record of one key.

    Attributes:
        key: whose attempts.
        version: 0 as long as it was never stored.
        saved_at: when it was last saved; decisions never look back behind it.
        failures: those that may still count, earliest first; failures that caused a block are spent and gone.
        reservations: those in flight, earliest first.
        blocked_until: end of the block, if there is one.
        failed: failures ever, counted only where the policy has a `hard_cap`.
        cleared: how many of `failed` a complete sign-in or a reset has cleared.
        idle_from: from when on it says no more than a new one, if nothing happens; `None`: never by itself. A store may
            forget it then, and never before.
    """

    key: CounterKey
    version: int = 0
    saved_at: datetime = EARLIEST
    failures: tuple[Failure, ...] = ()
    reservations: tuple[Reservation, ...] = ()
    blocked_until: datetime | None = None
    failed: int = 0
    cleared: int = 0
    idle_from: datetime | None = None

    def saved(self, at: datetime, reservations: tuple[Reservation, ...]) -> "AttemptCounter":
        """Return the counter to be saved at this instant, with these reservations in flight."""
        # By position: every attempt comes here four times, and `evolve` takes three times as long.
        rest = (self.failures, reservations, self.blocked_until, self.failed, self.cleared)
        return AttemptCounter(self.key, self.version, at, *rest)

    def stored(self, version: int, idle_from: datetime | None) -> "AttemptCounter":
        """Return the counter under another version, forgettable from another instant."""
        rest = (self.failures, self.reservations, self.blocked_until, self.failed, self.cleared)
        return AttemptCounter(self.key, version, self.saved_at, *rest, idle_from)
