"""The token of a half-finished sign-in: new at each step, used once, good for one address, one session, 15 minutes."""

from datetime import timedelta
from typing import Any

import pytest

from mydso_access import EnrolmentRequired, NewPasswordRequired, Reason, SecondFactorRequired, SignedIn
from mydso_access.adapters.secret_box import UnprotectedBox
from tests.flows.scene import LYON, NEW, Scene
from tests.flows.steps import (
    STEPS,
    CountingBox,
    answer,
    begin,
    code,
    confirm,
    counted,
    enrol,
    listed,
    reason,
    texted,
    wrong_code,
)
from tests.support import HOME, RIGHT

MINUTES, TICK = timedelta(minutes=15), timedelta(microseconds=1)
every_step = pytest.mark.parametrize("step", STEPS)


def untouched(scene: Scene) -> bool:
    """Tell whether nothing is counted against anybody, and nothing was hashed but what began the sign-in."""
    return ((0, 0), 1, 0) == (counted(scene), scene.hasher.hashes, scene.hasher.dummies)


@every_step
def test_d13_a_token_leads_nowhere_twice(step: str) -> None:
    scene = Scene()
    take = STEPS[step](scene)
    assert isinstance(take(), SignedIn)
    before = (scene.repositories.counters.all(), scene.user("anna"))
    assert Reason.DEAD_SIGN_IN is reason(take())
    assert before == (scene.repositories.counters.all(), scene.user("anna"))


@every_step
def test_d13_a_sign_in_may_take_its_steps_for_fifteen_minutes_and_no_longer(step: str) -> None:
    if step == "address code":  # whose code lives shorter
        return
    for late, expected in ((TICK, Reason.DEAD_SIGN_IN), (timedelta(0), None)):
        scene = Scene()
        take = STEPS[step](scene)
        scene.clock.move(MINUTES + late)
        outcome = take()
        if expected is None:
            assert isinstance(outcome, SignedIn)
        else:
            assert expected is reason(outcome)
            assert untouched(scene)


def test_d13_each_step_answers_a_new_token_and_the_one_before_is_dead() -> None:
    scene = Scene(secret_box=CountingBox())
    enrol(scene)
    listed(scene, rotation__days=1)
    scene.clock.move(timedelta(days=2))
    first = begin(scene)
    second = scene.access.enter_address_code(first.sign_in, texted(first), address=HOME)
    assert isinstance(second, SecondFactorRequired)
    third = answer(scene, second)
    assert isinstance(third, NewPasswordRequired)
    assert 3 == len({each.sign_in.reveal() for each in (first, second, third)})
    before = scene.repositories.counters.all(), scene.secret_box.opened
    for old in (first, second):
        assert Reason.DEAD_SIGN_IN is reason(answer(scene, old))
        assert Reason.DEAD_SIGN_IN is reason(scene.access.enter_address_code(old.sign_in, "123456", address=HOME))
        assert Reason.DEAD_SIGN_IN is reason(scene.access.set_new_password(old.sign_in, NEW, address=HOME))
    assert before == (scene.repositories.counters.all(), scene.secret_box.opened)
    assert isinstance(scene.access.set_new_password(third.sign_in, NEW, address=HOME), SignedIn)


CALLS: dict[str, Any] = {
    "second factor": lambda scene, token: scene.access.enter_second_factor(token, code(scene), address=HOME),
    "recovery code": lambda scene, token: scene.access.enter_second_factor(token, "2-AAAA-BBBB-CCC2", address=HOME),
    "enrolment": lambda scene, token: scene.access.confirm_second_factor(token, code(scene), address=HOME),
    "address code": lambda scene, token: scene.access.enter_address_code(token, "123456", address=HOME),
    "send again": lambda scene, token: scene.access.send_address_code(token, address=HOME),
    "new password": lambda scene, token: scene.access.set_new_password(token, NEW, address=HOME),
}
ANSWERS = {"recovery code": "second factor", "send again": "address code"}


@every_step
@pytest.mark.parametrize("call", CALLS)
def test_a29_an_answer_to_another_step_evaluates_and_charges_nothing_and_leaves_thetoken_of(
    step: str, call: str
) -> None:
    if ANSWERS.get(call, call) == step:
        return
    scene = Scene(secret_box=CountingBox())
    take = STEPS[step](scene)
    before = scene.repositories.counters.all(), scene.hasher.hashes, scene.secret_box.opened
    outcome = CALLS[call](scene, take.token)
    assert Reason.WRONG_STEP is reason(outcome)
    assert before == (scene.repositories.counters.all(), scene.hasher.hashes, scene.secret_box.opened)
    assert isinstance(take(), SignedIn)


@pytest.mark.parametrize("token", ["", "x", "a.b", "é.x", "." * 3000, "YQ.b"], ids=range(6))
@pytest.mark.parametrize("call", CALLS)
def test_what_is_no_token_evaluates_and_charges_nothing(call: str, token: str) -> None:
    scene = Scene()
    assert reason(CALLS[call](scene, token)) in (Reason.DEAD_SIGN_IN, Reason.MALFORMED)
    assert (0, ()) == (scene.hasher.hashes, scene.repositories.counters.all())


@every_step
def test_d7_a_token_is_dead_at_another_address(step: str) -> None:
    scene = Scene()
    token = STEPS[step](scene).token
    for call in ("enter_second_factor", "confirm_second_factor", "enter_address_code", "set_new_password"):
        text = NEW if call == "set_new_password" else "123456"
        outcome = getattr(scene.access, call)(token, text, address="192.0.2.99")
        assert Reason.DEAD_SIGN_IN is reason(outcome)
    assert (0, 0) == counted(scene) == counted(scene, address="192.0.2.99")


@pytest.mark.parametrize(("given", "later"), [("s1", "s2"), ("s1", None), (None, "s1")])
def test_d7_a_sign_in_that_is_bound_to_a_session_is_dead_in_another(given: str | None, later: str | None) -> None:
    scene = Scene()
    enrol(scene)
    asked = begin(scene, session=given)
    assert Reason.DEAD_SIGN_IN is reason(answer(scene, asked, session=later))
    assert (0, 0) == counted(scene)
    assert isinstance(answer(scene, asked, session=given), SignedIn)


def test_d5_another_address_of_the_same_prefix_goes_on() -> None:
    scene = Scene()
    enrol(scene)
    asked = begin(scene, address="2001:db8::1")
    assert Reason.DEAD_SIGN_IN is reason(answer(scene, asked, address="2001:db8:0:1::1"))
    assert isinstance(answer(scene, asked, address="2001:db8::2"), SignedIn)


def test_d13_a_second_sign_in_from_the_same_prefix_kills_the_first_and_one_from_elsewhere_does_not() -> None:
    scene = Scene()
    enrol(scene)
    first = begin(scene, address="2001:db8::1")
    elsewhere = begin(scene, address=HOME)
    second = begin(scene, address="2001:db8::2")
    assert Reason.DEAD_SIGN_IN is reason(answer(scene, first, address="2001:db8::1"))
    assert isinstance(answer(scene, second, address="2001:db8::1"), SignedIn)
    scene.clock.move(timedelta(seconds=30))
    assert isinstance(answer(scene, elsewhere, address=HOME), SignedIn)


def test_a_sign_in_begun_anew_after_one_was_completed_goes_on() -> None:
    scene = Scene()
    enrol(scene)
    for _ in range(3):
        assert isinstance(answer(scene, begin(scene)), SignedIn)
        scene.clock.move(timedelta(seconds=30))


@pytest.mark.parametrize("fields", [1, 2])
def test_a_token_of_one_user_is_of_no_use_with_the_id_of_another(fields: int) -> None:
    scene = Scene()
    enrol(scene)
    enrol(scene, "guest")
    one, other = begin(scene), begin(scene, "guest", address="192.0.2.7")
    halves = [each.sign_in.reveal().split(".") for each in (one, other)]
    mixed = f"{halves[0][0]}.{halves[1][1]}" if fields == 1 else f"{halves[1][0]}.{halves[0][1]}"
    for address in (HOME, "192.0.2.7"):
        outcome = scene.access.enter_second_factor(mixed, code(scene), address=address)
        assert Reason.DEAD_SIGN_IN is reason(outcome)
    assert (0, 0) == counted(scene) == counted(scene, "guest", "192.0.2.7")


def test_no_record_holds_a_token_or_a_code() -> None:
    scene = Scene()
    listed(scene)
    asked = begin(scene)
    (stored,) = (scene.repositories.sign_ins.get(each) for each in ids(scene))
    kept = {stored.token.reveal(), stored.code.digest.reveal()}
    assert not [text for text in kept if texted(asked) in text or asked.sign_in.reveal().split(".")[1] in text]


def ids(scene: Scene) -> list[str]:
    return [*scene.repositories.sign_ins._by_id]


def test_d10_a_clock_that_goes_back_revives_notoken_of() -> None:
    scene = Scene()
    enrol(scene)
    asked = begin(scene)
    wrong = answer(scene, asked, wrong_code(scene))
    assert Reason.WRONG_CODE is reason(wrong)
    assert isinstance(answer(scene, asked), SignedIn)
    scene.clock.move(-timedelta(hours=1))
    assert Reason.DEAD_SIGN_IN is reason(answer(scene, asked))


def test_s26_a_missing_box_is_told_before_anything_is_counted_where_a_code_is_given() -> None:
    scene = Scene()
    scene.ask(LYON, second_factor__required=True)
    asked = begin(scene)
    assert isinstance(asked, EnrolmentRequired)
    assert isinstance(confirm(scene, asked), SignedIn)
    scene.clock.move(timedelta(seconds=30))
    following = begin(scene)
    scene.secret_box = None
    with pytest.raises(ValueError, match="secret_box"):
        answer(scene, following)
    scene.secret_box = UnprotectedBox()
    assert (0, 0) == counted(scene)
    assert RIGHT not in repr(following)
