"""Links to customers' pages and documents: giving them out, the list of them, and what is behind them for whoever has one."""

from collections.abc import Sequence
from typing import assert_never
from urllib.parse import quote

from attrs import frozen
from fastapi import APIRouter
from sqlalchemy import RowMapping, select
from starlette.responses import Response

from examples.console.rendering import instant
from examples.console.tables import CUSTOMERS
from examples.console.visit import Anybody, Member, Visit
from mydso_access import (
    Busy,
    Denied,
    Done,
    Link,
    LinkIssued,
    LinkOpened,
    LinkPurpose,
    LinkShown,
    LinkTarget,
    ListedLink,
    Reason,
    Refused,
    Right,
    System,
    User,
)

router = APIRouter()
PAGE = "/links"
HOST = System("console")
SHOWN = 50
INVOICES = 3
# In the addresses of the pages behind links, and in forms.
PURPOSES = {
    "external": LinkPurpose.EXTERNAL_EMAIL,
    "internal": LinkPurpose.INTERNAL_EMAIL,
    "document": LinkPurpose.DOCUMENT,
}
KINDS = {purpose: kind for kind, purpose in PURPOSES.items()}


@frozen
class ShownLink:
    """One line of the list: a link, and what would become of whoever followed it now."""

    link: Link
    granter: str
    is_own: bool
    state: str
    is_live: bool
    may_revoke: bool


@frozen
class Listed:
    """A part of the list, and the link that the next part begins after."""

    rows: Sequence[ShownLink]
    after: str | None = None


@router.get(PAGE)
def links(visit: Member, after: str = "") -> Response:
    """Show an entity's links to whoever manages users there, their own to everybody else."""
    allowed = visit.permissions.may(Right.OPEN_CARD)
    if isinstance(allowed, Denied):
        told = allowed.public_message
        return visit.page("error.html", status=403, title="You may not see this page", told=told)
    listed = links_of(visit, after=after)
    if isinstance(listed, Refused):
        return visit.refuse(listed, "/")
    return visit.page("links.html", listed=listed, manages=bool(visit.permissions.may(Right.MANAGE_USERS)))


@router.post(PAGE + "/{link_id}/renew")
def renew(visit: Member, link_id: str) -> Response:
    """Send a link anew: the earlier one opens nothing any more."""
    answer = visit.access.renew_link(visit.proof, link_id)
    if not isinstance(answer, LinkIssued):
        return visit.refuse(answer, _back(visit), title="Send a link anew")
    send(visit, answer)
    return visit.go(
        _back(visit), tell=f"A new link was sent to {answer.link.target.recipient}; the earlier one is dead."
    )


@router.post(PAGE + "/{link_id}/revoke")
def revoke(visit: Member, link_id: str) -> Response:
    """Let a link open nothing any more."""
    answer = visit.access.revoke_link(visit.proof, link_id)
    if not isinstance(answer, Done):
        return visit.refuse(answer, _back(visit), title="Revoke a link")
    told = (
        "It was revoked already." if answer.event is None else f"Revoked: the link to {answer.record.target.recipient}."
    )
    return visit.go(_back(visit), tell=told)


@router.get("/open/{kind}")
def look(visit: Anybody, kind: str, token: str = "") -> Response:
    """Say what a link leads to, and change nothing: mail scanners follow links, too."""
    if kind not in PURPOSES:
        return _dead(visit, "There is no such page.", 404)
    answer = visit.access.look_at_link(token, PURPOSES[kind])
    match answer:
        case LinkShown():
            row = _customer(visit, answer.target)
            return visit.page("link.html", shown=answer, kind=kind, token=token, customer=row)
        case Refused():
            return _dead(visit, answer.public_message)
        case _ as never:
            assert_never(never)


@router.post("/open/{kind}")
def open_(visit: Anybody, kind: str) -> Response:
    """Show what a link leads to. It is the answer itself: sent elsewhere, one for single use would be used up."""
    if kind not in PURPOSES:
        return _dead(visit, "There is no such page.", 404)
    answer = visit.access.open_link(visit.field("token"), PURPOSES[kind])
    match answer:
        case LinkOpened():
            row, token = _customer(visit, answer.target), visit.field("token")
            documents = _documents_behind(visit, answer, token)
            return visit.page(
                "link_opened.html", opened=answer, kind=kind, customer=row, token=token, documents=documents
            )
        case Refused():
            return _dead(visit, answer.public_message)
        case Busy():
            return _dead(visit, answer.public_message, 503)
        case _ as never:
            assert_never(never)


@router.post("/open/{kind}/document")
def open_document(visit: Anybody, kind: str) -> Response:
    """Lead whoever has the link of an interactive page to one of its documents, by a link that opens once.

    It is given out only when it is asked for, and while the page's own link opens: a page that is looked at, however often,
    leaves nothing behind that outlives it.
    """
    if kind not in PURPOSES or PURPOSES[kind] is LinkPurpose.DOCUMENT:
        return _dead(visit, "There is no such page.", 404)
    opened = visit.access.open_link(visit.field("token"), PURPOSES[kind])
    if not isinstance(opened, LinkOpened):
        return _dead(visit, opened.public_message, 503 if isinstance(opened, Busy) else 403)
    page, resource = opened.target, visit.field("resource")
    if resource not in resources_of(page.customer)[1:]:
        return _dead(visit, "There is no such document.", 404)
    target = LinkTarget(
        purpose=LinkPurpose.DOCUMENT,
        entity=page.entity,
        customer=page.customer,
        resource=resource,
        recipient=page.recipient,
    )
    issued = visit.access.issue_link(HOST, target, granter=opened.granter, single_use=True)
    if not isinstance(issued, LinkIssued):
        return _dead(visit, issued.public_message, 503 if isinstance(issued, Busy) else 403)
    return visit.go(f"/open/document?token={quote(issued.token.reveal(), safe='')}")


def links_of(visit: Visit, customer: str | None = None, after: str = "") -> Listed | Refused:
    """Return links as the user may see them: all if they manage users in the entity, else those in their own name."""
    begin: Link | None = visit.console.repositories.links.get(after) if after else None  # type: ignore[assignment]
    granter = None if visit.permissions.may(Right.MANAGE_USERS) else visit.proof.user_id
    page = visit.access.list_links(
        visit.proof, visit.entity, customer_id=customer, granter=granter, after=begin, limit=SHOWN
    )
    if isinstance(page, Refused):
        return page
    return Listed(_shown(visit, page.rows), page.after.id if isinstance(page.after, Link) else None)


def resources_of(customer: str) -> Sequence[str]:
    """Return what there is to be shown of a customer: the statement, and documents."""
    return [f"statement-{customer}", *(f"invoice-{customer}-{number}.pdf" for number in range(1, INVOICES + 1))]


def title_of(visit: Visit, user_id: str | None) -> str:
    """Return what people call a user."""
    user = None if user_id is None else visit.console.repositories.users.get(user_id)
    if not isinstance(user, User):
        return "nobody" if user_id is None else "somebody who is no longer there"
    return user.full_name or user.name or (user.email.address if user.email else user.id)


def _shown(visit: Visit, rows: Sequence[ListedLink]) -> Sequence[ShownLink]:
    titles = {granter: title_of(visit, granter) for granter in {row.link.granter for row in rows}}
    may_revoke = bool(visit.permissions.may(Right.MANAGE_USERS))
    lines = []
    for row in rows:
        link, is_live = row.link, row.kept_shut is None
        is_own = link.granter == visit.proof.user_id
        lines.append(ShownLink(link, titles[link.granter], is_own, _state(row), is_live, is_own or may_revoke))
    return sorted(lines, key=lambda line: line.link.issued_at, reverse=True)


def _state(row: ListedLink) -> str:
    """Say in a few words until when a link opens, or why it does not."""
    if row.kept_shut is None:
        return "until it is revoked" if row.until is None else f"until {instant(row.until)}"
    told = {
        Reason.REVOKED_LINK: f"revoked on {instant(row.link.revoked_at)}",
        Reason.USED_LINK: f"used on {instant(row.link.used_at)}",
        Reason.LAPSED: "too old: its period is over",
        Reason.GRANTER_LOST_RIGHT: "its sender may not open this customer any more",
        Reason.NO_RESOURCE: "what it leads to is gone",
    }
    return told.get(row.kept_shut.reason, row.kept_shut.explain())


def send(visit: Visit, issued: LinkIssued) -> None:
    """Put a link into an e-mail, and nowhere else."""
    target = issued.link.target
    address = f"{visit.console.mailbox.base_url}/open/{KINDS[target.purpose]}?token={issued.token.reveal()}"
    until = "until it is revoked" if issued.link.until is None else f"until {issued.link.until:%Y-%m-%d %H:%M} UTC"
    once = " It opens once." if issued.link.single_use else ""
    subjects = {
        LinkPurpose.EXTERNAL_EMAIL: "Your account statement",
        LinkPurpose.INTERNAL_EMAIL: f"A question about customer {target.customer}",
        LinkPurpose.DOCUMENT: f"Your document {target.resource}",
    }
    visit.console.mailbox.post(
        target.recipient,
        subjects[target.purpose],
        f"Please follow this link, which is good {until}.{once}\n\n{address}",
    )


def _back(visit: Visit) -> str:
    customer = visit.field("customer")
    return f"/customers/{quote(customer, safe='')}" if customer else PAGE


def _customer(visit: Visit, target: LinkTarget) -> RowMapping | None:
    query = select(CUSTOMERS).where(CUSTOMERS.c.entity_id == target.entity, CUSTOMERS.c.id == target.customer)
    with visit.console.engine.connect() as connection:
        return connection.execute(query).mappings().one_or_none()


def _documents_behind(visit: Visit, opened: LinkOpened, token: str) -> Sequence[str]:
    """Return the documents of an interactive page; of one whose link was for single use, none: it opens nothing more."""
    if opened.target.purpose is LinkPurpose.DOCUMENT:
        return []
    opens_again = isinstance(visit.access.look_at_link(token, opened.target.purpose), LinkShown)
    return resources_of(opened.target.customer)[1:] if opens_again else []


def _dead(visit: Visit, told: str, status: int = 403) -> Response:
    return visit.page("link_dead.html", status=status, told=told)
