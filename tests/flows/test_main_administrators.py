"""Main administrators: two records in an order, so that no interruption and no overlap leaves a structure without one."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from mydso_access import AccessControl, Done, EventKind, Reason, Refused, StructurePolicy, UnreadableRecord
from mydso_access.decisions.administration import is_main_administrator
from mydso_access.model import Appointment, Disabled, DisabledBecause, Invited, Structure
from mydso_access.testing.clock import A_MONDAY
from tests.flows.scene import GROUP, LYON, PARIS, ROOT, Scene, everything
from tests.support import door, methods_of, run, with_parts
from tests.test_faults import Faulty, outcome_of


def refusal(scene: Scene, outcome: Any, before: Any) -> tuple[Reason, str]:
    assert isinstance(outcome, Refused)
    assert before == everything(scene.repositories)
    return outcome.reason, outcome.rule


def administering(scene: Scene, structure: Structure = LYON) -> set[str]:
    """Return who administers a structure by what both records say."""
    record = scene.structure(structure)
    users = (scene.repositories.users.get(each.user_id) for each in record.main_administrators)
    return {user.name for user in users if user is not None and is_main_administrator(user, record)}


def agree(scene: Scene) -> bool:
    """Tell whether every appointment stands in both records."""
    listed = {
        (each.user_id, each.id) for place in (LYON, PARIS, GROUP) for each in scene.structure(place).main_administrators
    }
    held = {(user.id, each) for user in scene.repositories.users._by_id.values() for each in user.appointments}
    return listed == held


def test_a13_appointing_is_two_saves_first_the_users_then_the_structures() -> None:
    scene = Scene()
    done = scene.access.appoint(scene.proof("boss"), LYON, "id-deputy")
    assert isinstance(done, Done)
    (appointment,) = scene.user("deputy").appointments
    assert Appointment("id-deputy", appointment) == done.record.main_administrators[-1]
    assert done.record == scene.structure(LYON)
    expected = [
        (EventKind.RIGHTS_CHANGED, "id-boss", "id-deputy", LYON, ("appointments", "", appointment)),
        (EventKind.MAIN_ADMINISTRATORS_CHANGED, "id-boss", "id-deputy", LYON, ("main_administrator", "no", "yes")),
    ]
    events = [(each.kind, each.actor, each.subject, each.structure, each.differences[0]) for each in scene.events()]
    assert expected == [(*each[:4], (each[4].name, each[4].before, each[4].after)) for each in events]
    assert {"A13"} == {each.rule for each in scene.events()}
    assert {"boss", "deputy"} == administering(scene)


def test_a13_dismissing_is_two_saves_first_the_structures_then_the_users() -> None:
    scene = Scene()
    scene.access.appoint(ROOT, LYON, "id-deputy")
    done = run(door(scene).dismiss(scene.proof("deputy"), LYON, "id-boss"))
    assert isinstance(done, Done)
    assert (["id-deputy"], frozenset()) == (
        [each.user_id for each in done.record.main_administrators],
        scene.user("boss").appointments,
    )
    kinds = [each.kind for each in scene.events()[2:]]
    assert [EventKind.MAIN_ADMINISTRATORS_CHANGED, EventKind.RIGHTS_CHANGED] == kinds
    assert {"deputy"} == administering(scene)
    assert isinstance(scene.access.disable_user(scene.proof("deputy"), "id-boss"), Done)


def test_a13_the_last_main_administrator_is_dismissed_by_nobody() -> None:
    scene = Scene()
    before = everything(scene.repositories)
    for actor in (ROOT, scene.proof("boss")):
        outcome = scene.access.dismiss(actor, LYON, "id-boss")
        assert (Reason.LAST_MAIN_ADMINISTRATOR, "A13") == refusal(scene, outcome, before)


def test_a13_whoever_was_only_invited_is_no_main_administrator_to_be_left_with() -> None:
    scene = Scene()
    scene.access.appoint(ROOT, LYON, "id-deputy")
    scene.change("deputy", login=Invited(A_MONDAY), credential=None)  # as a founder is, until they accept
    before = everything(scene.repositories)
    for actor in (ROOT, scene.proof("boss")):
        outcome = scene.access.dismiss(actor, LYON, "id-boss")
        assert (Reason.LAST_MAIN_ADMINISTRATOR, "A13") == refusal(scene, outcome, before)
    assert isinstance(scene.access.dismiss(scene.proof("boss"), LYON, "id-deputy"), Done)


def test_a13_nor_is_whose_record_is_damaged_but_that_keeps_nobody_else() -> None:
    scene = Scene()
    scene.access.appoint(ROOT, LYON, "id-deputy")
    own = methods_of(scene.repositories.users)

    def get(user_id: str) -> Any:
        if user_id == "id-deputy":
            raise UnreadableRecord("a row", "nothing", "a column")
        return own["get"](user_id)

    damaged = with_parts(scene.repositories, users=SimpleNamespace(**own | {"get": get}))
    access = AccessControl(damaged, policy=scene.policy, hasher=scene.hasher, clock=scene.clock)
    assert Reason.LAST_MAIN_ADMINISTRATOR is access.dismiss(ROOT, LYON, "id-boss").reason
    scene.change("manager", role="administrator")
    assert isinstance(access.appoint(ROOT, LYON, "id-manager"), Done)
    assert isinstance(access.dismiss(ROOT, LYON, "id-boss"), Done)


def test_asvs_7_5_1_an_older_session_appoints_and_dismisses_nobody_nor_does_one_that_grows_old_meanwhile() -> None:
    scene = Scene()
    scene.access.appoint(ROOT, LYON, "id-deputy")
    stale = scene.proof("boss", timedelta(hours=1))
    before = everything(scene.repositories)
    for call in (scene.access.appoint, scene.access.dismiss):
        outcome = call(stale, LYON, "id-deputy")
        assert (Reason.STEP_UP_NEEDED, "ASVS 7.5.1") == refusal(scene, outcome, before)
    scene.change("manager", role="administrator")
    fresh = scene.proof("boss", timedelta(minutes=15))
    tick = timedelta(microseconds=1)
    overtaken = while_saving(scene, lambda: (scene.ask(LYON, dormancy__months=9), scene.clock.move(tick)))
    assert Reason.STEP_UP_NEEDED is overtaken.appoint(fresh, LYON, "id-manager").reason
    assert (frozenset(), True) == (scene.user("manager").appointments, agree(scene))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("manager", Reason.NOT_ALLOWED),
        ("anna", Reason.NOT_ALLOWED),
        ("contact", Reason.WRONG_STATE),
        ("invited", Reason.WRONG_STATE),
        ("stranger", Reason.OTHER_STRUCTURE),
        ("chief", Reason.OTHER_STRUCTURE),
        ("nobody", Reason.NO_USER),
    ],
)
def test_a13_only_an_enabled_user_of_the_structure_who_administers_security_is_appointed(
    name: str, expected: Reason
) -> None:
    scene = Scene()
    before = everything(scene.repositories)
    assert expected is refusal(scene, scene.access.appoint(ROOT, LYON, f"id-{name}"), before)[0]


def test_a13_a_platforms_main_administrator_appoints_where_they_are_authorised_and_not_elsewhere() -> None:
    scene = Scene()
    assert isinstance(scene.access.appoint(scene.proof("chief"), LYON, "id-deputy"), Done)
    scene = Scene()
    scene.change("chief", memberships=frozenset({"paris"}))
    before = everything(scene.repositories)
    outcome = scene.access.appoint(scene.proof("chief"), LYON, "id-deputy")
    assert (Reason.NOT_ALLOWED, "S18") == refusal(scene, outcome, before)


def test_a13_an_appointment_counts_only_if_user_and_structure_both_hold_it() -> None:
    scene = Scene()
    scene.change("deputy", appointments=frozenset({"of-nobody"}))
    before = everything(scene.repositories)
    outcome = scene.access.appoint(scene.proof("deputy"), LYON, "id-deputy")
    assert (Reason.NOT_ALLOWED, "S18") == refusal(scene, outcome, before)


# --- interruptions


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("failing", range(1, 12))
def test_a13_an_appointing_that_broke_off_anywhere_is_ended_by_the_next_and_undone_by_a_dismissing(
    failing: int, after: bool
) -> None:
    scene = Scene()
    faulty = Faulty(scene.repositories, lambda call: call >= failing, after=after)
    outcome_of(lambda access: access.appoint(ROOT, LYON, "id-deputy"), scene, faulty)
    assert {"boss"} <= administering(scene)
    assert isinstance(scene.access.appoint(ROOT, LYON, "id-deputy"), Done)
    assert {"boss", "deputy"} == administering(scene)
    assert isinstance(scene.access.dismiss(ROOT, LYON, "id-deputy"), Done)
    assert frozenset() == scene.user("deputy").appointments
    assert agree(scene)


@pytest.mark.parametrize("failing", range(1, 12))
def test_a13_an_appointing_that_broke_off_anywhere_is_undone_by_a_dismissing_alone(failing: int) -> None:
    scene = Scene()
    faulty = Faulty(scene.repositories, lambda call: call >= failing, after=True)
    outcome_of(lambda access: access.appoint(ROOT, LYON, "id-deputy"), scene, faulty)
    assert isinstance(scene.access.dismiss(ROOT, LYON, "id-deputy"), Done)
    assert ({"boss"}, frozenset()) == (administering(scene), scene.user("deputy").appointments)
    assert agree(scene)
    assert isinstance(scene.access.disable_user(ROOT, "id-deputy"), Done)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("failing", range(1, 12))
def test_a13_a_dismissing_that_broke_off_anywhere_leaves_nobody_who_cannot_be_appointed_and_dismissed_again(
    failing: int, after: bool
) -> None:
    scene = Scene()
    scene.access.appoint(ROOT, LYON, "id-deputy")
    faulty = Faulty(scene.repositories, lambda call: call >= failing, after=after)
    outcome_of(lambda access: access.dismiss(ROOT, LYON, "id-deputy"), scene, faulty)
    assert {"boss"} <= administering(scene)
    assert isinstance(scene.access.appoint(ROOT, LYON, "id-deputy"), Done)
    assert isinstance(scene.access.dismiss(ROOT, LYON, "id-deputy"), Done)
    assert {"boss"} == administering(scene)
    assert agree(scene)


def while_saving(scene: Scene, meanwhile: Any) -> AccessControl:
    """Return a door behind which something happens just before the first save of a structure."""
    own, todo = methods_of(scene.repositories.structures), [meanwhile]

    def save(*arguments: Any) -> int:
        if todo:
            todo.pop()()
        return own["save"](*arguments)

    repositories = with_parts(scene.repositories, structures=SimpleNamespace(**own | {"save": save}))
    return AccessControl(repositories, policy=scene.policy, hasher=scene.hasher, clock=scene.clock)


def test_a13_an_appointing_that_a_dismissing_overlaps_lists_nobody_who_does_not_hold_it() -> None:
    scene = Scene()
    scene.change("deputy", appointments=frozenset({"begun"}))

    def meanwhile() -> None:  # the appointing is ended by somebody else, and taken back
        assert isinstance(scene.access.appoint(ROOT, LYON, "id-deputy"), Done)
        assert isinstance(scene.access.dismiss(ROOT, LYON, "id-deputy"), Done)

    assert isinstance(while_saving(scene, meanwhile).appoint(ROOT, LYON, "id-deputy"), Done)
    assert ({"boss", "deputy"}, True) == (administering(scene), agree(scene))
    assert isinstance(scene.access.dismiss(ROOT, LYON, "id-boss"), Done)
    assert {"deputy"} == administering(scene)


def test_a13_an_appointing_that_a_dismissing_of_the_same_user_overtakes_begins_anew() -> None:
    scene = Scene()
    dismissed = lambda: scene.access.dismiss(ROOT, LYON, "id-deputy")  # noqa: E731
    assert isinstance(while_saving(scene, dismissed).appoint(ROOT, LYON, "id-deputy"), Done)
    assert ({"boss", "deputy"}, True) == (administering(scene), agree(scene))


def test_a13_an_appointing_overtaken_by_the_end_of_who_appoints_leaves_nothing_behind() -> None:
    scene = Scene()
    scene.access.appoint(ROOT, LYON, "id-deputy")

    def meanwhile() -> None:
        assert isinstance(scene.access.dismiss(ROOT, LYON, "id-boss"), Done)

    scene.change("manager", role="administrator")
    outcome = while_saving(scene, meanwhile).appoint(scene.proof("boss"), LYON, "id-manager")
    assert isinstance(outcome, Refused)
    assert (Reason.NOT_ALLOWED, frozenset()) == (outcome.reason, scene.user("manager").appointments)
    assert ({"deputy"}, True) == (administering(scene), agree(scene))


def test_a13_appointing_somebody_who_is_already_never_undoes_a_dismissing() -> None:
    scene = Scene()
    scene.access.appoint(ROOT, LYON, "id-deputy")
    own, todo = methods_of(scene.repositories.users), [1, 2]

    def get(user_id: str) -> Any:
        found = own["get"](user_id)
        if todo and user_id == "id-deputy":
            todo.clear()
            assert isinstance(scene.access.dismiss(ROOT, LYON, "id-deputy"), Done)
        return found

    repositories = with_parts(scene.repositories, users=SimpleNamespace(**own | {"get": get}))
    access = AccessControl(repositories, policy=scene.policy, hasher=scene.hasher, clock=scene.clock)
    assert isinstance(access.appoint(ROOT, LYON, "id-deputy"), Done)
    assert ({"boss"}, True) == (administering(scene), agree(scene))
    before = everything(scene.repositories)
    outcome = scene.access.dismiss(ROOT, LYON, "id-boss")
    assert (Reason.LAST_MAIN_ADMINISTRATOR, "A13") == refusal(scene, outcome, before)


def test_a13_who_is_disabled_while_being_appointed_is_not() -> None:
    scene = Scene()
    own, todo = methods_of(scene.repositories.users), [1]

    def save(*arguments: Any) -> int:
        if todo:
            todo.clear()
            scene.change("deputy", login=Disabled(DisabledBecause.ADMINISTRATOR, A_MONDAY))
        return own["save"](*arguments)

    repositories = with_parts(scene.repositories, users=SimpleNamespace(**own | {"save": save}))
    access = AccessControl(repositories, policy=scene.policy, hasher=scene.hasher, clock=scene.clock)
    assert Reason.WRONG_STATE is access.appoint(ROOT, LYON, "id-deputy").reason
    assert ({"boss"}, True) == (administering(scene), agree(scene))


def test_a13_the_system_frees_whoever_was_to_administer_what_was_never_founded() -> None:
    scene = Scene()
    scene.repositories.structures._entities.clear()
    held = scene.user("boss").appointments
    assert held
    done = scene.access.dismiss(ROOT, LYON, "id-boss")
    assert isinstance(done, Done)
    assert frozenset() == scene.user("boss").appointments
    assert isinstance(scene.access.disable_user(ROOT, "id-boss"), Done)


def test_s25_appointing_revives_no_dormant_login() -> None:
    scene = Scene()
    scene.access.change_settings(ROOT, LYON, StructurePolicy({"dormancy.months": 1}))
    scene.clock.move(timedelta(days=60))
    assert Reason.WRONG_STATE is scene.access.appoint(ROOT, LYON, "id-deputy").reason
