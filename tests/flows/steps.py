"""Sign-ins in steps: who owes what, what they answer, and what was counted against them."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from attrs import define, evolve, field, frozen

from mydso_access import Refused
from mydso_access.adapters.secret_box import UnprotectedBox
from mydso_access.adapters.totp import Totp
from mydso_access.decisions.naming import codes_key
from mydso_access.decisions.second_factor import hashable, seal_context, step_at
from mydso_access.model import AttemptCounter, Reason, Secret, SsoIdentity
from mydso_access.model.assertion import VerifiedAssertion
from mydso_access.model.second_factor import RecoveryCode, SecondFactor
from mydso_access.model.structure import SignInMode
from mydso_access.policy import Networks
from mydso_access.policy.second_factor import Algorithm
from mydso_access.testing.clock import A_MONDAY
from tests.flows.scene import LYON, NEW, ROOT, Scene, revealed
from tests.support import HOME, RIGHT

SEED = Secret(bytes(range(20)))
PERIOD = timedelta(seconds=30)
LISTED = Networks("10.0.0.0/8")
RECOVERY = tuple(Secret(f"{place}-AAAA-BBBB-CCC{place}") for place in range(2, 6))


@define
class CountingBox:
    """Seals nothing, and counts how often somebody looked inside."""

    opened: int = 0
    inner: UnprotectedBox = field(factory=UnprotectedBox)

    def seal(self, secret: Secret[bytes], context: str, /) -> Secret[str]:
        return self.inner.seal(secret, context)

    def open(self, sealed: Secret[str], context: str, /) -> Secret[bytes] | None:
        self.opened += 1
        return self.inner.open(sealed, context)

    def is_current(self, sealed: Secret[str], /) -> bool:
        return self.inner.is_current(sealed)


def enrol(scene: Scene, name: str = "anna", *, recovery: tuple[Secret[str], ...] = RECOVERY, **changes: Any) -> None:
    """Give somebody a second factor, as nobody's flow."""
    sealed = UnprotectedBox().seal(SEED, seal_context(f"id-{name}"))
    codes = tuple(RecoveryCode(int(each.reveal()[0]), Secret(hashable(each).reveal().decode())) for each in recovery)
    factor = SecondFactor(sealed, Algorithm.SHA1, A_MONDAY - timedelta(days=1), 0, codes)
    scene.change(name, second_factor=evolve(factor, **changes))


def code(scene: Scene, steps: int = 0, seed: Secret[bytes] = SEED) -> str:
    """Return the code of the present step, or of one so many after it."""
    return Totp().code(seed, step_at(scene.clock.now()) + steps, Algorithm.SHA1).reveal()


def wrong_code(scene: Scene, seed: Secret[bytes] = SEED) -> str:
    """Return a code of no step near."""
    near = {code(scene, steps, seed) for steps in range(-3, 4)}
    return next(text for text in (f"{number:06}" for number in range(100)) if text not in near)


def begin(scene: Scene, name: str = "anna", *, address: str = HOME, **given: Any) -> Any:
    """Sign in with the right password."""
    return scene.access.sign_in(name, RIGHT, address=address, **given)


def answer(scene: Scene, asked: Any, text: Any = None, *, address: str = HOME, **given: Any) -> Any:
    """Answer a second factor that is owed: by the present code if nothing else is given."""
    return scene.access.enter_second_factor(
        asked.sign_in, code(scene) if text is None else text, address=address, **given
    )


def counted(scene: Scene, name: str = "anna", address: str = HOME) -> tuple[int, int]:
    """Return how many failures account and address have; nothing may be in flight."""
    account, prefix = scene.account(name), scene.address(address)
    assert ((), ()) == (account.reservations, prefix.reservations)
    return len(account.failures), len(prefix.failures)


def codes_counted(scene: Scene, name: str = "anna") -> AttemptCounter:
    """Return the counter of somebody's codes for new addresses."""
    key = codes_key(f"id-{name}")
    return scene.repositories.counters.get(key) or AttemptCounter(key)


def reason(outcome: Any) -> Reason:
    assert isinstance(outcome, Refused), outcome
    return outcome.reason


def texted(asked: Any) -> str:
    """Return the code of the only message."""
    (message,) = asked.messages
    return revealed(message.code)


def listed(scene: Scene, **asks: Any) -> None:
    """Let Lyon ask for a list that HOME is not on; its main administrator has a mobile."""
    scene.change("boss", mobile="+33611111111")
    scene.ask(LYON, addresses__networks=LISTED, **asks)


def by_sso(scene: Scene, name: str = "anna") -> None:
    scene.change(name, sign_in_mode=SignInMode.SSO, sso=SsoIdentity("idp", name), credential=None)


def asserted(scene: Scene, number: int = 1, subject: str = "anna", **changes: Any) -> VerifiedAssertion:
    """Return what the provider says of somebody just now."""
    fresh = {"issuer": "idp", "subject": subject, "id": f"assertion-{number}", "instant": scene.clock.now()}
    return VerifiedAssertion(**fresh | changes)


def block(scene: Scene, name: str = "anna") -> None:
    """Block somebody's account from elsewhere."""
    for number in range(5):
        scene.access.sign_in(name, "wrong", address=f"198.51.100.{number}")


def confirm(scene: Scene, asked: Any, text: Any = None, *, address: str = HOME, **given: Any) -> Any:
    """Confirm an enrolment: by the first code of its seed if nothing else is given."""
    shown = code(scene, seed=seed_of(asked)) if text is None else text
    return scene.access.confirm_second_factor(asked.sign_in, shown, address=address, **given)


def seed_of(asked: Any) -> Secret[bytes]:
    """Return the seed as the app that scanned it has it."""
    return Secret(base64.b32decode(asked.seed.reveal()))


# --- each step, owed and answered


@frozen
class Owed:
    """A step that is owed: the answer that asked for it, and how it is taken."""

    asked: Any
    take: Callable[[], Any]

    def __call__(self) -> Any:
        return self.take()

    @property
    def token(self) -> Secret[str]:
        return self.asked.sign_in  # type: ignore[no-any-return]


def _second_factor(scene: Scene) -> Owed:
    enrol(scene)
    asked = begin(scene)
    return Owed(asked, lambda: answer(scene, asked))


def _enrolment(scene: Scene) -> Owed:
    scene.ask(LYON, second_factor__required=True)
    asked = begin(scene)
    return Owed(asked, lambda: confirm(scene, asked))


def _address_code(scene: Scene) -> Owed:
    listed(scene)
    asked = begin(scene)
    return Owed(asked, lambda: scene.access.enter_address_code(asked.sign_in, texted(asked), address=HOME))


def _new_password(scene: Scene) -> Owed:
    scene.access.mark_compromised(ROOT, "id-anna")
    asked = begin(scene)
    return Owed(asked, lambda: scene.access.set_new_password(asked.sign_in, NEW, address=HOME))


# Each makes a scene in which one step is owed.
STEPS: dict[str, Callable[[Scene], Owed]] = {
    "second factor": _second_factor,
    "enrolment": _enrolment,
    "address code": _address_code,
    "new password": _new_password,
}
