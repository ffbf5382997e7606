"""When a host's session has ended, and when its user must prove themselves again (ASVS 5.0, 7.4, 7.5; S26, D10, D12)."""

from datetime import datetime, timedelta, timezone
from itertools import product
from typing import Any

import attrs
import pytest

from mydso_access.decisions.changes import Changed
from mydso_access.decisions.outcomes import Proof
from mydso_access.decisions.rotation import compromised, with_password
from mydso_access.decisions.second_factor import with_recovery_codes, without_second_factor
from mydso_access.decisions.sessions import SensitiveAction, is_session_current, requires_step_up
from mydso_access.decisions.users import (
    disabled,
    made_contact,
    with_full_name,
    with_import_flag,
    with_mobile,
    with_role,
)
from mydso_access.errors import InvalidValue
from mydso_access.model import (
    Credential,
    Disabled,
    DisabledBecause,
    Factor,
    SecondFactor,
    Secret,
    User,
)
from mydso_access.policy import Algorithm, SecurityPolicy, TokenPolicy
from tests.decisions.people import LONG_AGO, NOON, POLICY, ROLES, TICK, anna, contact, invited_anna

HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)
PASSWORD, SSO, TOTP, CODE = Factor.PASSWORD, Factor.SSO, Factor.TOTP, Factor.RECOVERY_CODE
BEFORE = anna(second_factor=SecondFactor(Secret("sealed"), Algorithm.SHA1, LONG_AGO, 0))

# --- whether it goes on


@pytest.mark.parametrize(
    ("issued_at", "expected"), [(NOON - TICK, False), (NOON, True), (NOON + TICK, True), (NOON - 400 * HOUR, False)]
)
def test_d12_a_session_from_before_valid_from_is_over(issued_at: datetime, expected: bool) -> None:
    assert expected is is_session_current(anna(valid_from=NOON), issued_at)
    there = issued_at.astimezone(timezone(timedelta(hours=-7)))
    assert expected is is_session_current(anna(valid_from=NOON), there)


@pytest.mark.parametrize(
    "user",
    [invited_anna(), contact(), *(anna(login=Disabled(because, LONG_AGO)) for because in DisabledBecause)],
    ids=lambda user: str(user.login)[:40],
)
def test_d12_who_may_not_sign_in_has_no_session(user: User) -> None:
    assert is_session_current(user, NOON) is False


def test_whoever_was_forgotten_has_no_session() -> None:
    assert is_session_current(None, NOON) is False


@pytest.mark.parametrize("wrong", ["u-anna", {}, False])
def test_what_is_no_record_of_a_user_is_misuse(wrong: Any) -> None:
    with pytest.raises(InvalidValue, match=r"^user is "):
        is_session_current(wrong, NOON)


def test_an_instant_without_a_zone_is_misuse() -> None:
    with pytest.raises(InvalidValue) as refused:
        is_session_current(anna(), NOON.replace(tzinfo=None))
    assert "issued_at" == refused.value.field


ENDS = {
    "disabled": disabled(BEFORE, DisabledBecause.ADMINISTRATOR, "D12", NOON),
    "dormant": disabled(BEFORE, DisabledBecause.DORMANT, "S25", NOON),
    "made a contact": made_contact(BEFORE, NOON),
    "another role": with_role(BEFORE, "guest", ROLES, NOON),
    "a password others know": compromised(BEFORE, NOON),
    "a second factor reset": without_second_factor(BEFORE, NOON),
    "another password": attrs.evolve(BEFORE, **with_password(BEFORE, Secret("new"), POLICY, NOON)),
}
GOES_ON = {
    "nothing": BEFORE,
    "another name": with_full_name(BEFORE, "Anna"),
    "another number": with_mobile(BEFORE, "+33612345678", NOON),
    "may import": with_import_flag(BEFORE, True, ROLES),
    "new recovery codes": with_recovery_codes(BEFORE, [Secret("hash")], NOON),
    "the same password hashed anew": attrs.evolve(BEFORE, credential=Credential(Secret("new form"), LONG_AGO)),
    "an accepted code": attrs.evolve(BEFORE, second_factor=attrs.evolve(BEFORE.second_factor, last_step=9)),
}


@pytest.mark.parametrize("what", ENDS)
def test_asvs_7_4_what_ends_every_session(what: str) -> None:
    change = ENDS[what]
    after = change if isinstance(change, User) else change.record
    assert isinstance(change, User | Changed)
    assert is_session_current(BEFORE, NOON - TICK) is True
    assert is_session_current(after, NOON - TICK) is False


@pytest.mark.parametrize("what", GOES_ON)
def test_what_ends_none(what: str) -> None:
    change = GOES_ON[what]
    assert is_session_current(change if isinstance(change, User) else change.record, NOON - TICK) is True


# --- whether it is fresh


def of(*factors: tuple[Factor, timedelta]) -> Proof:
    return Proof("u-anna", tuple((factor, NOON - ago) for factor, ago in factors))


NOW = timedelta(0)


@pytest.mark.parametrize(
    ("proof", "expected"),
    [
        (of((PASSWORD, NOW)), False),
        (of((PASSWORD, QUARTER)), False),
        (of((PASSWORD, QUARTER + TICK)), True),
        (of((PASSWORD, -TICK)), True),  # dated in the future: by a clock that went back, or by nobody's
        (of((PASSWORD, -HOUR)), True),
        (of((SSO, -TICK)), True),
        (of((PASSWORD, -HOUR), (PASSWORD, NOW)), False),
        (of((PASSWORD, NOW), (TOTP, -TICK)), True),
        (of((PASSWORD, NOW), (TOTP, -TICK), (CODE, NOW)), False),
        (of((SSO, QUARTER)), False),
        (of((SSO, QUARTER + TICK)), True),
        (of((PASSWORD, HOUR), (PASSWORD, NOW)), False),
        (of((PASSWORD, NOW), (TOTP, QUARTER)), False),
        (of((PASSWORD, NOW), (TOTP, QUARTER + TICK)), True),
        (of((PASSWORD, QUARTER + TICK), (TOTP, NOW)), True),
        (of((PASSWORD, NOW), (TOTP, HOUR), (CODE, NOW)), False),
        (of((PASSWORD, NOW), (Factor.ADDRESS_CODE, HOUR)), False),  # an address is no factor that grows old
        (of((SSO, NOW), (Factor.SSO_SECOND, HOUR)), False),
        (of((TOTP, NOW)), True),
        (of((Factor.ADDRESS_CODE, NOW)), True),
        (of(), True),
    ],
    ids=lambda value: (
        "+".join(f"{each.value} {NOON - at}" for each, at in value.factors) or "nothing"
        if isinstance(value, Proof)
        else None
    ),
)
def test_asvs_7_5_every_factor_of_a_proof_must_be_of_the_last_quarter_of_an_hour(proof: Proof, expected: bool) -> None:
    for action in SensitiveAction:
        by_sso = any(factor is SSO for factor, _ in proof.factors)
        asked_again = expected and not (action is SensitiveAction.REQUIRE_SECOND_FACTOR and by_sso)
        assert asked_again is requires_step_up(action, proof, NOON)
        assert asked_again is requires_step_up(action, proof, NOON, POLICY)


@pytest.mark.parametrize(("action", "first"), list(product(SensitiveAction, [PASSWORD, SSO])))
def test_2e_only_to_require_a_second_factor_sso_need_not_be_proven_again(
    action: SensitiveAction, first: Factor
) -> None:
    old = of((first, 9 * HOUR), (TOTP, 9 * HOUR))
    spared = action is SensitiveAction.REQUIRE_SECOND_FACTOR and first is SSO
    assert (not spared) is requires_step_up(action, old, NOON)


def test_the_period_is_the_installations() -> None:
    hourly = SecurityPolicy(tokens=TokenPolicy(step_up=HOUR))
    assert requires_step_up(SensitiveAction.CHANGE_EMAIL, of((PASSWORD, HOUR)), NOON, hourly) is False
    assert requires_step_up(SensitiveAction.CHANGE_EMAIL, of((PASSWORD, HOUR + TICK)), NOON, hourly) is True


def test_now_is_an_instant_with_a_zone() -> None:
    there = NOON.astimezone(timezone(timedelta(hours=9)))
    assert requires_step_up(SensitiveAction.CHANGE_EMAIL, of((PASSWORD, QUARTER)), there) is False
    with pytest.raises(InvalidValue):
        requires_step_up(SensitiveAction.CHANGE_EMAIL, of((PASSWORD, NOW)), NOON.replace(tzinfo=None))


def test_the_actions_are_closed() -> None:
    actions = [
        "change_email",
        "change_mobile",
        "change_second_factor",
        "reset_second_factor",
        "change_settings",
        "require_second_factor",
        "change_administrator",
        "unblock",
        "forget_user",
    ]
    assert actions == [action.value for action in SensitiveAction]
