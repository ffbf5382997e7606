"""A value that must not be seen: no repr, log line, dict, copy, JSON or pickle shows it."""

import hmac
from typing import Any, Generic, NoReturn, TypeVar, final

T = TypeVar("T", bound=str | bytes)


@final
class Secret(Generic[T]):
    """Wraps a password, a hash, a seed or a token.

    Two secrets are compared in constant time. `reveal` is the only way to the value: for hashing and sealing, for digests
    and codes, for reading what was typed, and in the codec for what is stored.

    Args:
        value: what must not be seen.
    """

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self) -> T:
        """Return the value itself."""
        return self._value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        if type(self._value) is not type(other._value):
            return False
        return hmac.compare_digest(_as_bytes(self._value), _as_bytes(other._value))

    def __hash__(self) -> int:
        return hash(Secret)  # the same for all: a hash of the value would tell something of it

    def __repr__(self) -> str:
        return "Secret('***')"

    def __format__(self, format_spec: str) -> str:
        return repr(self)

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a Secret is neither copied nor pickled")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a Secret is neither copied nor pickled")


def wrapped(value: str | Secret[str]) -> Secret[str]:
    """Return `value` as a `Secret`, if it is none yet."""
    return value if isinstance(value, Secret) else Secret(value)


def _as_bytes(value: str | bytes) -> bytes:
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
