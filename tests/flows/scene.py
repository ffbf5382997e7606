"""An account with a platform and two entities, and somebody of each kind in them; what is stored, to compare."""

from datetime import timedelta
from typing import Any

from attrs import define, evolve

from mydso_access import Proof, System
from mydso_access.model import (
    Appointment,
    Category,
    Customer,
    Disabled,
    DisabledBecause,
    Email,
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
from mydso_access.testing.clock import A_MONDAY
from tests.support import World, active, add, settle

ROOT = System("setup")
LYON, PARIS, GROUP = Structure.entity("lyon"), Structure.entity("paris"), Structure.platform("group")
NEW = "Another-Horse-10"


def person(name: str, role: str, structure: Structure = LYON, /, **changes: Any) -> User:
    """Return somebody with an e-mail address; main administrators hold the appointment `of-` and their name."""
    contact = {"email": Email(f"{name}@example.com", A_MONDAY), "structure": structure, "role": role}
    return active(name, **contact | changes)


def _main(name: str) -> dict[str, Any]:
    return {"appointments": frozenset({f"of-{name}"})}


def _no_login(**changes: Any) -> dict[str, Any]:
    return {"credential": None} | changes


CAST = (
    person("boss", "administrator", **_main("boss")),
    person("deputy", "administrator"),
    person("manager", "credit_manager"),
    person("anna", "collector", full_name="Anna Petit", mobile="+33612345678"),
    person("guest", "guest"),
    person("invited", "collector", **_no_login(login=Invited(A_MONDAY))),
    person("lapsed", "collector", **_no_login(login=Disabled(DisabledBecause.LAPSED, A_MONDAY))),
    person("disabled", "collector", login=Disabled(DisabledBecause.ADMINISTRATOR, A_MONDAY)),
    person("contact", "guest", category=Category.INACTIVE, login=NoLogin(), name=None, credential=None),
    person("stranger", "administrator", PARIS, **_main("stranger")),
    person("paul", "collector", PARIS),
    person(
        "chief",
        "administrator",
        GROUP,
        category=Category.MULTI_ENTITY,
        **_main("chief"),
        memberships=frozenset({"lyon", "paris"}),
    ),
    person("multi", "collector", GROUP, category=Category.MULTI_ENTITY, memberships=frozenset({"lyon"})),
    person("nowhere", "collector", GROUP, category=Category.MULTI_ENTITY),
)


def _place(record: StructureRecord, main_administrator: str) -> StructureRecord:
    appointment = Appointment(f"id-{main_administrator}", f"of-{main_administrator}")
    return evolve(record, main_administrators=(appointment,))


PLACES = (
    _place(Entity(id="lyon", title="Lyon"), "boss"),
    _place(Entity(id="paris", title="Paris"), "stranger"),
    _place(Platform(id="group", title="The group"), "chief"),
)


def associated(repositories: Any, *customers: Customer) -> None:
    for customer in customers:
        event = Event(id=f"add-{customer.id}", kind=EventKind.CUSTOMER_ASSOCIATED, at=A_MONDAY)
        repositories.customers.save(customer, event)


@define
class Scene(World):
    """A world with this account in it."""

    def __attrs_post_init__(self) -> None:
        self.repositories = type(self.repositories)()
        settle(self.repositories, *PLACES)
        add(self.repositories, *CAST)

    def proof(self, name: str, age: timedelta = timedelta(0)) -> Proof:
        """Return what a sign-in of somebody's proved, so long ago."""
        return Proof(f"id-{name}", ((Factor.PASSWORD, self.clock.now() - age),))

    def user(self, name: str) -> User:
        found = self.repositories.users.get(f"id-{name}")
        assert found is not None
        return found

    def change(self, name: str, **changes: Any) -> User:
        """Save somebody changed, as nobody's flow."""
        user = self.user(name)
        event = Event(id=f"add-{len(self.repositories.events.all())}", kind=EventKind.USER_UPDATED, at=user.saved_at)
        self.repositories.users.save(evolve(user, **changes), event)
        return self.user(name)

    def structure(self, structure: Structure) -> StructureRecord:
        found = self.repositories.structures.get(structure)
        assert found is not None
        return found

    def ask(self, structure: Structure, **asks: Any) -> None:
        """Let a structure ask for settings, each named like `dormancy__months`."""
        record = self.structure(structure)
        policy = record.policy
        for name, value in asks.items():
            policy = policy.asking(name.replace("__", "."), value)
        event = Event(id=f"add-ask-{record.version}", kind=EventKind.SETTINGS_CHANGED, at=A_MONDAY)
        self.repositories.structures.save(evolve(record, policy=policy), event)

    def event(self) -> Event:
        """Return the only event so far."""
        (event,) = self.events()
        return event

    def told(self) -> tuple[Any, ...]:
        """Return what the only event so far says: kind, actor, system, subject, rule and differences."""
        event = self.event()
        differences = tuple((each.name, each.before, each.after) for each in event.differences)
        return event.kind, event.actor, event.system, event.subject, event.rule, differences


def everything(repositories: Any) -> tuple[Any, ...]:
    """Return everything that is stored in memory."""
    users, structures, customers = repositories.users, repositories.structures, repositories.customers
    return (
        sorted(users._by_id.items()),
        sorted(structures._entities.items()),
        structures.platform(),
        sorted(customers._by_id.items()),
        sorted(repositories.counters.all(), key=repr),
        sorted(repositories.links._by_id.items()),
        repositories.events.all(),
    )


def revealed(token: Secret[str] | None) -> str:
    assert token is not None
    return token.reveal()
