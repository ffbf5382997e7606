"""Which address an attempt comes from, when declared proxies stand in between: from the right, never from the left."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TypeAlias

from mydso_access.decisions.naming import Address, IPAddress, parse_address
from mydso_access.errors import InvalidValue, shown

IPNetwork: TypeAlias = IPv4Network | IPv6Network


def parse_proxies(proxies: Iterable[str]) -> tuple[IPNetwork, ...]:
    """Return the networks of the host's own proxies.

    Args:
        proxies: addresses or networks as text, such as `10.0.0.7` or `10.0.0.0/24`.

    Raises:
        InvalidValue: one of them is neither, or the whole is one text instead of a list.
    """
    if isinstance(proxies, str):
        raise InvalidValue("trusted_proxies", shown(proxies), "a list of addresses or networks")
    return tuple(map(_parse_network, proxies))


def _parse_network(proxy: str) -> IPNetwork:
    if type(proxy) is not str:
        raise InvalidValue("trusted_proxies", shown(proxy), "addresses or networks as text")
    try:
        return ip_network(proxy)
    except ValueError as error:
        raise InvalidValue("trusted_proxies", shown(proxy), "an address or a network such as 10.0.0.0/24") from error


def is_proxy(address: IPAddress, proxies: tuple[IPNetwork, ...]) -> bool:
    """Tell whether an address belongs to one of the host's own proxies."""
    return any(address in network for network in proxies)


def client_address(peer: Address, forwarded: str | Iterable[str] | None, proxies: tuple[IPNetwork, ...]) -> IPAddress:
    """Return the right-most address that is not a declared proxy: what stands left of it, anybody may have written.

    Args:
        peer: the address that the connection comes from.
        forwarded: the `X-Forwarded-For` header, or all headers of that name in their order; `None` without one.
        proxies: networks of the host's own proxies.

    Returns:
        The client's address; the peer where no proxy is declared for it, or where the header is unreadable before a
        client is reached; the left-most proxy where there are only proxies.

    Raises:
        InvalidValue: the peer is no IP address.
    """
    nearest = parse_address(peer, "peer")
    if forwarded is None or not is_proxy(nearest, proxies):
        return nearest
    header = forwarded if isinstance(forwarded, str) else ",".join(forwarded)
    hop = nearest
    for entry in reversed(header.split(",")):
        try:
            hop = parse_address(entry.strip(" \t"))
        except InvalidValue:
            return nearest
        if not is_proxy(hop, proxies):
            return hop
    return hop
