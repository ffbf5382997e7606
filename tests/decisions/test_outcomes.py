"""What the doors answer: one public text for every name and state, the reason for the log, frozen values."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest

from mydso_access.decisions.outcomes import (
    AddressCodeRequired,
    Busy,
    BusyBecause,
    DueBecause,
    Enrolled,
    EnrolmentRequired,
    Factor,
    NewPasswordRequired,
    PasswordChanged,
    PasswordRejected,
    Proof,
    Refused,
    SecondFactorRequired,
    SignedIn,
    SteppedUp,
)
from mydso_access.decisions.password import Flaw, Violation
from mydso_access.decisions.wording import TOLD, TOLD_WHEN_PROVEN
from mydso_access.errors import InvalidValue
from mydso_access.model import AddressCodeMessage, Category, Reason, Secret, Structure, User
from mydso_access.policy import Level, Recipient
from mydso_access.policy.fixed import EARLIEST, TICK

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
    Reason.NOT_BY_SSO,
    Reason.UNREADABLE_RECORD,
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
    assert set(TOLD) | {Reason.ADDRESS_BLOCKED} == told
    assert set(Reason) - told == set(OF_A_SIGN_IN)


# What strangers need not tell apart: why an assertion is not taken, or what became of a link.
TOLD_ALIKE = [
    frozenset({Reason.STALE_ASSERTION, Reason.REPLAYED_ASSERTION}),
    frozenset({Reason.DEAD_TOKEN, Reason.REVOKED_LINK, Reason.GRANTER_LOST_RIGHT, Reason.NO_RESOURCE}),
]


@pytest.mark.parametrize("reason", TOLD)
def test_what_is_told_is_one_plain_sentence_or_two_of_its_own(reason: Reason) -> None:
    message = Refused(reason, "S1", UNTIL, frozenset(Level), "c4nary").public_message
    assert message == message.strip().capitalize()[:1] + message[1:]
    assert message.endswith(".")
    assert "c4nary" not in message
    assert f"{TOLD[reason]} Try again after 2026-03-02 10:14 UTC." == message
    assert TOLD[reason] == Refused(reason, "S1").public_message
    same = frozenset(each for each in TOLD if TOLD[each] == TOLD[reason])
    assert next((group for group in TOLD_ALIKE if reason in group), frozenset({reason})) == same


@pytest.mark.parametrize("reason", TOLD_WHEN_PROVEN)
def test_d2_that_an_account_is_blocked_is_told_only_to_who_has_proven_the_first_factor(reason: Reason) -> None:
    assert PLAIN == Refused(reason, "S36", UNTIL).public_message
    proven = Refused(reason, "S36", UNTIL, user_id="c4nary", first_factor_proven=True).public_message
    assert f"{TOLD_WHEN_PROVEN[reason]} Try again after 2026-03-02 10:14 UTC." == proven
    assert TOLD_WHEN_PROVEN[reason] == Refused(reason, "D4", first_factor_proven=True).public_message


@pytest.mark.parametrize("reason", [each for each in Reason if each not in TOLD_WHEN_PROVEN])
def test_no_other_reason_reads_otherwise_for_who_has_proven_the_first_factor(reason: Reason) -> None:
    for until in (None, UNTIL):
        refused = Refused(reason, "S1", until)
        assert refused.public_message == attrs.evolve(refused, first_factor_proven=True).public_message


def test_a_blocked_address_may_be_told_since_it_depends_on_no_name_s37() -> None:
    message = "Too many failed sign-ins from your network address. Try again after 2026-03-02 10:14 UTC."
    assert Refused(Reason.ADDRESS_BLOCKED, "S37", UNTIL).public_message == message
    assert Refused(Reason.ADDRESS_BLOCKED, "S37", UNTIL, user_id="user-1").public_message == message
    assert (
        "Too many failed sign-ins from your network address." == Refused(Reason.ADDRESS_BLOCKED, "S37").public_message
    )


@pytest.mark.parametrize("later", [TICK, timedelta(seconds=37), timedelta(minutes=1) - TICK, timedelta(minutes=1)])
def test_the_instant_told_is_not_before_the_end_of_the_block(later: timedelta) -> None:
    assert "10:15 UTC" in Refused(Reason.ADDRESS_BLOCKED, "S37", UNTIL + later).public_message


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
            "address_blocked (S37, installation); free again at 2026-03-02T10:14:01+00:00",
        ),
        (
            Refused(Reason.ACCOUNT_BUSY, "S36"),
            "account_busy (S36, installation); other attempts on this name are being evaluated, try again in a moment",
        ),
        (
            Refused(Reason.INVITED, "S12"),
            "invited (S12, installation); free once the password is created from the invitation, or from a new one if it has lapsed",
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
            Refused(Reason.MORE_RIGHTS, "A13"),
            "more_rights (A13, installation); nobody edits, or makes, whoever may do more",
        ),
        (
            Refused(Reason.NO_STRUCTURE, "S16"),
            "no_structure (S16, installation); there is none of exactly this id and kind, or no platform, which a second entity needs",
        ),
        (
            Refused(Reason.WRONG_CATEGORY, "S2"),
            "wrong_category (S2, installation); an entity has active users and contacts, the platform multi-entity users; contacts have no login",
        ),
        (
            Refused(Reason.INSTALLATION_ONLY, "S38", settings=("lockout.account.failures", "names.min_length")),
            "installation_only (S38, installation): lockout.account.failures, names.min_length",
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


TOKEN = Secret("c4nary token")
SMS = AddressCodeMessage(to="+33600000000", name="anna", address="192.0.2.1", code=Secret("c4nary code"), until=UNTIL)
OUTCOMES = [
    Refused(Reason.UNKNOWN, "D11"),
    Busy(BusyBecause.LAPSED),
    Proof("user-1", ((Factor.PASSWORD, UNTIL),)),
    SignedIn(CONTACT, Proof("user-1", ())),
    SteppedUp(Proof("user-1", ())),
    Enrolled(CONTACT, Proof("user-1", ())),
    AddressCodeRequired(sign_in=TOKEN, until=UNTIL, validator=Recipient.ADMINISTRATOR, messages=(SMS,)),
    SecondFactorRequired(sign_in=TOKEN, until=UNTIL),
    EnrolmentRequired(sign_in=TOKEN, until=UNTIL, uri=Secret("c4nary uri"), seed=Secret("c4nary seed")),
    NewPasswordRequired(sign_in=TOKEN, until=UNTIL, because=DueBecause.AGE),
    PasswordChanged(CONTACT, Proof("user-1", ())),
    PasswordRejected((Violation(Flaw.TOO_SHORT, "S24", "Longer."),)),
]


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda outcome: type(outcome).__name__)
def test_an_outcome_never_changes_and_is_hashable(outcome: object) -> None:
    for field in attrs.fields(type(outcome)):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(outcome, field.name, None)
    assert hash(outcome) == hash(attrs.evolve(outcome))


def test_every_answer_has_messages_to_send_which_may_be_none() -> None:
    for outcome in (*OUTCOMES, PasswordRejected(())):
        assert isinstance(outcome, Proof) or isinstance(outcome.messages, tuple)
    assert () == PasswordRejected((Violation(Flaw.TOO_SHORT, "S24", "Longer."),)).messages


def test_a_refusal_is_the_installations_unless_it_says_otherwise() -> None:
    refused = Refused(Reason.UNKNOWN, "D11")
    assert (refused.until, refused.levels, refused.user_id) == (None, frozenset({Level.INSTALLATION}), None)
    assert (refused.first_factor_proven, refused.messages, refused.settings) == (False, (), ())


@pytest.mark.parametrize("outcome", [Refused(Reason.ACCOUNT_BLOCKED, "S36"), Busy(BusyBecause.LAPSED)])
def test_what_was_changed_before_it_came_to_a_no_is_told_of_all_the_same(outcome: Refused | Busy) -> None:
    assert () == outcome.messages
    telling = attrs.evolve(outcome, messages=(SMS,))
    assert (SMS,) == telling.messages
    assert outcome.public_message == telling.public_message


def test_no_outcome_can_be_mistaken_for_yes_by_its_truth() -> None:
    assert not hasattr(Refused, "__bool__")
    assert [type(outcome).__name__ for outcome in OUTCOMES if isinstance(outcome, SignedIn)] == ["SignedIn"]


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda outcome: type(outcome).__name__)
def test_no_outcome_shows_a_token_a_seed_or_a_code(outcome: object) -> None:
    for text in (repr(outcome), str(outcome), repr(attrs.asdict(outcome))):
        assert "c4nary" not in text


def test_asvs_7_2_4_whoever_is_signed_in_gets_a_new_session() -> None:
    assert SignedIn(CONTACT, Proof("user-1", ())).rotate_session is True


# --- since when a proof stands

LATER = UNTIL + timedelta(minutes=3)
FACTORS = ((Factor.TOTP, LATER), (Factor.PASSWORD, UNTIL), (Factor.ADDRESS_CODE, LATER))


def test_a_proof_is_of_the_instant_of_its_earliest_factor_unless_it_was_found_to_stand_later() -> None:
    assert UNTIL == Proof("user-1", FACTORS).issued_at
    assert LATER == Proof("user-1", FACTORS, LATER).issued_at
    assert EARLIEST == Proof("user-1", ()).issued_at  # of nothing, so that nothing is as old


def test_since_when_a_proof_stands_is_kept_in_utc() -> None:
    east = LATER.astimezone(timezone(timedelta(hours=9)))
    assert (LATER, UTC) == (Proof("u", FACTORS, east).issued_at, Proof("u", FACTORS, east).issued_at.tzinfo)
    with pytest.raises(InvalidValue, match=r"^Proof\.issued_at is .*: expected a timezone-aware datetime"):
        Proof("u", FACTORS, LATER.replace(tzinfo=None))


@pytest.mark.parametrize(
    "user_id",
    [None, 5, b"user-1", ("user-1",), type("Text", (str,), {})("user-1")],
    ids=lambda each: type(each).__name__,
)
def test_a_proof_is_of_a_user_whose_id_is_text(user_id: Any) -> None:
    with pytest.raises(InvalidValue) as refused:
        Proof(user_id, FACTORS)
    assert "Proof.user_id" == refused.value.field
    with pytest.raises(InvalidValue):
        Proof(user_id, FACTORS, LATER)


NAIVE = UNTIL.replace(tzinfo=None)


@pytest.mark.parametrize(
    "factors",
    [
        None,
        "password",
        [(Factor.PASSWORD, UNTIL)],
        {Factor.PASSWORD: UNTIL},
        (Factor.PASSWORD, UNTIL),
        (Factor.PASSWORD,),
        ((Factor.PASSWORD,),),
        ([Factor.PASSWORD, UNTIL],),
        ((Factor.PASSWORD, UNTIL, UNTIL),),
        (("password", UNTIL),),
        ((None, UNTIL),),
        ((Factor.PASSWORD, NAIVE),),
        ((Factor.PASSWORD, UNTIL.isoformat()),),
        ((Factor.PASSWORD, UNTIL.timestamp()),),
        ((Factor.PASSWORD, None),),
        ((Factor.PASSWORD, UNTIL), (Factor.TOTP, NAIVE)),
    ],
    ids=repr,
)
def test_a_proof_that_a_session_was_read_back_wrongly_for_is_misuse_d12(factors: Any) -> None:
    for more in ((), (LATER,)):
        with pytest.raises(InvalidValue) as refused:
            Proof("user-1", factors, *more)
        assert "Proof.factors" == refused.value.field


def test_the_instants_of_factors_may_be_of_any_zone() -> None:
    east = ((Factor.PASSWORD, UNTIL.astimezone(timezone(timedelta(hours=9)))),)
    assert UNTIL == Proof("user-1", east).issued_at
    assert Proof("user-1", ((Factor.PASSWORD, UNTIL),)) == Proof("user-1", east)


def test_a_session_is_over_once_its_proof_its_login_or_its_structure_counts_no_more() -> None:
    over = {reason for reason in Reason if Refused(reason, "D12").ends_session}
    assert {Reason.OUTDATED_PROOF, Reason.DORMANT, Reason.NO_HOME} == over
