"""What a sign-in, a step, or entering an entity leads to: one function turns every answer into the next page."""

import logging
from datetime import datetime
from typing import assert_never

from starlette.responses import Response

from examples.console.sessions import Step, StepKind
from examples.console.visit import OUT_OF_DATE, Visit
from mydso_access import (
    AddressCodeRequired,
    Busy,
    Category,
    DueBecause,
    Enrolled,
    EnrolmentRequired,
    Entered,
    NewPasswordRequired,
    PasswordRejected,
    Reason,
    Refused,
    SecondFactorRequired,
    SignedIn,
    StepOutcome,
    SteppedUp,
)
from mydso_access.policy import Recipient

logger = logging.getLogger("console")
WHY_NEW = {
    DueBecause.AGE: "Your password is old. Please choose a new one.",
    DueBecause.OUTGROWN: "Passwords must be stronger by now. Please choose a new one.",
    DueBecause.COMPROMISED: "Somebody else may know your password. Please choose a new one.",
}
SENT = "A code was sent by SMS to {whom}, since this network address is new."
CODES_PAGE = "/account/recovery-codes"


def next_page(visit: Visit, answer: StepOutcome | PasswordRejected, *, again: str) -> Response:  # noqa: C901, PLR0911  # one for each
    """Return the page that follows.

    Args:
        visit: the request that was answered so.
        answer: what the library says.
        again: the template to show again, with what was wrong.
    """
    visit.send(answer.messages)  # of every answer, before anything else
    session, home = visit.session, visit.session.next
    match answer:
        case SignedIn(user=user, proof=proof):
            session.begun = None
            has_new_app = session.step is not None and session.step.kind is StepKind.ENROLMENT
            visit.begin(proof, None if user.category is Category.MULTI_ENTITY else user.structure.id)
            return visit.go(CODES_PAGE if has_new_app else home)
        case Entered(entity=entity, proof=proof):
            session.begun = None
            visit.begin(proof, entity.id)
            return visit.go(home, tell=f"You are in {entity.title} now.")
        case SteppedUp(proof=proof):
            visit.begin(proof, session.entity)
            return visit.go("/prove/go-on")
        case Enrolled(proof=proof):
            visit.begin(proof, session.entity)
            return visit.go(CODES_PAGE, tell="Your app is set up. Every other session of yours is over.")
        case AddressCodeRequired(sign_in=token, until=until, validator=validator):
            whom = "you" if validator is Recipient.USER else "your administrator, who can tell you"
            told = SENT.format(whom=whom)
            step = Step(kind=StepKind.ADDRESS_CODE, token=token.reveal(), until=until.isoformat(), told=told)
        case SecondFactorRequired(sign_in=token, until=until):
            step = Step(kind=StepKind.SECOND_FACTOR, token=token.reveal(), until=until.isoformat())
        case EnrolmentRequired(sign_in=token, until=until, uri=uri, seed=seed):
            shown = {"uri": uri.reveal(), "seed": seed.reveal()}
            step = Step(kind=StepKind.ENROLMENT, token=token.reveal(), until=until.isoformat(), **shown)
        case NewPasswordRequired(sign_in=token, until=until, because=because):
            step = Step(
                kind=StepKind.NEW_PASSWORD, token=token.reveal(), until=until.isoformat(), told=WHY_NEW[because]
            )
        case PasswordRejected(violations=violations):
            return visit.page(
                again, status=422, errors=[each.advice for each in violations], problem="", form=visit.form
            )
        case Refused() as refused:
            return _refused(visit, refused, again)
        case Busy() as busy:
            logger.info("busy: %s", busy.because.value)
            wait = {"Retry-After": str(max(1, round(busy.retry_after.total_seconds())))}
            return visit.page(again, status=503, headers=wait, problem=busy.public_message, errors=[], form=visit.form)
        case _ as never:
            assert_never(never)
    return _owed(visit, step)


def _owed(visit: Visit, step: Step) -> Response:
    """Show the step that is owed; whoever has just set up an app is offered recovery codes when nothing is any more."""
    if visit.session.step is not None and visit.session.step.kind is StepKind.ENROLMENT:
        visit.session.next = CODES_PAGE
    visit.session.step = step
    return visit.go(visit.where)


def _refused(visit: Visit, refused: Refused, again: str) -> Response:
    """Show the same page again; where the half-finished sign-in is over, begin again."""
    logger.info("refused: %s", refused.explain())  # the reason is for the log, its public message for the page
    step = visit.session.step
    if step is not None and refused.reason in (Reason.DEAD_SIGN_IN, Reason.WRONG_STEP):
        stored = visit.console.sessions.find(visit.session.id)
        if stored.step != step:  # another tab has taken it meanwhile: go where that has led
            visit.session = stored
            return visit.go(visit.where, warn=OUT_OF_DATE)
        if visit.now > datetime.fromisoformat(step.until):
            visit.session.step = None
            return visit.go(visit.where, warn=refused.public_message)
    # A dead one is kept until its user begins again: another tab may be taking it at this very moment.
    return visit.page(again, status=403, problem=refused.public_message, errors=[], form=visit.form)
