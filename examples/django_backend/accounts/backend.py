"""Django's `authenticate` by the library: a user for a complete sign-in, and for nothing less.

Each step of a sign-in is a call of its own: `authenticate(request, username=..., password=...)`, then
`authenticate(request, step_secret=...)` with the code or the new password. What is owed next is kept in the session;
`request.answer` is what the library said, for the page to show. `PermissionDenied` ends Django's chain of backends: no
other one is asked about somebody whom the library refused.

This is the only backend of the project. `ModelBackend` beside it would sign in whoever knows a password that
`changepassword` or Django's admin wrote; here that field opens nothing, and is made unusable at the next save.
"""

from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from mydso_access import (
    AddressCodeRequired,
    EnrolmentRequired,
    NewPasswordRequired,
    Reason,
    Refused,
    SecondFactorRequired,
    SignedIn,
)
from mydso_access.adapters.codec import written

from .door import address_of, door, send
from .models import Account
from .repository import user_key

OWED, PROOF = "access.owed", "access.proof"
STEPS = {
    "AddressCodeRequired": "enter_address_code",
    "SecondFactorRequired": "enter_second_factor",
    "EnrolmentRequired": "confirm_second_factor",
    "NewPasswordRequired": "set_new_password",
}


class AccessBackend(ModelBackend):  # of which only the permissions of Django's admin are left
    """Asks the library."""

    @sensitive_variables("password", "step_secret")
    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        *,
        step_secret: str | None = None,
        **_: Any,
    ) -> Any:
        """Return Django's user if the sign-in is complete.

        Raises:
            PermissionDenied: it is not; `request.answer` says what is owed, or why not.
        """
        if request is None:  # without one there is no address to count by
            raise PermissionDenied
        if step_secret is not None:
            answer = take_step(request, step_secret)
        elif username is not None and password is not None:
            answer = door().sign_in(username, password, **whence(request))
        else:
            return None
        keep(request, answer)
        if not isinstance(answer, SignedIn):
            raise PermissionDenied
        return Account.objects.select_related("user").get(key=user_key(answer.user.id)).user

    async def aauthenticate(self, request: HttpRequest | None, **credentials: Any) -> Any:
        """Do the same; Django's own would look at Django's password."""
        return await sync_to_async(self.authenticate)(request, **credentials)


def take_step(request: HttpRequest, secret: str) -> Any:
    """Go on with the sign-in whose token the session holds."""
    step, token = request.session.get(OWED, ("SecondFactorRequired", ""))  # no token: the library says that it is over
    return getattr(door(), STEPS[step])(token, secret, **whence(request))


def whence(request: HttpRequest) -> dict[str, Any]:
    """Return where a step comes from: an address, and a browser, by its cookie against forged forms.

    So nobody goes on with a half-finished sign-in by its session alone.
    """
    return {"address": address_of(request), "session": request.META.get("CSRF_COOKIE")}


def keep(request: HttpRequest, answer: Any) -> None:
    """Send what an answer brings, and keep in the session what is owed next. A seed is shown, and kept nowhere."""
    send(answer)
    request.answer = answer  # type: ignore[attr-defined]
    match answer:
        case AddressCodeRequired() | SecondFactorRequired() | EnrolmentRequired() | NewPasswordRequired():
            request.session.cycle_key()  # or whoever planted the session's id would go on in it
            request.session[OWED] = (type(answer).__name__, answer.sign_in.reveal())
        case Refused(reason=Reason.DEAD_SIGN_IN | Reason.WRONG_STEP):
            request.session.pop(OWED, None)


def keep_proof(request: HttpRequest, **_: Any) -> None:
    """Keep the proof in the session, which Django's `login` has just begun under a new id."""
    answer = getattr(request, "answer", None)
    request.session.pop(OWED, None)
    if isinstance(answer, SignedIn):  # else somebody called `login` by themselves: the middleware ends that
        request.session[PROOF] = written(answer.proof)
