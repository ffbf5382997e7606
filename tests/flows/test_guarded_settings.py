"""Settings that a stolen session must not change, and lists that must not shut out who sets them (S26; A15)."""

from datetime import timedelta
from typing import Any

import pytest

from mydso_access import Done, Factor, InvalidValue, Proof, Reason, SteppedUp, StructurePolicy
from mydso_access.model import ApprovedAddress
from mydso_access.policy import Networks
from mydso_access.policy.second_factor import WithSso
from mydso_access.testing.clock import A_MONDAY
from tests.flows.scene import GROUP, LYON, ROOT, Scene, everything
from tests.flows.steps import PERIOD, answer, asserted, begin, by_sso, enrol, reason
from tests.support import HOME, RIGHT

HOUR = timedelta(hours=1)
REQUIRED = StructurePolicy({"second_factor.required": True})
SHUTTING = StructurePolicy({"addresses.networks": Networks("10.0.0.0/8")})
LETTING = StructurePolicy({"addresses.networks": Networks("192.0.2.0/24")})
BOTH = StructurePolicy({"addresses.networks": Networks("192.0.2.0/24,10.0.0.0/8")})
NOTHING = StructurePolicy()


def change(scene: Scene, actor: Any, policy: StructurePolicy, structure: Any = LYON, **given: Any) -> Any:
    return scene.access.change_settings(actor, structure, policy, **given)


# --- the list


def test_a15_a_list_that_shuts_out_whoever_sets_it_is_refused() -> None:
    scene = Scene()
    before = everything(scene.repositories)
    outcome = change(scene, scene.proof("boss"), SHUTTING, address=HOME)
    assert (Reason.SHUT_OUT, "A15") == (reason(outcome), outcome.rule)
    assert "This list of addresses would shut you out." == outcome.public_message
    assert before == everything(scene.repositories)
    assert isinstance(change(scene, scene.proof("boss"), LETTING, address=HOME), Done)
    assert isinstance(change(scene, scene.proof("boss"), BOTH, address=HOME), Done)
    assert isinstance(change(scene, scene.proof("boss"), SHUTTING, address="10.1.1.1"), Done)


@pytest.mark.parametrize("after", ["their own address", "everywhere"])
def test_a15_whoever_is_shut_out_by_the_list_changes_nothing_of_it(after: str) -> None:
    scene = Scene()
    scene.ask(LYON, addresses__networks=Networks("10.0.0.0/8"), rotation__days=30)
    before = everything(scene.repositories)
    outcome = change(scene, scene.proof("boss"), LETTING if after == "their own address" else NOTHING, address=HOME)
    assert (Reason.SHUT_OUT, "A15") == (reason(outcome), outcome.rule)
    assert before == everything(scene.repositories)


def test_a15_an_empty_list_shuts_everybody_out() -> None:
    scene = Scene()
    empty = StructurePolicy({"addresses.networks": Networks("")})
    assert Reason.SHUT_OUT is reason(change(scene, scene.proof("boss"), empty, address=HOME))


@pytest.mark.parametrize("where", ["shared", "own"])
def test_a15_whoever_comes_from_an_approved_address_is_not_shut_out(where: str) -> None:
    scene = Scene()
    approved = (ApprovedAddress(HOME, LYON, A_MONDAY),)
    if where == "own":
        scene.change("boss", approved=approved)
    else:
        record = scene.structure(LYON)
        scene.repositories.structures._entities["lyon"] = type(record)(
            id="lyon",
            title=record.title,
            main_administrators=record.main_administrators,
            approved=approved,
            version=record.version,
            saved_at=record.saved_at,
        )
    assert isinstance(change(scene, scene.proof("boss"), SHUTTING, address=HOME), Done)


def test_a15_whoever_changes_the_list_says_where_they_come_from() -> None:
    scene = Scene()
    before = everything(scene.repositories)
    with pytest.raises(InvalidValue, match="address"):
        change(scene, scene.proof("boss"), LETTING)
    assert before == everything(scene.repositories)
    with pytest.raises(InvalidValue, match="address"):
        change(scene, scene.proof("boss"), LETTING, address="nowhere")
    assert isinstance(change(scene, ROOT, SHUTTING), Done)  # the system comes from nowhere


def test_a15_whoever_leaves_the_list_as_it_is_need_not_say_it() -> None:
    scene = Scene()
    scene.ask(LYON, addresses__networks=Networks("10.0.0.0/8"))
    assert isinstance(change(scene, scene.proof("boss"), SHUTTING.asking("dormancy.months", 6)), Done)


def test_a15_the_platforms_administrator_may_shut_themselves_out_of_no_entity_either() -> None:
    scene = Scene()
    assert Reason.SHUT_OUT is reason(change(scene, scene.proof("chief"), SHUTTING, address=HOME))
    assert Reason.SHUT_OUT is reason(change(scene, scene.proof("chief"), SHUTTING, GROUP, address=HOME))


# --- old sessions


CHANGES = {
    "second factor required": REQUIRED,
    "second factor under SSO": StructurePolicy({"second_factor.with_sso": WithSso.ALWAYS}),
    "dormancy": StructurePolicy({"dormancy.months": 6}),
    "rotation": StructurePolicy({"rotation.days": 90}),
    "list": LETTING,
}


@pytest.mark.parametrize("what", CHANGES)
def test_asvs_7_5_1_whoever_changes_settings_proves_themselves_once_more(what: str) -> None:
    policy, scene = CHANGES[what], Scene()
    old = scene.proof("boss", age=HOUR)
    before = everything(scene.repositories)
    assert Reason.STEP_UP_NEEDED is reason(change(scene, old, policy, address=HOME))
    assert before == everything(scene.repositories)
    fresh = scene.access.step_up(old, RIGHT, address=HOME)
    assert isinstance(fresh, SteppedUp)
    assert isinstance(change(scene, fresh.proof, policy, address=HOME), Done)


def test_taking_a_setting_back_needs_it_too_and_to_ask_for_what_is_asked_already_needs_nothing() -> None:
    scene = Scene()
    scene.ask(LYON, second_factor__required=True)
    old = scene.proof("boss", age=HOUR)
    assert Reason.STEP_UP_NEEDED is reason(change(scene, old, NOTHING))
    done = change(scene, old, REQUIRED)
    assert (isinstance(done, Done), None) == (True, done.event)


def test_d10_a_proof_from_the_future_is_not_fresh() -> None:
    scene = Scene()
    now = scene.clock.now()
    proof = Proof("id-boss", ((Factor.PASSWORD, now + timedelta(days=365)),), now)
    scene.clock.move(timedelta(days=30))
    assert Reason.STEP_UP_NEEDED is reason(change(scene, proof, REQUIRED))


# --- the second factor


def test_s26_whoever_has_a_second_factor_proves_that_too() -> None:
    scene = Scene()
    enrol(scene, "boss")
    assert Reason.STEP_UP_NEEDED is reason(change(scene, scene.proof("boss"), REQUIRED))
    proof = answer(scene, begin(scene, "boss")).proof
    scene.clock.move(PERIOD)
    assert isinstance(change(scene, proof, REQUIRED), Done)


def old_session_by_sso(**asks: Any) -> tuple[Scene, Proof]:
    scene = Scene()
    by_sso(scene, "boss")
    proof = scene.access.sign_in_with_sso(asserted(scene, subject="boss"), address=HOME).proof
    assert [Factor.SSO] == [factor for factor, _ in proof.factors]
    if asks:
        scene.ask(LYON, **asks)
    scene.clock.move(HOUR)
    return scene, proof


def test_s26_whoever_came_by_sso_is_asked_for_nothing_more_to_require_a_second_factor() -> None:
    scene, proof = old_session_by_sso(rotation__days=30)
    assert isinstance(change(scene, proof, REQUIRED.asking("rotation.days", 30)), Done)


@pytest.mark.parametrize(
    ("asks", "after"),
    [
        ({"second_factor__required": True}, NOTHING),
        ({"second_factor__required": True}, StructurePolicy({"second_factor.required": False})),
        ({}, REQUIRED.asking("dormancy.months", 6)),
        ({}, REQUIRED.asking("second_factor.with_sso", WithSso.NEVER)),
        ({"rotation__days": 30}, REQUIRED),
        ({}, StructurePolicy({"dormancy.months": 6})),
    ],
    ids=["off", "said to be off", "and dormancy", "and never under SSO", "and no rotation", "something else"],
)
def test_s26_an_old_session_by_sso_is_enough_to_require_one_and_for_nothing_else(
    asks: dict[str, Any], after: StructurePolicy
) -> None:
    scene, proof = old_session_by_sso(**asks)
    before = everything(scene.repositories)
    assert Reason.STEP_UP_NEEDED is reason(change(scene, proof, after))
    assert before == everything(scene.repositories)


def test_s26_activating_it_binds_all_its_users_and_the_first_sign_in_after_it_enrols() -> None:
    scene = Scene()
    assert isinstance(change(scene, scene.proof("boss"), REQUIRED), Done)
    assert {"EnrolmentRequired"} == {
        type(begin(scene, name, address=f"192.0.2.{number}")).__name__
        for number, name in enumerate(("boss", "deputy", "manager", "anna", "guest"), start=10)
    }
    assert "SignedIn" == type(begin(scene, "paul")).__name__


@pytest.mark.parametrize("actor", ["boss", None])
def test_s26_without_a_box_it_cannot_be_required_and_that_is_told_before_anything_is_asked(actor: str | None) -> None:
    scene = Scene()
    scene.secret_box = None
    before = everything(scene.repositories)
    with pytest.raises(InvalidValue, match="AesGcmBox"):
        change(scene, ROOT if actor is None else scene.proof(actor), REQUIRED)
    assert before == everything(scene.repositories)
    assert isinstance(change(scene, ROOT, StructurePolicy({"second_factor.required": False})), Done)


def test_a_refusal_of_somebody_who_may_not_comes_first() -> None:
    scene = Scene()
    for policy in (REQUIRED, SHUTTING):
        outcome = change(scene, Proof("id-anna", scene.proof("anna", age=HOUR).factors), policy)
        assert Reason.NOT_ALLOWED is reason(outcome)
