"""Half-finished sign-ins for the tests of the steps."""

from datetime import timedelta
from ipaddress import ip_address
from typing import Any

import attrs

from mydso_access.decisions.naming import address_key
from mydso_access.decisions.sign_in import Place
from mydso_access.decisions.steps import Standing, begun
from mydso_access.model import (
    Credential,
    Factor,
    Purpose,
    SecondFactor,
    Secret,
    SignIn,
    SsoIdentity,
    StructureRecord,
    User,
)
from mydso_access.policy import Algorithm, LockoutPolicy, Networks, SecurityPolicy, StructurePolicy
from tests.decisions.people import GROUP, LONG_AGO, LYON, NOON, POLICY, anna, multi

HERE, ADDRESS = ip_address("192.0.2.1"), address_key(ip_address("192.0.2.1"), LockoutPolicy())
QUARTER = timedelta(minutes=15)
PASSWORD, SSO, TOTP, RECOVERY_CODE = Factor.PASSWORD, Factor.SSO, Factor.TOTP, Factor.RECOVERY_CODE
SSO_SECOND, ADDRESS_CODE = Factor.SSO_SECOND, Factor.ADDRESS_CODE
SIGN_IN, ENTER, STEP_UP, ENROL = Purpose.SIGN_IN, Purpose.ENTER, Purpose.STEP_UP, Purpose.ENROL
APP = SecondFactor(Secret("sealed"), Algorithm.SHA1, LONG_AGO, 0)
IDENTITY = SsoIdentity("https://idp.example", "5f3a")
ANNA = anna(credential=Credential(Secret("hash"), NOON), sso=IDENTITY)
MIA = multi(memberships=frozenset({"lyon"}), credential=Credential(Secret("hash"), NOON), sso=IDENTITY)


def asking(record: StructureRecord, **asks: Any) -> Any:
    """Return a structure that asks for settings, whose dots are written as two underscores."""
    named = {name.replace("__", "."): value for name, value in asks.items()}
    return attrs.evolve(record, policy=StructurePolicy(named))


def elsewhere(record: StructureRecord) -> Any:
    """Return a structure whose list the address is not on."""
    return asking(record, addresses__networks=Networks("198.51.100.0/24"))


def sign_in(user: User = ANNA, purpose: Purpose = SIGN_IN, *factors: Factor, **changes: Any) -> SignIn:
    """Return a sign-in that was begun at noon, by a password unless it says otherwise."""
    proven = tuple((factor, NOON) for factor in factors or (PASSWORD,))
    facts: dict[str, Any] = {"address": ADDRESS, "at": NOON, "lasts": QUARTER}
    facts |= {"entity": "lyon"} if purpose is ENTER else {}
    return begun(user, purpose, proven, **(facts | changes))


def standing(
    user: User = ANNA,
    begun_as: SignIn | None = None,
    home: StructureRecord | None = LYON,
    entity: Any = None,
    policy: SecurityPolicy = POLICY,
    **changes: Any,
) -> Standing:
    """Return all that decides what a sign-in owes at noon."""
    facts = {"now": NOON, "client": HERE} | changes
    place = Place(home, policy, facts["now"], entity)
    return Standing(user, sign_in(user) if begun_as is None else begun_as, place, facts["client"])


def entering(user: User = MIA, *factors: Factor, group: Any = GROUP, lyon: Any = LYON, **changes: Any) -> Standing:
    """Return a standing of somebody who enters Lyon from the platform."""
    return standing(user, sign_in(user, ENTER, *factors), group, lyon, **changes)
