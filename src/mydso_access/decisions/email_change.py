"""Changing where messages go: the new address counts once its message's token has come back (A30)."""

from datetime import datetime

from attrs import evolve, frozen

from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.invitation import Invite, invited
from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.tokens import GivenToken, TokenPurpose, opens, token_digest, token_text
from mydso_access.decisions.users import told
from mydso_access.model.event import EventKind
from mydso_access.model.message import EmailConfirmationMessage, SecurityChange
from mydso_access.model.reason import Reason
from mydso_access.model.token import SentToken
from mydso_access.model.user import Disabled, DisabledBecause, Email, Enabled, Invited, NewEmail, NoLogin, User
from mydso_access.policy.security_policy import SecurityPolicy


@frozen
class OpenConfirmation:
    """An address that can be confirmed.

    Attributes:
        user: whose.
        new_email: the address, and its token.
    """

    user: User
    new_email: NewEmail


def email_change_asked(user: User, address: str, invite: Invite) -> Changed[User] | Done[User] | Refused:
    """Return the user with another e-mail address, or with one that waits to be confirmed.

    A contact's is replaced at once: nothing is ever proven by it; so is that of an invitation that lapsed, which may have
    gone to a wrong one. Whoever is still invited gets a new invitation there, and the link sent to the old address dies.
    Whoever may sign in keeps the old address until the new one is confirmed, and is told there.

    Args:
        user: the record.
        address: the new address, in the form of `parse_email`.
        invite: what an invitation or a confirmation is made of.
    """
    if user.email is not None and address == user.email.address and user.new_email is None:
        return Done(user)
    if isinstance(user.login, NoLogin):
        return Changed(record=evolve(user, email=Email(address)), kind=EventKind.EMAIL_CHANGED, rule="A4")
    if isinstance(user.login, Invited):
        record, messages = invited(evolve(user, email=Email(address)), invite)
        return Changed(record=record, kind=EventKind.EMAIL_CHANGED, rule="S13", messages=messages)
    if isinstance(user.login, Disabled):
        if user.login.reason is not DisabledBecause.LAPSED or user.credential is not None:
            # Once enabled, a reset would go to an address that nobody confirmed.
            return Refused(Reason.WRONG_STATE, "A30", user_id=user.id)  # A30
        return Changed(record=evolve(user, email=Email(address)), kind=EventKind.EMAIL_CHANGED, rule="A30")
    digest = token_digest(TokenPurpose.EMAIL, user.id, invite.secret)
    record = evolve(user, new_email=NewEmail(address, SentToken(digest, invite.at)), reset=None)
    message = EmailConfirmationMessage(
        to=address,
        name=user.name or "",
        token=token_text(user.id, invite.secret),
        until=invite.at + invite.policy.tokens.email_confirmation,
    )
    messages_ = (message, *told(user, SecurityChange.EMAIL_CHANGE_ASKED, invite.at))
    return Changed(record=record, kind=EventKind.EMAIL_CHANGE_ASKED, rule="A30", messages=messages_)


def judge_confirmation(
    user: User | None, given: GivenToken | None, policy: SecurityPolicy, now: datetime
) -> OpenConfirmation | Refused:
    """Say whether a token confirms an address."""
    waiting = None if user is None else user.new_email
    fits = given is not None and opens(given, TokenPurpose.EMAIL, None if waiting is None else waiting.token.digest)
    if user is None or waiting is None or not fits or not isinstance(user.login, Enabled):
        return Refused(Reason.DEAD_TOKEN, "A30", user_id=None if user is None else user.id)  # A30
    if now > waiting.token.sent_at + policy.tokens.email_confirmation:
        return Refused(Reason.LAPSED, "A30", user_id=user.id)  # A30
    return OpenConfirmation(user, waiting)


def email_confirmed(confirmation: OpenConfirmation, at: datetime) -> Changed[User]:
    """Return the user with the confirmed address; the old one is told, and tokens sent there are dead."""
    user = confirmation.user
    record = evolve(user, email=Email(confirmation.new_email.address, at), new_email=None, reset=None)
    messages = told(user, SecurityChange.EMAIL_CHANGED, at)
    return Changed(record=record, kind=EventKind.EMAIL_CHANGED, rule="A30", messages=messages)
