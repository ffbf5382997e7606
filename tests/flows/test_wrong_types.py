"""Whatever a host hands over by mistake: a clear error or a refusal, never a grant, never another exception."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from mydso_access import (
    AccessControl,
    AccessError,
    Busy,
    Factor,
    InvalidValue,
    PasswordRejected,
    Proof,
    Reason,
    Refused,
    Secret,
    StructurePolicy,
)
from mydso_access.testing.clock import A_MONDAY
from tests.flows.scene import LYON, NEW, ROOT, Scene, everything
from tests.flows.sending import EXTERNAL, PAGE
from tests.flows.steps import by_sso, reason
from tests.support import HOME, RIGHT

CANARY = "CANARY-7788-Zq"
TOKEN = "x.y"
NAIVE = datetime(2026, 3, 2, 9)  # noqa: DTZ001  # that is the point


class Text(str):
    """Somebody else's text."""

    __slots__ = ()


WRONG = {
    "none": None,
    "bytes": CANARY.encode(),
    "other text": Text(CANARY),
    "long": CANARY * 100_000,
    "nul": f"\0{CANARY}",
    "surrogate": f"\ud800{CANARY}",
    "empty": "",
    "secret none": Secret(None),
    "secret bytes": Secret(CANARY.encode()),
    "secret other text": Secret(Text(CANARY)),
    "number": 5,
    "truth": True,
    "list": [],
    "object": object(),
}
Call = Callable[[AccessControl, Proof, Any], Any]
CALLS: dict[str, Call] = {
    "sign_in name": lambda access, _, wrong: access.sign_in(wrong, RIGHT, address=HOME),
    "sign_in password": lambda access, _, wrong: access.sign_in("guest", wrong, address=HOME),
    "sign_in address": lambda access, _, wrong: access.sign_in("guest", RIGHT, address=wrong),
    "sign_in_with_sso": lambda access, _, wrong: access.sign_in_with_sso(wrong, address=HOME),
    "enter_address_code token": lambda access, _, wrong: access.enter_address_code(wrong, "123456", address=HOME),
    "enter_address_code code": lambda access, _, wrong: access.enter_address_code(TOKEN, wrong, address=HOME),
    "enter_address_code session": lambda access, _, wrong: access.enter_address_code(
        TOKEN, "123456", address=HOME, session=wrong
    ),
    "send_address_code": lambda access, _, wrong: access.send_address_code(wrong, address=HOME),
    "enter_second_factor token": lambda access, _, wrong: access.enter_second_factor(wrong, "123456", address=HOME),
    "enter_second_factor code": lambda access, _, wrong: access.enter_second_factor(TOKEN, wrong, address=HOME),
    "confirm_second_factor token": lambda access, _, wrong: access.confirm_second_factor(wrong, "123456", address=HOME),
    "confirm_second_factor code": lambda access, _, wrong: access.confirm_second_factor(TOKEN, wrong, address=HOME),
    "set_new_password token": lambda access, _, wrong: access.set_new_password(wrong, NEW, address=HOME),
    "set_new_password password": lambda access, _, wrong: access.set_new_password(TOKEN, wrong, address=HOME),
    "enter entity": lambda access, proof, wrong: access.enter(proof, wrong, address=HOME),
    "step_up password": lambda access, proof, wrong: access.step_up(proof, wrong, address=HOME),
    "change_password old": lambda access, proof, wrong: access.change_password(proof, wrong, NEW, address=HOME),
    "change_password new": lambda access, proof, wrong: access.change_password(proof, "wrong", wrong, address=HOME),
    "reset_second_factor": lambda access, _, wrong: access.reset_second_factor(ROOT, wrong),
    "revoke_address": lambda access, _, wrong: access.revoke_address(ROOT, "id-anna", wrong),
    "revoke_address user": lambda access, _, wrong: access.revoke_address(ROOT, wrong, HOME),
    "revoke_shared_address": lambda access, _, wrong: access.revoke_shared_address(ROOT, wrong, HOME),
    "mark_compromised": lambda access, _, wrong: access.mark_compromised(ROOT, wrong),
    "look_at_link token": lambda access, _, wrong: access.look_at_link(wrong, EXTERNAL),
    "open_link token": lambda access, _, wrong: access.open_link(wrong, EXTERNAL),
    "open_link purpose": lambda access, _, wrong: access.open_link(TOKEN, wrong),
    "issue_link": lambda access, _, wrong: access.issue_link(ROOT, wrong, granter="id-anna"),
    "issue_link granter": lambda access, _, wrong: access.issue_link(ROOT, PAGE, granter=wrong),
    "renew_link": lambda access, _, wrong: access.renew_link(ROOT, wrong),
    "revoke_link": lambda access, _, wrong: access.revoke_link(ROOT, wrong),
    "associate_with_all": lambda access, _, wrong: access.associate_with_all(ROOT, "lyon", ["c1"], wrong),
    "import_portfolio user": lambda access, _, wrong: access.import_portfolio(ROOT, "lyon", wrong, ["c1"]),
    "import_portfolio ids": lambda access, _, wrong: access.import_portfolio(ROOT, "lyon", "id-paul", [wrong]),
    "change_settings": lambda access, _, wrong: access.change_settings(ROOT, LYON, wrong),
    "change_settings structure": lambda access, _, wrong: access.change_settings(ROOT, wrong, StructurePolicy()),
}
SECRET = {"password", "code", "token", "old", "new", "session", "send_address_code"}


def outcome_of(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except AccessError as error:
        return error


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("wrong", WRONG)
def test_what_has_the_wrong_type_or_form_grants_nothing_and_raises_nothing_else(wrong: str, call: str) -> None:
    scene = Scene()
    proof = scene.proof("anna")
    before = everything(scene.repositories)[:3]
    outcome = outcome_of(lambda: CALLS[call](scene.access, proof, WRONG[wrong]))
    assert isinstance(outcome, Refused | PasswordRejected | Busy | AccessError)
    if call.rsplit(maxsplit=1)[-1] in SECRET:
        assert CANARY not in str(outcome) + repr(outcome)
    assert before == everything(scene.repositories)[:3]


# --- proofs


PARTS = {
    "no user": (None, ((Factor.PASSWORD, A_MONDAY),), A_MONDAY),
    "user of another type": (b"id-anna", ((Factor.PASSWORD, A_MONDAY),), A_MONDAY),
    "user of somebody else's text": (Text("id-anna"), ((Factor.PASSWORD, A_MONDAY),), A_MONDAY),
    "no factors": ("id-anna", None, A_MONDAY),
    "a list": ("id-anna", [(Factor.PASSWORD, A_MONDAY)], A_MONDAY),
    "a list in it": ("id-anna", ([Factor.PASSWORD, A_MONDAY],), A_MONDAY),
    "a factor's text": ("id-anna", (("password", A_MONDAY),), A_MONDAY),
    "a factor alone": ("id-anna", (Factor.PASSWORD,), A_MONDAY),
    "no instant": ("id-anna", ((Factor.PASSWORD,),), A_MONDAY),
    "an instant's text": ("id-anna", ((Factor.PASSWORD, "2026-03-02T09:00Z"),), A_MONDAY),
    "a naive instant": ("id-anna", ((Factor.PASSWORD, NAIVE),), A_MONDAY),
    "three of them": ("id-anna", ((Factor.PASSWORD, A_MONDAY, 1),), A_MONDAY),
}


@pytest.mark.parametrize("what", PARTS)
@pytest.mark.parametrize("issued", [True, False], ids=["issued at", "not said when"])
def test_a_proof_that_a_host_put_together_wrongly_from_its_session_is_misuse(what: str, issued: bool) -> None:
    parts: Any = PARTS[what] if issued else PARTS[what][:2]
    with pytest.raises(InvalidValue):
        Proof(*parts)


@pytest.mark.parametrize("issued_at", [NAIVE, "2026-03-02T09:00Z", None], ids=repr)
def test_a_proof_that_was_issued_at_no_instant_is_misuse(issued_at: Any) -> None:
    with pytest.raises(InvalidValue):
        Proof("id-anna", ((Factor.PASSWORD, A_MONDAY),), issued_at)


def test_a_proof_says_since_when_if_nobody_else_does() -> None:
    later = A_MONDAY + timedelta(minutes=1)
    assert A_MONDAY == Proof("id-anna", ((Factor.TOTP, later), (Factor.PASSWORD, A_MONDAY))).issued_at


class Alike:
    """Looks like a proof, and was made by somebody else."""

    user_id = "id-anna"
    factors = ((Factor.PASSWORD, A_MONDAY),)
    issued_at = A_MONDAY


OF_SESSIONS: dict[str, Callable[[AccessControl, Any], Any]] = {
    "enter": lambda access, proof: access.enter(proof, "lyon", address=HOME),
    "step_up": lambda access, proof: access.step_up(proof, RIGHT, address=HOME),
    "begin_enrolment": lambda access, proof: access.begin_enrolment(proof, address=HOME),
    "renew_recovery_codes": lambda access, proof: access.renew_recovery_codes(proof),
    "change_password": lambda access, proof: access.change_password(proof, RIGHT, NEW, address=HOME),
    "accessed": lambda access, proof: access.accessed(proof),
    "reset_second_factor": lambda access, proof: access.reset_second_factor(proof, "id-guest"),
    "change_settings": lambda access, proof: access.change_settings(proof, LYON, StructurePolicy()),
    "issue_link": lambda access, proof: access.issue_link(proof, PAGE),
    "associate_with_all": lambda access, proof: access.associate_with_all(proof, "lyon", ["c1"], "id-guest"),
}


@pytest.mark.parametrize("call", OF_SESSIONS)
@pytest.mark.parametrize("proof", [None, "id-anna", Alike(), Alike], ids=["none", "text", "alike", "class"])
def test_what_is_no_proof_is_misuse_wherever_one_is_asked_for(proof: Any, call: str) -> None:
    scene = Scene()
    before = everything(scene.repositories)
    with pytest.raises(InvalidValue, match=r"proof|actor"):
        OF_SESSIONS[call](scene.access, proof)
    assert before == everything(scene.repositories)


@pytest.mark.parametrize("call", OF_SESSIONS)
@pytest.mark.parametrize("factor", [None, Factor.TOTP, Factor.RECOVERY_CODE, Factor.ADDRESS_CODE, Factor.SSO_SECOND])
def test_d12_a_proof_without_a_first_factor_stands_for_nobody(factor: Factor | None, call: str) -> None:
    scene = Scene()
    now = scene.clock.now()
    proof = Proof("id-anna", () if factor is None else ((factor, now),), now)
    before = everything(scene.repositories)
    assert Reason.OUTDATED_PROOF is reason(OF_SESSIONS[call](scene.access, proof))
    assert (before, 0) == (everything(scene.repositories), scene.hasher.hashes)


@pytest.mark.parametrize("call", OF_SESSIONS)
def test_a24_a_password_proves_nothing_for_whoever_comes_by_sso(call: str) -> None:
    scene = Scene()
    by_sso(scene)
    outcome = OF_SESSIONS[call](scene.access, scene.proof("anna"))
    assert (Reason.OUTDATED_PROOF, "A24") == (reason(outcome), outcome.rule)
