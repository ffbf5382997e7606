"""Admin, Manage users: one user, everything that may be changed of them, and forgetting them."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from attrs import frozen
from fastapi import APIRouter
from starlette.responses import Response

from examples.console.people import (
    CATEGORIES,
    STATES,
    at_field,
    kept_out,
    looked_at,
    title_of,
    told_stale,
    turned_away,
)
from examples.console.visit import Member, Visit
from mydso_access import (
    Allowed,
    Busy,
    Category,
    Done,
    Forgotten,
    InvalidValue,
    ListedUser,
    Reason,
    Refused,
    Right,
    Structure,
    StructureKind,
    Unblocked,
    User,
)

router = APIRouter()
Answer: TypeAlias = Done[Any] | Unblocked | Refused | Busy
TYPED = frozenset({"role", "full_name", "email", "mobile", "name"})
SO_ALREADY = "It was so already; nothing was changed."


@frozen
class Change:
    """Something that may be changed of a user.

    Attributes:
        title: what it is, for the question whether to go on after proving oneself again.
        told: what is said once it is done; `{}` stands for the user.
        run: the call.
        field: where a refusal for its value is told.
    """

    title: str
    told: str
    run: Callable[[Visit, str], Answer]
    field: str = ""


CHANGES: Mapping[str, Change] = {
    "role": Change(
        "give another role",
        "{} has another role now, and their sessions are over.",
        lambda visit, user: visit.access.change_role(visit.proof, user, visit.field("role"), seen=visit.field("seen")),
    ),
    "import-flag": Change(
        "change who may import data files",
        "The import flag of {} is changed.",
        lambda visit, user: visit.access.change_import_flag(
            visit.proof, user, may_import=visit.field("may_import") == "yes", seen=visit.field("seen")
        ),
    ),
    "full-name": Change(
        "change the name",
        "They are called {} from now on.",
        lambda visit, user: visit.access.rename(
            visit.proof, user, visit.field("full_name").strip() or None, seen=visit.field("seen")
        ),
    ),
    "email": Change(
        "change the e-mail address",
        "The e-mail address of {} is changed.",
        lambda visit, user: visit.access.change_email(
            visit.proof, user, visit.field("email"), seen=visit.field("seen")
        ),
    ),
    "mobile": Change(
        "change the mobile",
        "The mobile of {} is changed.",
        lambda visit, user: visit.access.change_mobile(
            visit.proof, user, visit.field("mobile").strip() or None, seen=visit.field("seen")
        ),
    ),
    "contact": Change(
        "make a contact of an active user",
        "{} is a contact now: no login, and customers stay associated.",
        lambda visit, user: visit.access.make_contact(visit.proof, user, seen=visit.field("seen")),
    ),
    "active": Change(
        "make a contact an active user",
        "{} is an active user now, and invited.",
        lambda visit, user: visit.access.make_active(visit.proof, user, visit.field("name"), seen=visit.field("seen")),
        field="name",
    ),
    "disable": Change(
        "disable the login",
        "The login of {} is disabled; their sessions are over.",
        lambda visit, user: visit.access.disable_user(visit.proof, user, seen=visit.field("seen")),
    ),
    "enable": Change(
        "enable the login",
        "{} may sign in again, or was invited anew where there is no password.",
        lambda visit, user: visit.access.enable_user(visit.proof, user, seen=visit.field("seen")),
    ),
    "invite": Change(
        "send the invitation again",
        "{} was sent a new invitation; the link of the one before is dead.",
        lambda visit, user: visit.access.renew_invitation(visit.proof, user),
    ),
    "unblock": Change(
        "end the block",
        "Nothing is counted against {} any more: they may sign in.",
        lambda visit, user: visit.access.unblock_account(visit.proof, user),
    ),
    "second-factor": Change(
        "reset the second factor",
        "{} has no second factor any more; their next sign-in sets up another one where it is required.",
        lambda visit, user: visit.access.reset_second_factor(visit.proof, user),
    ),
    "appoint": Change(
        "appoint a main administrator",
        "{} is main administrator now.",
        lambda visit, user: visit.access.appoint(visit.proof, visit.structure, user),
    ),
    "dismiss": Change(
        "dismiss a main administrator",
        "{} is main administrator no longer.",
        lambda visit, user: visit.access.dismiss(visit.proof, visit.structure, user),
    ),
    "authorise": Change(
        "authorise in an entity",
        "{} may enter that entity from now on.",
        lambda visit, user: visit.access.authorise(visit.proof, user, visit.field("entity")),
    ),
    "withdraw": Change(
        "withdraw an authorisation",
        "{} may not enter that entity any more; what they are associated with there stays.",
        lambda visit, user: visit.access.withdraw(visit.proof, user, visit.field("entity")),
    ),
    "revoke-address": Change(
        "revoke an address",
        "{} needs a code again from that address.",
        lambda visit, user: visit.access.revoke_address(visit.proof, user, visit.field("address")),
    ),
}


@router.get("/users/{user_id}")
def user(visit: Member, user_id: str) -> Response:
    """Show one user."""
    return _shown(visit, looked_at(visit, user_id))


@router.get("/users/{user_id}/forget")
def ask_to_forget(visit: Member, user_id: str) -> Response:
    """Ask whether a user is really to be forgotten."""
    row = looked_at(visit, user_id)
    if Right.MANAGE_USERS not in visit.rights:
        turned_away(visit, Refused(Reason.NOT_ALLOWED, "S4"))
    return _to_forget(visit, row)


@router.post("/users/{user_id}/forget")
def forget(visit: Member, user_id: str) -> Response:
    """Forget a user for good."""
    row = looked_at(visit, user_id)
    if visit.field("seen") != row.mark:
        return _to_forget(visit, row, problem=told_stale(visit, row.user), status=409)
    answer = visit.access.forget_user(visit.proof, user_id)
    match answer:
        case Forgotten(pseudonym=pseudonym):
            return visit.go("/users", tell=f"The user is forgotten. In the trail they are {pseudonym}.")
        case Refused() | Busy():
            return visit.refuse(answer, f"/users/{user_id}", title="forget a user")


@router.post("/users/{user_id}/{what}")
def change(visit: Member, user_id: str, what: str) -> Response:
    """Change one thing of a user; what was typed stays on the page if it is not to be."""
    row, asked = looked_at(visit, user_id), CHANGES.get(what)
    if asked is None:
        turned_away(visit, Refused(Reason.NO_USER, "S11"))
    if visit.field("seen") != row.mark:
        return _shown(visit, row, status=409, problem=told_stale(visit, row.user))
    try:
        answer = asked.run(visit, user_id)
    except InvalidValue as error:
        wrong = at_field(error)
        return _shown(visit, row, status=422, errors=wrong, problem="" if error.field in TYPED else wrong[error.field])
    if isinstance(answer, Refused | Busy):
        return _not_done(visit, row, asked, answer)
    visit.send(answer.messages)
    back = visit.local(visit.field("back")) if visit.field("back") else f"/users/{user_id}"
    if isinstance(answer, Done) and answer.event is None:
        return visit.go(back, tell=SO_ALREADY)
    after = answer.record if isinstance(answer, Done) and isinstance(answer.record, User) else row.user
    return visit.go(back, tell=_told(asked, after))


def _told(asked: Change, user: User) -> str:
    if asked is CHANGES["email"] and user.new_email is not None:
        return f"A message was sent to {user.new_email.address}: the address counts once it is confirmed."
    return asked.told.format(user.full_name or user.name or "The contact")


def _not_done(visit: Visit, row: ListedUser, asked: Change, answer: Refused | Busy) -> Response:
    if isinstance(answer, Busy):
        visit.send(answer.messages)
        return _shown(visit, row, status=503, problem=answer.public_message)
    if answer.reason is Reason.STEP_UP_NEEDED or answer.ends_session:
        return visit.refuse(answer, f"/users/{row.user.id}", title=asked.title)
    visit.send(answer.messages)
    if answer.reason is Reason.CHANGED_MEANWHILE:  # in this very moment, by another tab
        now = looked_at(visit, row.user.id)
        return _shown(visit, now, status=409, problem=told_stale(visit, now.user))
    if answer.reason is Reason.NAME_TAKEN and asked.field:
        return _shown(visit, row, status=422, errors={asked.field: answer.public_message})
    return _shown(visit, row, status=403, problem=answer.public_message)


def _shown(
    visit: Visit, row: ListedUser, *, status: int = 200, problem: str = "", errors: Mapping[str, str] | None = None
) -> Response:
    user, here = row.user, visit.structure
    at_home = user.structure == here
    role = visit.access.roles.roles.get(user.role)
    return visit.page(
        "user.html",
        status=status,
        row=row,
        user=user,
        seen=row.mark,
        state=STATES[row.state],
        kept_out=kept_out(row, visit.now),
        category=CATEGORIES[user.category],
        home=title_of(visit, user.structure),
        at_home=at_home,
        may_change=at_home and Right.MANAGE_USERS in visit.rights,
        may_associate=here.kind is StructureKind.ENTITY and Right.ASSIGN_CUSTOMERS in visit.rights,
        is_main=bool(user.appointments),
        may_be_main=role is not None and Right.SECURITY_SETTINGS in role.rights(may_import=user.may_import),
        roles=visit.access.roles,
        role_choices=[(each.id, each.title) for each in visit.access.roles.roles.values()],
        has_flag=role is not None and _leaves_to_flag(role.cells.get(Right.IMPORT_DATA)),
        entities=_entities(visit, user.memberships),
        others=_entities(visit, visit.member.memberships - user.memberships),
        is_multi=user.category is Category.MULTI_ENTITY,
        typed={name: value for name, value in visit.form.items() if isinstance(value, str)},
        problem=problem,
        errors=errors or {},
    )


def _leaves_to_flag(cell: Any) -> bool:
    return cell is not None and cell.allowed is Allowed.FLAGGED


def _entities(visit: Visit, ids: frozenset[str]) -> list[tuple[str, str]]:
    return sorted(((each, title_of(visit, Structure.entity(each))) for each in ids), key=lambda pair: pair[1])


def _to_forget(visit: Visit, row: ListedUser, *, problem: str = "", status: int = 200) -> Response:
    return visit.page("user_forget.html", status=status, user=row.user, seen=row.mark, problem=problem)
