"""Accepting, renewing and looking at invitations (S9, S10, S12, S13; A7, A9, A30)."""

from datetime import datetime

from attrs import frozen

from mydso_access.changing import Case, Decided, change, user_shelf
from mydso_access.decisions.administration import Actor
from mydso_access.decisions.changes import Done
from mydso_access.decisions.invitation import OpenInvitation, accepted, has_lapsed, judge_invitation, lapsed
from mydso_access.decisions.levels import policy_at_home
from mydso_access.decisions.lockout import rebound
from mydso_access.decisions.naming import account_key
from mydso_access.decisions.outcomes import Busy, PasswordRejected, Refused
from mydso_access.decisions.password import prepared
from mydso_access.decisions.tokens import read_token
from mydso_access.decisions.users import reinvited
from mydso_access.hashing import hashed
from mydso_access.installation import Installation
from mydso_access.managing import home_of, manage_inviting
from mydso_access.model.reason import Reason
from mydso_access.model.secret import Secret, wrapped
from mydso_access.model.structure import SignInMode
from mydso_access.model.user import User
from mydso_access.reviewing import Setting, violations_of
from mydso_access.unblocking import change_counter


@frozen
class InvitationShown:
    """What the page behind an invitation's link may show.

    Attributes:
        name: the login name.
        until: until when the password can be created.
    """

    name: str
    until: datetime

    @property
    def messages(self) -> tuple[()]:
        """Nobody is told; every answer has messages, so that one function of the host's sends them."""
        return ()


async def look_at_invitation(installation: Installation, /, token: str | Secret[str]) -> InvitationShown | Refused:
    """Say whether an invitation can be accepted, and change nothing: mail scanners open links, too.

    Args:
        token: as it came back in the link.

    Raises:
        InvalidValue: the token is no text.
        StoreError: a repository failed.
    """
    token = wrapped(token)  # from here on no traceback shows it
    given = read_token(token)
    user = None if given is None else await installation.store.user(given.record_id)
    mode = await _mode_at_home(installation, user)
    judged = judge_invitation(user, given, installation.policy, installation.now(), mode)
    return judged if isinstance(judged, Refused) else InvitationShown(judged.user.name or "", judged.until)


async def accept_invitation(
    installation: Installation, /, token: str | Secret[str], password: str | Secret[str]
) -> Done[User] | PasswordRejected | Refused | Busy:
    """Create the password that the invitation asks for: the user may sign in from now on, and is not signed in by it.

    Args:
        token: as it came back in the link.
        password: the password as typed.

    Returns:
        `Done`; `PasswordRejected` if the password is not good enough, and then the invitation can still be accepted;
        `Refused` if it was accepted, replaced or has lapsed; `Busy`.

    Raises:
        InvalidValue: an argument is no text.
        StoreError: a repository failed.
        VerifierFailed: the hasher raised; nothing is changed.
    """
    token, password = wrapped(token), wrapped(password)  # from here on no traceback shows them
    given = read_token(token)
    user = None if given is None else await installation.store.user(given.record_id)
    mode = await _mode_at_home(installation, user)
    judged = judge_invitation(user, given, installation.policy, installation.now(), mode)
    if isinstance(judged, Refused):
        return await _refused(installation, user, judged)
    home = await home_of(installation, judged.user)
    policy = policy_at_home(judged.user, home, installation.policy).policy
    setting, form = Setting(judged.user, home, policy.binding_passwords), prepared(password)
    violations = await violations_of(installation, password, setting)
    if violations or form is None:
        return PasswordRejected(violations)
    made = await hashed(installation, form)
    if isinstance(made, Busy):
        return made

    # Strangers may have reached the cap before there was a password; it begins anew with the first one (D4).
    lifted = await change_counter(installation, account_key(judged.user.name or ""), rebound)
    if isinstance(lifted, Busy):
        return lifted

    def decide(case: Case[User]) -> Decided[User]:
        again = judge_invitation(case.record, given, installation.policy, case.at, mode)
        return accepted(again.user, made, case.at) if isinstance(again, OpenInvitation) else again

    return await change(installation, None, user_shelf(installation, judged.user.id), decide)


async def renew_invitation(installation: Installation, /, actor: Actor, user_id: str) -> Done[User] | Refused | Busy:
    """Send a new invitation; the link of the one before dies at once, and the days begin anew (S13).

    Args:
        actor: who asks.
        user_id: who is invited again; also whoever let an invitation lapse.

    Raises:
        InvalidValue: an argument is malformed.
        StoreError: a repository failed.
    """
    return await manage_inviting(installation, actor, user_id, reinvited)


async def _mode_at_home(installation: Installation, user: User | None) -> SignInMode:
    home = await home_of(installation, user)
    return SignInMode.PASSWORD if home is None else home.sign_in_mode


async def _refused(installation: Installation, user: User | None, refusal: Refused) -> Refused | Busy:
    """Answer a refusal; an invitation that is found to have lapsed is stored as lapsed, and never revives (S10)."""
    if user is None or refusal.reason is not Reason.LAPSED:
        return refusal

    def decide(case: Case[User]) -> Decided[User]:
        if case.record is None or not has_lapsed(case.record, installation.policy, case.at):
            return refusal
        return lapsed(case.record, case.at)  # S10

    answer = await change(installation, None, user_shelf(installation, user.id), decide)
    return refusal if isinstance(answer, Done) else answer
