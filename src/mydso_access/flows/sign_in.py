"""Signing in with name and password (S3, S12, S14, S36, S37)."""

from typing import cast

from attrs import evolve, frozen

from mydso_access.decisions.naming import Address
from mydso_access.decisions.outcomes import Refused, SignInOutcome
from mydso_access.decisions.rotation import is_outgrown
from mydso_access.decisions.sign_in import (
    Complete,
    Place,
    SecretVerdict,
    TypedAttempt,
    judge_again,
    judge_user,
    policy_there,
    read_attempt,
)
from mydso_access.decisions.steps import Standing, begun
from mydso_access.decisions.tokens import session_digest
from mydso_access.gate import Check, Granted, evaluate
from mydso_access.installation import Installation
from mydso_access.model.event import EventKind
from mydso_access.model.secret import Secret, wrapped
from mydso_access.model.sign_in import Factor, Purpose
from mydso_access.model.user import User
from mydso_access.reviewing import Setting, names_of
from mydso_access.stepping import Effect, Turn, proceed


async def sign_in(
    installation: Installation,
    /,
    name: str,
    password: str | Secret[str],
    *,
    address: Address,
    session: str | None = None,
) -> SignInOutcome:
    """Decide whether this name and password sign somebody in, and remember the attempt either way.

    Args:
        name: the login name as typed.
        password: the password as typed.
        address: the client's IP address, as `client_address` gives it; never a proxy's.
        session: the host's id of the session before the sign-in; given once, every further step must come with it.

    Returns:
        `SignedIn`; `AddressCodeRequired`, `SecondFactorRequired`, `EnrolmentRequired` or `NewPasswordRequired`, each
        with the token for the next step; `Refused`; `Busy`. Until the password is proven, `public_message` is the same
        for every name.

    Raises:
        InvalidValue: an argument has the wrong type, the address is none or a proxy's, or a second factor is owed and
            the host gave no `secret_box`.
        StoreError: a repository failed; nobody is signed in.
        VerifierFailed: hasher or secret box raised; nobody is signed in.
    """
    password, session = wrapped(password), session_digest(session)  # from here on no traceback shows it
    typed = read_attempt(name, password, installation.client(address), installation.policy)
    if isinstance(typed, Refused):
        return typed
    return await evaluate(installation, typed.attempt, _SignIn(installation, typed, password, session))


@frozen(eq=False, repr=False)
class _SignIn:
    """A right password starts a session, if nothing else is owed."""

    installation: Installation
    typed: TypedAttempt
    password: Secret[str]
    session: str | None
    is_guess = True
    stands_when_late = False
    refusal_event = EventKind.REFUSED
    entity = None

    @property
    def hashed(self) -> Secret[bytes]:
        return self.typed.password

    async def user(self) -> User | None:
        name = self.typed.attempt.name
        return await self.installation.store.user_named(name) if isinstance(name, str) else None

    def judge(self, user: User | None, place: Place, secret: SecretVerdict | None) -> Complete | Refused:
        return judge_user(user, self.typed.attempt.name, secret, place)

    def again(self, user: User | None, before: User, place: Place) -> Complete | Refused:
        return judge_again(user, before, place)

    def look(self, user: User, place: Place, check: Check) -> SecretVerdict:  # noqa: ARG002
        return check(None if user.credential is None else user.credential.hash, self.typed.password)

    def prepare(self, user: User, place: Place, check: Check) -> Secret[str] | None:  # noqa: ARG002
        """Hash the same password anew if the parameters have grown since."""
        hasher = self.installation.hasher
        if user.credential is None or not hasher.needs_rehash(user.credential.hash):
            return None
        return hasher.hash(self.typed.password)

    async def grant(self, granted: Granted) -> SignInOutcome:
        user, place, policy = granted.user, granted.place, self.installation.policy
        at = max(place.now, user.saved_at)
        draft = begun(
            user,
            Purpose.SIGN_IN,
            ((Factor.PASSWORD, at),),
            address=self.typed.attempt.address,
            at=at,
            lasts=policy.tokens.sign_in,
            session=self.session,
            outgrown=self._is_outgrown(user, place),
        )
        standing = Standing(user, draft, place, self.typed.attempt.client)
        outcome = await proceed(Turn(self.installation, standing, granted.saver, _rehash(granted.made)))
        return cast("SignInOutcome", outcome)  # its purpose is to sign in

    def _is_outgrown(self, user: User, place: Place) -> bool:
        policy = policy_there(user, place).policy
        setting = Setting(user, place.home, policy.binding_passwords)
        return is_outgrown(self.password, policy, names_of(self.installation, setting))


def _rehash(made: Secret[str] | None) -> Effect:
    if made is None:
        return Effect()
    return Effect(
        lambda user, _: {} if user.credential is None else {"credential": evolve(user.credential, hash=made)},
        kind=EventKind.PASSWORD_REHASHED,
    )
