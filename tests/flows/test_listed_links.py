"""Lists of links: an entity's for who manages users there, one's own for who issues some; each with what it would open."""

from collections.abc import Callable
from typing import Any

import pytest

from mydso_access import Page, Reason, UnreadableRecord
from tests.flows.scene import LYON, ROOT, Scene
from tests.flows.sending import ANNA, DAY, DOCUMENT, DOORS, EXTERNAL, TICK, page, sent
from tests.flows.test_links import campaign
from tests.test_store import replacing


@pytest.fixture(params=DOORS)
def through(request: pytest.FixtureRequest) -> Callable[[Scene], Any]:
    return DOORS[request.param]


def test_an_entitys_links_are_listed_for_who_manages_users_there(through: Callable[[Scene], Any]) -> None:
    scene = Scene()
    here = [sent(scene, page(customer=customer)) for customer in ("c1", "c1", "c2")]
    there = sent(scene, page(entity="paris"), granter="id-chief")
    scene.access.revoke_link(ROOT, here[0].link.id)
    listed = through(scene).list_links(scene.proof("manager"), "lyon")
    assert isinstance(listed, Page)
    assert {each.link.id for each in here} == {row.link.id for row in listed.rows}
    assert None is listed.after
    of_one = through(scene).list_links(ROOT, "lyon", customer_id="c1")
    assert {each.link.id for each in here[:2]} == {row.link.id for row in of_one.rows}
    assert [there.link.id] == [row.link.id for row in through(scene).list_links(scene.proof("chief"), "paris").rows]
    assert () == through(scene).list_links(ROOT, "nice").rows


def test_links_are_listed_page_by_page_and_none_is_missed_or_shown_twice() -> None:
    scene, seen, after = Scene(), list[str](), None
    issued = scene.access.issue_links(ROOT, campaign(17), granter=ANNA)
    while True:
        listed = scene.access.list_links(scene.proof("boss"), "lyon", after=after, limit=5)
        seen += [row.link.id for row in listed.rows]
        if (after := listed.after) is None:
            break
    assert (17, {each.link.id for each in issued.links}) == (len(seen), set(seen))


def test_a23_each_link_is_listed_with_what_opening_it_would_be_answered(through: Callable[[Scene], Any]) -> None:
    scene = Scene(resource_exists=lambda target: target.resource != "gone")
    scene.ask(LYON, links__interactive=4 * DAY)
    open_one, used, revoked = sent(scene), sent(scene, single_use=True), sent(scene)
    gone, document = sent(scene, page(resource="gone")), sent(scene, page(purpose=DOCUMENT))
    scene.access.open_link(used.token, EXTERNAL)
    scene.access.revoke_link(ROOT, revoked.link.id)

    def listed() -> dict[str, Any]:
        return {row.link.id: row for row in through(scene).list_links(scene.proof("boss"), "lyon").rows}

    def reasons() -> list[Any]:
        rows = listed()
        ids = [each.link.id for each in (open_one, used, revoked, gone, document)]
        return [rows[each].kept_shut and rows[each].kept_shut.reason for each in ids]

    assert [None, Reason.USED_LINK, Reason.REVOKED_LINK, Reason.NO_RESOURCE, None] == reasons()
    assert (scene.clock.now() + 4 * DAY, None) == tuple(listed()[each.link.id].until for each in (open_one, document))
    scene.clock.move(4 * DAY + TICK)
    assert [Reason.LAPSED, Reason.USED_LINK, Reason.REVOKED_LINK, Reason.LAPSED, None] == reasons()
    scene.access.disable_user(ROOT, ANNA)
    lost = listed()[document.link.id].kept_shut
    assert (Reason.GRANTER_LOST_RIGHT, "D12") == (lost.reason, lost.rule)


def test_a23_whoever_issues_links_lists_their_own_and_nobody_elses() -> None:
    scene = Scene()
    own, others = sent(scene), sent(scene, granter="id-boss")
    anna = scene.proof("anna")
    assert [own.link.id] == [row.link.id for row in scene.access.list_links(anna, "lyon", granter=ANNA).rows]
    for granter in (None, "id-boss"):
        assert Reason.NOT_ALLOWED is scene.access.list_links(anna, "lyon", granter=granter).reason
    assert Reason.OTHER_STRUCTURE is scene.access.list_links(anna, "paris", granter=ANNA).reason
    guest = scene.access.list_links(scene.proof("guest"), "lyon", granter="id-guest")
    assert Reason.NOT_ALLOWED is guest.reason
    hers = scene.access.list_links(scene.proof("boss"), "lyon", granter="id-boss")
    assert [others.link.id] == [row.link.id for row in hers.rows]


def test_a_damaged_granter_or_customer_leaves_the_other_links_in_the_list() -> None:
    scene = Scene()
    whole, hers = sent(scene, granter="id-boss"), sent(scene)
    scene_users = scene.repositories.users

    def get(user_id: str) -> Any:
        if user_id == ANNA:
            raise UnreadableRecord("a row", "nothing", "a column")
        return scene_users.get(user_id)

    damaged = scene.through(replacing(scene, users_get=get))
    rows = {row.link.id: row.kept_shut for row in damaged.list_links(ROOT, "lyon").rows}
    assert (None, Reason.UNREADABLE_RECORD) == (rows[whole.link.id], rows[hers.link.id].reason)
