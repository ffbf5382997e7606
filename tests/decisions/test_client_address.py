"""Which address an attempt comes from: read from the right, so that what a client wrote itself never wins."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydso_access.decisions.client_address import client_address, is_proxy, parse_proxies
from mydso_access.errors import InvalidValue

PROXIES = parse_proxies(["10.0.0.0/8", "192.0.2.7", "2001:db8:ffff::/48"])
PEER, CLIENT, EVIL = "10.0.0.1", "198.51.100.9", "203.0.113.66"


def found(forwarded: Any, peer: Any = PEER) -> str:
    return str(client_address(peer, forwarded, PROXIES))


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        # no proxy in between: whatever the header says is the client's own invention
        (CLIENT, None, CLIENT),
        (CLIENT, EVIL, CLIENT),
        (CLIENT, f"{EVIL}, {PEER}", CLIENT),
        (CLIENT, [EVIL], CLIENT),
        # one proxy, two proxies
        (PEER, None, PEER),
        (PEER, CLIENT, CLIENT),
        (PEER, f"{CLIENT}, 10.0.0.2", CLIENT),
        (PEER, f"{CLIENT}, 192.0.2.7, 10.255.255.255", CLIENT),
        # a spoofed left-most entry never wins
        (PEER, f"{EVIL}, {CLIENT}", CLIENT),
        (PEER, f"{EVIL}, {CLIENT}, 10.0.0.2", CLIENT),
        (PEER, f"10.0.0.3, {CLIENT}", CLIENT),
        (PEER, f"{EVIL},10.0.0.3,{CLIENT},10.0.0.2", CLIENT),
        # garbage left of the client is never read; garbage before one is reached sends us back to the peer
        (PEER, f"garbage, {CLIENT}", CLIENT),
        (PEER, f"{CLIENT}, garbage", PEER),
        (PEER, f"{CLIENT}, garbage, 10.0.0.2", PEER),
        (PEER, "unknown", PEER),
        (PEER, "", PEER),
        (PEER, " ", PEER),
        (PEER, ",", PEER),
        (PEER, f"{CLIENT},", PEER),
        (PEER, f"{CLIENT}:4711", CLIENT),
            (PEER, "[2001:db8::1]:443", "2001:db8::1"),
            (PEER, f"{CLIENT}:471100", PEER),
        (PEER, f'"{CLIENT}"', PEER),
        (PEER, "[2001:db8::1]", "2001:db8::1"),
        (PEER, "fe80::1%eth0", PEER),
        (PEER, f"{CLIENT}\n", PEER),
        (PEER, f"{CLIENT}\u00a0", PEER),
        (PEER, f"for={CLIENT}", PEER),
        # white space as RFC 9110 allows it
        (PEER, f"  {EVIL} ,\t{CLIENT}\t ", CLIENT),
        # nothing but proxies: the left-most
        (PEER, "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        (PEER, "10.0.0.3", "10.0.0.3"),
        # several headers are one list, in their order
        (PEER, [EVIL, CLIENT], CLIENT),
        (PEER, [f"{EVIL}, {CLIENT}", "10.0.0.2"], CLIENT),
        (PEER, (EVIL, f"{CLIENT}, 10.0.0.2"), CLIENT),
        (PEER, ["garbage", CLIENT], CLIENT),
        (PEER, [CLIENT, ""], PEER),
        (PEER, [], PEER),
        (PEER, iter([EVIL, CLIENT]), CLIENT),
        # IPv6, mapped and NAT64 forms of peer, hops and client
        ("::ffff:10.0.0.1", CLIENT, CLIENT),
        ("64:ff9b::10.0.0.1", CLIENT, CLIENT),
        (ip_address("::ffff:a00:1"), CLIENT, CLIENT),
        ("2001:db8:ffff::1", f"{CLIENT}, 2001:DB8:FFFF:1::2", CLIENT),
        ("2001:db8:fffe::1", CLIENT, "2001:db8:fffe::1"),
        (PEER, f"{EVIL}, ::ffff:{CLIENT}, ::ffff:10.0.0.2", CLIENT),
        (PEER, "2001:db8::1", "2001:db8::1"),
        (PEER, "::ffff:198.51.100.9", CLIENT),
    ],
    ids=repr,
)  # fmt: skip
def test_the_right_most_address_that_is_no_proxy_is_the_client(peer: Any, forwarded: Any, expected: str) -> None:
    assert found(forwarded, peer) == expected


proxy = st.integers(0x0A000000, 0x0AFFFFFF).map(lambda number: str(ip_address(number)))
stranger = st.ip_addresses().filter(lambda each: not any(each in network for network in PROXIES))
outsider = stranger.filter(lambda each: each.version == 4 or each.ipv4_mapped is None).map(str).filter(
    lambda text: not text.startswith("64:ff9b::")
)  # fmt: skip
junk = st.text(st.characters(exclude_characters=","), max_size=20)


@given(
    written_by_the_client=st.lists(outsider | proxy | junk, max_size=25),
    client=outsider,
    own=st.lists(proxy, max_size=25),
    blank=st.sampled_from(["", " ", "\t", "  "]),
)
def test_no_chain_that_a_client_writes_changes_which_client_it_is(
    written_by_the_client: list[str], client: str, own: list[str], blank: str
) -> None:
    chain = [*written_by_the_client, client, *own]
    assert found(f"{blank},{blank}".join(chain)) == client
    assert found(chain) == client


@given(st.text() | st.lists(st.text(), max_size=5))
def test_whatever_the_header_holds_the_answer_is_an_address_or_the_peer(forwarded: str | list[str]) -> None:
    assert found(forwarded) == PEER or str(ip_address(found(forwarded))) == found(forwarded)


@given(st.lists(outsider | proxy | junk, max_size=50))
def test_a_peer_that_is_no_proxy_is_the_client_whatever_the_header_says(chain: list[str]) -> None:
    assert found(",".join(chain), peer=CLIENT) == CLIENT


def test_without_declared_proxies_the_peer_is_the_client() -> None:
    assert str(client_address(PEER, f"{EVIL}, {CLIENT}", ())) == PEER
    assert parse_proxies([]) == ()


@pytest.mark.parametrize("wrong", ["", "nowhere", "10.0.0.1:80", None, 1, True, b"\n\0\0\1"], ids=repr)
def test_a_peer_that_is_no_address_is_misuse(wrong: Any) -> None:
    with pytest.raises(InvalidValue) as refused:
        found(CLIENT, peer=wrong)
    assert refused.value.field == "peer"


@pytest.mark.parametrize(
    ("proxies", "expected"),
    [
        (["10.0.0.0/8"], ["10.0.0.0/8"]),
        (["10.0.0.7"], ["10.0.0.7/32"]),
        (("2001:db8::/32", "::1"), ["2001:db8::/32", "::1/128"]),
        (["10.0.0.0/255.0.0.0"], ["10.0.0.0/8"]),
        ({"10.0.0.7": "the balancer"}, ["10.0.0.7/32"]),
        (iter(["10.0.0.7"]), ["10.0.0.7/32"]),
    ],
    ids=repr,
)
def test_proxies_are_addresses_or_networks_as_text(proxies: Any, expected: list[str]) -> None:
    assert parse_proxies(proxies) == tuple(map(ip_network, expected))


@pytest.mark.parametrize(
    ("wrong", "given", "expected"),
    [
        ("10.0.0.0/8", "'10.0.0.0/8' (str)", "a list of addresses or networks"),
        ("", "'' (str)", "a list of addresses or networks"),
        (["10.0.0.0/8", "x"], "'x' (str)", "an address or a network such as 10.0.0.0/24"),
        (["10.0.0.5/8"], "'10.0.0.5/8' (str)", "an address or a network such as 10.0.0.0/24"),
        (["10.0.0.0/33"], "'10.0.0.0/33' (str)", "an address or a network such as 10.0.0.0/24"),
        ([" 10.0.0.0/8"], "' 10.0.0.0/8' (str)", "an address or a network such as 10.0.0.0/24"),
        (["10.0.0.0/8,192.0.2.7"], "'10.0.0.0/8,192.0.2.7' (str)", "an address or a network such as 10.0.0.0/24"),
        ([""], "'' (str)", "an address or a network such as 10.0.0.0/24"),
        ([True], "True (bool)", "addresses or networks as text"),
        ([0x0A000001], "167772161 (int)", "addresses or networks as text"),
        ([None], "None (NoneType)", "addresses or networks as text"),
        ([b"10.0.0.1"], "b'10.0.0.1' (bytes)", "addresses or networks as text"),
        (b"\n\0\0\1", "10 (int)", "addresses or networks as text"),
        ([("10.0.0.0", 8)], "('10.0.0.0', 8) (tuple)", "addresses or networks as text"),
        ([ip_network("10.0.0.0/8")], "IPv4Network('10.0.0.0/8') (IPv4Network)", "addresses or networks as text"),
    ],
    ids=repr,
)
def test_what_is_no_list_of_proxies_is_misuse(wrong: Any, given: str, expected: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        parse_proxies(wrong)
    assert (refused.value.field, refused.value.given, refused.value.expected) == ("trusted_proxies", given, expected)


@pytest.mark.parametrize(
    ("address", "proxy"),
    [("10.0.0.0", True), ("10.255.255.255", True), ("11.0.0.0", False), ("9.255.255.255", False),
     ("192.0.2.7", True), ("192.0.2.6", False), ("192.0.2.8", False), ("2001:db8:ffff::", True),
     ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", True), ("2001:db9::", False), ("::", False)],
)  # fmt: skip
def test_a_declared_network_holds_its_first_and_its_last_address(address: str, proxy: bool) -> None:
    assert is_proxy(ip_address(address), PROXIES) is proxy


@pytest.mark.parametrize(
    ("declared", "peer"),
    [
        ("::ffff:10.0.0.7", "::ffff:10.0.0.7"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("::ffff:10.0.0.0/104", "10.0.0.7"),
        ("64:ff9b::10.0.0.7", "10.0.0.7"),
    ],
)
def test_a_mapped_proxy_is_its_ipv4_address_or_is_refused(declared: str, peer: str) -> None:
    try:
        proxies = parse_proxies([declared])
    except InvalidValue:
        return
    assert str(client_address(peer, CLIENT, proxies)) == CLIENT


def test_a_proxy_with_a_zone_id_is_refused_d5() -> None:
    with pytest.raises(InvalidValue):
        parse_proxies(["fe80::1%eth0"])


@pytest.mark.parametrize("wrong", [None, 5], ids=repr)
def test_what_is_no_list_at_all_is_misuse(wrong: Any) -> None:
    with pytest.raises(InvalidValue):
        parse_proxies(wrong)


@pytest.mark.parametrize("header", [b"198.51.100.9", [b"198.51.100.9"], 5], ids=repr)
def test_a_header_that_is_no_text_is_misuse_or_the_peer(header: Any) -> None:
    try:
        assert found(header) == PEER
    except InvalidValue:
        return
