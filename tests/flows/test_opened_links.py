"""Following a link: it opens what it was issued for and nothing else, and looking at it changes nothing (S33, S34; A23)."""

from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from attrs import asdict

from mydso_access import (
    EventKind,
    LinkIssued,
    LinkOpened,
    LinkPurpose,
    LinkShown,
    LinkTarget,
    Reason,
    Refused,
)
from tests.flows.scene import LYON, ROOT, Scene, everything
from tests.flows.sending import (
    ANNA,
    DAY,
    DOCUMENT,
    DOORS,
    EXTERNAL,
    INTERNAL,
    PAGE,
    TICK,
    Awaited,
    opened,
    page,
    refused,
    sent,
    stored_link,
    stranger_token,
)

PURPOSES = [*LinkPurpose]


@pytest.fixture(params=DOORS)
def through(request: pytest.FixtureRequest) -> Callable[[Scene], Any]:
    return DOORS[request.param]


def test_a23_a_link_opens_what_it_was_issued_for_and_the_trail_tells_it(through: Callable[[Scene], Any]) -> None:
    scene = Scene()
    scene.ask(LYON, links__interactive=9 * DAY)
    issued = sent(scene)
    until = scene.clock.now() + 9 * DAY
    looked = through(scene).look_at_link(issued.token, EXTERNAL)
    assert LinkShown(target=PAGE, granter=ANNA, until=until, single_use=False) == looked
    outcome = through(scene).open_link(issued.token.reveal(), EXTERNAL)
    assert LinkOpened(target=PAGE, granter=ANNA, until=until) == outcome
    event = scene.events()[-1]
    assert (EventKind.LINK_OPENED, ANNA, None, None) == (event.kind, event.subject, event.actor, event.system)
    assert (LYON, "c1", None, "A23") == (event.structure, event.customer, event.reason, event.rule)
    told = [(each.name, each.before, each.after) for each in event.differences]
    assert [("link", "", issued.link.id), ("purpose", "", EXTERNAL.value)] == told


def test_a23_one_for_single_use_opens_once_whichever_door_it_comes_to(through: Callable[[Scene], Any]) -> None:
    scene = Scene()
    issued = sent(scene, single_use=True)
    assert isinstance(through(scene).open_link(issued.token, EXTERNAL), LinkOpened)
    assert scene.clock.now() + TICK == stored_link(scene, issued).used_at
    assert [(Reason.USED_LINK, "A23", 1)] * 2 == [refused(scene, issued) for _ in range(2)]
    kinds = [event.kind for event in scene.events()]
    assert [EventKind.LINKS_ISSUED, EventKind.LINK_OPENED, *[EventKind.LINK_REFUSED] * 2] == kinds


def test_a23_one_that_is_not_for_single_use_opens_as_often_as_asked_and_stays_as_it_is() -> None:
    scene = Scene()
    issued = sent(scene)
    before = stored_link(scene, issued)
    assert [LinkOpened] * 5 == [type(opened(scene, issued)) for _ in range(5)]
    assert before == stored_link(scene, issued)
    assert 5 == sum(event.kind is EventKind.LINK_OPENED for event in scene.events())


def test_mail_scanners_that_look_ten_times_change_nothing_and_a_single_use_link_still_opens() -> None:
    scene = Scene()
    issued = sent(scene, single_use=True)
    before = everything(scene.repositories), dict(scene.repositories.sign_ins._by_id)
    for _ in range(5):
        for access in (scene.access, Awaited(scene)):
            assert isinstance(access.look_at_link(issued.token, EXTERNAL), LinkShown)
    assert before == (everything(scene.repositories), dict(scene.repositories.sign_ins._by_id))
    assert isinstance(scene.access.open_link(issued.token, EXTERNAL), LinkOpened)


# --- for something else


FIELDS = {
    "entity": ("lyon", "paris"),
    "customer": ("c1", "c2"),
    "resource": ("s-1", "s-2"),
    "recipient": ("a@x", "b@x"),
}


def _cross() -> list[LinkTarget]:
    """Return every combination of two purposes and more, two entities, customers, resources and recipients."""
    return [
        LinkTarget(purpose=purpose, **dict(zip(FIELDS, values, strict=True)))
        for purpose, values in product(PURPOSES, product(*FIELDS.values()))
    ]


def test_a23_no_link_opens_what_another_one_was_issued_for() -> None:
    scene, targets = Scene(), _cross()
    issued = [sent(scene, target, granter="id-chief") for target in targets]
    asked = [asdict(target) for target in targets]
    assert 48 == len(targets)
    for one, link in zip(targets, issued, strict=True):
        answers = [scene.access.look_at_link(link.token, **other) for other in asked]
        opens = [other for other, answer in zip(targets, answers, strict=True) if isinstance(answer, LinkShown)]
        assert [one] == opens
        no = {(answer.reason, answer.rule) for answer in answers if isinstance(answer, Refused)}
        assert {(Reason.DEAD_TOKEN, "A23")} == no


@pytest.mark.parametrize("field", ["purpose", *FIELDS])
@pytest.mark.parametrize("single_use", [True, False])
def test_a23_a_link_followed_for_something_else_opens_nothing_is_not_used_up_and_leaves_no_event(
    single_use: bool, field: str, through: Callable[[Scene], Any]
) -> None:
    scene = Scene()
    mine, other = page(), page(**{field: DOCUMENT if field == "purpose" else "paris"})
    issued = sent(scene, mine, granter="id-chief", single_use=single_use)
    sent(scene, other, granter="id-chief", single_use=single_use)
    before = everything(scene.repositories)
    outcome = through(scene).open_link(issued.token, **asdict(other))
    assert (Reason.DEAD_TOKEN, "A23", None) == (outcome.reason, outcome.rule, outcome.user_id)
    assert before == everything(scene.repositories)
    assert isinstance(through(scene).open_link(issued.token, **asdict(mine)), LinkOpened)


def test_a23_what_the_host_does_not_know_the_link_says() -> None:
    scene = Scene()
    issued = sent(scene)
    known = {"entity": "lyon", "customer": "c1", "resource": "statement-7", "recipient": "buyer@customer.example"}
    for name, value in known.items():
        assert isinstance(opened(scene, issued, **{name: value}), LinkOpened)
    assert isinstance(opened(scene, issued, **known), LinkOpened)


TOKENS: dict[str, Callable[[LinkIssued], Any]] = {
    "of an id that is nobody's": lambda _: stranger_token(),
    "with another secret": lambda issued: (
        issued.token.reveal()[:-1] + ("A" if issued.token.reveal()[-1] != "A" else "B")
    ),
    "shortened": lambda issued: issued.token.reveal()[:-1],
    "lengthened": lambda issued: issued.token.reveal() + "A",
    "the id alone": lambda issued: issued.link.id,
    "without a secret": lambda issued: issued.token.reveal().partition(".")[0] + ".",
    "with a padded id": lambda issued: issued.token.reveal().replace(".", "=."),
    "with a space": lambda issued: f" {issued.token.reveal()}",
    "with another case": lambda issued: issued.token.reveal().swapcase(),
    "the digest for a secret": lambda issued: (
        f"{issued.token.reveal().partition('.')[0]}.{issued.link.digest.reveal()}"
    ),
    "empty": lambda _: "",
    "long": lambda _: "x" * 100_000,
}


@pytest.mark.parametrize("token", TOKENS)
def test_a_strangers_token_opens_nothing_and_leaves_no_event(token: str, through: Callable[[Scene], Any]) -> None:
    scene = Scene()
    issued = sent(scene, single_use=True)
    before = everything(scene.repositories)
    for call in (through(scene).look_at_link, through(scene).open_link):
        outcome = call(TOKENS[token](issued), EXTERNAL)
        assert (Reason.DEAD_TOKEN, None) == (outcome.reason, outcome.user_id)
    assert before == everything(scene.repositories)
    assert isinstance(opened(scene, issued), LinkOpened)


def test_the_token_of_something_else_opens_no_link() -> None:
    scene = Scene()
    invitation = scene.access.renew_invitation(ROOT, "id-invited").messages[0].token
    reset = scene.access.request_password_reset("anna").messages[0].token
    for token in (invitation, reset):
        assert Reason.DEAD_TOKEN is scene.access.open_link(token, EXTERNAL).reason
    assert Reason.DEAD_TOKEN is scene.access.accept_invitation(sent(scene).token, "Another-Horse-10").reason


# --- until when


@pytest.mark.parametrize(
    ("purpose", "period", "rule"),
    [
        (EXTERNAL, "links__interactive", "S33"),
        (INTERNAL, "links__interactive", "S33"),
        (DOCUMENT, "links__documents", "S34"),
    ],
)
@pytest.mark.parametrize("promised", [True, False], ids=["promised", "asked for since"])
def test_s33_s34_at_its_deadline_a_link_opens_and_a_microsecond_later_it_is_dead(
    promised: bool, purpose: LinkPurpose, period: str, rule: str
) -> None:
    scene = Scene()
    if promised:
        scene.ask(LYON, **{period: 3 * DAY})
    issued = sent(scene, page(purpose=purpose))
    if not promised:
        scene.ask(LYON, **{period: 3 * DAY})
    for by in (3 * DAY - TICK, TICK):
        scene.clock.move(by)
        assert isinstance(opened(scene, issued, purpose), LinkOpened)
    scene.clock.move(TICK)
    assert (Reason.LAPSED, rule, 1) == refused(scene, issued, purpose)


def test_s34_a_document_opened_from_an_interactive_page_keeps_its_own_clock_when_the_page_dies() -> None:
    scene = Scene()
    scene.ask(LYON, links__interactive=2 * DAY, links__documents=5 * DAY)
    interactive = sent(scene)
    scene.clock.move(DAY)
    shown = opened(scene, interactive)
    invoice = sent(scene, page(purpose=DOCUMENT, resource="invoice-3"), granter=shown.granter)
    assert scene.clock.now() + 5 * DAY == invoice.link.until
    scene.clock.move(DAY + TICK)
    assert (Reason.LAPSED, "S33", 1) == refused(scene, interactive)
    scene.clock.move(4 * DAY - TICK)
    assert isinstance(opened(scene, invoice, DOCUMENT), LinkOpened)
    scene.clock.move(TICK)
    assert (Reason.LAPSED, "S34", 1) == refused(scene, invoice, DOCUMENT)


def test_s34_a_document_outlives_neither_its_own_period_because_the_page_has_a_longer_one_nor_a_revoked_page() -> None:
    scene = Scene()
    scene.ask(LYON, links__interactive=9 * DAY, links__documents=2 * DAY)
    interactive = sent(scene)
    invoice = sent(scene, page(purpose=DOCUMENT, resource="invoice-3"))
    scene.access.revoke_link(ROOT, interactive.link.id)
    assert isinstance(opened(scene, invoice, DOCUMENT), LinkOpened)
    scene.clock.move(2 * DAY + TICK)
    assert (Reason.LAPSED, "S34", 1) == refused(scene, invoice, DOCUMENT)


def test_a23_no_period_means_no_end() -> None:
    scene = Scene()
    issued = sent(scene)
    scene.clock.move(10_000 * DAY)
    scene.change("anna", last_access_at=scene.clock.now())
    assert None is opened(scene, issued).until


def test_the_time_that_is_left_is_what_the_policy_says_now() -> None:
    scene = Scene()
    scene.ask(LYON, links__interactive=9 * DAY)
    issued = sent(scene)
    scene.ask(LYON, links__interactive=2 * DAY)
    assert scene.clock.now() + 2 * DAY == opened(scene, issued).until
    scene.ask(LYON, links__interactive=90 * DAY)
    assert scene.clock.now() + 9 * DAY == opened(scene, issued).until == issued.link.until
    scene.clock.move(timedelta(hours=1))
    assert issued.link.until == opened(scene, issued).until
