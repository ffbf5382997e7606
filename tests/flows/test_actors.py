"""Who asks: every flow that takes an actor loads them anew, and stores nothing for whoever may not ask."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from mydso_access import Done, InvalidValue, NewUser, NoLogin, Reason, Refused, StructurePolicy, System
from mydso_access.model import Disabled, DisabledBecause, Enabled
from mydso_access.testing.clock import A_MONDAY
from tests.flows.scene import LYON, PARIS, Scene, everything
from tests.support import door, run

ANNA, NEW_USER = "id-anna", NewUser(email="new@example.com", role="guest", name="newcomer")
Call = Callable[[Any, Any], Any]
# What is asked of users in Lyon, and needs the right to manage users.
OF_USERS: dict[str, Call] = {
    "add_user": lambda access, actor: access.add_user(actor, LYON, NEW_USER),
    "renew_invitation": lambda access, actor: access.renew_invitation(actor, "id-invited"),
    "change_role": lambda access, actor: access.change_role(actor, ANNA, "guest"),
    "change_import_flag": lambda access, actor: access.change_import_flag(actor, ANNA, may_import=True),
    "rename": lambda access, actor: access.rename(actor, ANNA, "Anna Grand"),
    "change_email": lambda access, actor: access.change_email(actor, ANNA, "other@example.com"),
    "change_mobile": lambda access, actor: access.change_mobile(actor, ANNA, "+33698765432"),
    "make_contact": lambda access, actor: access.make_contact(actor, ANNA),
    "make_active": lambda access, actor: access.make_active(actor, "id-contact", "newcomer"),
    "disable_user": lambda access, actor: access.disable_user(actor, ANNA),
    "enable_user": lambda access, actor: access.enable_user(actor, "id-disabled"),
    "forget_user": lambda access, actor: access.forget_user(actor, ANNA),
    "unblock_account": lambda access, actor: access.unblock_account(actor, ANNA),
    "mark_compromised": lambda access, actor: access.mark_compromised(actor, ANNA),
    "revoke_address": lambda access, actor: access.revoke_address(actor, ANNA, "192.0.2.7"),
}
OF_MEMBERSHIPS: dict[str, Call] = {
    "authorise": lambda access, actor: access.authorise(actor, "id-nowhere", "lyon"),
    "withdraw": lambda access, actor: access.withdraw(actor, "id-multi", "lyon"),
}
OF_THE_STRUCTURE: dict[str, Call] = {
    "appoint": lambda access, actor: access.appoint(actor, LYON, "id-deputy"),
    "dismiss": lambda access, actor: access.dismiss(actor, LYON, "id-boss"),
    "change_settings": lambda access, actor: access.change_settings(
        actor, LYON, StructurePolicy({"dormancy.months": 6})
    ),
    "revoke_shared_address": lambda access, actor: access.revoke_shared_address(actor, LYON, "192.0.2.7"),
    "reset_second_factor": lambda access, actor: access.reset_second_factor(actor, ANNA),
}
OF_CUSTOMERS: dict[str, Call] = {
    "associate": lambda access, actor: access.associate(actor, "lyon", "c1", ANNA),
    "dissociate": lambda access, actor: access.dissociate(actor, "lyon", "c1", ANNA),
    "assign_collector": lambda access, actor: access.assign_collector(actor, "lyon", "c1", ANNA),
    "assign_collector_to_all": lambda access, actor: access.assign_collector_to_all(actor, "lyon", ["c1"], ANNA),
    "associate_with_all": lambda access, actor: access.associate_with_all(actor, "lyon", ["c1"], ANNA),
    "import_portfolio": lambda access, actor: access.import_portfolio(actor, "lyon", ANNA, ["c1"]),
}
LISTS: dict[str, Call] = {
    "list_users": lambda access, actor: access.list_users(actor, LYON),
    "list_customers": lambda access, actor: access.list_customers(actor, "lyon"),
    "list_links": lambda access, actor: access.list_links(actor, "lyon"),
    "read_trail": lambda access, actor: access.read_trail(actor, ANNA),
}
UNBLOCK_ADDRESS: dict[str, Call] = {"unblock_address": lambda access, actor: access.unblock_address(actor, "192.0.2.7")}
EVERY = OF_USERS | OF_MEMBERSHIPS | OF_THE_STRUCTURE | OF_CUSTOMERS | LISTS | UNBLOCK_ADDRESS


def refused(scene: Scene, call: Call, actor: Any) -> Reason:
    """Return why it is refused, by both doors alike; nothing is stored."""
    before = everything(scene.repositories)
    outcome = call(scene.access, actor)
    assert outcome == run(call(door(scene), actor))
    assert isinstance(outcome, Refused)
    assert before == everything(scene.repositories)
    return outcome.reason


@pytest.mark.parametrize("call", EVERY)
def test_d12_a_proof_from_before_valid_from_is_dead_everywhere(call: str) -> None:
    scene = Scene()
    proof = scene.proof("chief", age=timedelta(seconds=1))
    scene.change("chief", valid_from=A_MONDAY)
    assert Reason.OUTDATED_PROOF is refused(scene, EVERY[call], proof)


@pytest.mark.parametrize("call", EVERY)
@pytest.mark.parametrize("name", ["manager", "nobody"])
def test_d12_a_proof_of_a_login_that_is_disabled_or_gone_is_dead_everywhere(name: str, call: str) -> None:
    scene = Scene()
    scene.change("manager", login=Disabled(DisabledBecause.ADMINISTRATOR, A_MONDAY))
    assert Reason.OUTDATED_PROOF is refused(scene, EVERY[call], scene.proof(name))


FRESH = {
    *("change_email", "change_mobile", "reset_second_factor", "change_settings"),
    *("appoint", "dismiss", "forget_user", "unblock_account", "unblock_address"),
}


@pytest.mark.parametrize("call", EVERY)
def test_asvs_7_5_1_what_an_older_session_is_not_enough_for_and_what_it_is(call: str) -> None:
    scene = Scene()
    chief = scene.proof("chief", age=timedelta(hours=1))
    if call in FRESH:
        assert Reason.STEP_UP_NEEDED is refused(scene, EVERY[call], chief)
    else:
        assert Reason.STEP_UP_NEEDED is not getattr(EVERY[call](scene.access, chief), "reason", None)


OF_WHO_ADMINISTERS: dict[str, Call] = {
    "add_user": lambda access, actor: access.add_user(actor, LYON, evolve(NEW_USER, role="administrator")),
    "promote": lambda access, actor: access.change_role(actor, ANNA, "credit_manager"),
    "demote": lambda access, actor: access.change_role(actor, "id-deputy", "guest"),
    "change_import_flag": lambda access, actor: access.change_import_flag(actor, "id-manager", may_import=True),
    "rename": lambda access, actor: access.rename(actor, "id-manager", "Somebody"),
    "make_contact": lambda access, actor: access.make_contact(actor, "id-deputy"),
    "disable_user": lambda access, actor: access.disable_user(actor, "id-deputy"),
    "enable_user": lambda access, actor: access.enable_user(actor, "id-deputy"),
    "mark_compromised": lambda access, actor: access.mark_compromised(actor, "id-deputy"),
    "revoke_address": lambda access, actor: access.revoke_address(actor, "id-deputy", "192.0.2.7"),
    "authorise": lambda access, actor: access.authorise(actor, "id-nowhere", "lyon"),
    "withdraw": lambda access, actor: access.withdraw(actor, "id-nowhere", "paris"),
}


@pytest.mark.parametrize("call", OF_WHO_ADMINISTERS)
def test_asvs_7_5_1_nor_for_anything_that_is_changed_of_whoever_administers(call: str) -> None:
    scene = Scene()
    scene.change("nowhere", role="administrator", memberships=frozenset({"paris"}))
    stale, fresh = (scene.proof("chief", age=age) for age in (timedelta(hours=1), timedelta(0)))
    assert Reason.STEP_UP_NEEDED is refused(scene, OF_WHO_ADMINISTERS[call], stale)
    assert isinstance(OF_WHO_ADMINISTERS[call](scene.access, fresh), Done)


@pytest.mark.parametrize("call", EVERY)
@pytest.mark.parametrize("actor", [None, "setup", True, Enabled(A_MONDAY), NoLogin()], ids=repr)
def test_an_actor_that_is_none_is_misuse(actor: Any, call: str) -> None:
    scene = Scene()
    before = everything(scene.repositories)
    with pytest.raises(InvalidValue, match=r"actor is .*: expected the Proof of a sign-in, or System\(name\)"):
        EVERY[call](scene.access, actor)
    assert before == everything(scene.repositories)


@pytest.mark.parametrize("call", OF_USERS | OF_MEMBERSHIPS)
@pytest.mark.parametrize("name", ["guest", "multi"])
def test_s4_nobody_manages_users_without_the_right_to(name: str, call: str) -> None:
    assert Reason.NOT_ALLOWED is refused(Scene(), EVERY[call], Scene().proof(name))


@pytest.mark.parametrize("call", [*OF_USERS, "withdraw"])
def test_s3_a13_an_administrator_of_another_entity_changes_nobody_here(call: str) -> None:
    expected = Reason.OTHER_STRUCTURE if call == "add_user" else Reason.MORE_RIGHTS
    assert expected is refused(Scene(), EVERY[call], Scene().proof("stranger"))


def test_a11_an_administrator_authorises_nobody_where_they_are_not_themselves() -> None:
    scene = Scene()
    scene.change("chief", memberships=frozenset({"paris"}))
    assert Reason.MORE_RIGHTS is refused(scene, EVERY["authorise"], scene.proof("chief"))


@pytest.mark.parametrize("call", OF_MEMBERSHIPS)
def test_d16_a_multi_entity_user_is_the_platforms_to_change_and_read_only_in_an_entity(call: str) -> None:
    assert Reason.MORE_RIGHTS is refused(Scene(), EVERY[call], Scene().proof("boss"))


@pytest.mark.parametrize("call", OF_THE_STRUCTURE)
@pytest.mark.parametrize("name", ["deputy", "manager", "anna", "stranger", "multi"])
def test_s18_only_a_main_administrator_of_the_structure_changes_it(name: str, call: str) -> None:
    assert Reason.NOT_ALLOWED is refused(Scene(), EVERY[call], Scene().proof(name))


@pytest.mark.parametrize("call", OF_CUSTOMERS)
def test_a10_customers_belong_to_their_entity_alone(call: str) -> None:
    assert Reason.OTHER_STRUCTURE is refused(Scene(), EVERY[call], Scene().proof("paul"))
    assert Reason.NOT_ALLOWED is refused(Scene(), EVERY[call], Scene().proof("guest"))


@pytest.mark.parametrize("call", LISTS)
def test_s3_nobody_reads_what_is_another_entitys(call: str) -> None:
    assert Reason.OTHER_STRUCTURE is refused(Scene(), EVERY[call], Scene().proof("stranger"))
    assert Reason.NOT_ALLOWED is refused(Scene(), EVERY[call], Scene().proof("anna"))


@pytest.mark.parametrize("name", ["boss", "multi", "stranger", "anna"])
def test_d17_an_address_is_the_platforms_main_administrators_to_unblock(name: str) -> None:
    assert Reason.NOT_ALLOWED is refused(Scene(), EVERY["unblock_address"], Scene().proof(name))


@pytest.mark.parametrize("call", OF_USERS)
def test_s11_nobody_is_changed_who_is_not_there(call: str) -> None:
    scene = Scene()
    if call == "add_user":
        assert Reason.ALREADY_THERE is refused(
            scene, lambda access, actor: access.add_user(actor, LYON, NEW_USER, user_id=ANNA), System("setup")
        )
        return
    scene.repositories.users._by_id.clear()
    scene.repositories.users._id_of.clear()
    assert Reason.NO_USER is refused(scene, EVERY[call], System("setup"))


@pytest.mark.parametrize("call", ["add_user", "appoint", "change_settings", "authorise", "revoke_shared_address"])
def test_s4_nothing_happens_in_a_structure_that_is_not_there(call: str) -> None:
    scene = Scene()
    scene.repositories.structures._entities.clear()
    assert Reason.NO_STRUCTURE is refused(scene, EVERY[call], System("setup"))


def test_s4_whoever_is_in_no_structure_that_is_stored_is_sent_no_token() -> None:
    scene = Scene()
    del scene.repositories.structures._entities["lyon"]
    for call in ("renew_invitation", "enable_user", "make_active", "change_email"):
        assert Reason.NO_STRUCTURE is refused(scene, EVERY[call], System("setup"))
    assert PARIS == scene.structure(PARIS).structure
