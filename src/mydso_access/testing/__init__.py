"""For hosts' own test suites: a clock to set, users to sign in, a ready world, and attackers."""

from mydso_access.testing.app import App
from mydso_access.testing.attack import Attack, Comparison, Try
from mydso_access.testing.attackers import (
    Target,
    botnet,
    compare_answers,
    guess_codes,
    guess_passwords,
    guess_slowly,
    spray,
)
from mydso_access.testing.builders import an_entity, created, enabled_user
from mydso_access.testing.clock import ManualClock
from mydso_access.testing.world import World, cheap_hasher

__all__ = [
    "App",
    "Attack",
    "Comparison",
    "ManualClock",
    "Target",
    "Try",
    "World",
    "an_entity",
    "botnet",
    "cheap_hasher",
    "compare_answers",
    "created",
    "enabled_user",
    "guess_codes",
    "guess_passwords",
    "guess_slowly",
    "spray",
]
