"""Saving the user whose secret was just proven, and judging again if the record has changed meanwhile."""

from collections.abc import Callable

from attrs import evolve

from mydso_access.decisions.outcomes import Busy, BusyBecause, Refused
from mydso_access.decisions.sign_in import judge_again
from mydso_access.errors import Stale
from mydso_access.installation import Installation
from mydso_access.model.event import Event
from mydso_access.model.instant import next_save
from mydso_access.model.user import User
from mydso_access.retry import pauses, sleep


async def save_proven(
    installation: Installation, user: User, event: Event, change: Callable[[User], User]
) -> User | Refused | Busy:
    """Save `change(user)` together with its event.

    Args:
        installation: where.
        user: the record as it was when its secret was proven.
        event: why it changes; subject, actor and instant are filled in here.
        change: what changes, given the record with its new `saved_at`.

    Returns:
        The user as stored; a refusal if what was proven is no longer theirs; `Busy` if others kept being saved first.

    Raises:
        StoreError: the store failed, and nobody knows whether it saved.
    """
    proven = user
    for pause in pauses(installation, installation.policy.lockout.lease):
        at = next_save(user.saved_at, installation.now())
        changed = change(evolve(user, saved_at=at, written_by=event.id))
        try:
            return await installation.store.save_user(changed, evolve(event, at=at, subject=user.id, actor=user.id))
        except Stale:
            await sleep(installation, pause)
        judged = judge_again(await installation.store.user(proven.id), proven)
        if isinstance(judged, Refused):
            return judged
        user = judged.user
    return Busy(BusyBecause.RECORD_CHANGED)
