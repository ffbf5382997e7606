"""The sign-in table, enumerated whole against an oracle that follows D12's order (S12, S14, S36, S37; D2, D9, D11)."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import product
from typing import Any

import attrs
import pytest

from mydso_access.decisions.lockout import Admission, Admitted, Blocked, Full, Settlement
from mydso_access.decisions.naming import account_key, address_key
from mydso_access.decisions.outcomes import Busy, BusyBecause, Refused
from mydso_access.decisions.sign_in import (
    Attempt,
    Complete,
    SecretVerdict,
    SignInFacts,
    address_settlement,
    evaluates,
    is_recorded,
    judge,
    judge_again,
    judge_keys,
    judge_user,
    known_user_id,
    read_attempt,
)
from mydso_access.errors import InvalidValue
from mydso_access.model import (
    AttemptCounter,
    Category,
    Credential,
    Disabled,
    DisabledBecause,
    Enabled,
    Invited,
    Reason,
    Reservation,
    Secret,
    Structure,
    User,
)
from mydso_access.policy import Level, LockoutPolicy, NamePolicy, SecurityPolicy

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
UNTIL = NOW + timedelta(hours=1)
NAME = "anna"
CLIENT = ip_address("198.51.100.9")
ON_ADDRESS = AttemptCounter(address_key(CLIENT, LockoutPolicy()))
ON_ACCOUNT = AttemptCounter(account_key(NAME))


def user(login: Any, *, password: bool = True, name: str = NAME) -> User:
    return User(
        id="user-1",
        category=Category.ACTIVE,
        structure=Structure.entity("e"),
        login=login,
        name=name,
        credential=Credential(Secret("$argon2id$"), NOW) if password else None,
    )


ADDRESS: dict[str, Admission] = {
    "admitted": Admitted(ON_ADDRESS, Reservation("a", NOW, NOW, 0)),
    "blocked": Blocked(ON_ADDRESS, UNTIL, "S37"),
    "full": Full(ON_ADDRESS),
}
ACCOUNT: dict[str, Admission | None] = {
    "admitted": Admitted(ON_ACCOUNT, Reservation("b", NOW, NOW, 0)),
    "blocked": Blocked(ON_ACCOUNT, UNTIL, "S36"),
    "hard cap": Blocked(ON_ACCOUNT, None, "D4"),
    "full": Full(ON_ACCOUNT),
    "not asked": None,
}
USERS: dict[str, User | None] = {
    "none": None,
    "other name": user(Enabled(NOW), name="Anna"),
    "contact": User(id="user-1", category=Category.INACTIVE, structure=Structure.entity("e")),
    "invited": user(Invited(NOW), password=False),
    **{f"disabled, {why.value}": user(Disabled(why, NOW)) for why in DisabledBecause},
    **{f"disabled, {why.value}, no password": user(Disabled(why, NOW), password=False) for why in DisabledBecause},
    "enabled, no password": user(Enabled(NOW), password=False),
    "enabled": user(Enabled(NOW)),
}
VERDICTS = {"none": None, **{verdict.value: verdict for verdict in SecretVerdict}}
TABLE = list(product(ADDRESS, ACCOUNT, USERS, VERDICTS))

# Refused as (reason, rule, until, user's id); everything the oracle knows is D12's sentence and the words of the table.
Expected = tuple[Reason, str, datetime | None, str | None] | BusyBecause | str


def oracle(address: str, account: str, whom: str, verdict: str) -> Expected:
    """Order of reasons: malformed, address blocked, account blocked, unknown, category or login state, secret."""
    known = whom not in ("none", "other name", "contact")
    user_id = "user-1" if known else None
    rows: list[tuple[bool, Expected]] = [
        (address == "blocked", (Reason.ADDRESS_BLOCKED, "S37", UNTIL, None)),
        (address == "full", BusyBecause.ADDRESS_FULL),
        (account == "blocked", (Reason.ACCOUNT_BLOCKED, "S36", UNTIL, user_id)),
        (account == "hard cap", (Reason.ACCOUNT_BLOCKED, "D4", None, user_id)),
        (account == "full", (Reason.ACCOUNT_BUSY, "S36", None, user_id)),
        (account == "not asked", (Reason.ACCOUNT_BUSY, "S36", None, None)),
        (not known, (Reason.UNKNOWN, "D11", None, None)),
        (whom == "invited", (Reason.INVITED, "S12", None, user_id)),
        (whom.startswith("disabled"), (Reason.DISABLED, "D12", None, user_id)),
        (whom == "enabled, no password", (Reason.NO_PASSWORD, "D9", None, user_id)),
        (verdict in ("none", "wrong"), (Reason.WRONG_SECRET, "S36", None, user_id)),
        (verdict == "unusable", (Reason.UNUSABLE_CREDENTIAL, "S36", None, user_id)),
    ]
    return next((expected for applies, expected in rows if applies), "complete")


def facts_of(address: str, account: str, whom: str, verdict: str) -> SignInFacts:
    return SignInFacts(NAME, ADDRESS[address], ACCOUNT[account], USERS[whom], VERDICTS[verdict])


def in_words(judged: Any) -> Expected:
    match judged:
        case Complete(user=signed_in):
            assert signed_in is USERS["enabled"]
            return "complete"
        case Busy(because=because):
            return because
        case Refused(reason=reason, rule=rule, until=until, levels=levels, user_id=user_id):
            assert levels == frozenset({Level.INSTALLATION})
            return (reason, rule, until, user_id)
    raise AssertionError(judged)


def test_the_whole_table_equals_the_oracle_d12() -> None:
    assert len(TABLE) == 3 * 5 * 12 * 4
    wrong = [
        (row, expected, found)
        for row in TABLE
        if (expected := oracle(*row)) != (found := in_words(judge(facts_of(*row))))
    ]
    assert wrong == []


def test_exactly_one_row_signs_anybody_in() -> None:
    assert [row for row in TABLE if isinstance(judge(facts_of(*row)), Complete)] == [
        ("admitted", "admitted", "enabled", "right")
    ]


def test_every_reason_but_malformed_and_inactive_is_in_the_table() -> None:
    reasons = Counter(
        judged.reason for row in TABLE if isinstance(judged := judge(facts_of(*row)), Refused)
    )  # fmt: skip
    assert set(Reason) - set(reasons) == {Reason.MALFORMED, Reason.INACTIVE}  # a contact has no name to be found by


def test_a_secret_is_looked_at_only_if_the_right_one_would_sign_in_d2() -> None:
    looked_at = {row[:3] for row in TABLE if evaluates(facts_of(*row))}
    assert looked_at == {("admitted", "admitted", "enabled")}


def test_no_verdict_matters_where_the_secret_is_not_looked_at_d2() -> None:
    for address, account, whom in product(ADDRESS, ACCOUNT, USERS):
        answers = {verdict: judge(facts_of(address, account, whom, verdict)) for verdict in VERDICTS}
        if not evaluates(facts_of(address, account, whom, "none")):
            assert len(set(map(repr, answers.values()))) == 1, (address, account, whom)


def test_the_keys_are_judged_before_and_without_anybody_behind_them() -> None:
    for row in TABLE:
        on_keys, judged = judge_keys(facts_of(*row)), judge(facts_of(*row))
        if row[0] == "admitted" and row[1] in ("admitted", "not asked"):
            assert on_keys is None
        else:
            assert on_keys == judged


@pytest.mark.parametrize(
    ("whom", "expected"), [(whom, None if whom in ("none", "other name", "contact") else "user-1") for whom in USERS]
)
def test_only_exactly_the_name_asked_is_a_known_user_d11(whom: str, expected: str | None) -> None:
    assert known_user_id(facts_of("admitted", "admitted", whom, "none")) == expected


@pytest.mark.parametrize("looser", ["Anna", "anna ", "ANNA", "ann", "anna\u200b", "änna"])
def test_a_record_found_by_a_looser_look_up_is_unknown_d11(looser: str) -> None:
    found = user(Enabled(NOW), name=looser)
    judged = judge(attrs.evolve(facts_of("admitted", "admitted", "enabled", "right"), user=found))
    assert judged == Refused(Reason.UNKNOWN, "D11")


# --- whom a password change is for


def test_a_contact_is_inactive_where_it_is_looked_for_by_id_s14() -> None:
    contact = USERS["contact"]
    assert judge_user(contact, None, SecretVerdict.RIGHT) == Refused(Reason.INACTIVE, "S14", user_id="user-1")
    assert judge_user(contact, NAME, SecretVerdict.RIGHT) == Refused(Reason.UNKNOWN, "D11")


def test_nobody_is_nobody_also_where_no_name_was_asked_for() -> None:
    assert judge_user(None, None, SecretVerdict.RIGHT) == Refused(Reason.UNKNOWN, "D11")


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
    judged = judge_again(after, changed())
    if reason is None:
        assert judged == Complete(after)
    else:
        assert isinstance(judged, Refused)
        assert judged.reason is reason


def test_where_nothing_was_proven_before_nothing_is_after() -> None:
    before = changed(credential=None)
    for after in (changed(), before):
        assert isinstance(judge_again(after, before), Refused)


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
    for value in (attempt, facts_of("admitted", "admitted", "enabled", "right"), Complete(changed())):
        for field in attrs.fields(type(value)):
            with pytest.raises(attrs.exceptions.FrozenInstanceError):
                setattr(value, field.name, None)
