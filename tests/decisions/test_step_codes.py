"""Codes that are given for a step: of an app, of the list of recovery codes, of a message, and the first of a new app."""

from datetime import timedelta

import attrs
import pytest

from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.second_factor import judge_app_code, judge_first_code, judge_recovery_code
from mydso_access.decisions.sign_in import SecretVerdict
from mydso_access.decisions.steps import judge_address_code
from mydso_access.model import NewSeed, Reason, RecoveryCode, Secret, SentCode
from mydso_access.policy import Algorithm, Recipient
from tests.decisions.half_finished import ANNA, APP, elsewhere, sign_in, standing
from tests.decisions.people import LYON, NOON, POLICY, TICK, refused

RIGHT, WRONG, USED, UNUSABLE = SecretVerdict.RIGHT, SecretVerdict.WRONG, SecretVerdict.USED, SecretVerdict.UNUSABLE
CODES = tuple(RecoveryCode(place, Secret(f"hash {place}")) for place in (1, 2))
ENROLLED = attrs.evolve(ANNA, second_factor=attrs.evolve(APP, last_step=7, recovery=CODES))
SEED = NewSeed(Secret("sealed"), Algorithm.SHA1)
ALLOWED = POLICY.addresses.code


@pytest.mark.parametrize(
    ("step", "secret", "expected"),
    [
        *((None, RIGHT, None), (8, RIGHT, None), (9, RIGHT, None)),
        *((7, RIGHT, Reason.USED_CODE), (0, RIGHT, Reason.USED_CODE), (7, USED, Reason.USED_CODE)),
        *((7, WRONG, Reason.WRONG_CODE), (8, WRONG, Reason.WRONG_CODE), (None, None, Reason.WRONG_CODE)),
        (None, UNUSABLE, Reason.UNUSABLE_CREDENTIAL),
    ],
    ids=str,
)
def test_d8_only_a_right_code_of_a_later_step_counts(
    step: int | None, secret: SecretVerdict | None, expected: Reason | None
) -> None:
    rule = "D8" if expected is Reason.USED_CODE else "S26"
    found = judge_app_code(ENROLLED, step, secret)
    assert (None if expected is None else refused(expected, rule, ANNA)) == found


@pytest.mark.parametrize("secret", [*SecretVerdict, None])
def test_s26_whoever_has_no_app_is_asked_for_no_code_of_it(secret: SecretVerdict | None) -> None:
    assert refused(Reason.WRONG_STEP, "S26", ANNA) == judge_app_code(ANNA, None, secret)


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        *((RIGHT, None), (WRONG, Reason.WRONG_CODE), (None, Reason.WRONG_CODE)),
        (UNUSABLE, Reason.UNUSABLE_CREDENTIAL),
    ],
    ids=str,
)
def test_d8_a_recovery_code_is_compared_with_the_one_in_its_place(
    secret: SecretVerdict | None, expected: Reason | None
) -> None:
    answer = None if expected is None else refused(expected, "D8", ANNA)
    for seen in (None, CODES[1]):
        assert answer == judge_recovery_code(ENROLLED, 2, seen, secret)


@pytest.mark.parametrize("secret", [*SecretVerdict, None])
def test_d8_a_recovery_code_that_was_used_or_replaced_or_never_given_is_wrong(secret: SecretVerdict | None) -> None:
    wrong = refused(Reason.WRONG_CODE, "D8", ANNA)
    replaced = RecoveryCode(2, Secret("another hash"))
    assert [wrong] * 3 == [
        judge_recovery_code(ENROLLED, 3, None, secret),
        judge_recovery_code(ENROLLED, 2, replaced, secret),
        judge_recovery_code(ANNA, 2, None, secret),
    ]


@pytest.mark.parametrize(
    ("seed", "secret", "expected"),
    [
        *((SEED, RIGHT, None), (SEED, WRONG, Reason.WRONG_CODE), (SEED, None, Reason.WRONG_CODE)),
        *((SEED, UNUSABLE, Reason.UNUSABLE_CREDENTIAL), (None, RIGHT, Reason.WRONG_STEP)),
    ],
    ids=str,
)
def test_s26_a_first_code_confirms_the_seed_that_waits(
    seed: NewSeed | None, secret: SecretVerdict | None, expected: Reason | None
) -> None:
    answer = None if expected is None else refused(expected, "S26", ANNA)
    assert answer == judge_first_code(ANNA, seed, secret)


def answered(
    after: timedelta = timedelta(), secret: SecretVerdict | None = RIGHT, *, to: Recipient = Recipient.ADMINISTRATOR
) -> Refused | None:
    """Answer a code that was sent at noon, so much later."""
    begun = sign_in(ANNA)
    sent = SentCode(Secret("digest"), NOON, "192.0.2.1", LYON.structure, to)
    asked = standing(ANNA, attrs.evolve(begun, code=sent), elsewhere(LYON), now=NOON + after)
    return judge_address_code(asked, secret)


def test_a17_a_right_code_lets_an_address_in_up_to_its_last_instant() -> None:
    assert [None, None] == [answered(), answered(ALLOWED)]
    assert refused(Reason.OLD_CODE, "A17", ANNA) == answered(ALLOWED + TICK)


@pytest.mark.parametrize("secret", [WRONG, UNUSABLE, USED, None])
def test_a17_any_other_verdict_is_a_failed_attempt(secret: SecretVerdict | None) -> None:
    assert refused(Reason.WRONG_CODE, "A17", ANNA) == answered(secret=secret)


def test_a16_a_code_for_somebody_who_does_not_decide_any_more_is_old() -> None:
    assert refused(Reason.OLD_CODE, "A16", ANNA) == answered(to=Recipient.USER)


def test_d7_without_a_code_that_was_sent_there_is_none_to_give() -> None:
    assert refused(Reason.WRONG_STEP, "D7", ANNA) == judge_address_code(standing(home=elsewhere(LYON)), RIGHT)
