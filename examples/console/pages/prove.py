"""Proving oneself again before what a stolen session must not be enough for, and going on with it."""

from fastapi import APIRouter
from starlette.responses import Response

from examples.console.answering import next_page
from examples.console.visit import Member

router = APIRouter()


@router.get("/prove")
def ask(visit: Member) -> Response:
    """Ask for the password once more."""
    return visit.page("prove.html", problem="")


@router.post("/prove")
def prove(visit: Member) -> Response:
    """Look at the password; whoever has a second factor is asked for its code next."""
    answer = visit.access.step_up(visit.proof, visit.field("password"), address=visit.address)
    return next_page(visit, answer, again="prove.html")


@router.get("/prove/go-on")
def go_on(visit: Member) -> Response:
    """Offer the form that was interrupted once more, as it was."""
    begun = visit.session.begun
    if begun is None:
        return visit.go("/", tell="You have proven who you are.")
    if not begun.action:
        return visit.go(begun.back)
    return visit.page("prove_go_on.html", begun=begun)
