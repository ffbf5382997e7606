"""Entering entities and who may: one's own, or those one is authorised in; what binds there, and what the trail says."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from mydso_access import Done, Entered, EventKind, InvalidValue, Reason, Refused, SignedIn, with_setting
from mydso_access.policy import Level
from mydso_access.testing.clock import A_MONDAY
from tests.flows.scene import GROUP, LYON, PARIS, ROOT, Scene, everything
from tests.support import HOME, RIGHT, door, policy, run

CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "enter": lambda access, proof: access.enter(proof, "lyon", address=HOME),
    "accessed": lambda access, proof: access.accessed(proof),
}


def refusal(scene: Scene, outcome: Any, before: Any) -> tuple[Reason, str]:
    assert isinstance(outcome, Refused)
    assert before == everything(scene.repositories)
    return outcome.reason, outcome.rule


# --- entering


def test_s3_an_active_user_enters_their_own_entity_and_is_seen_there() -> None:
    scene = Scene()
    proof = scene.proof("anna")
    outcome = scene.access.enter(proof, "lyon", address=HOME)
    assert isinstance(outcome, Entered)
    assert (scene.structure(LYON), scene.user("anna"), ()) == (outcome.entity, outcome.user, outcome.messages)
    assert ("id-anna", proof.factors, outcome.user.saved_at) == (
        outcome.proof.user_id,
        outcome.proof.factors,
        outcome.proof.issued_at,
    )
    assert scene.clock.now() == outcome.user.last_access_at
    assert (EventKind.ENTERED, "id-anna", None, "id-anna", None, ()) == scene.told()
    assert (LYON, HOME) == (scene.event().structure, scene.event().address)


@pytest.mark.parametrize("entity", ["paris", "group"])
def test_s3_an_active_user_enters_no_other_entity_nor_the_platform(entity: str) -> None:
    scene = Scene()
    before = everything(scene.repositories)
    expected = Reason.OTHER_STRUCTURE if entity == "paris" else Reason.NO_STRUCTURE
    assert (expected, "S3") == refusal(scene, scene.access.enter(scene.proof("anna"), entity, address=HOME), before)


def test_s16_a_multi_entity_user_enters_where_they_are_authorised_and_nowhere_else() -> None:
    scene = Scene()
    outcome = run(door(scene).enter(scene.proof("multi"), "lyon", address=HOME))
    assert isinstance(outcome, Entered)
    before = everything(scene.repositories)
    refused = scene.access.enter(scene.proof("multi"), "paris", address=HOME)
    assert (Reason.NOT_AUTHORISED, "S16") == refusal(scene, refused, before)
    refused = scene.access.enter(scene.proof("nowhere"), "lyon", address=HOME)
    assert (Reason.NOT_AUTHORISED, "S16") == refusal(scene, refused, before)


def test_there_is_no_entering_an_entity_that_is_not_there() -> None:
    scene = Scene()
    before = everything(scene.repositories)
    for name in ("anna", "multi"):
        refused = scene.access.enter(scene.proof(name), "metz", address=HOME)
        assert (Reason.NO_STRUCTURE, "S3") == refusal(scene, refused, before)


@pytest.mark.parametrize("call", CALLS)
def test_d12_a_proof_that_does_not_stand_any_more_enters_nothing(call: str) -> None:
    scene = Scene()
    old = scene.proof("anna", age=timedelta(seconds=1))
    scene.change("anna", valid_from=A_MONDAY)
    before = everything(scene.repositories)
    for proof in (old, scene.proof("disabled"), scene.proof("nobody"), evolve(scene.proof("anna"), factors=())):
        outcome = CALLS[call](scene.access, proof)
        assert (Reason.OUTDATED_PROOF, "D12") == refusal(scene, outcome, before)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("proof", [None, ROOT, "id-anna"], ids=repr)
def test_whoever_brings_no_proof_is_misuse_even_the_system(proof: Any, call: str) -> None:
    with pytest.raises(InvalidValue, match="proof is"):
        CALLS[call](Scene().access, proof)


def test_s19_s20_d6_what_binds_is_the_strictest_of_the_levels_that_apply() -> None:
    scene = Scene()
    scene.policy = with_setting(policy(), "passwords.min_length", "10")
    scene.ask(GROUP, passwords__min_length=12)
    scene.ask(LYON, passwords__min_length=11, dormancy__months=6)
    scene.ask(PARIS, passwords__min_length=40)
    multi, anna = (scene.access.enter(scene.proof(name), "lyon", address=HOME).policy for name in ("multi", "anna"))
    assert (12, {Level.PLATFORM}) == (multi.policy.passwords.min_length, multi.levels("passwords.min_length"))
    assert (11, {Level.ENTITY}) == (anna.policy.passwords.min_length, anna.levels("passwords.min_length"))
    assert (6, {Level.ENTITY}) == (multi.policy.dormancy.months, multi.levels("dormancy.months"))


def test_s20_what_one_entity_asks_has_no_effect_on_anothers_users() -> None:
    scene = Scene()
    expected = scene.access.enter(scene.proof("anna"), "lyon", address=HOME).policy
    scene.ask(PARIS, passwords__min_length=40, dormancy__months=1)
    assert expected == scene.access.enter(scene.proof("anna"), "lyon", address=HOME).policy


def test_d15_a_session_that_is_used_is_an_access() -> None:
    scene = Scene()
    scene.ask(LYON, dormancy__months=2)
    proof = scene.proof("anna")
    for _ in range(6):
        scene.clock.move(timedelta(days=28))
        done = scene.access.accessed(proof)
        assert isinstance(done, Done)
        assert scene.clock.now() == done.record.last_access_at
    assert {(EventKind.ACCESSED, "id-anna", "id-anna")} == {
        (each.kind, each.actor, each.subject) for each in scene.events()
    }
    assert isinstance(scene.access.sign_in("anna", RIGHT, address=HOME), SignedIn)


# --- authorising and withdrawing


def test_a11_a_multi_entity_user_is_authorised_entity_by_entity() -> None:
    scene = Scene()
    done = scene.access.authorise(scene.proof("chief"), "id-nowhere", "paris")
    assert frozenset({"paris"}) == done.record.memberships == scene.user("nowhere").memberships
    difference = ("memberships", "", "paris")
    assert (EventKind.RIGHTS_CHANGED, "id-chief", None, "id-nowhere", "A11", (difference,)) == scene.told()
    assert () == done.messages
    assert isinstance(scene.access.enter(scene.proof("nowhere"), "paris", address=HOME), Entered)


def test_a12_whoever_is_withdrawn_enters_no_more_with_a_live_session_and_associations_stay() -> None:
    scene = Scene()
    assert isinstance(scene.access.associate(ROOT, "lyon", "c1", "id-multi"), Done)
    proof = scene.proof("multi")
    assert isinstance(scene.access.enter(proof, "lyon", address=HOME), Entered)
    done = scene.access.withdraw(scene.proof("chief"), "id-multi", "lyon")
    assert frozenset() == done.record.memberships
    event = scene.events()[-1]
    assert (EventKind.RIGHTS_CHANGED, "id-chief", "A12") == (event.kind, event.actor, event.rule)
    assert Reason.NOT_AUTHORISED is scene.access.enter(proof, "lyon", address=HOME).reason
    assert frozenset({"id-multi"}) == scene.repositories.customers.get("lyon", "c1").colleagues


def test_s3_s16_only_a_multi_entity_user_is_authorised_anywhere() -> None:
    scene = Scene()
    before = everything(scene.repositories)
    for name in ("anna", "contact"):
        outcome = scene.access.authorise(ROOT, f"id-{name}", "paris")
        assert (Reason.WRONG_CATEGORY, "S16") == refusal(scene, outcome, before)


def test_a11_nobody_is_authorised_in_an_entity_that_is_not_there() -> None:
    scene = Scene()
    before = everything(scene.repositories)
    for entity in ("metz", "group"):
        outcome = scene.access.authorise(ROOT, "id-multi", entity)
        assert (Reason.NO_STRUCTURE, "A11") == refusal(scene, outcome, before)


def test_a13_an_administrator_withdraws_nobody_from_where_they_are_not_themselves() -> None:
    scene = Scene()
    scene.change("chief", memberships=frozenset({"lyon"}))
    scene.change("multi", memberships=frozenset({"lyon", "paris"}))
    before = everything(scene.repositories)
    outcome = scene.access.withdraw(scene.proof("chief"), "id-multi", "paris")
    assert (Reason.MORE_RIGHTS, "A13") == refusal(scene, outcome, before)
