"""The two doors to the flows: `AccessControl` for synchronous hosts, `AsyncAccessControl` for asynchronous ones."""

from collections.abc import Callable, Coroutine, Iterable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from mydso_access.adapters.synchronous import SynchronousBridge, drive
from mydso_access.adapters.system import SystemChance, SystemClock
from mydso_access.decisions.client_address import client_address, parse_proxies
from mydso_access.decisions.naming import Address
from mydso_access.errors import InvalidValue, shown
from mydso_access.flows.passwords import change_password
from mydso_access.flows.purge import purge
from mydso_access.flows.sign_in import sign_in
from mydso_access.installation import Installation
from mydso_access.policy.hashing import HashingPolicy
from mydso_access.policy.security_policy import SecurityPolicy
from mydso_access.ports import Bridge, Chance, Clock, PasswordHasher
from mydso_access.repositories import Repositories
from mydso_access.slots import Slots
from mydso_access.store import Store

P = ParamSpec("P")
T = TypeVar("T")


class _Door:
    """What both doors share."""

    def __init__(
        self,
        repositories: Repositories,
        *,
        policy: SecurityPolicy | None = None,
        trusted_proxies: Iterable[str] = (),
        hasher: PasswordHasher | None = None,
        clock: Clock | None = None,
        chance: Chance | None = None,
    ) -> None:
        """Open the door to one installation.

        Args:
            repositories: where the installation's records are kept.
            policy: the installation's policy; `SecurityPolicy.my_dso_manager()` if not given.
            trusted_proxies: addresses or networks of the host's own proxies.
            hasher: hashes and verifies passwords; Argon2id with the policy's parameters if not given.
            clock: tells the time; the machine's if not given.
            chance: draws ids; the operating system's random numbers if not given.

        Raises:
            InvalidValue: `policy` is none, or `trusted_proxies` holds something else than addresses and networks.
        """
        policy = SecurityPolicy.my_dso_manager() if policy is None else policy
        if type(policy) is not SecurityPolicy:
            raise InvalidValue("policy", shown(policy), "a SecurityPolicy")
        bridge, system_clock = self._surroundings(policy.hashing)
        self._installation = Installation(
            policy=policy,
            store=Store(repositories.users, repositories.counters, repositories.sign_ins, repositories.events, bridge),
            bridge=bridge,
            hasher=_argon2(policy.hashing) if hasher is None else hasher,
            clock=system_clock if clock is None else clock,
            chance=SystemChance() if chance is None else chance,
            slots=Slots(policy.hashing.max_parallel),
            proxies=parse_proxies(trusted_proxies),
        )

    @property
    def policy(self) -> SecurityPolicy:
        """The installation's policy."""
        return self._installation.policy

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


def _argon2(hashing: HashingPolicy) -> PasswordHasher:
    from mydso_access.adapters.argon2 import Argon2Hasher  # noqa: PLC0415  # loads a C library: on first use only

    return Argon2Hasher(hashing)


# A door's method is its flow: signature, docstring and all. What the decorated method says itself is only its name.


def _synchronous(
    flow: Callable[Concatenate[Installation, P], Coroutine[Any, Any, T]],
) -> "Callable[[Any], Callable[Concatenate[AccessControl, P], T]]":
    @wraps(flow)
    def call(door: "AccessControl", /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            running = flow(door._installation, *args, **kwargs)
        finally:
            del args, kwargs  # they hold a password, which no traceback through here may show
        return drive(running)

    return lambda _: call


def _asynchronous(
    flow: Callable[Concatenate[Installation, P], Coroutine[Any, Any, T]],
) -> "Callable[[Any], Callable[Concatenate[AsyncAccessControl, P], Coroutine[Any, Any, T]]]":
    @wraps(flow)
    async def call(door: "AsyncAccessControl", /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            running = flow(door._installation, *args, **kwargs)
        finally:
            del args, kwargs  # they hold a password, which no traceback through here may show
        return await running

    return lambda _: call


class AccessControl(_Door):
    """The door for synchronous hosts: Flask, Django, scripts. Repositories must be synchronous."""

    @_synchronous(sign_in)
    def sign_in(self) -> None: ...

    @_synchronous(change_password)
    def change_password(self) -> None: ...

    @_synchronous(purge)
    def purge(self) -> None: ...

    def _surroundings(self, hashing: HashingPolicy) -> tuple[Bridge, Clock]:  # noqa: ARG002
        return SynchronousBridge(), SystemClock()


class AsyncAccessControl(_Door):
    """The door for asynchronous hosts: FastAPI, Starlette, aiohttp.

    Repositories may be asynchronous or synchronous, method by method; synchronous ones run in threads.
    """

    @_asynchronous(sign_in)
    def sign_in(self) -> None: ...

    @_asynchronous(change_password)
    def change_password(self) -> None: ...

    @_asynchronous(purge)
    def purge(self) -> None: ...

    def _surroundings(self, hashing: HashingPolicy) -> tuple[Bridge, Clock]:
        from mydso_access.adapters import asynchronous  # noqa: PLC0415  # asyncio only where it is used

        return asynchronous.AsynchronousBridge.with_threads(hashing.max_parallel), asynchronous.AsyncSystemClock()
