"""Attempts to sign in, for the tests of the first factor: what the keys say, who is meant, where they would be."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

from mydso_access.decisions.lockout import Admission, Admitted, Blocked, Full
from mydso_access.decisions.naming import account_key, address_key, codes_key
from mydso_access.decisions.sign_in import Place, SecretVerdict, SignInFacts
from mydso_access.model import (
    AttemptCounter,
    Category,
    CounterKey,
    Credential,
    Disabled,
    DisabledBecause,
    Enabled,
    Entity,
    Invited,
    Platform,
    Reservation,
    Secret,
    SignInMode,
    SsoIdentity,
    Structure,
    User,
)
from mydso_access.policy import DormancyPolicy, LockoutPolicy, SecurityPolicy, StructurePolicy

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
UNTIL = NOW + timedelta(hours=1)
SEEN = datetime(2026, 1, 2, 9, tzinfo=UTC)  # two months before
NAME, IDENTITY = "anna", SsoIdentity("https://idp.example", "5f3a")
CLIENT = ip_address("198.51.100.9")


def user(login: Any, *, password: bool = True, **changes: Any) -> User:
    """Return a user of the entity."""
    facts: dict[str, Any] = {
        "id": "user-1",
        "category": Category.ACTIVE,
        "structure": Structure.entity("e"),
        "role": "collector",
        "login": login,
        "name": NAME,
        "credential": Credential(Secret("$argon2id$"), NOW) if password else None,
        "sso": IDENTITY,
    }
    return User(**(facts | changes))


def of(key: CounterKey, rule: str) -> dict[str, Admission]:
    """Return everything that a key may say."""
    counter = AttemptCounter(key)
    return {
        "admitted": Admitted(counter, Reservation("r", NOW, NOW, 0)),
        "blocked": Blocked(counter, UNTIL, rule),
        "full": Full(counter),
    }


ADDRESS = of(address_key(CLIENT, LockoutPolicy()), "S37")
ON_ACCOUNT = of(account_key(NAME), "S36")
ACCOUNT: dict[str, Admission | None] = {
    **ON_ACCOUNT,
    "hard cap": Blocked(ON_ACCOUNT["full"].counter, None, "D4"),
    "not asked": None,
}
CODES: dict[str, Admission | None] = {**of(codes_key("user-1"), "D13"), "not asked": None}
CONTACT = User(id="user-1", category=Category.INACTIVE, structure=Structure.entity("e"), role="guest", sso=IDENTITY)
USERS: dict[str, User | None] = {
    "none": None,
    "other name": user(Enabled(SEEN), name="Anna", sso=SsoIdentity("https://idp.example", "5F3A")),
    "contact": CONTACT,
    "invited": user(Invited(NOW), password=False),
    **{f"disabled, {why.value}": user(Disabled(why, NOW)) for why in DisabledBecause},
    "enabled, no password": user(Enabled(SEEN), password=False),
    "enabled, by sso": user(Enabled(SEEN), sign_in_mode=SignInMode.SSO),
    "enabled, by password": user(Enabled(SEEN), sign_in_mode=SignInMode.PASSWORD),
    "enabled": user(Enabled(SEEN)),
}
VERDICTS = {"none": None, **{verdict.value: verdict for verdict in SecretVerdict}}


def place(home: Entity | Platform | None, months: int | None = None) -> Place:
    """Return where somebody would be signed in to, under an installation that asks for so many months."""
    return Place(home, SecurityPolicy(dormancy=DormancyPolicy(months=months)), NOW)


def asking(months: int) -> Entity:
    """Return the entity that asks for so many months."""
    return Entity(id="e", title="E", policy=StructurePolicy({"dormancy.months": months}))


HOME = Entity(id="e", title="E")
PLACES: dict[str, Place | None] = {
    "not looked at": None,
    "gone": place(None),
    "another": place(Entity(id="f", title="F")),
    "a platform of that id": place(Platform(id="e", title="E")),
    "home by sso": place(Entity(id="e", title="E", sign_in_mode=SignInMode.SSO)),
    "home, 2 months": place(asking(2)),
    "home, 2 months everywhere": place(asking(3), months=2),
    "home, 2 months twice": place(asking(2), months=2),
    "home, 3 months": place(asking(3)),
    "home": place(HOME),
}


def facts_of(
    address: str, account: str, whom: str, verdict: str, where: str = "home", codes: str = "not asked"
) -> SignInFacts:
    """Return what is known of an attempt, option by option."""
    return SignInFacts(
        NAME, ADDRESS[address], ACCOUNT[account], CODES[codes], USERS[whom], VERDICTS[verdict], PLACES[where]
    )
