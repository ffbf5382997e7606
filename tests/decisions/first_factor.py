"""The facts that the first factor is judged by, option by option."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import product
from typing import Any

from mydso_access.decisions.lockout import Admission, Admitted, Blocked, Full
from mydso_access.decisions.naming import account_key, address_key
from mydso_access.decisions.sign_in import Place, SecretVerdict, SignInFacts
from mydso_access.model import (
    AttemptCounter,
    Category,
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
    Structure,
    User,
)
from mydso_access.policy import DormancyPolicy, LockoutPolicy, SecurityPolicy, StructurePolicy

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
UNTIL = NOW + timedelta(hours=1)
SEEN = datetime(2026, 1, 2, 9, tzinfo=UTC)  # two months before
NAME = "anna"
CLIENT = ip_address("198.51.100.9")
ON_ADDRESS = AttemptCounter(address_key(CLIENT, LockoutPolicy()))
ON_ACCOUNT = AttemptCounter(account_key(NAME))


def user(login: Any, *, password: bool = True, name: str = NAME, mode: SignInMode | None = None) -> User:
    return User(
        id="user-1",
        category=Category.ACTIVE,
        structure=Structure.entity("e"),
        role="collector",
        login=login,
        name=name,
        credential=Credential(Secret("$argon2id$"), NOW) if password else None,
        sign_in_mode=mode,
    )


def seen_just_now(**changes: Any) -> User:
    return user(Enabled(NOW - timedelta(days=1)), **changes)


ADDRESS: dict[str, Admission] = {
    "admitted": Admitted(ON_ADDRESS, Reservation("a", NOW, NOW, 0)),
    "blocked": Blocked(ON_ADDRESS, UNTIL, "S37"),
    "full": Full(ON_ADDRESS),
}
ACCOUNT: dict[str, Admission | None] = {
    "admitted": Admitted(ON_ACCOUNT, Reservation("b", NOW, NOW, 0)),
    "blocked": Blocked(ON_ACCOUNT, UNTIL, "S36"),
    "hard cap": Blocked(ON_ACCOUNT, None, "D4"),
    "full": Full(ON_ACCOUNT),
    "not asked": None,
}
USERS: dict[str, User | None] = {
    "none": None,
    "other name": user(Enabled(SEEN), name="Anna"),
    "contact": User(id="user-1", category=Category.INACTIVE, structure=Structure.entity("e"), role="guest"),
    "invited": user(Invited(NOW), password=False),
    **{f"disabled, {why.value}": user(Disabled(why, NOW)) for why in DisabledBecause},
    **{f"disabled, {why.value}, no password": user(Disabled(why, NOW), password=False) for why in DisabledBecause},
    "enabled, no password": user(Enabled(SEEN), password=False),
    "enabled, by sso": user(Enabled(SEEN), mode=SignInMode.SSO),
    "enabled, by sso, no password": user(Enabled(SEEN), mode=SignInMode.SSO, password=False),
    "enabled, by password": user(Enabled(SEEN), mode=SignInMode.PASSWORD),
    "enabled, just now": seen_just_now(),
    "enabled": user(Enabled(SEEN)),
}
VERDICTS = {"none": None, **{verdict.value: verdict for verdict in SecretVerdict}}


def _place(home: Entity | Platform | None, months: int | None = None) -> Place:
    return Place(home, SecurityPolicy(dormancy=DormancyPolicy(months=months)), NOW)


def _asking(months: int) -> Entity:
    return Entity(id="e", title="E", policy=StructurePolicy({"dormancy.months": months}))


HOME = Entity(id="e", title="E")
PLACES: dict[str, Place | None] = {
    "not looked at": None,
    "gone": _place(None),
    "another": _place(Entity(id="f", title="F")),
    "a platform of that id": _place(Platform(id="e", title="E")),
    "home by sso": _place(Entity(id="e", title="E", sign_in_mode=SignInMode.SSO)),
    "home, 2 months": _place(_asking(2)),
    "home, 2 months everywhere": _place(_asking(3), months=2),
    "home, 2 months twice": _place(_asking(2), months=2),
    "home, 3 months": _place(_asking(3)),
    "home": _place(HOME),
}
TABLE = list(product(ADDRESS, ACCOUNT, USERS, VERDICTS, PLACES))


def facts_of(address: str, account: str, whom: str, verdict: str, place: str = "home") -> SignInFacts:
    return SignInFacts(
        NAME, ADDRESS[address], ACCOUNT[account], user=USERS[whom], secret=VERDICTS[verdict], place=PLACES[place]
    )
