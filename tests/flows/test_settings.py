"""Settings of a structure: who changes them, which exist at which level, and what the trail says of it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from mydso_access import (
    Done,
    EnrolmentRequired,
    EventKind,
    InvalidPolicy,
    InvalidValue,
    NewUser,
    Reason,
    Refused,
    SignInMode,
    StructurePolicy,
)
from mydso_access.model import Entity, Structure
from mydso_access.policy import Level
from mydso_access.policy.dotted import SETTINGS
from mydso_access.policy.levels import may_be_set_at
from tests.flows.scene import GROUP, LYON, PARIS, ROOT, Scene, everything
from tests.support import HOME, RIGHT, door, policy, run

SIX = StructurePolicy({"dormancy.months": 6})
DEFAULTS = policy()


def default_of(name: str) -> Any:
    group, _, rest = name.partition(".")
    value = getattr(DEFAULTS, group)
    for each in rest.split("."):
        value = getattr(value, each)
    return value


def test_s18_a_main_administrator_changes_the_settings_of_their_structure_and_the_event_tells_the_difference() -> None:
    scene = Scene()
    done = scene.access.change_settings(scene.proof("boss"), LYON, SIX.asking("passwords.min_length", 12))
    assert isinstance(done, Done)
    assert (done.record, ()) == (scene.structure(LYON), done.messages)
    assert SIX.asking("passwords.min_length", 12) == done.record.policy
    differences = (("dormancy.months", "not asked for", "6"), ("passwords.min_length", "not asked for", "12"))
    assert (EventKind.SETTINGS_CHANGED, "id-boss", None, None, "S18", differences) == scene.told()
    assert LYON == scene.event().structure


def test_s18_what_is_no_longer_asked_for_is_told_too() -> None:
    scene = Scene()
    scene.ask(LYON, dormancy__months=6, passwords__min_length=12)
    done = run(door(scene).change_settings(scene.proof("boss"), LYON, StructurePolicy({"dormancy.months": 9})))
    assert StructurePolicy({"dormancy.months": 9}) == done.record.policy
    (months, length) = scene.event().differences
    assert ("6", "9", "12", "not asked for") == (months.before, months.after, length.before, length.after)


def test_s19_a_platforms_main_administrator_changes_the_platform_and_the_entities_they_are_in() -> None:
    scene = Scene()
    chief = scene.proof("chief")
    assert all(isinstance(scene.access.change_settings(chief, each, SIX), Done) for each in (GROUP, LYON, PARIS))
    scene = Scene()
    scene.change("chief", memberships=frozenset({"lyon"}))
    outcome = scene.access.change_settings(scene.proof("chief"), PARIS, SIX)
    assert (Reason.NOT_ALLOWED, "S18") == (outcome.reason, outcome.rule)


def test_s20_an_entitys_main_administrator_changes_no_other_entity_and_not_the_platform() -> None:
    scene = Scene()
    before = everything(scene.repositories)
    for structure in (PARIS, GROUP):
        outcome = scene.access.change_settings(scene.proof("boss"), structure, SIX)
        assert isinstance(outcome, Refused)
        assert Reason.NOT_ALLOWED is outcome.reason
    assert before == everything(scene.repositories)


@pytest.mark.parametrize("name", SETTINGS)
def test_s27_s38_every_setting_is_accepted_at_its_levels_and_refused_at_every_other(name: str) -> None:
    asked = StructurePolicy({name: default_of(name)})
    for structure, level in ((LYON, Level.ENTITY), (GROUP, Level.PLATFORM)):
        scene = Scene()
        before = everything(scene.repositories)
        outcome = scene.access.change_settings(ROOT, structure, SIX.asking(name, default_of(name)))
        if may_be_set_at(name, level):
            assert isinstance(outcome, Done)
            assert dict(asked.asks).items() <= dict(outcome.record.policy.asks).items()
            continue
        expected = (
            (Reason.ENTITY_ONLY, "S27") if may_be_set_at(name, Level.ENTITY) else (Reason.INSTALLATION_ONLY, "S38")
        )
        assert isinstance(outcome, Refused)
        assert expected == (outcome.reason, outcome.rule)
        assert before == everything(scene.repositories)


def test_s27_visibility_and_links_are_entities_alone_and_s38_lock_out_is_nobodys() -> None:
    entity_only = {name for name in SETTINGS if may_be_set_at(name, Level.ENTITY)} - {
        name for name in SETTINGS if may_be_set_at(name, Level.PLATFORM)
    }
    assert {"visibility", "links"} == {name.partition(".")[0] for name in entity_only}
    nobodys = {name for name in SETTINGS if not may_be_set_at(name, Level.ENTITY)}
    assert {name for name in SETTINGS if name.startswith(("lockout.", "names.", "hashing."))} <= nobodys


def test_d6_a_structure_asks_for_less_and_gets_no_less() -> None:
    scene = Scene()
    scene.ask(GROUP, dormancy__months=2)
    scene.access.change_settings(ROOT, LYON, StructurePolicy({"dormancy.months": 100}))
    policy = scene.access.enter(scene.proof("multi"), "lyon", address=HOME).policy
    assert (2, {Level.PLATFORM}) == (policy.policy.dormancy.months, policy.levels("dormancy.months"))


@pytest.mark.parametrize(
    "asks",
    [
        {"dormancy.months": 0},
        {"dormancy.months": -1},
        {"dormancy.months": 121},
        {"dormancy.months": "6"},
        {"dormancy.months": True},
        {"dormancy.years": 1},
        {"links.documents": timedelta(0)},
        {"": 1},
    ],
    ids=repr,
)
def test_a_setting_out_of_its_bounds_is_a_clear_error(asks: dict[str, Any]) -> None:
    with pytest.raises(InvalidPolicy):
        StructurePolicy(asks)


@pytest.mark.parametrize(
    "asked", [None, {}, {"dormancy.months": 6}, DEFAULTS], ids=["none", "empty", "dict", "whole policy"]
)
def test_what_is_no_structure_policy_is_misuse(asked: Any) -> None:
    scene = Scene()
    before = everything(scene.repositories)
    with pytest.raises(InvalidPolicy, match="policy is"):
        scene.access.change_settings(ROOT, LYON, asked)
    assert before == everything(scene.repositories)


TITLES = ["", "Lyon \ud800", "Lyon\n", "Lyon\0", "x" * 255, None, b"Lyon", 5]


@pytest.mark.parametrize("title", TITLES, ids=ascii)
def test_a_title_that_nobody_can_be_shown_is_misuse_and_changes_nothing(title: Any) -> None:
    scene = Scene()
    before = everything(scene.repositories)
    with pytest.raises(InvalidValue, match="title"):
        scene.access.describe_structure(ROOT, LYON, title=title, sign_in_mode=SignInMode.PASSWORD)
    with pytest.raises(InvalidValue, match="title"):
        scene.access.found(ROOT, Entity(id="nice", title=title), NewUser(email="x@example.com", role="administrator"))
    assert before == everything(scene.repositories)


@pytest.mark.parametrize("title", ["L", "Lyon : été & hiver", "里昂", "x" * 254], ids=ascii)
def test_a24_a_structure_is_called_what_its_people_call_it(title: str) -> None:
    scene = Scene()
    assert isinstance(scene.access.describe_structure(ROOT, LYON, title=title, sign_in_mode=SignInMode.PASSWORD), Done)
    scene.ask(LYON, second_factor__required=True)
    assert isinstance(scene.access.sign_in("anna", RIGHT, address=HOME), EnrolmentRequired)


def test_s25_whoever_sets_dormancy_does_not_lock_themselves_out() -> None:
    scene = Scene()
    assert isinstance(
        scene.access.change_settings(scene.proof("boss"), LYON, StructurePolicy({"dormancy.months": 1})), Done
    )
    scene.clock.move(timedelta(days=400))
    assert Reason.DORMANT is scene.access.sign_in("anna", RIGHT, address=HOME).reason
    proof = scene.access.sign_in("boss", RIGHT, address=HOME).proof
    assert isinstance(scene.access.change_settings(proof, LYON, StructurePolicy()), Done)


# --- looking, and changing what was looked at


def test_s18_a_main_administrator_sees_what_is_asked_for_what_binds_and_who_asks() -> None:
    scene = Scene()
    scene.ask(LYON, dormancy__months=6)
    for actor in (scene.proof("boss"), scene.proof("chief"), ROOT):
        shown = scene.access.look_at_settings(actor, LYON)
        assert scene.structure(LYON) == shown.record
        assert (6, {Level.ENTITY}) == (
            shown.effective.policy.dormancy.months,
            shown.effective.levels("dormancy.months"),
        )
        assert {Level.INSTALLATION} == shown.effective.levels("passwords.min_length")
    assert shown == run(door(scene).look_at_settings(ROOT, LYON))


def test_s18_nobody_else_sees_them() -> None:
    scene = Scene()
    for name in ("deputy", "manager", "anna", "stranger", "multi"):
        assert Reason.NOT_ALLOWED is scene.access.look_at_settings(scene.proof(name), LYON).reason
    assert Reason.NO_STRUCTURE is scene.access.look_at_settings(ROOT, Structure.entity("nowhere")).reason


def test_who_changes_what_somebody_else_has_changed_meanwhile_is_told_and_nothing_is_lost() -> None:
    scene = Scene()
    one, other = (scene.access.look_at_settings(ROOT, LYON).record for _ in range(2))
    done = scene.access.change_settings(
        scene.proof("boss"), LYON, one.policy.asking("dormancy.months", 6), version=one.version
    )
    assert isinstance(done, Done)
    before = everything(scene.repositories)
    refused = scene.access.change_settings(
        scene.proof("boss"), LYON, other.policy.asking("passwords.min_length", 12), version=other.version
    )
    assert (Reason.CHANGED_MEANWHILE, "Somebody else has changed this meanwhile. Please look at it again.") == (
        refused.reason,
        refused.public_message,
    )
    assert before == everything(scene.repositories)
    again = done.record.policy.asking("passwords.min_length", 12)
    assert isinstance(scene.access.change_settings(ROOT, LYON, again, version=done.record.version), Done)


def test_of_many_who_change_settings_from_one_state_at_once_one_does() -> None:
    scene = Scene()
    shown = scene.access.look_at_settings(ROOT, LYON).record

    def ask(months: int) -> Any:
        return scene.access.change_settings(
            ROOT, LYON, shown.policy.asking("dormancy.months", months), version=shown.version
        )

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(ask, range(1, 9)))
    assert 1 == sum(isinstance(outcome, Done) for outcome in outcomes)
    assert {Reason.CHANGED_MEANWHILE} == {outcome.reason for outcome in outcomes if isinstance(outcome, Refused)}
