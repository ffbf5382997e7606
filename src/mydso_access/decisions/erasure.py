"""Erasing a user's personal data for good, and knowing that they are gone (GDPR, article 17)."""

from datetime import datetime
from typing import Any

from attrs import evolve

from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.outcomes import Refused
from mydso_access.model.event import EventKind
from mydso_access.model.reason import Reason
from mydso_access.model.user import Disabled, DisabledBecause, NoLogin, User

FORGOTTEN = "forgotten-"  # how a pseudonym begins


def erased(user: User, pseudonym: str, at: datetime) -> Changed[User] | Done[User] | Refused:
    """Return the user without personal data; a login ends for good.

    Args:
        user: the record.
        pseudonym: what stands for the user from now on.
        at: when.
    """
    if user.appointments:
        return Refused(Reason.MAIN_ADMINISTRATOR, "A13", user_id=user.id)  # A13
    contact = isinstance(user.login, NoLogin)
    if is_erased(user):
        return Done(user)
    gone: dict[str, Any] = {
        "login": user.login if contact else Disabled(DisabledBecause.FORGOTTEN, at),
        "name": None if contact else pseudonym,
        "full_name": pseudonym if contact else None,
        "email": None,
        "new_email": None,
        "mobile": None,
        "credential": None,
        "sso": None,
        "second_factor": None,
        "approved": (),
        "codes_sent": (),
        "reset": None,
        "notice": None,
        "valid_from": at,
    }
    return Changed(record=evolve(user, **gone), kind=EventKind.USER_FORGOTTEN, rule="GDPR 17")


def is_erased(user: User) -> bool:
    """Tell whether a user's personal data are gone; by what no name that somebody chose can look like."""
    if isinstance(user.login, NoLogin):
        return user.email is None and (user.full_name or "").startswith(FORGOTTEN)
    return isinstance(user.login, Disabled) and user.login.reason is DisabledBecause.FORGOTTEN
