"""What the tests of this folder share: a counter, a sign-in and an assertion, where they lie, and asynchronous calls waited for."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

from mydso_access.decisions.naming import account_key
from mydso_access.model import Assertion, AttemptCounter, CounterKey, Failure, KeyKind, Reservation, Secret
from mydso_access.model.sign_in import Factor, Purpose, SignIn

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY, HOUR, MINUTE, MS = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(milliseconds=1)
KEY = account_key("anna")
AT = f"mydso_access:counter:account:{KEY.digest}"
SIGN_IN_AT = f"mydso_access:sign_in:{sha256(b'half').hexdigest()}"


ASSERTION_AT = f"mydso_access:assertion:{'ef' * 32}"


def counter(**changes: Any) -> AttemptCounter:
    return AttemptCounter(**({"key": KEY, "saved_at": NOON, "idle_from": NOON + DAY} | changes))


def sign_in(**changes: Any) -> SignIn:
    values = {
        "id": "half",
        "user_id": "user-anna",
        "address": CounterKey(KeyKind.ADDRESS, "ab" * 32),
        "purpose": Purpose.SIGN_IN,
        "token": Secret("cd" * 32),
        "started_at": NOON,
        "expires_at": NOON + 10 * MINUTE,
        "factors": ((Factor.PASSWORD, NOON),),
        "since": NOON,
        "saved_at": NOON,
    }
    return SignIn(**(values | changes))


def assertion(**changes: Any) -> Assertion:
    return Assertion(**({"key": "ef" * 32, "expires_at": NOON + DAY, "saved_at": NOON} | changes))


FULL = counter(
    failures=(Failure("first", NOON - HOUR), Failure("second", NOON - MINUTE)),
    reservations=(Reservation("third", NOON, NOON + timedelta(microseconds=1), 2),),
    blocked_until=NOON + HOUR,
    failed=7,
    cleared=5,
)


class Waited:
    """An asynchronous repository or client, called as if it was synchronous."""

    def __init__(self, inner: Any, runner: asyncio.Runner) -> None:
        self.inner, self.runner = inner, runner

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.inner, name)
        return lambda *args, **kwargs: self.runner.run(method(*args, **kwargs))


Open = Callable[..., SimpleNamespace]
