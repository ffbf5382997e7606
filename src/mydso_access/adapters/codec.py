"""Records as text and back, for every store that keeps text. The only place where a stored `Secret` is revealed.

A stored form is JSON, strict both ways: every field is there, no other is, and each has exactly its type. It says which
form it is (`"form": 1`), so that a later version of this library still reads what an earlier one wrote. Instants are
microseconds since 1970 in UTC. A record's own version is not part of the text: it is what stores compare.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from types import UnionType
from typing import Any, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

import attrs

from mydso_access.errors import InvalidValue, UnreadableRecord, shown
from mydso_access.model.attempts import AttemptCounter
from mydso_access.model.event import Event
from mydso_access.model.secret import Secret
from mydso_access.model.sign_in import SignIn
from mydso_access.model.user import Disabled, Enabled, Invited, NoLogin, User
from mydso_access.policy.fixed import EARLIEST, LATEST, TICK

Record = TypeVar("Record", User, AttemptCounter, SignIn, Event)
Json: TypeAlias = Any
Upgrade: TypeAlias = Callable[[dict[str, Json]], dict[str, Json]]

# The stored word of each case of a union.
CASES: Mapping[type, str] = {NoLogin: "none", Invited: "invited", Enabled: "enabled", Disabled: "disabled"}
# For each record what turns its form 1 into form 2, that into form 3, and so on; the last form is the one written.
UPGRADES: Mapping[type, tuple[Upgrade, ...]] = {User: (), AttemptCounter: (), SignIn: (), Event: ()}
# Stores compare it beside the text.
NOT_WRITTEN = "version"
END = (LATEST - EARLIEST) // TICK


def written(record: User | AttemptCounter | SignIn | Event) -> str:
    """Return a record's stored form, in ASCII.

    Raises:
        UnreadableRecord: a field holds another type than it declares, so it could not be read back.
    """
    kind = type(record)
    form = _FORMS[kind].write(record)
    form["form"] = len(UPGRADES[kind]) + 1
    return _encoded(form)


def read(kind: type[Record], text: str, version: int = 0) -> Record:
    """Return the record that a stored form holds.

    Args:
        kind: the record's class.
        text: what `written` returned, now or in an earlier version of this library.
        version: the version that it is stored under; an event has none.

    Raises:
        UnreadableRecord: it is no stored form of such a record; the message names the field.
    """
    stored = _upgraded(kind, _parsed(kind.__name__, text))
    if kind is not Event:
        stored[NOT_WRITTEN] = version
    return _FORMS[kind].read(stored)  # type: ignore[no-any-return]


def microseconds(instant: datetime) -> int:
    """Return an instant as it is written: microseconds since 1970 in UTC."""
    return (instant - EARLIEST) // TICK


_encoded = json.JSONEncoder(separators=(",", ":")).encode


def _parsed(name: str, text: str) -> dict[str, Json]:
    try:
        stored = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        stored = None
    if type(stored) is not dict:
        raise UnreadableRecord(name, f"a {type(text).__name__}", "text that is a JSON object")
    return stored


def _upgraded(kind: type, stored: dict[str, Json]) -> dict[str, Json]:
    form, upgrades = stored.pop("form", None), UPGRADES[kind]
    if type(form) is not int or not 1 <= form <= len(upgrades) + 1:
        expected = f"a form from 1 to {len(upgrades) + 1}; a newer version of this library may have written it"
        raise UnreadableRecord(f"{kind.__name__}.form", shown(form), expected)
    for upgrade in upgrades[form - 1 :]:
        stored = upgrade(stored)
    return stored


@attrs.frozen
class _Form:
    """How the values of one field are written and read."""

    write: Callable[[Any], Json]
    read: Callable[[Json], Any]


def _form_of(hint: Any, path: str) -> _Form:
    """Make the form of a declared type; the path is for messages."""
    if get_origin(hint) is not None:
        return _generic(get_origin(hint), get_args(hint), path)
    if hint is datetime:
        return _instant(path)
    if attrs.has(hint):
        return _fields(hint, path)
    return _enum(hint, path) if issubclass(hint, Enum) else _plain(hint, path)


def _generic(origin: Any, arguments: tuple[Any, ...], path: str) -> _Form:
    if origin in (Union, UnionType):
        return _union(arguments, path)
    if origin is Secret:
        return _secret(path)
    if origin is frozenset:
        return _set(_form_of(arguments[0], path), path)
    if arguments[1:] == (...,):
        return _several(_form_of(arguments[0], path), path)
    return _row([_form_of(each, path) for each in arguments], path)


def _union(arguments: tuple[Any, ...], path: str) -> _Form:
    cases = [case for case in arguments if case is not type(None)]
    form = _form_of(cases[0], path) if len(cases) == 1 else _cases(cases, path)
    return form if len(cases) == len(arguments) else _optional(form)


def _plain(kind: type, path: str) -> _Form:
    def same(value: Any) -> Any:
        if type(value) is not kind:
            raise UnreadableRecord(path, shown(value), f"a value of type {kind.__name__}")
        return value

    return _Form(same, same)


def _optional(inner: _Form) -> _Form:
    write, read_value = inner.write, inner.read
    return _Form(
        lambda value: None if value is None else write(value),
        lambda stored: None if stored is None else read_value(stored),
    )


def _instant(path: str) -> _Form:
    def write(instant: datetime) -> int:
        if not isinstance(instant, datetime) or instant.tzinfo is None or not EARLIEST <= instant < LATEST:
            raise UnreadableRecord(path, shown(instant), f"a timezone-aware datetime from {EARLIEST:%Y} to {LATEST:%Y}")
        return (instant - EARLIEST) // TICK

    def read_instant(stored: Json) -> datetime:
        if type(stored) is not int or not 0 <= stored < END:
            raise UnreadableRecord(path, shown(stored), f"microseconds since {EARLIEST:%Y}, until {LATEST:%Y}")
        return EARLIEST + stored * TICK

    return _Form(write, read_instant)


def _secret(path: str) -> _Form:
    def write(secret: Secret[str]) -> str:
        revealed = secret.reveal() if type(secret) is Secret else None
        if not isinstance(revealed, str):
            raise UnreadableRecord(path, type(secret).__name__, "a Secret that holds text")
        return revealed

    def read_secret(stored: Json) -> Secret[str]:
        if type(stored) is not str:
            raise UnreadableRecord(path, type(stored).__name__, "the text of a secret")
        return Secret(stored)

    return _Form(write, read_secret)


def _enum(kind: type[Enum], path: str) -> _Form:
    members = {member.value: member for member in kind}

    def write(member: Enum) -> str:
        if type(member) is not kind:
            raise UnreadableRecord(path, shown(member), f"a {kind.__name__}")
        return str(member.value)

    def read_member(stored: Json) -> Enum:
        if type(stored) is not str or stored not in members:
            raise UnreadableRecord(path, shown(stored), f"one of {', '.join(members)}")
        return members[stored]

    return _Form(write, read_member)


def _several(inner: _Form, path: str) -> _Form:
    write_one, read_one = inner.write, inner.read

    def write(values: tuple[Any, ...]) -> list[Json]:
        if type(values) is not tuple:
            raise UnreadableRecord(path, type(values).__name__, "a tuple")
        return [write_one(value) for value in values]

    def read_all(stored: Json) -> tuple[Any, ...]:
        if type(stored) is not list:
            raise UnreadableRecord(path, shown(stored), "a list")
        return tuple([read_one(value) for value in stored])

    return _Form(write, read_all)


def _set(inner: _Form, path: str) -> _Form:
    several = _several(inner, path)

    def read_set(stored: Json) -> frozenset[Any]:
        members = frozenset(several.read(stored))
        if len(members) != len(stored):
            raise UnreadableRecord(path, shown(stored), "a list without repetition")
        return members

    return _Form(lambda members: sorted(several.write(tuple(members))), read_set)


def _row(inner: list[_Form], path: str) -> _Form:
    def write(values: tuple[Any, ...]) -> list[Json]:
        if type(values) is not tuple or len(values) != len(inner):
            raise UnreadableRecord(path, type(values).__name__, f"a tuple of {len(inner)}")
        return [form.write(value) for form, value in zip(inner, values, strict=True)]

    def read_row(stored: Json) -> tuple[Any, ...]:
        if type(stored) is not list or len(stored) != len(inner):
            raise UnreadableRecord(path, shown(stored), f"a list of {len(inner)}")
        return tuple([form.read(value) for form, value in zip(inner, stored, strict=True)])

    return _Form(write, read_row)


def _cases(kinds: list[type], path: str) -> _Form:
    forms = {CASES[kind]: _fields(kind, path) for kind in kinds}

    def write(value: Any) -> Json:
        if type(value) not in kinds:
            raise UnreadableRecord(path, type(value).__name__, f"one of {', '.join(forms)}")
        case = CASES[type(value)]
        return {"case": case, **forms[case].write(value)}

    def read_case(stored: Json) -> Any:
        case = stored.pop("case", None) if type(stored) is dict else None
        if type(case) is not str or case not in forms:
            raise UnreadableRecord(f"{path}.case", shown(case), f"one of {', '.join(forms)}")
        return forms[case].read(stored)

    return _Form(write, read_case)


def _fields(kind: type, path: str, unwritten: str | None = None) -> _Form:
    hints = get_type_hints(kind)
    names = [field.name for field in attrs.fields(kind)]
    forms = {name: _form_of(hints[name], f"{path}.{name}") for name in names}
    writers = [(name, form.write) for name, form in forms.items() if name != unwritten]
    readers = [(name, form.read) for name, form in forms.items()]

    def write(value: Any) -> dict[str, Json]:
        if type(value) is not kind:
            raise UnreadableRecord(path, type(value).__name__, f"a {kind.__name__}")
        return {name: write_one(getattr(value, name)) for name, write_one in writers}

    def read_fields(stored: Json) -> Any:
        if type(stored) is not dict or stored.keys() != forms.keys():
            raise _wrong_fields(path, stored, names)
        try:
            return kind(**{name: read_one(stored[name]) for name, read_one in readers})
        except InvalidValue as error:
            raise UnreadableRecord(f"{path} ({error.field})", error.given, error.expected) from error

    return _Form(write, read_fields)


def _wrong_fields(path: str, stored: Json, names: list[str]) -> UnreadableRecord:
    if type(stored) is not dict:
        return UnreadableRecord(path, type(stored).__name__, f"an object with the fields {', '.join(names)}")
    for name in names:
        if name not in stored:
            return UnreadableRecord(f"{path}.{name}", "missing", "every field")
    unknown = next(name for name in stored if name not in names)
    return UnreadableRecord(f"{path}.{unknown}", "unknown", "no other field than the record's own")


_FORMS: Mapping[type, _Form] = {kind: _fields(kind, kind.__name__, NOT_WRITTEN) for kind in UPGRADES}
