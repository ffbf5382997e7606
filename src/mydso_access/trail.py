"""The audit trail as CSV, safe to open in a spreadsheet: no cell of it is a formula, and none begins another line."""

import csv
import io
from collections.abc import Iterable, Iterator

from mydso_access.model.event import Event

COLUMNS = (
    "at",
    "kind",
    "subject",
    "actor",
    "system",
    "structure",
    "customer",
    "address",
    "reason",
    "rule",
    "levels",
    "until",
    "changes",
    "id",
)
# What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection), in full width, too.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_lines(events: Iterable[Event]) -> Iterator[str]:
    r"""Yield a header and a line for each event, each with its end (`\r\n`, RFC 4180).

    Args:
        events: a page of the trail, or all of it: one event is in memory at a time.
    """
    yield _line(COLUMNS)
    for event in events:
        yield _line(_cells(event))


def _cells(event: Event) -> tuple[str, ...]:
    structure = "" if event.structure is None else f"{event.structure.kind.value} {event.structure.id}"
    return (
        event.at.isoformat(),
        event.kind.value,
        event.subject or "",
        event.actor or "",
        event.system or "",
        structure,
        event.customer or "",
        event.address or "",
        "" if event.reason is None else event.reason.value,
        event.rule or "",
        " ".join(sorted(level.value for level in event.levels)),
        "" if event.until is None else event.until.isoformat(),
        "; ".join(f"{each.name}: {each.before} > {each.after}" for each in event.differences),
        event.id,
    )


def _line(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([_harmless(cell) for cell in cells])
    return buffer.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
