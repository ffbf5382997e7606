"""What several test files need: a cheap policy, a hasher that counts, an installation with people in it."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from attrs import define, evolve, field

from mydso_access import AccessControl, AsyncAccessControl, MemoryRepositories, Proof, SecurityPolicy
from mydso_access.adapters.argon2 import Argon2Hasher
from mydso_access.adapters.secret_box import UnprotectedBox
from mydso_access.decisions.naming import account_key, address_key, parse_address
from mydso_access.decisions.sign_in import SecretVerdict
from mydso_access.model import (
    AttemptCounter,
    Category,
    Credential,
    Disabled,
    DisabledBecause,
    Enabled,
    Entity,
    Event,
    EventKind,
    Factor,
    Invited,
    NoLogin,
    Platform,
    Secret,
    Structure,
    StructureRecord,
    User,
)
from mydso_access.policy import HashingPolicy
from mydso_access.testing import ManualClock
from mydso_access.testing.clock import A_MONDAY

PARTS = ("users", "structures", "customers", "links", "counters", "sign_ins", "assertions", "events")
RIGHT = "Correct-Horse-9"
HOME, ELSEWHERE = "192.0.2.1", "192.0.2.9"
KNOWN = Proof("id-known", ((Factor.PASSWORD, A_MONDAY),))  # what a sign-in of `known` proved
PATIENCE = 30.0  # seconds until something that hangs has failed


def policy(**lockout: Any) -> SecurityPolicy:
    """Return the preset with the cheapest hashing and, if asked, other lock-out settings."""
    preset = SecurityPolicy.my_dso_manager()
    return evolve(
        preset,
        hashing=evolve(HashingPolicy.cheapest_for_tests(), max_parallel=64),
        lockout=evolve(preset.lockout, **lockout),
    )


@define
class CountingHasher:
    """Knows one password in plain text; counts, and takes its time over a stored hash."""

    seconds: float = 0.0
    evaluations: int = 0
    dummies: int = 0
    running: int = 0
    most_running: int = 0
    while_verifying: Callable[[], None] = field(default=lambda: None)
    lock: Any = field(factory=threading.Lock)

    @property
    def hashes(self) -> int:
        return self.evaluations + self.dummies

    def hash(self, password: Secret[bytes], /) -> Secret[str]:
        return Secret(password.reveal().decode())

    def verify(self, stored: Secret[str], password: Secret[bytes], /) -> SecretVerdict:
        with self.lock:
            self.evaluations += 1
            self.running += 1
            self.most_running = max(self.most_running, self.running)
        time.sleep(self.seconds)
        self.while_verifying()
        with self.lock:
            self.running -= 1
        return SecretVerdict.RIGHT if stored.reveal().encode() == password.reveal() else SecretVerdict.WRONG

    def verify_dummy(self, password: Secret[bytes], /) -> None:
        with self.lock:
            self.dummies += 1

    def needs_rehash(self, stored: Secret[str], /) -> bool:
        return False


def active(name: str, /, **changes: Any) -> User:
    """Return an active user with the right password in `CountingHasher`'s form."""
    return User(
        **{
            "id": f"id-{name}",
            "category": Category.ACTIVE,
            "structure": Structure.entity("e1"),
            "role": "collector",
            "login": Enabled(A_MONDAY),
            "name": name,
            "credential": Credential(Secret(RIGHT), A_MONDAY),
            "saved_at": A_MONDAY - timedelta(days=1),
        }
        | changes
    )


PLACES = (Entity(id="e1", title="Lyon"), Platform(id="p1", title="The group"))
PEOPLE = {
    "known": active("known"),
    "disabled": active("disabled", login=Disabled(DisabledBecause.ADMINISTRATOR, A_MONDAY)),
    "invited": active("invited", login=Invited(A_MONDAY), credential=None),
    "sso_only": active("sso_only", credential=None),
    "contact": active("contact", category=Category.INACTIVE, login=NoLogin(), name=None, credential=None),
    "multi": active("multi", category=Category.MULTI_ENTITY, structure=Structure.platform("p1")),
}


def add(repositories: Any, *users: User) -> None:
    """Save users as a host would."""
    for user in users:
        event = Event(id=f"add-{user.id}", kind=EventKind.USER_CREATED, at=user.saved_at)
        repositories.users.save(user, event)


def settle(repositories: Any, *records: StructureRecord) -> None:
    """Save structures as a host would."""
    for record in records:
        event = Event(
            id=f"found-{record.id}", kind=EventKind.STRUCTURE_CREATED, at=A_MONDAY, structure=record.structure
        )
        repositories.structures.save(record, event)


def with_parts(repositories: Any, **parts: Any) -> Any:
    """Return the repositories with some of them replaced."""
    own = {name: getattr(repositories, name) for name in PARTS}
    return SimpleNamespace(**own | parts)


def methods_of(repository: Any) -> dict[str, Any]:
    """Return a repository's calls by their names."""
    names = (name for name in dir(repository) if not name.startswith("_"))
    return {name: method for name in names if callable(method := getattr(repository, name))}


def populated(*users: User) -> MemoryRepositories:
    """Return repositories in memory with these users, or with one of each kind."""
    repositories = MemoryRepositories()
    settle(repositories, *PLACES)
    add(repositories, *(users or PEOPLE.values()))
    return repositories


@define
class World:
    """An installation with a clock in the test's hand."""

    repositories: MemoryRepositories = field(factory=populated)
    hasher: Any = field(factory=CountingHasher)
    clock: ManualClock = field(factory=ManualClock)
    policy: SecurityPolicy = field(factory=policy)
    secret_box: Any = field(factory=UnprotectedBox)
    resource_exists: Any = field(default=lambda _: True)

    @property
    def access(self) -> AccessControl:
        return self.through(self.repositories)

    def through(self, repositories: Any) -> AccessControl:
        """Return the door to other repositories."""
        return AccessControl(repositories, **self.surroundings)

    @property
    def surroundings(self) -> dict[str, Any]:
        """What a door is given beside the repositories."""
        return {
            "policy": self.policy,
            "hasher": self.hasher,
            "clock": self.clock,
            "secret_box": self.secret_box,
            "resource_exists": self.resource_exists,
        }

    def proof_of(self, user_id: str) -> Proof:
        """Return what a sign-in of somebody's proved just now."""
        user, now = self.repositories.users.get(user_id), self.clock.now()
        return Proof(user_id, ((Factor.PASSWORD, now if user is None else max(now, user.saved_at)),))

    def account(self, name: str) -> AttemptCounter:
        key = account_key(name)
        return self.repositories.counters.get(key) or AttemptCounter(key)

    def address(self, address: str = HOME) -> AttemptCounter:
        key = address_key(parse_address(address), self.policy.lockout)
        return self.repositories.counters.get(key) or AttemptCounter(key)

    def events(self) -> list[Event]:
        return [each for each in self.repositories.events.all() if not each.id.startswith(("add-", "found-"))]


def argon2() -> Argon2Hasher:
    """Return the real hasher at its cheapest."""
    return Argon2Hasher(HashingPolicy.cheapest_for_tests())


def door(world: World, repositories: Any = None) -> AsyncAccessControl:
    """Return the asynchronous door to a world."""
    found = world.repositories if repositories is None else repositories
    return AsyncAccessControl(found, **world.surroundings)


def with_one_slot(world: World, milliseconds: int = 5) -> World:
    """Return the world with room for one hash, and little patience to wait for it."""
    hashing = evolve(world.policy.hashing, max_parallel=1, slot_wait=timedelta(milliseconds=milliseconds))
    world.policy = evolve(world.policy, hashing=hashing)
    return world


def run(scenario: Awaitable[Any]) -> Any:
    """Run a scenario on a loop of its own, and fail if it hangs."""

    async def in_time() -> Any:
        return await asyncio.wait_for(scenario, PATIENCE)

    return asyncio.run(in_time())
