"""When a password must be changed, which one is outgrown, and what a new one does (S23; A18, D10, D13)."""

from datetime import datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.outcomes import DueBecause
from mydso_access.decisions.rotation import compromised, due_since, is_outgrown, owes_change, with_password
from mydso_access.model import (
    ApprovedAddress,
    Credential,
    EventKind,
    NewEmail,
    Reason,
    Secret,
    SecurityChange,
    SecurityMessage,
    SentToken,
    Structure,
    User,
)
from mydso_access.policy import Composition, PasswordPolicy, RotationPolicy, SecurityPolicy
from tests.decisions.people import LONG_AGO, NOON, TICK, anna, contact, refused

DAY = timedelta(days=1)


def rotating(days: int | None = 30, history: int = 0) -> SecurityPolicy:
    return SecurityPolicy(rotation=RotationPolicy(days=days, history=history))


def whose_password_is_of(at: datetime, **changes: object) -> User:
    return anna(**{"credential": Credential(Secret("old"), at), "saved_at": at} | changes)


# --- when

CHANGED_AT = NOON
DUE = NOON + 30 * DAY


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (CHANGED_AT, False),
        (DUE - TICK, False),
        (DUE, True),
        (DUE + TICK, True),
        (DUE + 3650 * DAY, True),
        (CHANGED_AT - DAY, False),
    ],
)
def test_s23_a_password_is_due_at_its_last_change_and_the_days_to_the_microsecond_a18(now: datetime, due: bool) -> None:
    user = whose_password_is_of(CHANGED_AT)
    assert DUE == due_since(user, rotating())
    assert (DueBecause.AGE if due else None) is owes_change(user, rotating(), now, False)


@pytest.mark.parametrize("saved_at", [DUE - TICK, DUE], ids=["before", "at"])
def test_d10_a_clock_that_goes_back_an_hour_makes_no_password_younger(saved_at: datetime) -> None:
    user = whose_password_is_of(CHANGED_AT, saved_at=saved_at)
    expected = DueBecause.AGE if saved_at == DUE else None
    assert expected is owes_change(user, rotating(), DUE - timedelta(hours=1), False)


def test_a18_it_runs_from_the_last_change_even_if_the_option_came_later_and_is_off_by_default() -> None:
    user = whose_password_is_of(LONG_AGO)
    assert owes_change(user, SecurityPolicy(), NOON, False) is None
    assert due_since(user, SecurityPolicy()) is None
    assert owes_change(user, rotating(days=20), NOON, False) is DueBecause.AGE
    assert owes_change(user, rotating(days=21), NOON, False) is None


def test_who_has_no_password_owes_none_a24() -> None:
    for user in (anna(credential=None), contact()):
        assert due_since(user, rotating(days=1)) is None
        assert owes_change(user, rotating(days=1), NOON + 3650 * DAY, False) is None


@pytest.mark.parametrize("is_compromised", [True, False])
@pytest.mark.parametrize("old", [True, False])
@pytest.mark.parametrize("outgrown", [True, False])
def test_the_gravest_reason_is_the_one_that_is_said(is_compromised: bool, old: bool, outgrown: bool) -> None:
    user = anna(credential=Credential(Secret("old"), NOON, compromised=is_compromised), saved_at=NOON)
    reasons = {
        DueBecause.COMPROMISED: is_compromised,
        DueBecause.AGE: old,
        DueBecause.OUTGROWN: outgrown,
    }
    expected = next((because for because, applies in reasons.items() if applies), None)
    assert expected is owes_change(user, rotating(), DUE if old else DUE - TICK, outgrown)


# --- outgrown

NAMES = frozenset({"anna", "petit", "lyon"})
LITERAL = PasswordPolicy(composition=Composition.WITH_ROTATION)


@pytest.mark.parametrize(
    ("password", "policy", "expected"),
    [
        ("Correct-Horse-9", SecurityPolicy(), False),
        ("correct-horse-9", SecurityPolicy(), True),  # no uppercase letter
        ("Short-9", SecurityPolicy(), True),
        ("Correct-Horse-9", SecurityPolicy(passwords=PasswordPolicy(min_length=16)), True),
        ("Correct-Horse-9", SecurityPolicy(passwords=PasswordPolicy(min_length=15)), False),
        ("Correct-Horse-9" + "x" * 200, SecurityPolicy(), False),  # D13: lowering the maximum locks nobody out
        ("correct-horse-" + "x" * 200, SecurityPolicy(), True),
        ("Anna-Petit-9", SecurityPolicy(), True),
        ("Qwertyuiop1!", SecurityPolicy(), True),  # a row of keys
        ("Qwertyuiop1!", SecurityPolicy(passwords=PasswordPolicy(refuse_names=False)), True),
        ("Anna-Petit-9", SecurityPolicy(passwords=PasswordPolicy(refuse_names=False)), False),
        ("correct horse", SecurityPolicy(passwords=LITERAL), False),
        ("correct horse", SecurityPolicy(passwords=LITERAL, rotation=RotationPolicy(days=30)), True),
        ("CORRECT-HORSE-9", SecurityPolicy(passwords=PasswordPolicy(require_lowercase=True)), True),
    ],
)
def test_s24_a_password_is_outgrown_where_it_could_not_be_set_any_more_d1(
    password: str, policy: SecurityPolicy, expected: bool
) -> None:
    assert expected is is_outgrown(Secret(password), policy, NAMES)


def test_names_count_only_where_there_are_any() -> None:
    assert is_outgrown(Secret("Anna-Petit-9"), SecurityPolicy(), frozenset()) is False


# --- a new one


def with_new(user: User, history: int = 0, at: datetime = NOON) -> User:
    return attrs.evolve(user, **with_password(user, Secret("new"), rotating(None, history), at))


def test_d13_a_new_password_kills_every_token_every_proof_and_the_mark_of_being_known_to_others() -> None:
    sent = SentToken(Secret("digest"), LONG_AGO)
    before = anna(
        credential=Credential(Secret("old"), LONG_AGO, compromised=True),
        reset=sent,
        new_email=NewEmail("anna@new.example", sent),
    )
    expected = attrs.evolve(
        before, credential=Credential(Secret("new"), NOON), reset=None, new_email=None, valid_from=NOON
    )
    assert expected == with_new(before)
    assert owes_change(with_new(before), rotating(), NOON, False) is None


@pytest.mark.parametrize(
    ("history", "expected"),
    [(0, []), (1, ["old"]), (2, ["old", "older"]), (3, ["old", "older", "oldest"]), (24, ["old", "older", "oldest"])],
)
def test_a18_as_many_earlier_passwords_are_kept_as_the_policy_looks_at(history: int, expected: list[str]) -> None:
    kept = (Secret("older"), Secret("oldest"))
    changed = with_new(anna(credential=Credential(Secret("old"), LONG_AGO, before=kept)), history).credential
    assert changed is not None
    assert expected == [each.reveal() for each in changed.before]
    assert Secret("new") == changed.hash


@given(st.lists(st.integers(0, 24), min_size=1, max_size=30))
def test_a18_the_history_is_the_latest_passwords_in_their_order(histories: list[int]) -> None:
    user, given_ = anna(credential=None), []
    for number, history in enumerate(histories):
        user = attrs.evolve(user, **with_password(user, Secret(f"{number}"), rotating(None, history), NOON))
        given_.append(f"{number}")
        assert user.credential is not None
        before = [each.reveal() for each in user.credential.before]
        assert before == given_[-2::-1][: len(before)]
        assert len(before) <= history


@pytest.mark.parametrize("ago", [timedelta(0), TICK, timedelta(hours=1)], ids=str)
def test_d10_no_password_bears_the_instant_of_the_one_before(ago: timedelta) -> None:
    changed = with_new(whose_password_is_of(NOON), at=NOON - ago).credential
    assert changed is not None
    assert NOON + TICK == changed.set_at


def test_who_had_no_password_gets_the_first() -> None:
    assert Credential(Secret("new"), NOON) == with_new(anna(credential=None), history=24).credential


# --- known to somebody else


def test_s23_a_password_that_somebody_else_knows_ends_sessions_and_is_changed_at_the_next_sign_in() -> None:
    change = compromised(anna(), NOON)
    told = SecurityMessage(
        to="anna@example.com", name="anna.petit", change=SecurityChange.PASSWORD_COMPROMISED, at=NOON
    )
    expected = anna(credential=Credential(Secret("hash"), LONG_AGO, compromised=True), valid_from=NOON)
    assert Changed(record=expected, kind=EventKind.PASSWORD_COMPROMISED, rule="S23", messages=(told,)) == change
    assert Done(expected) == compromised(expected, NOON + DAY)
    assert owes_change(expected, SecurityPolicy(), NOON, False) is DueBecause.COMPROMISED


def test_s23_what_whoever_has_it_may_have_prepared_is_dead_too() -> None:
    sent, place = SentToken(Secret("digest"), LONG_AGO), Structure.entity("lyon")
    let_in = ApprovedAddress("198.51.100.66", place, LONG_AGO)
    before = anna(reset=sent, new_email=NewEmail("thief@example.com", sent), approved=(let_in,))
    change, expected = compromised(before, NOON), compromised(anna(), NOON)
    assert isinstance(change, Changed)
    assert isinstance(expected, Changed)
    assert expected == change


@pytest.mark.parametrize("user", [anna(credential=None), contact()], ids=["by sso", "contact"])
def test_who_has_no_password_has_none_that_others_know(user: User) -> None:
    assert refused(Reason.NO_PASSWORD, "S23", user) == compromised(user, NOON)
