"""The mailbox: what was sent, newest first. Open to everybody, for this is a demonstration."""

from fastapi import APIRouter
from starlette.responses import Response

from examples.console.visit import Anybody

router = APIRouter()


@router.get("/mailbox")
def show(visit: Anybody, find: str = "") -> Response:
    """Show the messages, or those that hold a text."""
    letters = visit.console.mailbox.letters(find)
    if visit.is_htmx:
        return visit.fragment("mailbox/letters.html", letters=letters)
    return visit.page("mailbox/mailbox.html", letters=letters, find=find)
