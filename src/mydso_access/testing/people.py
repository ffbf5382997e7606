"""Who is in a `World`: a platform, three entities, a user of each category, role and state, and some customers."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from attrs import frozen

from mydso_access.model.secret import Secret
from mydso_access.model.structure import Appointment, Entity, Platform, SignInMode, Structure
from mydso_access.model.user import (
    Category,
    Credential,
    Disabled,
    DisabledBecause,
    Email,
    Enabled,
    Invited,
    Login,
    NoLogin,
    SsoIdentity,
    User,
)

GROUP = Structure.platform("group")
LYON, PARIS, BERLIN = (Structure.entity(each) for each in ("lyon", "paris", "berlin"))
TITLES = {LYON: "Lyon", PARIS: "Paris", BERLIN: "Berlin"}

# Of each customer who collects, and which colleagues are associated. Equal ids in two entities are two customers.
CUSTOMERS: Mapping[tuple[str, str], tuple[str | None, tuple[str, ...]]] = {
    ("lyon", "c1"): ("mia", ("sara", "cleo")),
    ("lyon", "c2"): ("mia", ("sally",)),
    ("lyon", "c3"): ("tom", ("sara", "mona")),
    ("lyon", "c4"): (None, ("gus",)),
    ("paris", "c1"): ("paul", ("mona",)),
}


@frozen
class Person:
    """Somebody of a world, in one line.

    Attributes:
        name: the login name; a contact's has none, and is found by it all the same.
        role: id of the role.
        home: where they belong.
        state: `ready` to sign in, `invited`, `disabled`, a `contact`, or coming by `sso`.
        entities: the entities that a multi-entity user is authorised in.
    """

    name: str
    role: str
    home: Structure
    state: str = "ready"
    entities: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        """The user's id: another text than the name, so that no test takes the one for the other."""
        return f"user-{self.name}"

    def user(self, number: int, password: Secret[str], now: datetime) -> User:
        """Return the record.

        Args:
            number: what makes the mobile number theirs.
            password: the stored hash.
            now: since when they are what they are.
        """
        by_sso, has_password = self.state == "sso", self.state in ("ready", "disabled")
        return User(
            id=self.id,
            category=self._category,
            structure=self.home,
            role=self.role,
            login=self._login(now),
            name=None if self.state == "contact" else self.name,
            credential=Credential(password, now) if has_password else None,
            full_name=self.name.title(),
            email=Email(f"{self.name}@example.com", now),
            mobile=f"+336123456{number:02}",
            sign_in_mode=SignInMode.SSO if by_sso else None,
            sso=SsoIdentity("https://login.example.com", self.name) if by_sso else None,
            memberships=self.entities,
            appointments=frozenset({each.id for each in main_administrators(self.home) if each.user_id == self.id}),
            saved_at=now,
        )

    @property
    def _category(self) -> Category:
        if self.state == "contact":
            return Category.INACTIVE
        return Category.MULTI_ENTITY if self.home == GROUP else Category.ACTIVE

    def _login(self, now: datetime) -> Login:
        match self.state:
            case "contact":
                return NoLogin()
            case "invited":
                return Invited(now)
            case "disabled":
                return Disabled(DisabledBecause.ADMINISTRATOR, now)
            case _:
                return Enabled(now)


PEOPLE = (
    Person("hugo", "administrator", GROUP, entities=frozenset({"lyon", "paris", "berlin"})),
    Person("mona", "collector", GROUP, entities=frozenset({"lyon", "paris"})),
    Person("anna", "administrator", LYON),
    Person("carl", "credit_manager", LYON),
    Person("mia", "collector", LYON),
    Person("tom", "collector", LYON),
    Person("sara", "sales_manager", LYON),
    Person("sally", "sales_administration", LYON),
    Person("fiona", "financial_controller", LYON),
    Person("eric", "executive_officer", LYON),
    Person("gus", "guest", LYON),
    Person("ines", "collector", LYON, "invited"),
    Person("dora", "collector", LYON, "disabled"),
    Person("simon", "collector", LYON, "sso"),
    Person("cleo", "guest", LYON, "contact"),
    Person("petra", "administrator", PARIS),
    Person("paul", "collector", PARIS),
    Person("bruno", "administrator", BERLIN),
)


def main_administrators(structure: Structure) -> tuple[Appointment, ...]:
    """Return the one main administrator of each structure."""
    names = {GROUP: "hugo", LYON: "anna", PARIS: "petra", BERLIN: "bruno"}
    return (Appointment(f"user-{names[structure]}", f"appointed-in-{structure.id}"),)


def structures(now: datetime) -> Iterator[Entity | Platform]:
    """Yield the records of the platform and its entities."""
    yield Platform(id=GROUP.id, title="The group", main_administrators=main_administrators(GROUP), saved_at=now)
    for entity, title in TITLES.items():
        yield Entity(id=entity.id, title=title, main_administrators=main_administrators(entity), saved_at=now)
