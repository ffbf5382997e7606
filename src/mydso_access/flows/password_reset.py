"""Resetting a forgotten password: requested by anybody, answered alike, completed with the token (D13; D4)."""

from datetime import datetime

from attrs import frozen

from mydso_access.changing import Case, Decided, change, damaged, user_shelf
from mydso_access.decisions.changes import Done
from mydso_access.decisions.levels import policy_at_home
from mydso_access.decisions.lockout import rebound
from mydso_access.decisions.naming import account_key, canonical_name
from mydso_access.decisions.outcomes import Busy, PasswordRejected, Refused
from mydso_access.decisions.password import prepared
from mydso_access.decisions.password_reset import OpenReset, judge_reset, may_reset, may_send, reset, reset_sent
from mydso_access.decisions.tokens import GivenToken, read_token
from mydso_access.errors import UnreadableRecord
from mydso_access.hashing import hashed
from mydso_access.installation import Installation
from mydso_access.managing import home_of
from mydso_access.model.message import Message
from mydso_access.model.reason import Reason
from mydso_access.model.secret import Secret, wrapped
from mydso_access.model.structure import StructureRecord
from mydso_access.model.user import User
from mydso_access.policy.security_policy import SecurityPolicy
from mydso_access.reviewing import Setting, violations_of
from mydso_access.unblocking import change_counter


@frozen
class ResetRequested:
    """What everybody is answered who asks for a reset, whoever they name.

    Attributes:
        messages: what the host must send, after it has answered: nothing, where nobody is to get any.
    """

    messages: tuple[Message, ...] = ()

    @property
    def public_message(self) -> str:
        """What the outside may read."""
        return "If this name may reset its password, a message is on its way."


@frozen
class ResetShown:
    """What the page behind a reset's link may show.

    Attributes:
        name: the login name.
        until: until when the password can be set.
    """

    name: str
    until: datetime

    @property
    def messages(self) -> tuple[()]:
        """Nobody is told; every answer has messages, so that one function of the host's sends them."""
        return ()


async def request_password_reset(installation: Installation, /, name: str) -> ResetRequested:
    """Let a password be reset by who reads the user's e-mail; the answer is the same for every name.

    Whoever comes by SSO, is not enabled or was sent a message just before gets none, and a message sent before stays
    good. Call this outside the request that asks for it, after that is answered: what is saved for a name that exists
    takes time, and sending its message takes more.

    Args:
        name: the login name as typed.

    Raises:
        InvalidValue: the name is no text.
        StoreError: a repository failed.
    """
    canonical, secret = canonical_name(name, installation.policy.names), Secret(installation.chance.new_id())
    try:
        user = None if canonical is None else await installation.store.user_named(canonical)
        home = await home_of(installation, user)
    except UnreadableRecord as error:  # the same answer for every name
        await damaged(installation, error, None)
        return ResetRequested()
    if user is None or user.name != canonical or home is None:
        return ResetRequested()
    policy = policy_at_home(user, home, installation.policy).policy

    def decide(case: Case[User]) -> Decided[User]:
        if case.record is None or case.record.name != canonical or not may_reset(case.record, home, policy, case.at):
            return Refused(Reason.WRONG_STATE, "D13")  # D13
        if not may_send(case.record, policy, case.at):
            return Done(case.record)
        return reset_sent(case.record, secret, policy, case.at)

    answer = await change(installation, None, user_shelf(installation, user.id), decide)
    return ResetRequested(answer.messages if isinstance(answer, Done) else ())


async def look_at_reset(installation: Installation, /, token: str | Secret[str]) -> ResetShown | Refused:
    """Say whether a password can be reset with a token, and change nothing: mail scanners open links, too.

    Args:
        token: as it came back in the link.

    Raises:
        InvalidValue: the token is no text.
        StoreError: a repository failed.
    """
    token = wrapped(token)  # from here on no traceback shows it
    judged, _, _ = await _judged(installation, read_token(token))
    return judged if isinstance(judged, Refused) else ResetShown(judged.user.name or "", judged.until)


async def complete_password_reset(
    installation: Installation, /, token: str | Secret[str], password: str | Secret[str]
) -> Done[User] | PasswordRejected | Refused | Busy:
    """Set a new password with the token of a reset message; it signs nobody in and removes no second factor.

    Every proof made before is dead. A block goes on; only a `hard_cap` that was reached is lifted (D4).

    Args:
        token: as it came back in the link.
        password: the new password as typed.

    Returns:
        `Done`; `PasswordRejected` if the password is not good enough, and then the token is still good; `Refused` if it
        was used, replaced or is too old; `Busy`.

    Raises:
        InvalidValue: an argument is no text.
        StoreError: a repository failed; unless the save of the user did, the token is still good.
        VerifierFailed: the hasher raised; nothing is changed.
    """
    token, password = wrapped(token), wrapped(password)  # from here on no traceback shows them
    given = read_token(token)
    judged, home, policy = await _judged(installation, given)
    if isinstance(judged, Refused):
        return judged
    setting, form = Setting(judged.user, home, policy.binding_passwords), prepared(password)
    violations = await violations_of(installation, password, setting)
    if violations or form is None:
        return PasswordRejected(violations)
    made = await hashed(installation, form)
    if isinstance(made, Busy):
        return made

    def decide(case: Case[User]) -> Decided[User]:
        again = judge_reset(case.record, given, home, policy, case.at)
        return reset(again.user, made, policy, case.at) if isinstance(again, OpenReset) else again

    # First, since it cannot be caught up on once the token is used; it opens nothing that the token does not.
    lifted = await change_counter(installation, account_key(judged.user.name or ""), rebound)
    if isinstance(lifted, Busy):
        return lifted
    return await change(installation, None, user_shelf(installation, judged.user.id), decide)


async def _judged(
    installation: Installation, given: GivenToken | None
) -> tuple[OpenReset | Refused, StructureRecord | None, SecurityPolicy]:
    """Judge a token by what is stored now; return its user's structure and the policy that binds there, too."""
    user = None if given is None else await installation.store.user(given.record_id)
    home = await home_of(installation, user)
    policy = installation.policy if user is None else policy_at_home(user, home, installation.policy).policy
    return judge_reset(user, given, home, policy, installation.now()), home, policy
