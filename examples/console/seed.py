"""A group to play with: one platform, three entities, users of every kind, 5,000 customers. Seeding twice changes nothing."""

import random
from datetime import datetime, timedelta

from attrs import frozen
from sqlalchemy import func, insert, select

from examples.console.parts import Console
from examples.console.tables import CUSTOMERS
from mydso_access import (
    AccessControl,
    Category,
    Done,
    Entity,
    Founded,
    InvitationMessage,
    Message,
    NewUser,
    Platform,
    Refused,
    Structure,
    StructurePolicy,
    StructureRecord,
    System,
)

PASSWORD = "Correct-Horse-9"  # noqa: S105  # everybody's, in this demonstration
HOST = System("seed")
GROUP, LYON, PARIS, MADRID = (
    Structure.platform("group"),
    Structure.entity("lyon"),
    Structure.entity("paris"),
    Structure.entity("madrid"),
)
STRANGER = "198.51.100.66"
SHOWN_LOGINS = (
    ("anna.petit", "main administrator of Lyon"),
    ("grace.head", "main administrator of the group, authorised in all three entities"),
    ("mia.multi", "credit manager, authorised in Lyon and Paris"),
    ("mark.credit", "credit manager in Lyon"),
    ("carl.long", "collector in Lyon: sees the 200 customers that he manages"),
    ("sara.sales", "sales manager in Lyon; alba.office, finn.control, olga.officer, guy.guest: the other roles"),
    ("paul.paris", "main administrator of Paris; maria.madrid: of Madrid"),
    ("bob.blocked", "blocked for an hour: five wrong passwords"),
)


@frozen
class Person:
    """Somebody of the demonstration, who lives in a structure and has accepted their invitation, or not."""

    name: str
    role: str
    where: Structure
    title: str
    mobile: str | None = None
    accepts: bool = True

    @property
    def new(self) -> NewUser:
        """What is said of them."""
        platform = self.where == GROUP
        return NewUser(
            email=f"{self.name}@example.com",
            role=self.role,
            category=Category.MULTI_ENTITY if platform else Category.ACTIVE,
            name=self.name,
            full_name=self.title,
            mobile=self.mobile,
        )


FOUNDERS: tuple[tuple[StructureRecord, Person], ...] = (
    (
        Platform(id="group", title="The group"),
        Person("grace.head", "administrator", GROUP, "Grace Head", "+33600000001"),
    ),
    (Entity(id="lyon", title="Lyon"), Person("anna.petit", "administrator", LYON, "Anna Petit", "+33600000002")),
    (Entity(id="paris", title="Paris"), Person("paul.paris", "administrator", PARIS, "Paul Paris", "+33600000003")),
    (
        Entity(id="madrid", title="Madrid"),
        Person("maria.madrid", "administrator", MADRID, "María Madrid", "+34600000004"),
    ),
)
LONG_AGO = (
    Person("dan.dormant", "collector", LYON, "Dan Dormant"),
    Person("lara.lapsed", "collector", LYON, "Lara Lapsed", accepts=False),
)
LAST_MONTH = (Person("ivan.invited", "collector", LYON, "Ivan Invited", accepts=False),)
LATELY = (
    Person("mark.credit", "credit_manager", LYON, "Mark Credit", "+33600000010"),
    Person("carl.long", "collector", LYON, "Carl Long"),
    Person("sara.sales", "sales_manager", LYON, "Sara Sales"),
    Person("alba.office", "sales_administration", LYON, "Alba Office"),
    Person("finn.control", "financial_controller", LYON, "Finn Control"),
    Person("olga.officer", "executive_officer", LYON, "Olga Officer"),
    Person("guy.guest", "guest", LYON, "Guy Guest"),
    Person("dora.gone", "collector", LYON, "Dora Gone"),
    Person("bob.blocked", "collector", LYON, "Bob Blocked"),
    Person("carla.paris", "collector", PARIS, "Carla Paris"),
    Person("mia.multi", "credit_manager", GROUP, "Mia Multi", "+33600000011"),
)
CONTACT = NewUser(
    email="zoe@example.com", role="guest", category=Category.INACTIVE, full_name="Zoé Contact", mobile="+33600000012"
)
SIZES = {"lyon": 2_500, "paris": 1_500, "madrid": 1_000}
FIRMS = (
    "Durand",
    "Martin",
    "Petit",
    "Bernard",
    "Moreau",
    "Leroy",
    "Garcia",
    "Lopez",
    "Roux",
    "Vidal",
    "Faure",
    "Blanc",
)
KINDS = ("SA", "SARL", "& Fils", "Frères", "Transports", "Bâtiment", "Textile", "Conseil", "Industrie", "Négoce")
TOWNS = ("Lyon", "Paris", "Madrid", "Lille", "Nantes", "Sevilla", "Annecy", "Toulouse", "Bilbao", "Dijon")


def seed(console: Console) -> None:
    """Make the group, if it is not there; interrupted, it is called again and goes on."""
    with console.engine.connect() as connection:
        if connection.scalar(select(func.count()).select_from(CUSTOMERS)):
            return
    now = console.clock.now()
    _people(console, now)
    _settings(console.access)
    _associations(console.access)
    for _ in range(5):
        console.access.sign_in("bob.blocked", "a wrong guess", address=STRANGER)
    with console.engine.begin() as connection:  # last, since it says that all of it is there
        connection.execute(insert(CUSTOMERS), _customers())


def customer_ids(entity: str) -> list[str]:
    """Return the ids of an entity's customers: L0001 and so on."""
    return [f"{entity[0].upper()}{number:04}" for number in range(1, SIZES[entity] + 1)]


def _people(console: Console, now: datetime) -> None:
    long_ago = console.door_at(now - timedelta(days=86))
    for record, person in FOUNDERS:
        _let_in(long_ago, long_ago.found(HOST, record, person.new), person)
    for days, people in ((86, LONG_AGO), (27, LAST_MONTH), (2, LATELY)):
        door = console.door_at(now - timedelta(days=days))
        for person in people:
            _let_in(door, door.add_user(HOST, person.where, person.new, user_id=person.name), person)
    lately = console.door_at(now - timedelta(days=2))
    lately.add_user(HOST, LYON, CONTACT, user_id="zoe")
    lately.disable_user(HOST, "dora.gone")
    named = console.repositories.users.named("grace.head")
    for user_id, entities in ((named.id, SIZES), ("mia.multi", ("lyon", "paris"))):  # type: ignore[union-attr]
        for entity in entities:
            lately.authorise(HOST, user_id, entity)
    proof_of_life = console.access  # or the founders, who were there long ago, would go dormant soon, too
    for _, person in FOUNDERS:
        proof_of_life.sign_in(person.name, PASSWORD, address="192.0.2.1")
    console.mailbox.send(_invitation(console, "ivan.invited"))


def _let_in(door: AccessControl, answer: object, person: Person) -> None:
    """Accept an invitation; whoever was there already stays as they are."""
    if isinstance(answer, Founded | Done) and person.accepts:
        (message,) = answer.messages
        if isinstance(message, InvitationMessage) and message.token is not None:
            door.accept_invitation(message.token, PASSWORD)


def _invitation(console: Console, user_id: str) -> tuple[Message, ...]:
    renewed = console.door_at(console.clock.now() - timedelta(days=27)).renew_invitation(HOST, user_id)
    return renewed.messages


def _settings(access: AccessControl) -> None:
    access.change_settings(HOST, LYON, StructurePolicy({"visibility.collectors": True, "dormancy.months": 3}))


def _associations(access: AccessControl) -> None:
    lyon, paris = customer_ids("lyon"), customer_ids("paris")
    for answer in (
        access.assign_collector_to_all(HOST, "lyon", lyon[:200], "carl.long"),
        access.assign_collector_to_all(HOST, "lyon", lyon[200:500], "mark.credit"),
        access.associate_with_all(HOST, "lyon", lyon[100:250], "sara.sales"),
        access.associate_with_all(HOST, "lyon", lyon[:40], "zoe"),
        access.assign_collector_to_all(HOST, "paris", paris[:150], "carla.paris"),
    ):
        if isinstance(answer, Refused):
            raise SystemExit(answer.explain())


def _customers() -> list[dict[str, str | int]]:
    drawn = random.Random(7)  # noqa: S311  # names of firms that do not exist
    rows: list[dict[str, str | int]] = []
    for entity in SIZES:
        for customer_id in customer_ids(entity):
            balance, late = drawn.randrange(0, 9_000_000), drawn.choice((0, 0, 0, 5, 12, 33, 60, 95))
            rows.append(
                {
                    "entity_id": entity,
                    "id": customer_id,
                    "name": f"{drawn.choice(FIRMS)} {drawn.choice(KINDS)} {customer_id[1:]}",
                    "town": drawn.choice(TOWNS),
                    "balance": balance,
                    "overdue": balance // 3 if late else 0,
                    "days_late": late,
                }
            )
    return rows
