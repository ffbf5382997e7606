"""The last step of a sign-in whose password must be changed (S23; A18)."""

from datetime import datetime
from typing import Any

from attrs import evolve, frozen

from mydso_access.answering import answer, coming_back
from mydso_access.decisions.naming import Address
from mydso_access.decisions.outcomes import PasswordRejected, Refused
from mydso_access.decisions.password import prepared
from mydso_access.decisions.rotation import with_password
from mydso_access.decisions.sign_in import SecretVerdict, policy_there
from mydso_access.decisions.steps import NewPassword, Standing
from mydso_access.decisions.tokens import session_digest
from mydso_access.decisions.users import told
from mydso_access.gate import Check, Granted
from mydso_access.hashing import unless_used
from mydso_access.installation import Installation
from mydso_access.model.event import EventKind
from mydso_access.model.message import SecurityChange
from mydso_access.model.secret import Secret, wrapped
from mydso_access.model.user import User
from mydso_access.policy.security_policy import SecurityPolicy
from mydso_access.reviewing import REUSED, Setting, violations_of
from mydso_access.stepping import StepOutcome, Turn, moved, proceed, still


async def set_new_password(
    installation: Installation,
    /,
    sign_in: str | Secret[str],
    password: str | Secret[str],
    *,
    address: Address,
    session: str | None = None,
) -> StepOutcome | PasswordRejected:
    """Go on with a sign-in by the new password that it owes; the present one was proven in it.

    Args:
        sign_in: the token of `NewPasswordRequired`.
        password: the new password as typed.
        address: the client's IP address, as `client_address` gives it; never a proxy's.
        session: the host's id of the session, if the sign-in was begun with one.

    Returns:
        What the sign-in leads to; `PasswordRejected` with everything that is wrong with the password, and then the token
        is still good; `Refused`; `Busy`.

    Raises:
        InvalidValue: an argument is malformed, or the address is none or a proxy's.
        StoreError: a repository failed; whether the password was changed is unknown only if the user's save failed.
        VerifierFailed: the hasher raised; the password is unchanged.
    """
    sign_in, password = wrapped(sign_in), wrapped(password)  # from here on no traceback shows them
    form, session = prepared(password), session_digest(session)
    back = coming_back(installation, sign_in, address, session)
    return await answer(installation, back, _NewPassword(installation, password, form))


@frozen(eq=False, repr=False)
class _NewPassword:
    """A new password that is good enough; nothing is guessed, for the present one was proven."""

    installation: Installation
    password: Secret[str]
    form: Secret[bytes] | None
    answers = NewPassword
    is_guess = False
    hashed = None

    def judge(self, standing: Standing, secret: SecretVerdict | None) -> Refused | None:  # noqa: ARG002
        return None

    def look(self, standing: Standing, check: Check) -> SecretVerdict:  # noqa: ARG002
        return SecretVerdict.RIGHT

    async def early(self, standing: Standing) -> PasswordRejected | None:
        setting = Setting(standing.user, standing.place.home, self._policy(standing).binding_passwords)
        violations = await violations_of(self.installation, self.password, setting)
        return PasswordRejected(violations) if violations else None

    def prepare(self, standing: Standing, check: Check) -> Secret[str] | None:
        credential, history = standing.user.credential, self._policy(standing).rotation.history
        earlier = () if credential is None else (credential.hash, *credential.before[:history])
        return None if self.form is None else unless_used(self.installation, self.form, earlier, check)

    async def take(self, standing: Standing, granted: Granted) -> StepOutcome | PasswordRejected:
        made, policy = granted.made, self._policy(standing)
        if made is None:
            return PasswordRejected((REUSED,))

        def change(user: User, at: datetime) -> dict[str, Any]:
            return with_password(user, made, policy, at)

        saved = await granted.saver.save(EventKind.PASSWORD_CHANGED, change)
        if not isinstance(saved, User):
            return saved
        proven = evolve(standing, sign_in=evolve(standing.sign_in, outgrown=False, since=saved.saved_at))
        messages = told(saved, SecurityChange.PASSWORD_CHANGED, saved.saved_at)
        saver = evolve(granted.saver, again=still(proven))
        return await proceed(moved(Turn(self.installation, proven, saver, messages=messages), saved))

    def _policy(self, standing: Standing) -> SecurityPolicy:
        return policy_there(standing.user, standing.place).policy
