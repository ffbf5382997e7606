"""One request: whose it is, what it may see, and the ways to answer it."""

import logging
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Annotated, Any, NoReturn
from urllib.parse import quote

from attrs import define
from fastapi import Depends, Request
from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from examples.console.guarding import comes_from_here
from examples.console.parts import Console
from examples.console.rendering import error_page, rendered
from examples.console.sessions import Begun, Session
from mydso_access import (
    AccessControl,
    Busy,
    Category,
    Message,
    Permissions,
    Proof,
    Reason,
    Refused,
    Right,
    Secret,
    Structure,
    User,
    is_session_current,
)

logger = logging.getLogger("console")
COOKIE = "__Host-console"
LOCAL = re.compile(r"/(?:[A-Za-z0-9_.~%-][A-Za-z0-9_.~%/-]*)?")  # never `//host`, which is another site
TOLD_ALIVE = timedelta(hours=1)
OUT_OF_DATE = "This page was out of date; nothing was changed."
SIGN_IN_AGAIN = "Please sign in again."
NOT_FROM_HERE = "This form was sent by another site."
WITHDRAWN = "You are not authorised any more in the entity that you were in."


class Answered(Exception):  # noqa: N818  # it is an answer
    """The request has its answer already: somewhere else, or no."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


@define(eq=False, slots=False)
class Visit:
    """One request of one browser.

    Attributes:
        request: the request itself.
        console: what the pages work with.
        session: the browser's.
        form: what was posted; `field` and `fields` read it.
        user: who is signed in, as stored now; `None` for nobody.
    """

    request: Request
    console: Console
    session: Session
    form: FormData
    user: User | None = None

    # Who asks, and where they are

    @property
    def access(self) -> AccessControl:
        """The library's door."""
        return self.console.access

    @property
    def now(self) -> datetime:
        """The present instant."""
        return self.console.clock.now()

    @cached_property
    def address(self) -> str:
        """The client's address, to be given to every call that evaluates a secret."""
        peer = self.request.client.host if self.request.client else ""
        return self.access.client_address(peer, self.request.headers.getlist("x-forwarded-for"))

    @property
    def proof(self) -> Proof:
        """What the session proved: the actor of every call. Only for pages of `Member`."""
        if self.session.proof is None:
            self.leave(SIGN_IN_AGAIN)
        return self.session.proof

    @property
    def member(self) -> User:
        """Who is signed in. Only for pages of `Member`."""
        if self.user is None:
            self.leave(SIGN_IN_AGAIN)
        return self.user

    @property
    def structure(self) -> Structure:
        """Where the user is: the entity that they entered, or the platform."""
        return self.member.structure if self.session.entity is None else Structure.entity(self.session.entity)

    @property
    def entity(self) -> str:
        """The entity that the user is in; whoever is in none is sent to choose one."""
        if self.session.entity is None:
            raise Answered(self.go("/entities", warn="Please choose an entity first."))
        return self.session.entity

    @cached_property
    def place(self) -> str:
        """What people call where the user is."""
        record = self.console.repositories.structures.get(self.structure)
        return self.structure.id if record is None else record.title  # type: ignore[union-attr]

    @cached_property
    def rights(self) -> frozenset[Right]:
        """What the user's role lets them do, for the navigation: every page's call is judged by the library anew."""
        if self.user is None:
            return frozenset()
        return self.access.roles.role(self.user.role).rights(may_import=self.user.may_import)

    @cached_property
    def permissions(self) -> Permissions:
        """What the user may do with customers of the entity they are in, as things stand now."""
        return self.access.permissions(self.proof, self.entity)

    def is_at(self, path: str) -> bool:
        """Tell whether a page of the navigation, or one below it, is the one that is shown."""
        return self.path == path or (path != "/" and self.path.startswith(f"{path}/"))

    @property
    def path(self) -> str:
        """The path that was asked for, written as in an address."""
        return quote(self.request.scope["path"])

    # What was sent

    def field(self, name: str) -> str:
        """Return one field of the form, as typed; empty if it was not sent."""
        value = self.form.get(name, "")
        return value if isinstance(value, str) else ""

    def fields(self, name: str) -> list[str]:
        """Return all values of one field."""
        return [value for value in self.form.getlist(name) if isinstance(value, str)]

    @staticmethod
    def local(path: str) -> str:
        """Return a path of this console as it was given, or the home page for anything else."""
        return path if LOCAL.fullmatch(path) else "/"

    # Ways to answer

    def tell(self, text: str) -> None:
        """Say on the next page that something was done."""
        self.session.flashes.append(("status", text))

    def warn(self, text: str) -> None:
        """Say on the next page that something was not done."""
        self.session.flashes.append(("alert", text))

    def send(self, messages: tuple[Message, ...]) -> None:
        """Hand over an answer's messages, whatever the answer is."""
        self.console.mailbox.send(messages)

    def page(
        self, template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any
    ) -> Response:
        """Answer with a page; in it `visit` is this object."""
        flashes, self.session.flashes = self.session.flashes, []
        html = rendered(template, visit=self, flashes=flashes, **values)
        return self._kept(HTMLResponse(html, status, dict(headers or {})))

    def fragment(self, template: str, **values: Any) -> Response:
        """Answer htmx with a part of a page; what is to be said on the next page waits for it."""
        return self._kept(HTMLResponse(rendered(template, visit=self, flashes=[], **values)))

    def go(
        self, path: str, *, tell: str | None = None, warn: str | None = None, after: Callable[[], None] | None = None
    ) -> Response:
        """Send the browser to another page of this console (303), so that reloading sends nothing twice.

        Args:
            path: where to.
            tell: what was done, to be said there.
            warn: what was not done, to be said there.
            after: what is to be done once the answer is out.
        """
        if tell is not None:
            self.tell(tell)
        if warn is not None:
            self.warn(warn)
        response = self._elsewhere(path)
        if after is not None:
            response.background = BackgroundTask(after)
        return self._kept(response)

    @property
    def is_htmx(self) -> bool:
        """Whether a part of the page asks, and not the browser for a whole one."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def where(self) -> str:
        """The page where this session is now: the step that is owed, the home page, or the sign-in."""
        if self.session.step is not None:
            return f"/step/{self.session.step.kind}"
        return "/sign-in" if self.session.proof is None else self.session.next

    def refuse(self, refused: Refused | Busy, back: str, *, title: str = "what you began") -> Response:
        """Answer a refusal that is no matter of one field: tell it at `back`, or do first what it asks for.

        Whoever must prove themselves again does so, and is then asked whether to go on: the form is sent once more as it
        was. Whoever's session is over signs in again.

        Args:
            refused: what the library answered.
            back: the page that the form stands on.
            title: what was to be done, for the question whether to go on.
        """
        self.send(refused.messages)
        logger.info("%s: %s", self.path, refused.because.value if isinstance(refused, Busy) else refused.explain())
        if isinstance(refused, Busy):
            return self.go(back, warn=refused.public_message)
        if refused.reason is Reason.STEP_UP_NEEDED:
            return self.prove_first(back, title=title)
        if refused.ends_session:
            self.leave(refused.public_message)
        return self.go(back, warn=refused.public_message)

    def prove_first(self, back: str, *, title: str) -> Response:
        """Let the user prove themselves again, and keep what they were doing; no password is kept."""
        kept = [(name, value) for name, value in self.form.multi_items() if isinstance(value, str) and _may_wait(name)]
        action = self.path if self.request.method == "POST" else ""
        self.session.begun = Begun(title=title, action=action, fields=kept, back=back)
        return self.go("/prove")

    def begin(self, proof: Proof, entity: str | None) -> None:
        """Start the session anew, under a new id: at the end of a sign-in, of entering, of proving oneself again."""
        session, now = self.session, self.now.isoformat()
        self._renew()
        session.began = now if session.proof is None or session.proof.user_id != proof.user_id else session.began
        session.proof, session.entity, session.step, session.seen, session.next = proof, entity, None, now, "/"

    def go_to(self, entity: str | None) -> None:
        """Be in another entity, or on the platform: no form that is open, or was interrupted, is taken for one of there."""
        self._renew()
        self.session.entity, self.session.begun = entity, None

    def leave(self, why: str) -> NoReturn:
        """End the session, and send the browser to the sign-in page."""
        self.end()
        raise Answered(self.go("/sign-in", warn=why))

    def end(self) -> None:
        """End the session: what comes after has another id."""
        self.console.sessions.renew(self.session)
        fresh = Session(id=self.session.id, is_new=True)
        self.session, self.user = fresh, None

    def _renew(self) -> None:
        """Give the session a new id, unless it was ended meanwhile: then the browser has the cookie that counts."""
        if not self.console.sessions.renew(self.session):
            raise Answered(self._elsewhere("/"))

    def _elsewhere(self, path: str) -> Response:
        response = RedirectResponse(path, 303)
        if not self.is_htmx:
            return response
        # It follows by itself, and would put the whole page into a part of this one.
        return Response(status_code=200, headers={"HX-Redirect": response.headers["location"]})

    def _kept(self, response: Response) -> Response:
        self.console.sessions.save(self.session)
        if self.session.is_new:
            response.set_cookie(COOKIE, self.session.id, path="/", secure=True, httponly=True, samesite="lax")
        return response


async def posted(request: Request) -> FormData:
    """Read the form."""
    return await request.form() if request.method == "POST" else FormData()


def anybody(request: Request, form: Annotated[FormData, Depends(posted)]) -> Visit:
    """Return the visit of anybody, signed in or not; a form that does not belong to the session changes nothing."""
    console: Console = request.app.state.console
    visit = Visit(request, console, console.sessions.find(request.cookies.get(COOKIE)), form)
    if request.method == "POST" and not comes_from_here(request.headers):
        raise Answered(error_page("Not from here", NOT_FROM_HERE, 403))
    if (
        request.method == "POST" and visit.session.is_new
    ):  # without a cookie it is no session's: nothing is stored for it
        raise Answered(error_page("Please begin again", OUT_OF_DATE, 403))
    _look_at_user(visit)
    if request.method == "POST" and not _is_of_this_session(visit):
        raise Answered(visit.go(visit.where, warn=OUT_OF_DATE))
    if request.method == "POST" and visit.session.begun is not None and visit.session.begun.action == visit.path:
        visit.session.begun = None  # it goes on
    return visit


def member(visit: Annotated[Visit, Depends(anybody)]) -> Visit:
    """Return the visit of somebody who is signed in; others are sent to sign in."""
    if visit.user is None:
        raise Answered(visit.go("/sign-in" if visit.path == "/" else f"/sign-in?next={quote(visit.path)}"))
    return visit


Anybody = Annotated[Visit, Depends(anybody)]
Member = Annotated[Visit, Depends(member)]


def _look_at_user(visit: Visit) -> None:
    """Find out who it is, and end the session if it is over by what the user's record says."""
    session, proof = visit.session, visit.session.proof
    if proof is None:
        return
    user = visit.console.repositories.users.get(proof.user_id)
    if not isinstance(user, User) or not is_session_current(user, proof.issued_at):
        visit.leave("Your session is over. Please sign in again.")
    if visit.now - datetime.fromisoformat(session.seen) > TOLD_ALIVE:
        alive = visit.access.accessed(proof)
        visit.send(alive.messages)
        if isinstance(alive, Refused):
            visit.leave(alive.public_message)
        session.seen = visit.now.isoformat()
    visit.user = user
    if user.category is Category.MULTI_ENTITY and session.entity not in {None, *user.memberships}:
        visit.go_to(None)
        visit.warn(WITHDRAWN)
        if visit.request.method == "POST":
            raise Answered(visit.go("/"))


def _is_of_this_session(visit: Visit) -> bool:
    given = visit.field("csrf") or visit.request.headers.get("x-csrf-token", "")
    return Secret(given) == Secret(visit.session.csrf)


def _may_wait(name: str) -> bool:
    return name != "csrf" and "password" not in name
