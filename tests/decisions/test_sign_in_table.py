"""The first factor, asked about facts that no door brings together, too, against D12's order (S3, S12, S14, S16, S25, S36, S37)."""

from collections import Counter
from datetime import datetime
from itertools import product
from typing import Any

import attrs
import pytest

from mydso_access.decisions.outcomes import NOT_SIGNED_IN, Busy, BusyBecause, Refused
from mydso_access.decisions.sign_in import Complete, evaluates, judge, judge_keys, known_user_id
from mydso_access.model import Enabled, Reason
from mydso_access.policy import Level
from tests.decisions.first_factor import ACCOUNT, ADDRESS, NOW, PLACES, TABLE, UNTIL, USERS, VERDICTS, facts_of, user

INSTALLATION, ENTITY = frozenset({Level.INSTALLATION}), frozenset({Level.ENTITY})
# Refused as (reason, rule, until, user's id, levels); the oracle knows D12's sentence and the words of the table.
Expected = tuple[Reason, str, datetime | None, str | None, frozenset[Level]] | BusyBecause | str
NOBODY = ("none", "other name", "contact")
UNSEEN_FOR_TWO_MONTHS = ("enabled", "enabled, no password", "enabled, by password")
DORMANT_AT = {
    "home, 2 months": ENTITY,
    "home, 2 months everywhere": INSTALLATION,
    "home, 2 months twice": INSTALLATION | ENTITY,
}
ELSEWHERE = ("not looked at", "gone", "another", "a platform of that id")


def oracle(address: str, account: str, whom: str, verdict: str, place: str) -> Expected:
    """Order of reasons: malformed, address blocked, account blocked, unknown, category or login state, secret."""
    user_id = None if whom in NOBODY else "user-1"
    by_sso = "by sso" in whom or (place == "home by sso" and whom != "enabled, by password")
    dormant = whom in UNSEEN_FOR_TWO_MONTHS and place in DORMANT_AT

    def no(reason: Reason, rule: str, until: datetime | None = None, about: str | None = user_id) -> Expected:
        return (reason, rule, until, about, DORMANT_AT[place] if reason is Reason.DORMANT else INSTALLATION)

    rows: list[tuple[bool, Expected]] = [
        (address == "blocked", no(Reason.ADDRESS_BLOCKED, "S37", UNTIL, None)),
        (address == "full", BusyBecause.ADDRESS_FULL),
        (account == "blocked", no(Reason.ACCOUNT_BLOCKED, "S36", UNTIL)),
        (account == "hard cap", no(Reason.ACCOUNT_BLOCKED, "D4")),
        (account == "full", no(Reason.ACCOUNT_BUSY, "S36")),
        (account == "not asked", no(Reason.ACCOUNT_BUSY, "S36", None, None)),
        (user_id is None, no(Reason.UNKNOWN, "D11")),
        (whom == "invited", no(Reason.INVITED, "S12")),
        (whom.startswith("disabled"), no(Reason.DISABLED, "D12")),
        (place in ELSEWHERE, no(Reason.NO_HOME, "S3")),
        (by_sso, no(Reason.SSO_ONLY, "A24")),
        (dormant, no(Reason.DORMANT, "S25") if dormant else "never"),
        (whom == "enabled, no password", no(Reason.NO_PASSWORD, "D9")),
        (verdict in ("none", "wrong", "used"), no(Reason.WRONG_SECRET, "S36")),
        (verdict == "unusable", no(Reason.UNUSABLE_CREDENTIAL, "S36")),
    ]
    return next((expected for applies, expected in rows if applies), f"complete: {whom}")


def in_words(judged: Any) -> Expected:
    match judged:
        case Complete(user=signed_in):
            return f"complete: {next(whom for whom, each in USERS.items() if each is signed_in)}"
        case Busy(because=because):
            return because
        case Refused(reason=reason, rule=rule, until=until, levels=levels, user_id=user_id):
            return (reason, rule, until, user_id, levels)
    raise AssertionError(judged)


def test_the_whole_table_equals_the_oracle_d12() -> None:
    assert len(TABLE) == 3 * 5 * 18 * 5 * 10
    wrong = [
        (row, expected, found)
        for row in TABLE
        if (expected := oracle(*row)) != (found := in_words(judge(facts_of(*row))))
    ]
    assert wrong == []


SIGNS_IN = {
    ("enabled", "home"),
    ("enabled", "home, 3 months"),
    ("enabled, by password", "home"),
    ("enabled, by password", "home, 3 months"),
    ("enabled, by password", "home by sso"),
    *(("enabled, just now", place) for place in PLACES if place.startswith("home") and place != "home by sso"),
}


def test_only_enabled_users_at_home_with_the_right_password_sign_in_s3_s16_s25_a2_a24() -> None:
    complete = {row for row in TABLE if isinstance(judge(facts_of(*row)), Complete)}
    assert complete == {("admitted", "admitted", whom, "right", place) for whom, place in SIGNS_IN}


def test_the_reasons_of_the_table_are_these() -> None:
    reasons = Counter(judged.reason for row in TABLE if isinstance(judged := judge(facts_of(*row)), Refused))
    assert set(reasons) == {
        Reason.ADDRESS_BLOCKED,
        Reason.ACCOUNT_BLOCKED,
        Reason.ACCOUNT_BUSY,
        Reason.UNKNOWN,
        Reason.INVITED,
        Reason.DISABLED,
        Reason.NO_HOME,
        Reason.SSO_ONLY,
        Reason.DORMANT,
        Reason.NO_PASSWORD,
        Reason.UNUSABLE_CREDENTIAL,
        Reason.WRONG_SECRET,
    }


def test_every_refusal_of_the_table_but_a_blocked_address_reads_like_a_wrong_password_d2() -> None:
    refused = [judged for row in TABLE if isinstance(judged := judge(facts_of(*row)), Refused)]
    told = {each.public_message for each in refused if each.reason is not Reason.ADDRESS_BLOCKED}
    assert told == {NOT_SIGNED_IN}


def test_a_secret_is_looked_at_only_if_the_right_one_would_sign_in_d2() -> None:
    looked_at = {row for row in TABLE if evaluates(facts_of(*row))}
    expected = {
        ("admitted", "admitted", whom, verdict, place) for (whom, place), verdict in product(SIGNS_IN, VERDICTS)
    }
    assert looked_at == expected


def test_no_verdict_matters_where_the_secret_is_not_looked_at_d2() -> None:
    for address, account, whom, place in product(ADDRESS, ACCOUNT, USERS, PLACES):
        answers = {verdict: judge(facts_of(address, account, whom, verdict, place)) for verdict in VERDICTS}
        if not evaluates(facts_of(address, account, whom, "none", place)):
            assert len(set(map(repr, answers.values()))) == 1, (address, account, whom, place)


def test_the_keys_are_judged_before_and_without_anybody_behind_them() -> None:
    for row in TABLE:
        on_keys, judged = judge_keys(facts_of(*row)), judge(facts_of(*row))
        if row[0] == "admitted" and row[1] in ("admitted", "not asked"):
            assert on_keys is None
        else:
            assert on_keys == judged


@pytest.mark.parametrize(("whom", "expected"), [(whom, None if whom in NOBODY else "user-1") for whom in USERS])
def test_only_exactly_the_name_asked_is_a_known_user_d11(whom: str, expected: str | None) -> None:
    assert known_user_id(facts_of("admitted", "admitted", whom, "none")) == expected


@pytest.mark.parametrize("looser", ["Anna", "anna ", "ANNA", "ann", "anna\u200b", "änna"])
def test_a_record_found_by_a_looser_look_up_is_unknown_d11(looser: str) -> None:
    found = user(Enabled(NOW), name=looser)
    judged = judge(attrs.evolve(facts_of("admitted", "admitted", "enabled", "right"), user=found))
    assert judged == Refused(Reason.UNKNOWN, "D11")
