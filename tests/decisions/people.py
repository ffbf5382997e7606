"""Who the tests of administration are about: two entities, a platform, somebody of each category."""

from datetime import UTC, datetime, timedelta
from typing import Any

from mydso_access.decisions.administration import Actor, ActorFacts
from mydso_access.decisions.invitation import Invite
from mydso_access.decisions.outcomes import Proof, Refused
from mydso_access.model import (
    MY_DSO_MANAGER,
    Appointment,
    Category,
    Credential,
    Email,
    Enabled,
    Entity,
    Factor,
    Invited,
    NoLogin,
    Platform,
    Reason,
    RoleTable,
    Secret,
    StructureRecord,
    User,
)
from mydso_access.policy import SecurityPolicy

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=20)
TICK = timedelta(microseconds=1)
ROLES = RoleTable(MY_DSO_MANAGER)
POLICY = SecurityPolicy()
LYON, PARIS, GROUP = Entity(id="lyon", title="Lyon"), Entity(id="paris", title="Paris"), Platform(id="group", title="G")
SECRET = Secret("drawn for this one token")


def anna(**changes: Any) -> User:
    """Return an active user of Lyon who may sign in."""
    facts: dict[str, Any] = {
        "id": "u-anna",
        "category": Category.ACTIVE,
        "structure": LYON.structure,
        "role": "collector",
        "login": Enabled(LONG_AGO),
        "name": "anna.petit",
        "credential": Credential(Secret("hash"), LONG_AGO),
        "email": Email("anna@example.com", LONG_AGO),
        "saved_at": LONG_AGO,
    }
    return User(**(facts | changes))


def invited_anna(**changes: Any) -> User:
    """Return an active user of Lyon who was invited."""
    return anna(**{"login": Invited(LONG_AGO), "credential": None, "email": Email("anna@example.com")} | changes)


def contact(**changes: Any) -> User:
    """Return a contact of Lyon."""
    nobody = {"id": "u-carl", "category": Category.INACTIVE, "login": NoLogin(), "name": None, "credential": None}
    return anna(**nobody | {"email": Email("carl@example.com")} | changes)


def multi(**changes: Any) -> User:
    """Return a multi-entity user who is authorised nowhere yet."""
    return anna(**{"id": "u-mia", "category": Category.MULTI_ENTITY, "structure": GROUP.structure} | changes)


def with_administrator(record: StructureRecord, *users: User) -> StructureRecord:
    """Return the structure with these main administrators, one for each appointment that they hold."""
    held = tuple(Appointment(user.id, each) for user in users for each in sorted(user.appointments))
    return type(record)(id=record.id, title=record.title, main_administrators=held)


HOMES = {each.structure: each for each in (LYON, PARIS, GROUP)}


def facts_of(actor: Actor | None, user: User | None = None, home: StructureRecord | None = None) -> ActorFacts:
    """Return what is known of an actor at noon."""
    return ActorFacts(actor, POLICY, NOON, user, home)


def proven(user: User, home: StructureRecord | None = None, at: datetime = NOON) -> ActorFacts:
    """Return what is known of an actor whose password was proven at some instant, of a home that says nothing else."""
    return facts_of(Proof(user.id, ((Factor.PASSWORD, at),)), user, HOMES[user.structure] if home is None else home)


def invite(**changes: Any) -> Invite:
    """Return what an invitation is made of."""
    facts: dict[str, Any] = {"secret": SECRET, "structure": "Lyon", "policy": POLICY, "at": NOON}
    return Invite(**(facts | changes))


BOSS = anna(id="u-boss", name="the.boss", role="administrator", appointments=frozenset({"a-1"}))
LYON_OF_BOSS = with_administrator(LYON, BOSS)
CHIEF = multi(
    id="u-chief", role="administrator", appointments=frozenset({"a-9"}), memberships=frozenset({"lyon", "paris"})
)
GROUP_OF_CHIEF = with_administrator(GROUP, CHIEF)
MANAGER = anna(id="u-manager", name="manager", role="credit_manager")
ADMINISTRATOR = anna(id="u-adm", name="administrator", role="administrator")


def refused(reason: Reason, rule: str, user: User | None = None) -> Refused:
    """Return a refusal about somebody."""
    return Refused(reason, rule, user_id=None if user is None else user.id)
