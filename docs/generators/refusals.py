"""Every reason that people who are signed in, or hold a link, may be given: what it means, and how it is provoked."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from attrs import evolve

from generators.world import ADDRESS, PASSWORD, World
from mydso_access import (
    Category,
    Done,
    Entity,
    Founded,
    NewUser,
    Platform,
    Proof,
    Reason,
    Secret,
    SignedIn,
    Structure,
    StructurePolicy,
    System,
)
from mydso_access.policy import Networks
from mydso_access.testing import enabled_user

HOST = System("docs")
ENTITY = Structure.entity("entity-1")
GROUP = Platform(id="group", title="The group")
SOMEBODY = NewUser(email="somebody@example.com", role="guest", name="somebody")
CHIEF = NewUser(email="chief@example.com", role="administrator", category=Category.MULTI_ENTITY, name="the.chief")


def proof(world: World, name: str = "anna") -> Proof:
    """Return the proof of a sign-in."""
    signed_in = world.access.sign_in(name, PASSWORD, address=ADDRESS)
    if not isinstance(signed_in, SignedIn):
        raise TypeError(f"{name} is not signed in, but {signed_in!r}")
    return signed_in.proof


def staff(world: World, name: str, role: str) -> str:
    """Add a user of a role to the entity, who may sign in; return their id."""
    user = enabled_user(name, PASSWORD, hasher=world.hasher, role=role)
    world.save(user)
    return user.id


def with_boss() -> tuple[World, str]:
    """Return a world whose entity has one main administrator, and their id."""
    world = World()
    boss = staff(world, "the.boss", "administrator")
    world.access.appoint(HOST, ENTITY, boss)
    return world, boss


def with_group() -> tuple[World, Secret[str]]:
    """Return a world with a platform and a second entity, and the invitation of the platform's administrator."""
    world = World()
    founded = world.access.found(HOST, GROUP, CHIEF)
    if not isinstance(founded, Founded):
        raise TypeError(f"nothing was founded, but {founded!r}")
    world.access.found(HOST, Entity(id="entity-2", title="Paris"), evolve(SOMEBODY, role="administrator"))
    return world, founded.messages[0].token


def other_structure() -> object:
    """Enter another entity than one's own."""
    world, _ = with_group()
    return world.access.enter(proof(world), "entity-2", address=ADDRESS)


def not_authorised() -> object:
    """Enter an entity that a multi-entity user is not authorised in."""
    world, invitation = with_group()
    world.access.accept_invitation(invitation, PASSWORD)
    return world.access.enter(proof(world, "the.chief"), "entity-1", address=ADDRESS)


def outdated_proof() -> object:
    """Enter with the proof of a login that was disabled since."""
    world = World()
    before = proof(world)
    world.access.disable_user(HOST, "user-anna")
    return world.access.enter(before, "entity-1", address=ADDRESS)


def step_up_needed() -> object:
    """Change a number with a proof of an hour ago."""
    world = World()
    before = proof(world)
    world.clock.move(timedelta(hours=1))
    return world.access.change_mobile(before, "user-anna", "+33612345678")


def not_allowed() -> object:
    """Add a user as a collector."""
    world = World()
    return world.access.add_user(proof(world), ENTITY, SOMEBODY)


def more_rights() -> object:
    """Disable an administrator as a credit manager."""
    world = World()
    staff(world, "the.manager", "credit_manager")
    administrator = staff(world, "the.administrator", "administrator")
    return world.access.disable_user(proof(world, "the.manager"), administrator)


def main_administrator() -> object:
    """Disable a main administrator."""
    world, boss = with_boss()
    return world.access.disable_user(HOST, boss)


def last_main_administrator() -> object:
    """Dismiss the only main administrator."""
    world, boss = with_boss()
    return world.access.dismiss(HOST, ENTITY, boss)


def name_taken() -> object:
    """Add a user of a name that somebody has."""
    world, _ = with_boss()
    return world.access.add_user(HOST, ENTITY, evolve(SOMEBODY, name="The.Boss"))


def already_there() -> object:
    """Found an entity that exists."""
    world, _ = with_group()
    return world.access.found(HOST, Entity(id="entity-1", title="Lyon"), evolve(SOMEBODY, role="administrator"))


def too_many_users() -> object:
    """Add a user to an account that is full."""
    policy = World().policy
    world = World(policy=evolve(policy, account=evolve(policy.account, max_users=1)))
    return world.access.add_user(HOST, ENTITY, SOMEBODY)


def wrong_category() -> object:
    """Add a multi-entity user to an entity."""
    return World().access.add_user(HOST, ENTITY, CHIEF)


def wrong_state() -> object:
    """Renew the invitation of somebody who accepted it long ago."""
    return World().access.renew_invitation(HOST, "user-anna")


def dead_token() -> object:
    """Follow a link that was never sent."""
    return World().access.look_at_invitation("dXNlci1hbm5h.guessed")


def lapsed() -> object:
    """Accept an invitation after 31 days."""
    world = World()
    added: Any = world.access.add_user(HOST, ENTITY, SOMEBODY)
    if not isinstance(added, Done):
        raise TypeError(f"nobody was added, but {added!r}")
    world.clock.move(timedelta(days=31))
    return world.access.accept_invitation(added.messages[0].token, PASSWORD)


def installation_only() -> object:
    """Let an entity ask for another lock-out."""
    return World().access.change_settings(HOST, ENTITY, StructurePolicy({"lockout.account.failures": 3}))


def entity_only() -> object:
    """Let the platform restrict what guests see."""
    world, _ = with_group()
    return world.access.change_settings(HOST, GROUP.structure, StructurePolicy({"visibility.guests": True}))


def no_user() -> object:
    """Disable somebody who does not exist."""
    return World().access.disable_user(HOST, "user-nobody")


def no_structure() -> object:
    """Add a user to an entity that does not exist."""
    return World().access.add_user(HOST, Structure.entity("nowhere"), SOMEBODY)


def password_due() -> object:
    """Enter an entity that asks for a newer password."""
    world = World()
    before = proof(world)
    world.clock.move(timedelta(days=2))
    world.access.change_settings(HOST, ENTITY, StructurePolicy({"rotation.days": 1}))
    return world.access.enter(before, "entity-1", address=ADDRESS)


def shut_out() -> object:
    """Let in only a network that one does not come from."""
    world, _ = with_boss()
    asks = StructurePolicy({"addresses.networks": Networks("10.0.0.0/8")})
    return world.access.change_settings(proof(world, "the.boss"), ENTITY, asks, address=ADDRESS)


REFUSALS: Mapping[Reason, tuple[str, Callable[[], object]]] = {
    Reason.PASSWORD_DUE: ("the password is too old where the user would go: `change_password`", password_due),
    Reason.SHUT_OUT: ("the list of addresses would shut out who sets it, or does so already", shut_out),
    Reason.NO_USER: ("there is no such user", no_user),
    Reason.NO_STRUCTURE: ("there is no such structure, or no platform that would make room for it", no_structure),
    Reason.OTHER_STRUCTURE: ("the user is no member of that structure", other_structure),
    Reason.NOT_AUTHORISED: ("the multi-entity user is not authorised in that entity", not_authorised),
    Reason.OUTDATED_PROOF: (
        "the proof is of nobody who may sign in now, or older than what made it worthless; or the user's record is damaged",
        outdated_proof,
    ),
    Reason.STEP_UP_NEEDED: (
        "what the session proved is too old for this, or lacks the second factor: `step_up`",
        step_up_needed,
    ),
    Reason.NOT_ALLOWED: ("the actor's role, or an administrator who is no main administrator, may not", not_allowed),
    Reason.MORE_RIGHTS: ("the user has, or would have, a right that the actor lacks", more_rights),
    Reason.MAIN_ADMINISTRATOR: ("the user is main administrator: `dismiss` them first", main_administrator),
    Reason.LAST_MAIN_ADMINISTRATOR: ("nobody else administers the structure", last_main_administrator),
    Reason.NAME_TAKEN: ("another user has this login name", name_taken),
    Reason.ALREADY_THERE: (
        "a structure or a user of this id exists, or a user of this identity of single sign-on",
        already_there,
    ),
    Reason.TOO_MANY_USERS: ("the account has `account.max_users` users", too_many_users),
    Reason.WRONG_CATEGORY: ("not for a user of this category, or not in a structure of this kind", wrong_category),
    Reason.WRONG_STATE: ("not in the user's present state", wrong_state),
    Reason.DEAD_TOKEN: ("the link was never sent, was used, or was replaced by a later one", dead_token),
    Reason.LAPSED: ("the link is too old", lapsed),
    Reason.INSTALLATION_ONLY: ("the setting is the installation's alone", installation_only),
    Reason.ENTITY_ONLY: ("the setting exists for entities only", entity_only),
}
