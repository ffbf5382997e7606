"""Proving oneself again before something that a stolen session must not do (OWASP ASVS 5.0, 7.5.1)."""

from typing import cast

from attrs import evolve, frozen

from mydso_access.decisions.naming import Address
from mydso_access.decisions.outcomes import Proof, Refused
from mydso_access.decisions.sign_in import (
    Complete,
    Place,
    SecretVerdict,
    TypedAttempt,
    judge_session,
    judge_session_again,
    judge_user,
    read_attempt,
)
from mydso_access.decisions.steps import Standing, begun, with_fresh_password
from mydso_access.decisions.tokens import session_digest
from mydso_access.gate import Check, Granted, evaluate, place_of
from mydso_access.installation import Installation
from mydso_access.managing import proven_user
from mydso_access.model.event import EventKind
from mydso_access.model.secret import Secret, wrapped
from mydso_access.model.sign_in import SECOND_FACTORS, Purpose
from mydso_access.model.user import User
from mydso_access.stepping import StepUpOutcome, Turn, proceed


async def step_up(
    installation: Installation,
    /,
    proof: Proof,
    password: str | Secret[str],
    *,
    address: Address,
    session: str | None = None,
) -> StepUpOutcome:
    """Prove the password of a session's user again, and then their second factor if they have one.

    A wrong password counts like one at a sign-in. Whoever comes by single sign-on signs in anew instead.

    Args:
        proof: what the session's sign-in proved.
        password: the password as typed.
        address: the client's IP address, as `client_address` gives it; never a proxy's.
        session: the host's id of the session; given once, every further step must come with it.

    Returns:
        `SteppedUp` with a fresh proof; `SecondFactorRequired` or another step, each with the token for it; `Refused`;
        `Busy`.

    Raises:
        InvalidValue: an argument has the wrong type, or the address is none or a proxy's.
        StoreError: a repository failed.
        VerifierFailed: hasher or secret box raised.
    """
    password, session = wrapped(password), session_digest(session)  # from here on no traceback shows it
    client = installation.client(address)
    user = await proven_user(installation, proof)
    if isinstance(user, Refused):
        return user
    place = await place_of(installation, user)
    judged = judge_user(user, user.name, SecretVerdict.RIGHT, place)
    if isinstance(judged, Refused):  # nobody here has a password to prove; nothing is evaluated, nothing charged
        return evolve(judged, first_factor_proven=True)
    typed = read_attempt(user.name or "", password, client, installation.policy)
    if isinstance(typed, Refused):
        return typed
    return await evaluate(installation, typed.attempt, _StepUp(installation, typed, proof, session))


@frozen(eq=False, repr=False)
class _StepUp:
    """A right password makes the proof fresh; it completes no sign-in, so it clears no failure."""

    installation: Installation
    typed: TypedAttempt
    proof: Proof
    session: str | None
    is_guess = True
    stands_when_late = False
    refusal_event = EventKind.STEP_UP_REFUSED
    entity = None

    @property
    def hashed(self) -> Secret[bytes]:
        return self.typed.password

    async def user(self) -> User | None:
        user = await proven_user(self.installation, self.proof)
        return None if isinstance(user, Refused) else user

    def judge(self, user: User | None, place: Place, secret: SecretVerdict | None) -> Complete | Refused:
        return judge_session(user, self.proof.user_id, self.typed.attempt, secret, place)

    def again(self, user: User | None, before: User, place: Place) -> Complete | Refused:
        return judge_session_again(user, before, place)

    def look(self, user: User, place: Place, check: Check) -> SecretVerdict:  # noqa: ARG002
        return check(None if user.credential is None else user.credential.hash, self.typed.password)

    def prepare(self, user: User, place: Place, check: Check) -> None:
        """Make nothing."""

    async def grant(self, granted: Granted) -> StepUpOutcome:
        user, place = granted.user, granted.place
        at = max(place.now, user.saved_at)
        others = tuple(each for each in with_fresh_password(self.proof, at) if each[0] not in SECOND_FACTORS)
        draft = begun(
            user,
            Purpose.STEP_UP,
            others,
            address=self.typed.attempt.address,
            at=at,
            lasts=self.installation.policy.tokens.sign_in,
            session=self.session,
        )
        standing = Standing(user, draft, place, self.typed.attempt.client)
        outcome = await proceed(Turn(self.installation, standing, granted.saver))
        return cast("StepUpOutcome", outcome)  # its purpose is to step up
