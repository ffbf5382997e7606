"""Lists: every user with one state, a page at a time; the trail of a user; nothing of another entity."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from mydso_access import Entered, EventKind, InvalidValue, NewUser, Page, Reason, Refused, UserState
from mydso_access.model import ApprovedAddress
from mydso_access.testing.clock import A_MONDAY
from tests.flows.scene import GROUP, LYON, PARIS, ROOT, Scene, everything
from tests.support import HOME, door, run


def names(page: Any) -> list[str]:
    assert isinstance(page, Page)
    return [row.user.id.removeprefix("id-") for row in page.rows]


def states(scene: Scene, structure: Any = LYON) -> dict[str, UserState]:
    page = scene.access.list_users(ROOT, structure)
    return {row.user.id.removeprefix("id-"): row.state for row in page.rows}


def test_s11_the_list_shows_everybody_of_the_entity_with_one_state() -> None:
    expected = {
        **dict.fromkeys(("boss", "deputy", "manager", "anna", "guest", "chief", "multi"), UserState.ENABLED),
        "invited": UserState.INVITED,
        "lapsed": UserState.LAPSED,
        "disabled": UserState.DISABLED,
        "contact": UserState.CONTACT,
    }
    assert expected == states(Scene())


def test_d16_a_multi_entity_user_is_in_the_list_of_the_platform_and_of_every_entity_they_are_authorised_in() -> None:
    scene = Scene()
    assert {"chief", "multi", "nowhere"} == set(states(scene, GROUP))
    assert {"stranger", "paul", "chief"} == set(states(scene, PARIS))
    scene.access.withdraw(ROOT, "id-chief", "paris")
    assert {"stranger", "paul"} == set(states(scene, PARIS))


def test_a_state_is_what_is_so_at_this_moment_whatever_the_sweep_has_stored() -> None:
    scene = Scene()
    scene.ask(LYON, dormancy__months=2)
    for _ in range(5):
        scene.access.sign_in("anna", "wrong", address=HOME)
    rows = {row.user.id: row for row in scene.access.list_users(ROOT, LYON).rows}
    anna, invited = rows["id-anna"], rows["id-invited"]
    assert (UserState.BLOCKED, scene.account("anna").blocked_until) == (anna.state, anna.blocked_until)
    assert A_MONDAY.replace(month=5) == anna.dormant_from
    assert A_MONDAY + timedelta(days=30) == invited.invited_until
    scene.clock.move(timedelta(days=90))
    expected = {"anna": UserState.DORMANT, "invited": UserState.LAPSED, "boss": UserState.ENABLED}
    expected |= {"multi": UserState.ENABLED}  # whose dormancy is the platform's to say (D15)
    assert expected == {name: state for name, state in states(scene).items() if name in expected}


def test_a_list_is_read_page_by_page_to_its_end_and_nobody_is_missed_or_shown_twice() -> None:
    scene, seen, after = Scene(), list[str](), None
    while True:
        page = run(door(scene).list_users(scene.proof("manager"), LYON, after=after, limit=3))
        seen += names(page)
        if (after := page.after) is None:
            break
    assert names(scene.access.list_users(ROOT, LYON)) == seen
    assert 11 == len(seen) == len(set(seen))


def test_reading_changes_nothing() -> None:
    scene = Scene()
    before = everything(scene.repositories)
    scene.access.list_users(ROOT, LYON)
    scene.access.list_customers(ROOT, "lyon")
    scene.access.list_links(ROOT, "lyon")
    scene.access.read_trail(ROOT, "id-anna")
    assert before == everything(scene.repositories)


@pytest.mark.parametrize("limit", [0, -1, 501, True, None, "5", 1.0])
def test_a_page_has_1_to_500_lines(limit: Any) -> None:
    access = Scene().access
    for call in (
        lambda: access.list_users(ROOT, LYON, limit=limit),
        lambda: access.list_customers(ROOT, "lyon", limit=limit),
        lambda: access.list_links(ROOT, "lyon", limit=limit),
        lambda: access.read_trail(ROOT, "id-anna", limit=limit),
    ):
        with pytest.raises(InvalidValue, match=r"limit is .*: expected a number from 1 to 500"):
            call()


# --- the trail


def test_the_trail_of_a_user_is_read_by_subject_and_by_actor() -> None:
    scene = Scene()
    scene.access.sign_in("manager", "wrong", address=HOME)
    scene.access.change_role(scene.proof("manager"), "id-anna", "guest")
    boss = scene.proof("boss")
    about, by = (scene.access.read_trail(boss, "id-manager", by=by) for by in (False, True))
    assert [EventKind.REFUSED] == [each.kind for each in about.rows]
    assert [(EventKind.RIGHTS_CHANGED, "id-anna")] == [(each.kind, each.subject) for each in by.rows]
    assert () == scene.access.read_trail(boss, "id-manager", since=scene.clock.now() + timedelta(days=1)).rows


def test_the_trail_is_read_page_by_page() -> None:
    scene = Scene()
    for number in range(5):
        scene.access.rename(ROOT, "id-anna", f"Anna {number}")
    told = [each.id for each in scene.events()]
    assert told == read_to_the_end(scene)
    assert told[::-1] == read_to_the_end(scene, latest_first=True)


def read_to_the_end(scene: Scene, **asked: Any) -> list[str]:
    seen, after = list[str](), None
    while True:
        page = run(door(scene).read_trail(ROOT, "id-anna", after=after, limit=2, **asked))
        seen += [each.id for each in page.rows]
        if (after := page.after) is None:
            return seen


@pytest.mark.parametrize(
    ("asked", "field"),
    [({"since": "today"}, "since"), ({"latest_first": 1}, "latest_first"), ({"user_id": 7}, "user_id")],
    ids=repr,
)
def test_a_trail_that_nobody_can_ask_for_is_misuse(asked: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidValue, match=f"^{field} is "):
        Scene().access.read_trail(ROOT, **asked)


def test_invariant_9_the_trail_of_somebody_who_is_elsewhere_too_is_not_an_entitys_to_read() -> None:
    scene = Scene()
    for name in ("chief", "multi", "stranger"):
        outcome = scene.access.read_trail(scene.proof("boss"), f"id-{name}")
        assert isinstance(outcome, Refused)
        assert Reason.OTHER_STRUCTURE is outcome.reason
    assert isinstance(scene.access.read_trail(scene.proof("chief"), "id-nowhere"), Page)


def test_invariant_9_a12_what_happened_in_an_entity_is_seen_by_its_members_only_also_after_a_withdrawal() -> None:
    scene = Scene()
    scene.change("multi", memberships=frozenset({"lyon", "paris"}))
    for entity in ("lyon", "paris"):
        assert isinstance(scene.access.enter(scene.proof("multi"), entity, address=HOME), Entered)
    scene.access.withdraw(ROOT, "id-multi", "paris")
    places = lambda: [each.structure for each in scene.access.read_trail(scene.proof("chief"), "id-multi").rows]  # noqa: E731
    assert [LYON, PARIS] == [each for each in places() if each in (LYON, PARIS)]
    scene.change("chief", memberships=frozenset({"lyon"}))
    assert [LYON] == [each for each in places() if each in (LYON, PARIS)]


def test_d17_all_of_the_trail_is_read_by_the_platforms_main_administrator_and_the_system() -> None:
    scene = Scene()
    scene.access.rename(ROOT, "id-anna", "Anna Grand")
    scene.access.rename(ROOT, "id-paul", "Paul Petit")
    for actor in (ROOT, scene.proof("chief")):
        assert set(scene.repositories.events.all()) == set(scene.access.read_trail(actor).rows)
    for name in ("boss", "multi", "anna"):
        assert Reason.NOT_ALLOWED is scene.access.read_trail(scene.proof(name)).reason


def test_the_trail_of_somebody_who_is_gone_is_the_systems_alone_to_read() -> None:
    scene = Scene()
    new = NewUser(email="x@example.com", role="guest", name="newcomer")
    scene.access.add_user(ROOT, LYON, new, user_id="new")
    pseudonym = scene.access.forget_user(ROOT, "new").pseudonym
    assert Reason.NO_USER is scene.access.read_trail(scene.proof("boss"), pseudonym).reason
    kinds = Counter(each.kind for each in scene.access.read_trail(ROOT, pseudonym).rows)
    assert {EventKind.USER_CREATED: 1, EventKind.USER_FORGOTTEN: 2} == kinds
    assert () == scene.access.read_trail(ROOT, "new").rows


# --- one user


def test_s11_one_user_is_shown_as_the_list_shows_them() -> None:
    scene = Scene()
    boss = scene.proof("boss")
    for row in scene.access.list_users(boss, LYON).rows:
        assert row == scene.access.look_at_user(boss, LYON, row.user.id)
    assert scene.access.look_at_user(boss, LYON, "id-anna") == run(door(scene).look_at_user(boss, LYON, "id-anna"))


def test_s11_everybody_may_look_at_themselves_at_home_and_at_nobody_else() -> None:
    scene = Scene()
    anna = scene.proof("anna")
    assert "id-anna" == scene.access.look_at_user(anna, LYON, "id-anna").user.id
    for structure, user_id in ((LYON, "id-boss"), (LYON, "id-nobody"), (PARIS, "id-anna"), (GROUP, "id-chief")):
        outcome = scene.access.look_at_user(anna, structure, user_id)
        assert isinstance(outcome, Refused)
        assert outcome.reason in (Reason.NOT_ALLOWED, Reason.OTHER_STRUCTURE)
    scene.access.disable_user(ROOT, "id-anna")
    assert Reason.OUTDATED_PROOF is scene.access.look_at_user(anna, LYON, "id-anna").reason


def test_s3_of_another_structure_nobody_is_shown_and_nobody_is_there_who_is_not() -> None:
    scene = Scene()
    boss = scene.proof("boss")
    assert Reason.OTHER_STRUCTURE is scene.access.look_at_user(boss, PARIS, "id-stranger").reason
    for user_id in ("id-stranger", "id-nobody"):
        assert Reason.NO_USER is scene.access.look_at_user(boss, LYON, user_id).reason


def test_d16_an_entity_is_shown_a_multi_entity_user_without_what_is_elsewhere() -> None:
    scene = Scene()
    shown = scene.access.look_at_user(scene.proof("boss"), LYON, "id-chief").user
    assert (frozenset({"lyon"}), frozenset()) == (shown.memberships, shown.appointments)


def test_d16_the_place_that_a_list_goes_on_from_shows_nothing_of_elsewhere_either() -> None:
    scene, after, seen = Scene(), None, list[str]()
    let_in = tuple(ApprovedAddress("198.51.100.1", each, A_MONDAY) for each in (PARIS, GROUP))
    scene.change("chief", approved=let_in, codes_sent=(A_MONDAY,))
    boss = scene.proof("boss")
    while True:
        page = scene.access.list_users(boss, LYON, after=after, limit=1)
        seen += names(page)
        if page.after is None:
            break
        after = page.after
        assert page.rows[-1].user == after
        if after.id == "id-chief":
            assert (frozenset({"lyon"}), None, (), ()) == (
                after.memberships,
                after.credential,
                after.approved,
                after.codes_sent,
            )
    assert "chief" in seen
    assert seen == names(scene.access.list_users(ROOT, LYON))
