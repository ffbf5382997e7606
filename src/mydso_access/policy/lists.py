"""Settings that are lists: networks that a sign-in may come from, words that a provider of single sign-on may say."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, collapse_addresses, ip_network
from typing import Any, TypeAlias

from attrs import field, frozen

from mydso_access.errors import InvalidPolicy, shown
from mydso_access.policy.fixed import CACHED_LISTS, LIST_LENGTH_CAP

Network: TypeAlias = IPv4Network | IPv6Network
# An IPv4 address may be written as one of IPv6: IPv4-mapped, and NAT64 (D5).
WRITTEN_AS_IPV6 = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))
IPV4_BITS = 0xFFFF_FFFF
EXPECTED = "addresses and networks such as 192.0.2.1 or 2001:db8::/48, separated by commas"


def _several(name: str, given: Any, expected: str) -> list[Any]:
    try:
        return [*given]
    except TypeError:
        raise InvalidPolicy(name, shown(given), expected) from None


def _network(given: Any) -> Network:
    if type(given) not in (str, IPv4Network, IPv6Network):  # ip_network takes True, 1 and four bytes for networks
        raise InvalidPolicy("networks", shown(given), EXPECTED)
    try:
        network = ip_network("" if "%" in str(given) else str(given).strip())
    except ValueError:
        raise InvalidPolicy("networks", shown(given), EXPECTED) from None
    return as_ipv4(network)


def as_ipv4(network: Network) -> Network:
    """Return a network of IPv4 addresses that are written as IPv6 ones as what it is, and any other as it is (D5)."""
    if isinstance(network, IPv4Network):
        return network
    for embedding in WRITTEN_AS_IPV6:
        if network.subnet_of(embedding):  # D5
            return IPv4Network((int(network.network_address) & IPV4_BITS, network.prefixlen - embedding.prefixlen))
    return network


class _Common(tuple[Network, ...]):
    """What two lists hold, which may be more than anybody may ask for."""

    __slots__ = ()


def _canonical(given: str | Iterable[Any]) -> str:
    if type(given) is _Common:
        return _text(given)
    if type(given) is str:
        return _capped(_read(_capped(given)))
    return _capped(_text(_sorted(_network(each) for each in _several("networks", given, EXPECTED))))


def _capped(text: str) -> str:
    if len(text) > LIST_LENGTH_CAP:
        raise InvalidPolicy("networks", f"a list of {len(text)} characters", f"at most {LIST_LENGTH_CAP}")
    return text


@lru_cache(maxsize=CACHED_LISTS)
def _read(text: str) -> str:
    return _text(_items(text))


@lru_cache(maxsize=CACHED_LISTS)
def _items(text: str) -> tuple[Network, ...]:
    """Return the networks of a list; each list is read once, since sign-ins ask for it again and again."""
    return _sorted(_network(each) for each in text.split(",")) if text else ()


def _sorted(networks: Iterable[Network]) -> tuple[Network, ...]:
    return tuple(sorted(set(networks), key=lambda each: (each.version, int(each.network_address), each.prefixlen)))


def _text(networks: Iterable[Network]) -> str:
    return ", ".join(str(each).removesuffix(f"/{each.max_prefixlen}") for each in networks)


@lru_cache(maxsize=CACHED_LISTS)
def _common(one: str, other: str) -> _Common:
    """Return what is on both lists: side by side in order, since two networks are apart or one lies in the other."""
    ours, theirs, both = _apart(one), _apart(other), []
    while ours and theirs:
        mine, its = ours[-1], theirs[-1]
        if mine.version == its.version and mine.overlaps(its):
            both.append(max(mine, its, key=lambda network: network.prefixlen))
        (ours if _end(mine) <= _end(its) else theirs).pop()
    return _Common(_sorted(both))


def _apart(text: str) -> list[Any]:
    """Return the networks of a list, the last one first, none inside another."""
    fours = collapse_addresses(each for each in _items(text) if isinstance(each, IPv4Network))
    sixes = collapse_addresses(each for each in _items(text) if isinstance(each, IPv6Network))
    return [*fours, *sixes][::-1]


def _end(network: Network) -> tuple[int, int]:
    return network.version, int(network.broadcast_address)


@frozen
class Networks:
    """Addresses and networks, of IPv4 and IPv6: `Networks("192.0.2.0/24, 2001:db8::1")` (S21, A15).

    Attributes:
        text: all of them, each once, sorted.

    Raises:
        InvalidPolicy: one of them is none, or has bits set beyond its prefix, or they are too many.
    """

    text: str = field(converter=_canonical)

    @property
    def items(self) -> tuple[Network, ...]:
        """The networks."""
        return _items(self.text)

    def __contains__(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self.items)

    def __str__(self) -> str:
        return self.text

    def common(self, other: "Networks") -> "Networks":
        """Return what both hold, which may be nothing."""
        return Networks(_common(self.text, other.text))


def _words(given: str | Iterable[str]) -> tuple[str, ...]:
    several = given.split() if isinstance(given, str) else _several("words", given, "words without spaces")
    for word in several:
        if type(word) is not str or not word.isprintable() or word.split() != [word]:
            raise InvalidPolicy("words", shown(word), "words without spaces")
    return tuple(sorted(set(several)))


@frozen
class Words:
    """Words without spaces between them: `Words("mfa hwk")`.

    Attributes:
        items: each once, sorted.

    Raises:
        InvalidPolicy: one of them is no word.
    """

    items: tuple[str, ...] = field(default=(), converter=_words)

    def __contains__(self, word: str) -> bool:
        return word in self.items

    def __str__(self) -> str:
        return " ".join(self.items)
