"""Saving the user whose secret was just proven, and judging again if the record has changed meanwhile."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from attrs import evolve

from mydso_access.decisions.naming import IPAddress
from mydso_access.decisions.outcomes import Busy, BusyBecause, Refused
from mydso_access.decisions.sign_in import judge_again
from mydso_access.errors import Stale
from mydso_access.installation import Installation
from mydso_access.model.event import Event, EventKind
from mydso_access.model.instant import next_save
from mydso_access.model.user import User
from mydso_access.retry import pauses, sleep


async def save_proven(
    installation: Installation,
    user: User,
    client: IPAddress,
    kind: EventKind,
    change: Callable[[User, datetime], dict[str, Any]],
) -> User | Refused | Busy:
    """Save the changed user together with the event that tells of it.

    Args:
        installation: where.
        user: the record as it was when its secret was proven.
        client: the address it was proven from.
        kind: what happened.
        change: the fields that change and their new values, given the record and the instant of its save.

    Returns:
        The user as stored; a refusal if what was proven is no longer theirs; `Busy` if others kept being saved first.

    Raises:
        StoreError: the store failed, and nobody knows whether it saved.
    """
    proven, event_id = user, installation.chance.new_id()
    for pause in pauses(installation.policy.lockout.lease):
        at = next_save(user.saved_at, installation.now())
        event = Event(id=event_id, kind=kind, at=at, subject=user.id, actor=user.id, address=str(client))
        try:
            changed = evolve(user, saved_at=at, written_by=event_id, **change(user, at))
            return await installation.store.save_user(changed, event)
        except Stale:
            await sleep(installation, pause)
        judged = judge_again(await installation.store.user(proven.id), proven)
        if isinstance(judged, Refused):
            return judged
        user = judged.user
    return Busy(BusyBecause.RECORD_CHANGED)
