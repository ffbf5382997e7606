"""Every flow of steps as one call, with all that goes before it done."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from attrs import frozen

from mydso_access import (
    AccessControl,
    AddressCodeRequired,
    Assigned,
    Done,
    Enrolled,
    EnrolmentRequired,
    Entered,
    ImportMode,
    LinkIssued,
    LinkOpened,
    LinkPurpose,
    LinkShown,
    LinksIssued,
    LinkTarget,
    NewPasswordRequired,
    Page,
    Permissions,
    Permitted,
    Proof,
    RecoveryCodes,
    Right,
    SecondFactorRequired,
    SignedIn,
    SteppedUp,
)
from mydso_access.model import Factor
from tests.steps import AWAY, GRANTS, HOST, RECOVERY, REMEMBERED, Act, Stage
from tests.support import RIGHT


@frozen
class Flow:
    """One call of a flow, with everything that goes before it done.

    Attributes:
        who: whose.
        prepare: returns the call.
        finish: begins anew, and answers whatever is asked until the end.
        leads_to: what it answers if nothing fails.
        proves: the factors that the answer's proof must hold, if it has one.
        once: whether what is given counts once.
    """

    who: str
    prepare: Callable[[Stage], Act]
    finish: Callable[[Stage], Any]
    leads_to: type
    proves: frozenset[Factor] = frozenset()
    once: bool = False


def _signs_in(who: str) -> Callable[[Stage], Any]:
    return lambda stage: stage.gets_in(who)


def _acts(who: str, act: Callable[[AccessControl, Proof], Any]) -> Callable[[Stage], Any]:
    def finish(stage: Stage) -> Any:
        outcome = _begun(stage, who, act)
        while not isinstance(outcome, GRANTS):
            outcome = stage.answered(who, outcome)(stage.access)
        return outcome

    return finish


def _begun(stage: Stage, who: str, act: Callable[[AccessControl, Proof], Any]) -> Any:
    proof = stage.proof(who)
    stage.clock.move(timedelta(seconds=31))  # so that the next code is another one
    return act(stage.access, proof)


def _first(who: str, leads_to: type, *proves: Factor) -> Flow:
    def prepare(stage: Stage) -> Act:
        if stage.user(who).sso is None:
            return lambda access: access.sign_in(who, RIGHT, address=AWAY)
        assertion = stage.assertion(who)
        return lambda access: access.sign_in_with_sso(assertion, address=AWAY)

    return Flow(who, prepare, _signs_in(who), leads_to, frozenset(proves), once=who.endswith("sso"))


def _step(who: str, step: type, leads_to: type, *proves: Factor) -> Flow:
    def prepare(stage: Stage) -> Act:
        return stage.answered(who, stage.comes_to(who, step))

    return Flow(who, prepare, _signs_in(who), leads_to, frozenset(proves), once=True)


def _recovery(who: str, leads_to: type, *proves: Factor) -> Flow:
    def prepare(stage: Stage) -> Act:
        token = stage.comes_to(who, SecondFactorRequired).sign_in
        code = RECOVERY[stage.user(who).second_factor.recovery[0].place - 1]  # type: ignore[union-attr]
        return lambda access: access.enter_second_factor(token.reveal(), code.reveal(), address=AWAY)

    return Flow(who, prepare, _signs_in(who), leads_to, frozenset(proves), once=True)


def _again(stage: Stage) -> Act:
    asked = stage.begin("travelling")
    return lambda access: access.send_address_code(asked.sign_in.reveal(), address=AWAY)


def _proven(who: str, act: Callable[[AccessControl, Proof], Any], leads_to: type, *proves: Factor) -> Flow:
    def prepare(stage: Stage) -> Act:
        proof = stage.proof(who)
        stage.clock.move(timedelta(seconds=31))  # so that the next code is another one
        return lambda access: act(access, proof)

    return Flow(who, prepare, _acts(who, act), leads_to, frozenset(proves))


def _proven_step(
    who: str, act: Callable[[AccessControl, Proof], Any], step: type, leads_to: type, *proves: Factor
) -> Flow:
    def prepare(stage: Stage) -> Act:
        outcome = _begun(stage, who, act)
        while not isinstance(outcome, step):
            outcome = stage.answered(who, outcome)(stage.access)
        return stage.answered(who, outcome)

    return Flow(who, prepare, _acts(who, act), leads_to, frozenset(proves), once=True)


def _step_up(access: AccessControl, proof: Proof) -> Any:
    return access.step_up(proof, RIGHT, address=AWAY)


def _enter(entity: str) -> Callable[[AccessControl, Proof], Any]:
    return lambda access, proof: access.enter(proof, entity, address=AWAY)


def _enrol(access: AccessControl, proof: Proof) -> Any:
    return access.begin_enrolment(proof, address=AWAY)


def _by_host(who: str, act: Act) -> Flow:
    return Flow(who, lambda _: act, lambda stage: act(stage.access), Done)


PAGE = LinkTarget(
    purpose=LinkPurpose.EXTERNAL_EMAIL, entity="e1", customer="c1", resource="page", recipient="buyer@customer.example"
)
IDS = ("c1", "c2", "c3")


def _sent(stage: Stage, **options: Any) -> LinkIssued:
    issued = stage.access.issue_link(HOST, PAGE, granter="id-plain", **options)
    assert isinstance(issued, LinkIssued)
    return issued


def _link(act: Callable[[AccessControl, LinkIssued], Any], leads_to: type, *, once: bool = False) -> Flow:
    def prepare(stage: Stage) -> Act:
        issued = _sent(stage, single_use=once)
        return lambda access: act(access, issued)

    return Flow("plain", prepare, lambda stage: act(stage.access, _sent(stage)), leads_to, once=once)


def _asked(act: Act, leads_to: type) -> Flow:
    return Flow("plain", lambda _: act, lambda stage: act(stage.access), leads_to)


def _issued_by(proven: Callable[[AccessControl, Proof], Any], leads_to: type) -> Flow:
    def prepare(stage: Stage) -> Act:
        proof = stage.proof("plain")
        return lambda access: proven(access, proof)

    return Flow("plain", prepare, lambda stage: proven(stage.access, stage.proof("plain")), leads_to)


OF_LINKS = {
    "permissions": _issued_by(lambda access, proof: access.permissions(proof, "e1"), Permissions),
    "may": _issued_by(lambda access, proof: access.may(proof, "e1", Right.OPEN_CARD, "c1"), Permitted),
    "issue a link": _issued_by(lambda access, proof: access.issue_link(proof, PAGE), LinkIssued),
    "issue links": _asked(
        lambda access: access.issue_links(HOST, [PAGE, PAGE], granter="id-plain", single_use=True), LinksIssued
    ),
    "look at a link": _link(
        lambda access, issued: access.look_at_link(issued.token, LinkPurpose.EXTERNAL_EMAIL), LinkShown
    ),
    "open a link": _link(
        lambda access, issued: access.open_link(issued.token.reveal(), LinkPurpose.EXTERNAL_EMAIL), LinkOpened
    ),
    "open a link once": _link(
        lambda access, issued: access.open_link(issued.token, LinkPurpose.EXTERNAL_EMAIL), LinkOpened, once=True
    ),
    "renew a link": _link(lambda access, issued: access.renew_link(HOST, issued.link.id), LinkIssued),
    "revoke a link": _link(lambda access, issued: access.revoke_link(HOST, issued.link.id), Done),
    "list links": _link(lambda access, _: access.list_links(HOST, "e1"), Page),
    "assign to all": _asked(lambda access: access.assign_collector_to_all(HOST, "e1", IDS, "id-plain"), Assigned),
    "associate with all": _asked(lambda access: access.associate_with_all(HOST, "e1", IDS, "id-plain"), Assigned),
    "import": _asked(
        lambda access: access.import_portfolio(HOST, "e1", "id-plain", IDS, mode=ImportMode.REPLACE), Assigned
    ),
}
PASSWORD, TOTP, ON_PAPER, CODE = Factor.PASSWORD, Factor.TOTP, Factor.RECOVERY_CODE, Factor.ADDRESS_CODE
SSO = Factor.SSO
FLOWS = {
    "password": _first("plain", SignedIn, PASSWORD),
    "password, address code owed": _first("travelling", AddressCodeRequired),
    "password, second factor owed": _first("enrolled", SecondFactorRequired),
    "password, enrolment owed": _first("enrolling", EnrolmentRequired),
    "password, new password owed": _first("due", NewPasswordRequired),
    "SSO": _first("by-sso", SignedIn, SSO),
    "SSO, address code owed": _first("all-by-sso", AddressCodeRequired),
    "address code": _step("travelling", AddressCodeRequired, SignedIn, PASSWORD, CODE),
    "address code of an administrator": _step("visiting", AddressCodeRequired, SignedIn, PASSWORD, CODE),
    "address code, second factor owed": _step("everything", AddressCodeRequired, SecondFactorRequired),
    "address code sent again": Flow("travelling", _again, _signs_in("travelling"), AddressCodeRequired),
    "app's code": _step("enrolled", SecondFactorRequired, SignedIn, PASSWORD, TOTP),
    "app's code, new password owed": _step("owing", SecondFactorRequired, NewPasswordRequired),
    "app's code after SSO": _step("all-by-sso", SecondFactorRequired, SignedIn, SSO, CODE, TOTP),
    "recovery code": _recovery("enrolled", SignedIn, PASSWORD, ON_PAPER),
    "recovery code, new password owed": _recovery("owing", NewPasswordRequired),
    "enrolment": _step("enrolling", EnrolmentRequired, SignedIn, PASSWORD, TOTP),
    "new password": _step("due", NewPasswordRequired, SignedIn, PASSWORD),
    "new password, the third step": _step("everything", NewPasswordRequired, SignedIn, PASSWORD, CODE, TOTP),
    "step up": _proven("plain", _step_up, SteppedUp, PASSWORD),
    "step up, second factor owed": _proven("enrolled", _step_up, SecondFactorRequired),
    "step up, app's code": _proven_step("enrolled", _step_up, SecondFactorRequired, SteppedUp, PASSWORD, TOTP),
    "enter": _proven("group", _enter("e1"), Entered, PASSWORD),
    "enter, address code owed": _proven("abroad", _enter("listed"), AddressCodeRequired),
    "enter, address code": _proven_step("abroad", _enter("listed"), AddressCodeRequired, Entered, PASSWORD, CODE),
    "enter, enrolment": _proven_step("abroad", _enter("factors"), EnrolmentRequired, Entered, PASSWORD, TOTP),
    "begin enrolment": _proven("enrolled", _enrol, EnrolmentRequired),
    "enrol another": _proven_step("enrolled", _enrol, EnrolmentRequired, Enrolled, PASSWORD, TOTP),
    "recovery codes": _proven("enrolled", lambda access, proof: access.renew_recovery_codes(proof), RecoveryCodes),
    "reset": _by_host("enrolled", lambda access: access.reset_second_factor(HOST, "id-enrolled")),
    "revoke": _by_host("travelling", lambda access: access.revoke_address(HOST, "id-travelling", REMEMBERED)),
    "compromised": _by_host("plain", lambda access: access.mark_compromised(HOST, "id-plain")),
    **OF_LINKS,
}
