"""Trying a save again: growing, jittered pauses with an end."""

from collections.abc import Iterator
from datetime import timedelta

from mydso_access.installation import Installation
from mydso_access.policy.fixed import FIRST_PAUSE, LAST_PAUSE

NO_TIME = timedelta()


def pauses(patience: timedelta) -> Iterator[timedelta]:
    """Yield pauses that add up to about `patience`; there is always at least one."""
    pause, left = FIRST_PAUSE, patience
    while left > NO_TIME:
        yield pause
        left -= pause
        pause = min(2 * pause, LAST_PAUSE)


async def sleep(installation: Installation, pause: timedelta) -> None:
    """Wait, in the host's way, for half of `pause` to all of it: two that collided do not collide again."""
    seconds = pause.total_seconds() * (1 + installation.chance.fraction()) / 2
    await installation.bridge.ask(installation.clock.sleep, seconds)
