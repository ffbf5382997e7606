"""Random worlds and questions, for ours and for Cedar: users of every kind, switches, customers of two entities."""

from random import Random
from typing import Any, TypeAlias

from attrs import frozen

from mydso_access.decisions.permissions import Whichever
from mydso_access.model import (
    MY_DSO_MANAGER,
    Category,
    Customer,
    Disabled,
    DisabledBecause,
    Enabled,
    Entity,
    Invited,
    Login,
    NoLogin,
    Right,
    Structure,
    User,
)
from mydso_access.policy import SecurityPolicy, StructurePolicy, VisibilityPolicy
from tests.decisions.people import LONG_AGO

SWITCHES = ("collectors", "sales", "sales_administration", "guests")
RESTRICTED = ("collector", "sales_manager", "sales_administration", "guest")
STRANGE = ("astronaut", "Collector", "")  # in no table (S6)
PLACES = ("lyon", "paris", "group")  # an entity has the platform's id
GONE = ("u-gone", "U-0", "U-1", "U-2", "u-3 ")  # whoever is associated and is no user; their ids are almost users'


@frozen(kw_only=True)
class World:
    """People, entities and customers of one installation."""

    policy: SecurityPolicy
    entities: tuple[Entity, ...]
    users: tuple[User, ...]
    customers: tuple[Customer, ...]


@frozen(kw_only=True)
class Question:
    """May this user do this with this customer, or with none in particular, being in this entity?

    `action` is `None` for "may they see this customer?".
    """

    user: User
    entity: Entity
    action: Right | None
    customer: Customer | Whichever


Named: TypeAlias = dict[str, str]


def world_of(chance: Random) -> World:
    """Return a world."""
    users = tuple(_user(chance, f"u-{number}") for number in range(12))
    ids = [*(user.id for user in users), *GONE]
    return World(
        policy=SecurityPolicy(visibility=VisibilityPolicy(**dict.fromkeys(_some(chance, SWITCHES, 0.05), True))),
        entities=tuple(_entity(chance, place) for place in PLACES),
        users=users,
        customers=tuple(
            Customer(
                entity=place,
                id=each,
                collector=chance.choice([None, *ids]),
                colleagues=frozenset(_some(chance, ids, chance.choice([0, 0.2, 0.5]))),
            )
            for place in PLACES
            for each in ("acme", "bolt", "%", "u-0", "lyon")  # the same ids in every entity
        ),
    )


def questions_of(world: World, chance: Random, count: int) -> list[Question]:
    """Return so many questions about a world; most of them where the user may be."""
    return [_question(world, chance) for _ in range(count)]


def _question(world: World, chance: Random) -> Question:
    user = chance.choice(world.users)
    places = {each.id: each for each in world.entities}
    theirs = [places[each] for each in sorted(user.memberships or {user.structure.id}) if each in places]
    entity = chance.choice(theirs if theirs and chance.random() < 0.85 else world.entities)
    customers = [each for each in world.customers if each.entity == entity.id]
    own = [each for each in customers if user.id == each.collector or user.id in each.colleagues]
    customer = chance.choice(chance.choices((own or customers, customers, world.customers), (5, 3, 1))[0])
    action = chance.choice([None, Right.OPEN_CARD, *Right])
    nobody = action is not None and chance.random() < 0.2
    return Question(user=user, entity=entity, action=action, customer=Whichever.CUSTOMER if nobody else customer)


def _user(chance: Random, user_id: str) -> User:
    category = chance.choices(list(Category), (6, 1, 3))[0]
    multi, contact = category is Category.MULTI_ENTITY, category is Category.INACTIVE
    return User(
        id=user_id,
        category=category,
        structure=Structure.platform("group") if multi else Structure.entity(chance.choice(PLACES)),
        role=chance.choice([*RESTRICTED, *(role.id for role in MY_DSO_MANAGER), chance.choice(STRANGE)]),
        login=NoLogin() if contact else _login(chance),
        name=None if contact else user_id,
        may_import=chance.random() < 0.5,
        memberships=frozenset(_some(chance, PLACES, 0.6)) if multi else frozenset(),
    )


def _login(chance: Random) -> Login:
    if chance.random() < 0.75:
        return Enabled(LONG_AGO)
    disabled = Disabled(chance.choice(list(DisabledBecause)), LONG_AGO)
    return Invited(LONG_AGO) if chance.random() < 0.5 else disabled


def _entity(chance: Random, place: str) -> Entity:
    asked = {f"visibility.{name}": chance.random() < 0.7 for name in _some(chance, SWITCHES, 0.8)}
    return Entity(id=place, title=place, policy=StructurePolicy(asked))


def _some(chance: Random, names: Any, share: float) -> list[str]:
    return [name for name in names if chance.random() < share]


# --- the same for Cedar


def as_cedar(world: World) -> list[dict[str, Any]]:
    """Return the facts of a world as entities of Cedar, none of them judged."""
    return [
        *({"uid": _uid("Entity", each.id), "attrs": _place(each), "parents": []} for each in world.entities),
        *({"uid": _uid("User", each.id), "attrs": _person(each), "parents": []} for each in world.users),
        *({"uid": _uid("Customer", _name(each)), "attrs": _client(each), "parents": []} for each in world.customers),
    ]


def asked(world: World, question: Question) -> dict[str, Any]:
    """Return a question as a request of Cedar."""
    customer = question.customer
    everywhere = [name for name in SWITCHES if getattr(world.policy.visibility, name)]
    return {
        "principal": _uid("User", question.user.id),
        "action": _uid("Action", "see" if question.action is None else question.action.value),
        "resource": _uid("Entity", question.entity.id)
        if isinstance(customer, Whichever)
        else _uid("Customer", _name(customer)),
        "context": {"entity": {"__entity": _uid("Entity", question.entity.id)}, "everywhere": everywhere},
    }


def _uid(kind: str, name: str) -> Named:
    return {"type": kind, "id": name}


def _name(customer: Customer) -> str:
    return f"{customer.entity}/{customer.id}"


def _ref(kind: str, name: str) -> dict[str, Named]:
    return {"__entity": _uid(kind, name)}


def _place(entity: Entity) -> dict[str, Any]:
    return {"switches": [name.partition(".")[2] for name, value in entity.policy.asks if value]}


def _person(user: User) -> dict[str, Any]:
    return {
        "category": user.category.value,
        "login": {NoLogin: "none", Invited: "invited", Enabled: "enabled", Disabled: "disabled"}[type(user.login)],
        "role": user.role,
        "may_import": user.may_import,
        "structure": _ref(user.structure.kind.value.capitalize(), user.structure.id),
        "memberships": [_ref("Entity", each) for each in sorted(user.memberships)],
    }


def _client(customer: Customer) -> dict[str, Any]:
    collector = {} if customer.collector is None else {"collector": _ref("User", customer.collector)}
    return collector | {
        "entity": _ref("Entity", customer.entity),
        "colleagues": [_ref("User", each) for each in sorted(customer.colleagues)],
    }
