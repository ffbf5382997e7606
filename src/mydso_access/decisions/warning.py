"""Warning a user before the invitation lapses or the login goes dormant: once for each of some days before (S10, S25)."""

from datetime import datetime, timedelta

from attrs import evolve, frozen

from mydso_access.decisions.changes import Changed
from mydso_access.decisions.dormancy import dormant_from
from mydso_access.decisions.invitation import lapses_after
from mydso_access.decisions.listing import mark_of
from mydso_access.model.event import EventKind
from mydso_access.model.message import Ending, WarningMessage
from mydso_access.model.user import Enabled, Notice, User
from mydso_access.policy.fixed import NOTICE_DAYS
from mydso_access.policy.security_policy import SecurityPolicy

EARLIEST_WARNING = timedelta(days=max(NOTICE_DAYS))


@frozen
class Due:
    """What happens to a user if nobody does anything.

    Attributes:
        user: the record.
        ending: what ends: the invitation, or the login.
        at: when.
    """

    user: User
    ending: Ending
    at: datetime

    @property
    def mark(self) -> str:
        """What the record said, for a change that is made of it: `ListedUser.mark`."""
        return mark_of(self.user)


def due(user: User, policy: SecurityPolicy) -> Due | None:
    """Return what ends for a user, and when; `None` if nothing does.

    Args:
        user: the record.
        policy: the effective policy of the user's structure.
    """
    lapse, dormancy = lapses_after(user, policy), dormant_from(user, policy)
    if lapse is not None and not user.appointments:
        return Due(user, Ending.INVITATION, lapse)
    return None if dormancy is None else Due(user, Ending.LOGIN, dormancy)


def warned(ending: Due, now: datetime) -> Changed[User] | None:
    """Return the user with the warning that is due now; `None` if none is, or it was sent already.

    Of several that were missed only the latest is sent.
    """
    user, left = ending.user, ending.at - now
    days = min((each for each in NOTICE_DAYS if left <= timedelta(days=each)), default=None)
    if days is None or left < timedelta(0) or user.email is None or user.name is None:
        return None
    if user.notice is not None and user.notice.due == ending.at and user.notice.days <= days:
        return None
    message = WarningMessage(to=user.email.address, name=user.name, ending=ending.ending, due=ending.at, days=days)
    rule = "S25" if isinstance(user.login, Enabled) else "S10"
    record = evolve(user, notice=Notice(ending.at, days))
    return Changed(record=record, kind=EventKind.USER_WARNED, rule=rule, messages=(message,))
