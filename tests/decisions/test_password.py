"""What a password may be: S24 with every violation's rule and advice, S8's advice, its form, its length (D1, D11, D13)."""

import json
import time
import unicodedata
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mydso_access.decisions.password import Flaw, PasswordReview, Violation, prepared, review_change, review_password
from mydso_access.errors import InvalidValue
from mydso_access.model import Secret
from mydso_access.policy import Composition, PasswordPolicy, SecurityPolicy, with_setting

POLICY = PasswordPolicy()
VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "password.json").read_text("utf-8"))["vectors"]


def review(password: str, policy: PasswordPolicy = POLICY) -> PasswordReview:
    return review_password(Secret(password), policy)


def flaws(found: tuple[Violation, ...]) -> list[Flaw]:
    return [violation.flaw for violation in found]


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["why"] for vector in VECTORS])
def test_every_vector_is_judged_as_published(vector: dict[str, Any]) -> None:
    policy = SecurityPolicy()
    for name, text in vector["settings"].items():
        policy = with_setting(policy, f"passwords.{name}", text)
    found = review(vector["password"], policy.passwords)
    assert vector["violations"] == [[each.flaw.value, each.rule] for each in found.violations]
    assert vector["warnings"] == [[each.flaw.value, each.rule] for each in found.warnings]


def test_the_vectors_show_every_flaw_that_one_password_can_have() -> None:
    shown = {flaw for vector in VECTORS for flaw, _ in vector["violations"]}
    assert shown == {flaw.value for flaw in Flaw} - {"unchanged", "common", "names", "reused"}


ADVICE = {
    Flaw.MALFORMED: ("", "D11", "Use 9 to 128 characters of ordinary text."),
    Flaw.TOO_SHORT: ("Abcd12!", "S24", "Use at least 9 characters."),
    Flaw.TOO_LONG: ("Abcd12!x" * 17, "D13", "Use at most 128 characters."),
    Flaw.NO_LETTER: ("12345678!", "S24", "Use at least one letter."),
    Flaw.NO_DIGIT: ("Abcdefgh!", "S24", "Use at least one digit."),
    Flaw.NO_UPPERCASE: ("abcdef12!", "S24", "Use at least one uppercase letter."),
    Flaw.NO_SPECIAL: ("Abcdefg12", "S24", "Use at least one special character, such as ! or €."),
}


@pytest.mark.parametrize("flaw", ADVICE, ids=lambda flaw: flaw.value)
def test_every_violation_carries_its_rule_and_advice_s24(flaw: Flaw) -> None:
    password, rule, advice = ADVICE[flaw]
    assert Violation(flaw, rule, advice) in review(password).violations


def test_the_advice_names_the_policys_own_figures() -> None:
    policy = PasswordPolicy(min_length=12, max_length=64)
    assert review("x", policy).violations[0].advice == "Use at least 12 characters."
    assert review("x" * 65, policy).violations[0].advice == "Use at most 64 characters."
    assert review("", policy).violations[0].advice == "Use 12 to 64 characters of ordinary text."


def test_lowercase_missing_is_a_warning_unless_required_s8_a5() -> None:
    missing = Violation(Flaw.NO_LOWERCASE, "S8", "Use at least one lowercase letter.")
    assert review("ABCDEF12!") == PasswordReview((), (missing,))
    assert review("ABCDEF12!", PasswordPolicy(require_lowercase=True)) == PasswordReview((missing,), ())


@pytest.mark.parametrize("composition", [Composition.NEVER, Composition.WITH_ROTATION])
@pytest.mark.parametrize("require_lowercase", [True, False])
def test_without_a_binding_composition_all_of_it_is_advice_d1(
    composition: Composition, require_lowercase: bool
) -> None:
    policy = PasswordPolicy(composition=composition, require_lowercase=require_lowercase)
    found = review(" " * 9, policy)
    assert found.violations == ()
    expected = [Flaw.NO_LETTER, Flaw.NO_DIGIT, Flaw.NO_UPPERCASE, Flaw.NO_LOWERCASE, Flaw.NO_SPECIAL]
    assert expected == flaws(found.warnings)


bounds = st.integers(8, 64).flatmap(lambda least: st.tuples(st.just(least), st.integers(64, 256)))


@given(bounds, st.integers(1, 1024), st.sampled_from("aA1!\u00e9\U0001f600"))
@example((9, 128), 8, "a")
@example((9, 128), 9, "a")
@example((9, 128), 128, "a")
@example((9, 128), 129, "a")
def test_length_is_bounded_in_code_points_on_both_sides_s24_d13(
    least_greatest: tuple[int, int], length: int, character: str
) -> None:
    least, greatest = least_greatest
    found = flaws(review(character * length, PasswordPolicy(min_length=least, max_length=greatest)).violations)
    assert (Flaw.TOO_SHORT in found) is (length < least)
    assert (Flaw.TOO_LONG in found) is (length > greatest)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40), st.sampled_from(Composition), st.booleans())
def test_a_review_says_each_thing_once_either_as_violation_or_as_warning(
    password: str, composition: Composition, require_lowercase: bool
) -> None:
    policy = PasswordPolicy(composition=composition, require_lowercase=require_lowercase)
    found = review(password, policy)
    every = flaws(found.violations) + flaws(found.warnings)
    assert len(set(every)) == len(every)
    text = unicodedata.normalize("NFC", password)
    categories = {unicodedata.category(character) for character in text}
    assert (Flaw.NO_LETTER in every) is all(category[0] != "L" for category in categories)
    assert (Flaw.NO_DIGIT in every) is ("Nd" not in categories)
    assert not ("Lu" in categories and Flaw.NO_UPPERCASE in every)
    assert not ("Ll" in categories and Flaw.NO_LOWERCASE in every)
    assert Flaw.NO_UPPERCASE in every or any(character.isupper() for character in text)
    assert Flaw.NO_LOWERCASE in every or any(character.islower() for character in text)
    assert (Flaw.NO_SPECIAL in every) is all(unicodedata.category(c)[0] in "LN" or c.isspace() for c in text)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=20))
def test_every_unicode_form_of_a_password_gets_the_same_review(password: str) -> None:
    assert review(password) == review(unicodedata.normalize("NFC", password))
    assert review(password) == review(unicodedata.normalize("NFD", password))


def test_a_review_shows_nothing_of_the_password() -> None:
    assert "c4nary" not in repr(review("c4nary"))
    assert "c4nary" not in repr(review_change(Secret("c4nary"), Secret("c4nary"), POLICY))


# --- the form


def form(password: Any) -> bytes | None:
    secret = prepared(Secret(password))
    return None if secret is None else secret.reveal()


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("a", b"a"),
        (" a ", b" a "),
        ("a\0b", b"a\0b"),
        ("\0", b"\0"),
        ("\r\n", b"\r\n"),
        ("\u00e9", b"\xc3\xa9"),
        ("e\u0301", b"\xc3\xa9"),
        ("\u212b", b"\xc3\x85"),
        ("\ufb01", b"\xef\xac\x81"),
        ("fi", b"fi"),
        ("\uff41", b"\xef\xbd\x81"),
        ("\U0001f600", b"\xf0\x9f\x98\x80"),
        ("\ufeffa", b"\xef\xbb\xbfa"),
        ("ABC", b"ABC"),
    ],
    ids=ascii,
)
def test_the_bytes_are_utf8_of_nfc_and_nothing_else_is_changed_d11(password: str, expected: bytes) -> None:
    assert form(password) == expected


@pytest.mark.parametrize(
    "password",
    ["", "\ud800", "a\udfffb", "\udc00\ud800", chr(0xD83D) + chr(0xDE00), "a" * 1025, "e\u0301" * 513, "a" * 10**6],
    ids=lambda text: f"{len(text)} of {text[:2]!a}",
)
def test_empty_over_long_and_lone_surrogates_cannot_be_a_password_d11(password: str) -> None:
    assert form(password) is None
    assert flaws(review(password).violations) == [Flaw.MALFORMED]
    assert review(password).warnings == ()


@pytest.mark.parametrize(("length", "can_be_one"), [(0, False), (1, True), (1023, True), (1024, True), (1025, False)])
@pytest.mark.parametrize("character", ["a", "\U0001f600"], ids=ascii)
def test_the_cap_at_a_look_is_1024_code_points_as_given_d11_d13(length: int, can_be_one: bool, character: str) -> None:
    assert (form(character * length) is not None) is can_be_one


def test_nothing_is_cut_at_the_cap() -> None:
    assert form("a" * 1023 + "b") == b"a" * 1023 + b"b"
    assert len(form("\U0001f600" * 1024) or b"") == 4096


def test_a_lowered_maximum_locks_nobody_out_d13() -> None:
    password = "Aa1!" * 64
    assert flaws(review(password, PasswordPolicy(max_length=64)).violations) == [Flaw.TOO_LONG]
    assert form(password) == password.encode()


def test_a_megabyte_of_hostile_marks_is_refused_before_it_is_normalised() -> None:
    hostile = "a" + "\u0327\u0301" * 500_000
    began = time.perf_counter()
    assert form(hostile) is None
    assert time.perf_counter() - began < 0.05


class Text(str):
    """A subclass may normalise as it likes."""

    __slots__ = ()


@pytest.mark.parametrize("wrong", [None, 12345678, True, b"Abcdef12!", ["c4nary"], Text("c4nary"), 1.5], ids=repr)
def test_what_is_no_text_is_misuse_and_the_message_shows_only_its_type(wrong: Any) -> None:
    for look in (prepared, lambda secret: review_password(secret, POLICY)):
        with pytest.raises(InvalidValue) as refused:
            look(Secret(wrong))
        assert str(refused.value) == f"password is {type(wrong).__name__}: expected text (str)"


@given(st.text(max_size=60))
def test_whatever_the_text_its_form_is_utf8_or_none(text: str) -> None:
    found = form(text)
    surrogates = any(unicodedata.category(character) == "Cs" for character in text)
    assert (found is None) is (not text or surrogates)
    if found is not None:
        assert found.decode() == unicodedata.normalize("NFC", text)


# --- a change


GOOD, OTHER = "Abcdef12!", "Ghijkl34?"
UNCHANGED = Violation(Flaw.UNCHANGED, "A18", "Choose a password that differs from the present one.")


@pytest.mark.parametrize(
    ("old", "new", "unchanged"),
    [
        (GOOD, OTHER, False),
        (GOOD, GOOD, True),
        (GOOD, GOOD.lower(), False),
        (GOOD, f"{GOOD} ", False),
        ("\u00c9bcdef12!", "E\u0301bcdef12!", True),
        ("Abcdef12\ufb01!", "Abcdef12fi!", False),
        ("", OTHER, False),
        ("\ud800", OTHER, False),
        ("x" * 1025, OTHER, False),
        (GOOD, "", False),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_a_new_password_must_differ_from_the_present_one_a18(old: str, new: str, unchanged: bool) -> None:
    found = review_change(Secret(old), Secret(new), POLICY)
    assert (found.violations[-1:] == (UNCHANGED,)) is unchanged
    plain = review(new)
    assert found == PasswordReview((*plain.violations, *([UNCHANGED] if unchanged else [])), plain.warnings)


def test_being_unchanged_stands_beside_everything_else_that_is_wrong() -> None:
    found = review_change(Secret("ABC"), Secret("ABC"), POLICY)
    assert flaws(found.violations) == [Flaw.TOO_SHORT, Flaw.NO_DIGIT, Flaw.NO_SPECIAL, Flaw.UNCHANGED]
    assert flaws(found.warnings) == [Flaw.NO_LOWERCASE]


def test_reviews_never_change() -> None:
    for value, field in ((review("x"), "violations"), (UNCHANGED, "flaw")):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(value, field, ())


# --- letters, digits and specials at the edges of Unicode


@pytest.mark.parametrize("symbol", ["\u24b6", "\u2167", "\U0001f130"], ids=ascii)
def test_a_symbol_that_is_no_letter_is_no_uppercase_letter_s24(symbol: str) -> None:
    assert Flaw.NO_UPPERCASE in flaws(review(f"abcdef1!{symbol}").violations)
