"""One's own account: password, app, recovery codes, e-mail and mobile."""

from fastapi import APIRouter
from starlette.responses import Response

from examples.console.answering import CODES_PAGE, next_page
from examples.console.visit import Member, Visit
from mydso_access import Busy, Done, InvalidValue, PasswordChanged, PasswordRejected, RecoveryCodes, Refused, User

router = APIRouter()
PAGE = "/account"


@router.get(PAGE)
def show(visit: Member) -> Response:
    """Show the account with its forms."""
    return _shown(visit)


@router.post("/account/password")
def change_password(visit: Member) -> Response:
    """Change the password: this session goes on under a new id, all others are over."""
    answer = visit.access.change_password(
        visit.proof, visit.field("old_password"), visit.field("new_password"), address=visit.address
    )
    match answer:
        case PasswordChanged(proof=proof, messages=messages):
            visit.send(messages)
            visit.begin(proof, visit.session.entity)
            return visit.go(PAGE, tell="Your password is changed. Every other session of yours is over.")
        case PasswordRejected(violations=violations):
            return _shown(visit, 422, new_password=[each.advice for each in violations])
        case Refused() | Busy():
            if isinstance(answer, Refused) and answer.reason.value not in ("wrong_secret", "account_blocked"):
                return visit.refuse(answer, PAGE)
            visit.send(answer.messages)
            status, told = (
                (503, answer.public_message) if isinstance(answer, Busy) else (403, "The password is not right.")
            )
            return _shown(visit, status, old_password=[told])


@router.post("/account/email")
def change_email(visit: Member) -> Response:
    """Ask for another e-mail address: a link goes there, and a warning to the present one."""
    try:
        answer = visit.access.change_email(visit.proof, visit.member.id, visit.field("email"))
    except InvalidValue as error:
        return _shown(visit, 422, email=[f"Please give {error.expected}."])
    return _changed(
        visit, answer, "Change your e-mail address", "Please follow the link that was sent to the new address."
    )


@router.post("/account/mobile")
def change_mobile(visit: Member) -> Response:
    """Change the mobile number; empty for none."""
    try:
        answer = visit.access.change_mobile(visit.proof, visit.member.id, visit.field("mobile") or None)
    except InvalidValue as error:
        return _shown(visit, 422, mobile=[f"Please give {error.expected}."])
    return _changed(visit, answer, "Change your mobile number", "Your mobile number is changed.")


@router.post("/account/app")
def set_up_app(visit: Member) -> Response:
    """Set up an app for codes, or another one."""
    answer = visit.access.begin_enrolment(visit.proof, address=visit.address)
    if isinstance(answer, Refused | Busy):
        return visit.refuse(answer, PAGE, title="Set up an app")
    return next_page(visit, answer, again="step/enrolment.html")


@router.get(CODES_PAGE)
def offer_codes(visit: Member) -> Response:
    """Offer recovery codes: nobody has any who has just set up an app."""
    return visit.page("account/recovery_codes.html", codes=[])


@router.post(CODES_PAGE)
def renew_codes(visit: Member) -> Response:
    """Show new recovery codes, in this one answer and never again."""
    answer = visit.access.renew_recovery_codes(visit.proof)
    if not isinstance(answer, RecoveryCodes):
        return visit.refuse(answer, PAGE, title="Draw new recovery codes")
    visit.send(answer.messages)
    return visit.page("account/recovery_codes.html", codes=[code.reveal() for code in answer.codes])


def _changed(visit: Visit, answer: Done[User] | Refused | Busy, title: str, told: str) -> Response:
    if not isinstance(answer, Done):
        return visit.refuse(answer, PAGE, title=title)
    visit.send(answer.messages)
    return visit.go(PAGE, tell=told)


def _shown(visit: Visit, status: int = 200, **errors: list[str]) -> Response:
    return visit.page("account/account.html", status=status, errors=errors, form=visit.form)
