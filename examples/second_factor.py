"""A second factor from nothing: an app is set up at a sign-in; then its code, a used code, and a recovery code."""

from datetime import timedelta
from typing import TypeVar

from pyotp import TOTP

from mydso_access import (
    AccessControl,
    EnrolmentRequired,
    Entity,
    Founded,
    MemoryRepositories,
    NewUser,
    RecoveryCodes,
    Refused,
    SecondFactorRequired,
    SecurityPolicy,
    SignedIn,
    StepOutcome,
    System,
    with_setting,
)
from mydso_access.adapters.secret_box import UnprotectedBox
from mydso_access.messages import wording
from mydso_access.testing import ManualClock

ADDRESS, PASSWORD = "203.0.113.7", "Correct-Horse-9"
T = TypeVar("T")


def told(kind: type[T], answer: StepOutcome | Founded | RecoveryCodes) -> T:
    """Show an answer and what it makes the host send, and hand it on; of another kind, the story is another one."""
    show(answer)
    for message in answer.messages:
        first, *_ = wording(message, "en", link="https://app.example.com/access").body.splitlines()
        print(f"    to {message.to}: {first}")
    if not isinstance(answer, kind):
        raise SystemExit(str(answer))
    return answer


def show(answer: object) -> None:
    """Show an answer in a line."""
    match answer:
        case SignedIn(proof=proof):
            print(f"  SignedIn by {' and '.join(factor.value for factor, _ in proof.factors)}")
        case Refused() as refused:
            print(f"  {refused.explain()}: {refused.public_message}")
        case RecoveryCodes(codes=codes):
            print(f"  {len(codes)} recovery codes")
        case _:
            print(f"  {type(answer).__name__}")


def main() -> None:
    """Play the story; the clock moves only where it says so."""
    clock, policy = ManualClock(), with_setting(SecurityPolicy.my_dso_manager(), "second_factor.required", "true")
    # UnprotectedBox keeps seeds readable in the store. In production: AesGcmBox, with keys from elsewhere.
    access = AccessControl(MemoryRepositories(), policy=policy, secret_box=UnprotectedBox(), clock=clock)
    anna = NewUser(email="anna.petit@example.com", role="administrator", name="anna.petit")
    print("An account with one user:")
    founded = told(Founded, access.found(System("example"), Entity(id="lyon", title="Lyon"), anna))
    access.accept_invitation(getattr(founded.messages[0], "token", ""), PASSWORD)

    print("The first sign-in:")
    enrolment = told(EnrolmentRequired, access.sign_in("anna.petit", PASSWORD, address=ADDRESS))
    app = TOTP(enrolment.seed.reveal())  # what the telephone does with the QR code of `enrolment.uri`
    code = app.at(clock.now())
    signed_in = told(SignedIn, access.confirm_second_factor(enrolment.sign_in, code, address=ADDRESS))
    recovery = told(RecoveryCodes, access.renew_recovery_codes(signed_in.proof))

    print("The next one, with the same code, and with the next code:")
    owed = told(SecondFactorRequired, access.sign_in("anna.petit", PASSWORD, address=ADDRESS))
    told(Refused, access.enter_second_factor(owed.sign_in, code, address=ADDRESS))
    clock.move(timedelta(seconds=30))
    told(SignedIn, access.enter_second_factor(owed.sign_in, app.at(clock.now()), address=ADDRESS))

    print("Without the telephone:")
    owed = told(SecondFactorRequired, access.sign_in("anna.petit", PASSWORD, address=ADDRESS))
    told(SignedIn, access.enter_second_factor(owed.sign_in, recovery.codes[0], address=ADDRESS))


if __name__ == "__main__":
    main()
