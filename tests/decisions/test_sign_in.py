"""Around the sign-in table: records that changed meanwhile, reading what was typed, whose policy binds (D6, D11, D12)."""

from datetime import timedelta
from ipaddress import ip_address
from typing import Any

import attrs
import pytest

from mydso_access.decisions.naming import account_key, address_key, codes_key
from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.sign_in import (
    Attempt,
    Complete,
    TypedAttempt,
    attempt_of,
    judge_again,
    judge_session_again,
    policy_there,
    read_attempt,
)
from mydso_access.errors import InvalidValue
from mydso_access.model import (
    Category,
    Credential,
    Disabled,
    DisabledBecause,
    Enabled,
    Entity,
    Invited,
    Platform,
    Reason,
    Secret,
    Structure,
    User,
)
from mydso_access.policy import Level, LockoutPolicy, NamePolicy, SecurityPolicy, StructurePolicy
from tests.decisions.attempts import (
    CLIENT,
    IDENTITY,
    NAME,
    NOW,
    PLACES,
    USERS,
    facts_of,
    user,
)

USER = user(Enabled(NOW))

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


@pytest.mark.parametrize("what", MEANWHILE)
def test_for_a_session_what_counts_must_not_have_ended_it_meanwhile_either_d12(what: str) -> None:
    after, _ = MEANWHILE[what]
    before, place = changed(), PLACES["home"]
    assert judge_again(after, before, place) == judge_session_again(after, before, place)
    if after is None:
        return
    judged = judge_again(ended := attrs.evolve(after, valid_from=LATER), before, place)
    outdated = Refused(Reason.OUTDATED_PROOF, "D12", user_id=before.id)
    expected = (
        outdated if judged == Complete(ended) else judged
    )  # what else stands against it is said as at any sign-in
    assert expected == judge_session_again(ended, before, place)


def test_d12_d10_a_session_is_over_also_if_a_clock_that_went_back_ended_it() -> None:
    before = changed(valid_from=LATER)
    outdated = Refused(Reason.OUTDATED_PROOF, "D12", user_id=before.id)
    assert outdated == judge_session_again(changed(valid_from=NOW), before, PLACES["home"])
    assert Complete(before) == judge_session_again(before, before, PLACES["home"])


# --- reading what was typed


POLICY = SecurityPolicy()


def test_an_attempt_is_made_of_canonical_name_prepared_secret_and_two_keys_d11_d5() -> None:
    typed = read_attempt(" ANNA ", Secret("e\u0301"), ip_address("2001:db8::1"), POLICY)
    attempt = Attempt(
        name="anna",
        client=ip_address("2001:db8::1"),
        account=account_key("anna"),
        address=address_key(ip_address("2001:db8::"), POLICY.lockout),
    )
    assert TypedAttempt(attempt, Secret(b"\xc3\xa9")) == typed
    assert "Secret('***')" in repr(typed)
    assert "anna" not in repr(typed)  # what is typed there is often a password


def test_s35_an_attempt_by_sso_is_charged_to_the_identity_and_one_with_a_code_to_the_user_too_d13() -> None:
    attempt = attempt_of(IDENTITY, CLIENT, POLICY, codes=codes_key("user-1"))
    assert (account_key(IDENTITY), codes_key("user-1")) == (attempt.account, attempt.codes)
    assert attempt.account != account_key(NAME)
    assert attempt_of(NAME, CLIENT, POLICY).codes is None


def test_the_policy_bounds_the_name_and_the_address_prefix() -> None:
    policy = SecurityPolicy(names=NamePolicy(max_length=16), lockout=LockoutPolicy(ipv6_prefix=48))
    assert read_attempt("a" * 17, Secret("x"), CLIENT, policy) == Refused(Reason.MALFORMED, "D11")
    typed = read_attempt("a" * 16, Secret("x"), ip_address("2001:db8::1:0:0:0:1"), policy)
    assert isinstance(typed, TypedAttempt)
    attempt = typed.attempt
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


# --- whose policy binds there

TWELVE, TEN = StructurePolicy({"passwords.min_length": 12}), StructurePolicy({"passwords.min_length": 10})
E, P = Entity(id="e", title="E", policy=TWELVE), Platform(id="p", title="P", policy=TEN)
MULTI = user(
    Enabled(NOW), category=Category.MULTI_ENTITY, structure=Structure.platform("p"), memberships=frozenset({"e"})
)


@pytest.mark.parametrize(
    ("whom", "home", "entity", "expected", "levels"),
    [
        (USER, E, None, 12, {Level.ENTITY}),
        (USER, E, E, 12, {Level.ENTITY}),
        (MULTI, P, None, 10, {Level.PLATFORM}),
        (MULTI, P, E, 12, {Level.ENTITY}),
        (MULTI, attrs.evolve(P, policy=TWELVE), E, 12, {Level.PLATFORM, Level.ENTITY}),
        (MULTI, attrs.evolve(P, policy=TWELVE), attrs.evolve(E, policy=TEN), 12, {Level.PLATFORM}),
        (MULTI, None, E, 12, {Level.ENTITY}),
        (USER, None, None, 9, {Level.INSTALLATION}),
    ],
)
def test_d6_where_somebody_enters_the_strictest_of_platform_and_entity_binds_s19_s20(
    whom: User, home: Any, entity: Entity | None, expected: int, levels: set[Level]
) -> None:
    binding = policy_there(whom, attrs.evolve(PLACES["home"], home=home, entity=entity))
    assert expected == binding.policy.passwords.min_length
    assert levels == binding.levels("passwords.min_length")
