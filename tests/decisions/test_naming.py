"""Names and addresses: one canonical form for each, and counter keys that never coincide (D5, D11)."""

import sys
import time
import unicodedata
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mydso_access.decisions.naming import account_key, address_key, canonical_name, parse_address
from mydso_access.errors import InvalidValue
from mydso_access.model import CounterKey, KeyKind
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


# --- keys


def test_keys_are_digests_that_stored_counters_can_be_found_by_again() -> None:
    # SHA-256 of kind, NUL, subject; computed with `printf 'account\0root' | sha256sum`
    root = "cbaf0b423297457ad4e6c4f8e543fbcb3a9631e12bec25678f4696fd9229fb47"
    assert account_key("root") == CounterKey(KeyKind.ACCOUNT, root)


@given(st.text(alphabet=st.characters(codec="utf-8")), st.ip_addresses())
@example("192.0.2.1", ip_address("192.0.2.1"))
@example("2001:db8::/64", ip_address("2001:db8::1"))
@example("address\x00192.0.2.1", ip_address("192.0.2.1"))
def test_the_key_of_a_name_is_never_the_key_of_an_address_d5(name: str, address: Any) -> None:
    of_name, of_address = account_key(name), address_key(address, LOCKOUT)
    assert of_name != of_address
    assert of_name.digest != of_address.digest
    assert (of_name.kind, of_address.kind) == (KeyKind.ACCOUNT, KeyKind.ADDRESS)


@given(st.text(alphabet=st.characters(codec="utf-8")), st.text(alphabet=st.characters(codec="utf-8")))
def test_two_names_share_a_key_exactly_if_they_are_one(one: str, other: str) -> None:
    assert (account_key(one) == account_key(other)) is (one == other)


@pytest.mark.parametrize("name", ["hunter2", "c4nary"])
def test_a_key_shows_nothing_of_the_name(name: str) -> None:
    assert name not in repr(account_key(name))
    assert len(account_key(name).digest) == 64


def same(one: str, other: str, prefix: int = 64) -> bool:
    lockout = LockoutPolicy(ipv6_prefix=prefix)
    return address_key(parse_address(one), lockout) == address_key(parse_address(other), lockout)


@pytest.mark.parametrize(
    ("one", "other", "prefix", "counted_as_one"),
    [
        ("192.0.2.1", "192.0.2.1", 64, True),
        ("192.0.2.1", "192.0.2.2", 64, False),
        ("192.0.2.1", "192.0.2.0", 16, False),
        ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", 64, True),
        ("2001:db8::1", "2001:db8:0:1::1", 64, False),
        ("2001:db8::1", "2001:DB8:0:0:0:0:0:1", 128, True),
        ("2001:db8::1", "2001:db8::2", 128, False),
        ("2001:db8::1", "2001:db8::2", 127, False),
        ("2001:db8::2", "2001:db8::3", 127, True),
        ("2001:db8:1::", "2001:db8:2::", 48, False),
        ("2001:db8:1::", "2001:db8:1:ffff::", 48, True),
        ("2001:1::", "2001:2::", 16, True),
        ("2001::", "2002::", 16, False),
        ("::ffff:192.0.2.1", "192.0.2.1", 64, True),
        ("::ffff:c000:201", "192.0.2.1", 64, True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", 64, False),
        ("64:ff9b::192.0.2.1", "192.0.2.1", 64, True),
        ("64:ff9b::c000:201", "192.0.2.1", 16, True),
        ("64:ff9b::192.0.2.1", "64:ff9b::192.0.2.2", 64, False),
        ("64:ff9b:0:0:0:1:c000:201", "192.0.2.1", 64, False),
        ("64:ff9a::192.0.2.1", "192.0.2.1", 64, False),
        ("2002:c000:201::1", "2002:c000:201:ffff:ffff::", 64, True),
        ("2002:c000:201::1", "2002:c000:201:ffff:ffff::", 128, True),
        ("2002:c000:201::1", "2002:c000:202::1", 64, False),
        ("2002:c000:201::1", "2002:c000:202::1", 32, True),
        ("2002:c000:201::1", "192.0.2.1", 64, False),
        ("2003:c000:201::1", "2003:c000:201:ffff::1", 64, False),
    ],
)
def test_which_addresses_are_counted_as_one_d5(one: str, other: str, prefix: int, counted_as_one: bool) -> None:
    assert same(one, other, prefix) is counted_as_one


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_no_two_addresses_of_one_64_have_two_counters_d5(address: IPv6Address, host: int) -> None:
    neighbour = IPv6Address(int(address) >> 64 << 64 | host)
    if parse_address(address).version == parse_address(neighbour).version == 6:
        assert address_key(address, LOCKOUT) == address_key(neighbour, LOCKOUT)


# --- addresses


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("0.0.0.0", "0.0.0.0"),
        ("255.255.255.255", "255.255.255.255"),
        (IPv4Address("192.0.2.1"), "192.0.2.1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        (IPv6Address("2001:db8::1"), "2001:db8::1"),
        ("::", "::"),
        ("::1", "::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::FFFF:C000:0201", "192.0.2.1"),
        (IPv6Address("::ffff:192.0.2.1"), "192.0.2.1"),
        ("64:ff9b::192.0.2.1", "192.0.2.1"),
        ("64:ff9b::", "0.0.0.0"),
        ("64:ff9b::ffff:ffff", "255.255.255.255"),
        (IPv6Address("64:ff9b::c000:201"), "192.0.2.1"),
        ("64:ff9b::1:0:0", "64:ff9b::1:0:0"),
        ("2002:c000:201::1", "2002:c000:201::1"),
    ],
    ids=repr,
)
def test_an_address_has_one_form_mapped_and_nat64_being_their_ipv4_address_d5(given: Any, expected: str) -> None:
    assert parse_address(given) == ip_address(expected)
    assert str(parse_address(given)) == expected


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        " ",
        "localhost",
        "unknown",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.1.1",
        "192.0.02.1",
        "0300.0.2.1",
        "0xc0.0.2.1",
        "3221225985",
        "1",
        " 192.0.2.1",
        "192.0.2.1 ",
        "192.0.2.1\n",
        "192.0.2.1\0",
        "192.0.2.1:443",
        "192.0.2.1/32",
        "１92.0.2.1",
        "١٩٢.0.2.1",
        "[2001:db8::1]",
        "[2001:db8::1]:443",
        "2001:db8::1/64",
        "2001:db8:::1",
        "2001:db8::g",
        "2001:db8::00001",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "::ffff:192.0.02.1",
        "::ffff:192.0.2.256",
        "192.0.2.1, 192.0.2.2",
        "-1",
    ],
    ids=ascii,
)
def test_text_that_is_no_address_is_refused_by_name(garbage: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        parse_address(garbage, "peer")
    assert refused.value.field == "peer"
    assert refused.value.given == f"{garbage!r} (str)"
    assert refused.value.expected == "an IPv4 or IPv6 address such as 192.0.2.1 or 2001:db8::1"


@pytest.mark.parametrize(
    "zoned", ["fe80::1%eth0", "::ffff:192.0.2.1%1", "64:ff9b::1%a", IPv6Address("fe80::1%0")], ids=str
)
def test_a_zone_id_is_refused_d5(zoned: Any) -> None:
    with pytest.raises(InvalidValue) as refused:
        parse_address(zoned)
    assert refused.value.field == "address"
    assert refused.value.expected == "an address without a zone id"


class Anywhere(IPv4Address):
    """A subclass may say that it is whatever it likes."""


@pytest.mark.parametrize(
    "wrong",
    [True, False, 1, 0, 3221225985, 1.0, None, b"\xc0\x00\x02\x01", b"192.0.2.1", ("192.0.2.1", 443), Text("192.0.2.1"),
     Anywhere("192.0.2.1"), ["192.0.2.1"]],
    ids=repr,
)  # fmt: skip
def test_what_is_neither_text_nor_an_address_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidValue) as refused:
        parse_address(wrong)
    assert refused.value.field == "address"
    assert refused.value.given == f"{wrong!r} ({type(wrong).__name__})"
    assert refused.value.expected == "an IP address as text"


@given(st.ip_addresses())
def test_the_one_form_of_an_address_is_its_own(address: Any) -> None:
    once = parse_address(str(address))
    assert parse_address(once) == parse_address(str(once)) == once == parse_address(address)


@given(st.text(max_size=45))
def test_any_text_is_an_address_or_refused_in_our_own_words(text: str) -> None:
    try:
        parsed = parse_address(text)
    except InvalidValue:
        return
    assert parse_address(str(parsed)) == parsed
