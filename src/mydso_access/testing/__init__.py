"""For hosts' own test suites: a clock to set, and users to sign in."""

from mydso_access.testing.builders import created, enabled_user
from mydso_access.testing.clock import ManualClock

__all__ = ["ManualClock", "created", "enabled_user"]
