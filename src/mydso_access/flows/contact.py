"""Changing how a user is reached: e-mail address, confirmed by its message, and mobile number (A30)."""

from mydso_access.changing import Case, Decided, change, user_shelf
from mydso_access.decisions.administration import Actor
from mydso_access.decisions.changes import Done
from mydso_access.decisions.contact import parse_email, parse_mobile
from mydso_access.decisions.email_change import (
    OpenConfirmation,
    email_change_asked,
    email_confirmed,
    judge_confirmation,
)
from mydso_access.decisions.outcomes import Busy, Refused
from mydso_access.decisions.sessions import SensitiveAction
from mydso_access.decisions.tokens import read_token
from mydso_access.decisions.users import with_mobile
from mydso_access.installation import Installation
from mydso_access.managing import Edit, InvitingEdit, fresh, manage_inviting, manage_or_own, unless_changed
from mydso_access.model.secret import Secret, wrapped
from mydso_access.model.user import User


async def change_email(
    installation: Installation, /, actor: Actor, user_id: str, email: str, *, seen: str | None = None
) -> Done[User] | Refused | Busy:
    """Change where a user's messages go; whoever may sign in keeps the old address until the new one is confirmed.

    Args:
        actor: who asks, themselves or somebody with every right of theirs; their proof must be fresh.
        user_id: whose address.
        email: the new address.
        seen: the `mark` of the row that was shown; if the record says something else by now, nothing is changed.

    Returns:
        `Done` with the messages: to the new address, and a warning to the old one; `Refused`; `Busy`.

    Raises:
        InvalidValue: the address is none, or an argument is malformed.
        StoreError: a repository failed.
    """
    address = parse_email(email)
    edit: InvitingEdit = unless_changed(seen, lambda user, invite: email_change_asked(user, address, invite))
    if refusal := await fresh(installation, actor, SensitiveAction.CHANGE_EMAIL):
        return refusal
    return await manage_inviting(installation, actor, user_id, edit, manage_or_own)


async def confirm_email(installation: Installation, /, token: str | Secret[str]) -> Done[User] | Refused | Busy:
    """Confirm a new e-mail address with the token of its message; the old address is told.

    Args:
        token: as it came back in the link.

    Raises:
        InvalidValue: the token is no text.
        StoreError: a repository failed.
    """
    token = wrapped(token)  # from here on no traceback shows it
    given = read_token(token)
    user = None if given is None else await installation.store.user(given.record_id)
    judged = judge_confirmation(user, given, installation.policy, installation.now())
    if isinstance(judged, Refused):
        return judged

    def decide(case: Case[User]) -> Decided[User]:
        again = judge_confirmation(case.record, given, installation.policy, case.at)
        return email_confirmed(again, case.at) if isinstance(again, OpenConfirmation) else again

    return await change(installation, None, user_shelf(installation, judged.user.id), decide)


async def change_mobile(
    installation: Installation, /, actor: Actor, user_id: str, mobile: str | None, *, seen: str | None = None
) -> Done[User] | Refused | Busy:
    """Change the number that a user's codes are sent to.

    Args:
        actor: who asks, themselves or somebody with every right of theirs; their proof must be fresh.
        user_id: whose number.
        mobile: the new number in international form; `None` for none.
        seen: the `mark` of the row that was shown; if the record says something else by now, nothing is changed.

    Raises:
        InvalidValue: the number is none, or an argument is malformed.
        StoreError: a repository failed.
    """
    number = None if mobile is None else parse_mobile(mobile)
    edit: Edit = unless_changed(seen, lambda user, at: with_mobile(user, number, at))
    if refusal := await fresh(installation, actor, SensitiveAction.CHANGE_MOBILE):
        return refusal
    return await manage_or_own(installation, actor, user_id, edit)
