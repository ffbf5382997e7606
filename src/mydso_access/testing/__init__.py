"""For hosts' own test suites: a clock to set, and users to sign in."""

from mydso_access.testing.builders import an_entity, created, enabled_user
from mydso_access.testing.clock import ManualClock

__all__ = ["ManualClock", "an_entity", "created", "enabled_user"]
