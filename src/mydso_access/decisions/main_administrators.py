"""Who may change a structure's settings: appointments, held by user and structure alike, never none (S18; A13)."""

from datetime import datetime

from attrs import evolve

from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.dormancy import is_dormant
from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.users import rights_changed
from mydso_access.model.event import Difference, EventKind
from mydso_access.model.reason import Reason
from mydso_access.model.role import Right, RoleTable
from mydso_access.model.structure import Appointment, StructureRecord
from mydso_access.model.user import Enabled, User
from mydso_access.policy.security_policy import SecurityPolicy


def judge_appointment(
    user: User, record: StructureRecord, roles: RoleTable, policy: SecurityPolicy, now: datetime
) -> Refused | None:
    """Say what forbids a user to be main administrator of a structure; `None`: nothing.

    Args:
        user: who is to be.
        record: the structure.
        roles: what each role may do.
        policy: the effective policy there.
        now: the present instant.
    """
    if user.structure != record.structure:
        return Refused(Reason.OTHER_STRUCTURE, "A13", user_id=user.id)  # A13
    if not isinstance(user.login, Enabled):
        return Refused(Reason.WRONG_STATE, "A13", user_id=user.id)  # A13: who may not sign in cannot administer
    if is_dormant(user, policy, now):
        return Refused(Reason.WRONG_STATE, "S25", user_id=user.id)  # S25: an appointment would revive the login
    if user.role not in roles.roles:
        return Refused(Reason.NOT_ALLOWED, "A13", user_id=user.id)  # A13
    if Right.SECURITY_SETTINGS not in roles.role(user.role).rights(may_import=user.may_import):
        return Refused(Reason.NOT_ALLOWED, "A13", user_id=user.id)  # A13: of an Administrator's role
    return None


def holding(user: User, appointment: str, given_up: str = "") -> Changed[User]:
    """Return the user holding an appointment; the first half, after which they can no longer be disabled.

    Args:
        user: the record.
        appointment: its id.
        given_up: id of one that it takes the place of, since no structure will list that one any more.
    """
    record = rights_changed(user, appointments=(user.appointments - {given_up}) | {appointment})
    difference = Difference("appointments", "", appointment)
    return Changed(record=record, kind=EventKind.RIGHTS_CHANGED, rule="A13", differences=(difference,))


def appointed(record: StructureRecord, *appointments: Appointment) -> Changed[StructureRecord] | Done[StructureRecord]:
    """Return the structure with one more main administrator, by one appointment or several; the second half."""
    new = tuple(each for each in appointments if each not in record.main_administrators)
    if not new:
        return Done(record)
    changed = evolve(record, main_administrators=(*record.main_administrators, *new))
    return _changed(changed, Difference("main_administrator", "no", "yes"), new[0].user_id)


def dismissed(
    record: StructureRecord, user_id: str, held: frozenset[str], enabled: frozenset[str]
) -> Changed[StructureRecord] | Done[StructureRecord] | Refused:
    """Return the structure without a main administrator, if another one is left who may sign in; the first half.

    Args:
        record: the structure.
        user_id: who is dismissed.
        held: what the user holds; also if the structure lists none of it, it is saved, to overtake an appointing.
        enabled: ids of its main administrators who are enabled; whoever was only invited may never come.
    """
    left = tuple(each for each in record.main_administrators if each.user_id != user_id)
    if left == record.main_administrators and not held:
        return Done(record)
    if not any(each.user_id in enabled for each in left):
        return Refused(Reason.LAST_MAIN_ADMINISTRATOR, "A13", user_id=user_id)  # A13
    if left == record.main_administrators:
        return Changed(record=record, kind=EventKind.MAIN_ADMINISTRATORS_CHANGED, rule="A13", subject=user_id)
    changed = evolve(record, main_administrators=left)
    return _changed(changed, Difference("main_administrator", "yes", "no"), user_id)


def released(user: User, appointments: frozenset[str]) -> Changed[User] | Done[User]:
    """Return the user without exactly these appointments, which no structure holds any more; the second half."""
    gone = user.appointments & appointments
    if not gone:
        return Done(user)
    differences = tuple(Difference("appointments", each, "") for each in sorted(gone))
    record = evolve(user, appointments=user.appointments - gone)
    return Changed(record=record, kind=EventKind.RIGHTS_CHANGED, rule="A13", differences=differences)


def _changed(record: StructureRecord, difference: Difference, user_id: str) -> Changed[StructureRecord]:
    kind = EventKind.MAIN_ADMINISTRATORS_CHANGED
    return Changed(record=record, kind=kind, rule="A13", differences=(difference,), subject=user_id)
