"""A new address: who gets the code, what it costs to guess it, what is remembered for whom, and when (S21, S22)."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from mydso_access import AddressCodeRequired, EventKind, Factor, Reason, Refused, SignedIn
from mydso_access.model import AddressCodeMessage, ApprovedAddress, Invited, Structure
from mydso_access.policy import Level, Limit, Networks, Recipient
from mydso_access.testing.clock import A_MONDAY
from tests.flows.scene import GROUP, LYON, PARIS, ROOT, Scene, everything
from tests.flows.steps import LISTED, begin, codes_counted, counted, enrol, listed, reason, texted
from tests.support import HOME, RIGHT, door, policy, run

MINUTE, TICK = timedelta(minutes=1), timedelta(microseconds=1)


def a_list(**asks: Any) -> Scene:
    scene = Scene()
    listed(scene, **asks)
    return scene


def users_decide() -> Scene:
    scene = a_list()
    scene.policy = evolve(scene.policy, addresses=evolve(scene.policy.addresses, recipient=Recipient.USER))
    return scene


def enter(scene: Scene, asked: Any, text: Any = None, address: str = HOME) -> Any:
    given = texted(asked) if text is None else text
    return scene.access.enter_address_code(asked.sign_in, given, address=address)


def send(scene: Scene, asked: Any) -> Any:
    return scene.access.send_address_code(asked.sign_in, address=HOME)


def wrong(asked: Any) -> str:
    return "000000" if texted(asked) != "000000" else "000001"


def known(records: tuple[ApprovedAddress, ...]) -> list[tuple[str, Structure]]:
    return [(each.address, each.structure) for each in records]


# --- asked for


@pytest.mark.parametrize("address", ["10.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1"])
def test_s21_whoever_comes_from_a_listed_address_is_asked_for_nothing(address: str) -> None:
    assert isinstance(begin(a_list(), address=address), SignedIn)


def test_s22_a_new_address_sends_the_administrator_a_code_that_names_login_and_address() -> None:
    scene = a_list()
    asked = begin(scene)
    assert isinstance(asked, AddressCodeRequired)
    (message,) = asked.messages
    assert isinstance(message, AddressCodeMessage)
    assert ("+33611111111", "anna", HOME) == (message.to, message.name, message.address)
    assert (Recipient.ADMINISTRATOR, message.until) == (asked.validator, asked.until)
    assert asked.until - scene.user("anna").saved_at == timedelta(minutes=10)
    assert "33611111111" not in repr(asked)
    assert EventKind.ADDRESS_CODE_SENT is scene.event().kind


def test_d7_no_code_goes_out_for_a_wrong_password_or_an_unknown_name() -> None:
    scene = a_list()
    for name, password in (("anna", "wrong"), ("nobody", RIGHT), ("disabled", RIGHT)):
        assert isinstance(scene.access.sign_in(name, password, address=HOME), Refused)
    assert () == scene.user("anna").codes_sent
    assert {} == scene.repositories.sign_ins._by_id


def test_s22_a_right_code_signs_in_and_the_administrators_word_counts_for_everybody() -> None:
    scene = a_list()
    outcome = run(door(scene).enter_address_code(*_given(begin(scene)), address=HOME))
    assert isinstance(outcome, SignedIn)
    assert [Factor.PASSWORD, Factor.ADDRESS_CODE] == [factor for factor, _ in outcome.proof.factors]
    assert ([(HOME, LYON)], []) == (known(scene.structure(LYON).approved), known(scene.user("anna").approved))
    assert isinstance(begin(scene), SignedIn)
    assert isinstance(begin(scene, "guest"), SignedIn)
    assert isinstance(begin(scene, "guest", address="192.0.2.2"), AddressCodeRequired)
    assert [EventKind.ADDRESS_CODE_SENT, EventKind.SIGNED_IN, EventKind.ADDRESS_APPROVED] == [
        each.kind for each in scene.events()[:3]
    ]
    assert [HOME] * 3 == [each.address for each in scene.events()[:3]]


def _given(asked: Any) -> tuple[Any, str]:
    return asked.sign_in, texted(asked)


def test_d14_a_users_word_counts_for_themselves() -> None:
    scene = users_decide()
    asked = begin(scene)
    assert (Recipient.USER, "+33612345678") == (asked.validator, asked.messages[0].to)
    assert isinstance(enter(scene, asked), SignedIn)
    assert ([], [(HOME, LYON)]) == (known(scene.structure(LYON).approved), known(scene.user("anna").approved))
    assert isinstance(begin(scene), SignedIn)
    assert isinstance(begin(scene, "guest"), AddressCodeRequired)


def test_d6_an_entity_may_ask_for_the_administrator_where_the_installation_lets_users_decide_and_not_the_reverse() -> (
    None
):
    scene = users_decide()
    scene.ask(LYON, addresses__recipient=Recipient.ADMINISTRATOR)
    assert Recipient.ADMINISTRATOR is begin(scene).validator
    assert Recipient.ADMINISTRATOR is begin(a_list(addresses__recipient=Recipient.USER)).validator


def test_d14_a_user_without_a_mobile_needs_the_administrator() -> None:
    scene = users_decide()
    assert Recipient.ADMINISTRATOR is begin(scene, "guest").validator


def test_d14_the_first_main_administrator_by_appointment_who_has_a_mobile_and_is_not_the_user_gets_it() -> None:
    scene = a_list()
    scene.change("deputy", mobile="+33622222222")
    scene.access.appoint(ROOT, LYON, "id-deputy")
    assert "+33611111111" == begin(scene).messages[0].to
    assert "+33622222222" == begin(scene, "boss").messages[0].to
    scene.change("boss", mobile=None)
    assert "+33622222222" == begin(scene).messages[0].to
    scene.change("deputy", login=Invited(A_MONDAY), credential=None)
    assert Reason.NO_RECIPIENT is reason(begin(scene))


def test_d14_a_main_administrator_who_is_alone_decides_for_themselves() -> None:
    scene = a_list()
    asked = begin(scene, "boss")
    assert Recipient.USER is asked.validator
    assert isinstance(enter(scene, asked), SignedIn)
    assert ([], [(HOME, LYON)]) == (known(scene.structure(LYON).approved), known(scene.user("boss").approved))


def test_a16_without_anybody_to_ask_it_is_refused_with_a_reason_and_costs_nothing() -> None:
    scene = Scene()
    scene.ask(LYON, addresses__networks=LISTED)
    outcome = begin(scene)
    assert (Reason.NO_RECIPIENT, "A16", {Level.ENTITY}) == (reason(outcome), outcome.rule, outcome.levels)
    assert "nobody can be sent a code" in outcome.public_message
    assert (0, 0) == counted(scene)
    assert {} == scene.repositories.sign_ins._by_id


def test_d14_an_entitys_administrator_never_approves_for_the_platform() -> None:
    scene = a_list()
    scene.ask(GROUP, addresses__networks=LISTED)
    outcome = begin(scene, "multi")
    assert (Reason.NO_RECIPIENT, {Level.PLATFORM}) == (reason(outcome), outcome.levels)
    scene.change("chief", mobile="+33633333333")
    asked = begin(scene, "multi")
    assert "+33633333333" == asked.messages[0].to
    assert isinstance(enter(scene, asked), SignedIn)
    assert ([(HOME, GROUP)], []) == (known(scene.structure(GROUP).approved), known(scene.structure(LYON).approved))


def test_d6_a_list_of_the_installation_and_one_of_the_entity_let_in_what_both_do() -> None:
    scene = a_list()
    scene.policy = evolve(scene.policy, addresses=evolve(scene.policy.addresses, networks=Networks("10.1.0.0/16")))
    assert isinstance(begin(scene, address="10.1.0.1"), SignedIn)
    assert isinstance(begin(scene, address="10.2.0.1"), AddressCodeRequired)
    assert isinstance(begin(scene, "paul", address="10.1.0.1"), SignedIn)
    assert Reason.NO_RECIPIENT is reason(begin(scene, "paul", address="10.2.0.1"))


# --- remembered


def test_a17_the_address_is_remembered_only_when_the_sign_in_completes() -> None:
    scene = a_list()
    enrol(scene)
    asked = begin(scene)
    following = enter(scene, asked)
    assert "SecondFactorRequired" == type(following).__name__
    assert () == scene.structure(LYON).approved == scene.user("anna").approved
    assert isinstance(begin(scene), AddressCodeRequired)


def test_d7_an_approval_is_of_the_exact_address_although_another_of_the_prefix_entered_it() -> None:
    scene = a_list()
    asked = begin(scene, address="2001:db8::1")
    assert isinstance(enter(scene, asked, address="2001:db8::2"), SignedIn)
    assert [("2001:db8::1", LYON)] == known(scene.structure(LYON).approved)
    assert isinstance(begin(scene, address="2001:db8::1"), SignedIn)
    assert isinstance(begin(scene, address="2001:db8::2"), AddressCodeRequired)


def test_s20_an_address_known_to_one_entity_is_new_to_another() -> None:
    scene = users_decide()
    scene.ask(PARIS, addresses__networks=LISTED)
    assert isinstance(enter(scene, begin(scene)), SignedIn)
    scene.change("anna", structure=PARIS)
    assert isinstance(begin(scene), AddressCodeRequired)


# --- guessed


def test_a17_a_wrong_code_is_a_failure_of_account_and_address_and_of_the_codes() -> None:
    scene = a_list()
    asked = begin(scene)
    outcome = enter(scene, asked, wrong(asked))
    assert (Reason.WRONG_CODE, "The code is not right.") == (reason(outcome), outcome.public_message)
    assert ((1, 1), 1) == (counted(scene), len(codes_counted(scene).failures))
    assert isinstance(enter(scene, asked), SignedIn)
    assert ((0, 1), 0) == (counted(scene), len(codes_counted(scene).failures))


def test_d7_fail_four_send_again_fail_one_is_blocked() -> None:
    scene = a_list()
    asked = begin(scene)
    for _ in range(4):
        assert Reason.WRONG_CODE is reason(enter(scene, asked, wrong(asked)))
    again = send(scene, asked)
    assert isinstance(again, AddressCodeRequired)
    assert Reason.WRONG_CODE is reason(enter(scene, again, wrong(again)))
    assert Reason.ACCOUNT_BLOCKED is reason(enter(scene, again))
    assert Reason.ACCOUNT_BLOCKED is reason(begin(scene, address="10.0.0.1"))


def test_d13_codes_have_five_tries_of_their_own_whatever_an_account_has() -> None:
    scene = Scene(policy=policy(account=Limit(failures=50), address=Limit(failures=50)))
    listed(scene)
    asked = begin(scene)
    for _ in range(5):
        enter(scene, asked, wrong(asked))
    blocked = enter(scene, asked)
    assert (Reason.CODES_BLOCKED, "D13", True) == (reason(blocked), blocked.rule, blocked.until is not None)
    assert "Too many wrong codes." in blocked.public_message
    assert (5, 5) == counted(scene)
    assert isinstance(begin(scene, address="10.0.0.1"), SignedIn)  # whoever needs no code is not concerned
    scene.clock.move(11 * MINUTE)
    assert isinstance(enter(scene, begin(scene)), SignedIn)


def test_d7_a_re_sent_code_kills_the_one_before() -> None:
    scene = a_list()
    first = begin(scene)
    second = send(scene, first)
    assert texted(first) != texted(second)
    assert Reason.DEAD_SIGN_IN is reason(enter(scene, first))
    assert Reason.WRONG_CODE is reason(enter(scene, second, texted(first)))
    assert isinstance(enter(scene, second), SignedIn)


def test_a17_a_code_can_be_entered_for_ten_minutes_and_then_costs_nothing_and_another_is_sent() -> None:
    for late in (timedelta(0), TICK):
        scene = a_list()
        asked = begin(scene)
        scene.clock.move(asked.until - scene.clock.now() + late)
        outcome = enter(scene, asked)
        if not late:
            assert isinstance(outcome, SignedIn)
            continue
        assert (Reason.OLD_CODE, (0, 0)) == (reason(outcome), counted(scene))
        assert isinstance(enter(scene, send(scene, asked)), SignedIn)


@pytest.mark.parametrize("typed", ["", "12345", "１２３４５６", "2-AAAA-BBBB-CCC2"])
def test_d11_what_is_no_code_is_no_attempt(typed: str) -> None:
    scene = a_list()
    asked = begin(scene)
    refused = enter(scene, asked, typed)
    assert (Reason.MALFORMED, "The code is not right.") == (reason(refused), refused.public_message)
    assert (0, 0) == counted(scene)


# --- sent


def test_d14_sends_are_limited_over_several_sign_ins_and_free_again_when_the_window_is_over() -> None:
    scene = a_list()
    asked = begin(scene)
    assert isinstance(send(scene, asked), AddressCodeRequired)
    assert isinstance(begin(scene, address="192.0.2.50"), AddressCodeRequired)
    before = everything(scene.repositories)[0]
    for address in (HOME, "192.0.2.51"):
        refused = begin(scene, address=address)
        assert (Reason.TOO_MANY_CODES, scene.user("anna").codes_sent[0] + 10 * MINUTE) == (
            reason(refused),
            refused.until,
        )
    assert before == everything(scene.repositories)[0]
    assert (0, 0) == counted(scene)
    assert isinstance(begin(scene, "guest"), AddressCodeRequired)
    scene.clock.move(10 * MINUTE + timedelta(seconds=1))
    assert isinstance(begin(scene), AddressCodeRequired)


def test_d14_a_send_that_is_refused_leaves_the_code_that_was_sent() -> None:
    scene = a_list()
    asked = begin(scene)
    for _ in range(2):
        asked = send(scene, asked)
    assert Reason.TOO_MANY_CODES is reason(send(scene, asked))
    assert isinstance(enter(scene, asked), SignedIn)


def test_s36_nothing_is_sent_again_while_the_account_is_blocked() -> None:
    scene = a_list()
    asked = begin(scene)
    for number in range(5):
        scene.access.sign_in("anna", "wrong", address=f"198.51.100.{number}")
    assert Reason.ACCOUNT_BLOCKED is reason(send(scene, asked))
    assert 1 == len(scene.user("anna").codes_sent)


def test_whoever_is_listed_by_now_signs_in_anew() -> None:
    scene = a_list()
    asked = begin(scene)
    scene.ask(LYON, addresses__networks=Networks("192.0.2.0/24"))
    for outcome in (enter(scene, asked), send(scene, asked)):
        assert Reason.WRONG_STEP is reason(outcome)
    assert (0, 0) == counted(scene)
    assert isinstance(begin(scene), SignedIn)


def test_codes_of_two_users_are_counted_apart_and_drawn_apart() -> None:
    scene = a_list()
    assert texted(begin(scene)) != texted(begin(scene, "guest", address="192.0.2.3"))
    assert (1, 1) == (len(scene.user("anna").codes_sent), len(scene.user("guest").codes_sent))


@pytest.mark.parametrize(
    "token", ["", "none", "x.y", "\ud800", "x" * 2000], ids=["", "word", "dot", "surrogate", "long"]
)
@pytest.mark.parametrize("typed", ["123456", "no code"])
def test_d13_a_token_that_is_none_is_a_sign_in_that_is_over_whatever_is_typed(token: str, typed: str) -> None:
    scene = a_list()
    refused = scene.access.enter_address_code(token, typed, address=HOME)
    assert (Reason.DEAD_SIGN_IN, "D13", None) == (reason(refused), refused.rule, refused.user_id)
    assert ((), 0) == (scene.repositories.counters.all(), scene.hasher.hashes)
