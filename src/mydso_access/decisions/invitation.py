"""Invitations: who may accept one, until when, and what happens after (S7, S9, S10, S12, S13; A7, A9, A30)."""

from datetime import datetime

from attrs import evolve, frozen

from mydso_access.decisions.changes import Changed
from mydso_access.decisions.levels import comes_by
from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.tokens import GivenToken, TokenPurpose, opens, token_digest, token_text
from mydso_access.model.event import EventKind
from mydso_access.model.message import InvitationMessage
from mydso_access.model.reason import Reason
from mydso_access.model.secret import Secret
from mydso_access.model.structure import SignInMode
from mydso_access.model.user import Credential, Disabled, DisabledBecause, Enabled, Invited, User
from mydso_access.policy.security_policy import SecurityPolicy


@frozen
class OpenInvitation:
    """An invitation that can be accepted.

    Attributes:
        user: who was invited.
        until: the last instant at which it can be accepted.
    """

    user: User
    until: datetime


def lapses_after(user: User, policy: SecurityPolicy) -> datetime | None:
    """Return the last instant at which a user's invitation can be accepted; `None` if they were not invited (S9)."""
    return user.login.since + policy.tokens.invitation if isinstance(user.login, Invited) else None  # S9


def has_lapsed(user: User, policy: SecurityPolicy, now: datetime) -> bool:
    """Tell whether an invitation has lapsed; a founding main administrator's never does (S10)."""
    until = lapses_after(user, policy)
    return until is not None and now > until and not user.appointments  # S10


def judge_invitation(
    user: User | None,
    given: GivenToken | None,
    policy: SecurityPolicy,
    now: datetime,
    home_mode: SignInMode = SignInMode.PASSWORD,
) -> OpenInvitation | Refused:
    """Say whether a token opens an invitation.

    Args:
        user: the record that the token names.
        given: the token as it came back; `None` if it was none.
        policy: the installation's policy.
        now: the present instant.
        home_mode: how the users of the user's structure prove their first factor by now.
    """
    login = None if user is None else user.login
    kept = login.token if isinstance(login, Invited) else None
    if given is None or not opens(given, TokenPurpose.INVITATION, kept):
        return Refused(Reason.DEAD_TOKEN, "S13")  # S13: unknown, used, or replaced by a later one
    if user is not None and comes_by(user.sign_in_mode, home_mode):
        return Refused(Reason.DEAD_TOKEN, "A24", user_id=user.id)  # A24: no password is asked of them any more
    until = None if user is None else lapses_after(user, policy)
    if user is None or until is None or now > until:
        return Refused(Reason.LAPSED, "S9", user_id=None if user is None else user.id)  # S9
    return OpenInvitation(user, until)


def accepted(user: User, hashed: Secret[str], at: datetime) -> Changed[User]:
    """Return the user who created their password: it may be used from now on, and the e-mail address is theirs (S12)."""
    email = None if user.email is None else evolve(user.email, confirmed_at=at)  # A30
    record = evolve(
        user, login=Enabled(at), credential=Credential(hashed, at), email=email, valid_from=at, notice=None, reset=None
    )
    return Changed(record=record, kind=EventKind.INVITATION_ACCEPTED, rule="S12")


def lapsed(user: User, at: datetime) -> Changed[User]:
    """Return the user whose invitation was not accepted in time; what they are associated with stays (S10)."""
    record = evolve(user, login=Disabled(DisabledBecause.LAPSED, at), valid_from=at, notice=None)
    return Changed(
        record=record,
        kind=EventKind.USER_DISABLED,
        rule="S10",
        reason=Reason.LAPSED,
        answer=Refused(Reason.LAPSED, "S9", user_id=user.id),
    )


@frozen
class Invite:
    """What an invitation is made of.

    Attributes:
        secret: drawn for this one invitation.
        structure: title of the structure.
        policy: the effective policy of that structure.
        at: when.
        sso: whether the user comes by single sign-on, and so creates no password.
        home_mode: how the structure's users prove their first factor, if nothing else is said of one.
    """

    secret: Secret[str]
    structure: str
    policy: SecurityPolicy
    at: datetime
    sso: bool = False
    home_mode: SignInMode = SignInMode.PASSWORD


def invited(user: User, invite: Invite) -> tuple[User, tuple[InvitationMessage, ...]]:
    """Return the user with a new invitation, the only one that is still good, and its message (S7, S13).

    A user who comes by SSO has no password to create, and may sign in at once (A24).
    """
    name, to = user.name or "", user.email
    if invite.sso:  # A24
        login: Enabled | Invited = Enabled(invite.at)
        token, until = None, None
    else:
        digest = token_digest(TokenPurpose.INVITATION, user.id, invite.secret)
        login = Invited(invite.at, digest)
        token, until = token_text(user.id, invite.secret), invite.at + invite.policy.tokens.invitation  # S9
    record = evolve(user, login=login, credential=None, reset=None, notice=None, valid_from=invite.at)
    if to is None:
        return record, ()
    return record, (InvitationMessage(to=to.address, name=name, structure=invite.structure, token=token, until=until),)
