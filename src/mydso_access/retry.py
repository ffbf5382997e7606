"""Trying a save again: growing, jittered pauses with an end."""

from collections.abc import Iterator
from datetime import timedelta

from mydso_access.installation import Installation
from mydso_access.policy.fixed import FIRST_PAUSE, LAST_PAUSE

NO_TIME = timedelta()


def pauses(installation: Installation, patience: timedelta) -> Iterator[timedelta]:
    """Yield how long to wait before each try: nothing before the first, then growing times that add up to `patience`.

    Each is drawn between half and all of what it may be: two that collided do not collide again. Tries take time, too,
    where a database waits for a lock: none begins once the clock says that patience is over.
    """
    end = installation.now() + patience
    yield NO_TIME
    longest, left = FIRST_PAUSE, patience
    while left > NO_TIME and installation.now() < end:
        pause = longest * ((1 + installation.chance.fraction()) / 2)
        yield pause
        left -= pause
        longest = min(2 * longest, LAST_PAUSE)


async def sleep(installation: Installation, pause: timedelta) -> None:
    """Wait, in the host's way; before the first try there is nothing to wait for."""
    if pause:
        await installation.bridge.ask(installation.clock.sleep, pause.total_seconds())
