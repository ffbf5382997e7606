"""Forgetting what is over: counters that say no more than new ones, sign-ins that expired, events that are too old."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeAlias

from attrs import frozen

from mydso_access.errors import Stale
from mydso_access.installation import Installation
from mydso_access.policy.fixed import DEAD_LINKS_KEPT, PURGE_PATIENCE, PURGED_AT_ONCE
from mydso_access.retry import pauses, sleep

# What forgets some of one kind of record: everything before an instant, at most so many.
Purge: TypeAlias = Callable[[datetime, int], Awaitable[int]]


@frozen
class Purged:
    """How much was forgotten.

    Attributes:
        counters: attempt counters.
        sign_ins: half-finished sign-ins.
        assertions: assertions of single sign-on that were taken.
        links: links that have been dead for a month.
        events: lines of the trail that are older than the account keeps them (`account.event_retention`).
    """

    counters: int
    sign_ins: int
    events: int = 0
    assertions: int = 0
    links: int = 0


async def purge(installation: Installation, /) -> Purged:
    """Forget everything that no decision will ever look at again; call it daily, from one process or from many.

    Nothing that still counts goes: no block, no failure within its window, no attempt in flight. What ended less than
    a lease ago stays, too, since clocks may differ. Small portions are forgotten at a time, so sign-ins go on meanwhile;
    after ten minutes the rest is left for the next call. A window or block that was lengthened since a counter was saved
    keeps that counter no longer.

    Returns:
        How many records went; nothing where the store forgets by itself.

    Raises:
        StoreError: a repository failed; what was forgotten until then stays forgotten.
    """
    before = installation.now() - installation.policy.lockout.lease
    counters = await _all_of_it(installation, installation.store.purge_counters, before)
    sign_ins = await _all_of_it(installation, installation.store.purge_sign_ins, before)
    assertions = await _all_of_it(installation, installation.store.purge_assertions, before)
    links = await _all_of_it(installation, installation.store.purge_links, installation.now() - DEAD_LINKS_KEPT)
    kept = installation.policy.account.event_retention
    if kept is None:
        return Purged(counters, sign_ins, 0, assertions, links)
    events = await _all_of_it(installation, installation.store.purge_events, installation.now() - kept)
    return Purged(counters, sign_ins, events, assertions, links)


async def _all_of_it(installation: Installation, forget: Purge, before: datetime) -> int:
    total, end = 0, installation.now() + PURGE_PATIENCE
    while portion := await _portion(installation, forget, before):
        total += portion
        if installation.now() >= end:
            break
    return total


async def _portion(installation: Installation, forget: Purge, before: datetime) -> int:
    for pause in pauses(installation, installation.policy.lockout.charge_wait):
        await sleep(installation, pause)
        try:
            return await forget(before, PURGED_AT_ONCE)
        except Stale:  # a save was in the way
            continue
    raise Stale
