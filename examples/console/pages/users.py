"""Admin, Manage users: the list of a structure, adding somebody, and ending a network address's block."""

import secrets
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from attrs import frozen
from fastapi import APIRouter
from starlette.responses import Response

from examples.console.parts import DRAWN_ID
from examples.console.people import CATEGORIES, STATES, at_field, looked_at, turned_away
from examples.console.visit import Member, Visit
from mydso_access import (
    Busy,
    Category,
    Done,
    InvalidValue,
    ListedUser,
    NewUser,
    Reason,
    Refused,
    Right,
    StructureKind,
    Unblocked,
    User,
)

router = APIRouter()
SHOWN = 50
CHUNK = 200


@frozen
class Filter:
    """What the list is asked for."""

    text: str
    state: str

    def holds(self, row: ListedUser) -> bool:
        """Tell whether a line is asked for."""
        user = row.user
        told = (user.name, user.full_name, None if user.email is None else user.email.address, user.role)
        found = any(self.text.casefold() in each.casefold() for each in told if each)
        return found and self.state in ("", row.state.value)


# The list


@router.get("/users")
def users(visit: Member, q: str = "", state: str = "", after: str = "") -> Response:
    """List the users of the structure one is in."""
    asked, begin = Filter(q.strip(), state), _cursor(visit, after)
    found = [*islice(_rows(visit, asked, begin), SHOWN + 1)]
    values: dict[str, Any] = {
        "rows": found[:SHOWN],
        "more": found[SHOWN - 1].user.id if len(found) > SHOWN else None,
        "asked": asked,
        "begun": begin is not None,
        "states": STATES,
        "categories": CATEGORIES,
        "roles": visit.access.roles,
    }
    if visit.is_htmx:
        return visit.fragment("users_rows.html", **values)
    return visit.page("users.html", may_end_blocks=_may_end_blocks(visit), **values)


def _rows(visit: Visit, asked: Filter, begin: User | None) -> Iterator[ListedUser]:
    # The library lists a page at a time and finds by structure only: so few people are looked through here.
    after, limit = begin, CHUNK if asked.text or asked.state else SHOWN + 1
    while True:
        page = visit.access.list_users(visit.proof, visit.structure, after=after, limit=limit)
        if isinstance(page, Refused):
            turned_away(visit, page)
        yield from (row for row in page.rows if asked.holds(row))
        if not isinstance(page.after, User):
            return
        after = page.after


def _cursor(visit: Visit, after: str) -> User | None:
    if not after:
        return None
    row = visit.access.look_at_user(visit.proof, visit.structure, after)
    return None if isinstance(row, Refused) else row.user  # gone meanwhile: begin anew


# Adding somebody


@router.get("/users/new")
def new(visit: Member, active: str = "") -> Response:
    """Ask for the category first, then for what it needs."""
    _only_managers(visit)
    return _form(visit, _category(visit, active))


@router.post("/users/new")
def add(visit: Member) -> Response:
    """Add somebody. The form draws the id, so that sending it twice adds nobody twice."""
    category, user_id = _category(visit, visit.field("active")), visit.field("id")
    if category is None or not DRAWN_ID.fullmatch(user_id):
        return _form(visit, category, status=422)
    try:
        answer = visit.access.add_user(visit.proof, visit.structure, _typed(visit, category), user_id=user_id)
    except InvalidValue as error:
        return _form(visit, category, status=422, errors=at_field(error))
    visit.send(answer.messages)
    return _added(visit, category, user_id, answer)


def _added(visit: Visit, category: Category, user_id: str, answer: Done[User] | Refused | Busy) -> Response:
    match answer:
        case Done(record=user):
            called = user.full_name or user.name or "The contact"
            invited = (
                "" if user.name is None or user.email is None else f" The invitation went to {user.email.address}."
            )
            return visit.go(f"/users/{user.id}", tell=f"{called} was added.{invited}")
        case Refused(reason=Reason.NAME_TAKEN):
            return _form(visit, category, status=422, errors={"name": answer.public_message})
        case Refused(reason=Reason.ALREADY_THERE):
            called = looked_at(visit, user_id).user.full_name or visit.field("name")
            return visit.go(f"/users/{user_id}", warn=f"{called} had been added already, and was not added twice.")
        case Refused() if answer.ends_session or answer.reason is Reason.STEP_UP_NEEDED:
            return visit.refuse(answer, "/users", title="add an administrator")
        case Refused() | Busy():
            status = 403 if isinstance(answer, Refused) else 503
            return _form(visit, category, status=status, problem=answer.public_message)


def _category(visit: Visit, active: str) -> Category | None:
    if visit.structure.kind is StructureKind.PLATFORM:
        return Category.MULTI_ENTITY
    return {"yes": Category.ACTIVE, "no": Category.INACTIVE}.get(active)


def _typed(visit: Visit, category: Category) -> NewUser:
    return NewUser(
        email=visit.field("email"),
        role=visit.field("role"),
        category=category,
        name=None if category is Category.INACTIVE else visit.field("name"),
        full_name=visit.field("full_name").strip() or None,
        mobile=visit.field("mobile").strip() or None,
        may_import=visit.field("may_import") == "yes",
    )


def _form(
    visit: Visit,
    category: Category | None,
    *,
    status: int = 200,
    problem: str = "",
    errors: dict[str, str] | None = None,
) -> Response:
    drawn = visit.field("id") if DRAWN_ID.fullmatch(visit.field("id")) else secrets.token_hex(16)
    return visit.page(
        "user_new.html",
        status=status,
        category=category,
        titles=CATEGORIES,
        drawn=drawn,
        role_choices=_choices(visit),
        problem=problem,
        errors=errors or {},
    )


def _choices(visit: Visit) -> Sequence[tuple[str, str]]:
    roles = [(role.id, role.title) for role in visit.access.roles.roles.values()]
    return roles if visit.field("role") else [("", "Please choose"), *roles]


# A network address's block


@router.get("/users/address-block")
def ask_address(visit: Member) -> Response:
    """Ask for a network address whose block is to end."""
    if not _may_end_blocks(visit):
        turned_away(visit, Refused(Reason.NOT_ALLOWED, "D17"))
    return visit.page("user_address.html", error="", problem="")


@router.post("/users/address-block")
def unblock_address(visit: Member) -> Response:
    """End the block of a network address: it is the whole account's, so the platform's main administrator's to end."""
    try:
        answer = visit.access.unblock_address(visit.proof, visit.field("address").strip())
    except InvalidValue as error:
        return visit.page("user_address.html", status=422, error=f"Please give {error.expected}.", problem="")
    if isinstance(answer, Unblocked):
        told = f"Nothing is counted against {answer.event.address} any more, nor against its network where that is counted."
        return visit.go("/users/address-block", tell=told)
    if isinstance(answer, Refused) and not answer.ends_session and answer.reason is not Reason.STEP_UP_NEEDED:
        turned_away(visit, answer)
    return visit.refuse(answer, "/users/address-block", title="end a block")


def _may_end_blocks(visit: Visit) -> bool:
    return visit.structure.kind is StructureKind.PLATFORM and bool(visit.member.appointments)


def _only_managers(visit: Visit) -> None:
    if Right.MANAGE_USERS not in visit.rights:
        turned_away(visit, Refused(Reason.NOT_ALLOWED, "S4"))
