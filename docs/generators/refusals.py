"""Every reason that people who are signed in, or hold a link, may be given: what it means, and how it is provoked."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from attrs import evolve

from generators.step_cases import with_box
from generators.world import ADDRESS, PASSWORD, World
from mydso_access import (
    Category,
    Customer,
    Done,
    Entity,
    Founded,
    LinkIssued,
    LinkPurpose,
    LinkTarget,
    NewUser,
    Platform,
    Proof,
    Reason,
    Right,
    Secret,
    SignedIn,
    Structure,
    StructurePolicy,
    System,
    sender_of,
)
from mydso_access.policy import Networks
from mydso_access.testing import enabled_user

HOST = System("docs")
ENTITY = Structure.entity("entity-1")
GROUP = Platform(id="group", title="The group")
SOMEBODY = NewUser(email="somebody@example.com", role="guest", name="somebody")
PAGE = LinkTarget(
    purpose=LinkPurpose.EXTERNAL_EMAIL,
    entity="entity-1",
    customer="7",
    resource="statement",
    recipient="buyer@example.com",
)
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


def not_their_customer() -> object:
    """Send a link to somebody else's customer, where collectors see only theirs."""
    world = World()
    world.access.change_settings(HOST, ENTITY, StructurePolicy({"visibility.collectors": True}))
    return world.access.issue_link(proof(world), PAGE)


def second_factor_owed() -> object:
    """Go on with a session of a password in an entity that asks for a second factor since."""
    world = World()
    before = proof(world)
    with_box(world).change_settings(HOST, ENTITY, StructurePolicy({"second_factor.required": True}))
    return world.access.may(before, "entity-1", Right.REPORTS)


def no_sender() -> object:
    """Look for the sender of an e-mail to a customer that nobody manages, among nobody."""
    return sender_of(Customer(entity="entity-1", id="7"), Entity(id="entity-1", title="Lyon"), ())


def link(world: World, target: LinkTarget = PAGE, *, single_use: bool = False) -> LinkIssued:
    """Return a link that a collector sent."""
    issued = world.access.issue_link(proof(world), target, single_use=single_use)
    if not isinstance(issued, LinkIssued):
        raise TypeError(f"no link was issued, but {issued!r}")
    return issued


def used_link() -> object:
    """Open a link for single use again."""
    world = World()
    token = link(world, single_use=True).token
    world.access.open_link(token, PAGE.purpose)
    return world.access.open_link(token, PAGE.purpose)


def revoked_link() -> object:
    """Open a link that was revoked."""
    world = World()
    issued = link(world)
    world.access.revoke_link(HOST, issued.link.id)
    return world.access.open_link(issued.token, PAGE.purpose)


def granter_lost_right() -> object:
    """Open a link of somebody who was disabled since."""
    world = World()
    token = link(world).token
    world.access.disable_user(HOST, "user-anna")
    return world.access.open_link(token, PAGE.purpose)


def no_resource() -> object:
    """Open a link to a document that was deleted."""
    world = World()
    return world.access.open_link(link(world, evolve(PAGE, resource="gone")).token, PAGE.purpose)


def changed_meanwhile() -> object:
    """Change settings from a record that somebody else has changed since."""
    world = World()
    shown = world.repositories.structures.get(ENTITY)
    if shown is None:
        raise LookupError(ENTITY)
    world.access.change_settings(HOST, ENTITY, shown.policy.asking("dormancy.months", 6))
    return world.access.change_settings(HOST, ENTITY, shown.policy, version=shown.version)


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
    Reason.NOT_THEIR_CUSTOMER: (
        "the user's role is restricted there, and the customer is not theirs",
        not_their_customer,
    ),
    Reason.SECOND_FACTOR_OWED: (
        "a second factor is asked for there that the session has not proven: `enter` asks for it",
        second_factor_owed,
    ),
    Reason.NO_SENDER: ("neither collector nor anybody who stands in may send a customer's e-mails", no_sender),
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
    Reason.DEAD_TOKEN: (
        "the link was never sent, was used, was replaced by a later one, or is good for something else",
        dead_token,
    ),
    Reason.LAPSED: ("the link is too old", lapsed),
    Reason.USED_LINK: ("the link was for single use, and was opened", used_link),
    Reason.REVOKED_LINK: ("somebody revoked the link", revoked_link),
    Reason.GRANTER_LOST_RIGHT: (
        "in whose name the link was sent may not open that customer any more; the rule says why",
        granter_lost_right,
    ),
    Reason.NO_RESOURCE: ("the host has not what the link leads to any more (`resource_exists`)", no_resource),
    Reason.CHANGED_MEANWHILE: ("the structure's record is another than the one that was shown", changed_meanwhile),
    Reason.INSTALLATION_ONLY: ("the setting is the installation's alone", installation_only),
    Reason.ENTITY_ONLY: ("the setting exists for entities only", entity_only),
}
