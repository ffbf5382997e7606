"""When a password must be changed, and which may not come back (S23; A18)."""

from datetime import datetime, timedelta
from typing import Any

from attrs import evolve

from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.outcomes import DueBecause, Refused
from mydso_access.decisions.password import Flaw, review_password
from mydso_access.decisions.password_words import cores, is_a_row, is_made_of
from mydso_access.decisions.users import told
from mydso_access.model.event import EventKind
from mydso_access.model.instant import next_save
from mydso_access.model.message import SecurityChange
from mydso_access.model.reason import Reason
from mydso_access.model.secret import Secret
from mydso_access.model.user import Credential, User
from mydso_access.policy.security_policy import SecurityPolicy


def due_since(user: User, policy: SecurityPolicy) -> datetime | None:
    """Return from when on a user's password is too old; `None`: never (S23)."""
    if user.credential is None or policy.rotation.days is None:
        return None
    return user.credential.set_at + timedelta(days=policy.rotation.days)  # A18: from the last change


def owes_change(
    user: User,
    policy: SecurityPolicy,
    now: datetime,
    outgrown: bool,  # noqa: FBT001  # a fact that was found
) -> DueBecause | None:
    """Say why a user who has just proven their password owes a new one; `None`: they do not.

    Args:
        user: the record.
        policy: the effective policy where they are.
        now: the present instant.
        outgrown: whether the password that was proven would not be allowed any more.
    """
    if user.credential is not None and user.credential.compromised:
        return DueBecause.COMPROMISED  # NIST SP 800-63B-4, 3.1.1.2
    due = due_since(user, policy)
    if due is not None and max(now, user.saved_at) >= due:
        return DueBecause.AGE  # S23
    return DueBecause.OUTGROWN if outgrown else None


def is_outgrown(password: Secret[str], policy: SecurityPolicy, names: frozenset[str]) -> bool:
    """Tell whether a password does not meet the policy any more (S23).

    How long it is at most matters only when one is set (D13), and whether it is on a list of common ones is not asked.

    Args:
        password: as just proven.
        policy: the effective policy where it signs in.
        names: what it may not be made of.
    """
    binding = policy.binding_passwords
    flaws = {violation.flaw for violation in review_password(password, binding).violations}
    if flaws - {Flaw.TOO_LONG} or any(is_a_row(core) for core in cores(password)):
        return True
    return binding.refuse_names and is_made_of(password, names)


def with_password(user: User, hashed: Secret[str], policy: SecurityPolicy, at: datetime) -> dict[str, Any]:
    """Return what a new password changes of its user: every token, proof and half-finished sign-in from before is dead.

    Args:
        user: the record.
        hashed: the new password's hash.
        policy: the effective policy, which says how many earlier ones are kept.
        at: when.
    """
    old = user.credential
    before = () if old is None else (old.hash, *old.before)[: policy.rotation.history]
    set_at = at if old is None else next_save(old.set_at, at)  # never the instant of another password
    credential = Credential(hashed, set_at, before=before)
    return {"credential": credential, "reset": None, "new_email": None, "valid_from": at}


def compromised(user: User, at: datetime) -> Changed[User] | Done[User] | Refused:
    """Return the user whose password somebody else is known to have: sessions end, and the next sign-in changes it.

    What they may have prepared is dead, too: another address, a reset, addresses that were let in.
    """
    if user.credential is None:
        return Refused(Reason.NO_PASSWORD, "S23", user_id=user.id)  # S23
    if user.credential.compromised:
        return Done(user)
    return Changed(
        record=evolve(
            user,
            credential=evolve(user.credential, compromised=True),
            reset=None,
            new_email=None,
            approved=(),
            valid_from=at,
        ),
        kind=EventKind.PASSWORD_COMPROMISED,
        rule="S23",
        messages=told(user, SecurityChange.PASSWORD_COMPROMISED, at),
    )
