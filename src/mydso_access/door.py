"""What both doors share: the installation they open, its policy, and whose address a request comes from."""

from collections.abc import Iterable, Mapping

from mydso_access.adapters.system import SystemChance
from mydso_access.adapters.totp import Totp
from mydso_access.decisions.client_address import client_address, parse_proxies
from mydso_access.decisions.naming import Address
from mydso_access.errors import InvalidValue, shown
from mydso_access.installation import Installation
from mydso_access.model.role import MY_DSO_MANAGER, Role, RoleTable
from mydso_access.policy.hashing import HashingPolicy
from mydso_access.policy.security_policy import SecurityPolicy
from mydso_access.ports import Blocklist, Bridge, Chance, Clock, PasswordHasher, ResourceExists, SecretBox
from mydso_access.repositories import Repositories
from mydso_access.slots import Slots
from mydso_access.store import Store

# What a host hands over is looked at when the door is opened: later it would cost whoever signs in an attempt.
SURROUNDINGS: Mapping[str, tuple[type, str]] = {
    "repositories": (Repositories, "the installation's repositories, such as SqlRepositories(engine)"),
    "hasher": (PasswordHasher, "a PasswordHasher such as Argon2Hasher(policy.hashing), or None"),
    "clock": (Clock, "a Clock, with the methods now and sleep, or None"),
    "chance": (Chance, "a Chance, with the methods new_id and fraction, or None"),
    "blocklist": (Blocklist, "a Blocklist such as WordList(words), or None"),
    "secret_box": (SecretBox, "a SecretBox such as AesGcmBox({...}, current=...), or None"),
}


class Door:
    """One installation, opened; its subclasses are the doors, and the only ones."""

    def __init__(
        self,
        repositories: Repositories,
        *,
        policy: SecurityPolicy | None = None,
        trusted_proxies: Iterable[str] = (),
        hasher: PasswordHasher | None = None,
        clock: Clock | None = None,
        chance: Chance | None = None,
        roles: Iterable[Role] = MY_DSO_MANAGER,
        blocklist: Blocklist | None = None,
        own_names: Iterable[str] = (),
        secret_box: SecretBox | None = None,
        resource_exists: ResourceExists | None = None,
    ) -> None:
        """Open the door to one installation.

        Args:
            repositories: where the installation's records are kept.
            policy: the installation's policy; `SecurityPolicy.my_dso_manager()` if not given.
            trusted_proxies: addresses or networks of the host's own proxies.
            hasher: hashes and verifies passwords; Argon2id with the policy's parameters if not given.
            clock: tells the time; the machine's if not given.
            chance: draws ids; the operating system's random numbers if not given.
            roles: every role there is, with its rights; the product's own eight if not given.
            blocklist: knows which passwords are too common; without one only rows of keys and repeats are.
            own_names: names of the host's product and company, which no password may be made of.
            secret_box: seals the seeds of second factors; without one nobody can enrol.
            resource_exists: says whether the page or document that a link leads to is still there; without it there are no
                links.

        Raises:
            InvalidValue: an argument is none of what it should be (a class, an engine, an object without the methods that
                are asked of it), `trusted_proxies` holds something else than addresses and networks, two roles have one id,
                none may manage users, `own_names` holds something else than texts, or the policy asks everybody for a
                second factor and there is no `secret_box`.
        """
        _check("repositories", repositories)
        _check_given(hasher=hasher, clock=clock, chance=chance, blocklist=blocklist, secret_box=secret_box)
        if resource_exists is not None and not callable(resource_exists):
            expected = "a function that is given a LinkTarget, or None"
            raise InvalidValue("resource_exists", shown(resource_exists), expected)
        policy = SecurityPolicy.my_dso_manager() if policy is None else policy
        if type(policy) is not SecurityPolicy:
            raise InvalidValue("policy", shown(policy), "a SecurityPolicy")
        if policy.second_factor.required and secret_box is None:
            raise InvalidValue("secret_box", "None", "AesGcmBox(...), since the policy asks for a second factor")
        bridge, system_clock = self._surroundings(policy.hashing)
        self._repositories = repositories
        self._installation = Installation(
            policy=policy,
            store=Store(
                users=repositories.users,
                structures=repositories.structures,
                customers=repositories.customers,
                links=repositories.links,
                counters=repositories.counters,
                sign_ins=repositories.sign_ins,
                assertions=repositories.assertions,
                events=repositories.events,
                bridge=bridge,
            ),
            bridge=bridge,
            hasher=_argon2(policy.hashing) if hasher is None else hasher,
            clock=system_clock if clock is None else clock,
            chance=SystemChance() if chance is None else chance,
            slots=Slots(policy.hashing.max_parallel),
            proxies=parse_proxies(trusted_proxies),
            roles=_table(roles),
            blocklist=blocklist,
            own_names=_texts(own_names),
            one_time_codes=Totp(),
            secret_box=secret_box,
            resource_exists=resource_exists,
        )

    @property
    def policy(self) -> SecurityPolicy:
        """The installation's policy."""
        return self._installation.policy

    @property
    def repositories(self) -> Repositories:
        """Where the installation's records are kept: to read from, as for `is_session_current`."""
        return self._repositories

    @property
    def roles(self) -> RoleTable:
        """Every role there is, with its rights: `access.roles.role(user.role)`."""
        return self._installation.roles

    @property
    def clock(self) -> Clock:
        """What tells this door the time."""
        return self._installation.clock

    def client_address(self, peer: Address, forwarded: str | Iterable[str] | None) -> str:
        """Return the address to give to every call that evaluates a secret.

        Args:
            peer: the address that the connection comes from.
            forwarded: the `X-Forwarded-For` header, or all headers of that name in their order; `None` without one.

        Returns:
            The right-most address that is none of `trusted_proxies`; the peer if nothing trustworthy says otherwise.

        Raises:
            InvalidValue: the peer is no IP address.
        """
        return str(client_address(peer, forwarded, self._installation.proxies))

    def _surroundings(self, hashing: HashingPolicy) -> tuple[Bridge, Clock]:
        raise NotImplementedError


def _check_given(**given: object) -> None:
    for name, each in given.items():
        if each is not None:
            _check(name, each)


def _check(name: str, given: object) -> None:
    """Refuse what lacks a method or an attribute that its protocol asks for."""
    protocol, expected = SURROUNDINGS[name]
    if not all(_has(given, each) for each in vars(protocol) if not each.startswith("_")):
        told = f"the class {given.__name__}" if isinstance(given, type) else f"of type {type(given).__name__}"
        raise InvalidValue(name, told, expected)  # never the value itself: it may hold keys


def _has(given: object, name: str) -> bool:
    found = getattr(given, name, None)
    return found is not None and not (isinstance(given, type) and hasattr(found, "__get__"))  # its objects have that


def _table(roles: Iterable[Role]) -> RoleTable:
    several = [*roles] if isinstance(roles, Iterable) else [roles]
    if not isinstance(roles, Iterable) or not all(isinstance(role, Role) for role in several):
        raise InvalidValue("roles", shown(roles), "several Roles, such as [*MY_DSO_MANAGER, auditor]")
    return RoleTable(several)


def _texts(names: Iterable[str]) -> frozenset[str]:
    several = [*names] if isinstance(names, Iterable) else [names]
    if isinstance(names, str) or not all(type(name) is str for name in several):
        raise InvalidValue("own_names", shown(names), "several texts")
    return frozenset(several)


def _argon2(hashing: HashingPolicy) -> PasswordHasher:
    from mydso_access.adapters.argon2 import Argon2Hasher  # noqa: PLC0415  # loads a C library: on first use only

    return Argon2Hasher(hashing)
