"""In whose name a link opens: loading it, judging by it, and drawing its token."""

from collections.abc import Sequence

from mydso_access.changing import damaged, unreadable
from mydso_access.decisions.links import Grant, ListedLink, deadline, judge_link
from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.tokens import GivenToken
from mydso_access.errors import UnreadableRecord
from mydso_access.installation import Installation
from mydso_access.model.customer import Customer
from mydso_access.model.link import Link, LinkTarget
from mydso_access.model.reason import Reason
from mydso_access.model.secret import Secret
from mydso_access.model.structure import Entity, Structure, StructureRecord
from mydso_access.model.user import User
from mydso_access.policy.fixed import PAGE


async def grant_of(installation: Installation, granter: str, entity: str) -> Grant:
    """Load a user in whose name a link is sent, and the entity that it leads to."""
    user = await installation.store.user(granter)
    home = None if user is None else await installation.store.structure(user.structure)
    return await grant_beside(installation, user, home, entity)


async def grant_beside(
    installation: Installation, user: User | None, home: StructureRecord | None, entity: str
) -> Grant:
    """Load the entity that a link leads to, beside a user in whose name it is sent and who is loaded already."""
    return Grant(
        granter=user,
        home=home,
        entity=await entity_beside(installation, home, entity),
        policy=installation.policy,
        roles=installation.roles,
        now=installation.now(),
    )


async def entity_beside(installation: Installation, home: StructureRecord | None, entity: str) -> Entity | None:
    """Load an entity, unless it is somebody's home, which is loaded already; `None`: there is none."""
    place = Structure.entity(entity)
    found = home if home is not None and home.structure == place else await installation.store.structure(place)
    return found if isinstance(found, Entity) else None


async def load_customer(installation: Installation, entity: str, customer_id: str) -> Customer:
    """Load who is associated with a customer; nobody, if nothing is stored."""
    return await installation.store.customer(entity, customer_id) or Customer(entity=entity, id=customer_id)


async def load_customers(
    installation: Installation, entity: str, targets: Sequence[LinkTarget]
) -> dict[str, Customer | Refused]:
    """Load who is associated with the customers of several links, by their ids; a damaged record is a refusal."""
    ids = list(dict.fromkeys(target.customer for target in targets))
    found: dict[str, Customer | Refused] = {each: Customer(entity=entity, id=each) for each in ids}
    for start in range(0, len(ids), PAGE):
        page = ids[start : start + PAGE]
        try:
            found |= await installation.store.customers_named(entity, page)
        except UnreadableRecord:  # which of them it is
            found |= {each: await _one_of(installation, entity, each) for each in page}
    return found


async def _one_of(installation: Installation, entity: str, customer_id: str) -> Customer | Refused:
    try:
        return await load_customer(installation, entity, customer_id)
    except UnreadableRecord as error:
        return await damaged(installation, error, None)


async def judged_links(installation: Installation, entity: str, links: Sequence[Link]) -> tuple[ListedLink, ...]:
    """Say of several links of one entity what opening each would be answered; each granter is loaded once."""
    customers = await load_customers(installation, entity, [link.target for link in links])
    grants = {
        granter: await _readable_grant(installation, granter, entity) for granter in {each.granter for each in links}
    }
    return tuple(
        [await _judged(installation, link, customers[link.target.customer], grants[link.granter]) for link in links]
    )


async def _readable_grant(installation: Installation, granter: str, entity: str) -> Grant | Refused:
    try:
        return await grant_of(installation, granter, entity)
    except UnreadableRecord as error:
        return unreadable(error)


async def _judged(
    installation: Installation, link: Link, customer: Customer | Refused, grant: Grant | Refused
) -> ListedLink:
    if isinstance(grant, Refused):
        return ListedLink(link=link, kept_shut=grant)
    until = None if grant.entity is None else deadline(link, grant.entity, grant.policy)
    refused = customer if isinstance(customer, Refused) else await judge_now(installation, link, customer, grant)
    return ListedLink(link=link, until=until, kept_shut=refused)


async def judge_now(installation: Installation, link: Link, customer: Customer, grant: Grant) -> Refused | None:
    """Say what keeps a link from opening at this moment; a host that can tell is asked last if it has what it leads to."""
    if refused := judge_link(link, customer, grant):
        return refused
    still_there = installation.resource_exists
    if still_there is None or await installation.store.resource_exists(still_there, link.target):
        return None
    return Refused(Reason.NO_RESOURCE, "A23", user_id=link.granter)  # A23


def new_token(installation: Installation, link_id: str | None = None) -> GivenToken:
    """Draw a link's token: its id, if it is new, and 256 bits that nobody can guess."""
    chance = installation.chance
    return GivenToken(link_id or chance.new_id(), Secret(chance.new_id() + chance.new_id()))
