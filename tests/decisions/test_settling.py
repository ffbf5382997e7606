"""How charges are settled, and which refusals leave an event (S36, S37; A25, D2, D3)."""

from itertools import product

import attrs
import pytest

from mydso_access.decisions.lockout import Settlement
from mydso_access.decisions.outcomes import (
    Busy,
    BusyBecause,
    DueBecause,
    Enrolled,
    NewPasswordRequired,
    Proof,
    Refused,
    SecondFactorRequired,
    SignedIn,
    SteppedUp,
)
from mydso_access.decisions.settling import address_settlement, is_recorded, settlement_of
from mydso_access.model import Enabled, Factor, Reason, SecondFactor, Secret
from mydso_access.policy import Algorithm, LockoutPolicy
from tests.decisions.attempts import ACCOUNT, NOW, UNTIL, USERS, VERDICTS, facts_of, user

# --- settling the address


@pytest.mark.parametrize("count_blocked", [True, False])
@pytest.mark.parametrize("account", ACCOUNT)
def test_what_a_refused_attempt_costs_the_address_d2(account: str, count_blocked: bool) -> None:
    lockout = LockoutPolicy(blocked_attempts_count=count_blocked)
    expected = {
        "admitted": Settlement.WRONG,
        "blocked": Settlement.WRONG if count_blocked else Settlement.GIVEN_BACK,
        "hard cap": Settlement.WRONG if count_blocked else Settlement.GIVEN_BACK,
        "full": Settlement.GIVEN_BACK,
        "not asked": Settlement.WRONG,
    }[account]
    for whom, verdict in product(USERS, VERDICTS):
        assert address_settlement(facts_of("admitted", account, whom, verdict), lockout) is expected


# --- settling after a right secret

USER = user(Enabled(NOW))
NEVER_CHARGED_AS_WRONG = {
    Reason.CODES_BLOCKED,
    Reason.CODES_BUSY,
    Reason.DEAD_SIGN_IN,
    Reason.NO_RECIPIENT,
    Reason.OLD_CODE,
    Reason.OUTDATED_PROOF,
    Reason.PASSWORD_DUE,
    Reason.STEP_UP_NEEDED,
    Reason.TOO_MANY_CODES,
    Reason.WRONG_STEP,
}


@pytest.mark.parametrize("reason", Reason)
def test_a25_right_password_but_step_pending_is_no_failure_and_a_wrong_code_is_one(reason: Reason) -> None:
    expected = Settlement.GIVEN_BACK if reason in NEVER_CHARGED_AS_WRONG else Settlement.WRONG
    assert expected is settlement_of(Refused(reason, "S1", UNTIL, user_id="user-1"))


FACTOR = SecondFactor(Secret("sealed"), Algorithm.SHA1, NOW, 0)
PASSWORD, SSO, SSO_SECOND, ADDRESS_CODE = Factor.PASSWORD, Factor.SSO, Factor.SSO_SECOND, Factor.ADDRESS_CODE
SECOND = (Factor.TOTP, Factor.RECOVERY_CODE)


@pytest.mark.parametrize("first", [PASSWORD, SSO])
@pytest.mark.parametrize("others", [(), (SSO_SECOND,), (ADDRESS_CODE,), *((each,) for each in SECOND), SECOND], ids=str)
def test_d3_who_has_enrolled_clears_nothing_without_the_factor_that_could_be_guessed_elsewhere(
    first: Factor, others: tuple[Factor, ...]
) -> None:
    proof = Proof("user-1", tuple((factor, NOW) for factor in (first, *others)))
    assert Settlement.COMPLETE is settlement_of(SignedIn(USER, proof))
    shown = any(factor in SECOND for factor in others)
    expected = Settlement.COMPLETE if shown else Settlement.GIVEN_BACK
    assert expected is settlement_of(SignedIn(attrs.evolve(USER, second_factor=FACTOR), proof))


def test_d3_only_a_complete_sign_in_clears() -> None:
    token = Secret("token")
    owed = [
        SecondFactorRequired(sign_in=token, until=UNTIL),
        NewPasswordRequired(sign_in=token, until=UNTIL, because=DueBecause.AGE),
        Busy(BusyBecause.RECORD_CHANGED),
        SteppedUp(Proof("user-1", ((PASSWORD, NOW), (Factor.TOTP, NOW)))),
        Enrolled(USER, Proof("user-1", ((PASSWORD, NOW), (Factor.TOTP, NOW)))),
        None,
    ]
    assert Settlement.COMPLETE is settlement_of(SignedIn(USER, Proof("user-1", ())))
    assert [Settlement.GIVEN_BACK] * 6 == list(map(settlement_of, owed))


# --- the trail


@pytest.mark.parametrize("reason", Reason)
def test_what_a_stranger_could_fill_the_trail_with_is_not_recorded(reason: Reason) -> None:
    unrecorded = {Reason.MALFORMED, Reason.ADDRESS_BLOCKED, Reason.ACCOUNT_BUSY, Reason.CODES_BUSY}
    assert is_recorded(Refused(reason, "S36"), LockoutPolicy()) is (reason not in unrecorded)
    uncounted = unrecorded | {Reason.ACCOUNT_BLOCKED}  # D2: where such attempts cost nothing
    assert is_recorded(Refused(reason, "S36"), LockoutPolicy(blocked_attempts_count=False)) is (reason not in uncounted)
