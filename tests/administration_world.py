"""What the machine of administration asks for, and the rules by which it judges the answers: its own, not the code's."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from attrs import frozen

from mydso_access import (
    MY_DSO_MANAGER,
    Category,
    ImportMode,
    Link,
    LinkIssued,
    LinkPurpose,
    LinkTarget,
    NewUser,
    Nothing,
    Proof,
    Refused,
    Right,
    StructurePolicy,
)
from mydso_access.model import Enabled, Entity, Invited, Structure, User
from tests.flows.scene import GROUP, LYON, NEW, PARIS
from tests.support import HOME, RIGHT

PLACES = (LYON, PARIS, GROUP)
ENTITIES = ("lyon", "paris")
CUSTOMERS = ("c1", "c2", "c3")
ROLES = tuple(role.id for role in MY_DSO_MANAGER)
ROLE = {role.id: role for role in MY_DSO_MANAGER}
SETTINGS = (
    StructurePolicy(),
    StructurePolicy({"passwords.min_length": 9}),
    StructurePolicy({"dormancy.months": 2}),
    StructurePolicy({"links.documents": timedelta(days=9), "visibility.collectors": True}),
    StructurePolicy({"links.interactive": timedelta(days=3)}),
)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@frozen
class Request:
    """Who asks for what.

    Attributes:
        operation: name of the call.
        actor: who asks; `None` where a token or a password does.
        who: whom it is about.
        number: chooses among arguments.
        token: a token of some message.
        link: id of some link.
        followed: some link that was sent; `None` if none was.
    """

    operation: str
    actor: Any
    who: str
    number: int
    token: str
    link: str = ""
    followed: LinkIssued | None = None

    def of(self, several: Any) -> Any:
        """Return the argument that the number chooses."""
        return several[self.number % len(several)]


def _new_user(asked: Request) -> tuple[Structure, NewUser]:
    place, number = asked.of(PLACES), asked.number
    category = (
        Category.MULTI_ENTITY if place == GROUP else asked.of((Category.ACTIVE, Category.ACTIVE, Category.INACTIVE))
    )
    name = None if category is Category.INACTIVE else f"newcomer-{number}"
    role, may_import = asked.of(ROLES), number % 5 == 0
    return place, NewUser(email="new@example.com", role=role, category=category, name=name, may_import=may_import)


def _target(asked: Request) -> LinkTarget:
    entity, purpose = asked.of(ENTITIES), asked.of((LinkPurpose.DOCUMENT, LinkPurpose.EXTERNAL_EMAIL))
    return LinkTarget(
        purpose=purpose, entity=entity, customer="c1", resource="page", recipient="buyer@customer.example"
    )


def _issue_link(access: Any, asked: Request) -> Any:
    granter = None if isinstance(asked.actor, Proof) else asked.who
    return access.issue_link(asked.actor, _target(asked), granter=granter, single_use=asked.number % 3 == 0)


def _open_link(access: Any, asked: Request) -> Any:
    if asked.followed is None:
        return access.open_link("x.y", LinkPurpose.DOCUMENT)
    purpose = asked.followed.link.target.purpose if asked.number % 4 else LinkPurpose.INTERNAL_EMAIL
    return access.open_link(asked.followed.token, purpose)


def _permissions(access: Any, asked: Request) -> Any:
    """Ask what may be done, and answer no as every other call does."""
    allowed = access.permissions(asked.actor, asked.of(ENTITIES))
    no = allowed.scope
    return Refused(no.reason, no.rule) if isinstance(no, Nothing) else allowed


def _may(access: Any, asked: Request) -> Any:
    answer = access.may(asked.actor, asked.of(ENTITIES), Right.OPEN_CARD, "c1")
    return answer or Refused(answer.reason, answer.rule)


Call = Callable[[Any, Request], Any]
# Whatever an actor can ask for.
BY_ACTORS: Mapping[str, Call] = {
    "add_user": lambda access, asked: access.add_user(asked.actor, *_new_user(asked)),
    "renew_invitation": lambda access, asked: access.renew_invitation(asked.actor, asked.who),
    "change_role": lambda access, asked: access.change_role(asked.actor, asked.who, asked.of(ROLES)),
    "change_import_flag": lambda access, asked: access.change_import_flag(
        asked.actor, asked.who, may_import=asked.of((True, False))
    ),
    "rename": lambda access, asked: access.rename(asked.actor, asked.who, f"Name {asked.number}"),
    "change_email": lambda access, asked: access.change_email(asked.actor, asked.who, f"m{asked.number}@example.com"),
    "change_mobile": lambda access, asked: access.change_mobile(asked.actor, asked.who, f"+3361234{asked.number:04}"),
    "make_contact": lambda access, asked: access.make_contact(asked.actor, asked.who),
    "make_active": lambda access, asked: access.make_active(asked.actor, asked.who, f"active-{asked.number}"),
    "disable_user": lambda access, asked: access.disable_user(asked.actor, asked.who),
    "enable_user": lambda access, asked: access.enable_user(asked.actor, asked.who),
    "forget_user": lambda access, asked: access.forget_user(asked.actor, asked.who),
    "unblock_account": lambda access, asked: access.unblock_account(asked.actor, asked.who),
    "unblock_address": lambda access, asked: access.unblock_address(asked.actor, "192.0.2.7"),
    "mark_compromised": lambda access, asked: access.mark_compromised(asked.actor, asked.who),
    "reset_second_factor": lambda access, asked: access.reset_second_factor(asked.actor, asked.who),
    "revoke_address": lambda access, asked: access.revoke_address(asked.actor, asked.who, "192.0.2.1"),
    "revoke_shared_address": lambda access, asked: access.revoke_shared_address(
        asked.actor, asked.of(PLACES), "192.0.2.1"
    ),
    "authorise": lambda access, asked: access.authorise(asked.actor, asked.who, asked.of(ENTITIES)),
    "withdraw": lambda access, asked: access.withdraw(asked.actor, asked.who, asked.of(ENTITIES)),
    "appoint": lambda access, asked: access.appoint(asked.actor, asked.of(PLACES), asked.who),
    "dismiss": lambda access, asked: access.dismiss(asked.actor, asked.of(PLACES), asked.who),
    "change_settings": lambda access, asked: access.change_settings(
        asked.actor, asked.of(PLACES), SETTINGS[asked.number // 3 % len(SETTINGS)]
    ),
    "associate": lambda access, asked: access.associate(asked.actor, asked.of(ENTITIES), "c1", asked.who),
    "dissociate": lambda access, asked: access.dissociate(asked.actor, asked.of(ENTITIES), "c1", asked.who),
    "assign_collector": lambda access, asked: access.assign_collector(asked.actor, asked.of(ENTITIES), "c1", asked.who),
    "assign_collector_to_all": lambda access, asked: access.assign_collector_to_all(
        asked.actor, asked.of(ENTITIES), CUSTOMERS, asked.who
    ),
    "associate_with_all": lambda access, asked: access.associate_with_all(
        asked.actor, asked.of(ENTITIES), CUSTOMERS, asked.who
    ),
    "import_portfolio": lambda access, asked: access.import_portfolio(
        asked.actor, asked.of(ENTITIES), asked.who, CUSTOMERS[: asked.number % 4], mode=asked.of([*ImportMode])
    ),
    "issue_link": _issue_link,
    "renew_link": lambda access, asked: access.renew_link(asked.actor, asked.link),
    "revoke_link": lambda access, asked: access.revoke_link(asked.actor, asked.link),
    "list_links": lambda access, asked: access.list_links(asked.actor, asked.of(ENTITIES)),
    "list_users": lambda access, asked: access.list_users(asked.actor, asked.of(PLACES)),
    "list_customers": lambda access, asked: access.list_customers(asked.actor, asked.of(ENTITIES)),
    "read_trail": lambda access, asked: access.read_trail(asked.actor, asked.who, by=asked.of((True, False))),
}
# Whatever a session, a token or a name is enough for.
BY_ANYBODY: Mapping[str, Call] = {
    "accept_invitation": lambda access, asked: access.accept_invitation(asked.token, NEW),
    "complete_password_reset": lambda access, asked: access.complete_password_reset(asked.token, RIGHT),
    "confirm_email": lambda access, asked: access.confirm_email(asked.token),
    "request_password_reset": lambda access, asked: access.request_password_reset(asked.who.removeprefix("id-")),
    "sign_in": lambda access, asked: access.sign_in(asked.who.removeprefix("id-"), RIGHT, address="192.0.2.1"),
    "sweep": lambda access, asked: access.sweep(send=lambda _: None),
    "open_link": _open_link,
}
BY_SESSIONS: Mapping[str, Call] = {
    "enter": lambda access, asked: access.enter(asked.actor, asked.of(ENTITIES), address=HOME),
    "accessed": lambda access, asked: access.accessed(asked.actor),
    "permissions": _permissions,
    "may": _may,
}
EVERY = {**BY_ACTORS, **BY_ANYBODY, **BY_SESSIONS}
READS = ("list_users", "list_customers", "list_links", "read_trail")


@frozen
class Stored:
    """Every record of an installation at one moment."""

    users: dict[str, User]
    structures: dict[Structure, Any]
    customers: dict[Any, Any]
    links: dict[str, Link]
    events: tuple[Any, ...]

    def changed(self, after: "Stored") -> Iterator[tuple[User | None, User | None]]:
        """Yield every user who is not as before, before and after."""
        for user_id in self.users.keys() | after.users.keys():
            was, now = self.users.get(user_id), after.users.get(user_id)
            if was is not now:
                yield was, now

    def rewritten(self, after: "Stored") -> Iterator[Any]:
        """Yield every structure, customer and link that is stored anew, as it is after."""
        for mine, theirs in (
            (self.structures, after.structures),
            (self.customers, after.customers),
            (self.links, after.links),
        ):
            yield from (each for key, each in theirs.items() if mine.get(key) is not each)

    def administrators(self, place: Structure) -> set[str]:
        """Return whom a structure lists who holds what it lists, may sign in or accept, and administers security."""
        return {
            each.user_id
            for each in self.structures[place].main_administrators
            if (user := self.users.get(each.user_id)) is not None
            and each.id in user.appointments
            and isinstance(user.login, Enabled | Invited)
            and Right.SECURITY_SETTINGS in rights(user)
        }

    def listed(self, place: Structure) -> set[str]:
        """Return whom a structure lists as main administrator."""
        return {each.user_id for each in self.structures[place].main_administrators}


def stored(repositories: Any) -> Stored:
    """Read everything that is stored in memory."""
    structures: dict[Structure, Any] = {each.structure: each for each in _entities(repositories)}
    structures[GROUP] = repositories.structures.platform()
    customers = dict(repositories.customers._by_id)
    links = dict(repositories.links._by_id)
    return Stored(dict(repositories.users._by_id), structures, customers, links, repositories.events.all())


def _entities(repositories: Any) -> tuple[Entity, ...]:
    return tuple(repositories.structures._entities.values())


def rights(user: User) -> frozenset[Right]:
    """Return what a user's role and flag allow."""
    return ROLE[user.role].rights(may_import=user.may_import)


def places(user: User | None) -> set[Structure]:
    """Return where a user belongs."""
    return set() if user is None else {user.structure, *map(Structure.entity, user.memberships)}


def held(user: User | None) -> set[Any]:
    """Return everything that a record entitles to, if its login does or can: rights, places, main administration."""
    if user is None:
        return set()
    main = {("main", place) for place in places(user)} if user.appointments else set()
    return {*rights(user), *places(user), *main}


def effective(user: User | None) -> set[Any]:
    """Return what a user can do now, or can do as soon as they accept."""
    return held(user) if user is not None and isinstance(user.login, Enabled | Invited) else set()


def own(world: Stored, user: User) -> set[Any]:
    """Return what an actor may use: main administration only where their structure lists them."""
    if user.id in world.administrators(user.structure):
        return held(user)
    return {each for each in held(user) if not isinstance(each, tuple)}


def stands(world: Stored, proof: Proof) -> bool:
    """Tell whether a proof is of somebody who may sign in, and was made since."""
    user = world.users.get(proof.user_id)
    return user is not None and isinstance(user.login, Enabled) and proof.factors[0][1] >= user.valid_from
