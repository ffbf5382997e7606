"""Which address an attempt comes from, when declared proxies stand in between: from the right, never from the left."""

import re
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TypeAlias

from mydso_access.decisions.naming import Address, IPAddress, parse_address
from mydso_access.errors import InvalidValue, shown
from mydso_access.policy.lists import as_ipv4

IPNetwork: TypeAlias = IPv4Network | IPv6Network

WITH_PORT = re.compile(r"\[(?P<v6>[0-9a-fA-F:.]+)\](?::[0-9]{1,5})?|(?P<v4>[0-9.]+):[0-9]{1,5}")


def parse_proxies(proxies: Iterable[str]) -> tuple[IPNetwork, ...]:
    """Return the networks of the host's own proxies.

    Args:
        proxies: addresses or networks as text, such as `10.0.0.7` or `10.0.0.0/24`.

    Raises:
        InvalidValue: one of them is neither, or the whole is one text instead of a list.
    """
    if isinstance(proxies, str) or not isinstance(proxies, Iterable):
        raise InvalidValue("trusted_proxies", shown(proxies), "a list of addresses or networks")
    return tuple(map(_parse_network, proxies))


def _parse_network(proxy: str) -> IPNetwork:
    if type(proxy) is not str:
        raise InvalidValue("trusted_proxies", shown(proxy), "addresses or networks as text")
    try:
        network = ip_network(proxy)
    except ValueError:
        raise InvalidValue("trusted_proxies", shown(proxy), "an address or a network such as 10.0.0.0/24") from None
    if isinstance(network, IPv4Network):
        return network
    if network.network_address.scope_id is not None:
        raise InvalidValue("trusted_proxies", shown(proxy), "a network without a zone id")
    return as_ipv4(network)


def _header(forwarded: str | Iterable[str]) -> str:
    if isinstance(forwarded, str):
        return forwarded
    headers = list(forwarded) if isinstance(forwarded, Iterable) else [forwarded]
    if not all(isinstance(header, str) for header in headers):
        raise InvalidValue("forwarded", shown(forwarded), "a header as text, or a list of them")
    return ",".join(headers)


def _without_port(entry: str) -> str:
    match = WITH_PORT.fullmatch(entry)  # some balancers write 192.0.2.1:443 and [2001:db8::1]:443
    return (match["v6"] or match["v4"]) if match else entry


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
        InvalidValue: the peer is no IP address, or a header is no text.
    """
    nearest = parse_address(peer, "peer")
    if forwarded is None or not is_proxy(nearest, proxies):
        return nearest
    hop = nearest
    for entry in reversed(_header(forwarded).split(",")):
        try:
            hop = parse_address(_without_port(entry.strip(" \t")))
        except InvalidValue:
            return nearest
        if not is_proxy(hop, proxies):
            return hop
    return hop
