"""Records to test with, valid from the start."""

import secrets
from datetime import datetime

from mydso_access.decisions.naming import canonical_name
from mydso_access.decisions.password import prepared
from mydso_access.errors import InvalidValue, shown
from mydso_access.model.event import Event, EventKind
from mydso_access.model.secret import Secret
from mydso_access.model.structure import Structure
from mydso_access.model.user import Category, Credential, Enabled, User
from mydso_access.policy.names import NamePolicy
from mydso_access.ports import PasswordHasher
from mydso_access.testing.clock import A_MONDAY

ENTITY = Structure.entity("entity-1")


def created(user: User) -> Event:
    """Return the event to save a new user with."""
    return Event(id=secrets.token_hex(16), kind=EventKind.USER_CREATED, at=user.saved_at, subject=user.id)


def enabled_user(
    name: str, password: str, *, hasher: PasswordHasher, since: datetime = A_MONDAY, structure: Structure = ENTITY
) -> User:
    """Return an active user who may sign in, as if an invitation had been accepted.

    Save it before use: `repositories.users.save(user, created(user))`.

    Args:
        name: the login name; the user's id is `user-` and the canonical name.
        password: the password, whatever the policy says of it.
        hasher: hashes it.
        since: when the login was enabled and the password set.
        structure: the entity the user belongs to.

    Raises:
        InvalidValue: the name or the password is malformed.
    """
    canonical, secret = canonical_name(name, NamePolicy()), prepared(Secret(password))
    if canonical is None:
        raise InvalidValue("name", shown(name), "a login name without control characters")
    if secret is None:
        raise InvalidValue("password", "malformed", "text that can be a password")
    return User(
        id=f"user-{canonical}",
        category=Category.ACTIVE,
        structure=structure,
        login=Enabled(since),
        name=canonical,
        credential=Credential(hasher.hash(secret), since),
        saved_at=since,
    )
