"""Counter keys and addresses (D5): what is counted as one, and what is no address."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mydso_access.decisions.naming import account_key, address_key, canonical_name, codes_key, parse_address
from mydso_access.errors import InvalidValue
from mydso_access.model import CounterKey, KeyKind, SsoIdentity
from mydso_access.policy import LockoutPolicy, NamePolicy

NAMES, LOCKOUT = NamePolicy(), LockoutPolicy()
SHORT = NamePolicy(max_length=16)


def canonical(name: Any, policy: NamePolicy = NAMES) -> str | None:
    return canonical_name(name, policy)


class Subtext(str):
    """Text of a subclass, which may compare as it likes."""

    __slots__ = ()


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


@pytest.mark.parametrize("header", ["192.0.2.1, 192.0.2.2", "192.0.2.1,", "2001:db8::1,unknown"], ids=ascii)
@pytest.mark.parametrize("field", ["address", "peer"])
def test_a_header_with_several_addresses_is_for_client_address_to_read(header: str, field: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        parse_address(header, field)
    assert (field, f"{header!r} (str)") == (refused.value.field, refused.value.given)
    expected = "one address; whose it is of a header with several, client_address(peer, header) says"
    assert expected == refused.value.expected


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
    [True, False, 1, 0, 3221225985, 1.0, None, b"\xc0\x00\x02\x01", b"192.0.2.1", ("192.0.2.1", 443), Subtext("192.0.2.1"),
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


# --- identities of single sign-on, and the codes of a user


@given(
    st.text(alphabet=st.characters(), max_size=8), st.text(alphabet=st.characters(), max_size=8), st.text(max_size=20)
)
@example("", "", "sso\x000\x00\x00")
@example("1", "root", "sso\x001\x001\x00root")
@example("root", "", "root")
def test_s35_no_name_that_anybody_can_type_is_charged_to_an_identity(issuer: str, subject: str, typed: str) -> None:
    key = account_key(SsoIdentity(issuer, subject))
    name = canonical_name(typed, NamePolicy())
    assert key.kind is KeyKind.ACCOUNT
    assert name is None or account_key(name) != key


parts = st.text(alphabet="a:0\0\x01", max_size=5)


@given(*[st.tuples(parts, parts)] * 2)
def test_s35_two_identities_share_a_key_exactly_if_they_are_one(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (one == other) is (account_key(SsoIdentity(*one)) == account_key(SsoIdentity(*other)))


LOOKALIKES = [
    SsoIdentity("https://idp.example", "anna"),
    SsoIdentity("https://idp.example", "Anna"),
    SsoIdentity("https://idp.example", "аnna"),  # Cyrillic
    SsoIdentity("https://idp.example", "anna "),
    SsoIdentity("https://idp.example", "anna\u200b"),
    SsoIdentity("https://idp.example", "ａnna"),
    SsoIdentity("https://idp.example/", "anna"),
    SsoIdentity("HTTPS://idp.example", "anna"),
    SsoIdentity("https://idp.examplea", "nna"),
]


def test_s35_an_identity_is_told_to_the_byte_whatever_it_looks_like() -> None:
    assert len(LOOKALIKES) == len({account_key(each).digest for each in LOOKALIKES})


@given(st.text(alphabet=st.characters(), max_size=10), st.text(alphabet=st.characters(), max_size=10))
def test_d13_the_codes_of_a_user_are_counted_apart_from_names_and_addresses(user_id: str, other: str) -> None:
    key = codes_key(user_id)
    assert key.kind is KeyKind.CODES
    assert key.digest not in (account_key(user_id).digest, address_key(ip_address("192.0.2.1"), LOCKOUT).digest)
    assert (user_id == other) is (key == codes_key(other))
