"""A second factor as it is kept: nothing secret shows, nothing changes, every instant in UTC (S26; D8)."""

from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest

from mydso_access.errors import InvalidValue
from mydso_access.model import RecoveryCode, SecondFactor, Secret
from mydso_access.policy import Algorithm
from mydso_access.policy.fixed import LATEST

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FACTOR = SecondFactor(
    Secret("c4nary seed"),
    Algorithm.SHA1,
    NOON,
    last_step=59_081_760,
    recovery=(RecoveryCode(1, Secret("c4nary hash")), RecoveryCode(3, Secret("c4nary other hash"))),
)


def test_a_new_one_has_no_recovery_codes_d8() -> None:
    assert () == SecondFactor(Secret("seed"), Algorithm.SHA1, NOON, 0).recovery


def test_it_shows_neither_seed_nor_recovery_codes() -> None:
    for text in (repr(FACTOR), str(FACTOR), f"{FACTOR}", repr(attrs.asdict(FACTOR)), repr([FACTOR])):
        assert "c4nary" not in text
        assert 3 == text.count("***")


def test_when_it_was_enrolled_is_kept_in_utc() -> None:
    local = NOON.astimezone(timezone(timedelta(hours=5, minutes=45)))
    made = attrs.evolve(FACTOR, enrolled_at=local)
    assert (NOON, UTC) == (made.enrolled_at, made.enrolled_at.tzinfo)
    assert FACTOR == made


@pytest.mark.parametrize("wrong", [NOON.replace(tzinfo=None), None, "2026-03-02T12:00:00Z", 0, LATEST], ids=repr)
def test_what_is_no_instant_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidValue):
        attrs.evolve(FACTOR, enrolled_at=wrong)


@pytest.mark.parametrize("value", [FACTOR, FACTOR.recovery[0]], ids=lambda value: type(value).__name__)
def test_they_never_change(value: object) -> None:
    for field in attrs.fields(type(value)):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(value, field.name, None)
