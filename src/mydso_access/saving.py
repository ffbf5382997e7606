"""Saving the user whose secret was just proven, and judging again if the record has changed meanwhile."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeAlias

from attrs import evolve

from mydso_access.decisions.outcomes import Busy, BusyBecause, Refused
from mydso_access.decisions.sign_in import Place, judge_again
from mydso_access.errors import Stale
from mydso_access.ledger import Ledger
from mydso_access.model.event import Event, EventKind
from mydso_access.model.instant import next_save
from mydso_access.model.user import User
from mydso_access.retry import pauses, sleep

# The fields that change and their new values, given the record and the instant of its save.
Change: TypeAlias = Callable[[User, datetime], dict[str, Any]]
# `save_proven`, with ledger, user and place given.
Save: TypeAlias = Callable[[EventKind, Change], Awaitable[User | Refused | Busy]]


async def save_proven(
    ledger: Ledger, user: User, place: Place, kind: EventKind, change: Change
) -> User | Refused | Busy:
    """Save the changed user together with the event that tells of it.

    Args:
        ledger: what was charged for it; past its lease nothing is written.
        user: the record as it was when its secret was proven.
        place: where they are signed in to.
        kind: what happened.
        change: what changes.

    Returns:
        The user as stored; a refusal if what was proven is no longer theirs; `Busy` if others kept being saved first.

    Raises:
        StoreError: the store failed, and nobody knows whether it saved.
    """
    installation = ledger.installation
    proven, event_id = user, installation.chance.new_id()
    for pause in pauses(installation, installation.policy.lockout.charge_wait):
        if pause:
            await sleep(installation, pause)
        if ledger.has_lapsed():
            return Busy(BusyBecause.LAPSED)
        at = next_save(user.saved_at, installation.now())
        event = Event(id=event_id, kind=kind, at=at, subject=user.id, actor=user.id, address=str(ledger.client))
        changed = evolve(user, saved_at=at, written_by=event_id, **change(user, at))
        try:
            return await installation.store.save_user(changed, event)
        except Stale as stale:
            if stale.joined:  # the host's transaction saw an older state, and will see it again
                raise
            stored = await installation.store.user(proven.id)
        if stored is not None and stored.written_by == event_id:  # it was saved, and reported as if it was not
            return stored
        judged = judge_again(stored, proven, place)
        if isinstance(judged, Refused):
            return judged
        user = judged.user
    return Busy(BusyBecause.RECORD_CHANGED)
