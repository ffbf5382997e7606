"""The home page."""

from fastapi import APIRouter
from starlette.responses import Response

from examples.console.visit import Member

router = APIRouter()


@router.get("/")
def home(visit: Member) -> Response:
    """Show who is signed in, where, and what they may look at."""
    return visit.page("home.html")
