"""Settings by their dotted names, with values as text: `lockout.account.window=24h`."""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from enum import Enum
from typing import Any

import attrs

from mydso_access.errors import InvalidPolicy, shown
from mydso_access.policy.lists import Networks, Words
from mydso_access.policy.security_policy import SecurityPolicy
from mydso_access.policy.settings import Setting, all_settings, value_type

SETTINGS: Mapping[str, "attrs.Attribute[Any]"] = dict(all_settings(SecurityPolicy))
UNITS = {"us": "microseconds", "ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def with_setting(policy: SecurityPolicy, name: str, text: str) -> SecurityPolicy:
    """Return `policy` with one setting changed.

    Args:
        policy: the policy to start from.
        name: the setting's dotted name, such as `lockout.address.failures`.
        text: the value: a list, a whole number, `true` or `false`, one of the setting's words, a duration such as `30s`,
            `90m`, `24h` or `30d`, or `none` where the setting may be without a value.

    Raises:
        InvalidPolicy: no setting has this name (the nearest one is named), or the value is not one of its.
    """
    if not isinstance(name, str) or not isinstance(text, str):
        raise InvalidPolicy("setting", f"{shown(name)} = {shown(text)}", "a name and a value, both as text")
    value = value_from(name, text)
    try:
        return replaced(policy, name, value)
    except InvalidPolicy as error:
        if error.field.rpartition(".")[2] != name.rpartition(".")[2]:
            raise  # two settings do not go together, and it says which
        raise InvalidPolicy(name, error.given, error.expected) from error  # not the group, which nobody wrote


def declaration(name: str) -> "attrs.Attribute[Any]":
    """Return the field that declares a setting.

    Raises:
        InvalidPolicy: no setting has this name; the nearest one is named.
    """
    if name in SETTINGS:
        return SETTINGS[name]
    if not isinstance(name, str):
        raise InvalidPolicy("setting", shown(name), "a setting's dotted name")
    from difflib import get_close_matches  # noqa: PLC0415  # a typing error is rare, an import is not

    near = get_close_matches(name, SETTINGS, n=1)
    expected = f"the name of a setting; did you mean {near[0]}?" if near else f"one of {', '.join(SETTINGS)}"
    raise InvalidPolicy("setting", shown(name), expected)


def replaced(policy: SecurityPolicy, name: str, value: Any) -> SecurityPolicy:
    """Return `policy` with one setting's value replaced.

    Raises:
        InvalidPolicy: the value is not one of the setting's, or does not go together with another one.
    """
    changed: SecurityPolicy = _replaced(policy, name.split("."), value)
    return changed


def value_of(policy: SecurityPolicy, name: str) -> Any:
    """Return a setting's value."""
    value: Any = policy
    for part in name.split("."):
        value = getattr(value, part)
    return value


def value_from(name: str, text: str) -> Any:
    """Return the value that a text stands for, as `text_of` writes it and people may.

    Raises:
        InvalidPolicy: no setting has this name, or the text is none of its values; bounds are not looked at.
    """
    field = declaration(name)
    kind, optional = value_type(field), field.metadata[Setting].optional
    if optional and text == "none":
        return None
    if kind in (Networks, Words):
        return _listed(name, kind, text)
    value = text if kind is str else _plain(kind, text)
    if value is None:
        raise InvalidPolicy(name, shown(text), _words(kind) + (" or none" if optional else ""))
    return value


def _plain(kind: type, text: str) -> Any:
    """Return the value of a plain kind that a text stands for; `None` if it stands for none."""
    if kind is bool:
        return {"true": True, "false": False}.get(text)
    if kind is int:
        return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None
    if issubclass(kind, Enum):
        return kind(text) if text in {member.value for member in kind} else None
    if match := re.fullmatch(r"([0-9]{1,16})(us|ms|[smhd])", text):
        with suppress(OverflowError):
            return timedelta(**{UNITS[match[2]]: int(match[1])})
    return None


def _listed(name: str, kind: type, text: str) -> Networks | Words:
    try:
        return Networks(text) if kind is Networks else Words(text)
    except InvalidPolicy as error:
        raise InvalidPolicy(name, error.given, error.expected) from None


def text_of(value: Any) -> str:
    """Return a setting's value as text: `12`, `true`, `none`, `always`, `30d`."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Enum):
        return str(value.value)
    if not isinstance(value, timedelta):
        return str(value)
    unit = next(unit for unit, name in reversed(UNITS.items()) if not value % timedelta(**{name: 1}))
    return f"{value // timedelta(**{UNITS[unit]: 1})}{unit}"


def _replaced(group: Any, path: list[str], value: Any) -> Any:
    head, *rest = path
    return attrs.evolve(group, **{head: _replaced(getattr(group, head), rest, value) if rest else value})


def _words(kind: type) -> str:
    if issubclass(kind, Enum):
        return " or ".join(member.value for member in kind)
    words = {bool: "true or false", int: "a whole number", timedelta: "a duration such as 30s, 90m, 24h or 30d"}
    return words[kind]
