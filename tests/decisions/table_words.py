"""What is given to the library and what it answers, in the words of the sign-in table."""

from collections.abc import Callable
from typing import Any

from attrs import frozen

from mydso_access.decisions.membership import Entered
from mydso_access.decisions.outcomes import Busy, PasswordRejected, Refused, SignedIn
from mydso_access.decisions.sign_in import Judge, SecretVerdict
from mydso_access.decisions.steps import AddressCode, Enrolment, NewPassword, SecondFactorCode
from mydso_access.flows.enrolment import _Confirmation
from mydso_access.flows.second_factor import _Code, _RecoveryCode
from mydso_access.model import SignIn, User
from mydso_access.policy.addresses import Recipient
from tests.decisions.table import Answer

TRIES: dict[str, tuple[type[Any], SecretVerdict]] = {
    "code right": (_Code, SecretVerdict.RIGHT),
    "code wrong": (_Code, SecretVerdict.WRONG),
    "code used": (_Code, SecretVerdict.USED),
    "seed unusable": (_Code, SecretVerdict.UNUSABLE),
    "first code right": (_Confirmation, SecretVerdict.RIGHT),
    "first code wrong": (_Confirmation, SecretVerdict.WRONG),
    "first seed unusable": (_Confirmation, SecretVerdict.UNUSABLE),
    "recovery right": (_RecoveryCode, SecretVerdict.RIGHT),
    "recovery wrong": (_RecoveryCode, SecretVerdict.WRONG),
    "recovery used": (_RecoveryCode, SecretVerdict.WRONG),
    "recovery unusable": (_RecoveryCode, SecretVerdict.UNUSABLE),
}
RIGHTLY: dict[type[Any], str] = {
    AddressCode: "address code right",
    SecondFactorCode: "code right",
    Enrolment: "first code right",
    NewPassword: "new password good",
}


@frozen
class Asked:
    """A step was asked for."""

    owed: str


@frozen
class Tried:
    """What a try led to, and what became of its charges."""

    outcome: Any
    address: str = "–"
    account: str = "–"
    codes: str = "–"
    hash: str = "–"


@frozen
class Try:
    """What the gate is given of one attempt."""

    judged: Judge
    verdict: SecretVerdict
    grant: Callable[[User], Any]
    is_guess: bool = True
    hashed: bool = False
    with_codes: bool = False


def in_words(outcome: Any, charges: dict[str, str], sign_in: SignIn | None) -> Answer:
    """Return an outcome in the table's words."""
    match outcome:
        case SignedIn(proof=proof) | Entered(proof=proof):
            told = "signed in" if isinstance(outcome, SignedIn) else "entered"
            proven = ", ".join(sorted({factor.value for factor, _ in proof.factors}))
            by = {each.validator for each in (() if sign_in is None else sign_in.approvals)}
            words = {Recipient.ADMINISTRATOR: "shared", Recipient.USER: "personal"}
            return Answer(told, **charges, proven=proven, remembered=", ".join(sorted(words[each] for each in by)))
        case Refused(reason=reason, rule=rule, levels=levels):
            named = ", ".join(sorted(level.value for level in levels))
            return Answer("refused", reason.value, rule, levels=named, **charges)
        case Busy():
            return Answer("busy", **charges)
        case PasswordRejected():
            return Answer("rejected", **charges)
        case Asked(owed=owed):
            return Answer("step", owed=owed, **charges)
    raise AssertionError(outcome)
