"""Giving links out and taking them back: one, a campaign's, renewed, revoked (S33, S34; A23)."""

from collections.abc import Iterable, Sequence

from attrs import evolve, frozen

from mydso_access.changing import Case, Decided, change, damaged, link_shelf, proof_facts
from mydso_access.decisions.administration import (
    Actor,
    ActorFacts,
    actor_of_event,
    judge_proof,
    judge_right,
    read_actor,
)
from mydso_access.decisions.changes import Done
from mydso_access.decisions.links import Grant, granting, issued, judge_granted, judge_own, renewed, revoked
from mydso_access.decisions.outcomes import Busy, BusyBecause, Proof, Refused
from mydso_access.decisions.permissions import Permissions
from mydso_access.decisions.sign_in import Place
from mydso_access.decisions.steps import judge_present
from mydso_access.decisions.tokens import token_text
from mydso_access.erasing import end_if_forgotten
from mydso_access.errors import InvalidValue, Stale, UnreadableRecord, shown
from mydso_access.granting import grant_beside, grant_of, load_customer, load_customers, new_token
from mydso_access.installation import Installation
from mydso_access.model.customer import Customer
from mydso_access.model.event import Difference, Event, EventKind
from mydso_access.model.link import Link, LinkTarget
from mydso_access.model.reason import Reason
from mydso_access.model.role import Right
from mydso_access.model.secret import Secret
from mydso_access.model.structure import Structure
from mydso_access.policy.fixed import LINKS_AT_ONCE
from mydso_access.retry import pauses, sleep

NO_LINK = Refused(Reason.DEAD_TOKEN, "A23")  # A23


@frozen(kw_only=True)
class LinkIssued:
    """A link to be sent.

    Attributes:
        link: what was stored, under a version of the store's; its id is what revokes it.
        token: what the link's address must carry; it is stored nowhere, and shown only now.
    """

    link: Link
    token: Secret[str]

    @property
    def messages(self) -> tuple[()]:
        """None: the host writes what carries the token; every answer has messages, so that one function sends them."""
        return ()


@frozen(kw_only=True)
class LinksIssued:
    """A campaign's links, to be sent.

    Attributes:
        links: one for each target that was allowed, in their order.
        refused: the other targets, each with why; one that is `Busy` may be asked for again.
    """

    links: tuple[LinkIssued, ...]
    refused: tuple[tuple[LinkTarget, Refused | Busy], ...] = ()

    @property
    def messages(self) -> tuple[()]:
        """None: the host writes what carries the links; every answer has messages, so that one function sends them."""
        return ()


async def issue_link(
    installation: Installation,
    /,
    actor: Actor,
    target: LinkTarget,
    *,
    granter: str | None = None,
    single_use: bool = False,
) -> LinkIssued | Refused | Busy:
    """Give out a link to a customer's page or document, in somebody's name.

    It opens as long as its period lasts (S33, S34), the granter may open the customer themselves, and the host still has
    what it leads to.

    Args:
        actor: whoever sends it, and so its granter; or the system, which names one: for automatic e-mails the customer's
            collector (`sender_of`).
        target: what it is good for: purpose, entity, customer, resource and recipient.
        granter: id of the user in whose name the system sends it; `None` for a user.
        single_use: whether opening it once is the end of it.

    Raises:
        InvalidValue: an argument is malformed, or the host gave no `resource_exists`.
        StoreError: a repository failed.
    """
    answer = await issue_links(installation, actor, (target,), granter=granter, single_use=single_use)
    if not isinstance(answer, LinksIssued):
        return answer
    return answer.links[0] if answer.links else answer.refused[0][1]


async def issue_links(
    installation: Installation,
    /,
    actor: Actor,
    targets: Iterable[LinkTarget],
    *,
    granter: str | None = None,
    single_use: bool = False,
) -> LinksIssued | Refused | Busy:
    """Give out a campaign's links, a thousand at a time; each thousand is stored as a whole, with one event.

    Args:
        actor: whoever sends them, and so their granter; or the system, which names one.
        targets: what each is good for; all in one entity.
        granter: id of the user in whose name the system sends them; `None` for a user.
        single_use: whether opening one once is the end of it.

    Returns:
        `LinksIssued`; `Refused` or `Busy`, and nothing is stored, if not even the first thousand can be. If that changes
        in the middle, the targets that are left are refused.

    Raises:
        InvalidValue: an argument is malformed, the targets lie in several entities, or the host gave no
            `resource_exists`.
        StoreError: a repository failed; links of earlier thousands are stored, and their tokens lost: nobody has them.
    """
    installation.still_there()
    name, wanted = _granter(read_actor(actor), granter), _checked(targets)
    if type(single_use) is not bool:
        raise InvalidValue("single_use", shown(single_use), "True or False")
    links: list[LinkIssued] = []
    refused: list[tuple[LinkTarget, Refused | Busy]] = []
    for start in range(0, len(wanted), LINKS_AT_ONCE):
        some = wanted[start : start + LINKS_AT_ONCE]
        made = await _batch_in_time(installation, actor, name, some, single_use=single_use)
        if not isinstance(made, LinksIssued) and not start:
            return made
        if not isinstance(made, LinksIssued):  # what was stored before is the caller's all the same
            refused += [(target, made) for target in wanted[start:]]
            break
        links += made.links
        refused += made.refused
    return LinksIssued(links=tuple(links), refused=tuple(refused))


async def _batch_in_time(
    installation: Installation, actor: Actor, granter: str, targets: Sequence[LinkTarget], *, single_use: bool
) -> LinksIssued | Refused | Busy:
    """Issue one thousand; again, if somebody else's save was in the way."""
    for pause in pauses(installation, installation.policy.lockout.charge_wait):
        await sleep(installation, pause)
        try:
            return await _batch(installation, actor, granter, targets, single_use=single_use)
        except Stale as stale:
            if stale.joined:  # the host's transaction saw an older state, and will see it again
                raise
    return Busy(BusyBecause.RECORD_CHANGED)


async def _batch(
    installation: Installation, actor: Actor, granter: str, targets: Sequence[LinkTarget], *, single_use: bool
) -> LinksIssued | Refused:
    entity, facts = targets[0].entity, await proof_facts(installation, actor)
    try:
        if facts.user is None:
            grant = await grant_of(installation, granter, entity)
        else:  # a user sends in their own name
            grant = await grant_beside(installation, facts.user, facts.home, entity)
    except UnreadableRecord as error:
        return await damaged(installation, error, granter)
    allowed = _granting(facts, grant)
    if isinstance(allowed, Refused):
        return allowed
    customers = await load_customers(installation, entity, targets)
    each = [(target, _judge_customer(allowed, customers[target.customer])) for target in targets]
    refused = tuple((target, refusal) for target, refusal in each if refusal is not None)
    good = [target for target, refusal in each if refusal is None]
    if not good:
        return LinksIssued(links=(), refused=refused)
    event = _told(installation, actor, grant, good)
    made = [_made(installation, target, grant, event, single_use=single_use) for target in good]
    await installation.store.add_links([new.link for new in made], event)
    if await end_if_forgotten(installation, entity, granter):
        return Refused(Reason.NO_USER, "A23")  # A23
    return LinksIssued(links=tuple(made), refused=refused)


def _judge_customer(allowed: Permissions, customer: Customer | Refused) -> Refused | None:
    return customer if isinstance(customer, Refused) else judge_granted(allowed, customer)


async def renew_link(installation: Installation, /, actor: Actor, link_id: str) -> LinkIssued | Refused | Busy:
    """Give a link another token and begin its period anew; the token before opens nothing any more.

    Args:
        actor: the link's granter, or the system.
        link_id: `link.id` of the one that was issued.

    Raises:
        InvalidValue: the actor is none, or the host gave no `resource_exists`.
        StoreError: a repository failed.
    """
    link = await _link(installation, read_actor(actor), link_id)
    if isinstance(link, Refused):
        return link
    installation.still_there()
    token = new_token(installation, link.id)
    try:
        grant = await grant_of(installation, link.granter, link.target.entity)
        customer = await load_customer(installation, link.target.entity, link.target.customer)
    except UnreadableRecord as error:
        return await damaged(installation, error, link.granter)

    def decide(case: Case[Link]) -> Decided[Link]:
        if case.record is None:
            return NO_LINK
        now = evolve(grant, now=case.at)
        if refusal := judge_own(case.facts, case.record):
            return refusal
        allowed = _granting(case.facts, now)
        if isinstance(allowed, Refused):
            return allowed
        return judge_granted(allowed, customer) or renewed(case.record, token, now)

    answer = await change(installation, actor, link_shelf(installation, link), decide)
    if not isinstance(answer, Done):
        return answer
    return LinkIssued(link=answer.record, token=token_text(token.record_id, token.secret))


async def revoke_link(installation: Installation, /, actor: Actor, link_id: str) -> Done[Link] | Refused | Busy:
    """Let a link open nothing any more; a second time changes nothing.

    Args:
        actor: the link's granter, whoever manages users in its entity, or the system.
        link_id: `link.id` of the one that was issued.

    Raises:
        InvalidValue: the actor is none.
        StoreError: a repository failed.
    """
    link = await _link(installation, read_actor(actor), link_id)
    if isinstance(link, Refused):
        return link

    def decide(case: Case[Link]) -> Decided[Link]:
        if case.record is None:
            return NO_LINK
        place = Structure.entity(case.record.target.entity)
        no = judge_own(case.facts, case.record)
        if no and judge_right(case.facts, installation.roles, Right.MANAGE_USERS, place):
            return no
        return revoked(case.record, case.at)

    return await change(installation, actor, link_shelf(installation, link), decide)


def _granter(actor: Actor, granter: str | None) -> str:
    """Return in whose name links are sent: nobody sends in another user's."""
    if isinstance(actor, Proof):
        if granter is not None:
            raise InvalidValue("granter", shown(granter), "None: a user sends in their own name")
        return actor.user_id
    if type(granter) is not str:
        raise InvalidValue("granter", shown(granter), "id of the user in whose name the system sends it")
    return granter


def _granting(facts: ActorFacts, grant: Grant) -> Permissions | Refused:
    """Return what may be shown to others: what a session may do there now, or whoever the system names."""
    if isinstance(facts.actor, Proof):
        place = Place(grant.home, grant.policy, grant.now, grant.entity)
        present = judge_present(facts, facts.actor, place)
        if isinstance(present, Refused):
            return present
    return granting(grant)


def _checked(targets: Iterable[LinkTarget]) -> list[LinkTarget]:
    """Return the targets: all are looked at before anything is stored."""
    several = [*targets] if isinstance(targets, Iterable) else [targets]
    wrong = [each for each in several if type(each) is not LinkTarget]
    if wrong or not isinstance(targets, Iterable):
        raise InvalidValue("targets", shown(type(wrong[0] if wrong else targets)), "several LinkTargets")
    entities = {target.entity for target in several}
    if len(entities) > 1:
        raise InvalidValue("targets", shown(sorted(entities)), "targets of one entity")
    return several


def _made(
    installation: Installation, target: LinkTarget, grant: Grant, event: Event, *, single_use: bool
) -> LinkIssued:
    token = new_token(installation)
    link = issued(target, token, grant, event.id, single_use=single_use)
    return LinkIssued(link=link, token=token_text(token.record_id, token.secret))


def _told(installation: Installation, actor: Actor, grant: Grant, targets: Sequence[LinkTarget]) -> Event:
    purposes = ", ".join(sorted({target.purpose.value for target in targets}))
    return Event(
        id=installation.chance.new_id(),
        kind=EventKind.LINKS_ISSUED,
        at=grant.now,
        subject=None if grant.granter is None else grant.granter.id,
        structure=Structure.entity(targets[0].entity),
        customer=targets[0].customer if len(targets) == 1 else None,
        **actor_of_event(actor),
        rule="A23",
        differences=(Difference("links", "", str(len(targets))), Difference("purpose", "", purposes)),
    )


async def _link(installation: Installation, actor: Actor, link_id: str) -> Link | Refused:
    if type(link_id) is not str:
        raise InvalidValue("link_id", shown(link_id), "text (str)")
    if isinstance(actor, Proof):  # before it is told whether there is such a link
        judged = judge_proof(await proof_facts(installation, actor))
        if isinstance(judged, Refused):
            return judged
    try:
        return await installation.store.link(link_id) or NO_LINK
    except UnreadableRecord as error:
        return await damaged(installation, error, actor.user_id if isinstance(actor, Proof) else None)
