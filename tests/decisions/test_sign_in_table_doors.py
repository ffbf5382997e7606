"""Rows of the sign-in table, played through a real door over repositories in memory: they end as the rules say."""

import pytest

from tests.decisions.oracle import expected
from tests.decisions.table import PARTS, PLAIN, Answer, Row, all_rows
from tests.decisions.table_doors import can_be_stored, played_at_the_door

EACH = 61  # of so many rows one is played each time, all with `-m long`


def differing(part: str, step: int) -> list[tuple[dict[str, str], Answer, Answer]]:
    wrong = []
    for row in rows_of(part)[::step]:
        told, found = expected(row), played_at_the_door(row)
        if told != (found._replace(rule="?") if told.rule == "?" else found):
            wrong.append(({name: value for name, value in row.items() if value != PLAIN[name]}, told, found))
    return wrong


def rows_of(part: str) -> list[Row]:
    return [row for name, row in all_rows() if name == part and can_be_stored(row)]


@pytest.mark.parametrize("part", PARTS)
def test_a_real_door_answers_as_the_table_says(part: str) -> None:
    assert len(rows_of(part)) >= EACH
    assert [] == differing(part, EACH)


@pytest.mark.long
@pytest.mark.parametrize("part", PARTS)
def test_a_real_door_answers_every_row_as_the_table_says(part: str, pytestconfig: pytest.Config) -> None:
    if "long" not in pytestconfig.getoption("markexpr"):
        pytest.skip("a long run, for `-m long`")
    assert [] == differing(part, 1)
