"""Following a link: looking at it changes nothing, opening it is told, and uses up what is for single use (S33, S34)."""

from contextlib import suppress
from datetime import datetime

from attrs import evolve, frozen

from mydso_access.changing import Case, Decided, change, link_shelf, unreadable
from mydso_access.decisions.changes import Done
from mydso_access.decisions.links import Expected, Grant, deadline, judge_link, judge_token, lapsed, used, which
from mydso_access.decisions.outcomes import Busy, Refused
from mydso_access.decisions.tokens import GivenToken, read_token
from mydso_access.errors import StoreError, UnreadableRecord
from mydso_access.granting import grant_of, judge_now, load_customer
from mydso_access.installation import Installation
from mydso_access.model.customer import Customer
from mydso_access.model.event import Event, EventKind
from mydso_access.model.link import Link, LinkPurpose, LinkTarget
from mydso_access.model.reason import Reason
from mydso_access.model.secret import Secret, wrapped
from mydso_access.model.structure import Structure


@frozen(kw_only=True)
class LinkShown:
    """The link would open now.

    Attributes:
        target: what it was issued for, and all that the host may show.
        granter: id of the user in whose name it was sent.
        until: until when, as things stand; `None`: for ever.
        single_use: whether opening it once is the end of it.
    """

    target: LinkTarget
    granter: str
    until: datetime | None
    single_use: bool

    @property
    def messages(self) -> tuple[()]:
        """Nobody is told; every answer has messages, so that one function of the host's sends them."""
        return ()


@frozen(kw_only=True)
class LinkOpened:
    """The link is open: show what it was issued for, and nothing else.

    Attributes:
        target: what it was issued for.
        granter: id of the user in whose name it was sent: in whose name further links of the page are sent, too.
        until: until when it opens again, as things stand; `None`: for ever.
    """

    target: LinkTarget
    granter: str
    until: datetime | None

    @property
    def messages(self) -> tuple[()]:
        """Nobody is told; every answer has messages, so that one function of the host's sends them."""
        return ()


@frozen
class _Judged:
    """A link whose token was right, and what it was judged by."""

    link: Link
    customer: Customer
    grant: Grant
    refused: Refused | None

    @property
    def until(self) -> datetime | None:
        return None if self.grant.entity is None else deadline(self.link, self.grant.entity, self.grant.policy)


async def look_at_link(  # noqa: PLR0913  # what the host is about to show
    installation: Installation,
    /,
    token: str | Secret[str],
    purpose: LinkPurpose,
    *,
    entity: str | None = None,
    customer: str | None = None,
    resource: str | None = None,
    recipient: str | None = None,
) -> LinkShown | Refused:
    """Say whether a link would open, and change nothing: mail scanners follow links, too.

    Args:
        token: as it came back in the link's address.
        purpose: what the host shows there; a link of another purpose is refused.
        entity: id of the entity, if the host knows it from elsewhere.
        customer: id of the customer, likewise.
        resource: id of the page or document, likewise.
        recipient: who asks, likewise.

    Raises:
        InvalidValue: the token is no text, the purpose is none, or the host gave no `resource_exists`.
        StoreError: a repository failed, or `resource_exists` did.
    """
    token = wrapped(token)  # from here on no traceback shows it
    expected = Expected(purpose=purpose, entity=entity, customer=customer, resource=resource, recipient=recipient)
    judged = await _judged(installation, read_token(token), expected)
    if isinstance(judged, Refused):
        return judged
    link = judged.link
    return judged.refused or LinkShown(
        target=link.target, granter=link.granter, until=judged.until, single_use=link.single_use
    )


async def open_link(  # noqa: PLR0913  # what the host is about to show
    installation: Installation,
    /,
    token: str | Secret[str],
    purpose: LinkPurpose,
    *,
    entity: str | None = None,
    customer: str | None = None,
    resource: str | None = None,
    recipient: str | None = None,
) -> LinkOpened | Refused | Busy:
    """Open a link, and say so in the trail; one for single use never opens again.

    Args:
        token: as it came back in the link's address.
        purpose: what the host shows there; a link of another purpose is refused.
        entity: id of the entity, if the host knows it from elsewhere.
        customer: id of the customer, likewise.
        resource: id of the page or document, likewise.
        recipient: who asks, likewise.

    Returns:
        `LinkOpened`; `Refused`: unknown, for something else, too late, used, revoked, or its granter may not open that
        customer any more, or the host has not what it leads to; `Busy`.

    Raises:
        InvalidValue: the token is no text, the purpose is none, or the host gave no `resource_exists`.
        StoreError: a repository failed, or `resource_exists` did; nothing was opened.
    """
    token = wrapped(token)  # from here on no traceback shows it
    expected = Expected(purpose=purpose, entity=entity, customer=customer, resource=resource, recipient=recipient)
    given = read_token(token)
    judged = await _judged(installation, given, expected)
    if isinstance(judged, Refused):
        return judged
    link, refused = judged.link, judged.refused
    if refused is None and link.single_use:
        answer = await _use(installation, judged, given, expected)
        if isinstance(answer, Busy):
            return answer
        refused = answer
    elif refused is None:
        await installation.store.record(_told(installation, link, judged.grant, None))
    if refused is not None:
        return await _tell(installation, judged, refused)
    return LinkOpened(target=link.target, granter=link.granter, until=judged.until)


async def _tell(installation: Installation, judged: _Judged, refused: Refused) -> Refused:
    """Say in the trail that a link did not open; one that is too old by now is stored so."""
    link, until = judged.link, judged.until

    def decide(case: Case[Link]) -> Decided[Link]:
        if case.record is None or case.record.digest != link.digest:  # renewed meanwhile
            return refused
        return lapsed(case.record, refused, until, case.at)

    is_known = link.until is not None and link.saved_at > link.until
    if refused.reason is Reason.LAPSED and not is_known:
        with suppress(StoreError):  # it stays a refusal
            await change(installation, None, link_shelf(installation, link), decide)
            return refused
    await installation.store.append(_told(installation, link, judged.grant, refused))
    return refused


async def _use(
    installation: Installation, judged: _Judged, given: GivenToken | None, expected: Expected
) -> Refused | Busy | None:
    """Use up a link; of several who come at once one is let in."""

    def decide(case: Case[Link]) -> Decided[Link]:
        link = judge_token(case.record, given, expected)
        if isinstance(link, Refused):
            return link
        return judge_link(link, judged.customer, evolve(judged.grant, now=case.at)) or used(link, case.at)

    answer = await change(installation, None, link_shelf(installation, judged.link), decide)
    return None if isinstance(answer, Done) else answer


async def _judged(installation: Installation, given: GivenToken | None, expected: Expected) -> _Judged | Refused:
    installation.still_there()  # misuse is told whatever the token
    try:
        stored = None if given is None else await installation.store.link(given.record_id)
        link = judge_token(stored, given, expected)
        if isinstance(link, Refused):
            return link
        customer = await load_customer(installation, link.target.entity, link.target.customer)
        grant = await grant_of(installation, link.granter, link.target.entity)
    except UnreadableRecord as error:
        return unreadable(error)  # no event: a stranger who knows an id could fill the trail
    return _Judged(link, customer, grant, await judge_now(installation, link, customer, grant))


def _told(installation: Installation, link: Link, grant: Grant, refused: Refused | None) -> Event:
    return Event(
        id=installation.chance.new_id(),
        kind=EventKind.LINK_OPENED if refused is None else EventKind.LINK_REFUSED,
        at=grant.now,
        subject=link.granter,
        structure=Structure.entity(link.target.entity),
        customer=link.target.customer,
        reason=None if refused is None else refused.reason,
        rule="A23" if refused is None else refused.rule,
        levels=frozenset() if refused is None else refused.levels,
        differences=which(link),
    )
