"""Names and addresses: one canonical form for each, and counter keys that never coincide (D5, D11)."""

import sys
import time
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mydso_access.decisions.naming import canonical_name
from mydso_access.errors import InvalidValue
from mydso_access.policy import LockoutPolicy, NamePolicy

NAMES, LOCKOUT = NamePolicy(), LockoutPolicy()
SHORT = NamePolicy(max_length=16)


def canonical(name: Any, policy: NamePolicy = NAMES) -> str | None:
    return canonical_name(name, policy)


# --- names


@pytest.mark.parametrize(
    "name",
    [
        "root",
        "ROOT",
        "Root",
        "root ",
        "  rOOt",
        "root\u00a0",
        "\u3000root\u2003",
        "ｒｏｏｔ",
        "ＲＯＯＴ",
        "𝐫𝐨𝐨𝐭",
        "𝕽𝖔𝖔𝖙",
        "ⓡⓞⓞⓣ",
        "ᴿᴼᴼᵀ",
        " \u202f ＲoＯt \u2009",
    ],
    ids=ascii,
)
def test_spellings_of_root_are_root_d11(name: str) -> None:
    assert canonical(name) == "root"


LOOK_ALIKES = ["root", "röot", "ro\u200bot", "r00t", "ro ot", "root.", "rооt", "ro\u00adot", "\ufeffroot", "ro\u0308t"]


def test_look_alikes_of_root_are_names_of_their_own_d11() -> None:
    assert len({canonical(name) for name in LOOK_ALIKES}) == len(LOOK_ALIKES)
    assert None not in {canonical(name) for name in LOOK_ALIKES}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Straße", "strasse"),
        ("STRASSE", "strasse"),
        ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
        ("σίσυφος", "σίσυφοσ"),
        ("ﬁnn", "finn"),
        ("Ⅷ", "viii"),
        ("e\u0301va", "\u00e9va"),
        ("ÉVA", "\u00e9va"),
        ("İ", "i\u0307"),
        ("ı", "ı"),
        ("K", "k"),
        ("ſ", "s"),
        ("½", "1\u20442"),
        ("\u200b", "\u200b"),
        ("a\\b", "a\\b"),
        ("'; DROP TABLE users; --", "'; drop table users; --"),
        ("~!@#$%^&*()_+", "~!@#$%^&*()_+"),
    ],
    ids=ascii,
)
def test_compatibility_and_case_are_folded_and_nothing_else_d11(name: str, expected: str) -> None:
    assert canonical(name) == expected


CONTROLS = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) in ("Cc", "Zl", "Zp")]


def test_control_characters_are_looked_for_in_the_name_as_given_d11() -> None:
    assert len(CONTROLS) == 65 + 2
    for control in CONTROLS:
        for name in (control, f"{control}root", f"root{control}", f"ro{control}ot", f"r\u00f6ot{control}"):
            assert canonical(name) is None, ascii(name)


def test_a_control_character_that_strip_would_remove_makes_a_name_malformed_d11() -> None:
    stripped = [control for control in CONTROLS if not control.strip()]
    assert set("\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f\x85\u2028\u2029") == set(stripped)
    for control in stripped:
        assert canonical(f"root{control}") is None


@pytest.mark.parametrize("surrogate", [chr(0xD800), chr(0xDBFF), chr(0xDC00), chr(0xDFFF)], ids=ascii)
def test_a_lone_surrogate_makes_a_name_malformed_d11(surrogate: str) -> None:
    assert canonical(f"ro{surrogate}ot") is None


@pytest.mark.parametrize("blank", ["", " ", "   ", "\u00a0", "\u3000\u2003", " \u1680 "], ids=ascii)
def test_an_empty_or_blank_name_is_malformed_d11(blank: str) -> None:
    assert canonical(blank) is None


@pytest.mark.parametrize("policy", [SHORT, NAMES, NamePolicy(max_length=1024)], ids=["16", "254", "1024"])
@pytest.mark.parametrize("character", ["a", "\u00f6", "\U00010428", "Z"], ids=ascii)
def test_the_length_is_bounded_in_code_points_before_normalising_d11(policy: NamePolicy, character: str) -> None:
    assert canonical(character * policy.max_length, policy) == character.lower() * policy.max_length
    assert canonical(character * (policy.max_length + 1), policy) is None
    assert canonical(character + " " * policy.max_length, policy) is None  # as given, blanks included


@pytest.mark.parametrize(("character", "grows_to"), [("\ufdfa", 18), ("ß", 2), ("\u0390", 1), ("㍿", 4)], ids=ascii)
def test_the_length_is_bounded_after_normalising_too_d11(character: str, grows_to: int) -> None:
    most = NAMES.max_length // grows_to
    assert canonical(character * most) is not None
    assert len(canonical(character * most) or "") == most * grows_to <= NAMES.max_length
    assert canonical(character * (most + 1)) is None


def test_a_name_that_shrinks_to_the_bound_was_too_long_as_given_d11() -> None:
    assert canonical("e\u0301" * 8, SHORT) == "\u00e9" * 8
    assert canonical("e\u0301" * 9, SHORT) is None


class Text(str):
    """A subclass may fold as it likes."""

    __slots__ = ()


@pytest.mark.parametrize("wrong", [None, 1, True, b"root", bytearray(b"root"), ["root"], Text("root"), str], ids=repr)
def test_what_is_no_text_is_misuse_and_the_message_shows_only_its_type(wrong: object) -> None:
    with pytest.raises(InvalidValue) as refused:
        canonical(wrong)
    assert str(refused.value) == f"name is {type(wrong).__name__}: expected text (str)"


@pytest.mark.parametrize(
    "huge",
    ["a" * 10**6, "\u00f6" * 10**6, "a\u0327\u0301" * 350_000, "\ufdfa" * 10**6],
    ids=["ascii", "umlauts", "marks", "expanding"],
)
def test_a_megabyte_is_refused_before_it_is_looked_at(huge: str) -> None:
    began = time.perf_counter()
    assert canonical(huge) is None
    assert time.perf_counter() - began < 0.01


def long_way(name: str) -> str | None:
    """Do what D11 says, step by step: the reference that the code is compared with."""
    if len(name) > 254 or any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in name):
        return None
    for _ in range(10):
        name = unicodedata.normalize("NFKC", name).casefold()
        name = unicodedata.normalize("NFKC", name.strip()).strip()
    return name if 0 < len(name) <= 254 else None


@given(st.text(alphabet=st.characters(max_codepoint=127), max_size=300))
@example("\x1f")
@example("\x7f")
@example(" A ")
@example("A" * 254)
@example("A" * 255)
def test_the_shorter_way_for_ascii_answers_like_the_long_one(name: str) -> None:
    assert canonical(name) == long_way(name)


folding = st.text(
    alphabet=st.characters()
    | st.sampled_from(" \u00a0\u0345\u0301\u0327\u0308\u1fb4\u0130\u00df\ufdfa\u1e9e\u03c2\u212a\u00a8\u3000\ufb03"),
    max_size=12,
)


@given(folding)
def test_the_canonical_form_is_what_d11_says_and_its_own_canonical_form(name: str) -> None:
    once = canonical(name)
    assert once == long_way(name)
    if once is not None:
        assert canonical(once) == once
        assert once == once.strip()
        assert unicodedata.is_normalized("NFKC", once)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=8))
def test_composed_decomposed_and_padded_spellings_are_one_name(name: str) -> None:
    expected = canonical(name)
    if expected is not None:
        for form in ("NFC", "NFD", "NFKC", "NFKD"):
            assert canonical(f" {unicodedata.normalize(form, name)} ") == expected


def test_the_canonical_form_of_every_single_character_is_its_own() -> None:
    assigned = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) not in ("Cn", "Co", "Cs")]
    forms = {form for form in map(canonical, assigned) if form is not None}
    assert len(assigned) > 140_000
    assert len(forms) > 100_000
    assert [ascii(form) for form in forms if canonical(form) != form] == []
