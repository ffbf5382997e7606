"""Founding: a platform or one entity, further entities, the first main administrator by invitation."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from mydso_access import (
    Category,
    Entity,
    EventKind,
    Founded,
    InvalidPolicy,
    InvalidValue,
    Invited,
    MemoryRepositories,
    NewUser,
    Platform,
    Proof,
    Reason,
    Refused,
    SignedIn,
    SignInMode,
    StoreUnavailable,
    Structure,
    StructurePolicy,
    System,
)
from mydso_access.model import Appointment, Enabled
from tests.flows.scene import LYON, NEW, ROOT, Scene, everything, revealed
from tests.support import HOME, World, door, run
from tests.test_faults import Faulty, outcome_of

GROUP, NICE = Platform(id="group", title="The group"), Entity(id="nice", title="Nice")
BOSS = NewUser(email="boss@example.com", role="administrator", name="The.Boss")
CHIEF = evolve(BOSS, category=Category.MULTI_ENTITY, name="the.chief")


def nothing_yet() -> World:
    return World(repositories=MemoryRepositories())


def test_a1_an_entity_is_founded_with_a_main_administrator_who_is_invited() -> None:
    world = nothing_yet()
    founded = world.access.found(ROOT, NICE, BOSS)
    assert isinstance(founded, Founded)
    user, (message,) = founded.administrator, founded.messages
    (appointment,) = user.appointments
    assert (Appointment(user.id, appointment),) == founded.structure.main_administrators
    assert (Structure.entity("nice"), "the.boss", "administrator") == (user.structure, user.name, user.role)
    assert (Invited, Category.ACTIVE) == (type(user.login), user.category)
    assert ("boss@example.com", "the.boss", "Nice") == (message.to, message.name, message.structure)
    assert world.clock.now() + timedelta(days=30) == message.until
    assert user == world.repositories.users.get(user.id)
    assert founded.structure == world.repositories.structures.get(NICE.structure)


def test_founding_leaves_two_events_first_the_users_then_the_structures() -> None:
    world = nothing_yet()
    founded = world.access.found(ROOT, NICE, BOSS)
    expected = [
        (EventKind.USER_CREATED, "S5", founded.administrator.id, NICE.structure),
        (EventKind.STRUCTURE_CREATED, "S16", None, NICE.structure),
    ]
    events = world.repositories.events.all()
    assert events == founded.events
    assert expected == [(each.kind, each.rule, each.subject, each.structure) for each in events]
    assert [(None, "setup")] * 2 == [(each.actor, each.system) for each in events]


def test_s16_a_platform_is_founded_with_a_multi_entity_administrator_and_entities_after_it() -> None:
    world = nothing_yet()
    assert isinstance(world.access.found(ROOT, GROUP, CHIEF), Founded)
    assert isinstance(world.access.found(ROOT, NICE, BOSS), Founded)
    assert isinstance(world.access.found(ROOT, evolve(NICE, id="metz"), evolve(BOSS, name="boss.metz")), Founded)
    assert ["metz", "nice"] == [each.id for each in world.repositories.structures.entities(after=None, limit=9)]


def test_founding_is_the_same_behind_the_asynchronous_door() -> None:
    world = nothing_yet()
    founded = run(door(world).found(ROOT, NICE, BOSS))
    assert isinstance(founded, Founded)
    assert founded.structure == world.repositories.structures.get(NICE.structure)


def refusal(world: World, structure: Any, new: Any) -> Reason:
    before = everything(world.repositories)
    outcome = world.access.found(ROOT, structure, new)
    assert isinstance(outcome, Refused)
    assert before == everything(world.repositories)
    return outcome.reason


def test_s2_there_is_one_platform_at_most() -> None:
    assert Reason.ALREADY_THERE is refusal(Scene(), evolve(GROUP, id="another"), CHIEF)
    assert Reason.ALREADY_THERE is refusal(Scene(), GROUP, evolve(CHIEF, name="another"))


def test_s16_a_second_entity_needs_a_platform() -> None:
    world = nothing_yet()
    assert isinstance(world.access.found(ROOT, NICE, BOSS), Founded)
    assert Reason.NO_STRUCTURE is refusal(world, evolve(NICE, id="metz"), evolve(BOSS, name="boss.metz"))


def test_s16_an_entity_is_founded_once() -> None:
    assert Reason.ALREADY_THERE is refusal(Scene(), Entity(id="lyon", title="Lyon"), evolve(BOSS, name="second"))


def test_s2_a_platform_is_administered_by_a_multi_entity_user_and_an_entity_by_an_active_one() -> None:
    assert Reason.WRONG_CATEGORY is refusal(nothing_yet(), GROUP, BOSS)
    assert Reason.WRONG_CATEGORY is refusal(nothing_yet(), NICE, CHIEF)


@pytest.mark.parametrize("name", ["stranger", "STRANGER", " Stranger ", "ｓｔｒａｎｇｅｒ"])
def test_a3_a_name_that_somebody_has_is_taken_by_case_width_and_white_space(name: str) -> None:
    assert Reason.NAME_TAKEN is refusal(Scene(), NICE, evolve(BOSS, name=name))


def test_s27_s38_a_structure_is_founded_with_settings_of_its_level_only() -> None:
    entity_only, installation_only = {"links.documents": timedelta(days=9)}, {"names.max_length": 99}
    platform = evolve(GROUP, policy=StructurePolicy(entity_only))
    assert Reason.ENTITY_ONLY is refusal(nothing_yet(), platform, CHIEF)
    entity = evolve(NICE, policy=StructurePolicy(installation_only))
    assert Reason.INSTALLATION_ONLY is refusal(nothing_yet(), entity, BOSS)
    founded = nothing_yet().access.found(ROOT, evolve(NICE, policy=StructurePolicy(entity_only)), BOSS)
    assert isinstance(founded, Founded)
    assert StructurePolicy(entity_only) == founded.structure.policy
    with pytest.raises(InvalidPolicy):
        StructurePolicy({"dormancy.months": 0})


@pytest.mark.parametrize("role", ["credit_manager", "guest"])
def test_a13_whoever_administers_first_is_of_a_role_that_administers_security(role: str) -> None:
    with pytest.raises(InvalidValue, match=r"administrator\.role"):
        nothing_yet().access.found(ROOT, NICE, evolve(BOSS, role=role))


@pytest.mark.parametrize(
    ("actor", "structure", "new"),
    [
        (Proof("id-boss", ()), NICE, BOSS),
        (None, NICE, BOSS),
        (ROOT, evolve(NICE, id=""), BOSS),
        (ROOT, evolve(NICE, version=3), BOSS),
        (ROOT, evolve(NICE, main_administrators=(Appointment("id-x", "a"),)), BOSS),
        (ROOT, LYON, BOSS),
        (ROOT, NICE, evolve(BOSS, role="emperor")),
        (ROOT, NICE, evolve(BOSS, name=None)),
        (ROOT, NICE, evolve(BOSS, name="a b")),
        (ROOT, NICE, evolve(BOSS, email="boss")),
        (ROOT, NICE, evolve(BOSS, email="boss@example.com\nBcc: all@example.com")),
        (ROOT, NICE, evolve(BOSS, mobile="0612345678")),
    ],
)
def test_only_the_system_founds_and_what_is_malformed_is_misuse(actor: Any, structure: Any, new: NewUser) -> None:
    world = nothing_yet()
    with pytest.raises(InvalidValue):
        world.access.found(actor, structure, new)
    assert everything(MemoryRepositories()) == everything(world.repositories)


def test_a_founding_that_broke_off_after_the_user_goes_on_with_them() -> None:
    world = nothing_yet()
    failing = Faulty(world.repositories, lambda _: world.repositories.users.count() > 0, after=False)
    assert isinstance(outcome_of(lambda access: access.found(ROOT, NICE, BOSS), world, failing), StoreUnavailable)
    (left_over,) = world.repositories.users._by_id.values()
    assert world.repositories.structures.get(NICE.structure) is None
    founded = world.access.found(System("again"), NICE, BOSS)
    assert isinstance(founded, Founded)
    assert (1, left_over.id) == (world.repositories.users.count(), founded.administrator.id)
    assert left_over.appointments == founded.administrator.appointments
    assert isinstance(world.access.accept_invitation(founded.messages[0].token, NEW).record.login, Enabled)
    assert isinstance(world.access.sign_in("the.boss", NEW, address=HOME), SignedIn)


@pytest.mark.parametrize("failing", range(1, 12))
def test_a_founding_that_broke_off_anywhere_ends_the_same_when_it_is_begun_again(failing: int) -> None:
    for after in (False, True):
        world = nothing_yet()
        faulty = Faulty(world.repositories, lambda call: call >= failing, after=after)
        outcome_of(lambda access: access.found(ROOT, NICE, BOSS), world, faulty)
        world.access.found(ROOT, NICE, BOSS)
        (user,), structure = world.repositories.users._by_id.values(), world.repositories.structures.get(NICE.structure)
        assert {each.id for each in structure.main_administrators} == user.appointments
        assert [user.id] == [each.user_id for each in structure.main_administrators]


def test_a1_the_founding_invitation_never_lapses_away_and_can_always_be_renewed() -> None:
    world = nothing_yet()
    founded = world.access.found(ROOT, NICE, BOSS)
    token = revealed(founded.messages[0].token)
    world.clock.move(timedelta(days=400))
    assert Reason.LAPSED is world.access.accept_invitation(token, NEW).reason
    assert 0 == world.access.sweep().lapsed
    assert isinstance(world.repositories.users.get(founded.administrator.id).login, Invited)
    renewed = world.access.renew_invitation(ROOT, founded.administrator.id)
    accepted = world.access.accept_invitation(renewed.messages[0].token, NEW)
    assert founded.administrator.appointments == accepted.record.appointments
    assert isinstance(world.access.sign_in("the.boss", NEW, address=HOME), SignedIn)


def test_a24_where_people_come_by_sso_nobody_is_sent_a_token_and_the_login_is_enabled() -> None:
    world = nothing_yet()
    founded = world.access.found(ROOT, evolve(NICE, sign_in_mode=SignInMode.SSO), BOSS)
    assert isinstance(founded, Founded)
    (message,) = founded.messages
    assert (None, None, Enabled) == (message.token, message.until, type(founded.administrator.login))


@pytest.mark.parametrize("record", [GROUP, NICE], ids=["platform", "entity"])
def test_s26_what_requires_a_second_factor_is_not_founded_where_nothing_could_seal_it(record: Any) -> None:
    world = nothing_yet()
    before, sealed = everything(world.repositories), world.secret_box
    administrator = CHIEF if record is GROUP else BOSS
    required = evolve(record, policy=StructurePolicy({"second_factor.required": True}))
    world.secret_box = None
    with pytest.raises(InvalidValue, match="secret_box is"):
        world.access.found(ROOT, required, administrator)
    assert before == everything(world.repositories)
    world.secret_box = sealed
    assert isinstance(world.access.found(ROOT, required, administrator), Founded)


@pytest.mark.parametrize("asks", [{}, {"second_factor.required": False}], ids=str)
def test_s26_what_requires_none_is_founded_without_a_box(asks: dict[str, Any]) -> None:
    world = nothing_yet()
    world.secret_box = None
    assert isinstance(world.access.found(ROOT, evolve(NICE, policy=StructurePolicy(asks)), BOSS), Founded)
