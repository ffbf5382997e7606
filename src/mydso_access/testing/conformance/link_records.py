"""Links to try a store with: every case of every field, instants at both ends, and states told apart by a number."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import evolve

from mydso_access.model.event import Event, EventKind
from mydso_access.model.link import Link, LinkPurpose, LinkTarget
from mydso_access.model.secret import Secret
from mydso_access.model.structure import Structure
from mydso_access.policy.fixed import CUSTOMER_ID_CAP, LINK_TEXT_CAP
from mydso_access.testing.clock import A_MONDAY
from mydso_access.testing.conformance.records import A_SHIFT, TEXTS, later

SHORT = 200  # code points of an id that a store may well keep in a column of its own


def target(**changes: Any) -> LinkTarget:
    """Return what a link is good for: a page of a customer of entity-1."""
    fields: dict[str, Any] = {
        "purpose": LinkPurpose.EXTERNAL_EMAIL,
        "entity": "entity-1",
        "customer": "customer-1",
        "resource": "page-1",
        "recipient": "recipient@example.com",
    }
    return LinkTarget(**fields | changes)


def link(link_id: str, **changes: Any) -> Link:
    """Return a new link that opens for hours; what is not a link's own is its target's."""
    fields: dict[str, Any] = {
        "id": link_id,
        "granter": "granter",
        "single_use": False,
        "digest": Secret("digest"),
        "issued_at": A_MONDAY,
        "until": A_MONDAY + A_SHIFT,
        "saved_at": A_MONDAY,
    }
    bound = {name: changes.pop(name) for name in ("purpose", "entity", "customer", "resource") if name in changes}
    return Link(**{"target": target(**bound)} | fields | changes)


def link_told(saved: Link) -> Event:
    """Return the event that a link is saved with."""
    return Event(
        id=saved.written_by or f"event of {saved.id}",
        kind=EventKind.LINK_RENEWED,
        at=saved.saved_at,
        subject=saved.granter,
        structure=Structure.entity(saved.target.entity),
        customer=saved.target.customer,
    )


def numbered_link(before: Link, number: int) -> Link:
    """Return the link with everything changed that a save may change, written by an event of this number."""
    at = later(number)
    return evolve(
        before,
        digest=Secret(f"digest-{number}"),
        issued_at=at,
        until=at + A_SHIFT,
        used_at=at,
        revoked_at=at,
        saved_at=at,
        written_by=f"event-{number}",
    )


def every_link() -> Mapping[str, Link]:
    """Return links which between them hold every case of every field."""
    longest = dict.fromkeys(("entity", "resource", "recipient"), "\U0001f600" * LINK_TEXT_CAP)
    longest["customer"] = "\U0001f600" * CUSTOMER_ID_CAP
    return {
        **{f"for an {purpose.value}": link(f"p{n}", purpose=purpose) for n, purpose in enumerate(LinkPurpose)},
        **{f"text {n}": _with_text(f"t{n}", text) for n, text in enumerate(TEXTS)},
        "to the longest": link("longest", target=LinkTarget(purpose=LinkPurpose.DOCUMENT, **longest)),
        "for single use": link("single", single_use=True),
        "for ever": link("ever", until=None),
        "used": link("used", single_use=True, used_at=later(1), saved_at=later(1)),
        "revoked": link("revoked", revoked_at=later(1)),
        "for ever until it was revoked": link("ended", until=None, revoked_at=later(2)),
        "issued later": link("later", issued_at=later(1), until=later(1) + A_SHIFT),
        "written": link("written", written_by="event", saved_at=later(1)),
    }


def _with_text(link_id: str, text: str) -> Link:
    some = text[:SHORT] or "-"  # no target without a text
    bound = LinkTarget(purpose=LinkPurpose.DOCUMENT, entity=some, customer=some, resource=some, recipient=some)
    return link(link_id, target=bound, granter=text[:SHORT], digest=Secret(text))


def dated_link(number: int, instant: datetime) -> Link:
    """Return a link all of whose instants are this one."""
    instants = dict.fromkeys(("issued_at", "until", "used_at", "revoked_at", "saved_at"), instant)
    return link(f"link-{number}", **instants)
