"""When a host's session has ended, and when its user must prove themselves again (ASVS 5.0, 7.4, 7.5)."""

from datetime import datetime, timedelta
from enum import Enum
from typing import TypeAlias

from mydso_access.decisions.outcomes import Proof
from mydso_access.errors import InvalidValue, shown
from mydso_access.model.instant import utc
from mydso_access.model.sign_in import FIRST_FACTORS, SECOND_FACTORS, Factor
from mydso_access.model.user import Enabled, User
from mydso_access.policy.second_factor import SecondFactorPolicy, WithSso
from mydso_access.policy.security_policy import SecurityPolicy

Factors: TypeAlias = tuple[tuple[Factor, datetime], ...]


class SensitiveAction(Enum):
    """What a stolen session must not be enough for."""

    CHANGE_EMAIL = "change_email"
    CHANGE_MOBILE = "change_mobile"
    CHANGE_SECOND_FACTOR = "change_second_factor"
    RESET_SECOND_FACTOR = "reset_second_factor"
    CHANGE_SETTINGS = "change_settings"
    REQUIRE_SECOND_FACTOR = "require_second_factor"
    CHANGE_ADMINISTRATOR = "change_administrator"
    UNBLOCK = "unblock"
    FORGET_USER = "forget_user"


def is_session_current(user: User | None, issued_at: datetime) -> bool:
    """Tell whether a session that was started at an instant may go on, as far as its user's record says.

    Disabling, another role, another password, a changed second factor end it; a mere lock-out does not, or strangers
    could throw people out.

    Args:
        user: the record as stored now; `None` if there is none any more, since the user was forgotten.
        issued_at: when the session was started: `proof.issued_at`.

    Raises:
        InvalidValue: `user` is no record, or the instant is naive.
    """
    started_at = utc(issued_at, "issued_at")
    if user is None:
        return False
    if type(user) is not User:
        raise InvalidValue("user", shown(type(user)), "the User as stored now, or None")
    return isinstance(user.login, Enabled) and started_at >= user.valid_from


def requires_step_up(
    action: SensitiveAction, proof: Proof, now: datetime, policy: SecurityPolicy | None = None
) -> bool:
    """Tell whether somebody must prove themselves again before an action.

    The first factor, and a second one if the proof holds one, must have been proven within `tokens.step_up`. To make a
    second factor required, a session that came by single sign-on is enough (rules, 2e).

    Args:
        action: what they want to do.
        proof: what their session proved.
        now: the present instant, or the record's last saved one if that is later (D10).
        policy: the installation's policy; the preset if not given.

    Raises:
        InvalidValue: `now` is naive.
    """
    kinds = {factor for factor, _ in proof.factors}
    if action is SensitiveAction.REQUIRE_SECOND_FACTOR and Factor.SSO in kinds:
        return False  # S26
    period = (policy or SecurityPolicy.my_dso_manager()).tokens.step_up
    return not all(
        any(factor in family and timedelta(0) <= utc(now) - at <= period for factor, at in proof.factors)
        for family in (FIRST_FACTORS, SECOND_FACTORS)
        if family is FIRST_FACTORS or kinds & family
    )


def lacks_second_factor(user: User, factors: Factors, asked: SecondFactorPolicy) -> bool:
    """Tell whether a second factor is asked for that was not proven.

    Args:
        user: the record.
        factors: what was proven.
        asked: the effective policy where the user is.
    """
    kinds = {factor for factor, _ in factors}
    if kinds & SECOND_FACTORS:
        return False
    if Factor.SSO in kinds:
        if asked.with_sso is WithSso.NEVER:
            return False  # D9
        if asked.with_sso is WithSso.UNLESS_TRUSTED and Factor.SSO_SECOND in kinds:
            return False  # D9
    return asked.required or user.second_factor is not None  # S26
