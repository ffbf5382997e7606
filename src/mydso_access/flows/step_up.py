"""Proving oneself again before something that a stolen session must not do (OWASP ASVS 5.0, 7.5.1)."""

from datetime import datetime
from typing import Any, TypeAlias

from attrs import frozen

from mydso_access.decisions.lockout import Settlement
from mydso_access.decisions.naming import Address
from mydso_access.decisions.outcomes import Busy, Proof, Refused
from mydso_access.decisions.sign_in import Attempt, read_attempt
from mydso_access.gate import evaluate
from mydso_access.installation import Installation
from mydso_access.managing import proven_user
from mydso_access.model.event import EventKind
from mydso_access.model.secret import Secret, wrapped
from mydso_access.model.sign_in import Factor
from mydso_access.model.user import User
from mydso_access.saving import Save


@frozen
class SteppedUp:
    """The password was proven again just now.

    Attributes:
        proof: to be kept in the session instead of the one before.
    """

    proof: Proof


StepUpOutcome: TypeAlias = SteppedUp | Refused | Busy


async def step_up(
    installation: Installation, /, proof: Proof, password: str | Secret[str], *, address: Address
) -> StepUpOutcome:
    """Prove the password of a session's user again; a wrong one counts like one at a sign-in.

    Args:
        proof: what the session's sign-in proved.
        password: the password as typed.
        address: the client's IP address, as `client_address` gives it; never a proxy's.

    Returns:
        `SteppedUp` with a fresh proof; `Refused`; `Busy`.

    Raises:
        InvalidValue: an argument has the wrong type, or the address is none or a proxy's.
        StoreError: a repository failed.
        VerifierFailed: the hasher raised.
    """
    password = wrapped(password)  # from here on no traceback shows it
    client = installation.client(address)
    user = await proven_user(installation, proof)
    if isinstance(user, Refused):
        return user
    attempt = read_attempt(user.name or "", password, client, installation.policy)
    if isinstance(attempt, Refused):
        return attempt
    return await evaluate(installation, attempt, _StepUp(installation, attempt, proof))


@frozen(eq=False, repr=False)
class _StepUp:
    """A right password makes the proof fresh; it completes no sign-in, so it clears no failure."""

    installation: Installation
    attempt: Attempt
    proof: Proof
    settlement = Settlement.GIVEN_BACK
    stands_when_late = False
    refusal_event = EventKind.STEP_UP_REFUSED

    async def user(self) -> User | None:
        user = await proven_user(self.installation, self.proof)
        return None if isinstance(user, Refused) else user

    def hash_to_store(self, user: User) -> Secret[str] | None:  # noqa: ARG002  # nothing is stored
        return None

    async def grant(self, save: Save, hashed: Secret[str] | None) -> SteppedUp | Refused | Busy:  # noqa: ARG002
        saved = await save(EventKind.STEPPED_UP, _unchanged)
        if not isinstance(saved, User):
            return saved
        others = tuple(each for each in self.proof.factors if each[0] is not Factor.PASSWORD)
        return SteppedUp(Proof(saved.id, ((Factor.PASSWORD, saved.saved_at), *others)))


def _unchanged(user: User, at: datetime) -> dict[str, Any]:  # noqa: ARG001  # only the event is new
    return {}
