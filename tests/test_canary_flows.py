"""Invariant 12 while something fails: no secret in log, event, trail, message or local variable of any step's flow."""

import asyncio
import itertools
import logging
from collections.abc import Callable
from typing import Any

import pytest
from attrs import define, field

from mydso_access import AccessError, AsyncAccessControl, InvalidValue, LinkPurpose, Secret, VerifiedAssertion
from mydso_access.decisions.second_factor import new_code, new_recovery_codes, new_seed, seed_text
from mydso_access.testing.clock import A_MONDAY
from mydso_access.trail import csv_lines
from tests.canaries import secrets_in, shown, told_by
from tests.step_flows import FLOWS
from tests.steps import AWAY, NEW, RECOVERY, SEED, Act, Stage
from tests.support import RIGHT
from tests.test_faults import Faulty

MOST_CALLS = 60
KNOWN = [RIGHT, NEW, NEW + "b", NEW + "c", SEED.reveal(), *(code.reveal() for code in RECOVERY)]


class Broken(Exception):  # noqa: N818
    """What a host's part raises, with nothing of ours in it."""


@define
class Breaking:
    """Passes on to a hasher or a box, and raises at one of its methods."""

    part: Any
    method: str
    calls: list[str] = field(factory=list)

    def __getattr__(self, name: str) -> Any:
        if name != self.method:
            return getattr(self.part, name)

        def call(*_: Any) -> Any:
            self.calls.append(name)
            raise Broken

        return call


def canaries_of(stage: Stage, act: Act, outcome: Any) -> set[Any]:
    """Return the secrets of one flow: given, drawn and answered.

    Args:
        stage: where it ran undisturbed.
        act: the call, with what it gives.
        outcome: what it answered.
    """
    cells = [cell.cell_contents for cell in act.__closure__ or ()]
    given = [each.reveal() if isinstance(each, Secret) else each for each in cells]
    answered = {*secrets_in(outcome)}
    public = {AWAY, *FLOWS, *(flow.who for flow in FLOWS.values())}
    found = {*KNOWN, *answered, *(each for each in given if isinstance(each, str) and each not in public)}
    for each in cells:
        found |= {*secrets_in(each)}
    drawn = stage.chance.drawn
    made = {each: {new_code(each).reveal(), new_recovery_codes([each])[0].reveal()[2:]} for each in drawn}
    texts = [str(each) for each in answered]
    found |= {each for each in drawn if any(each in text or any(one in text for one in made[each]) for text in texts)}
    for one, two in itertools.pairwise(drawn):
        if seed_text(new_seed(one, two)).reveal() in answered:
            found |= {one, two, new_seed(one, two).reveal()}
    return found


def undisturbed(name: str) -> set[Any]:
    stage = Stage()
    act = FLOWS[name].prepare(stage)
    return canaries_of(stage, act, act(stage.access))


def told(stage: Stage, call: Callable[[], Any]) -> str:
    """Return all that is told when a call answers or raises."""
    try:
        said = repr(call())
    except AccessError as error:
        said = told_by(error)
    events = stage.repositories.events.all()
    return "\n".join([said, repr(events), *csv_lines(events)])


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", FLOWS)
def test_invariant_12_a_store_that_fails_at_any_call_makes_no_flow_tell_a_secret(
    name: str, after: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    canaries = undisturbed(name)
    for failing in range(1, MOST_CALLS):
        stage = Stage()
        act = FLOWS[name].prepare(stage)
        faulty = Faulty(stage.repositories, lambda call, at=failing: call == at, after=after)
        text = told(stage, lambda act=act, stage=stage, faulty=faulty: act(stage.door(faulty)))
        assert [] == shown(canaries, text + caplog.text), f"call {failing}"
        if faulty.calls < failing:
            break
    assert faulty.calls < failing  # so every call had its turn


PARTS = {
    "hasher": ["hash", "verify", "verify_dummy", "needs_rehash"],
    "secret_box": ["seal", "open", "is_current"],
    "chance": ["new_id"],
    "clock": ["now"],
}


@pytest.mark.parametrize(("part", "method"), [(part, method) for part, several in PARTS.items() for method in several])
@pytest.mark.parametrize("name", FLOWS)
def test_invariant_12_a_hasher_box_chance_or_clock_that_raises_makes_no_flow_tell_a_secret(
    name: str, part: str, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    canaries, stage = undisturbed(name), Stage()
    act = FLOWS[name].prepare(stage)
    own = {"hasher": stage.hasher, "secret_box": stage.box, "chance": stage.chance, "clock": stage.clock}
    broken = Breaking(own[part], method)
    text = told(stage, lambda: _contained(lambda: act(stage.door(stage.repositories, **{part: broken}))))
    assert [] == shown(canaries, text + caplog.text)


@pytest.mark.parametrize("name", ["look at a link", "open a link", "open a link once"])
def test_invariant_12_a_host_that_raises_when_asked_for_a_page_makes_no_flow_tell_a_token(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    canaries, stage = undisturbed(name), Stage()
    act, targets = FLOWS[name].prepare(stage), list[Any]()

    def broken(target: Any) -> Any:
        targets.append(target)
        raise Broken

    text = told(stage, lambda: act(stage.door(stage.repositories, resource_exists=broken)))
    assert [] == shown(canaries, text + caplog.text + repr(targets))
    assert 1 == len(targets)


def _contained(call: Callable[[], Any]) -> Any:
    """Answer what was told of an error that is none of ours, which a broken clock's or chance's may be."""
    try:
        return call()
    except Broken as error:
        return told_by(error)


CANARIES = {
    "password": "Canary-Password-1",
    "old": "Canary-Password-2",
    "token": "Q2FuYXJ5.CanaryTokenOfASignIn",
    "code": "493817",
    "paper": "3-CANA-RYCA-NARY",
    "session": "canary-id-of-a-session",
}
PASSWORD, OLD, TOKEN, CODE, PAPER, SESSION = CANARIES.values()
EXTERNAL = LinkPurpose.EXTERNAL_EMAIL
SAID = VerifiedAssertion(issuer="https://idp.example", subject="anna", id="1", instant=A_MONDAY)
Call = Callable[[Any, Any, str], Any]  # at a door, with a proof, from an address
CALLS: dict[str, Call] = {
    "sign_in": lambda door, _, home: door.sign_in("plain", PASSWORD, address=home, session=SESSION),
    "sign_in_with_sso": lambda door, _, home: door.sign_in_with_sso(SAID, address=home, session=SESSION),
    "step_up": lambda door, proof, home: door.step_up(proof, PASSWORD, address=home, session=SESSION),
    "change_password": lambda door, proof, home: door.change_password(proof, OLD, PASSWORD, address=home),
    "enter_address_code": lambda door, _, home: door.enter_address_code(TOKEN, CODE, address=home, session=SESSION),
    "send_address_code": lambda door, _, home: door.send_address_code(TOKEN, address=home, session=SESSION),
    "enter_second_factor": lambda door, _, home: door.enter_second_factor(TOKEN, CODE, address=home, session=SESSION),
    "on paper": lambda door, _, home: door.enter_second_factor(TOKEN, PAPER, address=home, session=SESSION),
    "confirm": lambda door, _, home: door.confirm_second_factor(TOKEN, CODE, address=home, session=SESSION),
    "set_new_password": lambda door, _, home: door.set_new_password(TOKEN, PASSWORD, address=home, session=SESSION),
    "enter": lambda door, proof, home: door.enter(proof, "e1", address=home, session=SESSION),
    "begin_enrolment": lambda door, proof, home: door.begin_enrolment(proof, address=home, session=SESSION),
    "look_at_link": lambda door, *_: door.look_at_link(TOKEN, EXTERNAL),
    "open_link": lambda door, *_: door.open_link(Secret(TOKEN), EXTERNAL, recipient="buyer@customer.example"),
    "no link": lambda door, *_: door.open_link([TOKEN], EXTERNAL),
    "no purpose": lambda door, *_: door.look_at_link(TOKEN, None),
    "no code": lambda door, _, home: door.enter_second_factor(TOKEN, [CODE], address=home, session=SESSION),
    "no token": lambda door, _, home: door.enter_second_factor([TOKEN], CODE, address=home, session=SESSION),
}


@pytest.mark.parametrize("home", [AWAY, "no address"])
@pytest.mark.parametrize("name", CALLS)
def test_invariant_12_what_a_call_was_given_is_in_no_local_variable_when_it_raises(name: str, home: str) -> None:
    stage = Stage()
    proof = stage.proof("plain")
    dead = stage.door(Faulty(stage.repositories, lambda _: True, after=False))
    with pytest.raises(AccessError) as raised:
        CALLS[name](dead, proof, home)
    assert [] == shown(CANARIES.values(), told_by(raised.value))


@pytest.mark.parametrize("home", [AWAY, "no address"])
@pytest.mark.parametrize("name", CALLS)
def test_invariant_12_nor_at_the_asynchronous_door(name: str, home: str) -> None:
    stage = Stage()
    proof = stage.proof("plain")
    dead = Faulty(stage.repositories, lambda _: True, after=False)
    own = {"hasher": stage.hasher, "clock": stage.clock, "chance": stage.chance, "secret_box": stage.box}
    door = AsyncAccessControl(dead, policy=stage.policy, resource_exists=stage.resource_exists, **own)

    async def ask() -> Any:
        return await CALLS[name](door, proof, home)

    with pytest.raises(AccessError) as raised:
        asyncio.run(ask())
    assert [] == shown(CANARIES.values(), told_by(raised.value))


def test_the_looking_finds_a_local_variable() -> None:
    with pytest.raises(InvalidValue) as raised:
        Stage().access.client_address(CODE, None)
    assert [CODE] == shown([CODE], told_by(raised.value))
