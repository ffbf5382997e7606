"""The first factor, rule by rule: what the keys say comes first, then who is meant, then the secret (D12; S3, S35, A24)."""

from itertools import product

import pytest

from mydso_access.decisions.outcomes import Busy, BusyBecause, Refused
from mydso_access.decisions.sign_in import (
    Complete,
    SecretVerdict,
    SignInFacts,
    attempt_of,
    evaluates,
    is_called,
    judge,
    judge_by,
    judge_keys,
    judge_login,
    judge_meant,
    judge_session,
    judge_user,
    known_user_id,
)
from mydso_access.model import Factor, Reason, SsoIdentity, User
from mydso_access.policy import Level, SecurityPolicy
from tests.decisions.attempts import (
    ACCOUNT,
    ADDRESS,
    CLIENT,
    CODES,
    IDENTITY,
    NAME,
    PLACES,
    UNTIL,
    USERS,
    VERDICTS,
    facts_of,
)

HOME, ENABLED = PLACES["home"], USERS["enabled"]
RIGHT = SecretVerdict.RIGHT
ATTEMPT = attempt_of(NAME, CLIENT, SecurityPolicy())

# --- what the keys say


@pytest.mark.parametrize(("address", "account", "codes"), list(product(ADDRESS, ACCOUNT, CODES)))
def test_d12_address_account_and_codes_refuse_in_this_order_whoever_is_meant(
    address: str, account: str, codes: str
) -> None:
    of_account = {
        "blocked": Refused(Reason.ACCOUNT_BLOCKED, "S36", UNTIL, user_id="user-1"),
        "hard cap": Refused(Reason.ACCOUNT_BLOCKED, "D4", None, user_id="user-1"),
        "full": Refused(Reason.ACCOUNT_BUSY, "S36", user_id="user-1"),
    }
    of_codes = {
        "blocked": Refused(Reason.CODES_BLOCKED, "D13", UNTIL, user_id="user-1"),
        "full": Refused(Reason.CODES_BUSY, "D13", user_id="user-1"),
    }
    match address:
        case "blocked":
            expected: Refused | Busy | None = Refused(Reason.ADDRESS_BLOCKED, "S37", UNTIL)
        case "full":
            expected = Busy(BusyBecause.ADDRESS_FULL)
        case _:
            expected = of_account.get(account) or of_codes.get(codes)
    facts = facts_of(address, account, "enabled", "right", codes=codes)
    assert expected == judge_keys(facts)
    not_charged = Refused(Reason.ACCOUNT_BUSY, "S36") if account == "not asked" else Complete(facts.user)
    assert (expected or not_charged) == judge(facts)
    assert evaluates(facts) is isinstance(judge(facts), Complete)


def test_d2_a_verdict_is_asked_for_only_where_the_right_secret_would_do_what_was_asked() -> None:
    facts = facts_of("admitted", "admitted", "enabled", "none")
    asked: list[SecretVerdict | None] = []

    def judged(secret: SecretVerdict | None) -> Complete | Refused:
        asked.append(secret)
        return Refused(Reason.WRONG_CODE, "S26")

    assert evaluates(facts) is True
    assert evaluates(facts, judged) is False
    assert [RIGHT] == asked
    assert Refused(Reason.WRONG_CODE, "S26") == judge_by(facts, judged, None)
    assert [RIGHT, None] == asked
    blocked = facts_of("admitted", "blocked", "enabled", "none")
    assert evaluates(blocked, judged) is False
    assert [RIGHT, None] == asked  # the keys refuse before anybody is asked


@pytest.mark.parametrize("whom", USERS)
def test_d11_only_whoever_is_called_exactly_so_is_known(whom: str) -> None:
    called = whom not in ("none", "other name", "contact")
    assert ("user-1" if called else None) == known_user_id(facts_of("admitted", "blocked", whom, "none"))


# --- who is meant


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (NAME, True),
        (IDENTITY, True),
        ("Anna", False),
        ("", False),
        (None, False),
        ("5f3a", False),  # the subject alone is no name
        (SsoIdentity("https://idp.example", "5F3A"), False),
        (SsoIdentity("https://idp.example/", "5f3a"), False),
        (SsoIdentity("https://other.example", "5f3a"), False),
        (SsoIdentity("https://idp.example", NAME), False),
    ],
)
def test_s35_a_user_is_called_by_name_and_by_issuer_and_subject_exactly(
    who: str | SsoIdentity | None, expected: bool
) -> None:
    assert ENABLED is not None
    assert expected is is_called(ENABLED, who)


def test_nobody_is_called_nothing_also_whoever_has_no_name_and_no_identity() -> None:
    contact = USERS["contact"]
    assert contact is not None
    assert is_called(contact, None) is False
    assert Refused(Reason.UNKNOWN, "D11") == judge_user(contact, None, RIGHT, HOME)
    assert Refused(Reason.UNKNOWN, "D11") == judge_user(None, None, RIGHT, HOME)


BY_ID = "user-1"
EXPECTED: dict[str, tuple[Refused | None, Refused | None]] = {
    "none": (Refused(Reason.UNKNOWN, "D11"), Refused(Reason.UNKNOWN, "D11")),
    "other name": (Refused(Reason.UNKNOWN, "D11"), Refused(Reason.UNKNOWN, "D11")),
    # A contact has no name, yet may be known to the provider.
    "contact": (Refused(Reason.UNKNOWN, "D11"), Refused(Reason.INACTIVE, "S14", user_id=BY_ID)),
    "invited": (Refused(Reason.INVITED, "S12", user_id=BY_ID),) * 2,
    "disabled, administrator": (Refused(Reason.DISABLED, "D12", user_id=BY_ID),) * 2,
    "disabled, dormant": (Refused(Reason.DISABLED, "D12", user_id=BY_ID),) * 2,
    "disabled, lapsed": (Refused(Reason.DISABLED, "D12", user_id=BY_ID),) * 2,
    "disabled, forgotten": (Refused(Reason.DISABLED, "D12", user_id=BY_ID),) * 2,
    "enabled, no password": (None, Refused(Reason.NOT_BY_SSO, "A24", user_id=BY_ID)),
    "enabled, by sso": (Refused(Reason.SSO_ONLY, "A24", user_id=BY_ID), None),
    "enabled, by password": (None, Refused(Reason.NOT_BY_SSO, "A24", user_id=BY_ID)),
    "enabled": (None, Refused(Reason.NOT_BY_SSO, "A24", user_id=BY_ID)),
}


@pytest.mark.parametrize("whom", USERS)
def test_a24_category_and_login_are_judged_alike_for_password_and_sso_and_each_comes_its_own_way(whom: str) -> None:
    by_password, by_sso = EXPECTED[whom]
    found = USERS[whom]
    assert (by_password or found) == judge_meant(found, NAME, HOME, Factor.PASSWORD)
    assert (by_sso or found) == judge_meant(found, IDENTITY, HOME, Factor.SSO)


LOGINS: dict[str, Refused | None] = {
    "contact": Refused(Reason.INACTIVE, "S14", user_id=BY_ID),
    **{name: by_password for name, (by_password, _) in EXPECTED.items() if name.startswith(("invited", "disabled"))},
    **dict.fromkeys((name for name in USERS if name.startswith("enabled")), None),
}


@pytest.mark.parametrize("whom", LOGINS)
def test_s12_s14_d12_the_state_of_a_login_keeps_its_user_out_however_they_come(whom: str) -> None:
    found = USERS[whom]
    assert found is not None
    assert LOGINS[whom] == judge_login(found)


@pytest.mark.parametrize(
    ("where", "by_password", "by_sso"),
    [
        ("not looked at", (Reason.NO_HOME, "S3"), (Reason.NO_HOME, "S3")),
        ("gone", (Reason.NO_HOME, "S3"), (Reason.NO_HOME, "S3")),
        ("another", (Reason.NO_HOME, "S3"), (Reason.NO_HOME, "S3")),
        ("a platform of that id", (Reason.NO_HOME, "S3"), (Reason.NO_HOME, "S3")),
        ("home by sso", (Reason.SSO_ONLY, "A24"), None),
        ("home", None, (Reason.NOT_BY_SSO, "A24")),
        ("home, 3 months", None, (Reason.NOT_BY_SSO, "A24")),
        ("home, 2 months", (Reason.DORMANT, "S25"), (Reason.NOT_BY_SSO, "A24")),
    ],
)
def test_s3_a24_s25_where_they_would_be_signed_in_to(
    where: str, by_password: tuple[Reason, str] | None, by_sso: tuple[Reason, str] | None
) -> None:
    for who, first, expected in ((NAME, Factor.PASSWORD, by_password), (IDENTITY, Factor.SSO, by_sso)):
        answer = judge_meant(ENABLED, who, PLACES[where], first)
        if expected is None:
            assert ENABLED == answer
        else:
            assert isinstance(answer, Refused)
            assert (*expected, "user-1") == (answer.reason, answer.rule, answer.user_id)


@pytest.mark.parametrize(
    ("where", "levels"),
    [
        ("home, 2 months", {Level.ENTITY}),
        ("home, 2 months everywhere", {Level.INSTALLATION}),
        ("home, 2 months twice", {Level.INSTALLATION, Level.ENTITY}),
    ],
)
def test_s25_who_comes_by_sso_goes_dormant_too_and_is_told_who_asks_d9(where: str, levels: set[Level]) -> None:
    for whom, who, first in (("enabled", NAME, Factor.PASSWORD), ("enabled, by sso", IDENTITY, Factor.SSO)):
        answer = judge_meant(USERS[whom], who, PLACES[where], first)
        assert Refused(Reason.DORMANT, "S25", levels=frozenset(levels), user_id="user-1") == answer


# --- the secret


@pytest.mark.parametrize("whom", ["enabled", "enabled, by password", "enabled, no password"])
@pytest.mark.parametrize("verdict", VERDICTS)
def test_s36_only_a_right_password_is_right(whom: str, verdict: str) -> None:
    found: User | None = USERS[whom]
    expected: Complete | Refused
    if whom == "enabled, no password":
        expected = Refused(Reason.NO_PASSWORD, "D9", user_id="user-1")
    elif verdict == "right":
        assert found is not None
        expected = Complete(found)
    elif verdict == "unusable":
        expected = Refused(Reason.UNUSABLE_CREDENTIAL, "S36", user_id="user-1")
    else:
        expected = Refused(Reason.WRONG_SECRET, "S36", user_id="user-1")
    assert expected == judge_user(found, NAME, VERDICTS[verdict], HOME)
    facts = SignInFacts(
        NAME, ADDRESS["admitted"], ACCOUNT["admitted"], user=found, secret=VERDICTS[verdict], place=HOME
    )
    assert expected == judge(facts)


def test_the_facts_show_no_name_for_it_is_often_a_password() -> None:
    facts = facts_of("admitted", "admitted", "none", "none")
    assert NAME not in repr(facts)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_d12_a_session_that_has_ended_proves_no_password_again(verdict: str) -> None:
    ended = Refused(Reason.OUTDATED_PROOF, "D12", user_id="user-1")
    assert ended == judge_session(None, "user-1", ATTEMPT, VERDICTS[verdict], HOME)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_d12_the_password_of_a_session_is_judged_like_any_other(verdict: str) -> None:
    found: User | None = ENABLED
    expected = judge_user(found, NAME, VERDICTS[verdict], HOME)
    assert expected == judge_session(found, "user-1", ATTEMPT, VERDICTS[verdict], HOME)
