"""Attempt counters: what a save changes of one, and nothing else; all of it frozen."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from mydso_access.model import AttemptCounter, CounterKey, Failure, KeyKind, Reservation
from mydso_access.policy.fixed import EARLIEST

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEY = CounterKey(KeyKind.ACCOUNT, "digest")
RESERVATION = Reservation("r", NOON, NOON, 3)
COUNTER = AttemptCounter(
    KEY,
    version=7,
    saved_at=NOON,
    failures=(Failure("f", NOON),),
    reservations=(RESERVATION,),
    blocked_until=NOON + timedelta(hours=1),
    failed=5,
    cleared=2,
)


def test_a_new_counter_knows_of_no_attempt() -> None:
    new = AttemptCounter(KEY)
    assert (new.version, new.saved_at, new.blocked_until, new.failed, new.cleared) == (0, EARLIEST, None, 0, 0)
    assert (new.failures, new.reservations) == ((), ())


@pytest.mark.parametrize("reservations", [(), (RESERVATION, attrs.evolve(RESERVATION, id="s"))], ids=["none", "two"])
def test_saving_changes_instant_and_reservations_and_nothing_else(reservations: tuple[Reservation, ...]) -> None:
    later = NOON + timedelta(seconds=1)
    assert COUNTER.saved(later, reservations) == attrs.evolve(COUNTER, saved_at=later, reservations=reservations)


@pytest.mark.parametrize(
    "value", [COUNTER, KEY, RESERVATION, Failure("f", NOON)], ids=lambda value: type(value).__name__
)
def test_what_a_counter_is_made_of_never_changes(value: object) -> None:
    for field in attrs.fields(type(value)):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(value, field.name, None)


def test_a_key_is_told_by_kind_and_digest() -> None:
    assert CounterKey(KeyKind.ACCOUNT, "digest") == KEY
    assert hash(CounterKey(KeyKind.ACCOUNT, "digest")) == hash(KEY)
    assert CounterKey(KeyKind.ADDRESS, "digest") != KEY
    assert CounterKey(KeyKind.ACCOUNT, "other") != KEY
