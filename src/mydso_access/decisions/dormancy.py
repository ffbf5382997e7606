"""Who has not been seen for too long (S25; D15, A19)."""

import calendar
from datetime import datetime

from mydso_access.decisions.levels import levels_of, value_at
from mydso_access.decisions.outcomes import Refused
from mydso_access.model.reason import Reason
from mydso_access.model.structure import StructureRecord
from mydso_access.model.user import User, seen_at
from mydso_access.policy.fixed import LONGEST_CLAMP
from mydso_access.policy.security_policy import SecurityPolicy

MONTHS = "dormancy.months"


def dormant_from(user: User, policy: SecurityPolicy) -> datetime | None:
    """Return the instant from which a login counts as dormant; `None`: time alone never makes it.

    Main administrators never go dormant: nobody could enable them again.

    Args:
        user: the record; only an enabled login goes dormant.
        policy: the effective policy of the structure that the user signs in to.
    """
    return dormant_after(user, policy.dormancy.months)


def dormant_after(user: User, months: int | None) -> datetime | None:
    """Return the instant from which a login counts as dormant after so many months; `None`: time alone never makes it."""
    seen = seen_at(user)
    if seen is None or months is None or user.appointments:  # A19
        return None
    return months_later(seen, months)  # S25


def is_dormant(user: User, policy: SecurityPolicy, now: datetime) -> bool:
    """Tell whether a login is dormant."""
    due = dormant_from(user, policy)
    return due is not None and now >= due  # S25


def judge_dormancy(user: User, home: StructureRecord, policy: SecurityPolicy, now: datetime) -> Refused | None:
    """Say whether a login has gone dormant; `None`: it has not.

    Args:
        user: the record.
        home: the user's structure.
        policy: the installation's policy.
        now: the present instant.
    """
    due = dormant_after(user, value_at(home, policy, MONTHS))
    if due is None or now < due:
        return None
    return Refused(Reason.DORMANT, "S25", levels=levels_of(home, policy, MONTHS), user_id=user.id)  # S25


def unseen_cut_off(now: datetime, months: int) -> datetime:
    """Return an instant that every login which is dormant by now was last seen before; few others were."""
    return months_later(now, -months) + LONGEST_CLAMP


def months_later(instant: datetime, months: int) -> datetime:
    """Return the instant so many calendar months later, clamped to the month's end (D10)."""
    year, month = divmod(instant.year * 12 + instant.month - 1 + months, 12)
    day = min(instant.day, calendar.monthrange(year, month + 1)[1])  # D10
    return instant.replace(year=year, month=month + 1, day=day)
