"""The whole sign-in table, row by row, against the oracle, and what must hold in every row (S3-S37; A14-A29)."""

import json
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from attrs import evolve

from mydso_access import gate
from mydso_access.decisions import addresses, settling, sign_in, steps
from mydso_access.decisions.outcomes import SignedIn
from mydso_access.model import Factor, Reason
from mydso_access.policy import Level
from tests.decisions import table_driver
from tests.decisions.oracle import expected
from tests.decisions.table import ANSWERS, COLUMNS, MEANINGS, PARTS, PLAIN, Answer, Row, is_possible
from tests.decisions.table_answers import answers
from tests.decisions.table_driver import played
from tests.decisions.table_vectors import FILE, text_of, unfolded, vectors

ROWS = {
    "keys": 3600,
    "places": 4800 - 4 * 2 * 4 * 5 * 4 * 2 - 4 * 5 * 4 * 2,  # no main administrator is disabled, or a contact
    "assertions": 3780,
    "steps": 3456,
    "single sign-on": 1728,
    "recipients": 504,
    "recipients, meanwhile": 320,
    "codes": 3420,
    "meanwhile": 4560 - 15 * 2 * 19,  # single sign-on owes no new password
    "meanwhile, entering": 1824 - 3 * 19,  # an active user is not withdrawn
    "doors": 2688 - 6 * 3 * 2 * 4 * 2,  # an active user's own entity is their home
    "sessions": 1080,
    "entry": (3 * 4 + 3) * 256,  # an active user's entity and home are one record, with one list
    "entry by single sign-on": 960,
}
CHARGES = {"–", "given back", "counted"}
SECOND = {"totp", "recovery_code"}


def in_its_words(told: Answer, found: Answer) -> Answer:
    """Return the answer without a rule's number where the rules give none."""
    return found._replace(rule="?") if told.rule == "?" else found


@pytest.mark.parametrize("part", PARTS)
def test_every_row_is_what_the_rules_say_d12_a29(part: str) -> None:
    wrong = []
    for name, row, found in answers():
        if name == part and (told := expected(row)) != in_its_words(told, found):
            wrong.append(({column: value for column, value in row.items() if value != PLAIN[column]}, told, found))
    assert [] == wrong


def test_no_row_is_left_out_but_those_that_cannot_be() -> None:
    assert ROWS == Counter(name for name, _, _ in answers())
    assert set(COLUMNS) == set(MEANINGS)
    for part in PARTS.values():
        assert set(COLUMNS) >= {*part.columns, *part.fixed}
        assert all(set(options) <= set(COLUMNS[name]) for name, options in part.columns.items())


def test_every_option_of_every_column_is_in_some_row() -> None:
    seen = {(name, row[name]) for _, row, _ in answers() for name in COLUMNS}
    assert {(name, option) for name, options in COLUMNS.items() for option in options} == seen


def test_no_cell_is_undefined() -> None:
    reasons, factors = {each.value for each in Reason}, {each.value for each in Factor}
    levels = {each.value for each in Level}
    for _, row, found in answers():
        assert found.outcome in ("signed in", "entered", "step", "refused", "busy", "rejected"), row
        assert (found.reason in reasons and bool(found.rule)) == (found.outcome == "refused"), row
        assert bool(found.owed) == (found.outcome == "step"), row
        assert set(found.levels.split(", ")) <= levels, row
        assert found.hash in ("–", "dummy", "stored"), row
        assert bool(found.proven) == (found.outcome in ("signed in", "entered")), row
        assert not found.proven or set(found.proven.split(", ")) <= factors, row


def wanted(row: Row) -> list[set[str]]:
    """Return, for each factor that the policy asks, what proves it; the least that any rule could mean."""
    entering, multi = row["by"] == "enter", row["who"].startswith("multi-entity")
    by_sso = row["by"] == "sso" or (entering and row["proved"].startswith("sso"))
    asked: list[set[str]] = [{"sso"} if by_sso else {"password"}]
    lists = [row["list"]] + [row["there"]] * entering
    if (
        any(each.startswith("new") or each == "approved elsewhere" for each in lists)
        and row["meanwhile"] != "address listed"
    ):
        asked.append({"address_code"})
    required = row["asks"] == "installation" or row["meanwhile"] == "second factor required"
    required |= row["asks"] == "platform" and multi
    required |= row["asks"] == "entity" and (entering or not multi)
    ways = {row["with sso"], row["with sso there"]} if by_sso else {"always"}
    if required and "always" in ways:
        asked.append(SECOND)
    elif required and "unless_trusted" in ways:
        asked.append({*SECOND, "sso_second"})
    return asked


def test_nobody_is_signed_in_without_every_factor_that_the_policy_asks_s21_s26_s35() -> None:
    done = [(row, found) for _, row, found in answers() if found.outcome in ("signed in", "entered")]
    assert len(done) > 2000
    for row, found in done:
        proven = set(found.proven.split(", "))
        assert all(proven & proof for proof in wanted(row)), (row, found)
        assert row["who"].endswith("enabled"), row  # S12 S14 D12
        assert row["home"] == "own", row  # S3 S16
        assert row["address key"] == row["account key"] == "admits", row  # S36 S37
        assert row["by"] != "password" or row["password"] == "right", row
        assert row["by"] != "sso" or row["assertion"] in ("fresh", "oldest", "ahead"), row  # S35
        tried = {*ANSWERS["address code"], *ANSWERS["second factor"], *ANSWERS["enrolment"], *ANSWERS["new password"]}
        assert row["then"] not in tried or row["then"].endswith(("right", "good")), row


def test_who_signs_in_with_a_password_has_changed_one_that_is_due_s23() -> None:
    due = {"age", "age by the structure", "outgrown", "compromised"}
    done = [row for _, row, found in answers() if found.outcome == "signed in" and row["by"] == "password"]
    changed = [row for row in done if row["due"] in due]
    assert changed
    assert all(row["taken"] != "none" or row["then"] == "new password good" for row in changed)
    assert [] == [row for _, row, found in answers() if found.outcome == "entered" and _is_due_there(row)]


def _is_due_there(row: Row) -> bool:
    return row["due there"] != "no" and row["proved"].startswith("password")


def test_only_a_complete_sign_in_clears_and_never_an_address_d3() -> None:
    for _, row, found in answers():
        assert found.address in CHARGES, row
        if found.outcome != "signed in":
            assert {found.account, found.codes} <= CHARGES, row
        else:
            assert (found.account == "cleared") is not _is_spared(row, found), row


def _is_spared(row: Row, found: Answer) -> bool:
    """Tell whether single sign-on spared somebody the factor that they have enrolled."""
    return row["by"] == "sso" and row["factor"] == "enrolled" and not SECOND & {*found.proven.split(", ")}


def test_d3_who_was_spared_the_second_factor_signs_in_and_clears_nothing_s35() -> None:
    signed_in = [(row, found) for _, row, found in answers() if found.outcome == "signed in"]
    spared = [found for row, found in signed_in if _is_spared(row, found)]
    assert {"given back"} == {found.account for found in spared}
    assert {"–", "given back"} == {found.codes for found in spared}
    assert {"sso", "address_code, sso", "sso, sso_second", "address_code, sso, sso_second"} == {
        found.proven for found in spared
    }


def test_a16_a_code_of_the_user_is_dead_once_an_administrator_is_to_decide() -> None:
    dead = [row for _, row, found in answers() if (found.reason, found.rule) == ("old_code", "A16")]
    assert dead
    assert {("user", "administrator wanted")} == {(row["recipient"], row["meanwhile"]) for row in dead}
    assert {"address code right", "address code wrong"} == {row["then"] for row in dead}


def test_a_password_or_recovery_code_costs_one_hash_whatever_comes_of_it_d2() -> None:
    for _, row, found in answers():
        if row["by"] == "password" and (row["then"], row["taken"]) == ("nothing", "none"):
            assert (found.hash == "–") == (row["address key"] != "admits"), row
        if row["then"].startswith("recovery") and found.address != "–":
            assert found.hash in ("dummy", "stored"), row


def test_what_is_no_attempt_charges_nothing_d11_d13() -> None:
    for _, row, found in answers():
        if found.reason in ("malformed", "wrong_step", "old_code") or row["meanwhile"] in ("used", "earlier token"):
            assert (found.address, found.account, found.codes, found.hash) == ("–", "–", "–", "–"), row


def test_the_vectors_are_what_the_code_says() -> None:
    text = FILE.read_text(encoding="utf-8")
    assert text_of(vectors()) == text, "run `python -m tests.decisions.table_vectors` and read what changed"
    assert len(text.encode()) < 1_500_000


def test_the_vectors_read_as_they_describe_themselves_are_what_the_rules_say() -> None:
    rows = unfolded(json.loads(FILE.read_text(encoding="utf-8")))
    assert sum(ROWS.values()) == len(rows)
    assert [] == [row for row, found in rows if (told := expected(row)) != in_its_words(told, found)]


def _never(*_: Any, **__: Any) -> None:
    return None


def _unenrolled(outcome: Any) -> Any:
    return evolve(outcome, user=evolve(outcome.user, second_factor=None)) if isinstance(outcome, SignedIn) else outcome


def _codes_count_once(refusals: frozenset[Reason]) -> frozenset[Reason]:
    return refusals | {Reason.WRONG_CODE}


FAULTS: dict[str, tuple[Any, str, Callable[[Any], Any]]] = {
    "no second factor is asked": (steps, "_second_factor", lambda _: _never),
    "new addresses are let in": (steps, "lets_in", lambda _: lambda *__: True),
    "passwords are never due": (steps, "_new_password", lambda _: _never),
    "passwords are never due in an entity": (steps, "_password_due_there", lambda _: _never),
    "a spared factor's failures are cleared": (
        gate,
        "settlement_of",
        lambda real: lambda done: real(_unenrolled(done)),
    ),
    "old assertions count": (table_driver, "judge_assertion", lambda _: _never),
    "every word is trusted": (
        table_driver,
        "proven_by",
        lambda real: lambda a, p, at: (*real(a, p, at), (Factor.SSO_SECOND, at)),
    ),
    "dormant logins sign in": (sign_in, "judge_dormancy", lambda _: _never),
    "wrong codes are given back": (settling, "UNCOUNTED", _codes_count_once),
    "used tokens go on": (table_driver, "judge_token", lambda _: lambda found, *__: found),
    "everybody is authorised": (steps, "judge_there", lambda _: lambda user, _: user),
    "codes are sent without end": (table_driver, "judge_send", lambda _: _never),
    "the user validates": (
        table_driver,
        "recipient_of",
        lambda real: lambda u, r, a, _: real(u, r, a, addresses.Recipient.USER),
    ),
    "blocked keys are looked over": (table_driver, "judge_keys", lambda _: _never),
}


@cache
def sample() -> list[Row]:
    return [row for part in PARTS.values() for row in list(part.rows())[::11] if is_possible(row)]


@pytest.mark.parametrize("fault", FAULTS)
def test_the_table_notices_planted_faults(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, name, planted = FAULTS[fault]
    monkeypatch.setattr(module, name, planted(getattr(module, name)))
    assert any((told := expected(row)) != in_its_words(told, played(row)) for row in sample())
