"""What the library asks of its surroundings: clock, chance, password hasher, and the bridge to the host's kind of code."""

from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, ParamSpec, Protocol, TypeAlias, TypeVar

from mydso_access.decisions.sign_in import SecretVerdict
from mydso_access.model.link import LinkTarget
from mydso_access.model.secret import Secret
from mydso_access.policy.second_factor import Algorithm
from mydso_access.slots import Slot, Slots

T = TypeVar("T")
P = ParamSpec("P")
MaybeAwaitable: TypeAlias = T | Awaitable[T]
# Says whether the host still has the page or document that a link leads to, for this customer of this entity.
ResourceExists: TypeAlias = Callable[[LinkTarget], MaybeAwaitable[bool]]


class Clock(Protocol):
    """Tells the time, and waits."""

    def now(self) -> datetime:
        """Return the present instant, timezone-aware."""
        ...

    def sleep(self, seconds: float, /) -> MaybeAwaitable[None]:
        """Wait between two tries of a save."""
        ...


class Chance(Protocol):
    """Draws what nobody may guess."""

    def new_id(self) -> str:
        """Return an id never drawn before, of at least 128 random bits."""
        ...

    def fraction(self) -> float:
        """Return a number from 0 to 1, to spread retries."""
        ...


class PasswordHasher(Protocol):
    """Hashes and verifies passwords. Every `verify` and `verify_dummy` costs the same: one hash."""

    def hash(self, password: Secret[bytes], /) -> Secret[str]:
        """Return a new hash, with its parameters and salt."""
        ...

    def verify(self, stored: Secret[str], password: Secret[bytes], /) -> SecretVerdict:
        """Compare; a stored hash that cannot be used is `UNUSABLE`, never an exception."""
        ...

    def verify_dummy(self, password: Secret[bytes], /) -> None:
        """Spend what `verify` spends, where there is nothing to compare with."""
        ...

    def needs_rehash(self, stored: Secret[str], /) -> bool:
        """Tell whether a hash made now would be stronger."""
        ...


class SecretBox(Protocol):
    """Seals seeds of second factors, so that a stolen database holds none that works."""

    def seal(self, secret: Secret[bytes], context: str, /) -> Secret[str]:
        """Return the sealed form of a secret, bound to a context.

        Args:
            secret: what is to be sealed.
            context: what it belongs to: it opens in no other.
        """
        ...

    def open(self, sealed: Secret[str], context: str, /) -> Secret[bytes] | None:
        """Return the secret; `None` if it cannot be opened: damaged, moved, or sealed with a key that is not there."""
        ...

    def is_current(self, sealed: Secret[str], /) -> bool:
        """Tell whether it was sealed with the key that is used now."""
        ...


class OneTimeCodes(Protocol):
    """Computes time-based codes (RFC 6238)."""

    def code(self, seed: Secret[bytes], step: int, algorithm: Algorithm, /) -> Secret[str]:
        """Return the code of one step."""
        ...

    def uri(self, seed: Secret[bytes], algorithm: Algorithm, name: str, issuer: str, /) -> Secret[str]:
        """Return the provisioning URI that apps read from a QR code."""
        ...


class Blocklist(Protocol):
    """Knows which passwords are too common to be set."""

    def holds(self, password: Secret[str], cores: frozenset[Secret[str]], /) -> MaybeAwaitable[bool]:
        """Tell whether a password is too common.

        Args:
            password: the password as typed.
            cores: the words that it may be a variant of (`decisions.password_words.cores`).
        """
        ...


class Bridge(Protocol):
    """Carries a flow's requests to the host's kind of code, synchronous or asynchronous."""

    async def ask(self, call: Callable[P, MaybeAwaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a repository or the clock and return the value it answers, awaited if need be.

        Raises:
            StoreUnavailable: the call raised something that is not ours.
        """
        ...

    async def slot(self, slots: Slots, wait: timedelta, /) -> Slot | None:
        """Take a hashing slot, waiting at most `wait`; `None` if none came free."""
        ...

    async def compute(self, slot: Slot, work: Callable[[], T], /) -> T:
        """Do costly work in a slot, off the event loop if there is one."""
        ...

    async def shielded(self, work: Coroutine[Any, Any, T], /) -> T:
        """Carry `work` to its end, even if whoever waits for it goes away."""
        ...
