"""Misuse and broken stores: the only things that raise. A refusal is a value, never an exception."""

from typing import Any

SHOWN = 80


class AccessError(Exception):
    """Base of every exception that this library raises on purpose."""


class InvalidValue(AccessError, ValueError):
    """An argument or a record's field holds what it never may.

    Attributes:
        field: what was wrong, by its name.
        given: the offending value as text, cut short; for a secret only its type.
        expected: what would be right, in words.
    """

    def __init__(self, field: str, given: str, expected: str) -> None:
        super().__init__(field, given, expected)
        self.field = field
        self.given = given
        self.expected = expected

    def __str__(self) -> str:
        return f"{self.field} is {self.given}: expected {self.expected}"


class InvalidPolicy(InvalidValue):
    """A setting lies outside its bounds, or there is no setting of that name."""


class AsynchronousStore(AccessError, TypeError):
    """A repository answered the synchronous door with an awaitable; `AsyncAccessControl` is the door for it."""

    def __init__(self, call: str) -> None:
        super().__init__(call)
        self.call = call

    def __str__(self) -> str:
        return f"{self.call} returned an awaitable: use AsyncAccessControl for asynchronous repositories"


class VerifierFailed(AccessError):
    """Password hasher, secret box or one-time codes raised, or answered no verdict. Nobody is signed in, nothing changed.

    Attributes:
        why: what it said, or what kind of exception it raised; never a secret.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def __str__(self) -> str:
        return f"a verifier failed: {self.why}"


class StoreError(AccessError):
    """Base of what a store can do wrong."""


class StoreUnavailable(StoreError):
    """A repository call raised, so nobody knows whether it was carried out. Nobody is signed in; try again."""

    def __init__(self, call: str) -> None:
        super().__init__(call)
        self.call = call

    def __str__(self) -> str:
        return f"{self.call} failed; see the exception that caused this one"


class BrokenStore(StoreError):
    """A repository answered what its protocol forbids: another key's record, a version that did not grow, a mock."""

    def __init__(self, call: str, answer: str) -> None:
        super().__init__(call, answer)
        self.call = call
        self.answer = answer

    def __str__(self) -> str:
        return f"{self.call} broke its protocol: it answered {self.answer}"


class UnreadableRecord(StoreError):
    """What is stored is no record in its stored form: it was edited, cut short, or written by a newer version.

    Attributes:
        field: what cannot be read, by its path, like `User.login.since`.
        given: what is stored there as text, cut short; for a secret only its type.
        expected: what would be right, in words.
    """

    def __init__(self, field: str, given: str, expected: str) -> None:
        super().__init__(field, given, expected)
        self.field = field
        self.given = given
        self.expected = expected

    def __str__(self) -> str:
        return f"stored {self.field} is {self.given}: expected {self.expected}"


class OpenTransaction(StoreError):
    """What a sign-in writes was to join a transaction of the host's, whose rollback would take failures back."""

    def __init__(self, call: str) -> None:
        super().__init__(call)
        self.call = call

    def __str__(self) -> str:
        return (
            f"{self.call} must commit on its own, but its connection is in a transaction, and a rollback would take "
            "failed attempts back: give the repositories an engine, or a connection that is in no transaction"
        )


class Stale(StoreError):
    """Raised by a repository: the record was saved by someone else since it was loaded; nothing was stored.

    Attributes:
        joined: whether it happened in a transaction of the host's, which sees an older state and would see it again:
            nothing tries again inside, and the host begins its transaction anew.
    """

    def __init__(self, joined: bool = False) -> None:  # noqa: FBT001, FBT002  # or no pickle could make it anew
        super().__init__(joined)
        self.joined = joined

    def __str__(self) -> str:
        told = "the record was saved by someone else since it was loaded; nothing was stored"
        return f"{told}: begin your transaction anew" if self.joined else told


class Taken(StoreError):
    """Raised by a repository: another record holds this unique value; nothing was stored.

    Attributes:
        field: the field whose value is taken.
    """

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field

    def __str__(self) -> str:
        return f"{self.field} is taken by another record"


def name_of(call: Any) -> str:
    """Return what a call is known by: the method of the host's own class."""
    return getattr(call, "__qualname__", None) or type(call).__name__


def shown(value: Any) -> str:
    """Return `value` for a message: its repr, cut short; never call it with a secret."""
    kind = type(value).__name__
    try:
        text = f"{value!r} ({kind})"
    except ValueError:  # Python refuses to print an int of thousands of digits
        text = f"too long to print ({kind})"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
