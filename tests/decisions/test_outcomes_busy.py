"""`Busy` for the log: what was waited for, and when to come again, never too early."""

from datetime import timedelta

import pytest

from mydso_access.decisions.outcomes import Busy, BusyBecause
from mydso_access.policy.fixed import TICK


@pytest.mark.parametrize("because", BusyBecause)
@pytest.mark.parametrize(
    ("after", "told"),
    [
        (timedelta(seconds=1), "1 s"),
        (timedelta(seconds=1) + TICK, "2 s"),  # never too early
        (TICK, "1 s"),
        (timedelta(seconds=30), "30 s"),
        (timedelta(0), "0 s"),
    ],
    ids=str,
)
def test_busy_explains_in_one_line_what_was_waited_for_and_when_to_come_again(
    because: BusyBecause, after: timedelta, told: str
) -> None:
    line = Busy(because, after).explain()
    assert f"{because.value}; come again in {told}" == line
    assert "\n" not in line
