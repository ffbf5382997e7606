"""Entering an entity asks what the session has not proven: a code for the address, a second factor, no new password."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from mydso_access import (
    AddressCodeRequired,
    EnrolmentRequired,
    Entered,
    EventKind,
    Factor,
    NewPasswordRequired,
    Proof,
    Reason,
    SecondFactorRequired,
    SignedIn,
    UnreadableRecord,
)
from mydso_access.policy import Level
from mydso_access.policy.second_factor import WithSso
from tests.flows.scene import GROUP, LYON, NEW, PARIS, ROOT, Scene, everything
from tests.flows.steps import (
    LISTED,
    PERIOD,
    answer,
    asserted,
    begin,
    by_sso,
    confirm,
    counted,
    enrol,
    listed,
    reason,
    texted,
)
from tests.support import HOME, RIGHT
from tests.test_store import replacing

HOUR = timedelta(hours=1)


def enter(scene: Scene, proof: Proof, entity: str = "lyon", address: str = HOME) -> Any:
    return scene.access.enter(proof, entity, address=address)


def multi(scene: Scene) -> Proof:
    outcome = begin(scene, "multi")
    assert isinstance(outcome, SignedIn)
    return outcome.proof


def test_s26_an_entity_that_requires_a_second_factor_asks_a_session_without_one_to_enrol() -> None:
    scene = Scene()
    scene.ask(LYON, second_factor__required=True)
    proof = multi(scene)
    asked = enter(scene, proof)
    assert isinstance(asked, EnrolmentRequired)
    outcome = confirm(scene, asked)
    assert isinstance(outcome, Entered)
    assert ("lyon", True) == (outcome.entity.id, outcome.policy.policy.second_factor.required)
    assert [Factor.PASSWORD, Factor.TOTP] == [factor for factor, _ in outcome.proof.factors]
    assert Reason.OUTDATED_PROOF is reason(enter(scene, proof))
    assert isinstance(enter(scene, outcome.proof), Entered)


def test_asvs_7_5_1_an_old_session_enrols_nothing_without_proving_itself_first() -> None:
    scene = Scene()
    scene.ask(LYON, second_factor__required=True)
    proof = multi(scene)
    scene.clock.move(HOUR)
    assert Reason.STEP_UP_NEEDED is reason(enter(scene, proof))
    assert None is scene.user("multi").second_factor


def test_s26_what_the_session_has_proven_is_not_asked_for_again() -> None:
    scene = Scene()
    enrol(scene, "multi")
    scene.ask(LYON, second_factor__required=True)
    proof = answer(scene, begin(scene, "multi")).proof
    scene.clock.move(HOUR)
    assert isinstance(enter(scene, proof), Entered)


def test_s26_a_factor_that_the_session_lacks_is_asked_for_and_completes_the_entering() -> None:
    scene = Scene()
    proof = multi(scene)
    enrol(scene, "multi")
    asked = enter(scene, proof)
    assert isinstance(asked, SecondFactorRequired)
    outcome = answer(scene, asked)
    assert isinstance(outcome, Entered)
    assert Factor.TOTP in dict(outcome.proof.factors)
    assert (EventKind.ENTERED, LYON) == (scene.events()[-1].kind, scene.events()[-1].structure)


def test_d3_entering_with_a_code_is_no_complete_sign_in_and_clears_nothing() -> None:
    scene = Scene()
    proof = multi(scene)
    scene.access.sign_in("multi", "wrong", address=HOME)
    enrol(scene, "multi")
    assert isinstance(answer(scene, enter(scene, proof)), Entered)
    assert (1, 1) == counted(scene, "multi")


def test_s21_the_list_of_the_entity_is_asked_and_its_own_administrator_decides() -> None:
    scene = Scene()
    listed(scene)
    proof = multi(scene)
    asked = enter(scene, proof)
    assert isinstance(asked, AddressCodeRequired)
    assert "+33611111111" == asked.messages[0].to
    outcome = scene.access.enter_address_code(asked.sign_in, texted(asked), address=HOME)
    assert isinstance(outcome, Entered)
    assert [(HOME, LYON)] == [(each.address, each.structure) for each in scene.structure(LYON).approved]
    assert () == scene.structure(GROUP).approved
    assert isinstance(enter(scene, outcome.proof), Entered)


def test_d14_two_lists_ask_for_two_codes_each_of_its_own_administrator() -> None:
    scene = Scene()
    proof = multi(scene)
    listed(scene)
    scene.change("chief", mobile="+33633333333")
    scene.ask(GROUP, addresses__networks=LISTED)
    first = enter(scene, proof)
    second = scene.access.enter_address_code(first.sign_in, texted(first), address=HOME)
    assert ["+33633333333", "+33611111111"] == [each.messages[0].to for each in (first, second)]
    assert () == scene.structure(GROUP).approved
    outcome = scene.access.enter_address_code(second.sign_in, texted(second), address=HOME)
    assert isinstance(outcome, Entered)
    assert (1, 1) == (len(scene.structure(GROUP).approved), len(scene.structure(LYON).approved))


def test_s23_a_password_that_is_too_old_for_the_entity_is_changed_first() -> None:
    scene = Scene()
    scene.ask(LYON, rotation__days=30)
    scene.clock.move(timedelta(days=31))
    proof = multi(scene)
    refused = enter(scene, proof)
    assert (Reason.PASSWORD_DUE, {Level.ENTITY}) == (reason(refused), refused.levels)
    assert "Please change your password first." == refused.public_message
    changed = scene.access.change_password(proof, RIGHT, NEW, address=HOME)
    assert isinstance(enter(scene, changed.proof), Entered)


def test_s23_a_password_that_is_too_old_is_told_before_any_step_is_asked_for_and_nothing_is_stored_or_sent() -> None:
    scene = Scene()
    scene.clock.move(timedelta(days=40))
    proof = multi(scene)
    listed(scene, second_factor__required=True, rotation__days=30)
    before = everything(scene.repositories)
    refused = enter(scene, proof)
    assert (Reason.PASSWORD_DUE, "S23", ()) == (reason(refused), refused.rule, refused.messages)
    assert (before, {}) == (everything(scene.repositories), scene.repositories.sign_ins._by_id)


def test_s23_a_password_that_became_too_old_between_two_steps_of_entering_ends_it_and_enrols_nothing() -> None:
    scene = Scene()
    scene.ask(LYON, second_factor__required=True, rotation__days=30)
    scene.clock.move(timedelta(days=30) - PERIOD)
    asked = enter(scene, multi(scene))
    assert isinstance(asked, EnrolmentRequired)
    scene.clock.move(PERIOD)
    assert Reason.PASSWORD_DUE is reason(confirm(scene, asked))
    assert (None, (0, 0)) == (scene.user("multi").second_factor, counted(scene, "multi"))


def test_s23_a_password_that_others_know_is_no_settings_doing() -> None:
    scene = Scene()
    scene.ask(LYON, rotation__days=30)
    proof = multi(scene)
    scene.change("multi", credential=evolve(scene.user("multi").credential, compromised=True))
    refused = enter(scene, proof)
    assert (Reason.PASSWORD_DUE, {Level.INSTALLATION}) == (reason(refused), refused.levels)


def test_s20_nothing_that_another_entity_asks_for_is_asked() -> None:
    scene = Scene()
    scene.ask(PARIS, second_factor__required=True, addresses__networks=LISTED, rotation__days=1)
    scene.clock.move(timedelta(days=2))
    assert isinstance(enter(scene, multi(scene)), Entered)
    assert isinstance(enter(scene, begin(scene).proof), Entered)


@pytest.mark.parametrize("change", ["withdrawn", "disabled", "gone"])
def test_what_changes_between_two_steps_ends_it(change: str) -> None:
    scene = Scene()
    proof = multi(scene)
    enrol(scene, "multi")
    asked = enter(scene, proof)
    if change == "withdrawn":
        scene.access.withdraw(ROOT, "id-multi", "lyon")
        expected = Reason.NOT_AUTHORISED
    elif change == "disabled":
        scene.access.disable_user(ROOT, "id-multi")
        expected = Reason.DISABLED
    else:
        scene.repositories.structures._entities.pop("lyon")
        expected = Reason.NO_STRUCTURE
    assert expected is reason(answer(scene, asked))


def test_d7_the_token_of_one_entity_enters_no_other() -> None:
    scene = Scene()
    scene.change("multi", memberships=frozenset({"lyon", "paris"}))
    proof = multi(scene)
    enrol(scene, "multi")
    first = enter(scene, proof, "lyon")
    second = enter(scene, proof, "paris")
    assert Reason.DEAD_SIGN_IN is reason(answer(scene, first))
    outcome = answer(scene, second)
    assert ("paris", Entered) == (outcome.entity.id, type(outcome))


@pytest.mark.parametrize("with_sso", WithSso)
def test_d9_a_session_that_came_by_sso_is_asked_as_the_policy_says(with_sso: WithSso) -> None:
    scene = Scene()
    by_sso(scene, "multi")
    factor = evolve(scene.policy.second_factor, with_sso=with_sso)
    scene.policy = evolve(scene.policy, second_factor=factor)
    scene.ask(LYON, second_factor__required=True)
    proof = scene.access.sign_in_with_sso(asserted(scene, subject="multi"), address=HOME).proof
    assert isinstance(enter(scene, proof), Entered if with_sso is WithSso.NEVER else EnrolmentRequired)


def test_a_sign_in_that_owes_a_new_password_enters_nothing() -> None:
    scene = Scene()
    scene.access.mark_compromised(ROOT, "id-anna")
    asked = begin(scene)
    assert isinstance(asked, NewPasswordRequired)
    scene.clock.move(PERIOD)
    assert Reason.OUTDATED_PROOF is reason(enter(scene, Proof("id-anna", ())))


def test_invariant_2_an_entity_whose_row_is_damaged_is_entered_by_nobody_and_the_trail_tells_it() -> None:
    scene = Scene()
    proof, get = multi(scene), scene.repositories.structures.get

    def reading(structure: Any) -> Any:
        if structure == LYON:
            raise UnreadableRecord("Entity.policy", "cut", "a policy")
        return get(structure)

    before, told = everything(scene.repositories)[:-1], scene.events()
    outcome = scene.through(replacing(scene, structures_get=reading)).enter(proof, "lyon", address=HOME)
    assert (Reason.UNREADABLE_RECORD, "id-multi") == (reason(outcome), outcome.user_id)
    assert before == everything(scene.repositories)[:-1]
    (event,) = scene.events()[len(told) :]
    assert (EventKind.REFUSED, Reason.UNREADABLE_RECORD, "id-multi") == (event.kind, event.reason, event.subject)
