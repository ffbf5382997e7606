"""What the suite compares with is exact, says where two answers differ, and tells no secret."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from attrs import evolve

from mydso_access.model import AttemptCounter, Failure
from mydso_access.testing.clock import A_MONDAY
from mydso_access.testing.conformance.comparing import same
from mydso_access.testing.conformance.link_records import every_link
from mydso_access.testing.conformance.records import every_counter, every_event, every_sign_in, key
from mydso_access.testing.conformance.structure_records import every_customer, every_entity
from mydso_access.testing.conformance.user_records import every_user

COUNTER = AttemptCounter(key(1), saved_at=A_MONDAY, failures=(Failure("a", A_MONDAY), Failure("b", A_MONDAY)), failed=2)
ONE_HOUR = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    "make", [every_user, every_entity, every_customer, every_link, every_counter, every_sign_in, every_event]
)
def test_what_is_made_twice_is_the_same(make: Any) -> None:
    same(list(make().values()), list(make().values()))


@pytest.mark.parametrize(
    ("expected", "actual", "message"),
    [
        (1, True, "the answer: expected 1 (int)\n             but got True (bool)"),
        (1, 1.0, "but got 1.0 (float)"),
        ("a", None, "but got None (NoneType)"),
        ([1], (1,), "but got (1,) (tuple)"),
        ([1, 2], [1, 3], "the answer[1]: expected 2 (int)"),
        ([1, 2], [1], "the answer: expected 2, but got 1; missing: 2 (int)"),
        ([1], [1, 2], "the answer: expected 1, but got 2; too much: 2 (int)"),
        (COUNTER, evolve(COUNTER, failed=2.0), "the answer.failed: expected 2 (int)"),
        (COUNTER, evolve(COUNTER, version=True), "the answer.version: expected 0 (int)"),
        (
            COUNTER,
            evolve(COUNTER, failures=COUNTER.failures[:1]),
            "the answer.failures: expected 2, but got 1; missing",
        ),
        (
            COUNTER,
            evolve(COUNTER, failures=(COUNTER.failures[0], Failure("b", A_MONDAY + timedelta(microseconds=1)))),
            "the answer.failures[1].at: expected",
        ),
        (COUNTER, evolve(COUNTER, saved_at=A_MONDAY.astimezone(ONE_HOUR)), "the answer.saved_at: expected"),
        (A_MONDAY, A_MONDAY.replace(tzinfo=None), "the answer: expected"),
        ("x" * 1000, "y", "xxx…"),
    ],
)
def test_what_differs_is_said(expected: Any, actual: Any, message: str) -> None:
    with pytest.raises(AssertionError) as differing:
        same(expected, actual)
    assert message in str(differing.value)


def test_the_same_zone_may_have_another_name() -> None:
    same(A_MONDAY, datetime(2026, 3, 2, 9, tzinfo=timezone(timedelta(0), "Z")))
    assert A_MONDAY.tzinfo is UTC


def test_secrets_are_not_told() -> None:
    users = list(every_user().values())
    secret = [user for user in users if user.credential is not None]
    with pytest.raises(AssertionError) as differing:
        same(secret[0], evolve(secret[1], id=secret[0].id))
    assert "argon2id" not in str(differing.value)
    assert "DROP TABLE" not in str(differing.value)
