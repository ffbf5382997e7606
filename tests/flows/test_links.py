"""Giving links out: by whom, to what, one or a campaign of thousands; and purging and forgetting them."""

from collections.abc import Callable
from typing import Any

import pytest

from mydso_access import (
    EventKind,
    InvalidValue,
    LinkIssued,
    LinkOpened,
    LinksIssued,
    LinkTarget,
    Purged,
    Reason,
    Refused,
    StructurePolicy,
    UnreadableRecord,
)
from mydso_access.model import Customer, Difference
from mydso_access.policy.fixed import LINKS_AT_ONCE
from tests.flows.scene import LYON, ROOT, Scene, associated, everything
from tests.flows.sending import (
    ANNA,
    DAY,
    DOCUMENT,
    DOORS,
    EXTERNAL,
    INTERNAL,
    PAGE,
    TICK,
    opened,
    page,
    refused,
    sent,
    stored_link,
)
from tests.test_store import raising, replacing


@pytest.fixture(params=DOORS)
def through(request: pytest.FixtureRequest) -> Callable[[Scene], Any]:
    return DOORS[request.param]


def test_a23_a_user_gives_out_a_link_in_their_own_name_and_the_trail_tells_it(
    through: Callable[[Scene], Any],
) -> None:
    scene = Scene()
    scene.ask(LYON, links__interactive=4 * DAY)
    issued = through(scene).issue_link(scene.proof("anna"), PAGE, single_use=True)
    assert isinstance(issued, LinkIssued)
    link, now = issued.link, scene.clock.now()
    assert (PAGE, ANNA, True, now, now + 4 * DAY) == (
        link.target,
        link.granter,
        link.single_use,
        link.issued_at,
        link.until,
    )
    assert scene.event().id == link.written_by == stored_link(scene, issued).written_by
    differences = (("links", "", "1"), ("purpose", "", EXTERNAL.value))
    assert (EventKind.LINKS_ISSUED, ANNA, None, ANNA, "A23", differences) == scene.told()
    assert (LYON, "c1") == (scene.event().structure, scene.event().customer)


def test_a23_the_system_sends_in_the_name_of_whom_it_says_and_a_user_in_nobody_elses(
    through: Callable[[Scene], Any],
) -> None:
    scene = Scene()
    assert "id-manager" == through(scene).issue_link(ROOT, PAGE, granter="id-manager").link.granter
    assert ("setup", "id-manager") == (scene.event().system, scene.event().subject)
    before = everything(scene.repositories)
    for actor, granter in ((ROOT, None), (ROOT, 5), (scene.proof("anna"), "id-manager"), (scene.proof("anna"), ANNA)):
        with pytest.raises(InvalidValue, match="granter"):
            through(scene).issue_link(actor, PAGE, granter=granter)
    assert before == everything(scene.repositories)


def test_s33_s34_each_purpose_is_promised_its_own_period() -> None:
    scene = Scene()
    scene.ask(LYON, links__interactive=4 * DAY, links__documents=9 * DAY)
    now = scene.clock.now()
    until = {purpose: sent(scene, page(purpose=purpose)).link.until for purpose in (EXTERNAL, INTERNAL, DOCUMENT)}
    assert {EXTERNAL: now + 4 * DAY, INTERNAL: now + 4 * DAY, DOCUMENT: now + 9 * DAY} == until
    scene.ask(LYON, links__interactive=None, links__documents=None)
    assert None is sent(scene).link.until


@pytest.mark.parametrize(
    ("name", "entity", "reason", "rule"),
    [
        ("guest", "lyon", Reason.NOT_ALLOWED, "S6"),
        ("paul", "lyon", Reason.OTHER_STRUCTURE, "S3"),
        ("multi", "paris", Reason.NOT_AUTHORISED, "S16"),
        ("anna", "nice", Reason.NO_STRUCTURE, "S3"),
        ("disabled", "lyon", Reason.OUTDATED_PROOF, "D12"),
        ("nobody", "lyon", Reason.OUTDATED_PROOF, "D12"),
    ],
)
def test_a22_whoever_may_open_no_customer_there_gives_out_no_link_and_nothing_is_stored(
    name: str, entity: str, reason: Reason, rule: str, through: Callable[[Scene], Any]
) -> None:
    scene = Scene()
    before = everything(scene.repositories)
    target = page(entity=entity)
    outcome = through(scene).issue_link(scene.proof(name), target)
    assert isinstance(outcome, Refused)
    assert (reason, rule) == (outcome.reason, outcome.rule)
    by_system = through(scene).issue_link(ROOT, target, granter=f"id-{name}")
    assert isinstance(by_system, Refused)
    assert before == everything(scene.repositories)


def test_s29_a_restricted_collector_gives_out_links_to_their_own_customers_only() -> None:
    scene = Scene()
    scene.ask(LYON, visibility__collectors=True)
    mine = Customer(entity="lyon", id="c1", collector=ANNA)
    associated(scene.repositories, mine, Customer(entity="lyon", id="c2", colleagues=frozenset({ANNA})))
    assert isinstance(scene.access.issue_link(scene.proof("anna"), PAGE), LinkIssued)
    for customer in ("c2", "c3"):
        outcome = scene.access.issue_link(scene.proof("anna"), page(customer=customer))
        assert isinstance(outcome, Refused)
        assert (Reason.NOT_THEIR_CUSTOMER, "S29") == (outcome.reason, outcome.rule)
    assert 1 == len(scene.repositories.links._by_id)


@pytest.mark.parametrize("name", ["target", "single_use", "granter"])
def test_what_is_malformed_is_misuse_and_stores_nothing(name: str) -> None:
    scene = Scene()
    before = everything(scene.repositories)
    calls: dict[str, list[Callable[[], Any]]] = {
        "target": [
            lambda wrong=wrong: scene.access.issue_link(ROOT, wrong, granter=ANNA) for wrong in (None, "c1", {})
        ],
        "single_use": [
            lambda wrong=wrong: scene.access.issue_link(ROOT, PAGE, granter=ANNA, single_use=wrong)
            for wrong in (None, 1, "no")
        ],
        "granter": [lambda wrong=wrong: scene.access.issue_link(ROOT, PAGE, granter=wrong) for wrong in (None, b"x")],
    }
    for call in calls[name]:
        with pytest.raises(InvalidValue, match=name):
            call()
    assert before == everything(scene.repositories)


@pytest.mark.parametrize("field", ["entity", "customer", "resource", "recipient"])
@pytest.mark.parametrize("wrong", [None, "", b"x", 5, "x" * 1025], ids=["none", "empty", "bytes", "number", "long"])
def test_a_target_is_whole_or_none_at_all(wrong: Any, field: str) -> None:
    with pytest.raises(InvalidValue, match=f"LinkTarget.{field}"):
        page(**{field: wrong})


# --- a campaign


def campaign(count: int, **changes: Any) -> list[LinkTarget]:
    return [page(customer=f"c{number}", **changes) for number in range(count)]


def test_a23_2500_links_are_stored_a_thousand_at_a_time_with_one_event_each(through: Callable[[Scene], Any]) -> None:
    scene, batches = Scene(), list[int]()
    add_all = scene.repositories.links.add_all

    def watched(links: Any, event: Any) -> None:
        batches.append(len(links))
        add_all(links, event)

    scene.repositories = replacing(scene, links_add_all=watched)
    issued = through(scene).issue_links(ROOT, iter(campaign(2500)), granter=ANNA)
    assert isinstance(issued, LinksIssued)
    assert [LINKS_AT_ONCE, LINKS_AT_ONCE, 500] == batches
    assert campaign(2500) == [each.link.target for each in issued.links]
    assert () == issued.refused
    assert (2500, 2500) == (
        len({each.link.id for each in issued.links}),
        len({each.token.reveal() for each in issued.links}),
    )
    told = [(each.kind, each.customer, each.differences[0].after) for each in scene.repositories.events.all()[-3:]]
    assert [(EventKind.LINKS_ISSUED, None, str(size)) for size in batches] == told


def test_a23_each_link_of_a_campaign_opens_its_own_target_and_no_other() -> None:
    scene = Scene()
    issued = scene.access.issue_links(ROOT, campaign(30), granter=ANNA)
    for number, link in enumerate(issued.links):
        assert f"c{number}" == opened(scene, link).target.customer
        other = scene.access.look_at_link(link.token, EXTERNAL, customer=f"c{(number + 1) % 30}")
        assert Reason.DEAD_TOKEN is other.reason


def test_s29_refused_targets_of_a_campaign_are_told_one_by_one_and_the_others_sent() -> None:
    scene = Scene()
    scene.ask(LYON, visibility__collectors=True)
    mine = [Customer(entity="lyon", id=f"c{number}", collector=ANNA) for number in range(0, 1200, 3)]
    associated(scene.repositories, *mine)
    issued = scene.access.issue_links(scene.proof("anna"), campaign(1200))
    assert [each.id for each in mine] == [each.link.target.customer for each in issued.links]
    theirs = [f"c{number}" for number in range(1200) if number % 3]
    assert theirs == [target.customer for target, _ in issued.refused]
    assert {(Reason.NOT_THEIR_CUSTOMER, "S29")} == {(no.reason, no.rule) for _, no in issued.refused}
    assert [Difference("links", "", "334"), Difference("links", "", "66")] == [
        event.differences[0] for event in scene.events()
    ]


def test_a_campaign_of_which_every_target_is_refused_stores_and_tells_nothing() -> None:
    scene = Scene()
    scene.ask(LYON, visibility__collectors=True)
    before = everything(scene.repositories)
    issued = scene.access.issue_links(scene.proof("anna"), campaign(3))
    assert ((), 3) == (issued.links, len(issued.refused))
    assert before == everything(scene.repositories)
    assert LinksIssued(links=()) == scene.access.issue_links(scene.proof("anna"), [])


def test_a10_targets_of_two_entities_are_refused_before_anything_is_stored(
    through: Callable[[Scene], Any],
) -> None:
    scene = Scene()
    before = everything(scene.repositories)
    for odd in (0, 5, LINKS_AT_ONCE + 1):
        targets = campaign(LINKS_AT_ONCE + 2)
        targets[odd] = page(entity="paris")
        with pytest.raises(InvalidValue, match="targets of one entity"):
            through(scene).issue_links(ROOT, targets, granter="id-chief")
    assert before == everything(scene.repositories)


def test_d12_a_campaign_is_asked_about_again_for_each_thousand() -> None:
    scene, proof = Scene(), Scene().proof("anna")
    add_all = scene.repositories.links.add_all

    def watched(links: Any, event: Any) -> None:
        add_all(links, event)
        scene.access.disable_user(ROOT, ANNA)

    outcome = scene.through(replacing(scene, links_add_all=watched)).issue_links(proof, campaign(1500))
    assert campaign(1500)[:LINKS_AT_ONCE] == [each.link.target for each in outcome.links]
    assert campaign(1500)[LINKS_AT_ONCE:] == [target for target, _ in outcome.refused]
    assert {Reason.OUTDATED_PROOF} == {no.reason for _, no in outcome.refused}
    assert LINKS_AT_ONCE == len(scene.repositories.links._by_id)


def test_the_same_target_twice_is_two_links() -> None:
    scene = Scene()
    one, two = scene.access.issue_links(ROOT, [PAGE, PAGE], granter=ANNA, single_use=True).links
    assert isinstance(opened(scene, one), LinkOpened)
    assert isinstance(opened(scene, two), LinkOpened)


# --- damaged rows


def test_invariant_2_a_damaged_row_opens_no_link_and_nobody_who_follows_it_fills_the_trail() -> None:
    scene = Scene()
    issued = sent(scene, single_use=True)
    for part in ("users_get", "structures_get", "customers_get", "links_get"):
        before = everything(scene.repositories)
        damaged = scene.through(replacing(scene, **{part: raising(UnreadableRecord("a row", "nothing", "a column"))}))
        for call in (damaged.look_at_link, damaged.open_link):
            assert Reason.UNREADABLE_RECORD is call(issued.token, EXTERNAL).reason
        assert before == everything(scene.repositories)


# --- purging


def test_a23_a_dead_link_is_remembered_for_thirty_days_and_then_purged(through: Callable[[Scene], Any]) -> None:
    scene = Scene()
    scene.ask(LYON, links__interactive=4 * DAY)
    lapsing, living = sent(scene), sent(scene, page(purpose=DOCUMENT))
    revoked, used = sent(scene), sent(scene, single_use=True)
    scene.access.revoke_link(ROOT, revoked.link.id)
    assert isinstance(opened(scene, used), LinkOpened)
    scene.clock.move(30 * DAY)
    assert 0 == through(scene).purge().links
    scene.clock.move(2 * TICK)
    assert 2 == through(scene).purge().links
    assert {lapsing.link.id, living.link.id} == {*scene.repositories.links._by_id}
    assert (Reason.LAPSED, "S33", 1) == refused(scene, lapsing)
    assert [(Reason.DEAD_TOKEN, "A23", 0)] * 2 == [refused(scene, each) for each in (revoked, used)]
    scene.clock.move(4 * DAY)
    assert Purged(0, 0, links=1) == through(scene).purge()
    assert (Reason.DEAD_TOKEN, "A23", 0) == refused(scene, lapsing)
    scene.clock.move(5000 * DAY)
    assert 0 == through(scene).purge().links
    scene.access.accessed(scene.proof("anna"))
    assert isinstance(opened(scene, living, DOCUMENT), LinkOpened)


def test_a23_a_period_of_now_purges_no_link_whose_promised_deadline_is_far_off() -> None:
    scene = Scene()
    issued = sent(scene)
    scene.clock.move(50 * DAY)
    scene.access.change_settings(ROOT, LYON, StructurePolicy({"links.interactive": DAY}))
    assert 0 == scene.access.purge().links
    assert (Reason.LAPSED, "S33", 1) == refused(scene, issued)
