"""Customers: the list by one clause, the page of one, why it is seen, and who is in charge of whom."""

import csv
import io
import math
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, assert_never
from urllib.parse import quote

from attrs import frozen
from fastapi import APIRouter
from sqlalchemy import ColumnElement, RowMapping, and_, func, or_, select
from starlette.responses import Response

from examples.console.pages.links import INVOICES, PURPOSES, links_of, resources_of, send, title_of
from examples.console.parts import DRAWN_ID, number_of
from examples.console.tables import CUSTOMERS
from examples.console.visit import Member, Visit
from mydso_access import (
    Assigned,
    AssociatedWith,
    Customer,
    Denied,
    Done,
    Everything,
    LinkIssued,
    LinkPurpose,
    LinkTarget,
    ManagedBy,
    Nothing,
    Reason,
    Refused,
    Right,
    Scope,
    ScopeBecause,
    User,
)
from mydso_access.adapters.sqlalchemy import visible

router = APIRouter()
PAGE = "/customers"
SHOWN = 50
ALL = 500
SORTS = {
    "name": ("Name", CUSTOMERS.c.name.asc()),
    "town": ("Town", CUSTOMERS.c.town.asc()),
    "balance": ("Balance, the highest first", CUSTOMERS.c.balance.desc()),
    "overdue": ("Overdue, the highest first", CUSTOMERS.c.overdue.desc()),
    "late": ("Days late, the most first", CUSTOMERS.c.days_late.desc()),
}
WHY_NOTHING = {
    Reason.OUTDATED_PROOF: "Your session is from before something about you changed. Please sign in again.",
    Reason.SECOND_FACTOR_OWED: "A second factor is asked for here since you came. Please enter the entity again.",
    Reason.NOT_AUTHORISED: "You are not authorised in this entity.",
    Reason.OTHER_STRUCTURE: "You are not authorised in this entity.",
    Reason.DORMANT: "Nobody has used this login for so long that it is dormant.",
}


@frozen
class Found:
    """What a search finds among the customers that somebody sees.

    Attributes:
        wanted: what was searched for.
        sort: which order.
        page: which part, from 1.
        count: how many there are, by the same clause.
        rows: the customers of this part.
        collectors: who collects, by customer.
    """

    wanted: str
    sort: str
    page: int
    count: int
    rows: Sequence[RowMapping]
    collectors: Mapping[str, str]

    @property
    def pages(self) -> int:
        """How many parts there are."""
        return max(1, math.ceil(self.count / SHOWN))


@router.get(PAGE)
def customers(visit: Member, q: str = "", sort: str = "name", page: str = "1") -> Response:
    """Show the customers that the user sees."""
    found, scope = _found(visit, q, sort, number_of(page, 1)), visit.permissions.scope
    opens, assigns = bool(visit.permissions.may(Right.OPEN_CARD)), bool(visit.permissions.may(Right.ASSIGN_CUSTOMERS))
    if visit.is_htmx:
        return visit.fragment("customers_found.html", found=found, opens=opens, assigns=assigns)
    return visit.page(
        "customers.html",
        found=found,
        scope=scope,
        why=why(visit, scope),
        sorts=SORTS,
        opens=opens,
        exports=bool(visit.permissions.may(Right.EXPORT_SEARCHES)),
        assigns=assigns,
        people=_people(visit) if assigns else [],
    )


@router.get(PAGE + "/export")
def export(visit: Member, q: str = "") -> Response:
    """Hand over what a search finds, as a file."""
    allowed = visit.permissions.may(Right.EXPORT_SEARCHES)
    if isinstance(allowed, Denied):
        return _no(visit, allowed)
    columns = ("id", "name", "town", "balance", "overdue", "days_late")
    with visit.console.engine.connect() as connection:
        rows = connection.execute(
            select(*(CUSTOMERS.c[name] for name in columns)).where(_clause(visit, q)).order_by(CUSTOMERS.c.id)
        ).all()
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    name = f'attachment; filename="customers-{visit.entity}.csv"'
    return Response(file.getvalue(), media_type="text/csv", headers={"Content-Disposition": name})


@router.post(PAGE + "/assign")
def assign_all(visit: Member) -> Response:
    """Assign everything that a search finds: search & assign."""
    wanted, user_id = visit.field("q"), visit.field("user")
    back = f"{PAGE}?q={quote(wanted)}"
    with visit.console.engine.connect() as connection:
        ids = connection.scalars(select(CUSTOMERS.c.id).where(_clause(visit, wanted))).all()
    if visit.field("seen") != str(len(ids)):
        return visit.go(
            back, warn=f"This search finds {len(ids)} customers by now. Please look again; nothing was changed."
        )
    if not user_id:
        return visit.go(back, warn="Please say to whom; nothing was changed.")
    assign = (
        visit.access.associate_with_all if visit.field("as") == "colleague" else visit.access.assign_collector_to_all
    )
    answer = assign(visit.proof, visit.entity, ids, user_id)
    if not isinstance(answer, Assigned):
        return visit.refuse(answer, back, title="Assign customers")
    told = f"{answer.changed} customers were assigned to {title_of(visit, user_id)}; {answer.unchanged} were theirs already."
    return visit.go(back, tell=told)


@router.get(PAGE + "/{customer_id}")
def customer(visit: Member, customer_id: str) -> Response:
    """Show one customer to whoever may open the card."""
    return _card(visit, customer_id)


@router.post(PAGE + "/{customer_id}/collector")
def assign(visit: Member, customer_id: str) -> Response:
    """Say who is in charge of a customer's collection."""
    back, user_id = _path(customer_id), visit.field("user") or None
    allowed = visit.permissions.may(Right.ASSIGN_CUSTOMERS)
    if isinstance(allowed, Denied):  # before anything is said of whose customer it is
        return _no(visit, allowed)
    if (_stored(visit, customer_id).collector or "") not in (visit.field("was"), user_id or ""):
        return visit.go(
            back, warn="Somebody else has assigned this customer meanwhile. Please look again; nothing was changed."
        )
    answer = visit.access.assign_collector(visit.proof, visit.entity, customer_id, user_id)
    if not isinstance(answer, Done):
        return visit.refuse(answer, back, title="Assign a collector")
    visit.send(answer.messages)
    return visit.go(back, tell=f"In charge of the collection: {title_of(visit, user_id)}.")


@router.post(PAGE + "/{customer_id}/colleagues/{change}")
def change_colleagues(visit: Member, customer_id: str, change: str) -> Response:
    """Associate a colleague with a customer, or end that."""
    back, user_id = _path(customer_id), visit.field("user")
    if not user_id or change not in ("add", "remove"):
        return visit.go(back, warn="Please say whom; nothing was changed.")
    edit = visit.access.associate if change == "add" else visit.access.dissociate
    answer = edit(visit.proof, visit.entity, customer_id, user_id)
    if not isinstance(answer, Done):
        return visit.refuse(answer, back, title="Change the colleagues")
    visit.send(answer.messages)
    told = "is associated now" if change == "add" else "is not associated any more"
    return visit.go(back, tell=f"{title_of(visit, user_id)} {told}.")


@router.post(PAGE + "/{customer_id}/links")
def issue(visit: Member, customer_id: str) -> Response:
    """Give out a link in the user's own name, and send it."""
    purpose, recipient = PURPOSES.get(visit.field("purpose")), visit.field("recipient").strip()
    if purpose is None or recipient.count("@") != 1 or len(recipient.split()) != 1:
        return _card(visit, customer_id, wrong="Please give one e-mail address.")
    statement, *documents = resources_of(customer_id)
    resource = visit.field("resource") if purpose is LinkPurpose.DOCUMENT else statement
    if resource not in (statement, *documents):
        return _card(visit, customer_id, wrong="There is no such document.")
    target = LinkTarget(
        purpose=purpose, entity=visit.entity, customer=customer_id, resource=resource, recipient=recipient
    )
    if not DRAWN_ID.fullmatch(visit.field("drawn")) or not visit.console.sessions.take(visit.field("drawn")):
        return visit.go(_path(customer_id), warn="This link had been sent already, and was not sent twice.")
    answer = visit.access.issue_link(visit.proof, target, single_use=bool(visit.field("once")))
    if not isinstance(answer, LinkIssued):
        return visit.refuse(answer, _path(customer_id), title="Send a link")
    send(visit, answer)
    return visit.go(_path(customer_id), tell=f"A link was sent to {recipient}.")


def why(visit: Visit, scope: Scope) -> str:
    """Say in plain words why the user sees the customers that they see."""
    role = visit.access.roles.role(visit.member.role).title.lower()
    match scope:
        case Everything(reason=ScopeBecause.NEVER_RESTRICTED):
            return f"You see every customer of {visit.place}: your role ({role}) is never restricted."
        case Everything():
            return f"You see every customer of {visit.place}: it does not restrict your role ({role})."
        case ManagedBy():
            return (
                f"{visit.place} shows your role ({role}) only the customers that you manage: whose collector you are."
            )
        case AssociatedWith():
            return f"{visit.place} shows your role ({role}) only the customers that you are associated with as a colleague."
        case Nothing(reason=reason):
            return WHY_NOTHING.get(reason, "You may not see customers here now.")
        case _ as never:
            assert_never(never)


def _card(visit: Visit, customer_id: str, *, wrong: str = "") -> Response:
    stored = _stored(visit, customer_id)
    allowed = visit.permissions.may(Right.OPEN_CARD, stored)
    if isinstance(allowed, Denied):
        return _no(visit, allowed)
    of_this = and_(_clause(visit), CUSTOMERS.c.id == customer_id)
    with visit.console.engine.connect() as connection:
        row = connection.execute(select(CUSTOMERS).where(of_this)).mappings().one_or_none()
    if row is None:
        return visit.page("error.html", status=404, title="No such customer", told="There is no such customer.")
    assigns = bool(visit.permissions.may(Right.ASSIGN_CUSTOMERS))
    links = links_of(visit, customer=customer_id)
    return visit.page(
        "customer.html",
        status=422 if wrong else 200,
        row=row,
        stored=stored,
        why=why(visit, visit.permissions.scope),
        allowed=allowed,
        collector=title_of(visit, stored.collector),
        colleagues=[(each, title_of(visit, each)) for each in sorted(stored.colleagues)],
        people=_people(visit) if assigns else [],
        assigns=assigns,
        links=[] if isinstance(links, Refused) else links.rows,
        documents=[(each, each) for each in resources_of(customer_id)[-INVOICES:]],
        form=visit.form,
        wrong=wrong,
        drawn=[secrets.token_hex(16) for _ in range(2)],
    )


def _found(visit: Visit, wanted: str, sort: str, page: int) -> Found:
    sort = sort if sort in SORTS else "name"
    clause = _clause(visit, wanted)
    with visit.console.engine.connect() as connection:
        count = connection.scalar(select(func.count()).select_from(CUSTOMERS).where(clause)) or 0
        page = min(max(1, page), max(1, math.ceil(count / SHOWN)))
        query = select(CUSTOMERS).where(clause).order_by(SORTS[sort][1], CUSTOMERS.c.id)
        rows = connection.execute(query.limit(SHOWN).offset((page - 1) * SHOWN)).mappings().all()
    return Found(wanted, sort, page, count, rows, _collectors(visit, [row["id"] for row in rows]))


def _clause(visit: Visit, wanted: str = "") -> ColumnElement[bool]:
    """Return the one clause that every query of customers goes through: what is seen, and of that what is searched for."""
    seen: ColumnElement[bool] = visible(visit.permissions.scope, id=CUSTOMERS.c.id, entity=CUSTOMERS.c.entity_id)
    wanted = wanted.strip()
    if not wanted:
        return seen
    columns = (CUSTOMERS.c.name, CUSTOMERS.c.town, CUSTOMERS.c.id)
    return and_(seen, or_(*(column.icontains(wanted, autoescape=True) for column in columns)))


def _collectors(visit: Visit, ids: Sequence[str]) -> Mapping[str, str]:
    stored: Iterable[Customer] = visit.console.repositories.customers.named(visit.entity, ids) if ids else ()  # type: ignore[assignment]
    by_customer = {each.id: each.collector for each in stored if each.collector is not None}
    titles = {user_id: title_of(visit, user_id) for user_id in {*by_customer.values()}}
    return {customer_id: titles[user_id] for customer_id, user_id in by_customer.items()}


def _stored(visit: Visit, customer_id: str) -> Customer:
    """Return who is associated with a customer; of one of whom nothing is stored, nobody."""
    stored = visit.console.repositories.customers.get(visit.entity, customer_id)
    return stored if isinstance(stored, Customer) else Customer(entity=visit.entity, id=customer_id)


def _people(visit: Visit) -> Sequence[tuple[User, bool]]:
    """Return everybody who may be associated here, each with whether they may be a collector."""
    people: list[tuple[User, bool]] = []
    page = visit.access.list_users(visit.proof, visit.structure, limit=ALL)
    while not isinstance(page, Refused):
        for line in page.rows:
            rights = visit.access.roles.role(line.user.role).rights(may_import=False)
            if Right.BE_ASSOCIATED in rights:
                people.append((line.user, Right.BE_COLLECTOR in rights))
        if not isinstance(page.after, User):
            break
        page = visit.access.list_users(visit.proof, visit.structure, after=page.after, limit=ALL)
    return people


def _no(visit: Visit, denied: Denied) -> Response:
    if denied.reason is Reason.NOT_THEIR_CUSTOMER:  # the same as of a customer that is not there
        return visit.page("error.html", status=404, title="No such customer", told=denied.public_message)
    return visit.page("error.html", status=403, title="You may not see this page", told=denied.public_message)


def _path(customer_id: str) -> str:
    return f"{PAGE}/{quote(customer_id, safe='')}"


def _cell(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
