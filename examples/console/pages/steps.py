"""The steps of a sign-in, of entering an entity, of proving oneself again: one page each, until nothing is owed."""

from datetime import datetime
from typing import assert_never

from fastapi import APIRouter
from starlette.responses import Response

from examples.console.answering import next_page
from examples.console.sessions import Step, StepKind
from examples.console.visit import OUT_OF_DATE, Answered, Anybody, Visit
from mydso_access import AddressCodeRequired, PasswordRejected, StepOutcome

router = APIRouter()
TOO_LONG = "This took too long. Please begin again."


@router.get("/step/{kind}")
def show(visit: Anybody, kind: str) -> Response:
    """Show the step that is owed; whoever comes by the back button is led to it."""
    step = visit.session.step
    if step is None or step.kind != kind:
        return visit.go(visit.where)
    if visit.now > datetime.fromisoformat(step.until):
        visit.session.step = None
        return visit.go(visit.where, warn=TOO_LONG)
    return visit.page(f"step/{step.kind}.html", problem="", errors=[], form={})


@router.post("/step/cancel")
def cancel(visit: Anybody) -> Response:
    """Give the step up; whoever has a session stays in it."""
    visit.session.step = None
    return visit.go(visit.where)


@router.post("/step/address-code/again")
def send_again(visit: Anybody) -> Response:
    """Send another code by SMS; the one before is dead."""
    step = _owed(visit, StepKind.ADDRESS_CODE)
    answer = visit.access.send_address_code(step.token, address=visit.address)
    if isinstance(answer, AddressCodeRequired):
        visit.tell("Another code is on its way; the one before is dead.")
    return next_page(visit, answer, again=f"step/{step.kind}.html")


@router.post("/step/{kind}")
def take(visit: Anybody, kind: str) -> Response:
    """Take the step: each answer leads to the next one, or to the session."""
    step = _owed(visit, kind)
    return next_page(visit, _taken(visit, step), again=f"step/{step.kind}.html")


def _taken(visit: Visit, step: Step) -> StepOutcome | PasswordRejected:
    door, code, address = visit.access, visit.field("code"), visit.address
    match step.kind:
        case StepKind.ADDRESS_CODE:
            return door.enter_address_code(step.token, code, address=address)
        case StepKind.SECOND_FACTOR:
            return door.enter_second_factor(step.token, code, address=address)
        case StepKind.ENROLMENT:
            return door.confirm_second_factor(step.token, code, address=address)
        case StepKind.NEW_PASSWORD:
            return door.set_new_password(step.token, visit.field("password"), address=address)
        case _ as never:
            assert_never(never)


def _owed(visit: Visit, kind: str) -> Step:
    """Return the step that the form belongs to; a form of an earlier step or of another sign-in changes nothing."""
    step = visit.session.step
    if step is None or step.kind != kind or visit.field("step") != step.mark:
        raise Answered(visit.go(visit.where, warn=OUT_OF_DATE))
    return step
