"""Who is meant: canonical names, addresses, and the counter keys made of them (D5, D11)."""

import hashlib
import unicodedata
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

from mydso_access.errors import InvalidValue, shown
from mydso_access.model.attempts import CounterKey, KeyKind
from mydso_access.model.user import SsoIdentity
from mydso_access.policy.fixed import SIX_TO_FOUR_PREFIX
from mydso_access.policy.lists import IPV4_BITS, WRITTEN_AS_IPV6
from mydso_access.policy.lockout import LockoutPolicy
from mydso_access.policy.names import NamePolicy

Address: TypeAlias = str | IPv4Address | IPv6Address
IPAddress: TypeAlias = IPv4Address | IPv6Address
# Who somebody says they are: a canonical name, or what a provider of single sign-on calls them.
Who: TypeAlias = str | SsoIdentity

SIX_TO_FOUR = IPv6Network("2002::/16")
ONE = "an IPv4 or IPv6 address such as 192.0.2.1 or 2001:db8::1"
SEVERAL = "one address; whose it is of a header with several, client_address(peer, header) says"
# Control characters, lone surrogates, line and paragraph separators.
FORBIDDEN_IN_NAMES = frozenset({"Cc", "Cs", "Zl", "Zp"})


def canonical_name(name: str, policy: NamePolicy) -> str | None:
    """Return the one form of a login name that look-up, counter and uniqueness use, or `None` if it is malformed.

    NFKC, case-folded, stripped, normalised again, until nothing changes: `ROOT` and `root ` are `root`, `röot` is not.

    Args:
        name: the name as given.
        policy: bounds its length, in code points, before and after normalising.

    Raises:
        InvalidValue: `name` is no text.
    """
    if type(name) is not str:
        raise InvalidValue("name", type(name).__name__, "text (str)")
    if len(name) > policy.max_length:  # D11: before normalising, which may be slow
        return None
    if name.isascii():
        return _canonical_ascii(name)
    if any(unicodedata.category(character) in FORBIDDEN_IN_NAMES for character in name):  # D11
        return None
    canonical, before = _folded(name), name
    while canonical != before:  # one pass is not always a fixed point: a fold may leave something to normalise
        canonical, before = _folded(canonical), canonical
    return canonical if 0 < len(canonical) <= policy.max_length else None  # D11


def _canonical_ascii(name: str) -> str | None:
    # The same answer as the long way, sooner: ASCII is its own NFKC, and its only forbidden characters do not print.
    return (name.lower().strip() or None) if name.isprintable() else None  # D11


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold().strip())


def account_key(who: Who) -> CounterKey:
    """Return the counter key of a canonical name, whether anybody has it or not (D2), or of an identity.

    They never coincide, so that a stranger's wrong passwords refuse nobody who comes by single sign-on (S35).
    """
    if isinstance(who, SsoIdentity):  # no canonical name holds a control character (D11)
        return _key(KeyKind.ACCOUNT, f"sso\0{len(who.issuer)}\0{who.issuer}\0{who.subject}")
    return _key(KeyKind.ACCOUNT, who)


def codes_key(user_id: str) -> CounterKey:
    """Return the counter key of the codes for new addresses that one user is sent (D13)."""
    return _key(KeyKind.CODES, user_id)


def address_key(address: IPAddress, policy: LockoutPolicy) -> CounterKey:
    """Return the counter key of an address: itself for IPv4, its prefix for IPv6 (D5)."""
    if isinstance(address, IPv4Address):  # D5
        return _key(KeyKind.ADDRESS, str(address))
    bits = min(policy.ipv6_prefix, SIX_TO_FOUR_PREFIX) if address in SIX_TO_FOUR else policy.ipv6_prefix
    return _key(KeyKind.ADDRESS, str(IPv6Network((address, bits), strict=False)))


def _key(kind: KeyKind, subject: str) -> CounterKey:
    return CounterKey(kind, hashlib.sha256(f"{kind.value}\0{subject}".encode("utf-8", "surrogatepass")).hexdigest())


def parse_address(address: Address, field: str = "address") -> IPAddress:
    """Return the one form of an IP address; IPv4-mapped IPv6 and NAT64 are their IPv4 address (D5).

    Args:
        address: text, or an `ipaddress` object.
        field: its name for the message.

    Raises:
        InvalidValue: it is none, or has a zone id.
    """
    if type(address) not in (str, IPv4Address, IPv6Address):  # ip_address takes True, 1 and four bytes for addresses
        raise InvalidValue(field, shown(address), "an IP address as text")
    try:
        parsed = ip_address(address)
    except ValueError:
        raise InvalidValue(field, shown(address), SEVERAL if "," in str(address) else ONE) from None
    if isinstance(parsed, IPv4Address):
        return parsed
    if parsed.scope_id is not None:
        raise InvalidValue(field, shown(address), "an address without a zone id")
    embedded = any(parsed in network for network in WRITTEN_AS_IPV6)  # D5
    return IPv4Address(int(parsed) & IPV4_BITS) if embedded else parsed
