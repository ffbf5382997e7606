"""Appointing and dismissing main administrators: two records, in an order that never leaves a structure without (A13).

Whoever a structure lists holds that appointment. An appointing lists an id of its own, drawn for it, and only if the
structure is still as it was before the user held it; a dismissing saves the structure after it saw what the user holds.
So what it then takes from the user is listed by nobody any more, and by nobody later.
"""

from mydso_access.changing import Case, Decided, actor_facts, change, structure_shelf, unreadable, user_shelf
from mydso_access.decisions.administration import (
    Actor,
    ActorFacts,
    System,
    judge_main_administration,
    judge_powers,
    judge_step_up,
    read_actor,
)
from mydso_access.decisions.changes import Done
from mydso_access.decisions.levels import policy_at_home
from mydso_access.decisions.main_administrators import appointed, dismissed, holding, judge_appointment
from mydso_access.decisions.outcomes import Busy, BusyBecause, Refused
from mydso_access.decisions.sessions import SensitiveAction
from mydso_access.errors import UnreadableRecord
from mydso_access.installation import Installation
from mydso_access.managing import release_unlisted
from mydso_access.model.reason import Reason
from mydso_access.model.structure import Appointment, Structure, StructureRecord
from mydso_access.model.user import Enabled, User
from mydso_access.retry import pauses, sleep

OVERTAKEN = Refused(Reason.WRONG_STATE, "A13")
NEVER_FOUNDED = Refused(Reason.NO_STRUCTURE, "A13")


async def appoint(
    installation: Installation, /, actor: Actor, structure: Structure, user_id: str
) -> Done[StructureRecord] | Refused | Busy:
    """Make a user main administrator of their structure.

    The user's record is saved first: from then on they cannot be disabled or demoted. If the process dies before the
    structure is saved, they administer nothing; appointing or dismissing them goes on from there.

    Args:
        actor: a main administrator of the structure, freshly proven, or the system.
        structure: which.
        user_id: an enabled user of it, of a role that administers security.

    Raises:
        InvalidValue: the actor is none.
        StoreError: a repository failed.
    """
    facts, drawn = await actor_facts(installation, read_actor(actor)), ""
    if refusal := _judge(installation, facts, structure):
        return refusal
    for pause in pauses(installation, installation.policy.lockout.charge_wait):
        await sleep(installation, pause)
        record = await installation.store.structure(structure)
        if record is None:
            return Refused(Reason.NO_STRUCTURE, "A13")  # A13
        given_up, drawn = drawn, installation.chance.new_id()
        held = await _held(installation, actor, user_id, record, given_up, drawn)
        if not isinstance(held, Done):
            await release_unlisted(installation, actor, structure, user_id, frozenset({given_up}))
            return held
        if drawn not in held.record.appointments:  # they are already; listing them again could undo a dismissing
            return Done(record)
        listed = await _listed(installation, actor, record, Appointment(user_id, drawn))
        if listed is OVERTAKEN:
            continue
        if isinstance(listed, Refused | Busy):  # nobody will list it: it must not keep the user
            await release_unlisted(installation, actor, structure, user_id, frozenset({drawn}))
        return listed
    await release_unlisted(installation, actor, structure, user_id, frozenset({drawn}))
    return Busy(BusyBecause.RECORD_CHANGED)


def _judge(installation: Installation, facts: ActorFacts, structure: Structure) -> Refused | None:
    refusal = judge_main_administration(facts, installation.roles, structure)
    return refusal or judge_step_up(facts, SensitiveAction.CHANGE_ADMINISTRATOR)


async def _held(  # noqa: PLR0913, PLR0917  # who, by whom, where, and what
    installation: Installation, actor: Actor, user_id: str, record: StructureRecord, given_up: str, drawn: str
) -> Done[User] | Refused | Busy:
    listed = {each.id for each in record.main_administrators}

    def hold(case: Case[User]) -> Decided[User]:
        if refusal := _judge(installation, case.facts, record.structure):
            return refusal
        if case.record is None:
            return Refused(Reason.NO_USER, "S11")  # S11
        home = record if record.structure == case.record.structure else None
        policy = policy_at_home(case.record, home, installation.policy).policy
        if refusal := judge_appointment(case.record, record, installation.roles, policy, case.at):
            return refusal
        if case.record.appointments & listed:
            return Done(case.record)
        held = holding(case.record, drawn, given_up)
        return judge_powers(case.facts, installation.roles, held.record) or held

    return await change(installation, actor, user_shelf(installation, user_id), hold)


async def _listed(
    installation: Installation, actor: Actor, before: StructureRecord, appointment: Appointment
) -> Done[StructureRecord] | Refused | Busy:
    def add(case: Case[StructureRecord]) -> Decided[StructureRecord]:
        if case.record is None or case.record.version != before.version:
            return OVERTAKEN  # perhaps by a dismissing, which saw what the user holds, and takes it from them
        refusal = _judge(installation, case.facts, before.structure)
        return refusal or appointed(case.record, appointment)

    return await change(installation, actor, structure_shelf(installation, before.structure), add)


async def _enabled(installation: Installation, structure: Structure) -> frozenset[str]:
    """Find out which main administrators of a structure are enabled; they stay so as long as they are appointed."""
    record = await installation.store.structure(structure)
    ids = {each.user_id for each in record.main_administrators} if record is not None else set()
    enabled = set()
    for each in sorted(ids):
        try:
            user = await installation.store.user(each)
        except UnreadableRecord as error:  # one damaged row keeps nobody else from going
            unreadable(error)
            continue
        enabled |= {each} if user is not None and isinstance(user.login, Enabled) else set()
    return frozenset(enabled)


async def dismiss(
    installation: Installation, /, actor: Actor, structure: Structure, user_id: str
) -> Done[StructureRecord] | Done[User] | Refused | Busy:
    """Take a main administrator's appointments back, unless no enabled one is left.

    The structure's record is saved first. If the process dies before the user's is, they administer nothing any more,
    but cannot be disabled until they are dismissed once more. The system also dismisses whoever was to administer a
    structure that was never founded after all.

    Args:
        actor: a main administrator of the structure, freshly proven, or the system.
        structure: which.
        user_id: who is no longer main administrator.

    Returns:
        `Done` with the structure, or with the user where the structure is not stored; `Refused`; `Busy`.

    Raises:
        InvalidValue: the actor is none.
        StoreError: a repository failed.
    """
    read_actor(actor)
    user = await installation.store.user(user_id)
    held = frozenset() if user is None or user.structure != structure else user.appointments
    enabled = await _enabled(installation, structure)
    gone: set[str] = set()

    def take_out(case: Case[StructureRecord]) -> Decided[StructureRecord]:
        if refusal := _judge(installation, case.facts, structure):
            return refusal
        if user is not None and (refusal := judge_powers(case.facts, installation.roles, user)):
            return refusal
        if case.record is None:
            return NEVER_FOUNDED
        gone.clear()
        gone.update(held, (each.id for each in case.record.main_administrators if each.user_id == user_id))
        return dismissed(case.record, user_id, held, enabled)

    taken = await change(installation, actor, structure_shelf(installation, structure), take_out)
    if taken is NEVER_FOUNDED and held and isinstance(actor, System):
        return await release_unlisted(installation, actor, structure, user_id, held)
    if not isinstance(taken, Done):
        return taken
    freed = await release_unlisted(installation, actor, structure, user_id, frozenset(gone))
    return freed if isinstance(freed, Busy) else taken
