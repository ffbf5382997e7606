"""Secrets that must be seen nowhere, and where somebody would look for them."""

import base64
import copy
import json
import pickle
import pprint
import re
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import attrs

from mydso_access.model import Secret

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
REFUSALS = (TypeError, ValueError, RecursionError, pickle.PicklingError, attrs.exceptions.NotAnAttrsClassError)
# Every way in which a value becomes text; one that raises shows nothing.
WAYS: dict[str, Callable[[Any], Any]] = {
    "repr": repr,
    "str": str,
    "format": format,
    "ascii": ascii,
    "percent": lambda value: "%s %r" % (value, value),  # noqa: UP031
    "pprint": pprint.pformat,
    "a list's repr": lambda value: repr([value, (value,), {"key": value}]),
    "an exception": lambda value: repr(ValueError(value)) + str(ValueError(value)),
    "asdict": lambda value: repr(attrs.asdict(value)),
    "asdict, flat": lambda value: repr(attrs.asdict(value, recurse=False)),
    "astuple": lambda value: repr(attrs.astuple(value)),
    "asdict as JSON": lambda value: json.dumps(attrs.asdict(value), default=repr, skipkeys=True),
    "JSON": lambda value: json.dumps(value, default=repr),
    "its attributes": lambda value: repr({name: getattr(value, name, None) for name in dir(value) if name[0] != "_"}),
    "copy": lambda value: repr(copy.copy(value)),
    "deepcopy": lambda value: repr(copy.deepcopy(value)),
    **{f"pickle {number}": lambda value, number=number: pickle.dumps(value, number) for number in PROTOCOLS},
}


def secrets_in(value: Any) -> Iterator[Any]:
    """Return what every `Secret` holds that can be reached from a value."""
    for each in reached(value):
        if isinstance(each, Secret):
            yield each.reveal()


def reached(value: Any) -> Iterator[Any]:
    """Return a value and everything in it."""
    yield value
    if attrs.has(type(value)):
        for field in attrs.fields(type(value)):
            yield from reached(getattr(value, field.name))
    elif isinstance(value, dict):
        for pair in value.items():
            yield from reached(pair)
    elif isinstance(value, tuple | list | set | frozenset):
        for each in value:
            yield from reached(each)


def spellings(canaries: Iterable[Any]) -> set[str]:
    """Return secrets as they could be written: plain, in base 64 and 32, in hexadecimal."""
    found = set()
    for canary in canaries:
        plain = canary.encode("utf-8", "surrogatepass") if isinstance(canary, str) else canary
        found.add(plain.decode("utf-8", "backslashreplace"))
        if len(plain) > 8:
            encoded = (base64.b64encode(plain), base64.urlsafe_b64encode(plain), base64.b32encode(plain))
            found |= {plain.hex(), *(each.decode().rstrip("=") for each in encoded)}
    return found - {""}


def shown(canaries: Iterable[Any], text: Any) -> list[str]:
    """Return the canaries that a text shows; six digits only if they stand alone, or any number would hold them."""
    plain = text.decode("latin-1") if isinstance(text, bytes) else text
    return [each for each in spellings(canaries) if _is_in(each, plain)]


def _is_in(canary: str, text: str) -> bool:
    if len(canary) > 8:
        return canary in text
    return re.search(rf"(?<![0-9A-Za-z]){re.escape(canary)}(?![0-9A-Za-z])", text) is not None


def told_by(error: BaseException) -> str:
    """Return all that a report of an exception tells: messages, and every local variable of our own frames."""
    report = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "\n".join(_told(report, set()))


def _told(report: traceback.TracebackException | None, seen: set[int]) -> Iterator[str]:
    if report is None or id(report) in seen:
        return
    seen.add(id(report))
    yield from report.format_exception_only()
    for frame in report.stack:
        if "mydso_access" in frame.filename:
            yield f"{frame.filename}:{frame.lineno} {frame.name} {frame.locals}"
    for other in (report.__cause__, report.__context__, *(report.exceptions or ())):
        yield from _told(other, seen)
