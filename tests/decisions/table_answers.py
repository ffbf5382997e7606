"""The answers to all rows of the sign-in table."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from unittest.mock import patch

from mydso_access.decisions import levels
from mydso_access.policy import EffectivePolicy, Level, SecurityPolicy, StructurePolicy
from tests.decisions.table import Answer, Row, all_rows
from tests.decisions.table_driver import played


@cache
def answers() -> tuple[tuple[str, Row, Answer], ...]:
    """Return every possible row with its part and what the decisions make of it: seconds of work, done once."""
    with patch.object(levels, "joined", _remembering(levels.joined)):
        return tuple((part, row, played(row)) for part, row in all_rows())


def _remembering(joined: Callable[..., EffectivePolicy]) -> Callable[..., EffectivePolicy]:
    """Return what joins the same levels once: a third of the work, and few of them differ."""
    known: dict[Any, EffectivePolicy] = {}

    def once(installation: SecurityPolicy, asked: Mapping[Level, StructurePolicy]) -> EffectivePolicy:
        key = (id(installation), *asked.items())  # an id is enough: no installation's policy is made twice
        if key not in known:
            known[key] = joined(installation, asked)
        return known[key]

    return once
