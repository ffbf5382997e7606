"""Changing a counter on purpose, by compare-and-set: after a password was reset, or because somebody unblocks."""

from collections.abc import Callable
from datetime import datetime

from mydso_access.decisions.lockout import idle_from
from mydso_access.decisions.outcomes import Busy, BusyBecause
from mydso_access.errors import Stale
from mydso_access.installation import Installation
from mydso_access.model.attempts import AttemptCounter, CounterKey
from mydso_access.retry import pauses, sleep


async def change_counter(
    installation: Installation, key: CounterKey, change: Callable[[AttemptCounter, datetime], AttemptCounter]
) -> AttemptCounter | Busy:
    """Change one counter, again while attempts are saved first; a key that nothing counts against is left alone.

    Args:
        installation: where.
        key: whose counter.
        change: what becomes of it, given the present instant.

    Raises:
        StoreError: the store failed.
    """
    for pause in pauses(installation, installation.policy.lockout.lease):
        await sleep(installation, pause)
        stored = await installation.store.counter(key)
        if stored.version == 0:
            return stored
        changed = change(stored, installation.now())
        try:
            return await installation.store.save_counter(changed, idle_from(changed, installation.policy.lockout))
        except Stale:
            continue
    return Busy(BusyBecause.RECORD_CHANGED)
