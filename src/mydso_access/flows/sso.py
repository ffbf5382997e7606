"""Signing in by single sign-on: it takes the place of the password, and of nothing else (S35; A24, D9)."""

from typing import cast

from attrs import frozen

from mydso_access.decisions.naming import Address
from mydso_access.decisions.outcomes import Refused, SignInOutcome
from mydso_access.decisions.sign_in import (
    Attempt,
    Complete,
    Place,
    SecretVerdict,
    attempt_of,
    judge_meant,
)
from mydso_access.decisions.sso import judge_assertion, proven_by, taken
from mydso_access.decisions.steps import Standing, begun
from mydso_access.decisions.tokens import session_digest
from mydso_access.errors import InvalidValue, Stale, shown
from mydso_access.gate import Check, Granted, evaluate
from mydso_access.installation import Installation
from mydso_access.model.assertion import VerifiedAssertion
from mydso_access.model.event import EventKind
from mydso_access.model.reason import Reason
from mydso_access.model.sign_in import Factor, Purpose
from mydso_access.model.user import User
from mydso_access.stepping import Turn, proceed


async def sign_in_with_sso(
    installation: Installation,
    /,
    assertion: VerifiedAssertion,
    *,
    address: Address,
    session: str | None = None,
) -> SignInOutcome:
    """Decide whether an assertion signs somebody in; it does at most once.

    Category, login state, dormancy, the address list and, as `second_factor.with_sso` says, the second factor count as
    they do after a password. Wrong passwords on the user's name refuse nobody here.

    Args:
        assertion: what the host's OIDC or SAML library has verified: signature, audience, recipient, nonce.
        address: the client's IP address, as `client_address` gives it; never a proxy's.
        session: the host's id of the session before the sign-in; given once, every further step must come with it.

    Returns:
        As `sign_in`, but for `NewPasswordRequired`.

    Raises:
        InvalidValue: an argument has the wrong type, the address is none or a proxy's, or a second factor is owed and
            the host gave no `secret_box`.
        StoreError: a repository failed; nobody is signed in, and the provider must be asked again.
        VerifierFailed: the secret box raised; nobody is signed in, and the provider must be asked again.
    """
    if type(assertion) is not VerifiedAssertion:
        raise InvalidValue("assertion", shown(type(assertion)), "a VerifiedAssertion")
    session = session_digest(session)  # from here on no traceback shows it
    attempt = attempt_of(assertion.identity, installation.client(address), installation.policy)
    return await evaluate(installation, attempt, _SsoSignIn(installation, attempt, assertion, session))


@frozen(eq=False, repr=False)
class _SsoSignIn:
    """Nothing is guessed here: the provider looked at the secret."""

    installation: Installation
    attempt: Attempt
    assertion: VerifiedAssertion
    session: str | None
    is_guess = False
    stands_when_late = False
    refusal_event = EventKind.REFUSED
    entity = None
    hashed = None

    async def user(self) -> User | None:
        return await self.installation.store.user_known_as(self.assertion.identity)

    def judge(self, user: User | None, place: Place, secret: SecretVerdict | None) -> Complete | Refused:  # noqa: ARG002
        meant = judge_meant(user, self.assertion.identity, place, Factor.SSO)
        if isinstance(meant, Refused):
            return meant
        return judge_assertion(self.assertion, self.installation.policy.sso, place.now, meant) or Complete(meant)

    def again(self, user: User | None, before: User, place: Place) -> Complete | Refused:
        judged = self.judge(user, place, SecretVerdict.RIGHT)
        if isinstance(judged, Complete) and judged.user.valid_from != before.valid_from:
            return Refused(Reason.DEAD_SIGN_IN, "D13", user_id=before.id)  # D13: disabled and enabled meanwhile
        return judged

    def look(self, user: User, place: Place, check: Check) -> SecretVerdict:  # noqa: ARG002
        return SecretVerdict.RIGHT

    def prepare(self, user: User, place: Place, check: Check) -> None:
        """Make nothing."""

    async def grant(self, granted: Granted) -> SignInOutcome:
        user, place, policy = granted.user, granted.place, self.installation.policy
        at = max(place.now, user.saved_at)
        try:  # before anything is granted, so that two who send it at once are not both let in
            await self.installation.store.add_assertion(taken(self.assertion, policy.sso, at))
        except Stale as stale:
            if stale.joined:
                raise
            return Refused(Reason.REPLAYED_ASSERTION, "S35", user_id=user.id)  # S35
        draft = begun(
            user,
            Purpose.SIGN_IN,
            proven_by(self.assertion, policy.sso, at),
            address=self.attempt.address,
            at=at,
            lasts=policy.tokens.sign_in,
            session=self.session,
        )
        standing = Standing(user, draft, place, self.attempt.client)
        return cast("SignInOutcome", await proceed(Turn(self.installation, standing, granted.saver)))
