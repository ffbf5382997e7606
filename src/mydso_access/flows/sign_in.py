"""Signing in with name and password (S3, S12, S14, S36, S37)."""

from datetime import datetime
from functools import partial
from typing import Any

from attrs import evolve, frozen

from mydso_access.decisions.lockout import Settlement
from mydso_access.decisions.naming import Address
from mydso_access.decisions.outcomes import Busy, Factor, Proof, Refused, SignedIn, SignInOutcome
from mydso_access.decisions.sign_in import Attempt, read_attempt
from mydso_access.gate import evaluate
from mydso_access.installation import Installation
from mydso_access.model.event import EventKind
from mydso_access.model.secret import Secret, wrapped
from mydso_access.model.user import Credential, User
from mydso_access.saving import save_proven
from mydso_access.slots import Slot


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
    refusal_event = EventKind.REFUSED

    async def user(self) -> User | None:
        return await self.installation.store.user_named(self.attempt.name)

    async def grant(self, user: User, slot: Slot) -> SignedIn | Refused | Busy:
        strengthened = await self._strengthened(user.credential, slot)

        def signed_in(user: User, at: datetime) -> dict[str, Any]:
            return {"credential": strengthened or user.credential, "last_access_at": at}

        saved = await save_proven(self.installation, user, self.attempt.client, EventKind.SIGNED_IN, signed_in)
        if not isinstance(saved, User):
            return saved
        return SignedIn(saved, Proof(saved.id, ((Factor.PASSWORD, saved.saved_at),)))

    async def _strengthened(self, credential: Credential | None, slot: Slot) -> Credential | None:
        """Hash the same password anew if the parameters have grown since; its `set_at` stays."""
        hasher = self.installation.hasher
        if credential is None or not hasher.needs_rehash(credential.hash):
            return None
        work = partial(hasher.hash, self.attempt.password)
        return evolve(credential, hash=await self.installation.bridge.compute(slot, work))
