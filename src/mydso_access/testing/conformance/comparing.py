"""Comparing what a store answered with what was saved: it holds under `python -O` too, and shows where they differ."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs

SHOWN = 300


def same(expected: object, actual: object) -> None:
    """Compare exactly: not 1 with 1.0 or True, and no instant of another zone, in which a day may have 25 hours.

    Args:
        expected: what the store was to answer.
        actual: what it answered.

    Raises:
        AssertionError: they differ; the message says where.
    """
    __tracebackhide__ = True
    if differences := _differences(expected, actual, "the answer"):
        raise AssertionError("\n".join(differences))


def _differences(expected: Any, actual: Any, place: str) -> list[str]:
    """Say where two values differ; secrets keep themselves out of it."""
    if type(expected) is type(actual):
        if attrs.has(type(expected)):
            names = [field.name for field in attrs.fields(type(expected))]
            parts = [_differences(getattr(expected, n), getattr(actual, n), f"{place}.{n}") for n in names]
            return [line for part in parts for line in part]
        if isinstance(expected, list | tuple):
            return _of_rows(expected, actual, place)
        if expected == actual and _zone(expected) == _zone(actual):
            return []
    return [f"{place}: expected {_shown(expected)}", f"{' ' * len(place)}   but got {_shown(actual)}"]


def _of_rows(expected: Sequence[Any], actual: Sequence[Any], place: str) -> list[str]:
    """Say where two rows begin to differ."""
    for number, (wanted, found) in enumerate(zip(expected, actual, strict=False)):
        if differences := _differences(wanted, found, f"{place}[{number}]"):
            return differences
    if len(expected) == len(actual):
        return []
    fewer = min(len(expected), len(actual))
    first = f"missing: {_shown(expected[fewer])}" if fewer < len(expected) else f"too much: {_shown(actual[fewer])}"
    return [f"{place}: expected {len(expected)}, but got {len(actual)}; {first}"]


def _zone(value: object) -> object:
    return value.utcoffset() if isinstance(value, datetime) else None


def _shown(value: object) -> str:
    text = f"{value!r} ({type(value).__name__})"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
