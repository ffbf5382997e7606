"""Whose address is whose: what tells an honest right password from an attacker's."""

import json
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from mydso_access.decisions.naming import IPAddress, canonical_name, parse_address
from mydso_access.errors import InvalidValue, shown
from mydso_access.policy.names import NamePolicy

SHAPE = 'an object such as {"user": ["192.0.2.1"]}'


@frozen
class KnownAddresses:
    """The addresses that each user really signs in from; any other address is an attacker's.

    Attributes:
        names: bounds of names, for their canonical form.
        own: each canonical name's own addresses.
    """

    names: NamePolicy
    own: Mapping[str, frozenset[IPAddress]]

    @classmethod
    def from_json(cls, document: bytes, names: NamePolicy) -> "KnownAddresses":
        """Read `{"user": ["address", …]}`; spellings of one name are one user.

        Args:
            document: JSON as stored in a file.
            names: bounds of the names.

        Raises:
            InvalidValue: it is no JSON, has another shape, or holds a malformed name or address.
        """
        own: dict[str, frozenset[IPAddress]] = {}
        for name, listed in _parsed(document).items():
            canonical = canonical_name(name, names)
            if canonical is None:
                raise InvalidValue("known addresses: a name", shown(name), "a name that somebody can sign in with")
            own[canonical] = own.get(canonical, frozenset()) | _addresses(name, listed)
        return cls(names, own)

    def include(self, name: str, address: IPAddress) -> bool:
        """Tell whether the address is the user's own.

        Args:
            name: the name as given.
            address: the address in its one form.
        """
        canonical = canonical_name(name, self.names)
        return canonical is not None and address in self.own.get(canonical, ())


def _parsed(document: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(document)
    except (ValueError, RecursionError):
        raise InvalidValue("known addresses", "no JSON", SHAPE) from None
    if type(parsed) is not dict:
        raise InvalidValue("known addresses", f"a JSON {type(parsed).__name__}", SHAPE)
    return parsed


def _addresses(name: str, listed: Any) -> frozenset[IPAddress]:
    field = f"known addresses of {shown(name)}"
    if type(listed) is not list:
        raise InvalidValue(field, type(listed).__name__, "a list of addresses")
    return frozenset(parse_address(address, field) for address in listed)
