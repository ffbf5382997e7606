"""Links that were revoked, renewed, or whose period was changed: the token before opens nothing any more (A23)."""

from typing import Any

import pytest
from attrs import evolve

from mydso_access import (
    Done,
    Entity,
    EventKind,
    LinkIssued,
    LinkOpened,
    LinkTarget,
    Reason,
    Refused,
    StructurePolicy,
    UnreadableRecord,
)
from mydso_access.policy.fixed import EARLIEST
from tests.flows.scene import LYON, ROOT, Scene, everything
from tests.flows.sending import (
    ANNA,
    DAY,
    DOCUMENT,
    DOORS,
    EXTERNAL,
    INTERNAL,
    TICK,
    opened,
    page,
    refused,
    sent,
    stored_link,
)
from tests.test_store import raising, replacing


@pytest.mark.parametrize("through", DOORS)
def test_a23_a_revoked_link_is_dead_at_once_and_revoking_it_again_changes_nothing(through: str) -> None:
    scene = Scene()
    issued = sent(scene)
    done = DOORS[through](scene).revoke_link(scene.proof("anna"), issued.link.id)
    assert isinstance(done, Done)
    assert scene.clock.now() + TICK == done.record.revoked_at
    assert (EventKind.LINK_REVOKED, ANNA, ANNA) == (done.event.kind, done.event.actor, done.event.subject)  # type: ignore[union-attr]
    assert (Reason.REVOKED_LINK, "A23", 1) == refused(scene, issued)
    before = everything(scene.repositories)
    again = DOORS[through](scene).revoke_link(ROOT, issued.link.id)
    assert (None, before) == (again.event, everything(scene.repositories))


@pytest.mark.parametrize("through", DOORS)
def test_a23_a_renewed_link_has_another_token_and_the_one_before_is_a_strangers(through: str) -> None:
    scene = Scene()
    scene.ask(LYON, links__interactive=2 * DAY)
    issued = sent(scene, single_use=True)
    scene.clock.move(DAY)
    renewed = DOORS[through](scene).renew_link(scene.proof("anna"), issued.link.id)
    assert isinstance(renewed, LinkIssued)
    assert (issued.link.id, issued.link.target, True) == (renewed.link.id, renewed.link.target, renewed.link.single_use)
    assert renewed.link == stored_link(scene, issued)
    assert scene.clock.now() + 2 * DAY == renewed.link.until
    assert EventKind.LINK_RENEWED is scene.events()[-1].kind
    assert (Reason.DEAD_TOKEN, "A23", 0) == refused(scene, issued)
    assert isinstance(opened(scene, renewed), LinkOpened)
    assert (Reason.USED_LINK, "A23", 1) == refused(scene, renewed)
    assert (Reason.DEAD_TOKEN, "A23", 0) == refused(scene, issued)


@pytest.mark.parametrize("death", ["used", "lapsed"])
def test_a23_a_dead_link_lives_again_by_renewing_only_under_another_token(death: str) -> None:
    scene = Scene()
    scene.ask(LYON, links__interactive=2 * DAY)
    issued = sent(scene, single_use=True)
    if death == "used":
        assert isinstance(opened(scene, issued), LinkOpened)
    else:
        scene.clock.move(3 * DAY)
    renewed = scene.access.renew_link(ROOT, issued.link.id)
    assert (Reason.DEAD_TOKEN, "A23", 0) == refused(scene, issued)
    assert isinstance(opened(scene, renewed), LinkOpened)


def test_a23_a_revoked_link_is_renewed_by_nobody_for_somebody_else_may_have_revoked_it() -> None:
    scene = Scene()
    issued = sent(scene)
    scene.access.revoke_link(scene.proof("boss"), issued.link.id)
    before = everything(scene.repositories)
    for actor in (scene.proof("anna"), ROOT):
        assert Reason.REVOKED_LINK is scene.access.renew_link(actor, issued.link.id).reason
    assert before == everything(scene.repositories)


def test_a23_the_granter_alone_renews_and_only_what_they_may_open_themselves() -> None:
    scene = Scene()
    issued = sent(scene)
    for name in ("manager", "boss", "guest", "paul"):
        before = everything(scene.repositories)
        outcome = scene.access.renew_link(scene.proof(name), issued.link.id)
        assert isinstance(outcome, Refused)
        assert (Reason.NOT_ALLOWED, before) == (outcome.reason, everything(scene.repositories))
    scene.ask(LYON, visibility__collectors=True)
    for actor in (ROOT, scene.proof("anna")):
        outcome = scene.access.renew_link(actor, issued.link.id)
        assert isinstance(outcome, Refused)
        assert (Reason.NOT_THEIR_CUSTOMER, "S29") == (outcome.reason, outcome.rule)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("anna", None),
        ("manager", None),
        ("boss", None),
        ("chief", None),
        ("guest", Reason.NOT_ALLOWED),
        ("multi", Reason.NOT_ALLOWED),
        ("paul", Reason.NOT_ALLOWED),
        ("stranger", Reason.NOT_ALLOWED),
        ("disabled", Reason.OUTDATED_PROOF),
        ("nobody", Reason.OUTDATED_PROOF),
    ],
)
def test_a23_whoever_granted_it_or_manages_users_there_revokes_it(name: str, reason: Reason | None) -> None:
    scene = Scene()
    issued = sent(scene)
    outcome = scene.access.revoke_link(scene.proof(name), issued.link.id)
    assert reason is getattr(outcome, "reason", None)
    assert (reason is None) is (stored_link(scene, issued).revoked_at is not None)


@pytest.mark.parametrize("call", ["renew_link", "revoke_link"])
def test_a_link_that_is_not_there_is_a_dead_token_and_one_that_is_damaged_is_told(call: str) -> None:
    scene = Scene()
    issued = sent(scene)
    outcome = getattr(scene.access, call)(ROOT, "nobody's")
    assert Reason.DEAD_TOKEN is outcome.reason
    damaged = scene.through(replacing(scene, links_get=raising(UnreadableRecord("a row", "nothing", "a column"))))
    assert Reason.UNREADABLE_RECORD is getattr(damaged, call)(ROOT, issued.link.id).reason
    assert Reason.UNREADABLE_RECORD is damaged.open_link(issued.token, EXTERNAL).reason
    assert [None, Reason.UNREADABLE_RECORD] == [event.reason for event in scene.events()]


# --- living by the policy


def test_a23_shortening_acts_on_links_already_sent_and_lengthening_revives_none() -> None:
    scene = Scene()
    old = {purpose: sent(scene, page(purpose=purpose)) for purpose in (EXTERNAL, INTERNAL, DOCUMENT)}
    scene.clock.move(5 * DAY)
    young = sent(scene, page(resource="young"))
    assert isinstance(scene.access.change_settings(ROOT, LYON, StructurePolicy({"links.interactive": 3 * DAY})), Done)
    for purpose in (EXTERNAL, INTERNAL):
        assert (Reason.LAPSED, "S33", 1) == refused(scene, old[purpose], purpose)
    assert isinstance(opened(scene, old[DOCUMENT], DOCUMENT), LinkOpened)
    for settings in ({"links.interactive": 90 * DAY}, {}, {"links.documents": 9 * DAY}):
        assert isinstance(scene.access.change_settings(ROOT, LYON, StructurePolicy(settings)), Done)
        for purpose in (EXTERNAL, INTERNAL):
            assert (Reason.LAPSED, "S33", 1) == refused(scene, old[purpose], purpose)
        assert isinstance(opened(scene, old[DOCUMENT], DOCUMENT), LinkOpened)
        assert isinstance(opened(scene, young), LinkOpened)


def test_a23_what_had_lapsed_when_the_period_was_lengthened_stays_dead_for_ever_and_nothing_else_does() -> None:
    scene = Scene()
    scene.ask(LYON, links__documents=3 * DAY)
    invoices: list[LinkIssued] = []
    for number in range(6):
        invoices.append(sent(scene, page(purpose=DOCUMENT, resource=f"invoice-{number}")))
        scene.clock.move(DAY)
    opens = [isinstance(opened(scene, each, DOCUMENT), LinkOpened) for each in invoices]
    assert [False] * 3 + [True] * 3 == opens
    scene.access.change_settings(ROOT, LYON, StructurePolicy())
    assert opens == [isinstance(opened(scene, each, DOCUMENT), LinkOpened) for each in invoices]
    scene.clock.move(TICK)
    assert [False] * 4 + [True] * 2 == [isinstance(opened(scene, each, DOCUMENT), LinkOpened) for each in invoices]


def test_a23_a_change_of_settings_remembers_what_was_dead_by_then_for_each_purpose_and_never_less() -> None:
    scene, floors = Scene(), list[tuple[Any, Any]]()
    start = scene.clock.now()
    asked: list[dict[str, Any]] = [
        {"links.interactive": 4 * DAY},
        {"links.interactive": 2 * DAY, "links.documents": 9 * DAY},
        {"links.documents": 3 * DAY},
        {"links.interactive": 99 * DAY, "dormancy.months": 6},
        {},
    ]
    for settings in asked:
        scene.clock.move(10 * DAY)
        assert isinstance(scene.access.change_settings(ROOT, LYON, StructurePolicy(settings)), Done)
        record = scene.structure(LYON)
        assert isinstance(record, Entity)
        floors.append((record.interactive_links_from - start, record.document_links_from - start))
    interactive, documents = ([round(each / DAY) for each in some] for some in zip(*floors, strict=True))
    never = round((EARLIEST - start) / DAY)
    assert [never, 16, 28, 28, 28] == interactive
    assert [never, never, 21, 37, 37] == documents


def test_a23_a_target_that_was_edited_in_the_store_opens_for_neither() -> None:
    scene = Scene()
    issued, targets = sent(scene), [page(customer="c2"), page(resource="x"), page(recipient="x"), page(entity="paris")]
    link = stored_link(scene, issued)
    edits: list[dict[str, Any]] = [{"target": each} for each in targets]
    edits += [{"granter": "id-manager"}, {"single_use": True}, {"target": page(purpose=INTERNAL)}]
    for edit in edits:
        scene.repositories.links._by_id[link.id] = evolve(link, **edit)
        target: LinkTarget = edit.get("target", link.target)
        for purpose in (link.target.purpose, target.purpose):
            assert (Reason.DEAD_TOKEN, "A23", 0) == refused(scene, issued, purpose)
