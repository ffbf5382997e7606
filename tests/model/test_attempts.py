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
    assert 3 == len({CounterKey(kind, "digest") for kind in KeyKind})
    assert ["account", "address", "codes"] == [kind.value for kind in KeyKind]
    assert CounterKey(KeyKind.ACCOUNT, "other") != KEY


@pytest.mark.parametrize("idle_from", [None, NOON + timedelta(days=1)], ids=["never", "tomorrow"])
@pytest.mark.parametrize("before", [COUNTER, attrs.evolve(COUNTER, idle_from=NOON)], ids=["never", "noon"])
def test_storing_changes_version_and_idle_from_and_nothing_else(
    before: AttemptCounter, idle_from: datetime | None
) -> None:
    assert attrs.evolve(before, version=8, idle_from=idle_from) == before.stored(8, idle_from)


def test_storing_a_new_counter_keeps_it_new_but_for_its_version() -> None:
    assert AttemptCounter(KEY, version=1) == AttemptCounter(KEY).stored(1, None)


def test_saving_forgets_from_when_on_it_was_idle() -> None:
    assert COUNTER.stored(8, NOON).saved(NOON, ()).idle_from is None
