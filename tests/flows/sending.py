"""Links of a scene, ready to be followed: what tests of issuing, opening and dying links share."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from attrs import evolve, frozen

from mydso_access import EventKind, Link, LinkIssued, LinkPurpose, LinkTarget, Reason, Refused, Secret
from tests.flows.scene import ROOT, Scene, everything
from tests.support import door, run

EXTERNAL, INTERNAL, DOCUMENT = LinkPurpose.EXTERNAL_EMAIL, LinkPurpose.INTERNAL_EMAIL, LinkPurpose.DOCUMENT
DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
ANNA = "id-anna"
PAGE = LinkTarget(
    purpose=EXTERNAL, entity="lyon", customer="c1", resource="statement-7", recipient="buyer@customer.example"
)


@frozen
class Awaited:
    """The asynchronous door, each answer awaited on a loop of its own."""

    scene: Scene

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *arguments, **named: run(getattr(door(self.scene), name)(*arguments, **named))


DOORS: dict[str, Callable[[Scene], Any]] = {"synchronous": lambda scene: scene.access, "asynchronous": Awaited}


def page(**changes: Any) -> LinkTarget:
    """Return what a link leads to: a statement of customer c1 in Lyon, but for these changes."""
    return evolve(PAGE, **changes)


def sent(scene: Scene, target: LinkTarget = PAGE, granter: str = ANNA, **options: Any) -> LinkIssued:
    """Return a link that was sent in Anna's name, or another one's."""
    issued = scene.access.issue_link(ROOT, target, granter=granter, **options)
    assert isinstance(issued, LinkIssued)
    return issued


def stored_link(scene: Scene, issued: LinkIssued) -> Link:
    found = scene.repositories.links.get(issued.link.id)
    assert found is not None
    return found


def opened(scene: Scene, issued: LinkIssued, purpose: LinkPurpose = EXTERNAL, **expected: Any) -> Any:
    """Follow a link; whether it would open is said alike before, by both doors, and changes nothing."""
    before = everything(scene.repositories)
    looked = scene.access.look_at_link(issued.token, purpose, **expected)
    assert looked == Awaited(scene).look_at_link(issued.token, purpose, **expected)
    assert before == everything(scene.repositories)
    outcome = scene.access.open_link(issued.token, purpose, **expected)
    if isinstance(looked, Refused):
        assert looked == outcome
    return outcome


def refused(scene: Scene, issued: LinkIssued, purpose: LinkPurpose = EXTERNAL) -> tuple[Reason, str, int]:
    """Return why a link does not open, by which rule, and how many events told of it."""
    told = len(scene.events())
    outcome = opened(scene, issued, purpose)
    assert isinstance(outcome, Refused)
    events = scene.events()[told:]
    for event in events:
        assert (EventKind.LINK_REFUSED, outcome.reason, outcome.rule) == (event.kind, event.reason, event.rule)
        assert (issued.link.granter, issued.link.target.customer) == (event.subject, event.customer)
    return outcome.reason, outcome.rule, len(events)


def stranger_token(secret: str = "a" * 44) -> Secret[str]:
    """Return a token that was never given out."""
    return Secret(f"bm9ib2R5.{secret}")
