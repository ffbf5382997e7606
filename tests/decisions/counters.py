"""What the tests of the attempt counter share: instants, policies, and counters with a history."""

from datetime import UTC, datetime, timedelta

from attrs import evolve

from mydso_access.decisions.lockout import (
    Admitted,
    Settled,
    Settlement,
    admit,
    settle,
)
from mydso_access.model.attempts import AttemptCounter, CounterKey, KeyKind
from mydso_access.policy.lockout import Limit, LockoutPolicy

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LEASE = 30 * SECOND
PRESET = LockoutPolicy()
ACCOUNT, ADDRESS, CODES = KeyKind.ACCOUNT, KeyKind.ADDRESS, KeyKind.CODES


def new(kind: KeyKind = ACCOUNT) -> AttemptCounter:
    return AttemptCounter(CounterKey(kind, "0" * 64))


def one_key(
    failures: int = 5, window: timedelta | None = DAY, block: timedelta = HOUR, **rest: object
) -> LockoutPolicy:
    """A policy whose limit for accounts is this one; the addresses' is far from it."""
    return evolve(PRESET, account=Limit(failures=failures, window=window, block=block), **rest)


def charged(counter: AttemptCounter, charge_id: str, at: datetime, lockout: LockoutPolicy = PRESET) -> AttemptCounter:
    admitted = admit(counter, lockout, charge_id, at)
    assert isinstance(admitted, Admitted)
    return admitted.counter


def settled(
    counter: AttemptCounter, charge_id: str, how: Settlement, at: datetime, lockout: LockoutPolicy = PRESET
) -> AttemptCounter:
    result = settle(counter, lockout, charge_id, how, at)
    assert isinstance(result, Settled)
    return result.counter


def failed(counter: AttemptCounter, *dates: datetime, lockout: LockoutPolicy = PRESET) -> AttemptCounter:
    """The counter after wrong answers charged at these dates, each settled a second later."""
    for at in dates:
        counter = charged(counter, f"{at}", at, lockout)
        counter = settled(counter, f"{at}", Settlement.WRONG, at + SECOND, lockout)
    return counter


def minutes(count: int) -> list[datetime]:
    return [NINE + n * MINUTE for n in range(count)]
