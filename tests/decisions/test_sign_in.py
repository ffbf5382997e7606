"""Around the sign-in table: settling, records that changed meanwhile, the trail, and reading what was typed (D2, D11)."""

from datetime import timedelta
from ipaddress import ip_address
from itertools import product
from typing import Any

import attrs
import pytest

from mydso_access.decisions.lockout import Settlement
from mydso_access.decisions.naming import account_key, address_key
from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.sign_in import (
    Attempt,
    Complete,
    SecretVerdict,
    address_settlement,
    is_recorded,
    judge_again,
    judge_user,
    read_attempt,
)
from mydso_access.errors import InvalidValue
from mydso_access.model import Credential, Disabled, DisabledBecause, Invited, Reason, Secret, User
from mydso_access.policy import LockoutPolicy, NamePolicy, SecurityPolicy
from tests.decisions.table import ACCOUNT, CLIENT, NAME, NOW, PLACES, USERS, VERDICTS, facts_of

# --- whom a password change is for


def test_a_contact_is_inactive_where_it_is_looked_for_by_id_s14() -> None:
    contact, home = USERS["contact"], PLACES["home"]
    assert judge_user(contact, None, SecretVerdict.RIGHT, home) == Refused(Reason.INACTIVE, "S14", user_id="user-1")
    assert judge_user(contact, NAME, SecretVerdict.RIGHT, home) == Refused(Reason.UNKNOWN, "D11")


def test_nobody_is_nobody_also_where_no_name_was_asked_for() -> None:
    assert judge_user(None, None, SecretVerdict.RIGHT, PLACES["home"]) == Refused(Reason.UNKNOWN, "D11")


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


# --- a record that changed meanwhile


def changed(**changes: object) -> User:
    return attrs.evolve(USERS["enabled"], **changes)


LATER = NOW + timedelta(microseconds=1)
MEANWHILE: dict[str, tuple[User | None, Reason | None]] = {
    "nothing": (changed(), None),
    "a sign-in": (changed(last_access_at=LATER, version=2, saved_at=LATER, written_by="e"), None),
    "the same password hashed anew": (changed(credential=Credential(Secret("$argon2id$new"), NOW)), None),
    "a new password": (changed(credential=Credential(Secret("$argon2id$"), LATER)), Reason.WRONG_SECRET),
    "an older password put back": (
        changed(credential=Credential(Secret("$argon2id$"), NOW - timedelta(days=1))),
        Reason.WRONG_SECRET,
    ),
    "the password was taken away": (changed(credential=None), Reason.NO_PASSWORD),
    "disabled": (changed(login=Disabled(DisabledBecause.ADMINISTRATOR, LATER)), Reason.DISABLED),
    "disabled, and a new password": (
        changed(login=Disabled(DisabledBecause.LAPSED, LATER), credential=Credential(Secret("h"), LATER)),
        Reason.DISABLED,
    ),
    "invited anew": (changed(login=Invited(LATER), credential=None), Reason.INVITED),
    "renamed": (changed(name="anne"), Reason.UNKNOWN),
    "made a contact": (USERS["contact"], Reason.UNKNOWN),
    "gone": (None, Reason.UNKNOWN),
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_what_was_proven_counts_only_as_long_as_it_is_the_password(what: str) -> None:
    after, reason = MEANWHILE[what]
    judged = judge_again(after, changed(), PLACES["home"])
    if reason is None:
        assert judged == Complete(after)
    else:
        assert isinstance(judged, Refused)
        assert judged.reason is reason


def test_where_the_user_would_be_signed_in_to_is_judged_again_too_s3_s25_a24() -> None:
    for place, reason in (
        (None, Reason.NO_HOME),
        (PLACES["gone"], Reason.NO_HOME),
        (PLACES["another"], Reason.NO_HOME),
        (PLACES["home by sso"], Reason.SSO_ONLY),
        (PLACES["home, 2 months"], Reason.DORMANT),
    ):
        judged = judge_again(changed(), changed(), place)
        assert isinstance(judged, Refused)
        assert judged.reason is reason


def test_where_nothing_was_proven_before_nothing_is_after() -> None:
    before = changed(credential=None)
    for after in (changed(), before):
        assert isinstance(judge_again(after, before, PLACES["home"]), Refused)


# --- the trail


@pytest.mark.parametrize("reason", Reason)
def test_what_a_stranger_could_fill_the_trail_with_is_not_recorded(reason: Reason) -> None:
    unrecorded = {Reason.MALFORMED, Reason.ADDRESS_BLOCKED, Reason.ACCOUNT_BUSY}
    assert is_recorded(Refused(reason, "S36"), LockoutPolicy()) is (reason not in unrecorded)
    uncounted = unrecorded | {Reason.ACCOUNT_BLOCKED}  # D2: where such attempts cost nothing
    assert is_recorded(Refused(reason, "S36"), LockoutPolicy(blocked_attempts_count=False)) is (reason not in uncounted)


# --- reading what was typed


POLICY = SecurityPolicy()


def test_an_attempt_is_made_of_canonical_name_prepared_secret_and_two_keys_d11_d5() -> None:
    attempt = read_attempt(" ANNA ", Secret("e\u0301"), ip_address("2001:db8::1"), POLICY)
    assert attempt == Attempt(
        name="anna",
        password=Secret(b"\xc3\xa9"),
        client=ip_address("2001:db8::1"),
        account=account_key("anna"),
        address=address_key(ip_address("2001:db8::"), POLICY.lockout),
    )
    assert "Secret('***')" in repr(attempt)


def test_the_policy_bounds_the_name_and_the_address_prefix() -> None:
    policy = SecurityPolicy(names=NamePolicy(max_length=16), lockout=LockoutPolicy(ipv6_prefix=48))
    assert read_attempt("a" * 17, Secret("x"), CLIENT, policy) == Refused(Reason.MALFORMED, "D11")
    attempt = read_attempt("a" * 16, Secret("x"), ip_address("2001:db8::1:0:0:0:1"), policy)
    assert isinstance(attempt, Attempt)
    assert attempt.address == address_key(ip_address("2001:db8::"), policy.lockout)
    assert attempt.address != address_key(ip_address("2001:db8::"), POLICY.lockout)


@pytest.mark.parametrize(
    "name", ["", " ", "\0", "a\n", "\x1froot", "a" * 255, "\ud800"], ids=lambda name: ascii(name[:8])
)
@pytest.mark.parametrize("password", ["right", "", "\ud800", "x" * 1025], ids=lambda text: ascii(text[:5]) or "empty")
def test_a_malformed_name_is_no_attempt_d11(name: str, password: str) -> None:
    assert read_attempt(name, Secret(password), CLIENT, POLICY) == Refused(Reason.MALFORMED, "D11")


@pytest.mark.parametrize("password", ["", "\ud800", "x" * 1025], ids=["empty", "surrogate", "long"])
@pytest.mark.parametrize("name", ["anna", "nobody", "ANNA "])
def test_a_malformed_password_is_no_attempt_for_every_name_alike_d11(name: str, password: str) -> None:
    assert read_attempt(name, Secret(password), CLIENT, POLICY) == Refused(Reason.MALFORMED, "D11")


@pytest.mark.parametrize(
    ("name", "password", "field"), [(None, "x", "name"), (b"a", "x", "name"), ("a", 5, "password")]
)
def test_what_is_no_text_is_misuse(name: Any, password: Any, field: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        read_attempt(name, Secret(password), CLIENT, POLICY)
    assert refused.value.field == field


def test_facts_and_attempts_never_change() -> None:
    attempt = read_attempt("anna", Secret("x"), CLIENT, POLICY)
    for value in (attempt, facts_of("admitted", "admitted", "enabled", "right"), PLACES["home"], Complete(changed())):
        for field in attrs.fields(type(value)):
            with pytest.raises(attrs.exceptions.FrozenInstanceError):
                setattr(value, field.name, None)
