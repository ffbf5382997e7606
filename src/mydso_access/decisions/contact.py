"""What people give of themselves: login names as they are created, e-mail addresses, mobile numbers (S5; A3)."""

import re
import unicodedata

from mydso_access.decisions.naming import canonical_name
from mydso_access.errors import InvalidValue, shown
from mydso_access.policy.fixed import EMAIL_LENGTH_CAP, MOBILE_DIGITS
from mydso_access.policy.names import NamePolicy

# What a mail program could take for more than one address, or for a header of its own.
EMAIL = re.compile(r"[^\s@<>()\[\],;:\\\"]+@[^\s@<>()\[\],;:\\\"]+\.[^\s@<>()\[\],;:\\\".]{2,}")
BETWEEN_DIGITS = re.compile(r"[ .\-/()]")


def new_name(name: str, policy: NamePolicy) -> str:
    """Return the canonical form of a name that is being created.

    Args:
        name: the name as given.
        policy: its length and what it may be made of (A3).

    Raises:
        InvalidValue: it cannot be a new name.
    """
    canonical = canonical_name(name, policy)
    if canonical is None:
        expected = f"a name of {policy.min_length} to {policy.max_length} printable characters"
        raise InvalidValue("name", shown(name), expected)
    if len(canonical) < policy.min_length:  # A3
        raise InvalidValue("name", shown(name), f"at least {policy.min_length} characters")
    if any(not (character.isalnum() or character in policy.special) for character in canonical):  # A3
        raise InvalidValue("name", shown(name), f"letters, digits and {policy.special}")
    return canonical


def parse_email(address: str) -> str:
    """Return the one form of an e-mail address: NFC, its domain in lower case.

    Only a message can tell whether it exists; this refuses what is none, or what could be two.

    Raises:
        InvalidValue: it is no address.
    """
    expected = "an e-mail address such as anna.petit@example.com"
    if type(address) is not str or len(address) > EMAIL_LENGTH_CAP:
        raise InvalidValue("email", shown(address), f"{expected}, of at most {EMAIL_LENGTH_CAP} characters")
    text = unicodedata.normalize("NFC", address.strip())
    # A mail program may take a full-width comma or at sign for the character that it looks like.
    if not (_is_one_address(text) and _is_one_address(unicodedata.normalize("NFKC", text))):
        raise InvalidValue("email", shown(address), expected)
    local, _, domain = text.rpartition("@")
    return f"{local}@{domain.lower()}"


def parse_mobile(number: str) -> str:
    """Return the one form of a mobile number: `+`, the country's code, the number, without anything between digits.

    Raises:
        InvalidValue: it is no number in international form.
    """
    expected = "a number in international form, such as +33 6 12 34 56 78"
    if type(number) is not str or "(0)" in number:  # nobody dials the zero of +33 (0)6
        raise InvalidValue("mobile", shown(number), expected)
    text = BETWEEN_DIGITS.sub("", number.strip())
    digits = text.removeprefix("+")
    if text == digits or not (digits.isascii() and digits.isdigit()) or digits.startswith("0"):
        raise InvalidValue("mobile", shown(number), expected)
    if len(digits) not in MOBILE_DIGITS:
        raise InvalidValue(
            "mobile", shown(number), f"{expected}: {MOBILE_DIGITS.start} to {MOBILE_DIGITS.stop - 1} digits"
        )
    return text


def _is_one_address(text: str) -> bool:
    # No dot begins or ends one of the halves, or follows another.
    return EMAIL.fullmatch(text) is not None and text.isprintable() and ".." not in f".{text}".replace("@", ".@.")
