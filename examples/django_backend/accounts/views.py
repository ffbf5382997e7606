"""The pages of a sign-in. `non_atomic_requests`: nothing of theirs is open on `default` while the library writes."""

import logging
from typing import Any, assert_never

from django.contrib.auth import authenticate, login, logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from mydso_access import (
    AddressCodeRequired,
    Busy,
    Done,
    Enrolled,
    EnrolmentRequired,
    Entered,
    InvitationShown,
    NewPasswordRequired,
    PasswordRejected,
    Refused,
    SecondFactorRequired,
    SignedIn,
    StepOutcome,
    SteppedUp,
)
from mydso_access.adapters.qr import qr_svg

from .backend import OWED, keep, whence
from .door import door, send

HOME, SIGN_IN = "/", "/sign-in"
POLICY = "default-src 'none'; form-action 'self'; frame-ancestors 'none'"


@never_cache
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Show who is signed in."""
    return (
        page(request, "Home", f"You are signed in as {request.user.username}.") if request.proof else redirect(SIGN_IN)
    )  # type: ignore[attr-defined, union-attr]


@never_cache
@transaction.non_atomic_requests
@sensitive_post_parameters()
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for name and password."""
    if request.method != "POST":
        return page(request, "SignIn")
    request.session.pop(OWED, None)
    credentials = {"username": request.POST.get("name", ""), "password": request.POST.get("given", "")}
    return next_page(request, "SignIn", authenticate(request, **credentials))


@never_cache
@transaction.non_atomic_requests
@sensitive_post_parameters()
@require_POST
def step(request: HttpRequest) -> HttpResponse:
    """Ask for what is owed: a code, or a new password."""
    owed, _ = request.session.get(OWED, ("SignIn", ""))
    return next_page(request, owed, authenticate(request, step_secret=request.POST.get("given", "")))


@never_cache
@transaction.non_atomic_requests
@require_POST
def another_code(request: HttpRequest) -> HttpResponse:
    """Send another code for a new address."""
    _, token = request.session.get(OWED, ("SignIn", ""))
    keep(request, door().send_address_code(token, **whence(request)))
    return next_page(request, "AddressCodeRequired", None)


@never_cache
@transaction.non_atomic_requests
@sensitive_post_parameters()
def invitation(request: HttpRequest) -> HttpResponse:
    """Look at an invitation, which changes nothing; its form accepts it."""
    token = request.POST.get("token") or request.GET.get("token", "")
    if request.method == "POST":
        answer: Any = door().accept_invitation(token, request.POST.get("given", ""))
        send(answer)
    else:
        answer = door().look_at_invitation(token)
    return show(request, answer, "Invitation", token)


@never_cache
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect(SIGN_IN)


def next_page(request: HttpRequest, filled_in: str, user: Any) -> HttpResponse:
    """Begin the session of whoever is complete, and turn the answer into the next page."""
    if user is not None:
        login(request, user)
    return show(request, request.answer, filled_in)  # type: ignore[attr-defined]


def show(  # noqa: PLR0911  # one for each kind of answer
    request: HttpRequest,
    answer: StepOutcome | PasswordRejected | Done[Any] | InvitationShown,
    filled_in: str,
    token: str = "",
) -> HttpResponse:
    """Turn any answer into the next page; `filled_in` is the one before, `token` an invitation's."""
    match answer:
        case SignedIn() | Entered() | SteppedUp() | Enrolled():
            return redirect(HOME)
        case AddressCodeRequired() | SecondFactorRequired() | NewPasswordRequired():
            return page(request, type(answer).__name__)
        case EnrolmentRequired(uri=uri, seed=seed):
            app = {"image": qr_svg(uri).reveal(), "uri": uri.reveal(), "seed": seed.reveal()}
            return page(request, "EnrolmentRequired", app=app)
        case InvitationShown():
            return page(request, "Invitation", token=token)
        case Done():
            return page(request, "SignIn", "Your password is set. Please sign in.")
        case PasswordRejected(violations=violations):
            return page(request, filled_in, *(each.advice for each in violations), status=422, token=token)
        case Refused():
            logging.getLogger(__name__).warning("%s", answer.explain())
            is_over = filled_in != "Invitation" and OWED not in request.session
            return page(request, "SignIn" if is_over else filled_in, answer.public_message, status=403, token=token)
        case Busy():
            busy = page(request, filled_in, answer.public_message, status=503, token=token)
            busy.headers["Retry-After"] = str(max(1, answer.retry_after.seconds))
            return busy
        case _ as never:
            assert_never(never)


def page(request: HttpRequest, name: str, *told: str, status: int = 200, **more: Any) -> HttpResponse:
    """Show a page."""
    shown = render(request, "accounts/page.html", {"page": name, "told": told} | more, status=status)
    shown.headers["Content-Security-Policy"] = POLICY
    return shown
