"""An entity's second factor binds whoever administers it from the platform, whether they entered it or not (S20, S26)."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from mydso_access import Factor, NewUser, Page, Proof, Reason, Refused, StructurePolicy, UnreadableRecord
from tests.flows.scene import GROUP, LYON, PARIS, ROOT, Scene, everything
from tests.support import HOME, door, run
from tests.test_store import replacing

NEW = NewUser(email="new@example.com", role="guest", name="new.guest")
SIX = StructurePolicy({"dormancy.months": 6})
CALLS: dict[str, Callable[[Any, Proof], Any]] = {
    "list users": lambda access, proof: access.list_users(proof, LYON),
    "look at a user": lambda access, proof: access.look_at_user(proof, LYON, "id-anna"),
    "list who is due": lambda access, proof: access.list_due(proof, LYON, 30),
    "list customers": lambda access, proof: access.list_customers(proof, "lyon"),
    "list links": lambda access, proof: access.list_links(proof, "lyon"),
    "list one's own links": lambda access, proof: access.list_links(proof, "lyon", granter=proof.user_id),
    "read a trail": lambda access, proof: access.read_trail(proof, "id-anna"),
    "look at settings": lambda access, proof: access.look_at_settings(proof, LYON),
    "change settings": lambda access, proof: access.change_settings(proof, LYON, SIX),
    "add a user": lambda access, proof: access.add_user(proof, LYON, NEW),
    "change a role": lambda access, proof: access.change_role(proof, "id-anna", "guest"),
    "disable a user": lambda access, proof: access.disable_user(proof, "id-anna"),
    "unblock an account": lambda access, proof: access.unblock_account(proof, "id-anna"),
    "appoint": lambda access, proof: access.appoint(proof, LYON, "id-deputy"),
    "dismiss": lambda access, proof: access.dismiss(proof, LYON, "id-boss"),
    "assign a collector": lambda access, proof: access.assign_collector(proof, "lyon", "c1", "id-anna"),
    "associate": lambda access, proof: access.associate(proof, "lyon", "c1", "id-anna"),
    "assign a collector to all": lambda access, proof: access.assign_collector_to_all(proof, "lyon", ["c1"], "id-anna"),
}


def asking() -> Scene:
    scene = Scene()
    scene.ask(LYON, second_factor__required=True)
    return scene


def with_app(scene: Scene, proof: Proof) -> Proof:
    """Return the proof of somebody who has proven a second factor, too."""
    return evolve(proof, factors=(*proof.factors, (Factor.TOTP, scene.clock.now())))


OF_MULTI: dict[str, Callable[[Any, Proof], Any]] = {
    "authorise": lambda access, proof: access.authorise(proof, "id-nowhere", "lyon"),
    "withdraw": lambda access, proof: access.withdraw(proof, "id-multi", "lyon"),
    "reset a second factor": lambda access, proof: access.reset_second_factor(proof, "id-multi"),
    "change a role": lambda access, proof: access.change_role(proof, "id-multi", "guest"),
}
CALLS |= OF_MULTI  # of the platform's own users, for what they are in the entity


@pytest.mark.parametrize("call", OF_MULTI)
def test_s26_of_a_multi_entity_user_who_is_not_in_that_entity_nothing_is_owed(call: str) -> None:
    scene = Scene()
    scene.ask(PARIS, second_factor__required=True)
    answer = OF_MULTI[call](scene.access, scene.proof("chief"))
    assert Reason.SECOND_FACTOR_OWED is not getattr(answer, "reason", None)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("through", [lambda scene: scene.access, door], ids=["sync", "async"])
def test_s20_s26_a_password_alone_administers_no_entity_that_asks_for_more(
    call: str, through: Callable[[Scene], Any]
) -> None:
    scene = asking()
    before, asked = everything(scene.repositories), CALLS[call](through(scene), scene.proof("chief"))
    refused = run(asked) if hasattr(asked, "__await__") else asked
    assert isinstance(refused, Refused)
    assert (Reason.SECOND_FACTOR_OWED, "S26", "id-chief") == (refused.reason, refused.rule, refused.user_id)
    assert before == everything(scene.repositories)


@pytest.mark.parametrize("call", CALLS)
def test_s26_with_a_second_factor_or_where_none_is_asked_for_nothing_is_owed(call: str) -> None:
    for scene, proven in ((asking(), True), (Scene(), False)):
        proof = scene.proof("chief")
        answer = CALLS[call](scene.access, with_app(scene, proof) if proven else proof)
        assert Reason.SECOND_FACTOR_OWED is not getattr(answer, "reason", None)


def test_s20_what_one_entity_asks_binds_nobody_in_another_or_on_the_platform() -> None:
    scene = asking()
    chief = scene.proof("chief")
    assert all(isinstance(scene.access.list_users(chief, place), Page) for place in (PARIS, GROUP))
    assert isinstance(scene.access.list_users(scene.proof("boss"), LYON), Page)  # whose own sign-in asks


def test_s26_a_trail_from_the_platform_leaves_out_what_happened_in_such_an_entity() -> None:
    scene = asking()
    scene.access.enter(with_app(scene, scene.proof("multi")), "lyon", address=HOME)
    scene.access.disable_user(ROOT, "id-multi")
    chief = scene.proof("chief")
    shown = [scene.access.read_trail(proof, "id-multi").rows for proof in (chief, with_app(scene, chief))]
    assert [event for event in shown[1] if event.structure != LYON] == list(shown[0])


def test_an_entity_whose_record_is_damaged_is_administered_by_nobody_without_a_second_factor() -> None:
    scene = Scene()
    structures, chief = scene.repositories.structures, scene.proof("chief")

    def get(structure: Any) -> Any:
        if structure == LYON:
            raise UnreadableRecord("a row", "nothing", "a column")
        return structures.get(structure)

    damaged = scene.through(replacing(scene, structures_get=get))
    assert Reason.SECOND_FACTOR_OWED is damaged.add_user(chief, LYON, NEW).reason
    assert isinstance(damaged.list_users(chief, PARIS), Page)
