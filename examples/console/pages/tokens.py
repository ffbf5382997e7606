"""What links in messages lead to: an invitation, a forgotten password, a new e-mail address.

Looking at a link changes nothing, since mail scanners look at it, too: only the page's form does.
"""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from examples.console.visit import Anybody, Visit
from mydso_access import Busy, Done, InvitationShown, PasswordRejected, Refused, ResetRequested, ResetShown, User

router = APIRouter()
CREATED = "Your password is created. You can sign in with it now."


@router.get("/invitation")
def look_at_invitation(visit: Anybody, token: str = "") -> Response:
    """Show whom the invitation is for."""
    return _invitation(visit, token)


@router.post("/invitation")
def accept_invitation(visit: Anybody) -> Response:
    """Create the password."""
    token = visit.field("token")
    answer = visit.access.accept_invitation(token, visit.field("password"))
    if isinstance(answer, Done):
        return _done(visit, answer, CREATED)
    return _invitation(visit, token, answer)


@router.get("/forgotten")
def ask_name(visit: Anybody) -> Response:
    """Ask whose password is forgotten."""
    return visit.page("token/forgotten.html")


@router.post("/forgotten")
def request_reset(visit: Anybody) -> Response:
    """Answer the same to everybody, at once; only then look whether anybody is to get a message."""
    name, mailbox, door = visit.field("name"), visit.console.mailbox, visit.access

    def ask() -> None:
        mailbox.send(door.request_password_reset(name).messages)

    return visit.go("/sign-in", tell=ResetRequested().public_message, after=ask)


@router.get("/reset")
def look_at_reset(visit: Anybody, token: str = "") -> Response:
    """Show whose password is replaced, and until when."""
    return _reset(visit, token)


@router.post("/reset")
def reset(visit: Anybody) -> Response:
    """Replace the password."""
    token = visit.field("token")
    answer = visit.access.complete_password_reset(token, visit.field("password"))
    if isinstance(answer, Done):
        return _done(visit, answer, "Your password is replaced. You can sign in with the new one now.")
    return _reset(visit, token, answer)


@router.get("/email")
def look_at_email(visit: Anybody, token: str = "") -> Response:
    """Ask whether the address is to be confirmed."""
    return visit.page("token/email.html", token=token, problem="")


@router.post("/email")
def confirm_email(visit: Anybody) -> Response:
    """Confirm the address."""
    token = visit.field("token")
    answer = visit.access.confirm_email(token)
    if isinstance(answer, Done):
        return _done(visit, answer, "Your e-mail address is confirmed.")
    visit.send(answer.messages)
    return visit.page("token/email.html", status=_status(answer), token=token, problem=answer.public_message)


def _done(visit: Visit, done: Done[User], told: str) -> Response:
    visit.send(done.messages)
    return visit.go(visit.where, tell=told)


def _invitation(visit: Visit, token: str, answer: PasswordRejected | Refused | Busy | None = None) -> Response:
    shown = visit.access.look_at_invitation(token)
    if not isinstance(shown, InvitationShown):
        return _dead(visit, "The invitation", shown)
    return _with_password(visit, "token/invitation.html", token, answer, shown=shown)


def _reset(visit: Visit, token: str, answer: PasswordRejected | Refused | Busy | None = None) -> Response:
    shown = visit.access.look_at_reset(token)
    if not isinstance(shown, ResetShown):
        return _dead(visit, "The link", shown)
    return _with_password(visit, "token/reset.html", token, answer, shown=shown)


def _with_password(
    visit: Visit, template: str, token: str, answer: PasswordRejected | Refused | Busy | None, **values: Any
) -> Response:
    if answer is None:
        return visit.page(template, token=token, problem="", errors=[], **values)
    visit.send(answer.messages)
    if isinstance(answer, PasswordRejected):
        advice = [each.advice for each in answer.violations]
        return visit.page(template, status=422, token=token, problem="", errors=advice, **values)
    return visit.page(template, status=_status(answer), token=token, problem=answer.public_message, errors=[], **values)


def _dead(visit: Visit, what: str, refused: Refused) -> Response:
    visit.send(refused.messages)
    return visit.page("token/dead.html", status=403, what=what, told=refused.public_message)


def _status(answer: object) -> int:
    return 503 if isinstance(answer, Busy) else 403
