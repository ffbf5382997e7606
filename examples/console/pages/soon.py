"""Admin: who will be deactivated soon, and how to prevent it."""

from fastapi import APIRouter
from starlette.responses import Response

from examples.console.people import turned_away
from examples.console.visit import Member
from mydso_access import Ending, Refused

router = APIRouter()
RANGES = (30, 90, 365)


@router.get("/soon")
def soon(visit: Member, days: str = "30") -> Response:
    """List whose invitation or login ends within so many days, in the structure one is in."""
    asked = int(days) if days in map(str, RANGES) else RANGES[0]
    due = visit.access.list_due(visit.proof, visit.structure, asked)
    if isinstance(due, Refused):
        turned_away(visit, due)
    return visit.page(
        "soon.html",
        due=due,
        days=asked,
        ranges=RANGES,
        invitation=Ending.INVITATION,
        roles=visit.access.roles,
    )
