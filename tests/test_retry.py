"""Pauses between two tries of a save: growing, jittered, and over when patience is, by their sum and by the clock."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from mydso_access.policy.fixed import FIRST_PAUSE, LAST_PAUSE
from mydso_access.retry import pauses
from mydso_access.testing import ManualClock

PATIENCE = timedelta(seconds=2)


def installation(clock: ManualClock, fraction: float = 1.0) -> Any:
    return SimpleNamespace(now=clock.now, chance=SimpleNamespace(fraction=lambda: fraction))


@pytest.mark.parametrize(("fraction", "share"), [(0.0, 0.5), (0.5, 0.75), (1.0, 1.0)])
def test_the_first_try_waits_for_nothing_and_the_others_double_to_the_last(fraction: float, share: float) -> None:
    waited = list(pauses(installation(ManualClock(), fraction), PATIENCE))
    assert timedelta() == waited[0]
    assert [FIRST_PAUSE * share, 2 * FIRST_PAUSE * share, 4 * FIRST_PAUSE * share] == waited[1:4]
    assert LAST_PAUSE * share == max(waited)


def test_the_pauses_add_up_to_patience() -> None:
    total = sum(pauses(installation(ManualClock()), PATIENCE), timedelta())
    assert PATIENCE <= total < PATIENCE + LAST_PAUSE


def test_no_try_begins_after_tries_that_took_all_the_time_by_themselves() -> None:
    clock, tries = ManualClock(), 0
    for _ in pauses(installation(clock), PATIENCE):
        tries += 1
        clock.move(timedelta(seconds=1))  # a database that waits for a lock
    assert 2 == tries


def test_a_clock_that_steps_back_gives_no_more_tries_than_the_pauses_do() -> None:
    clock = ManualClock()
    steady = len(list(pauses(installation(clock), PATIENCE)))
    tries = 0
    for _ in pauses(installation(clock), PATIENCE):
        tries += 1
        clock.move(timedelta(seconds=-10))
    assert steady == tries
