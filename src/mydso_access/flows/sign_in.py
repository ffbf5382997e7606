"""Signing in with name and password (S3, S12, S14, S36, S37)."""

from datetime import datetime
from typing import Any

from attrs import evolve, frozen

from mydso_access.decisions.lockout import Settlement
from mydso_access.decisions.naming import Address
from mydso_access.decisions.outcomes import Busy, Proof, Refused, SignedIn, SignInOutcome
from mydso_access.decisions.sign_in import Attempt, read_attempt
from mydso_access.gate import evaluate
from mydso_access.installation import Installation
from mydso_access.model.event import EventKind
from mydso_access.model.secret import Secret, wrapped
from mydso_access.model.sign_in import Factor
from mydso_access.model.user import User
from mydso_access.saving import Save


async def sign_in(
    installation: Installation, /, name: str, password: str | Secret[str], *, address: Address
) -> SignInOutcome:
    """Decide whether this name and password sign somebody in, and remember the attempt either way.

    Args:
        name: the login name as typed.
        password: the password as typed.
        address: the client's IP address, as `client_address` gives it; never a proxy's.

    Returns:
        `SignedIn`, `Refused` or `Busy`. Until the password is proven, `public_message` is the same for every name.

    Raises:
        InvalidValue: an argument has the wrong type, or the address is none or a proxy's.
        StoreError: a repository failed; nobody is signed in.
        VerifierFailed: the hasher raised; nobody is signed in.
    """
    password = wrapped(password)  # from here on no traceback shows it
    attempt = read_attempt(name, password, installation.client(address), installation.policy)
    if isinstance(attempt, Refused):
        return attempt
    return await evaluate(installation, attempt, _SignIn(installation, attempt))


@frozen(eq=False, repr=False)
class _SignIn:
    """A right password starts a session, and clears the account's earlier failures."""

    installation: Installation
    attempt: Attempt
    settlement = Settlement.COMPLETE
    stands_when_late = False
    refusal_event = EventKind.REFUSED

    async def user(self) -> User | None:
        return await self.installation.store.user_named(self.attempt.name)

    def hash_to_store(self, user: User) -> Secret[str] | None:
        """Hash the same password anew if the parameters have grown since."""
        hasher = self.installation.hasher
        if user.credential is None or not hasher.needs_rehash(user.credential.hash):
            return None
        return hasher.hash(self.attempt.password)

    async def grant(self, save: Save, hashed: Secret[str] | None) -> SignedIn | Refused | Busy:
        def signed_in(user: User, at: datetime) -> dict[str, Any]:
            if hashed is None or user.credential is None:
                return {"last_access_at": at}
            return {"last_access_at": at, "credential": evolve(user.credential, hash=hashed)}

        saved = await save(EventKind.SIGNED_IN, signed_in)
        if not isinstance(saved, User):
            return saved
        return SignedIn(saved, Proof(saved.id, ((Factor.PASSWORD, saved.saved_at),)))
