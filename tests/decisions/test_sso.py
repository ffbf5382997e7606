"""What an assertion proves, how old it may be, and how it is taken only once (S35; A24, D9, D10; ASVS 5.0, 6.8.4)."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydso_access.decisions.outcomes import Proof, Refused
from mydso_access.decisions.sessions import SensitiveAction, requires_step_up
from mydso_access.decisions.sso import judge_assertion, proven_by, taken
from mydso_access.model import Factor, Reason, VerifiedAssertion
from mydso_access.policy import SsoPolicy, Words
from tests.decisions.people import NOON, TICK, anna, refused

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
POLICY = SsoPolicy()


def assertion(**changes: Any) -> VerifiedAssertion:
    return VerifiedAssertion(**({"issuer": "https://idp", "subject": "5f3a", "id": "_1", "instant": NOON} | changes))


def judged(at: datetime | None, now: datetime = NOON, policy: SsoPolicy = POLICY, **user: Any) -> Refused | None:
    return judge_assertion(assertion(instant=at), policy, now, anna(**user))


STALE = refused(Reason.STALE_ASSERTION, "S35", anna())


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        (timedelta(0), None),
        (5 * MINUTE, None),
        (5 * MINUTE + TICK, STALE),
        (timedelta(days=400), STALE),
        (-15 * SECOND, None),  # a provider's clock may be a little fast
        (-15 * SECOND - TICK, STALE),  # from the future
        (-timedelta(days=400), STALE),
    ],
    ids=str,
)
def test_s35_an_assertion_counts_for_five_minutes_and_not_before_it_was_made(
    ago: timedelta, expected: Refused | None
) -> None:
    assert expected == judged(NOON - ago)


def test_s35_one_that_does_not_say_when_it_was_made_is_refused() -> None:
    assert STALE == judged(None)


@pytest.mark.parametrize(
    ("age", "skew"), [(10 * SECOND, timedelta(0)), (timedelta(hours=1), 2 * MINUTE), (MINUTE, SECOND)]
)
def test_s35_age_and_skew_are_the_policys(age: timedelta, skew: timedelta) -> None:
    policy = SsoPolicy(assertion_age=age, skew=skew)
    for ago, expected in ((age, None), (age + TICK, STALE), (-skew, None), (-skew - TICK, STALE)):
        assert expected == judged(NOON - ago, policy=policy)


def test_d10_a_clock_that_goes_back_an_hour_makes_no_old_assertion_young() -> None:
    back = NOON - timedelta(hours=1)
    assert judged(back, now=back) is None
    for saved_at, expected in ((back + 5 * MINUTE, None), (back + 5 * MINUTE + TICK, STALE), (NOON, STALE)):
        assert expected == judged(back, now=back, saved_at=saved_at)
    assert STALE == judged(NOON, now=back, saved_at=NOON)  # nor is one from the future believed for it


# --- taken once


@given(
    *[st.tuples(st.text(alphabet="a:0\0", min_size=1, max_size=5), st.text(alphabet="a:0\0", min_size=1, max_size=5))]
    * 2
)
def test_d9_no_two_issuers_and_ids_share_a_key_however_they_run_together(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    keys = [taken(assertion(issuer=issuer, id=own), POLICY, NOON).key for issuer, own in (one, other)]
    assert (one == other) is (keys[0] == keys[1])


def test_d9_it_is_the_same_assertion_whoever_and_whenever_it_says_it_is_about() -> None:
    key = taken(assertion(), POLICY, NOON).key
    others = [assertion(subject="eve"), assertion(instant=NOON + MINUTE), assertion(context=frozenset({"mfa"}))]
    assert {key} == {taken(each, POLICY, NOON + SECOND).key for each in others}
    assert 64 == len(key)
    assert "idp" not in key


def test_d10_what_was_taken_is_kept_longer_than_any_clock_could_let_it_count() -> None:
    kept = taken(assertion(instant=NOON + 15 * SECOND), POLICY, NOON)
    assert NOON + 5 * MINUTE + 15 * SECOND + timedelta(days=1) == kept.expires_at
    assert NOON == kept.saved_at
    assert judged(NOON + 15 * SECOND, now=kept.expires_at - timedelta(days=1)) is None
    assert STALE == judged(NOON + 15 * SECOND, now=kept.expires_at - timedelta(days=1) + TICK)


# --- what it proves

TRUSTING = SsoPolicy(trusted=Words("mfa urn:strong"))
SSO, VOUCHED = ((Factor.SSO, NOON),), ((Factor.SSO, NOON), (Factor.SSO_SECOND, NOON))


@pytest.mark.parametrize(
    ("context", "policy", "expected"),
    [
        ((), TRUSTING, SSO),
        (("mfa",), TRUSTING, VOUCHED),
        (("urn:strong",), TRUSTING, VOUCHED),
        (("pwd", "mfa"), TRUSTING, VOUCHED),
        (("mfa", "urn:strong"), TRUSTING, VOUCHED),
        (("pwd",), TRUSTING, SSO),
        (("MFA",), TRUSTING, SSO),
        (("mfa urn:strong",), TRUSTING, SSO),
        (("",), TRUSTING, SSO),
        (("mfa",), POLICY, SSO),  # nothing is trusted that nobody named
    ],
)
def test_asvs_6_8_4_what_the_policy_does_not_trust_says_nothing_of_a_second_factor(
    context: tuple[str, ...], policy: SsoPolicy, expected: tuple[tuple[Factor, datetime], ...]
) -> None:
    assert expected == proven_by(assertion(context=frozenset(context)), policy, NOON)


def test_a_factor_is_proven_when_we_took_the_assertion_not_when_the_provider_made_it() -> None:
    assert SSO == proven_by(assertion(instant=NOON - MINUTE), POLICY, NOON)


@pytest.mark.parametrize(
    ("authenticated_at", "expected"),
    [
        (None, NOON),
        (NOON, NOON),
        (NOON - TICK, NOON - TICK),
        (NOON - timedelta(hours=9), NOON - timedelta(hours=9)),
        (NOON + TICK, NOON),  # never later than now, or it would stay fresh for longer
        (NOON + timedelta(days=9), NOON),
    ],
)
@pytest.mark.parametrize("context", [frozenset[str](), frozenset({"mfa"})], ids=["single", "trusted"])
def test_asvs_7_6_1_a_factor_is_as_old_as_the_provider_says(
    context: frozenset[str], authenticated_at: datetime | None, expected: datetime
) -> None:
    proven = proven_by(assertion(context=context, authenticated_at=authenticated_at), TRUSTING, NOON)
    kinds = (Factor.SSO, Factor.SSO_SECOND) if context else (Factor.SSO,)
    assert tuple((kind, expected) for kind in kinds) == proven
    fresh = expected >= NOON - timedelta(minutes=15)
    assert (not fresh) is requires_step_up(SensitiveAction.CHANGE_EMAIL, Proof("u-anna", proven), NOON)
