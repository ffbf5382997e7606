"""Lists for whoever administers: users, customers, the trail; a page at a time (S11, S15)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Generic, TypeVar

from attrs import frozen

from mydso_access.changing import actor_facts
from mydso_access.decisions.administration import (
    Actor,
    ActorFacts,
    MemberOf,
    System,
    actor_powers,
    judge_proof,
    judge_right,
    judge_whole_account,
    read_actor,
)
from mydso_access.decisions.customers import check_customer_id
from mydso_access.decisions.links import ListedLink
from mydso_access.decisions.listing import ListedUser, is_listed, judge_look, listed
from mydso_access.decisions.naming import account_key
from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.sign_in import Place
from mydso_access.errors import InvalidValue, shown
from mydso_access.granting import judged_links
from mydso_access.installation import Installation
from mydso_access.model.customer import Customer
from mydso_access.model.event import Event, EventKind, EventQuery
from mydso_access.model.link import Link
from mydso_access.model.reason import Reason
from mydso_access.model.role import Right
from mydso_access.model.structure import Structure, check_entity, check_structure
from mydso_access.model.user import User
from mydso_access.policy.fixed import EARLIEST, PAGE, PAGE_SHOWN

T = TypeVar("T")


@frozen
class Page(Generic[T]):
    """Part of a list.

    Attributes:
        rows: the lines, in the list's order.
        after: what to ask for the next page with; `None` if this was the last.
    """

    rows: tuple[T, ...]
    after: User | Customer | Link | Event | None


async def list_users(
    installation: Installation,
    /,
    actor: Actor,
    structure: Structure,
    *,
    after: User | None = None,
    limit: int = PAGE_SHOWN,
) -> Page[ListedUser] | Refused:
    """List the users of a structure: its own, contacts included, and in an entity who is authorised there (D16).

    Args:
        actor: who asks; may manage users, and is a member of the structure.
        structure: entity or platform.
        after: `Page.after` of the page before.
        limit: how many at most, 1 to 500.

    Raises:
        InvalidValue: an argument is malformed.
        StoreError: a repository failed.
    """
    check_structure(structure)
    _check_page(User, after, limit)
    facts = await actor_facts(installation, read_actor(actor))
    if refusal := judge_right(facts, installation.roles, Right.MANAGE_USERS, structure):
        return refusal
    found = await installation.store.users_of(structure, after, limit)
    now = installation.now()
    homes = {
        each: Place(await installation.store.structure(each), installation.policy, now)
        for each in {user.structure for user in found}
    }
    rows = [await _line(installation, user, structure, homes[user.structure]) for user in found]
    return Page(tuple(rows), _last([row.user for row in rows], limit))


async def look_at_user(
    installation: Installation, /, actor: Actor, structure: Structure, user_id: str
) -> ListedUser | Refused:
    """Show one user as the list of a structure does (S11).

    Args:
        actor: who asks; may manage users, and is a member of the structure. Everybody may look at themselves at home.
        structure: entity or platform.
        user_id: whom to show.

    Raises:
        InvalidValue: an argument is malformed.
        StoreError: a repository failed.
    """
    check_structure(structure)
    facts, user = await actor_facts(installation, read_actor(actor)), await installation.store.user(user_id)
    if refusal := judge_look(facts, installation.roles, structure, user_id):
        return refusal
    if user is None or not is_listed(user, structure):
        return Refused(Reason.NO_USER, "S11")  # S11
    home = await installation.store.structure(user.structure)
    there = Place(home, installation.policy, installation.now())
    return await _line(installation, user, structure, there)


async def _line(installation: Installation, user: User, structure: Structure, home: Place) -> ListedUser:
    counter = None if user.name is None else await installation.store.counter(account_key(user.name))
    return listed(user, structure, counter, home)


async def list_customers(  # noqa: PLR0913  # what a page is asked for by
    installation: Installation,
    /,
    actor: Actor,
    entity: str,
    *,
    associated: str | None = None,
    after: Customer | None = None,
    limit: int = PAGE_SHOWN,
) -> Page[Customer] | Refused:
    """List the associations of an entity's customers; those of one colleague, if asked (S15).

    Args:
        actor: who asks; assigns customers, and is a member of the entity.
        entity: id of the entity.
        associated: only customers whose collector or colleague this user is.
        after: `Page.after` of the page before.
        limit: how many at most, 1 to 500.

    Raises:
        InvalidValue: an argument is malformed.
        StoreError: a repository failed.
    """
    check_entity(entity)
    _check_filter("associated", associated)
    _check_page(Customer, after, limit)
    facts = await actor_facts(installation, read_actor(actor))
    if refusal := judge_right(facts, installation.roles, Right.ASSIGN_CUSTOMERS, Structure.entity(entity)):
        return refusal
    found = await installation.store.customers_of(entity, after, limit, associated)
    return Page(tuple(found), _last(found, limit))


async def list_links(  # noqa: PLR0913  # what a page is asked for by
    installation: Installation,
    /,
    actor: Actor,
    entity: str,
    *,
    customer_id: str | None = None,
    granter: str | None = None,
    after: Link | None = None,
    limit: int = PAGE_SHOWN,
) -> Page[ListedLink] | Refused:
    """List an entity's links, each with what opening it would be answered; dead ones as long as they are kept.

    Args:
        actor: who asks; manages users, and is a member of the entity; for links that they granted themselves, whoever may
            issue some.
        entity: id of the entity.
        customer_id: only links to this customer's pages and documents.
        granter: only links that this user granted: `granter=proof.user_id` for one's own.
        after: the link of the last row of the page before: `Page.after`.
        limit: how many at most, 1 to 500.

    Raises:
        InvalidValue: an argument is malformed.
        StoreError: a repository failed, or `resource_exists` did.
    """
    check_entity(entity)
    if customer_id is not None:
        check_customer_id(customer_id)
    _check_filter("granter", granter)
    _check_page(Link, after, limit)
    facts = await actor_facts(installation, read_actor(actor))
    right = Right.OPEN_CARD if facts.user is not None and granter == facts.user.id else Right.MANAGE_USERS
    if refusal := judge_right(facts, installation.roles, right, Structure.entity(entity)):
        return refusal
    found = await installation.store.links_of(entity, after, limit, customer_id, granter)
    return Page(await judged_links(installation, entity, found), _last(found, limit))


async def read_trail(  # noqa: PLR0913  # what a page is asked for by
    installation: Installation,
    /,
    actor: Actor,
    user_id: str | None = None,
    *,
    by: bool = False,
    since: datetime = EARLIEST,
    kind: EventKind | None = None,
    latest_first: bool = False,
    after: Event | None = None,
    limit: int = PAGE_SHOWN,
) -> Page[Event] | Refused:
    """Read what happened to a user, what a user did, or all of the trail.

    Args:
        actor: who asks; for one user somebody who may manage users and is a member of the user's structure, and who is
            shown what happened where they are a member; for all of it the platform's main administrator, or the system.
        user_id: whom it is about; `None` for all of it.
        by: what the user asked for, instead of what happened to them.
        since: the earliest instant of interest.
        kind: only events of this kind.
        latest_first: whether the latest events come first.
        after: `Page.after` of the page before.
        limit: how many at most, 1 to 500.

    Raises:
        InvalidValue: an argument is malformed.
        StoreError: a repository failed.
    """
    _check_page(Event, after, limit)
    who = {"actor" if by else "subject": user_id}
    query = EventQuery(since=since, kind=kind, latest_first=latest_first, **who)
    if refusal := await _may_read(installation, actor, user_id):
        return refusal
    found = await installation.store.events_page(query, after, limit)
    facts = await actor_facts(installation, actor)
    return Page(tuple(event for event in found if _may_see(installation, facts, event)), _last(found, limit))


async def _may_read(installation: Installation, actor: Actor, user_id: str | None) -> Refused | None:
    facts = await actor_facts(installation, read_actor(actor))
    if user_id is None:
        return judge_whole_account(facts, installation.roles)
    if isinstance(actor, System):
        return None
    user, judged = await installation.store.user(user_id), judge_proof(facts)
    if isinstance(judged, Refused):
        return judged
    if user is None:
        return Refused(Reason.NO_USER, "S11")  # S11
    return judge_right(facts, installation.roles, Right.MANAGE_USERS, user.structure)


def _may_see(installation: Installation, facts: ActorFacts, event: Event) -> bool:
    """Tell whether an event happened nowhere else than where the actor may look; it may be from before (A12)."""
    if facts.user is None or event.structure is None:
        return True
    if event.structure in facts.unproven:
        return False  # S26
    return MemberOf(event.structure) in actor_powers(facts.user, facts.home, installation.roles)


def _check_page(kind: type, after: object, limit: int) -> None:
    if after is not None and type(after) is not kind:  # a row, an id or a page would read as a broken store
        raise InvalidValue("after", shown(type(after)), "Page.after of the page before, or None")
    if type(limit) is not int or not 1 <= limit <= PAGE:
        raise InvalidValue("limit", shown(limit), f"a number from 1 to {PAGE}")


def _check_filter(name: str, user_id: str | None) -> None:
    if user_id is not None and type(user_id) is not str:
        raise InvalidValue(name, shown(type(user_id)), "the id of a user, as text (str), or None")


def _last(found: Sequence[T], limit: int) -> T | None:
    return found[-1] if len(found) == limit else None
