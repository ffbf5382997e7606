"""What an assertion of single sign-on proves, and until when it counts (S35; A24, D9)."""

import hashlib
from datetime import datetime

from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.tokens import joined
from mydso_access.model.assertion import Assertion, VerifiedAssertion
from mydso_access.model.reason import Reason
from mydso_access.model.sign_in import Factor
from mydso_access.model.user import User
from mydso_access.policy.fixed import ASSERTION_KEPT
from mydso_access.policy.sso import SsoPolicy


def judge_assertion(assertion: VerifiedAssertion, policy: SsoPolicy, now: datetime, user: User) -> Refused | None:
    """Say what is wrong with the age of an assertion; `None`: nothing.

    Args:
        assertion: what the provider said.
        policy: what is believed.
        now: the present instant.
        user: whom it is about.
    """
    stale = Refused(Reason.STALE_ASSERTION, "S35", user_id=user.id)
    if assertion.instant is None:
        return stale  # S35: it does not say when it was made
    if assertion.instant > now + policy.skew:
        return stale  # S35: from the future
    if max(now, user.saved_at) - assertion.instant > policy.assertion_age:
        return stale  # S35: too old
    return None


def taken(assertion: VerifiedAssertion, policy: SsoPolicy, now: datetime) -> Assertion:
    """Return the record that an assertion was taken; it is kept longer than the assertion counts (D10)."""
    key = hashlib.sha256(b"assertion\0" + joined(assertion.issuer, assertion.id)).hexdigest()
    return Assertion(key=key, expires_at=now + policy.assertion_age + policy.skew + ASSERTION_KEPT, saved_at=now)


def proven_by(assertion: VerifiedAssertion, policy: SsoPolicy, at: datetime) -> tuple[tuple[Factor, datetime], ...]:
    """Return what an assertion proves; what the policy does not trust says nothing of a second factor (ASVS 6.8.4)."""
    seen_at = min(at, assertion.authenticated_at or at)
    if any(word in policy.trusted for word in assertion.context):
        return ((Factor.SSO, seen_at), (Factor.SSO_SECOND, seen_at))
    return ((Factor.SSO, seen_at),)
