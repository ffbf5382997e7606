"""Invariant 12: whatever hasher, box or app codes raise, no frame of what comes of it holds the secret that they worked on."""

import traceback
from collections.abc import Callable
from typing import Any

import pytest
from attrs import define, field

from mydso_access import VerifierFailed
from mydso_access.adapters.secret_box import UnprotectedBox
from mydso_access.adapters.totp import Totp
from mydso_access.model import Secret
from tests.flows.scene import NEW, ROOT, Scene, revealed
from tests.flows.steps import RECOVERY, SEED, answer, begin, code, confirm, enrol
from tests.support import HOME, RIGHT, CountingHasher, door, run

Asked = Callable[[Any], Any]


@define(repr=False)
class Leak:
    """Fails with everything that it was given in its message and in its frame, and remembers it."""

    told: list[Secret[Any]] = field(factory=list)

    def __call__(self, *given: Any) -> Any:
        self.told += [each for each in given if isinstance(each, Secret)]
        plain = [each.reveal() for each in given if isinstance(each, Secret)]
        raise LookupError(plain)

    def hasher(self, method: str) -> Any:
        return type("Leaking", (CountingHasher,), {method: staticmethod(self)})()

    def box(self) -> Any:
        def opening(sealed: Secret[str], context: str) -> Any:
            self(UnprotectedBox().open(sealed, context))

        return type("Leaking", (UnprotectedBox,), {"open": staticmethod(opening)})()


def whole(error: BaseException | None) -> str:
    """Return the locals of every frame, and the message, of an error and of everything that it was raised from."""
    texts, pending = list[str](), [error]
    while pending:
        each = pending.pop()
        if each is not None:
            found = traceback.TracebackException.from_exception(each, capture_locals=True)
            texts += [repr(each), *(str(frame.locals) for frame in found.stack)]
            pending += [each.__cause__, each.__context__]
    return "\n".join(texts)


def held(text: str, secrets: list[Secret[Any]]) -> int:
    """Return how many secrets stand in a text."""
    return sum(repr(each.reveal()).lstrip("b").strip("'\"") in text for each in secrets)


def _box(scene: Scene, leak: Leak, _: pytest.MonkeyPatch) -> tuple[Asked, list[Secret[Any]]]:
    enrol(scene)
    asked, typed = begin(scene), Secret(code(scene))
    scene.secret_box = leak.box()
    return lambda access: access.enter_second_factor(asked.sign_in, typed, address=HOME), [typed, SEED]


def _box_at_an_enrolment(scene: Scene, leak: Leak, _: pytest.MonkeyPatch) -> tuple[Asked, list[Secret[Any]]]:
    asked, typed = scene.access.begin_enrolment(scene.proof("anna"), address=HOME), Secret(code(scene))
    scene.secret_box = leak.box()
    return lambda access: access.confirm_second_factor(asked.sign_in, typed, address=HOME), [typed, asked.seed]


def _codes(scene: Scene, leak: Leak, patch: pytest.MonkeyPatch) -> tuple[Asked, list[Secret[Any]]]:
    enrol(scene)
    asked, typed = begin(scene), Secret(code(scene))
    patch.setattr(Totp, "code", lambda _, seed, *__: leak(seed))
    return lambda access: access.enter_second_factor(asked.sign_in, typed, address=HOME), [typed, SEED]


def _verify(scene: Scene, leak: Leak, _: pytest.MonkeyPatch) -> tuple[Asked, list[Secret[Any]]]:
    scene.hasher, typed = leak.hasher("verify"), Secret(RIGHT)
    return lambda access: access.sign_in("anna", typed, address=HOME), [typed]


def _dummy(scene: Scene, leak: Leak, _: pytest.MonkeyPatch) -> tuple[Asked, list[Secret[Any]]]:
    scene.hasher, typed = leak.hasher("verify_dummy"), Secret(RIGHT)
    return lambda access: access.sign_in("nobody", typed, address=HOME), [typed]


def _recovery_code(scene: Scene, leak: Leak, _: pytest.MonkeyPatch) -> tuple[Asked, list[Secret[Any]]]:
    enrol(scene)
    asked, scene.hasher = begin(scene), leak.hasher("verify")
    return lambda access: access.enter_second_factor(asked.sign_in, RECOVERY[0], address=HOME), [RECOVERY[0]]


def _new_password(scene: Scene, leak: Leak, _: pytest.MonkeyPatch) -> tuple[Asked, list[Secret[Any]]]:
    scene.access.mark_compromised(ROOT, "id-anna")
    asked, typed = begin(scene), Secret(NEW)
    scene.hasher = leak.hasher("hash")
    return lambda access: access.set_new_password(asked.sign_in, typed, address=HOME), [typed]


def _changed_password(scene: Scene, leak: Leak, _: pytest.MonkeyPatch) -> tuple[Asked, list[Secret[Any]]]:
    old, new, proof = Secret(RIGHT), Secret(NEW), scene.proof("anna")
    scene.hasher = leak.hasher("hash")
    return lambda access: access.change_password(proof, old, new, address=HOME), [old, new]


def _reset(scene: Scene, leak: Leak, _: pytest.MonkeyPatch) -> tuple[Asked, list[Secret[Any]]]:
    token = Secret(revealed(scene.access.request_password_reset("anna").messages[0].token))
    scene.hasher, typed = leak.hasher("hash"), Secret(NEW)
    return lambda access: access.complete_password_reset(token, typed), [token, typed]


def _recovery_codes(scene: Scene, leak: Leak, _: pytest.MonkeyPatch) -> tuple[Asked, list[Secret[Any]]]:
    asked = scene.access.begin_enrolment(scene.proof("anna"), address=HOME)
    proof = confirm(scene, asked).proof
    scene.hasher = leak.hasher("hash")
    return lambda access: access.renew_recovery_codes(proof), []


FAILING = {
    "box.open": _box,
    "box.open at an enrolment": _box_at_an_enrolment,
    "one_time_codes.code": _codes,
    "hasher.verify": _verify,
    "hasher.verify_dummy": _dummy,
    "hasher.verify of a recovery code": _recovery_code,
    "hasher.hash of a new password": _new_password,
    "hasher.hash of a changed password": _changed_password,
    "hasher.hash of a reset password": _reset,
    "hasher.hash of recovery codes": _recovery_codes,
}


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("failing", FAILING)
def test_invariant_12_no_frame_of_a_failed_verifier_holds_a_secret(
    failing: str, asynchronous: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, leak = Scene(), Leak()
    call, typed = FAILING[failing](scene, leak, monkeypatch)
    with pytest.raises(VerifierFailed, match="LookupError") as caught:
        run(call(door(scene))) if asynchronous else call(scene.access)
    assert leak.told  # it was reached, so there was something to hold
    assert (None, None) == (caught.value.__cause__, caught.value.__context__)
    text = whole(caught.value)
    assert len(text) > 100
    assert 0 == held(text, [*typed, *leak.told])


def test_a_leak_that_nobody_cuts_off_would_be_seen() -> None:
    scene, leak = Scene(), Leak()
    scene.hasher = leak.hasher("verify")
    with pytest.raises(LookupError) as caught:
        scene.hasher.verify(Secret("stored"), Secret(SEED.reveal()))
    assert 2 == held(whole(caught.value), leak.told)
    assert 1 == held(whole(caught.value), [SEED])


def test_d2_a_code_that_could_not_be_looked_at_can_be_given_again() -> None:
    scene = Scene()
    enrol(scene)
    asked, box = begin(scene), scene.secret_box
    scene.secret_box = Leak().box()
    with pytest.raises(VerifierFailed):
        answer(scene, asked)
    scene.secret_box = box
    assert "SignedIn" == type(answer(scene, asked)).__name__
