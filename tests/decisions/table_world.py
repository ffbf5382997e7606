"""The records that a row of the sign-in table stands for; the pure decisions and the doors are asked about the same."""

from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import IPv4Address
from typing import Any

from attrs import evolve, frozen

from mydso_access import Proof, VerifiedAssertion
from mydso_access.decisions.second_factor import step_at
from mydso_access.model import (
    Appointment,
    Category,
    Credential,
    Disabled,
    DisabledBecause,
    Enabled,
    Entity,
    Factor,
    Invited,
    NoLogin,
    Platform,
    Secret,
    SignInMode,
    SsoIdentity,
    Structure,
    StructureRecord,
    User,
)
from mydso_access.model.second_factor import RecoveryCode, SecondFactor
from mydso_access.model.structure import ApprovedAddress
from mydso_access.policy import Networks, SecurityPolicy, StructurePolicy, Words
from mydso_access.policy.addresses import Recipient
from mydso_access.policy.fixed import EARLIEST
from mydso_access.policy.second_factor import Algorithm, WithSso
from tests.decisions.table import Row
from tests.support import RIGHT, policy

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)  # when the last try comes
TICK = timedelta(microseconds=1)
LONG_AGO = datetime(2026, 1, 2, 9, tzinfo=UTC)  # two months before, to the microsecond
CLIENT, OTHER_CLIENT = IPv4Address("198.51.100.9"), IPv4Address("198.51.100.77")
THERE, ELSEWHERE = Networks("198.51.100.0/24"), Networks("192.0.2.0/24")
LYON, GROUP = Structure.entity("lyon"), Structure.platform("group")
NAME, IDENTITY = "anna", SsoIdentity("https://idp.example", "anna")
WEAK, GOOD = "weak", "Another-Horse-10"
UNUSABLE = "damaged"
RECOVERY = {3: "3ABCDEFGHIJKL", 4: "4ABCDEFGHIJKL", 5: UNUSABLE}  # the codes that are left, as they are typed
LOGINS = {
    "invited": Invited(LONG_AGO),
    **{f"disabled ({why.value})": Disabled(why, LONG_AGO) for why in DisabledBecause},
}
ADMINISTERS = ("only oneself", "user, administrator")
PROVED = {
    "password": (Factor.PASSWORD,),
    "password and code": (Factor.PASSWORD, Factor.TOTP),
    "sso": (Factor.SSO,),
    "sso trusted": (Factor.SSO, Factor.SSO_SECOND),
    "sso and code": (Factor.SSO, Factor.TOTP),
}
ASKED_MEANWHILE: dict[str, tuple[str, Any]] = {
    "address listed": ("addresses.networks", THERE),
    "list tightened": ("addresses.networks", ELSEWHERE),
    "administrator wanted": ("addresses.recipient", Recipient.ADMINISTRATOR),
    "second factor required": ("second_factor.required", True),
}
BOSS = User(
    id="u-boss",
    category=Category.ACTIVE,
    structure=LYON,
    role="administrator",
    login=Enabled(NOW),
    name="the.boss",
    mobile="+33611111111",
    appointments=frozenset({"a-boss"}),
)


@frozen
class World:
    """What is stored, and what is typed.

    Attributes:
        policy: the installation's policy.
        user: the record found; `None`: nobody.
        home: the record found where the user is at home; `None`: none.
        entity: the one to be entered; `None`: none.
        password: as typed.
    """

    policy: SecurityPolicy
    user: User | None
    home: StructureRecord | None
    entity: Entity | None
    password: Secret[str]


def world_of(row: Row) -> World:
    """Return the records of a row."""
    multi = row["who"].startswith("multi-entity")
    own = _platform(row) if multi else _entity(row, is_home=True)
    homes: dict[str, StructureRecord | None] = {
        "own": own,
        "gone": None,
        "another": evolve(own, id="other"),
        "of the other kind": Entity(id="group", title="G") if multi else Platform(id="lyon", title="L"),
    }
    entities = {
        "own or authorised": _entity(row, is_home=False) if multi else own,
        "another": Entity(id="paris", title="Paris"),
        "gone": None,
    }
    entity: Any = entities[row["entity"]] if row["by"] == "enter" else None
    return World(installation(row), _user(row, own), homes[row["home"]], entity, Secret(_typed(row)))


def _typed(row: Row) -> str:
    if row["password"] == "wrong":
        return "Wrong-Horse-9"
    return WEAK if row["due"] == "outgrown" else RIGHT


def installation(row: Row) -> SecurityPolicy:
    """Return the installation's policy; few differ, and to make one takes its time."""
    names = ("dormancy", "asks", "with sso", "list", "recipient", "due", "account key")
    return _installation(*(row[name] for name in names))


@cache
def _installation(*columns: str) -> SecurityPolicy:
    dormancy, asks, with_sso, listed, recipient, due, account = columns
    months = 2 if dormancy in ("installation", "both", "structure, longer") else None
    networks = {"listed by both": THERE, "new for the installation": ELSEWHERE, "new for one of both": ELSEWHERE}
    wanted = Recipient.USER if recipient.startswith("user") else Recipient.ADMINISTRATOR
    base = policy(blocked_attempts_count=account != "blocked, uncounted", hard_cap=6 if account == "hard cap" else None)
    return evolve(
        base,
        dormancy=evolve(base.dormancy, months=months),
        second_factor=evolve(base.second_factor, required=asks == "installation", with_sso=WithSso(with_sso)),
        addresses=evolve(base.addresses, networks=networks.get(listed), recipient=wanted),
        rotation=evolve(base.rotation, days=30 if due in ("age", "a moment left") else None),
        sso=evolve(base.sso, trusted=Words("mfa")),
    )


def _asks(row: Row, structure: Structure, listed: str, *, is_home: bool) -> StructurePolicy:
    """Return what a structure asks for."""
    asks: dict[str, Any] = {}
    if is_home:
        months = {"structure": 2, "both": 2, "structure, longer": 3}.get(row["dormancy"])
        asks |= {} if months is None else {"dormancy.months": months}
        asks |= {"rotation.days": 30} if row["due"] == "age by the structure" else {}
    if structure == LYON:
        asks |= {"rotation.days": 30} if row["due there"] == "age" else {}
        stricter = row["with sso there"]
        asks |= {} if stricter == "nothing" else {"second_factor.with_sso": WithSso(stricter)}
    if row["asks"] == structure.kind.value:
        asks |= {"second_factor.required": True}
    if listed in ("listed", "listed by both", "new for one of both"):
        asks |= {"addresses.networks": THERE}
    elif listed in ("shared", "personal", "new", "approved elsewhere"):
        asks |= {"addresses.networks": ELSEWHERE}
    return StructurePolicy(asks)


def _record(row: Row, structure: Structure, listed: str, *, is_home: bool) -> dict[str, Any]:
    held = () if row["recipient"] in ("only oneself", "nobody") else (Appointment("u-boss", "a-boss"),)
    mine = (Appointment("u-anna", "a-anna"),) if is_home and row["recipient"] in ADMINISTERS else ()
    approved = (ApprovedAddress(str(CLIENT), structure, LONG_AGO),) if listed == "shared" else ()
    return {
        "id": structure.id,
        "title": structure.id.title(),
        "policy": _asks(row, structure, listed, is_home=is_home),
        "main_administrators": (*held, *mine),
        "sign_in_mode": SignInMode.SSO if is_home and _home_is_by_sso(row) else SignInMode.PASSWORD,
        "approved": approved,
    }


def _home_is_by_sso(row: Row) -> bool:
    if row["mode"] == "as tried":
        return row["by"] == "sso" or (row["by"] == "enter" and row["proved"].startswith("sso"))
    return row["mode"] in ("sso", "own password")


def _platform(row: Row) -> Platform:
    return Platform(**_record(row, GROUP, row["list"], is_home=True))


def _entity(row: Row, *, is_home: bool) -> Entity:
    return Entity(**_record(row, LYON, row["list"] if is_home else row["there"], is_home=is_home))


def _user(row: Row, home: StructureRecord) -> User | None:
    who = row["who"]
    if who == "nobody":
        return None
    contact, multi = who == "contact", who.startswith("multi-entity")
    login = NoLogin() if contact else LOGINS.get(who.partition(", ")[2], _enabled(row))
    administers, seen = row["recipient"] in ADMINISTERS, row["seen"]
    approved = [] if row["list"] != "personal" else [home.structure]
    approved += [LYON] if multi and row["there"] == "personal" else []
    approved += [Structure.entity("paris")] if row["list"] == "approved elsewhere" else []
    name = "Anna" if who == "looser name" else NAME
    return User(
        id="u-anna",
        category=Category.INACTIVE if contact else Category.MULTI_ENTITY if multi else Category.ACTIVE,
        structure=home.structure,
        role="collector",
        login=login,
        name=None if contact else name,
        credential=None if isinstance(login, NoLogin | Invited) else _credential(row),
        second_factor=None if contact else _factor(row),
        approved=tuple(ApprovedAddress(str(CLIENT), each, LONG_AGO) for each in approved),
        codes_sent=(NOW - timedelta(minutes=1),) * 3 if row["recipient"] == "too many sent" else (),
        mobile=None if row["recipient"] in ("user without mobile", "nobody") else "+33622222222",
        sign_in_mode={"own sso": SignInMode.SSO, "own password": SignInMode.PASSWORD}.get(row["mode"]),
        sso=evolve(IDENTITY, subject=name),
        memberships=frozenset({"lyon"}) if multi else frozenset(),
        appointments=frozenset({"a-anna"}) if administers or seen == "long ago, main administrator" else frozenset(),
        valid_from=NOW if row["proof"] == "outdated" else EARLIEST,
        saved_at=LONG_AGO,
    )


def _enabled(row: Row) -> Enabled:
    return Enabled(NOW - timedelta(days=1) if row["seen"] == "lately" else LONG_AGO)


def _credential(row: Row) -> Credential | None:
    if row["password"] == "none":
        return None
    due = NOW - timedelta(days=30)
    set_at = {"age": due, "age by the structure": due, "a moment left": due + timedelta(seconds=1)}.get(
        row["due"], NOW - TICK
    )
    if row["due there"] == "age":
        set_at = due
    stored = UNUSABLE if row["password"] == "unusable" else WEAK if row["due"] == "outgrown" else RIGHT
    return Credential(Secret(stored), set_at, compromised="compromised" in (row["due"], row["due there"]))


def _factor(row: Row) -> SecondFactor | None:
    if row["factor"] != "enrolled":
        return None
    codes = tuple(RecoveryCode(place, Secret(code)) for place, code in RECOVERY.items())
    last_step = step_at(LATER) if row["then"] == "code used" else 0
    seed = Secret(UNUSABLE if row["then"] == "seed unusable" else "unsealed")
    return SecondFactor(seed, Algorithm.SHA1, LONG_AGO, last_step, codes)


def proof_of(row: Row) -> Proof:
    """Return what the session of somebody who enters has proved."""
    at = NOW - (timedelta(hours=1) if row["session"] == "old" else timedelta(minutes=1))
    return Proof("u-anna", tuple((factor, at) for factor in PROVED[row["proved"]]))


def assertion_of(row: Row) -> VerifiedAssertion:
    """Return what a provider of single sign-on says."""
    ages: dict[str, timedelta | None] = {
        "oldest": timedelta(minutes=5),
        "stale": timedelta(minutes=5) + TICK,
        "ahead": -timedelta(seconds=15),
        "future": -timedelta(seconds=15) - TICK,
        "undated": None,
    }
    age = ages.get(row["assertion"], timedelta(seconds=1))
    context = frozenset({"mfa"} if row["acr"] == "trusted" else {"pwd"})
    instant = None if age is None else NOW - age
    return VerifiedAssertion(issuer=IDENTITY.issuer, subject=NAME, id="1", instant=instant, context=context)


def changed_meanwhile(row: Row, user: User, home: StructureRecord) -> tuple[User, StructureRecord | None]:
    """Return user and home as somebody else has changed them between two steps."""
    if row["meanwhile"] in ASKED_MEANWHILE:
        return user, evolve(home, policy=home.policy.asking(*ASKED_MEANWHILE[row["meanwhile"]]))
    match row["meanwhile"]:
        case "disabled":
            return evolve(user, login=Disabled(DisabledBecause.ADMINISTRATOR, LATER)), home
        case "password changed":
            credential = user.credential and evolve(user.credential, hash=Secret(GOOD), set_at=LATER)
            return evolve(user, credential=credential, valid_from=LATER), home
        case "factor changed":
            factor = SecondFactor(Secret("unsealed"), Algorithm.SHA1, LATER, step_at(LATER))
            return evolve(user, second_factor=factor, valid_from=LATER), home
        case "withdrawn":
            return evolve(user, memberships=frozenset()), home
        case "sso mode":
            return user, evolve(home, sign_in_mode=SignInMode.SSO)
        case "home gone":
            return user, None
        case _:
            return user, home
