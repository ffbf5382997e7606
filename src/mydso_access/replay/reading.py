"""Logs of real sign-ins, read line by line: csv, JSON lines, and what sshd writes.

What a line holds is never repeated in a message: people type their password where the name belongs.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, TypeAlias

from attrs import frozen

from mydso_access.decisions.naming import IPAddress, parse_address
from mydso_access.errors import InvalidValue
from mydso_access.model.instant import utc
from mydso_access.replay import sshd

COLUMNS = ("datetime", "source_ip", "username", "success")
RIGHT = {"true": True, "1": True, "false": False, "0": False}
REMEMBERED_ADDRESSES = 16_384
NOT_SHOWN = "not shown"


class Format(Enum):
    """How a log is written."""

    CSV = "csv"
    JSONL = "jsonl"
    SSHD = "sshd"


@frozen
class SignIn:
    """One attempt to sign in.

    Attributes:
        at: when, in UTC.
        address: where from, in its one form.
        name: the name as given.
        right: whether the password was right.
    """

    at: datetime
    address: IPAddress
    name: str
    right: bool


@frozen
class Unreadable:
    """A line that holds no sign-in that could be read.

    Attributes:
        line: its number, from 1.
        why: what is wrong with it, in words that hold nothing of its content.
    """

    line: int
    why: str


Entry: TypeAlias = SignIn | Unreadable


def read(lines: Iterable[str], form: Format | None, year: int) -> Iterator[Entry]:
    """Read a log as a stream.

    Args:
        lines: the log's lines, each with its line end if it has one.
        form: how it is written; `None`: its first line that is not blank tells.
        year: of the first line whose instant bears none, as those of syslog do.

    Raises:
        InvalidValue: a csv lacks a column that is needed.
    """
    lines = iter(lines)
    if form is None:
        start = _start(lines)
        form = _format_of(start[-1]) if start else Format.SSHD
        lines = chain(start, lines)
    match form:
        case Format.CSV:
            return _read_csv(lines)
        case Format.JSONL:
            return _read_jsonl(lines)
        case Format.SSHD:
            return _read_sshd(lines, year)


def _start(lines: Iterator[str]) -> list[str]:
    """Return the lines up to the first that is not blank."""
    start = []
    for line in lines:
        start.append(line)
        if line.strip():
            break
    return start


def _format_of(line: str) -> Format:
    if line.lstrip().startswith("{"):
        return Format.JSONL
    # One of the columns is enough: a header that lacks the others is to be told so, not to be taken for sshd's.
    return Format.SSHD if set(_header(line.split(","))).isdisjoint(COLUMNS) else Format.CSV


def _header(fields: Iterable[str]) -> list[str]:
    return [name.strip().strip('"').lower() for name in fields]


def _read_csv(lines: Iterator[str]) -> Iterator[Entry]:
    reader = csv.reader(lines, strict=True)
    header = _csv_header(reader)
    pick = itemgetter(*(header.index(column) for column in COLUMNS))
    while True:
        first = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error:  # a quote that is never closed swallows lines: each of them is told
            yield from (Unreadable(line, "quotes that are no csv") for line in range(first, reader.line_num + 1))
            continue
        if not _is_blank(fields):
            yield _entry(first, pick, fields, len(header))


def _csv_header(reader: Iterator[list[str]]) -> list[str]:
    try:
        header = _header(next((fields for fields in reader if not _is_blank(fields)), COLUMNS))
    except csv.Error:
        header = []
    if missing := [column for column in COLUMNS if column not in header]:
        raise InvalidValue("the csv's header", f"without {', '.join(missing)}", f"the columns {', '.join(COLUMNS)}")
    return header


def _is_blank(fields: list[str]) -> bool:
    return not fields or (len(fields) == 1 and not fields[0].strip())


def _entry(line: int, pick: "itemgetter[Any]", fields: Sequence[str], width: int) -> Entry:
    if len(fields) > width:  # a comma in a name, unquoted, has moved the columns
        return Unreadable(line, "more fields than the header")
    try:
        at, address, name, right = pick(fields)
        return SignIn(_instant(at), _address(address), name, _right(right))
    except IndexError:
        return Unreadable(line, "fewer fields than needed")
    except InvalidValue as error:
        return _unreadable(line, error)


def _read_jsonl(lines: Iterator[str]) -> Iterator[Entry]:
    for number, line in enumerate(lines, 1):
        if not line.isspace():
            try:
                yield _json_sign_in(line)
            except InvalidValue as error:
                yield _unreadable(number, error)


def _json_sign_in(line: str) -> SignIn:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        raise InvalidValue("the line", NOT_SHOWN, "JSON") from None
    if type(record) is not dict:
        raise InvalidValue("the line", NOT_SHOWN, "a JSON object")
    at, address, name = (_text(record, key) for key in COLUMNS[:3])
    success = record.get(COLUMNS[3])
    return SignIn(_instant(at), _address(address), name, _right(str(success)))


def _text(record: dict[str, Any], key: str) -> str:
    value = record.get(key)
    if type(value) is not str:
        raise InvalidValue(key, NOT_SHOWN, "text")
    return value


def _read_sshd(lines: Iterator[str], year: int) -> Iterator[Entry]:
    years = sshd.Years(year)
    for number, line in enumerate(lines, 1):
        try:
            found = sshd.find(line)
            if found is not None:
                at = years.instant(found.stamp) or _instant(found.stamp)
                sign_in = SignIn(at, _address(found.address), found.name, found.right)
                yield from (sign_in for _ in range(found.times))
        except InvalidValue as error:
            yield _unreadable(number, error)


def _unreadable(line: int, error: InvalidValue) -> Unreadable:
    return Unreadable(line, f"{error.field}: expected {error.expected}")


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text.strip())
        return utc(at.replace(tzinfo=UTC) if at.tzinfo is None else at)
    except ValueError:
        raise InvalidValue("datetime", NOT_SHOWN, "an instant such as 2024-05-01T10:00:00+00:00") from None


@lru_cache(REMEMBERED_ADDRESSES)
def _address(text: str) -> IPAddress:
    return parse_address(text.strip(), "source_ip")


def _right(text: str) -> bool:
    right = RIGHT.get(text.strip().lower())
    if right is None:
        raise InvalidValue("success", NOT_SHOWN, "true, false, 1 or 0")
    return right
