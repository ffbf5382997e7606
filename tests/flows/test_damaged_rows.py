"""A session whose user's row is damaged proves nothing, and an administrator's keeps nobody else out: never an exception."""

import logging
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from mydso_access import AccessControl, AddressCodeRequired, Proof, Reason, Refused, UnreadableRecord
from mydso_access.model import Appointment
from tests.flows.scene import LYON, NEW, Scene, everything
from tests.flows.steps import begin, listed, reason
from tests.flows.test_actors import EVERY
from tests.support import HOME, RIGHT
from tests.test_store import replacing

Call = Callable[[AccessControl, Proof], Any]
DAMAGE = "stored User.credential.hash is cut: expected a hash"


def damaged(scene: Scene, *names: str) -> AccessControl:
    """Return a door to a store in which these users' rows cannot be read."""
    get = scene.repositories.users.get

    def reading(user_id: str) -> Any:
        if user_id in {f"id-{name}" for name in names}:
            raise UnreadableRecord("User.credential.hash", "cut", "a hash")
        return get(user_id)

    return scene.through(replacing(scene, users_get=reading))


OF_SESSIONS: dict[str, Call] = {
    "step_up": lambda access, proof: access.step_up(proof, RIGHT, address=HOME),
    "enter": lambda access, proof: access.enter(proof, "lyon", address=HOME),
    "change_password": lambda access, proof: access.change_password(proof, RIGHT, NEW, address=HOME),
    "begin_enrolment": lambda access, proof: access.begin_enrolment(proof, address=HOME),
    "renew_recovery_codes": lambda access, proof: access.renew_recovery_codes(proof),
}


@pytest.mark.parametrize("call", OF_SESSIONS)
def test_invariant_2_a_session_whose_users_row_is_damaged_is_over_and_the_log_says_why(
    call: str, caplog: pytest.LogCaptureFixture
) -> None:
    scene = Scene()
    proof = begin(scene).proof
    before = everything(scene.repositories)
    with caplog.at_level(logging.ERROR, logger="mydso_access"):
        outcome = OF_SESSIONS[call](damaged(scene, "anna"), proof)
    assert (Reason.OUTDATED_PROOF, "D12") == (reason(outcome), outcome.rule)
    assert [f"a stored record cannot be read: {DAMAGE}"] == caplog.messages
    assert (before[:3], 0) == (everything(scene.repositories)[:3], scene.hasher.dummies)
    assert [(Reason.UNREADABLE_RECORD, "id-anna")] == [(each.reason, each.subject) for each in scene.events()[-1:]]


@pytest.mark.parametrize("call", ["step_up", "enter", "change_password"])
def test_invariant_2_a_row_that_is_damaged_while_it_is_worked_on_is_a_refusal_at_whatever_reading(call: str) -> None:
    for readable in range(1, 9):
        scene = Scene()
        proof = begin(scene).proof
        before, readings = everything(scene.repositories)[:3], count(1)
        get = scene.repositories.users.get

        def reading(user_id: str) -> Any:
            if next(readings) > readable:  # noqa: B023
                raise UnreadableRecord("User.credential.hash", "cut", "a hash")
            return get(user_id)  # noqa: B023

        outcome = OF_SESSIONS[call](scene.through(replacing(scene, users_get=reading)), proof)
        if not isinstance(outcome, Refused):
            assert next(readings) <= readable + 1
            return
        assert before == everything(scene.repositories)[:3]
    pytest.fail("it never ended")


@pytest.mark.parametrize("call", EVERY)
def test_invariant_2_an_actor_whose_row_is_damaged_changes_and_reads_nothing(call: str) -> None:
    scene = Scene()
    before = everything(scene.repositories)
    outcome = EVERY[call](damaged(scene, "chief"), scene.proof("chief"))
    assert Reason.OUTDATED_PROOF is reason(outcome)
    assert before[:3] == everything(scene.repositories)[:3]
    assert {(Reason.UNREADABLE_RECORD, "id-chief")} == {(each.reason, each.subject) for each in scene.events()}


# --- whose code is sent


def two_administrators() -> Scene:
    scene = Scene()
    scene.change("deputy", appointments=frozenset({"of-deputy"}), mobile="+33622222222")
    record = scene.structure(LYON)
    second = Appointment("id-deputy", "of-deputy")
    listed(scene)
    stored = scene.structure(LYON)
    scene.repositories.structures._entities["lyon"] = type(stored)(
        id="lyon",
        title=stored.title,
        policy=stored.policy,
        main_administrators=(*record.main_administrators, second),
        version=stored.version,
        saved_at=stored.saved_at,
    )
    return scene


def test_d14_a_damaged_administrators_row_is_passed_over_and_the_next_one_gets_the_code(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scene = two_administrators()
    assert "+33611111111" == begin(scene, address="192.0.2.60").messages[0].to
    asked = damaged(scene, "boss").sign_in("anna", RIGHT, address=HOME)
    assert isinstance(asked, AddressCodeRequired)
    assert "+33622222222" == asked.messages[0].to
    assert DAMAGE in caplog.text


def test_a16_where_every_administrators_row_is_damaged_nobody_is_there_to_ask_and_it_costs_nothing() -> None:
    scene = two_administrators()
    outcome = damaged(scene, "boss", "deputy").sign_in("anna", RIGHT, address=HOME)
    assert (Reason.NO_RECIPIENT, "A16") == (reason(outcome), outcome.rule)
    assert ((), ()) == (scene.account("anna").failures, scene.address().failures)
