"""What a link opens, for how long, and in whose name (S33, S34; A23)."""

from datetime import datetime

from attrs import evolve, frozen

from mydso_access.decisions.administration import ActorFacts, System, judge_proof
from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.dormancy import judge_dormancy
from mydso_access.decisions.levels import levels_of, value_at
from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.permissions import Permissions, permissions_of
from mydso_access.decisions.sign_in import judge_login
from mydso_access.decisions.tokens import GivenToken, TokenPurpose, opens, token_digest
from mydso_access.decisions.visibility import Denied
from mydso_access.errors import InvalidValue, shown
from mydso_access.model.customer import Customer
from mydso_access.model.event import Difference, EventKind
from mydso_access.model.link import Link, LinkPurpose, LinkTarget
from mydso_access.model.reason import Reason
from mydso_access.model.role import Right, RoleTable
from mydso_access.model.structure import Entity, StructureRecord
from mydso_access.model.user import User
from mydso_access.policy.fixed import TICK
from mydso_access.policy.security_policy import SecurityPolicy

INTERACTIVE, DOCUMENTS = "links.interactive", "links.documents"
PERIOD = {
    LinkPurpose.EXTERNAL_EMAIL: INTERACTIVE,  # S33
    LinkPurpose.INTERNAL_EMAIL: INTERACTIVE,  # S33
    LinkPurpose.DOCUMENT: DOCUMENTS,  # S34
}
RULE = {INTERACTIVE: "S33", DOCUMENTS: "S34"}
# What a link shows is what its granter could open themselves.
GRANTED = Right.OPEN_CARD


@frozen(kw_only=True)
class Expected:
    """What the host is about to show, as far as it knows it from elsewhere than the link.

    Attributes:
        purpose: what the link must have been issued for.
        entity: id of the entity; `None`: the link says.
        customer: id of the customer; `None`: the link says.
        resource: id of the page or document; `None`: the link says.
        recipient: who asks; `None`: whoever holds the link.
    """

    purpose: LinkPurpose
    entity: str | None = None
    customer: str | None = None
    resource: str | None = None
    recipient: str | None = None

    def __attrs_post_init__(self) -> None:
        if type(self.purpose) is not LinkPurpose:
            raise InvalidValue("purpose", shown(self.purpose), "a LinkPurpose")


@frozen(kw_only=True)
class Grant:
    """In whose name something is shown, as stored now.

    Attributes:
        granter: the user; `None` if there is none.
        home: the structure that the user belongs to.
        entity: where the customer is; `None` if there is no such entity.
        policy: the installation's policy.
        roles: what each role may do.
        now: the present instant.
    """

    granter: User | None
    home: StructureRecord | None
    entity: Entity | None
    policy: SecurityPolicy
    roles: RoleTable
    now: datetime


@frozen(kw_only=True)
class ListedLink:
    """One line of a list of links.

    Attributes:
        link: the record.
        until: the last instant at which it opens, as things stand; `None`: it has no end, or its entity is gone.
        kept_shut: what opening it would be answered at this moment: why, by which rule, of which level; `None` if it
            would open.
    """

    link: Link
    until: datetime | None = None
    kept_shut: Refused | None = None


def issued(
    target: LinkTarget, token: GivenToken, grant: Grant, event_id: str | None = None, *, single_use: bool
) -> Link:
    """Return a new link.

    Args:
        target: what it is good for.
        token: its id, never drawn before, and the secret half of its token.
        grant: in whose name; judged already.
        event_id: the event that tells of it; `None` if it is not known yet.
        single_use: whether opening it once is the end of it.
    """
    granter, at = "" if grant.granter is None else grant.granter.id, _now_for(target.purpose, grant)
    return Link(
        id=token.record_id,
        target=target,
        granter=granter,
        single_use=single_use,
        digest=token_digest(TokenPurpose.LINK, token.record_id, token.secret, *_bound_to(target, granter, single_use)),
        issued_at=at,
        until=_promised(target.purpose, grant, at),
        saved_at=at,
        written_by=event_id,
    )


def renewed(link: Link, token: GivenToken, grant: Grant) -> Changed[Link] | Refused:
    """Return a link with another token, from now on; the one before opens nothing any more."""
    if link.revoked_at is not None:  # who revoked it may have been somebody else
        return Refused(Reason.REVOKED_LINK, "A23", user_id=link.granter)  # A23
    new = issued(link.target, token, grant, single_use=link.single_use)
    record = evolve(new, version=link.version, saved_at=link.saved_at)
    return _changed(record, EventKind.LINK_RENEWED)


def revoked(link: Link, at: datetime) -> Changed[Link] | Done[Link]:
    """Return a link that opens nothing any more."""
    if link.revoked_at is not None:
        return Done(link)
    return _changed(evolve(link, revoked_at=at), EventKind.LINK_REVOKED)


def used(link: Link, at: datetime) -> Changed[Link]:
    """Return a single-use link that was opened."""
    return _changed(evolve(link, used_at=at), EventKind.LINK_OPENED)


def lapsed(link: Link, refused: Refused, until: datetime | None, at: datetime) -> Changed[Link]:
    """Return a link that was found to be too old, so that no longer period revives it (A23, D10).

    Args:
        link: the link.
        refused: what is answered.
        until: its deadline as things stand.
        at: when it was found.
    """
    latest = at - TICK
    record = evolve(link, until=latest if until is None else min(until, latest))
    changed = _changed(record, EventKind.LINK_REFUSED)
    return evolve(changed, rule=refused.rule, reason=refused.reason, answer=refused)


def judge_token(link: Link | None, given: GivenToken | None, expected: Expected) -> Link | Refused:
    """Say whether a token is a link's, and the link was issued for what the host is about to show.

    Args:
        link: the record that the token names; `None` if there is none.
        given: the token as it came back; `None` if it was none.
        expected: what the host is about to show.
    """
    dead = Refused(Reason.DEAD_TOKEN, "A23")
    bound = () if link is None else _bound_to(link.target, link.granter, link.single_use)
    if given is None or not opens(given, TokenPurpose.LINK, None if link is None else link.digest, *bound):
        return dead  # A23: unknown, renewed, or moved to another row
    if link is None or not _is_for(link.target, expected):
        return dead  # A23: issued for something else
    return link


def judge_link(link: Link, customer: Customer, grant: Grant) -> Refused | None:
    """Say what keeps a link from opening; `None`: nothing.

    Args:
        link: the link, whose token was right.
        customer: who is associated with its customer now.
        grant: in whose name it was sent.
    """
    if link.revoked_at is not None:
        return Refused(Reason.REVOKED_LINK, "A23", user_id=link.granter)  # A23
    if link.used_at is not None:
        return Refused(Reason.USED_LINK, "A23", user_id=link.granter)  # A23
    if grant.entity is None:
        return Refused(Reason.NO_STRUCTURE, "A10", user_id=link.granter)  # A10
    if refusal := _judge_time(link, grant.entity, grant):
        return refusal
    lost = judge_grant(grant, customer)
    return None if lost is None else evolve(lost, reason=Reason.GRANTER_LOST_RIGHT, user_id=link.granter)


def judge_grant(grant: Grant, customer: Customer) -> Refused | None:
    """Say what keeps somebody from showing a customer to others: what they could not open themselves (A22)."""
    allowed = granting(grant)
    return allowed if isinstance(allowed, Refused) else judge_granted(allowed, customer)


def granting(grant: Grant) -> Permissions | Refused:
    """Return what somebody may show to others in an entity: what they may do there themselves."""
    if grant.granter is None:
        return Refused(Reason.NO_USER, "A23")  # A23
    if grant.entity is None:
        return Refused(Reason.NO_STRUCTURE, "A10", user_id=grant.granter.id)  # A10
    if refusal := judge_login(grant.granter) or _judge_home(grant.granter, grant):
        return refusal
    return permissions_of(grant.granter, grant.entity, roles=grant.roles, policy=grant.policy)


def judge_own(facts: ActorFacts, link: Link) -> Refused | None:
    """Say what forbids an actor to change a link as its granter; `None`: nothing."""
    if isinstance(facts.actor, System):
        return None
    user = judge_proof(facts)
    if isinstance(user, Refused):
        return user
    return None if user.id == link.granter else Refused(Reason.NOT_ALLOWED, "A23", user_id=user.id)  # A23


def judge_granted(allowed: Permissions, customer: Customer) -> Refused | None:
    """Say what keeps somebody from showing one customer to others; `None`: nothing."""
    answer = allowed.may(GRANTED, customer)
    if isinstance(answer, Denied):
        return Refused(answer.reason, answer.rule, levels=answer.levels, user_id=answer.user_id)  # S28
    return None


def _judge_home(user: User, grant: Grant) -> Refused | None:
    if grant.home is None or grant.home.structure != user.structure:
        return Refused(Reason.NO_HOME, "S3", user_id=user.id)  # S3 S16
    return judge_dormancy(user, grant.home, grant.policy, grant.now)


def deadline(link: Link, entity: Entity, policy: SecurityPolicy) -> datetime | None:
    """Return the last instant at which a link opens: the stricter of what was promised and what is asked now (A23).

    Args:
        link: the link.
        entity: its entity.
        policy: the installation's policy.
    """
    period = value_at(entity, policy, PERIOD[link.target.purpose])
    ends = [end for end in (link.until, None if period is None else link.issued_at + period) if end is not None]
    return min(ends, default=None)


def keeping_dead(
    before: StructureRecord, after: StructureRecord, policy: SecurityPolicy, at: datetime
) -> StructureRecord:
    """Return a structure whose periods have changed, so that a longer one revives no link (A23).

    Args:
        before: the structure as it is.
        after: the structure as it is to be.
        policy: the installation's policy.
        at: when it changes.
    """
    if not isinstance(before, Entity) or not isinstance(after, Entity):
        return after
    return evolve(
        after,
        interactive_links_from=_dead_before(before.interactive_links_from, INTERACTIVE, before, policy, at),
        document_links_from=_dead_before(before.document_links_from, DOCUMENTS, before, policy, at),
    )


def _dead_before(floor: datetime, name: str, entity: Entity, policy: SecurityPolicy, at: datetime) -> datetime:
    period = value_at(entity, policy, name)
    return floor if period is None else max(floor, at - period)


def _judge_time(link: Link, entity: Entity, grant: Grant) -> Refused | None:
    name = PERIOD[link.target.purpose]
    until, now = deadline(link, entity, grant.policy), max(grant.now, link.saved_at)  # D10
    first = _alive_from(link.target.purpose, entity)
    if link.issued_at >= first and (until is None or now <= until):  # D10: at the deadline it is still in time
        return None
    return Refused(
        Reason.LAPSED, RULE[name], levels=levels_of(entity, grant.policy, name), user_id=link.granter
    )  # S33 S34


def _now_for(purpose: LinkPurpose, grant: Grant) -> datetime:
    """Return the present instant; if the clock was ahead when a period changed, what counts as the present there (D10)."""
    return grant.now if grant.entity is None else max(grant.now, _alive_from(purpose, grant.entity))


def _alive_from(purpose: LinkPurpose, entity: Entity) -> datetime:
    return entity.interactive_links_from if PERIOD[purpose] == INTERACTIVE else entity.document_links_from


def _promised(purpose: LinkPurpose, grant: Grant, at: datetime) -> datetime | None:
    period = None if grant.entity is None else value_at(grant.entity, grant.policy, PERIOD[purpose])
    return None if period is None else at + period  # A23


def _bound_to(target: LinkTarget, granter: str, single_use: bool) -> tuple[str, ...]:  # noqa: FBT001  # a fact
    often = "once" if single_use else "often"
    return target.purpose.value, target.entity, target.customer, target.resource, target.recipient, granter, often


def _is_for(target: LinkTarget, expected: Expected) -> bool:
    asked = (
        (expected.entity, target.entity),
        (expected.customer, target.customer),
        (expected.resource, target.resource),
        (expected.recipient, target.recipient),
    )
    return target.purpose is expected.purpose and all(want is None or want == have for want, have in asked)


def _changed(record: Link, kind: EventKind) -> Changed[Link]:
    """Tell the change as one of the granter's, so that the trail finds it under them."""
    return Changed(record=record, kind=kind, rule="A23", differences=which(record), subject=record.granter)


def which(link: Link) -> tuple[Difference, ...]:
    """Return what an event says of which link it is about; an id opens nothing."""
    return Difference("link", "", link.id), Difference("purpose", "", link.target.purpose.value)
