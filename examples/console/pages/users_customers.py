"""Admin, Manage users: the customers of one user in the entity one is in, as collector or as colleague."""

from collections.abc import Sequence

from fastapi import APIRouter
from sqlalchemy import select
from starlette.responses import Response

from examples.console.people import looked_at, turned_away
from examples.console.tables import CUSTOMERS
from examples.console.visit import Answered, Member, Visit
from mydso_access import Customer, Denied, Done, InvalidValue, Refused, Right

router = APIRouter()
SHOWN = 50
SO_ALREADY = "It was so already; nothing was changed."
CHANGED = "This customer has another collector meanwhile. Nothing was done."


@router.get("/users/{user_id}/customers")
def customers(visit: Member, user_id: str, after: str = "") -> Response:
    """List the customers that a user is collector or colleague of."""
    return _shown(visit, user_id, after=after)


@router.post("/users/{user_id}/customers/add")
def add(visit: Member, user_id: str) -> Response:
    """Make a user the collector or a colleague of one more customer."""
    entity, customer, proof = visit.entity, visit.field("customer").strip(), visit.proof
    _must_assign(visit)
    if not customer or customer not in _names(visit, [customer]):
        return _shown(visit, user_id, status=422, error="There is no customer of this number here.")
    call = visit.access.assign_collector if visit.field("as") == "collector" else visit.access.associate
    try:
        answer = call(proof, entity, customer, user_id)
    except InvalidValue as error:
        return _shown(visit, user_id, status=422, error=f"Please give {error.expected}.")
    if isinstance(answer, Done):
        visit.send(answer.messages)
        told = SO_ALREADY if answer.event is None else f"Customer {customer} is added."
        return visit.go(f"/users/{user_id}/customers", tell=told)
    if isinstance(answer, Refused) and not answer.ends_session:
        visit.send(answer.messages)
        return _shown(visit, user_id, status=403, problem=answer.public_message)
    return visit.refuse(answer, f"/users/{user_id}/customers", title="add a customer")


@router.post("/users/{user_id}/customers/remove")
def remove(visit: Member, user_id: str) -> Response:
    """End what a user is to a customer."""
    entity, customer, proof = visit.entity, visit.field("customer"), visit.proof
    _must_assign(visit)
    if visit.field("as") == "collector":
        stored = visit.console.repositories.customers.get(entity, customer)
        if not isinstance(stored, Customer) or stored.collector != user_id:
            return visit.go(f"/users/{user_id}/customers", warn=CHANGED)
        answer = visit.access.assign_collector(proof, entity, customer, None)
    else:
        answer = visit.access.dissociate(proof, entity, customer, user_id)
    if isinstance(answer, Done):
        visit.send(answer.messages)
        told = SO_ALREADY if answer.event is None else f"Customer {customer} is removed."
        return visit.go(f"/users/{user_id}/customers", tell=told)
    return visit.refuse(answer, f"/users/{user_id}/customers", title="remove a customer")


def _must_assign(visit: Visit) -> None:
    """Turn away whoever may not assign customers, before anything is said of whether one is there, or whose it is."""
    allowed = visit.permissions.may(Right.ASSIGN_CUSTOMERS)
    if isinstance(allowed, Denied):
        told = allowed.public_message
        raise Answered(visit.page("error.html", status=403, title="Not for you", told=told))


def _shown(  # noqa: PLR0913  # what the page may have to say
    visit: Visit, user_id: str, *, after: str = "", status: int = 200, problem: str = "", error: str = ""
) -> Response:
    entity, row = visit.entity, looked_at(visit, user_id)
    begin = Customer(entity=entity, id=after) if after else None
    page = visit.access.list_customers(visit.proof, entity, associated=user_id, after=begin, limit=SHOWN)
    if isinstance(page, Refused):
        turned_away(visit, page)
    return visit.page(
        "user_customers.html",
        status=status,
        user=row.user,
        rows=sorted(page.rows, key=lambda customer: customer.id),  # the library's order is nobody's
        names=_names(visit, [customer.id for customer in page.rows]),
        more=page.after.id if isinstance(page.after, Customer) else None,
        begun=bool(after),
        problem=problem,
        error=error,
    )


def _names(visit: Visit, ids: Sequence[str]) -> dict[str, str]:
    columns = CUSTOMERS.c
    query = select(columns.id, columns.name).where(columns.entity_id == visit.entity, columns.id.in_(ids))
    with visit.console.engine.connect() as connection:
        return {row.id: row.name for row in connection.execute(query)}
