"""One installation as flows and gate see it: policy, store, and everything else that a flow needs."""

from datetime import datetime

from attrs import frozen

from mydso_access.decisions.client_address import IPNetwork, is_proxy
from mydso_access.decisions.naming import Address, IPAddress, parse_address
from mydso_access.errors import InvalidValue, shown
from mydso_access.model.instant import utc
from mydso_access.model.role import RoleTable
from mydso_access.policy.security_policy import SecurityPolicy
from mydso_access.ports import Blocklist, Bridge, Chance, Clock, OneTimeCodes, PasswordHasher, ResourceExists, SecretBox
from mydso_access.slots import Slots
from mydso_access.store import Store


@frozen(kw_only=True, eq=False, repr=False)
class Installation:
    """Everything that a flow needs besides its arguments."""

    policy: SecurityPolicy
    store: Store
    bridge: Bridge
    hasher: PasswordHasher
    clock: Clock
    chance: Chance
    slots: Slots
    proxies: tuple[IPNetwork, ...]
    roles: RoleTable
    blocklist: Blocklist | None
    own_names: frozenset[str]
    one_time_codes: OneTimeCodes
    secret_box: SecretBox | None
    resource_exists: ResourceExists | None

    def now(self) -> datetime:
        """Return what the clock reads, in UTC.

        Raises:
            InvalidValue: it reads a naive instant.
        """
        return utc(self.clock.now(), "clock.now()")

    def box(self) -> SecretBox:
        """Return what seals seeds.

        Raises:
            InvalidValue: the host gave none, and somebody is to have a second factor.
        """
        if self.secret_box is None:
            expected = "AesGcmBox({...}, current=...), or UnprotectedBox() if seeds may lie readable in the database"
            raise InvalidValue("secret_box", "None", expected)
        return self.secret_box

    def still_there(self) -> ResourceExists:
        """Return what knows whether the host still has what a link leads to.

        Raises:
            InvalidValue: the host gave none, and there are to be links.
        """
        if self.resource_exists is None:
            expected = "a function that is given a LinkTarget and says whether the host still has that page or document"
            raise InvalidValue("resource_exists", "None", expected)
        return self.resource_exists

    def client(self, address: Address) -> IPAddress:
        """Return the address of whoever attempts something.

        Raises:
            InvalidValue: it is no IP address, or belongs to a declared proxy: then everybody would share one counter.
        """
        client = parse_address(address)
        if is_proxy(client, self.proxies):
            raise InvalidValue("address", shown(address), "the client's address, not a proxy's: ask client_address()")
        return client
