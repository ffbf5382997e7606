"""The exceptions: one base, data kept through a pickle, messages that name field, value and what would be right."""

import copy
import pickle
from collections.abc import Iterator

import pytest

import mydso_access
from mydso_access import errors
from mydso_access.errors import (
    SHOWN,
    AccessError,
    AsynchronousStore,
    BrokenStore,
    InvalidPolicy,
    InvalidValue,
    OpenTransaction,
    Stale,
    StoreError,
    StoreUnavailable,
    Taken,
    UnreadableRecord,
    VerifierFailed,
    shown,
)

# exception, message, attributes, the standard exception it also is
EXAMPLES = [
    (InvalidValue("now", "5 (int)", "a datetime"), "now is 5 (int): expected a datetime", ["field", "given", "expected"]),
    (InvalidPolicy("a.b", "0 (int)", "more"), "a.b is 0 (int): expected more", ["field", "given", "expected"]),
    (
        AsynchronousStore("Users.get"),
        "Users.get returned an awaitable: use AsyncAccessControl for asynchronous repositories",
        ["call"],
    ),
    (VerifierFailed("MemoryError"), "a verifier failed: MemoryError", ["why"]),
    (StoreUnavailable("users.get"), "users.get failed; see the exception that caused this one", ["call"]),
    (BrokenStore("users.get", "a Mock"), "users.get broke its protocol: it answered a Mock", ["call", "answer"]),
    (
        OpenTransaction("counters.save"),
        (
            "counters.save must commit on its own, but its connection is in a transaction, and a rollback would take "
            "failed attempts back: give the repositories an engine, or a connection that is in no transaction"
        ),
        ["call"],
    ),
    (Stale(), "the record was saved by someone else since it was loaded; nothing was stored", ["joined"]),
    (
        Stale(joined=True),
        (
            "the record was saved by someone else since it was loaded; nothing was stored: "
            "begin your transaction anew"
        ),
        ["joined"],
    ),
    (
        UnreadableRecord("User.login.since", "'x' (str)", "microseconds since 1970"),
        "stored User.login.since is 'x' (str): expected microseconds since 1970",
        ["field", "given", "expected"],
    ),
    (Taken("name"), "name is taken by another record", ["field"]),
]  # fmt: skip
BASES = {AccessError, StoreError}


def subclasses(of: type) -> Iterator[type]:
    for each in of.__subclasses__():
        yield each
        yield from subclasses(each)


def test_every_exception_of_ours_is_public_derives_from_one_base_and_is_shown_here() -> None:
    ours = {error for error in subclasses(AccessError) if error.__module__.startswith("mydso_access")}
    assert ours | {AccessError} == {type(example) for example, *_ in EXAMPLES} | BASES
    assert {
        each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)
    } == ours | {AccessError}
    assert {error.__name__ for error in ours | {AccessError}} <= set(mydso_access.__all__)


@pytest.mark.parametrize(
    ("error", "message", "attributes"), EXAMPLES, ids=[repr(example)[:32] for example, *_ in EXAMPLES]
)
def test_an_exception_keeps_its_message_and_its_data_through_pickle_and_copy(
    error: AccessError, message: str, attributes: list[str]
) -> None:
    for other in (error, copy.copy(error), *(pickle.loads(pickle.dumps(error, p)) for p in range(2, 6))):
        assert type(other) is type(error)
        assert str(other) == message
        assert [getattr(other, name) for name in attributes] == [getattr(error, name) for name in attributes]
        assert other.args == error.args == tuple(getattr(error, name) for name in attributes)


@pytest.mark.parametrize(
    ("kind", "parents"),
    [
        (InvalidValue, (AccessError, ValueError)),
        (InvalidPolicy, (InvalidValue, ValueError)),
        (AsynchronousStore, (AccessError, TypeError)),
        (StoreUnavailable, (StoreError,)),
        (BrokenStore, (StoreError,)),
        (OpenTransaction, (StoreError,)),
        (UnreadableRecord, (StoreError,)),
        (Stale, (StoreError,)),
        (Taken, (StoreError,)),
        (VerifierFailed, (AccessError,)),
        (StoreError, (AccessError,)),
    ],
)
def test_who_catches_a_base_catches_it(kind: type, parents: tuple[type, ...]) -> None:
    assert issubclass(kind, parents)
    assert all(issubclass(kind, parent) for parent in parents)


def test_misuse_is_no_store_error_and_a_store_error_no_misuse() -> None:
    assert not issubclass(InvalidValue, StoreError)
    assert not issubclass(StoreError, ValueError)
    assert not issubclass(AsynchronousStore, StoreError)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, "5 (int)"),
        (True, "True (bool)"),
        (None, "None (NoneType)"),
        ("5", "'5' (str)"),
        ("a\nb\x1b", r"'a\nb\x1b' (str)"),
        (int, "<class 'int'> (type)"),
    ],
)
def test_a_value_is_shown_as_its_repr_with_its_type(value: object, expected: str) -> None:
    assert shown(value) == expected


@pytest.mark.parametrize("length", [0, 1, 71, 72, 73, 1000, 10**6])
def test_a_long_value_is_cut(length: int) -> None:
    whole = f"'{'x' * length}' (str)"
    text = shown("x" * length)
    if len(whole) <= 80:
        assert text == whole
    else:
        assert text == f"{whole[:80]}…"
    assert len(text) <= SHOWN + 1 == 81
