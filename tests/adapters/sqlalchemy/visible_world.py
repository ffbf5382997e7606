"""Worlds of users, entities and customers, in the library's tables and in a host's own beside them, and what is seen in them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from attrs import evolve, frozen
from hypothesis import strategies as st
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    FromClause,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
)

from mydso_access import (
    Category,
    Customer,
    Disabled,
    DisabledBecause,
    Entity,
    Event,
    EventKind,
    Invited,
    Nothing,
    Scope,
    Structure,
    StructurePolicy,
    User,
    can_see,
    permissions_of,
)
from mydso_access.adapters.sqlalchemy import OwnColleagues, OwnColumns, SqlRepositories, visible
from mydso_access.adapters.sqlalchemy.tables import TABLES, findable
from mydso_access.model import MY_DSO_MANAGER
from mydso_access.testing.clock import A_MONDAY
from tests.support import active

WIDTH = 255
MOSTLY = st.sampled_from([True, True, True, False])
SWITCHES = ("collectors", "sales", "sales_administration", "guests")
RESTRICTED = ("collector", "collector", "collector", "sales_manager", "sales_administration", "guest")
ROLES = (*RESTRICTED, *(role.id for role in MY_DSO_MANAGER))
PRECOMPOSED, COMBINING, MIRRORED, WIDE = "Ren\u00e9", "Rene\u0301", "\u202e7-remotsuc", "\uff17"
# Ids that a collation, a pattern, a conversion or a driver takes for another one, or for none.
HOSTILE = (
    "anna", "Anna", "ANNA", "anna ", "anna\t", " anna", "änna", "7", "07", "007", "+7", "7.0", "7 ", "-7", WIDE, "0", "-0",
    PRECOMPOSED, COMBINING, "Rene", MIRRORED, "customer-7", "7-remotsuc", "%", "_", "a_na", "a%", "\\", "\\%", "'", "''", '"', "`",
    "ß", "ss", "ẞ", "ı", "i", "I", "İ", "Æ", "ae", "\U0001f600", "\U0001f601", "\ufeffanna", "an\u200bna", "NULL", "", "x" * WIDTH,
    "x" * WIDTH + "y", ":param_1", "%(id)s", "{}", "anna\0", "\0", "\ud800", "anna\udfff", str(2**63 - 1), str(2**63), str(-(2**63)),
)  # fmt: skip
TEXTS = st.sampled_from(HOSTILE) | st.text(max_size=4)
ENTITIES = ("lyon", "Lyon", "lyon ", "paris", "7", "07", "é", "e\u0301", "'", "%", "lyon\0")
PLACES, PEOPLE = st.sampled_from(ENTITIES), TEXTS.filter(bool)
HOST = MetaData()
CUSTOMERS = Table(
    "customers",
    HOST,
    Column("row", Integer, primary_key=True),
    Column("entity_id", String(WIDTH)),
    Column("id", String(WIDTH)),
    Column("collector_id", String(WIDTH)),
)
COLLEAGUES = Table(
    "colleagues",
    HOST,
    Column("row", Integer, primary_key=True),
    Column("entity_id", String(WIDTH)),
    Column("customer_id", String(WIDTH)),
    Column("user_id", String(WIDTH)),
)
INVOICES = Table(
    "invoices", HOST, Column("number", Integer, primary_key=True), Column("customer_row", Integer), Column("note", Text)
)


def own(customers: FromClause = CUSTOMERS, colleagues: FromClause = COLLEAGUES) -> OwnColumns:
    theirs = colleagues.c
    found = OwnColleagues(customer=theirs.customer_id, user=theirs.user_id, entity=theirs.entity_id)
    return OwnColumns(collector=customers.c.collector_id, colleagues=found)


@frozen
class World:
    """Two entities, users of any kind, and customers."""

    entities: tuple[Entity, ...]
    users: tuple[User, ...]
    customers: tuple[Customer, ...]

    def scopes(self) -> Iterator[Scope]:
        """Yield what each user sees in each entity."""
        for user in self.users:
            for entity in self.entities:
                yield permissions_of(user, entity).scope


@st.composite
def worlds(
    draw: st.DrawFn,
    places: st.SearchStrategy[str] = PLACES,
    people: st.SearchStrategy[str] = PEOPLE,
    ids: st.SearchStrategy[str] = TEXTS,
) -> World:
    """Draw a world; ids come from few, so that users and customers meet, and the same customer is in both entities."""
    names = draw(st.lists(places, min_size=2, max_size=2, unique=True))
    entities = tuple(draw(an_entity(name)) for name in names)
    # A user's id is never empty; and every colleague of a customer may be nobody any more.
    user_ids = draw(st.lists(people, min_size=1, max_size=5, unique=True))
    users = tuple(draw(a_user(each, f"user-{n}", names)) for n, each in enumerate(user_ids))
    near = st.sampled_from([*user_ids, *user_ids, "ex-colleague"])
    pairs = st.tuples(st.sampled_from(names), ids)
    customers = tuple(
        Customer(
            entity=entity,
            id=customer,
            collector=draw(near | st.none()),
            colleagues=draw(st.frozensets(near, max_size=3)),
        )
        for entity, customer in draw(st.lists(pairs, min_size=1, max_size=8, unique=True))
    )
    return World(entities, users, customers)


@st.composite
def an_entity(draw: st.DrawFn, name: str) -> Entity:
    switches = draw(st.fixed_dictionaries({f"visibility.{each}": MOSTLY for each in SWITCHES}))
    return Entity(id=name, title="An entity", policy=StructurePolicy(switches), saved_at=A_MONDAY)


@st.composite
def a_user(draw: st.DrawFn, user_id: str, name: str, entities: list[str]) -> User:
    """Draw a user: mostly one who may be in an entity, in both, or in none any more."""
    changes: dict[str, Any] = {"structure": Structure.entity(draw(st.sampled_from(entities)))}
    if draw(st.booleans()):
        changes = {"structure": Structure.platform("group"), "category": Category.MULTI_ENTITY}
        changes["memberships"] = draw(st.sampled_from([entities, entities, entities[:1], []]).map(frozenset))
    if draw(st.integers(0, 5)) == 0:
        invited = {"login": Invited(A_MONDAY), "credential": None}
        changes |= draw(st.sampled_from([invited, {"login": Disabled(DisabledBecause.ADMINISTRATOR, A_MONDAY)}]))
    return active(name, id=user_id, role=draw(st.sampled_from(ROLES)), **changes)


def storable(text: str | None) -> bool:
    """Tell whether a host's column of text can hold it."""
    return text is None or (findable(text) is not None and len(text) <= WIDTH)


def rows_of(world: World) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the host's rows of customers and of colleagues: everybody's, look-alikes of theirs, and some with nothing in them."""
    rows: list[dict[str, Any]] = []
    for each in (*world.customers, *(look_alike for one in world.customers for look_alike in look_alikes(one))):
        values = {"entity_id": each.entity, "id": each.id, "collector_id": each.collector}
        rows.append({name: value if storable(value) else None for name, value in values.items()})
    rows += [{"entity_id": entity.id.strip("\0"), "id": None, "collector_id": None} for entity in world.entities]
    rows += [{"entity_id": None, "id": each.id.replace("\0", "")[:9], "collector_id": None} for each in world.customers]
    rows = [row for row in rows if all(storable(value) for value in row.values())]
    colleagues = [
        {"entity_id": each.entity, "customer_id": each.id, "user_id": user}
        for each in world.customers
        for user in sorted(each.colleagues)
    ]
    return rows, [row for row in colleagues if all(storable(value) for value in row.values())]


def look_alikes(customer: Customer) -> Iterator[Customer]:
    """Yield customers that nobody is associated with, whose ids are nearly another's."""
    for near in (customer.id.swapcase(), customer.id + " ", customer.id[::-1], customer.id.lstrip("0")):
        if near != customer.id:
            yield evolve(customer, id=near, colleagues=frozenset())


def store(engine: Engine, world: World) -> None:
    """Store a world in empty tables: the library's as a host would, the host's beside them."""
    repositories = SqlRepositories(engine)
    for place in world.entities:
        repositories.structures.save(place, event(f"e-{place.id}", EventKind.STRUCTURE_CREATED))
    for user in world.users:
        repositories.users.save(user, event(f"u-{user.id}", EventKind.USER_CREATED))
    for each in world.customers:
        repositories.customers.save(each, event(f"c-{each.entity}-{each.id}", EventKind.CUSTOMER_ASSOCIATED))
    rows, colleagues = rows_of(world)
    with engine.begin() as connection:
        for table, several in ((CUSTOMERS, rows), (COLLEAGUES, colleagues)):
            if several:
                connection.execute(insert(table), several)
        numbers = connection.scalars(select(CUSTOMERS.c.row)).all()
        if numbers:
            connection.execute(insert(INVOICES), [{"customer_row": number} for number in numbers for _ in range(2)])


def event(event_id: str, kind: EventKind) -> Event:
    return Event(id=event_id.encode("unicode_escape").decode(), kind=kind, at=A_MONDAY + timedelta(days=1))


def emptied(engine: Engine) -> None:
    with engine.begin() as connection:
        for table in (*HOST.sorted_tables, TABLES.users, TABLES.memberships, TABLES.structures, TABLES.customers):
            connection.execute(delete(table))
        for table in (TABLES.associates, TABLES.events):
            connection.execute(delete(table))


def answers(connection: Connection, clause: Any) -> tuple[set[int], int, set[int]]:
    """Return the rows of the list, the count, and the rows of an export of each customer's two invoices."""
    number = CUSTOMERS.c.row
    listed = connection.scalars(select(number).where(clause)).all()
    count = connection.scalar(select(func.count()).select_from(CUSTOMERS).where(clause))
    joined = select(number, INVOICES.c.number).join(INVOICES, INVOICES.c.customer_row == number)
    exported = connection.execute(joined.where(clause)).all()
    assert len(listed) == len(set(listed))  # nobody comes twice
    assert len(exported) == 2 * len({row.row for row in exported})
    return set(listed), count or 0, {row.row for row in exported}


Rows = list[tuple[int, Customer | None]]  # the customer of each row; none, if it says of no entity


def seen(scope: Scope, rows: Rows) -> set[int]:
    """Return the rows that `can_see` shows, one by one."""
    return {number for number, customer in rows if customer is not None and can_see(scope, customer)}


def as_associated(engine: Engine) -> Rows:
    """Return the host's rows with who looks after them, as the library's associations have it."""
    repositories = SqlRepositories(engine)

    def customer(row: Any) -> Customer | None:
        found = repositories.customers.get(row.entity_id, row.id) if None not in (row.entity_id, row.id) else None
        return found or nobodys(row)

    with engine.connect() as connection:
        rows = connection.execute(select(CUSTOMERS)).all()
    return [(row.row, customer(row)) for row in rows]


def as_own(engine: Engine) -> Rows:
    """Return the host's rows with who looks after them, as the host's own columns have it."""
    with engine.connect() as connection:
        rows = connection.execute(select(CUSTOMERS)).all()
        pairs = connection.execute(select(COLLEAGUES)).all()
    theirs: dict[tuple[str, str], set[str]] = {}
    for pair in pairs:
        theirs.setdefault((pair.entity_id, pair.customer_id), set()).add(pair.user_id)

    def customer(row: Any) -> Customer | None:
        colleagues = frozenset(theirs.get((row.entity_id, row.id), set()))
        found = nobodys(row)
        return None if found is None else evolve(found, collector=row.collector_id, colleagues=colleagues)

    return [(row.row, customer(row)) for row in rows]


def nobodys(row: Any) -> Customer | None:
    return None if row.entity_id is None else Customer(entity=row.entity_id, id=row.id or "")


def check_list_count_export_and_check(engine: Engine, world: World) -> None:
    """Check every user in every entity, on every row."""
    with_ours, with_own, theirs = as_associated(engine), as_own(engine), own()
    with engine.connect() as connection:
        for scope in world.scopes():
            for rows, columns in ((with_ours, None), (with_own, theirs)):
                clause = visible(scope, id=CUSTOMERS.c.id, entity=CUSTOMERS.c.entity_id, own=columns)
                expected = seen(scope, rows)
                assert (expected, len(expected), expected) == answers(connection, clause)
                assert not (expected and isinstance(scope, Nothing))
