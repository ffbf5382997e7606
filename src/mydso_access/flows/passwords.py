"""Changing a password (S8, S23, S24; A18): the old one is a secret like any other, evaluated behind the gate."""

from datetime import datetime
from typing import Any

from attrs import evolve, frozen

from mydso_access.decisions.administration import Actor
from mydso_access.decisions.changes import Done
from mydso_access.decisions.levels import policy_at_home
from mydso_access.decisions.naming import Address
from mydso_access.decisions.outcomes import (
    Busy,
    PasswordChanged,
    PasswordChangeOutcome,
    PasswordRejected,
    Proof,
    Refused,
)
from mydso_access.decisions.password import prepared
from mydso_access.decisions.rotation import compromised, with_password
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
from mydso_access.decisions.steps import with_fresh_password
from mydso_access.decisions.users import told
from mydso_access.gate import Check, Granted, evaluate, place_of
from mydso_access.hashing import unless_used
from mydso_access.installation import Installation
from mydso_access.managing import manage_or_own, proven_user
from mydso_access.model.event import EventKind
from mydso_access.model.message import SecurityChange
from mydso_access.model.secret import Secret, wrapped
from mydso_access.model.user import User
from mydso_access.policy.security_policy import SecurityPolicy
from mydso_access.reviewing import REUSED, Setting, violations_of


async def change_password(
    installation: Installation, /, proof: Proof, old: str | Secret[str], new: str | Secret[str], *, address: Address
) -> PasswordChangeOutcome:
    """Replace the password of a session's user by one they chose, once the old one is proven.

    Args:
        proof: what the session's sign-in proved.
        old: the present password as typed.
        new: the new password as typed.
        address: the client's IP address, as `client_address` gives it; never a proxy's.

    Returns:
        `PasswordChanged`; `PasswordRejected` with everything that is wrong with the new one: before anything is
        evaluated, or, that it was used before, once the old one was right; `Refused` (a wrong old password counts like
        one at a sign-in, and a right one clears nothing); `Busy`.

    Raises:
        InvalidValue: an argument has the wrong type, or the address is none or a proxy's.
        StoreError: a repository failed; whether the password was changed is unknown only if the user's save failed.
        VerifierFailed: the hasher raised; the password is unchanged.
    """
    old, new = wrapped(old), wrapped(new)  # from here on no traceback shows them
    client = installation.client(address)
    user = await proven_user(installation, proof)
    if isinstance(user, Refused):
        return user
    place = await place_of(installation, user)
    judged = judge_user(user, user.name, SecretVerdict.RIGHT, place)
    if isinstance(judged, Refused):  # nobody here has a password to change; nothing is evaluated, nothing charged
        return evolve(judged, first_factor_proven=True)
    policy = policy_at_home(user, place.home, installation.policy).policy
    setting = Setting(user, place.home, policy.binding_passwords)
    violations = await violations_of(installation, new, setting, old)
    typed, form = read_attempt(user.name or "", old, client, installation.policy), prepared(new)
    if violations or form is None:
        return PasswordRejected(violations)
    if isinstance(typed, Refused):
        return typed
    return await evaluate(installation, typed.attempt, _PasswordChange(installation, typed, proof, form, policy))


@frozen(eq=False, repr=False)
class _PasswordChange:
    """A right old password lets the new one in; it completes no sign-in, so it clears no failure."""

    installation: Installation
    typed: TypedAttempt
    proof: Proof
    new: Secret[bytes]
    policy: SecurityPolicy
    is_guess = True
    stands_when_late = True  # the old password is dead, whenever the charges are settled
    refusal_event = EventKind.PASSWORD_CHANGE_REFUSED
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

    def prepare(self, user: User, place: Place, check: Check) -> Secret[str] | None:  # noqa: ARG002
        before = () if user.credential is None else user.credential.before
        return unless_used(self.installation, self.new, before[: self.policy.rotation.history], check)

    async def grant(self, granted: Granted) -> PasswordChanged | PasswordRejected | Refused | Busy:
        made = granted.made
        if made is None:
            return PasswordRejected((REUSED,))

        def changed(user: User, at: datetime) -> dict[str, Any]:
            return with_password(user, made, self.policy, at)

        saved = await granted.saver.save(EventKind.PASSWORD_CHANGED, changed)
        if not isinstance(saved, User):
            return saved
        at = saved.saved_at
        proof = Proof(saved.id, with_fresh_password(self.proof, at), at)
        return PasswordChanged(saved, proof, told(saved, SecurityChange.PASSWORD_CHANGED, at))


async def mark_compromised(installation: Installation, /, actor: Actor, user_id: str) -> Done[User] | Refused | Busy:
    """Note that somebody else knows a user's password: sessions end, and the next sign-in must change it.

    Args:
        actor: who asks; somebody with every right of the user's, or the user themselves.
        user_id: whose password.

    Raises:
        InvalidValue: the actor is none.
        StoreError: a repository failed.
    """
    return await manage_or_own(installation, actor, user_id, compromised)
