"""What the doors answer: one public text for every name and state, the reason for the log, frozen values."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from mydso_access.decisions.outcomes import (
    Busy,
    BusyBecause,
    Factor,
    PasswordChanged,
    PasswordRejected,
    Proof,
    Refused,
    SignedIn,
)
from mydso_access.decisions.password import Flaw, Violation
from mydso_access.model import Category, Reason, Structure, User
from mydso_access.policy import Level

UNTIL = datetime(2026, 3, 2, 10, 14, tzinfo=UTC)
CONTACT = User(id="user-1", category=Category.INACTIVE, structure=Structure.entity("e"))
PLAIN = "The name or the password is not right."


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.ADDRESS_BLOCKED])
@pytest.mark.parametrize("until", [None, UNTIL], ids=["for good", "until"])
@pytest.mark.parametrize("user_id", [None, "user-1"])
def test_every_reason_reads_the_same_outside_whoever_it_is_about_d2(
    reason: Reason, until: datetime | None, user_id: str | None
) -> None:
    refused = Refused(reason, "S36", until, frozenset(Level), user_id)
    assert refused.public_message == PLAIN


def test_a_blocked_address_may_be_told_since_it_depends_on_no_name_s37() -> None:
    message = "Too many failed sign-ins from your network address. Try again after 2026-03-02 10:14 UTC."
    assert Refused(Reason.ADDRESS_BLOCKED, "S37", UNTIL).public_message == message
    assert Refused(Reason.ADDRESS_BLOCKED, "S37", UNTIL, user_id="user-1").public_message == message
    assert Refused(Reason.ADDRESS_BLOCKED, "S37").public_message == PLAIN


def test_the_instant_told_is_not_before_the_end_of_the_block() -> None:
    end = UNTIL + timedelta(seconds=37)
    assert "10:14 UTC" not in Refused(Reason.ADDRESS_BLOCKED, "S37", end).public_message


@pytest.mark.parametrize(
    ("refused", "line"),
    [
        (Refused(Reason.WRONG_SECRET, "S36"), "wrong_secret (S36, installation)"),
        (Refused(Reason.UNKNOWN, "D11"), "unknown (D11, installation)"),
        (
            Refused(Reason.ACCOUNT_BLOCKED, "S36", UNTIL),
            "account_blocked (S36, installation); free again at 2026-03-02T10:14:00+00:00",
        ),
        (
            Refused(Reason.ACCOUNT_BLOCKED, "D4"),
            "account_blocked (D4, installation); free again when the password is reset",
        ),
        (
            Refused(Reason.ADDRESS_BLOCKED, "S37", UNTIL + timedelta(microseconds=1)),
            "address_blocked (S37, installation); free again at 2026-03-02T10:14:00.000001+00:00",
        ),
        (
            Refused(Reason.ACCOUNT_BUSY, "S36"),
            "account_busy (S36, installation); other attempts on this name are being evaluated, try again in a moment",
        ),
        (
            Refused(Reason.INVITED, "S12"),
            "invited (S12, installation); free once the password is created from the invitation",
        ),
        (
            Refused(Reason.DISABLED, "D12"),
            "disabled (D12, installation); free once an administrator enables the login",
        ),
        (
            Refused(Reason.WRONG_SECRET, "S24", levels=frozenset({Level.PLATFORM, Level.ENTITY, Level.INSTALLATION})),
            "wrong_secret (S24, entity, installation, platform)",
        ),
    ],
    ids=lambda value: value.reason.value if isinstance(value, Refused) else None,
)
def test_explain_says_reason_rule_levels_and_how_the_answer_would_change(refused: Refused, line: str) -> None:
    assert refused.explain() == line


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_explains_itself_in_one_line_without_the_user(reason: Reason) -> None:
    line = Refused(reason, "S1", user_id="c4nary").explain()
    assert line.startswith(f"{reason.value} (S1, installation)")
    assert "\n" not in line
    assert "c4nary" not in line


def test_busy_reads_the_same_whatever_was_waited_for_and_says_when_to_come_again() -> None:
    assert {Busy(because).public_message for because in BusyBecause} == {
        "Too many sign-ins at this moment. Please try again."
    }
    assert Busy(BusyBecause.NO_SLOT).retry_after == timedelta(seconds=1)


OUTCOMES = [
    Refused(Reason.UNKNOWN, "D11"),
    Busy(BusyBecause.LAPSED),
    Proof("user-1", ((Factor.PASSWORD, UNTIL),)),
    SignedIn(CONTACT, Proof("user-1", ())),
    PasswordChanged(CONTACT),
    PasswordRejected((Violation(Flaw.TOO_SHORT, "S24", "Longer."),)),
]


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda outcome: type(outcome).__name__)
def test_an_outcome_never_changes_and_is_hashable(outcome: object) -> None:
    for field in attrs.fields(type(outcome)):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(outcome, field.name, None)
    assert hash(outcome) == hash(attrs.evolve(outcome))


def test_a_refusal_is_the_installations_unless_it_says_otherwise() -> None:
    refused = Refused(Reason.UNKNOWN, "D11")
    assert (refused.until, refused.levels, refused.user_id) == (None, frozenset({Level.INSTALLATION}), None)


def test_no_outcome_can_be_mistaken_for_yes_by_its_truth() -> None:
    assert not hasattr(Refused, "__bool__")
    assert [type(outcome).__name__ for outcome in OUTCOMES if isinstance(outcome, SignedIn)] == ["SignedIn"]
