"""Names as they are created, e-mail addresses and mobile numbers: one form each, nothing hostile (S5; A3, A4)."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydso_access.decisions.contact import new_name, parse_email, parse_mobile
from mydso_access.decisions.naming import canonical_name
from mydso_access.errors import InvalidValue
from mydso_access.policy import NamePolicy

NAMES = NamePolicy()
RTL, ZERO_WIDTH = "\u202e", "\u200b"

# --- names


@pytest.mark.parametrize(
    "given_name",
    [
        "anna.petit",
        "ANNA.PETIT",
        " Anna.Petit",
        "anna.petit ",
        "\u3000anna.petit",  # an ideographic space
        "ａｎｎａ．ｐｅｔｉｔ",  # full width
        "anna.petiᵗ",  # a raised letter
        "ⓐnna.petit",
    ],
    ids=ascii,
)
def test_a3_names_that_differ_by_case_width_or_spaces_around_are_one_name(given_name: str) -> None:
    assert new_name(given_name, NAMES) == "anna.petit"


def test_a3_names_that_differ_by_unicode_form_are_one_name() -> None:
    forms = {new_name(unicodedata.normalize(form, "zoé.müller"), NAMES) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    assert forms == {"zoé.müller"}


def test_a3_names_that_only_look_alike_stay_two_names() -> None:
    assert new_name("аnna.petit", NAMES) != "anna.petit"  # a Cyrillic а


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", "a name of 6 to 254 printable characters"),
        (" \t ", "a name of 6 to 254 printable characters"),
        ("anna\n.petit", "a name of 6 to 254 printable characters"),
        ("anna.petit\0", "a name of 6 to 254 printable characters"),
        ("anna.petit\r\n", "a name of 6 to 254 printable characters"),
        ("anna\ud800petit", "a name of 6 to 254 printable characters"),
        ("a" * 255, "a name of 6 to 254 printable characters"),
        ("ﷺ" * 20, "a name of 6 to 254 printable characters"),  # one sign, eighteen once it is normalised
        ("anna5", "at least 6 characters"),
        ("  anna5  ", "at least 6 characters"),
        ("anna petit", "letters, digits and ._-@"),
        ("anna,petit", "letters, digits and ._-@"),
        ("<annapetit>", "letters, digits and ._-@"),
        (f"anna{RTL}petit", "letters, digits and ._-@"),
        (f"anna{ZERO_WIDTH}petit", "letters, digits and ._-@"),
        ("anna_petit😀", "letters, digits and ._-@"),
        ("anna'petit", "letters, digits and ._-@"),
    ],
    ids=lambda text: ascii(text[:14]),
)
def test_a3_what_cannot_be_a_new_name_is_refused_saying_why(name: str, expected: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        new_name(name, NAMES)
    assert refused.value.field == "name"
    assert refused.value.expected == expected


@pytest.mark.parametrize(
    "name", ["anna12", "a" * 254, "anna@example.com", "-_.@-_", "çédille", "中文名字名字", "１２３４５６"]
)
def test_a3_six_letters_digits_and_four_signs_are_a_name(name: str) -> None:
    assert new_name(name, NAMES) == unicodedata.normalize("NFKC", name)


def test_a3_length_and_alphabet_are_settings() -> None:
    policy = NamePolicy(min_length=1, special="'")
    assert new_name("d'Arc", policy) == "d'arc"
    with pytest.raises(InvalidValue, match="letters, digits and '"):
        new_name("anna.petit", policy)


@given(st.text(max_size=30))
def test_a3_a_new_name_is_the_one_that_signs_in_finds_d11(name: str) -> None:
    try:
        created = new_name(name, NAMES)
    except InvalidValue:
        return
    assert created == canonical_name(name, NAMES) == canonical_name(created, NAMES) == new_name(created, NAMES)


# --- e-mail addresses


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("anna.petit@example.com", "anna.petit@example.com"),
        ("  anna.petit@example.com\r\n", "anna.petit@example.com"),
        ("Anna.Petit@EXAMPLE.Com", "Anna.Petit@example.com"),  # the part before the @ is the provider's
        ("a+b=c/d!e#f$g%h&i'j*k?l^m_n`o{p|q}r~s@example.co.uk", "a+b=c/d!e#f$g%h&i'j*k?l^m_n`o{p|q}r~s@example.co.uk"),
        ("ze\u0301@example.com", "zé@example.com"),
        ("anna@bücher.example", "anna@bücher.example"),
        ("anna@BÜCHER.example", "anna@bücher.example"),
        ("anna@xn--bcher-kva.example", "anna@xn--bcher-kva.example"),
        ("用户@例子.广告", "用户@例子.广告"),
        (f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 61}", f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 61}"),
    ],
    ids=lambda text: ascii(text[:14]),
)
def test_a4_an_address_has_one_form(address: str, form: str) -> None:
    assert form == parse_email(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        " ",
        "anna",
        "@example.com",
        "anna@",
        "anna@example",
        "anna@.com",
        "anna@example.c",
        "anna@example.com.",
        "anna@.example.com",
        "anna@example..com",
        ".anna@example.com",
        "anna.@example.com",
        "an..na@example.com",
        "anna@@example.com",
        "anna@evil.com@example.com",
        "anna@example.com\nBcc: all@example.com",
        "anna@example.com\r\n\r\nbody",
        "anna\n@example.com",
        "anna@example.com, eve@example.com",
        "anna@example.com,eve@example.com",
        "anna@example.com;eve@example.com",
        "anna@example.com eve@example.com",
        "<anna@example.com>",
        "Anna <anna@example.com>",
        '"anna"@example.com',
        '"anna eve"@example.com',
        "anna(comment)@example.com",
        "anna@[192.0.2.1]",
        "mailto:anna@example.com",
        "anna\\@example.com",
        "anna\t@example.com",
        "anna\0@example.com",
        "anna\x7f@example.com",
        "anna\u00a0b@example.com",
        f"{RTL}anna@example.com",
        f"anna{ZERO_WIDTH}@example.com",
        "anna\u2028@b@example.com",
        "anna@example.com\u200f",
        "anna\ud800@example.com",
        "anna@exam\udfffple.com",
        "anna＠evil.com@example.com",  # a full-width at sign
        "anna，eve@example.com",  # a full-width comma
        "anna﹤eve@example.com",
        "anna@example．com",  # a full-width dot
        "anna…@example.com",  # three dots, once it is normalised
        "anna\ufe00\u200d@example.com",
        f"{'c' * 250}@b.fr",
        "b" * 10_000 + "@example.com",
        "a@" * 5000 + "example.com",
    ],
    ids=lambda text: ascii(text[:30]),
)
def test_what_is_no_address_or_could_be_two_is_refused(address: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        parse_email(address)
    assert refused.value.field == "email"
    assert refused.value.expected.startswith("an e-mail address such as anna.petit@example.com")


hostile = st.text(alphabet=st.characters() | st.sampled_from('a@@@..,;<>"\r\n\u202e＠，'), max_size=30)


@given(hostile | st.builds("{}@{}.{}".format, hostile, hostile, hostile))
def test_whatever_is_accepted_is_one_line_with_one_at_and_its_own_form(address: str) -> None:
    try:
        form = parse_email(address)
    except InvalidValue:
        return
    for text in (form, unicodedata.normalize("NFKC", form)):
        assert text.count("@") == 1
        assert not set(text) & set(' \t\r\n,;<>"\\')
        assert text.isprintable()
    assert form == parse_email(form)


@given(st.characters())
def test_no_character_of_a_domain_changes_when_its_form_is_read_again(character: str) -> None:
    try:
        form = parse_email(f"anna@b{character}b.example")
    except InvalidValue:
        return
    assert form == parse_email(form)


# --- mobile numbers


@pytest.mark.parametrize(
    ("number", "form"),
    [
        ("+33612345678", "+33612345678"),
        ("+33 6 12 34 56 78", "+33612345678"),
        (" +33.6.12.34.56.78\n", "+33612345678"),
        ("+1 (555) 010-9999", "+15550109999"),
        ("+44/20/7946-0000", "+442079460000"),
        ("+1234567", "+1234567"),
        ("+123456789012345", "+123456789012345"),
    ],
)
def test_a_number_has_one_form(number: str, form: str) -> None:
    assert form == parse_mobile(number)
    assert form == parse_mobile(form)


@pytest.mark.parametrize(
    "number",
    [
        "",
        "+",
        "++33612345678",
        "0612345678",
        "0033612345678",
        "33612345678",
        "+0612345678",
        "+33 (0)6 12 34 56 78",  # nobody dials that zero
        "+123456",
        "+1234567890123456",
        "+336123456789012345678901234567890",
        "+33 6 12 34 56 78 ext 5",
        "+33612345678,+33612345679",
        "+33612345678;ext=1",
        "+33\n612345678",
        "+33\t612345678",
        "+33612345678\0",
        "+33६१२३४५६७",  # digits, not ours
        "+３３６１２３４５６７８",
        "＋33612345678",
        "+33²612345678",
        f"+33{RTL}612345678",
        "+336\ud80012345678",
        "tel:+33612345678",
        "+33-ANNA-PETIT",
    ],
    ids=ascii,
)
def test_what_is_no_number_in_international_form_is_refused(number: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        parse_mobile(number)
    assert refused.value.field == "mobile"
    assert refused.value.expected.startswith("a number in international form, such as +33 6 12 34 56 78")


@given(st.text() | st.text(alphabet="+0123456789 .-/()\n").map("+{}".format))
def test_whatever_number_is_accepted_is_a_plus_and_seven_to_fifteen_digits(number: str) -> None:
    try:
        form = parse_mobile(number)
    except InvalidValue:
        return
    assert form[0] == "+"
    assert form[1:].isascii()
    assert form[1:].isdigit()
    assert 7 <= len(form[1:]) <= 15
    assert form == parse_mobile(form)


# --- what is no text


@pytest.mark.parametrize("wrong", [None, 5, b"anna@example.com", ["anna@example.com"], object()], ids=repr)
def test_what_is_no_text_is_misuse(wrong: Any) -> None:
    for parse, field in ((parse_email, "email"), (parse_mobile, "mobile")):
        with pytest.raises(InvalidValue) as refused:
            parse(wrong)
        assert refused.value.field == field
    with pytest.raises(InvalidValue):
        new_name(wrong, NAMES)


def test_no_refusal_shows_all_of_an_over_long_text() -> None:
    with pytest.raises(InvalidValue) as refused:
        parse_email("a" * 10_000)
    assert len(str(refused.value)) < 300
