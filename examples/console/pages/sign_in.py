"""Signing in with name and password, signing out, and a forgotten password."""

from fastapi import APIRouter
from starlette.responses import Response

from examples.console.answering import next_page
from examples.console.visit import Anybody, Member

router = APIRouter()


@router.get("/sign-in")
def ask(visit: Anybody, next: str = "/") -> Response:  # noqa: A002  # the name that the address shows
    """Ask for name and password; whoever is on their way already goes on."""
    if visit.where != "/sign-in":
        return visit.go(visit.where)
    return visit.page("sign_in.html", problem="", form={"next": next})


@router.post("/sign-in")
def sign_in(visit: Anybody) -> Response:
    """Look at name and password. Every refusal has the same status and, but for a blocked address, the same words."""
    visit.session.next = visit.local(visit.field("next"))
    answer = visit.access.sign_in(visit.field("name"), visit.field("password"), address=visit.address)
    return next_page(visit, answer, again="sign_in.html")


@router.post("/sign-out")
def sign_out(visit: Member) -> Response:
    """End the session."""
    visit.end()
    return visit.go("/sign-in", tell="You are signed out.")
