"""Trying a save again: growing, jittered pauses with an end."""

from collections.abc import Iterator
from datetime import timedelta

from mydso_access.installation import Installation
from mydso_access.policy.fixed import FIRST_PAUSE, LAST_PAUSE


def pauses(installation: Installation, patience: timedelta) -> Iterator[float]:
    """Yield pauses in seconds that add up to about `patience`; there is always at least one."""
    longest, left = FIRST_PAUSE.total_seconds(), patience.total_seconds()
    while left > 0:
        pause = longest * (1 + installation.chance.fraction()) / 2
        yield pause
        left -= pause
        longest = min(2 * longest, LAST_PAUSE.total_seconds())


async def sleep(installation: Installation, pause: float) -> None:
    """Wait, in the host's way.

    Args:
        installation: whose clock waits.
        pause: how long, in seconds.
    """
    await installation.bridge.ask(installation.clock.sleep, pause)
