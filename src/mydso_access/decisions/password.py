"""What a password may be: its form at every look, its composition when it is set (S8, S24; D1, D11)."""

import unicodedata
from enum import Enum

from attrs import frozen

from mydso_access.errors import InvalidValue
from mydso_access.model.secret import Secret, wrapped
from mydso_access.policy.fixed import PASSWORD_LENGTH_CAP
from mydso_access.policy.passwords import PasswordPolicy


class Flaw(Enum):
    """What a new password may lack."""

    MALFORMED = "malformed"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    NO_LETTER = "no_letter"
    NO_DIGIT = "no_digit"
    NO_UPPERCASE = "no_uppercase"
    NO_LOWERCASE = "no_lowercase"
    NO_SPECIAL = "no_special"
    UNCHANGED = "unchanged"
    COMMON = "common"
    NAMES = "names"
    REUSED = "reused"


@frozen
class Violation:
    """One thing that is wrong with a new password, or that would make it better.

    Attributes:
        flaw: what it is.
        rule: the rule it comes from.
        advice: what to do, for the person who chooses the password.
    """

    flaw: Flaw
    rule: str
    advice: str


@frozen
class PasswordReview:
    """Everything that can be said of a new password.

    Attributes:
        violations: what forbids it, all of it.
        warnings: what would make it better, without forbidding it.
    """

    violations: tuple[Violation, ...]
    warnings: tuple[Violation, ...] = ()


def prepared(password: Secret[str]) -> Secret[bytes] | None:
    """Return the bytes that are hashed: UTF-8 of the NFC of the whole password; `None` if it cannot be one (D11).

    Empty, over-long or holding a lone surrogate cannot be one. Nothing else is changed, trimmed or cut.

    Raises:
        InvalidValue: it is no text; the message names its type only.
    """
    kind = type(password.reveal())
    if kind is not str:  # before the value has a name that a traceback could show
        raise InvalidValue("password", kind.__name__, "text (str)")
    text = password.reveal()
    if not 0 < len(text) <= PASSWORD_LENGTH_CAP:  # D11: before NFC, which hostile input makes slow
        return None
    try:
        return Secret(unicodedata.normalize("NFC", text).encode())
    except UnicodeEncodeError:
        return None  # D11: a lone surrogate


def review_password(password: str | Secret[str], policy: PasswordPolicy) -> PasswordReview:
    """Say everything that is wrong with a new password, and what would make it better.

    Letters are Unicode letters; special is whatever is neither letter, digit, number nor white space; lengths are code
    points after NFC (A5).

    Args:
        password: the password to be set.
        policy: lengths and composition.
    """
    form = prepared(wrapped(password))
    if form is None:
        advice = f"Use {policy.min_length} to {policy.max_length} characters of ordinary text."
        return PasswordReview((Violation(Flaw.MALFORMED, "D11", advice),))
    text = form.reveal().decode()
    lacking = _lacking(text)
    violations = list(_length(text, policy))
    if policy.composition_binds:  # D1
        violations += [violation for violation in lacking if violation.flaw is not Flaw.NO_LOWERCASE]  # S24
        if policy.require_lowercase:
            violations += [violation for violation in lacking if violation.flaw is Flaw.NO_LOWERCASE]  # S8
    return PasswordReview(tuple(violations), tuple(flaw for flaw in lacking if flaw not in violations))


def review_change(old: Secret[str], new: Secret[str], policy: PasswordPolicy) -> PasswordReview:
    """Say everything that is wrong with a new password that replaces `old`: it must differ, too (A18).

    Args:
        old: the password as given for the present one, right or not.
        new: the password to be set.
        policy: lengths and composition.
    """
    review = review_password(new, policy)
    if prepared(old) != prepared(new):  # A18
        return review
    unchanged = Violation(Flaw.UNCHANGED, "A18", "Choose a password that differs from the present one.")
    return PasswordReview((*review.violations, unchanged), review.warnings)


def _length(text: str, policy: PasswordPolicy) -> list[Violation]:
    if len(text) < policy.min_length:
        return [Violation(Flaw.TOO_SHORT, "S24", f"Use at least {policy.min_length} characters.")]
    if len(text) > policy.max_length:
        return [Violation(Flaw.TOO_LONG, "D13", f"Use at most {policy.max_length} characters.")]
    return []


def _lacking(text: str) -> list[Violation]:
    lacking = []
    if not any(character.isalpha() for character in text):
        lacking.append(Violation(Flaw.NO_LETTER, "S24", "Use at least one letter."))
    if not any(character.isdecimal() for character in text):
        lacking.append(Violation(Flaw.NO_DIGIT, "S24", "Use at least one digit."))
    if not any(character.isalpha() and character.isupper() for character in text):
        lacking.append(Violation(Flaw.NO_UPPERCASE, "S24", "Use at least one uppercase letter."))
    if not any(character.isalpha() and character.islower() for character in text):
        lacking.append(Violation(Flaw.NO_LOWERCASE, "S8", "Use at least one lowercase letter."))
    if all(character.isalnum() or character.isspace() for character in text):
        lacking.append(Violation(Flaw.NO_SPECIAL, "S24", "Use at least one special character, such as ! or €."))
    return lacking
