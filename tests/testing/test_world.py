"""The ready world: who is in it, what they may, and that a test signs them in in one line, whatever the policy asks for."""

# ruff: noqa: F811  # the fixtures are imported by name, as a host may

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine

from mydso_access import (
    MY_DSO_MANAGER,
    AccessControl,
    AsynchronousStore,
    Category,
    Disabled,
    Done,
    EnrolmentRequired,
    Entered,
    InvalidValue,
    Invited,
    MemoryRepositories,
    NewPasswordRequired,
    NewUser,
    NoLogin,
    Permitted,
    Reason,
    Refused,
    Right,
    Role,
    SecondFactorRequired,
    SecurityPolicy,
    SignedIn,
    StructurePolicy,
    System,
    with_setting,
)
from mydso_access.adapters.secret_box import UnprotectedBox
from mydso_access.adapters.sqlalchemy import SqlRepositories, upgrade
from mydso_access.testing import ManualClock, World, cheap_hasher
from mydso_access.testing.fixtures import access, clock, hasher, policy, repositories, world  # noqa: F401

ASKS_FOR_AN_APP = with_setting(SecurityPolicy.my_dso_manager(), "second_factor.required", "true")
KNOWS_ADDRESSES = with_setting(SecurityPolicy.my_dso_manager(), "addresses.networks", "192.0.2.0/24")
ASKS_FOR_NEW_PASSWORDS = with_setting(SecurityPolicy.my_dso_manager(), "rotation.days", "30")


def test_everybody_of_its_names_signs_in(world: World) -> None:
    assert len(world.names) == 14
    for name in world.names:
        assert isinstance(world.sign_in(name), SignedIn), name


def test_there_is_somebody_of_every_category_role_and_state(world: World) -> None:
    everybody = [world.user(name) for name in (*world.names, "ines", "dora", "simon", "cleo")]
    assert {each.category for each in everybody} == set(Category)
    assert {each.role for each in everybody if each.structure == world.lyon} == {role.id for role in MY_DSO_MANAGER}
    assert {type(each.login) for each in everybody} >= {Invited, Disabled, NoLogin}
    assert len({each.mobile for each in everybody}) == len({each.email for each in everybody}) == len(everybody)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ines", Reason.INVITED),
        ("dora", Reason.DISABLED),
        ("simon", Reason.SSO_ONLY),
        ("cleo", Reason.UNKNOWN),
        ("nobody", Reason.UNKNOWN),
    ],
)
def test_nobody_else_does(world: World, name: str, reason: Reason) -> None:
    assert world.sign_in(name).reason is reason


def test_a_wrong_password_and_another_address_are_said_in_the_same_line(world: World) -> None:
    answer = world.sign_in("anna", "wrong", address="192.0.2.1")
    assert isinstance(answer, Refused)
    trail = world.access.read_trail(System("test"), "user-anna").rows
    assert [each.address for each in trail if each.address] == ["192.0.2.1"]


@pytest.mark.parametrize(
    ("name", "place"), [("hugo", "group"), ("anna", "lyon"), ("petra", "paris"), ("bruno", "berlin")]
)
def test_each_structure_has_a_main_administrator_who_may_change_its_settings(
    world: World, name: str, place: str
) -> None:
    changed = world.access.change_settings(
        world.proof_of(name), getattr(world, place), StructurePolicy({"passwords.min_length": 12})
    )
    assert isinstance(changed, Done)
    assert changed.record.main_administrators[0].user_id == f"user-{name}"


def test_the_last_main_administrator_stays(world: World) -> None:
    assert world.access.dismiss(System("test"), world.lyon, "user-anna").reason is Reason.LAST_MAIN_ADMINISTRATOR


@pytest.mark.parametrize(
    ("name", "entered"), [("hugo", {"lyon", "paris", "berlin"}), ("mona", {"lyon", "paris"}), ("mia", {"lyon"})]
)
def test_multi_entity_users_enter_where_they_are_authorised(world: World, name: str, entered: set[str]) -> None:
    proof = world.proof_of(name)
    answers = {each: world.access.enter(proof, each, address=world.address) for each in ("lyon", "paris", "berlin")}
    assert {each for each, answer in answers.items() if isinstance(answer, Entered)} == entered


def test_collectors_see_their_customers_where_an_entity_says_so(world: World) -> None:
    world.access.change_settings(world.proof_of("anna"), world.lyon, StructurePolicy({"visibility.collectors": True}))
    mia = world.proof_of("mia")
    seen = [
        each
        for each in ("c1", "c2", "c3", "c4")
        if isinstance(world.access.may(mia, "lyon", Right.OPEN_CARD, each), Permitted)
    ]
    assert seen == ["c1", "c2"]


def test_customers_of_two_entities_may_have_one_id(world: World) -> None:
    host = System("test")
    for entity, collector in (("lyon", "user-mia"), ("paris", "user-paul")):
        rows = world.access.list_customers(host, entity).rows
        assert [each.collector for each in rows if each.id == "c1"] == [collector]


def test_an_app_is_set_up_when_it_is_first_asked_for_and_kept(world: World) -> None:
    app = world.app_of("anna")
    assert isinstance(world.sign_in("anna"), SecondFactorRequired)
    assert world.app_of("anna") is app


def test_an_app_never_shows_the_same_code_twice_it_waits_for_the_next(world: World) -> None:
    app, before = world.app_of("anna"), world.clock.now()
    codes = [app.code(), app.code()]
    assert codes[0] != codes[1]
    assert world.clock.now() - before == timedelta(minutes=1)  # its first code was used to set it up
    world.clock.move(timedelta(minutes=5))
    moved = world.clock.now()
    app.code()
    assert world.clock.now() == moved


def test_whoever_has_an_app_is_signed_in_through_it_as_often_as_a_test_asks(world: World) -> None:
    world.app_of("anna")
    proofs = [world.proof_of("anna") for _ in range(3)]
    assert [[factor.value for factor, _ in each.factors] for each in proofs] == [["password", "totp"]] * 3


def test_an_app_that_somebody_set_up_behind_its_back_is_said() -> None:
    world = World.ready(ASKS_FOR_AN_APP)
    world.app_of("anna")
    other = World(world.access, world.clock, world.repositories, world.password)
    with pytest.raises(AssertionError, match="anna has an app that the world does not know"):
        other.proof_of("anna")


@pytest.mark.parametrize(
    ("policy", "step", "factors"),
    [
        (ASKS_FOR_AN_APP, EnrolmentRequired, ["password", "totp"]),
        (ASKS_FOR_NEW_PASSWORDS, NewPasswordRequired, ["password"]),
    ],
    ids=["an app", "a new password"],
)
def test_every_step_that_a_policy_asks_for_is_taken(policy: SecurityPolicy, step: type, factors: list[str]) -> None:
    world = World.ready(policy)
    world.clock.move(timedelta(days=31))
    assert isinstance(world.sign_in("mia"), step)
    assert [factor.value for factor, _ in world.proof_of("mia").factors] == factors
    assert [
        factor.value for factor, _ in world.proof_of("mia").factors
    ] == factors  # with the new password, the next code


def test_a_code_for_a_new_address_is_read_from_whom_it_was_sent_to() -> None:
    world = World.ready(KNOWS_ADDRESSES)
    assert [factor.value for factor, _ in world.proof_of("mia").factors] == ["password", "address_code"]
    (message,) = world.messages_to("anna")
    assert (message.name, message.address) == ("mia", world.address)
    assert [factor.value for factor, _ in world.proof_of("mia", address="192.0.2.7").factors] == ["password"]


def test_an_app_may_be_set_up_from_a_new_address() -> None:
    world = World.ready(KNOWS_ADDRESSES)
    world.app_of("anna")
    assert world.user("anna").second_factor is not None


@pytest.mark.parametrize(
    ("name", "why"), [("dora", r"disabled \(D12, installation\)"), ("nobody", r"unknown \(D11, installation\)")]
)
def test_whoever_cannot_sign_in_has_no_proof_and_the_test_is_told_why(world: World, name: str, why: str) -> None:
    with pytest.raises(AssertionError, match=f"{name} is not signed in: {why}"):
        world.proof_of(name)


def test_a_new_password_that_is_not_good_enough_is_said() -> None:
    policy = with_setting(SecurityPolicy.my_dso_manager(), "passwords.min_length", "40")
    with pytest.raises(AssertionError, match="mia is not signed in: PasswordRejected"):
        World.ready(policy).proof_of("mia")
    long = World.ready(policy, password="Correct-Horse-9-Battery-Staple-And-Some-More")
    assert isinstance(long.sign_in("mia"), SignedIn)


def test_the_outbox_holds_what_was_sent_and_who_got_it(world: World) -> None:
    (invitation,) = world.messages_to("ines")
    world.send(world.access.accept_invitation(invitation.token, world.password))
    assert isinstance(world.sign_in("ines"), SignedIn)

    anna = world.proof_of("anna")
    newcomer = NewUser(email="new@example.com", role="collector", name="new.person")
    added = world.send(world.access.add_user(anna, world.lyon, newcomer))
    assert world.messages_to("new.person") == added.messages

    asked = world.send(world.access.change_email(anna, "user-anna", "anna@example.org"))
    assert {*world.messages_to("anna")} == {*asked.messages}  # to the new address, and to the old one


def test_a_sweep_sends_into_the_outbox() -> None:
    world = World.ready(with_setting(SecurityPolicy.my_dso_manager(), "dormancy.months", "6"))
    world.clock.move(timedelta(days=29))
    world.access.sweep(send=world.outbox.append)
    assert [type(each).__name__ for each in world.messages_to("ines")] == ["InvitationMessage", "WarningMessage"]


def test_a_record_is_the_stored_one_and_a_contacts_is_found_too(world: World) -> None:
    world.access.disable_user(System("test"), "user-mia")
    assert isinstance(world.user("mia").login, Disabled)
    assert world.user("cleo").name is None
    with pytest.raises(LookupError, match="nobody"):
        world.user("nobody")


def sqlite(tmp_path: Any) -> SqlRepositories:
    engine = create_engine(f"sqlite:///{tmp_path}/access.db")
    with engine.begin() as connection:
        upgrade(connection)
    return SqlRepositories(engine)


def test_it_stands_in_a_store_of_the_hosts(tmp_path: Any) -> None:
    repositories = sqlite(tmp_path)
    world = World.ready(repositories=repositories)
    assert isinstance(world.sign_in("anna"), SignedIn)
    assert len(world.access.list_users(world.proof_of("anna"), world.lyon).rows) == 15
    assert repositories.users.get("user-anna") == world.user("anna")


def test_it_stands_behind_a_door_of_the_hosts() -> None:
    auditor = Role(id="auditor", title="Auditor", cells={}, restriction=None)
    clock, repositories = ManualClock(), MemoryRepositories()
    access = AccessControl(
        repositories,
        roles=[*MY_DSO_MANAGER, auditor],
        hasher=cheap_hasher(),
        clock=clock,
        secret_box=UnprotectedBox(),
    )
    world = World.behind(access, repositories=repositories, clock=clock)
    assert isinstance(access.change_role(world.proof_of("hugo"), "user-mona", "auditor"), Done)


def test_an_asynchronous_store_is_refused_by_name() -> None:
    class Asynchronous:
        async def save(self, *_: object) -> int:
            raise NotImplementedError

    class Parts:
        structures = Asynchronous()

        def __getattr__(self, _: str) -> object:
            return self.structures

    with pytest.raises(AsynchronousStore, match="save"):
        World.ready(repositories=Parts())


def test_a_password_that_can_be_none_is_said() -> None:
    with pytest.raises(InvalidValue, match="password"):
        World.ready(password="")


def fastest(work: Callable[[], object], times: int = 20) -> float:
    """Return the shortest of several durations, in seconds: others use this machine, too."""
    found = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        found.append(time.perf_counter() - begun)
    return min(found)


def test_it_is_ready_in_less_than_fifty_milliseconds_whatever_hashing_the_policy_asks_for() -> None:
    assert SecurityPolicy.my_dso_manager().hashing.memory_kib == 65536
    assert fastest(World.ready) < 0.05
    assert fastest(lambda: World.ready().sign_in("anna")) < 0.05
