"""What would this policy have done to that log? Reading logs, replaying them, reporting.

`read` turns a log into sign-ins, `replay` folds them through the decision functions, a `Report` says what came of it.
"""

from mydso_access.replay.known import KnownAddresses
from mydso_access.replay.reading import Format, SignIn, Unreadable, read
from mydso_access.replay.replaying import Replay, replay
from mydso_access.replay.reporting import Blocks, KnownFigures, Refusals, Report

__all__ = [
    "Blocks",
    "Format",
    "KnownAddresses",
    "KnownFigures",
    "Refusals",
    "Replay",
    "Report",
    "SignIn",
    "Unreadable",
    "read",
    "replay",
]
