"""Where a user is: entering an entity, and leaving it for the platform."""

from fastapi import APIRouter
from starlette.responses import Response

from examples.console.answering import next_page
from examples.console.visit import Member
from mydso_access import Category, Entity, Reason, Refused, Structure

router = APIRouter()


@router.get("/entities")
def choose(visit: Member) -> Response:
    """Show the entities that the user may enter."""
    user, structures = visit.member, visit.console.repositories.structures
    ids = sorted(user.memberships) if user.category is Category.MULTI_ENTITY else [user.structure.id]
    found = [structures.get(Structure.entity(each)) for each in ids]
    return visit.page("entities.html", entities=[each for each in found if isinstance(each, Entity)])


@router.post("/entities/leave")
def leave(visit: Member) -> Response:
    """Go back to the platform."""
    if visit.member.category is Category.MULTI_ENTITY:
        visit.go_to(None)
    return visit.go("/")


@router.post("/entities/{entity_id}")
def enter(visit: Member, entity_id: str) -> Response:
    """Enter an entity; what it asks for beyond what the session has proven is asked now."""
    answer = visit.access.enter(visit.proof, entity_id, address=visit.address)
    if isinstance(answer, Refused):
        return visit.refuse(answer, "/account" if answer.reason is Reason.PASSWORD_DUE else "/entities")
    return next_page(visit, answer, again="entities.html")
