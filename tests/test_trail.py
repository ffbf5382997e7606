"""The trail as CSV: every cell there, none of it a formula, none of it another line."""

import csv
import io

import pytest

from mydso_access import Difference, Event, EventKind, Reason, Structure, csv_lines
from mydso_access.policy import Level
from mydso_access.testing.clock import A_MONDAY
from mydso_access.trail import COLUMNS

FULL = Event(
    id="e1",
    kind=EventKind.SETTINGS_CHANGED,
    at=A_MONDAY,
    subject="anna",
    actor="boss",
    system="setup",
    structure=Structure.entity("lyon"),
    customer="c-1",
    address="192.0.2.1",
    reason=Reason.NOT_ALLOWED,
    rule="S18",
    levels=frozenset({Level.PLATFORM, Level.ENTITY}),
    until=A_MONDAY,
    differences=(Difference("dormancy.months", "none", "6"), Difference("passwords.min_length", "9", "12")),
)


def rows(*events: Event) -> list[list[str]]:
    return list(csv.reader(io.StringIO("".join(csv_lines(events)), newline="")))


def test_every_field_of_an_event_has_its_cell() -> None:
    head, row = rows(FULL)
    expected = {
        "at": "2026-03-02T09:00:00+00:00",
        "kind": "structure_settings_changed",
        "subject": "anna",
        "actor": "boss",
        "system": "setup",
        "structure": "entity lyon",
        "customer": "c-1",
        "address": "192.0.2.1",
        "reason": "not_allowed",
        "rule": "S18",
        "levels": "entity platform",
        "until": "2026-03-02T09:00:00+00:00",
        "changes": "dormancy.months: none > 6; passwords.min_length: 9 > 12",
        "id": "e1",
    }
    assert list(COLUMNS) == head
    assert expected == dict(zip(head, row, strict=True))


def test_what_an_event_does_not_say_is_an_empty_cell() -> None:
    _, row = rows(Event(id="e", kind=EventKind.SIGNED_IN, at=A_MONDAY))
    assert ["", "", "", "", "", "", "", "", "", "", ""] == row[2:13]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_no_cell_is_taken_for_a_formula(start: str) -> None:
    hostile = f'{start}HYPERLINK("http://evil.example","x")'
    _, row = rows(Event(id="e", kind=EventKind.SIGNED_IN, at=A_MONDAY, subject=hostile, customer=hostile))
    assert {f"'{hostile}"} == {row[2], row[6]}


def test_nothing_that_somebody_typed_begins_another_line() -> None:
    hostile = 'x\r\n=cmd|"/C calc"!A1\r\n'
    event = Event(id="e", kind=EventKind.SIGNED_IN, at=A_MONDAY, subject=hostile, structure=Structure.entity(hostile))
    lines = "".join(csv_lines([event])).splitlines()
    assert 2 == len(lines)


def test_lines_are_made_one_at_a_time() -> None:
    made = []

    def endless() -> object:
        while True:
            made.append(1)
            yield FULL

    lines = csv_lines(endless())  # type: ignore[arg-type]
    assert "at,kind" == next(lines)[:7]
    next(lines)
    assert 1 == len(made)
