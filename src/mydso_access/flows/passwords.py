"""Changing a password (S8, S24; A18): the old one is a secret like any other, evaluated behind the gate."""

from datetime import datetime
from typing import Any

from attrs import frozen

from mydso_access.decisions.levels import policy_at_home
from mydso_access.decisions.lockout import Settlement
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
from mydso_access.decisions.sign_in import Attempt, Place, SecretVerdict, judge_user, read_attempt
from mydso_access.decisions.users import told
from mydso_access.errors import VerifierFailed
from mydso_access.gate import evaluate
from mydso_access.installation import Installation
from mydso_access.managing import home_of
from mydso_access.model.event import EventKind
from mydso_access.model.instant import next_save
from mydso_access.model.message import SecurityChange
from mydso_access.model.secret import Secret, wrapped
from mydso_access.model.sign_in import Factor
from mydso_access.model.user import Credential, User
from mydso_access.reviewing import Setting, violations_of
from mydso_access.saving import Save


async def change_password(
    installation: Installation, /, user_id: str, old: str | Secret[str], new: str | Secret[str], *, address: Address
) -> PasswordChangeOutcome:
    """Replace a user's password by one they chose, once the old one is proven.

    Args:
        user_id: the user of this very session, never one that somebody typed: whoever has no password to change is
            refused without a hash.
        old: the present password as typed.
        new: the new password as typed.
        address: the client's IP address, as `client_address` gives it; never a proxy's.

    Returns:
        `PasswordChanged`; `PasswordRejected` with everything that is wrong with the new one, before anything is
        evaluated; `Refused` (a wrong old password counts like one at a sign-in, and a right one clears nothing); `Busy`.

    Raises:
        InvalidValue: an argument has the wrong type, or the address is none or a proxy's.
        StoreError: a repository failed; whether the password was changed is unknown only if the user's save failed.
        VerifierFailed: the hasher raised; the password is unchanged.
    """
    old, new = wrapped(old), wrapped(new)  # from here on no traceback shows them
    client = installation.client(address)
    user = await installation.store.user(user_id)
    place = Place(await home_of(installation, user), installation.policy, installation.now())
    judged = judge_user(user, None if user is None else user.name, SecretVerdict.RIGHT, place)
    if isinstance(judged, Refused):  # nobody here has a password to change; nothing is evaluated, nothing charged
        return judged
    policy = policy_at_home(judged.user, place.home, installation.policy).policy
    setting = Setting(judged.user, place.home, policy.passwords)
    violations = await violations_of(installation, new, setting, old)
    attempt, hashed = read_attempt(judged.user.name or "", old, client, installation.policy), prepared(new)
    if violations or hashed is None:
        return PasswordRejected(violations)
    if isinstance(attempt, Refused):
        return attempt
    return await evaluate(installation, attempt, _PasswordChange(installation, attempt, user_id, hashed))


@frozen(eq=False, repr=False)
class _PasswordChange:
    """A right old password lets the new one in; it completes no sign-in, so it clears no failure."""

    installation: Installation
    attempt: Attempt
    user_id: str
    new: Secret[bytes]
    settlement = Settlement.GIVEN_BACK
    stands_when_late = True  # the old password is dead, whenever the charges are settled
    refusal_event = EventKind.PASSWORD_CHANGE_REFUSED

    async def user(self) -> User | None:
        return await self.installation.store.user(self.user_id)

    def hash_to_store(self, user: User) -> Secret[str]:  # noqa: ARG002  # whoever it is
        return self.installation.hasher.hash(self.new)

    async def grant(self, save: Save, hashed: Secret[str] | None) -> PasswordChanged | Refused | Busy:
        if not isinstance(hashed, Secret):  # nothing would change, and the event would say that it has
            raise VerifierFailed("hash() answered no Secret")

        def changed(user: User, at: datetime) -> dict[str, Any]:
            before = at if user.credential is None else user.credential.set_at
            set_at = next_save(before, at)  # never the instant of another password
            dead = {"reset": None, "new_email": None, "valid_from": at}  # tokens and proofs die with it
            return {"credential": Credential(hashed, set_at), **dead}

        saved = await save(EventKind.PASSWORD_CHANGED, changed)
        if not isinstance(saved, User):
            return saved
        at = saved.saved_at
        return PasswordChanged(
            saved, Proof(saved.id, ((Factor.PASSWORD, at),)), told(saved, SecurityChange.PASSWORD_CHANGED, at)
        )
