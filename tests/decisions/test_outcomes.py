"""What the doors answer: one public text for every name and state, the reason for the log, frozen values."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from mydso_access.decisions.outcomes import (
    TOLD,
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
CONTACT = User(id="user-1", category=Category.INACTIVE, structure=Structure.entity("e"), role="guest")
PLAIN = "The name or the password is not right."


# What nobody may learn who only knows a name: a sign-in's reasons, and those that a password change shares with it.
OF_A_SIGN_IN = [
    Reason.MALFORMED,
    Reason.ACCOUNT_BLOCKED,
    Reason.ACCOUNT_BUSY,
    Reason.UNKNOWN,
    Reason.INACTIVE,
    Reason.INVITED,
    Reason.DISABLED,
    Reason.NO_HOME,
    Reason.SSO_ONLY,
    Reason.DORMANT,
    Reason.NO_PASSWORD,
    Reason.UNUSABLE_CREDENTIAL,
    Reason.WRONG_SECRET,
]


@pytest.mark.parametrize("reason", OF_A_SIGN_IN)
@pytest.mark.parametrize("until", [None, UNTIL], ids=["for good", "until"])
@pytest.mark.parametrize("user_id", [None, "user-1"])
def test_every_reason_of_a_sign_in_reads_the_same_outside_whoever_it_is_about_d2(
    reason: Reason, until: datetime | None, user_id: str | None
) -> None:
    refused = Refused(reason, "S36", until, frozenset(Level), user_id)
    assert refused.public_message == PLAIN


def test_what_may_be_told_is_told_to_people_who_are_signed_in_or_hold_a_link() -> None:
    told = {reason for reason in Reason if Refused(reason, "S1").public_message != PLAIN}
    assert told.isdisjoint(OF_A_SIGN_IN)
    assert set(TOLD) == told
    assert set(Reason) - told - set(OF_A_SIGN_IN) == {Reason.ADDRESS_BLOCKED}


@pytest.mark.parametrize("reason", TOLD)
def test_what_is_told_is_one_plain_sentence_or_two_of_its_own(reason: Reason) -> None:
    message = Refused(reason, "S1", UNTIL, frozenset(Level), "c4nary").public_message
    assert message == message.strip().capitalize()[:1] + message[1:]
    assert message.endswith(".")
    assert "c4nary" not in message
    assert [reason] == [each for each in TOLD if TOLD[each] == message]


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
            Refused(Reason.DORMANT, "S25", levels=frozenset({Level.ENTITY})),
            "dormant (S25, entity); free once an administrator enables the login",
        ),
        (Refused(Reason.SSO_ONLY, "A24"), "sso_only (A24, installation); this user comes by single sign-on"),
        (Refused(Reason.LAPSED, "S9"), "lapsed (S9, installation); free once a new message is sent"),
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
    PasswordChanged(CONTACT, Proof("user-1", ())),
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
