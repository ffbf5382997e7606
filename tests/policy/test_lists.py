"""Settings that are lists: addresses and networks in one form, and the words of a provider (S21; A15, D5)."""

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    collapse_addresses,
    ip_address,
    ip_network,
)
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydso_access.errors import InvalidPolicy
from mydso_access.policy import Networks, Words, lists
from mydso_access.policy.fixed import LIST_LENGTH_CAP
from tests.policy.strategies import networks, words

EXPECTED = "addresses and networks such as 192.0.2.1 or 2001:db8::/48, separated by commas"


@pytest.mark.parametrize(
    ("given_", "text"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1/32", "192.0.2.1"),
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("192.0.2.0/255.255.255.0", "192.0.2.0/24"),
        (" 192.0.2.1 ,\t10.0.0.0/8\n", "10.0.0.0/8, 192.0.2.1"),
        ("192.0.2.1, 192.0.2.1/32, 192.0.2.1", "192.0.2.1"),
        ("192.0.2.9, 192.0.2.10", "192.0.2.9, 192.0.2.10"),  # by number, not by text
        ("10.0.0.0/16, 10.0.0.0/8", "10.0.0.0/8, 10.0.0.0/16"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("2001:db8::/32, 203.0.113.1", "203.0.113.1, 2001:db8::/32"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
        ("64:ff9b::192.0.2.1", "192.0.2.1"),
        ("64:ff9b::/96", "0.0.0.0/0"),
        ("::fffe:0:0/95", "::fffe:0:0/95"),  # wider than all of IPv4 is a network of IPv6
    ],
)
def test_d5_an_address_or_a_network_has_one_form(given_: str, text: str) -> None:
    assert text == str(Networks(given_))
    assert Networks(given_) == Networks(text) == Networks(given_.split(","))
    assert hash(Networks(given_)) == hash(Networks(text))


@pytest.mark.parametrize(
    ("wrong", "shown"),
    [
        ("192.0.2.1,", "'' (str)"),
        ("192.0.2.1/24", "'192.0.2.1/24' (str)"),  # bits beyond the prefix: one address, or the network?
        ("2001:db8::1/64", "'2001:db8::1/64' (str)"),
        ("192.0.2", "'192.0.2' (str)"),
        ("192.0.2.256", "'192.0.2.256' (str)"),
        ("192.0.2.01", "'192.0.2.01' (str)"),
        ("192.0.2.0/33", "'192.0.2.0/33' (str)"),
        ("192.0.2.0/-1", "'192.0.2.0/-1' (str)"),
        ("192.0.2.1 192.0.2.2", "'192.0.2.1 192.0.2.2' (str)"),
        ("１92.0.2.1", "'１92.0.2.1' (str)"),
        ("fe80::1%eth0", "'fe80::1%eth0' (str)"),
        ("fe80::%1/64", "'fe80::%1/64' (str)"),
        ("example.com", "'example.com' (str)"),
        ("none", "'none' (str)"),
        (["192.0.2.1", 3221225985], "3221225985 (int)"),
        ([True], "True (bool)"),
        ([b"\xc0\x00\x02\x01"], "b'\\xc0\\x00\\x02\\x01' (bytes)"),
        ([None], "None (NoneType)"),
        ([("192.0.2.0", 24)], "('192.0.2.0', 24) (tuple)"),
    ],
)
def test_what_is_neither_address_nor_network_is_refused_and_named(wrong: Any, shown: str) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        Networks(wrong)
    assert ("networks", shown, EXPECTED) == (refused.value.field, refused.value.given, refused.value.expected)


@pytest.mark.parametrize("wrong", [None, 5, True], ids=repr)
@pytest.mark.parametrize("kind", [Networks, Words], ids=lambda kind: kind.__name__)
def test_what_is_no_list_is_refused_in_our_words(kind: Any, wrong: object) -> None:
    with pytest.raises(InvalidPolicy):
        kind(wrong)


def test_networks_of_the_standard_library_are_taken_in_the_same_form_d5() -> None:
    assert Networks("192.0.2.0/24") == Networks([IPv4Network("192.0.2.0/24")])
    assert Networks("192.0.2.0/24") == Networks([IPv6Network("::ffff:192.0.2.0/120")])
    assert Networks("192.0.2.1") == Networks([IPv6Network("64:ff9b::192.0.2.1/128")])


def test_an_empty_list_holds_nothing_and_is_no_list_of_everything() -> None:
    assert Networks(()) == Networks("") == Networks([])
    assert IPv4Address("192.0.2.1") not in Networks(())
    assert Networks(()) == Networks(()).common(Networks("0.0.0.0/0, ::/0"))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.1.255", False),
        ("192.0.2.0", True),
        ("192.0.2.255", True),
        ("192.0.3.0", False),
        ("203.0.113.9", True),
        ("203.0.113.10", False),
        ("2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", False),
        ("2001:db8::", True),
        ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", True),
        ("2001:db9::", False),
        ("::c000:201", False),
    ],
)
def test_s21_an_address_is_on_the_list_or_not_to_the_last_bit(address: str, expected: bool) -> None:
    listed = Networks("192.0.2.0/24, 203.0.113.9, 2001:db8::/32")
    assert expected is (ip_address(address) in listed)


addresses = st.integers(0, 2**32 - 1).map(IPv4Address) | st.integers(0, 2**128 - 1).map(IPv6Address)


@given(networks, networks, addresses, st.data())
def test_a14_what_two_lists_have_in_common_is_what_both_hold(
    one: Networks, two: Networks, anywhere: Any, data: st.DataObject
) -> None:
    common = one.common(two)
    held = [net[offset] for net in (*one.items, *two.items) for offset in (0, -1)]
    address = data.draw(st.sampled_from([anywhere, *held]))
    assert (address in one and address in two) is (address in common)
    assert Networks(str(common)) == common


# A universe of 2^8 addresses at the beginning of a network of each kind, so that lists overlap, touch and nest.
def small(version: int) -> st.SearchStrategy[Any]:
    base, bits = (int(ip_address("192.0.2.0")), 32) if version == 4 else (int(ip_address("2001:db8::")), 128)
    network = IPv4Network if version == 4 else IPv6Network
    prefixes = st.integers(bits - 8, bits)
    return st.builds(
        lambda prefix, offset: network((base + (offset >> (bits - prefix) << (bits - prefix)), prefix)),
        prefixes,
        st.integers(0, 255),
    )


small_lists = st.lists(small(4) | small(6), max_size=12)
UNIVERSE = [ip_address(start) + offset for start in ("192.0.2.0", "2001:db8::") for offset in range(256)]


def members(networks: Any) -> set[IPv4Address | IPv6Address]:
    """Say which addresses of the universe lie in any of the networks."""
    return {address for address in UNIVERSE if any(address in network for network in networks)}


@given(small_lists, small_lists)
def test_a14_walking_two_lists_side_by_side_finds_what_asking_for_every_address_finds(
    one: list[Any], two: list[Any]
) -> None:
    common = Networks(one).common(Networks(two))
    assert members(one) & members(two) == members(common.items)
    assert common == Networks(two).common(Networks(one))
    assert {each for each in UNIVERSE if each in common} == members(common.items)


@given(small_lists)
def test_what_a_list_has_in_common_with_itself_says_each_address_once_and_loses_none(one: list[Any]) -> None:
    common = Networks(one).common(Networks(one))
    assert members(one) == members(common.items)
    assert sum(network.num_addresses for network in common.items) == len(members(one))
    joined = [*collapse_addresses(each for each in one if each.version == 4)]
    joined += [*collapse_addresses(each for each in one if each.version == 6)]
    assert tuple(joined) == common.items


def apart(first: str, count: int, step: int = 2) -> str:
    """Return so many single addresses, with gaps between them."""
    return ", ".join(str(ip_address(first) + step * each) for each in range(count))


def test_a14_two_long_lists_are_compared_side_by_side_and_not_each_with_each(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0
    overlaps = IPv4Network.overlaps

    def counting(network: IPv4Network, other: Any) -> bool:
        nonlocal compared
        compared += 1
        return overlaps(network, other)

    monkeypatch.setattr(IPv4Network, "overlaps", counting)
    one, two = Networks(apart("10.0.0.0", 700)), Networks(apart("10.0.0.0", 466, step=3))
    assert Networks(apart("10.0.0.0", 233, step=6)) == one.common(two)
    assert compared <= 700 + 466
    before = compared
    one.common(two)
    assert before == compared  # the same two again cost nothing


def test_a_list_is_read_once_however_often_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    text = apart("172.16.0.0", 100)
    listed = Networks(text)
    assert 100 == len(listed.items)
    monkeypatch.setattr(lists, "ip_network", lambda *_: pytest.fail("it was read again"))
    assert listed == Networks(text) == Networks(listed.text)
    assert listed.items is Networks(text).items
    assert ip_address("172.16.0.4") in listed


@pytest.mark.parametrize("as_text", [True, False], ids=["text", "items"])
def test_a_list_is_of_so_many_characters_at_most(as_text: bool) -> None:
    almost = "8.8.8.8, " + ", ".join(f"10.0.{each // 100}.{each % 100 + 100}" for each in range(832))
    fits, too_many = f"{almost}, 9.9.9.9", f"{almost}, 9.9.9.10"
    assert (LIST_LENGTH_CAP, LIST_LENGTH_CAP + 1) == (len(fits), len(too_many))
    assert 834 == len(Networks(fits if as_text else fits.split(", ")).items)
    with pytest.raises(InvalidPolicy) as refused:
        Networks(too_many if as_text else too_many.split(", "))
    told = ("networks", "a list of 10001 characters", "at most 10000")
    assert told == (refused.value.field, refused.value.given, refused.value.expected)


def test_a_text_that_is_too_long_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "ip_network", lambda *_: pytest.fail("it was read"))
    with pytest.raises(InvalidPolicy):
        Networks("192.0.2.1" + " " * LIST_LENGTH_CAP)
    with pytest.raises(InvalidPolicy):
        Networks("," * (LIST_LENGTH_CAP + 1))


def test_a14_what_two_long_lists_have_in_common_may_be_longer_than_either() -> None:
    ours, theirs = apart("10.0.0.0", 600), apart("11.0.0.0", 600)
    one, two = Networks(f"11.0.0.0/8, {ours}"), Networks(f"10.0.0.0/8, {theirs}")
    common = one.common(two)
    assert len(common.text) > LIST_LENGTH_CAP > max(len(one.text), len(two.text))
    assert f"{ours}, {theirs}" == common.text
    assert {*Networks(ours).items, *Networks(theirs).items} == {*common.items}
    assert ip_address("11.0.0.4") in common
    assert common == common.common(common) == common.common(Networks("0.0.0.0/0"))


@given(st.lists(st.integers(0, 2**32 - 1), max_size=5))
def test_a_list_reads_back_from_its_text(numbers: list[int]) -> None:
    listed = Networks(str(IPv4Address(number)) for number in numbers)
    assert Networks(str(listed)) == listed
    assert tuple(ip_network(number) for number in sorted(set(numbers))) == listed.items


# --- words


@pytest.mark.parametrize(
    ("given_", "items"),
    [
        ("", ()),
        ("  ", ()),
        ((), ()),
        ("mfa", ("mfa",)),
        (" mfa\thwk\n mfa ", ("hwk", "mfa")),
        (["urn:oasis:names:tc:SAML:2.0:ac:classes:X509"], ("urn:oasis:names:tc:SAML:2.0:ac:classes:X509",)),
        (frozenset({"b", "a"}), ("a", "b")),
    ],
)
def test_words_stand_once_each_in_order(given_: Any, items: tuple[str, ...]) -> None:
    assert items == Words(given_).items
    assert " ".join(items) == str(Words(given_))


@pytest.mark.parametrize(
    "wrong", ["", " ", "a b", " a", "a\n", "a\0", "a\u202e", "a\u00a0b", 5, None, b"mfa"], ids=repr
)
def test_what_is_no_word_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        Words(["mfa", wrong])
    assert ("words", "words without spaces") == (refused.value.field, refused.value.expected)


def test_asvs_6_8_4_a_word_is_trusted_only_as_it_is_written() -> None:
    trusted = Words("mfa urn:x")
    assert [True, True] == [word in trusted for word in ("mfa", "urn:x")]
    assert not any(word in trusted for word in ("MFA", "mf", "mfa urn:x", "", "urn"))


@given(words)
def test_words_read_back_from_their_text(listed: Words) -> None:
    assert listed == Words(str(listed))


@pytest.mark.parametrize("value", [Networks("192.0.2.1"), Words("mfa")], ids=lambda value: type(value).__name__)
def test_lists_never_change_and_can_be_hashed(value: Networks | Words) -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        value.items = ()
    assert hash(value) == hash(type(value)(value.items))
