"""Enrolling a second factor: at a sign-in that owes one, or from a session; its first code confirms it, and is used."""

from datetime import timedelta
from typing import Any

import pytest

from mydso_access import (
    Done,
    EnrolmentRequired,
    EventKind,
    Factor,
    InvalidValue,
    Reason,
    SecondFactorRequired,
    SignedIn,
    VerifierFailed,
)
from mydso_access.adapters.secret_box import UnprotectedBox
from mydso_access.adapters.totp import Totp
from mydso_access.decisions.second_factor import seed_text
from mydso_access.model import NewEmail, Secret, SentToken
from mydso_access.model.message import SecurityChange
from mydso_access.testing.clock import A_MONDAY
from tests.flows.scene import GROUP, LYON, PARIS, Scene, everything
from tests.flows.steps import (
    PERIOD,
    answer,
    begin,
    code,
    confirm,
    counted,
    enrol,
    listed,
    reason,
    seed_of,
    texted,
    wrong_code,
)
from tests.support import HOME

HOUR = timedelta(hours=1)


def requiring() -> Scene:
    scene = Scene()
    scene.ask(LYON, second_factor__required=True)
    return scene


def owed(scene: Scene, **given: Any) -> EnrolmentRequired:
    asked = begin(scene, **given)
    assert isinstance(asked, EnrolmentRequired)
    return asked


def test_s26_the_first_sign_in_after_it_is_required_enrols_and_the_next_asks_for_a_code() -> None:
    scene = requiring()
    asked = owed(scene)
    assert None is scene.user("anna").second_factor
    outcome = confirm(scene, asked)
    assert isinstance(outcome, SignedIn)
    assert [Factor.PASSWORD, Factor.TOTP] == [factor for factor, _ in outcome.proof.factors]
    assert [SecurityChange.SECOND_FACTOR_ENROLLED] == [each.change for each in outcome.messages]
    assert [EventKind.SECOND_FACTOR_ENROLLED, EventKind.SIGNED_IN] == [each.kind for each in scene.events()]
    assert isinstance(begin(scene), SecondFactorRequired)


def test_s20_who_is_of_another_entity_enrols_nothing() -> None:
    scene = Scene()
    scene.ask(PARIS, second_factor__required=True)
    assert isinstance(begin(scene), SignedIn)
    assert isinstance(begin(scene, "multi"), SignedIn)
    assert isinstance(begin(scene, "paul"), EnrolmentRequired)


def test_s19_what_the_platform_requires_binds_its_own_users() -> None:
    scene = Scene()
    scene.ask(GROUP, second_factor__required=True)
    assert isinstance(begin(scene, "multi"), EnrolmentRequired)
    assert isinstance(begin(scene), SignedIn)


def test_what_is_to_be_scanned_names_the_structure_and_the_user_and_holds_the_seed() -> None:
    scene = requiring()
    asked = owed(scene)
    uri = asked.uri.reveal()
    assert uri.startswith("otpauth://totp/Lyon:anna?secret=" + asked.seed.reveal())
    assert 20 == len(seed_of(asked).reveal())
    assert asked.seed.reveal() not in repr(asked) + str(asked)


def test_d8_the_first_code_counts_as_used() -> None:
    scene = requiring()
    asked = owed(scene)
    shown = code(scene, seed=seed_of(asked))
    assert isinstance(confirm(scene, asked), SignedIn)
    assert Reason.USED_CODE is reason(answer(scene, begin(scene), shown))
    scene.clock.move(PERIOD)
    assert isinstance(answer(scene, begin(scene), code(scene, seed=seed_of(asked))), SignedIn)


def test_a17_a_wrong_first_code_is_a_failure_and_the_seed_stays() -> None:
    scene = requiring()
    asked = owed(scene)
    for number in range(1, 5):
        assert Reason.WRONG_CODE is reason(confirm(scene, asked, wrong_code(scene, seed_of(asked))))
        assert (number, number) == counted(scene)
    assert None is scene.user("anna").second_factor
    assert isinstance(confirm(scene, asked), SignedIn)
    assert (0, 4) == counted(scene)


@pytest.mark.parametrize("typed", ["", "12345", "１２３４５６", "2-AAAA-BBBB-CCC2"])
def test_d11_what_is_no_code_of_an_app_is_no_attempt(typed: str) -> None:
    scene = requiring()
    asked = owed(scene)
    refused = confirm(scene, asked, typed)
    assert (Reason.MALFORMED, "The code is not right.") == (reason(refused), refused.public_message)
    assert (0, 0) == counted(scene)


def test_a_sign_in_begun_anew_draws_another_seed_and_the_first_confirms_nothing() -> None:
    scene = requiring()
    first, second = owed(scene), owed(scene)
    assert first.seed != second.seed
    assert Reason.DEAD_SIGN_IN is reason(confirm(scene, first))
    assert Reason.WRONG_CODE is reason(confirm(scene, second, code(scene, seed=seed_of(first))))
    assert isinstance(confirm(scene, second), SignedIn)


def test_s26_enrolling_is_refused_if_the_user_has_enrolled_meanwhile() -> None:
    scene = requiring()
    here, elsewhere = owed(scene), owed(scene, address="192.0.2.50")
    assert isinstance(confirm(scene, elsewhere, address="192.0.2.50"), SignedIn)
    enrolled = scene.user("anna").second_factor
    assert Reason.DEAD_SIGN_IN is reason(confirm(scene, here))
    assert enrolled == scene.user("anna").second_factor


def test_s26_enrolling_is_refused_if_the_user_has_a_factor_of_whatever_origin() -> None:
    scene = requiring()
    asked = owed(scene)
    enrol(scene)
    before = everything(scene.repositories)
    assert Reason.WRONG_STEP is reason(confirm(scene, asked))
    assert before == everything(scene.repositories)


def test_enrolling_ends_every_session_and_sign_in_from_before() -> None:
    scene = requiring()
    earlier = scene.proof("anna")
    asked = owed(scene)
    scene.clock.move(timedelta(seconds=1))
    outcome = confirm(scene, asked)
    assert Reason.OUTDATED_PROOF is reason(scene.access.enter(earlier, "lyon", address=HOME))
    assert outcome.proof.issued_at >= scene.user("anna").valid_from
    assert isinstance(scene.access.accessed(outcome.proof), Done)


def test_s26_enrolling_ends_a_change_of_address_and_a_reset_that_were_begun_before() -> None:
    scene = requiring()
    sent = SentToken(Secret("digest"), A_MONDAY)
    scene.change("anna", reset=sent, new_email=NewEmail("thief@example.com", sent))
    assert isinstance(confirm(scene, owed(scene)), SignedIn)
    anna = scene.user("anna")
    assert (None, None) == (anna.reset, anna.new_email)


def test_d7_an_enrolment_after_a_code_for_the_address_remembers_the_address() -> None:
    scene = Scene()
    listed(scene, second_factor__required=True)
    asked = begin(scene)
    following = scene.access.enter_address_code(asked.sign_in, texted(asked), address=HOME)
    assert isinstance(following, EnrolmentRequired)
    assert () == scene.structure(LYON).approved
    assert isinstance(confirm(scene, following), SignedIn)
    assert [HOME] == [each.address for each in scene.structure(LYON).approved]


# --- without a box


def test_s26_a_missing_box_is_misuse_that_names_the_remedy_and_enrols_nobody() -> None:
    scene = requiring()
    scene.secret_box = None
    with pytest.raises(InvalidValue, match="AesGcmBox"):
        begin(scene)
    assert (0, 0) == counted(scene)
    with pytest.raises(InvalidValue, match="secret_box"):
        scene.access.begin_enrolment(scene.proof("anna"), address=HOME)
    with pytest.raises(InvalidValue, match="secret_box"):
        scene.access.confirm_second_factor("any", "123456", address=HOME)


# --- a box or an app's codes that fail


class Failing(UnprotectedBox):
    """Cannot seal."""

    def seal(self, secret: Any, context: str, /) -> Any:
        raise OSError(secret.reveal())


def unwritable(_: Any, seed: Any, *__: Any) -> Any:
    raise UnicodeEncodeError("utf-8", seed_text(seed).reveal(), 0, 1, "no")


@pytest.mark.parametrize("broken", ["box", "codes"])
def test_d2_what_box_or_codes_raise_at_an_enrolment_costs_no_failure_and_shows_no_seed(
    broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = requiring()
    if broken == "box":
        scene.secret_box = Failing()
    else:
        monkeypatch.setattr(Totp, "uri", unwritable)
    for number in range(1, 7):  # a sixth is no more blocked than the first
        with pytest.raises(VerifierFailed) as caught:
            begin(scene)
        assert (None, None) == (caught.value.__cause__, caught.value.__context__)
        assert ((0, 0), number) == (counted(scene), scene.hasher.evaluations)
    assert {} == scene.repositories.sign_ins._by_id
    monkeypatch.undo()
    scene.secret_box = UnprotectedBox()
    assert isinstance(begin(scene), EnrolmentRequired)


@pytest.mark.parametrize("steps", [-1, 0])
def test_d8_the_event_of_an_enrolment_tells_how_far_the_app_is_from_the_clock(steps: int) -> None:
    scene = requiring()
    asked = owed(scene)
    confirm(scene, asked, code(scene, steps, seed_of(asked)))
    (event,) = (each for each in scene.events() if each.kind is EventKind.SECOND_FACTOR_ENROLLED)
    assert [("drift", "0", str(steps))] == [(each.name, each.before, each.after) for each in event.differences]
