"""Records to test with, valid from the start."""

import secrets
from datetime import datetime

from mydso_access.decisions.naming import canonical_name
from mydso_access.decisions.password import prepared
from mydso_access.errors import InvalidValue, shown
from mydso_access.model.event import Event, EventKind
from mydso_access.model.secret import Secret
from mydso_access.model.structure import Entity, Platform, Structure
from mydso_access.model.user import Category, Credential, Enabled, User
from mydso_access.policy.names import NamePolicy
from mydso_access.ports import PasswordHasher
from mydso_access.testing.clock import A_MONDAY

ENTITY = Structure.entity("entity-1")


def created(record: User | Entity | Platform) -> Event:
    """Return the event to save a new user, entity or platform with."""
    event_id = secrets.token_hex(16)
    if isinstance(record, User):
        return Event(id=event_id, kind=EventKind.USER_CREATED, at=record.saved_at, subject=record.id)
    return Event(id=event_id, kind=EventKind.STRUCTURE_CREATED, at=record.saved_at, structure=record.structure)


def an_entity(structure: Structure = ENTITY, title: str = "Lyon") -> Entity:
    """Return an entity for users to belong to.

    Save it before they sign in: `repositories.structures.save(entity, created(entity))`.

    Args:
        structure: its name.
        title: what people call it.
    """
    return Entity(id=structure.id, title=title)


def enabled_user(  # noqa: PLR0913  # keyword options of a builder
    name: str,
    password: str,
    *,
    hasher: PasswordHasher,
    since: datetime = A_MONDAY,
    structure: Structure = ENTITY,
    role: str = "collector",
) -> User:
    """Return an active user who may sign in, as if an invitation had been accepted.

    Save it before use: `repositories.users.save(user, created(user))`.

    Args:
        name: the login name; the user's id is `user-` and the canonical name.
        password: the password, whatever the policy says of it.
        hasher: hashes it.
        since: when the login was enabled and the password set.
        structure: the entity the user belongs to; it must be stored, too, for the user to sign in (`an_entity`).
        role: id of the role.

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
        role=role,
        login=Enabled(since),
        name=canonical,
        credential=Credential(hasher.hash(secret), since),
        saved_at=since,
    )
