"""Invariant 12 with every step in it: no seed, code, token or password in any answer, record, event, log or traceback."""

import copy
import json
import logging
import pickle
import re
import traceback
from typing import Any

import attrs
import pytest

from mydso_access import AccessError, InvalidValue, SignedIn
from tests.flows.scene import NEW, Scene, everything
from tests.flows.steps import RECOVERY, SEED, STEPS, answer, begin, code, enrol, listed, wrong_code
from tests.support import HOME, RIGHT, with_parts


def shown(value: Any) -> str:
    """Return everything that somebody may print, log or store of a value without meaning to show a secret."""
    texts = [repr(value), str(value), f"{value}", repr(copy.copy(value))]
    if attrs.has(type(value)):
        texts += [repr(attrs.asdict(value)), json.dumps(attrs.asdict(value), default=repr)]
    return "\n".join(texts)


def holds(text: str, secret: str) -> bool:
    """Tell whether a secret stands in a text by itself: six digits are in many a long number by chance."""
    return re.search(rf"(?<!\w){re.escape(secret)}(?!\w)", text) is not None


def secrets_of(asked: Any) -> list[str]:
    """Return what a step's answer holds that nobody may see by accident."""
    found = [asked.sign_in.reveal(), asked.sign_in.reveal().split(".")[1]]
    found += [getattr(asked, name).reveal() for name in ("seed", "uri") if hasattr(asked, name)]
    return [*found, *(message.code.reveal() for message in asked.messages if hasattr(message, "code"))]


@pytest.mark.parametrize("step", STEPS)
def test_invariant_12_a_step_shows_no_secret_anywhere(step: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    scene = Scene()
    owed = STEPS[step](scene)
    wrong = answer(scene, owed.asked, wrong_code(scene))
    outcome = owed()
    assert isinstance(outcome, SignedIn)
    kept = repr(everything(scene.repositories)) + repr(scene.repositories.sign_ins._by_id)
    texts = [shown(owed.asked), shown(wrong), shown(outcome), kept, caplog.text]
    for secret in (*secrets_of(owed.asked), RIGHT, NEW):
        assert not [text for text in texts if holds(text, secret)]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("keep", [pickle.dumps, copy.deepcopy], ids=lambda keep: keep.__name__)
def test_invariant_12_an_answer_that_holds_secrets_is_neither_pickled_nor_copied(step: str, keep: Any) -> None:
    with pytest.raises(TypeError, match="neither copied nor pickled"):
        keep(STEPS[step](Scene()).asked)


def test_invariant_12_recovery_codes_are_shown_by_nothing() -> None:
    scene = Scene()
    enrol(scene)
    given = scene.access.renew_recovery_codes(answer(scene, begin(scene)).proof)
    text = shown(given) + repr(everything(scene.repositories))
    assert not [each for each in given.codes if each.reveal() in text or each.reveal().replace("-", "") in text]


CALLS: dict[str, Any] = {
    "second factor": lambda access, token, text: access.enter_second_factor(token, text, address=HOME),
    "enrolment": lambda access, token, text: access.confirm_second_factor(token, text, address=HOME),
    "address code": lambda access, token, text: access.enter_address_code(token, text, address=HOME),
    "new password": lambda access, token, text: access.set_new_password(token, text, address=HOME),
}


def frames(error: BaseException) -> str:
    """Return the locals of every frame of the library, in the error and whatever it was raised from."""
    texts = []
    while error is not None:
        found = traceback.TracebackException.from_exception(error, capture_locals=True)
        texts += [str(each.locals) for each in found.stack if "mydso_access" in each.filename]
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return "\n".join(texts)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("broken", ["sign_ins", "users", "counters", "structures"])
def test_invariant_12_a_traceback_with_locals_shows_no_code_token_or_seed(step: str, broken: str) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise ConnectionError

    scene = Scene()
    owed = STEPS[step](scene)
    text = {"new password": NEW}.get(step, code(scene))
    part = type("Broken", (), dict.fromkeys(("get", "save", "named"), staticmethod(failing)))
    access = scene.through(with_parts(scene.repositories, **{broken: part}))
    with pytest.raises(AccessError) as caught:
        CALLS[step](access, owed.token.reveal(), text)
    locals_ = frames(caught.value)
    assert len(locals_) > 100
    given = text, owed.token.reveal(), owed.token.reveal().split(".")[1]
    assert not [each for each in given if holds(locals_, each)]


@pytest.mark.parametrize("call", CALLS)
def test_invariant_12_misuse_shows_nothing_of_what_was_given(call: str) -> None:
    scene = Scene()
    for token, text in ((b"Canary-Token", "123456"), ("x.Canary-Token", b"Canary-Code")):
        with pytest.raises(InvalidValue) as caught:
            CALLS[call](scene.access, token, text)
        assert "Canary" not in str(caught.value) + frames(caught.value)


def test_what_is_stored_of_a_seed_is_what_the_box_made_of_it() -> None:
    scene = Scene()
    listed(scene)
    enrol(scene)
    text = repr(everything(scene.repositories))
    assert not [secret for secret in (repr(SEED.reveal()), *(each.reveal() for each in RECOVERY)) if secret in text]
