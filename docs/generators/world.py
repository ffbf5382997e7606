"""A small installation in memory, to ask instead of describing it."""

from collections.abc import Callable

from attrs import define, evolve, field

from mydso_access import AccessControl, Event, EventKind, MemoryRepositories, Secret, SecurityPolicy, User
from mydso_access.adapters.argon2 import Argon2Hasher
from mydso_access.decisions.sign_in import SecretVerdict
from mydso_access.policy import HashingPolicy
from mydso_access.testing import ManualClock, an_entity, created, enabled_user

ADDRESS = "203.0.113.7"
PASSWORD = "Correct-Horse-9"  # noqa: S105  # an example's, worth nothing


@define
class CountingHasher:
    """Counts the looks at a secret, real or dummy."""

    inner: Argon2Hasher
    looks: int = 0

    def hash(self, password: Secret[bytes], /) -> Secret[str]:
        return self.inner.hash(password)

    def verify(self, stored: Secret[str], password: Secret[bytes], /) -> SecretVerdict:
        self.looks += 1
        return self.inner.verify(stored, password)

    def verify_dummy(self, password: Secret[bytes], /) -> None:
        self.looks += 1
        self.inner.verify_dummy(password)

    def needs_rehash(self, stored: Secret[str], /) -> bool:
        return self.inner.needs_rehash(stored)


@define
class World:
    """The installation, with one user who may sign in."""

    policy: SecurityPolicy = evolve(SecurityPolicy.my_dso_manager(), hashing=HashingPolicy.cheapest_for_tests())
    clock: ManualClock = field(factory=ManualClock)
    repositories: MemoryRepositories = field(factory=MemoryRepositories)
    hasher: CountingHasher = field(init=False)
    access: AccessControl = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.hasher = CountingHasher(Argon2Hasher(self.policy.hashing))
        self.access = AccessControl(
            self.repositories,
            policy=self.policy,
            hasher=self.hasher,
            clock=self.clock,
            resource_exists=lambda target: target.resource != "gone",
        )
        entity = an_entity()
        self.repositories.structures.save(entity, created(entity))
        self.save(enabled_user("anna", PASSWORD, hasher=self.hasher))

    def save(self, user: User) -> None:
        """Save a user, with an event of no importance."""
        event = Event(id="planted", kind=EventKind.USER_CREATED, at=self.clock.now(), subject=user.id)
        self.repositories.users.save(user, event)

    def change(self, change: Callable[[User], User]) -> None:
        """Change the user."""
        user = self.repositories.users.named("anna")
        if user is None:
            raise LookupError("anna")
        self.save(change(user))
