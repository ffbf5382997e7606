"""Links for the tests of what they open: a target, a granter, an entity with periods."""

from datetime import datetime, timedelta
from typing import Any

import attrs

from mydso_access.decisions.links import Grant, issued
from mydso_access.decisions.tokens import GivenToken
from mydso_access.model import Customer, Entity, Link, LinkPurpose, LinkTarget, Secret
from mydso_access.policy import StructurePolicy
from tests.decisions.people import LYON, NOON, POLICY, ROLES, anna

EXTERNAL, INTERNAL, DOCUMENT = LinkPurpose.EXTERNAL_EMAIL, LinkPurpose.INTERNAL_EMAIL, LinkPurpose.DOCUMENT
PERIOD = {EXTERNAL: "links.interactive", INTERNAL: "links.interactive", DOCUMENT: "links.documents"}
RULE = {EXTERNAL: "S33", INTERNAL: "S33", DOCUMENT: "S34"}
TOKEN = GivenToken("link-1", Secret("c4nary-secret"))
ACME = Customer(entity="lyon", id="acme")
ANNA = anna()


def days(count: int | None) -> timedelta | None:
    return None if count is None else timedelta(days=count)


def asking(entity: Entity = LYON, **periods: int | None) -> Entity:
    """Return an entity that asks for these periods of links, in days."""
    asks = {f"links.{name}": days(count) for name, count in periods.items()}
    return attrs.evolve(entity, policy=StructurePolicy(asks))


def both(count: int | None) -> Entity:
    """Return an entity that asks for one period of all links, in days."""
    return asking(interactive=count, documents=count)


def target(purpose: LinkPurpose = EXTERNAL, **changes: str) -> LinkTarget:
    """Return what a link leads to."""
    facts: dict[str, Any] = {
        "entity": "lyon",
        "customer": "acme",
        "resource": "page-1",
        "recipient": "carl@example.com",
    }
    return LinkTarget(purpose=purpose, **facts | changes)


def grant(entity: Entity | None = LYON, now: datetime = NOON, **changes: Any) -> Grant:
    """Return in whose name something is shown: Anna's, of Lyon."""
    home = LYON if entity is None else entity
    facts: dict[str, Any] = {
        "granter": ANNA,
        "home": home,
        "entity": entity,
        "policy": POLICY,
        "roles": ROLES,
        "now": now,
    }
    return Grant(**facts | changes)


def link(purpose: LinkPurpose = EXTERNAL, entity: Entity = LYON, *, single_use: bool = False, **changes: Any) -> Link:
    """Return a link that Anna granted at noon."""
    return attrs.evolve(issued(target(purpose), TOKEN, grant(entity), single_use=single_use), **changes)
