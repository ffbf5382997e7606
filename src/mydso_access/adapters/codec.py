"""Records as text and back, for stores that keep text, and proofs, for sessions. Nothing else reveals a stored `Secret`.

A stored form is JSON, strict both ways: every field is there once, no other is, and each has exactly its type. It says
which form it is (`"form": 1`), so that a later version of this library still reads what an earlier one wrote. Instants
are microseconds since 1970 in UTC. A record's own version is not part of the text: it is what stores compare.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

import attrs

from mydso_access.adapters.codec_upgrades import UPGRADES
from mydso_access.decisions.outcomes import Proof
from mydso_access.errors import InvalidPolicy, InvalidValue, UnreadableRecord, shown
from mydso_access.model.attempts import AttemptCounter
from mydso_access.model.customer import Customer
from mydso_access.model.event import Event
from mydso_access.model.instant import utc
from mydso_access.model.link import Link
from mydso_access.model.secret import Secret
from mydso_access.model.sign_in import SignIn
from mydso_access.model.structure import Entity, Platform
from mydso_access.model.user import Disabled, Enabled, Invited, NoLogin, User
from mydso_access.policy.dotted import SETTINGS, text_of, value_from
from mydso_access.policy.fixed import EARLIEST, LATEST, TICK
from mydso_access.policy.levels import StructurePolicy

AnyRecord: TypeAlias = User | Entity | Platform | Customer | Link | AttemptCounter | SignIn | Event | Proof
Record = TypeVar("Record", User, Entity, Platform, Customer, Link, AttemptCounter, SignIn, Event, Proof)
Json: TypeAlias = Any

# The stored word of each case of a union; entity and platform have the same fields, and say which they are.
LOGINS: Mapping[type, str] = {NoLogin: "none", Invited: "invited", Enabled: "enabled", Disabled: "disabled"}
CASES: Mapping[type, str] = {**LOGINS, Entity: "entity", Platform: "platform"}
NOT_WRITTEN = "version"  # stores compare it beside the text
FEW = 9  # words that a message names
END = (LATEST - EARLIEST) // TICK
LARGEST = 2**63 - 1  # of what is counted; Python refuses to print or to read numbers of thousands of digits
# As JSON the two halves of a UTF-16 pair become the one character that they stand for: another text than was written.
HALVES = re.compile(r"[\ud800-\udbff][\udc00-\udfff]")


def written(record: AnyRecord) -> str:
    """Return a record's stored form, in ASCII.

    Raises:
        UnreadableRecord: a field holds another type than it declares, or what could not be read back as the same.
    """
    form = _FORMS[type(record)].write(record)
    form["form"] = len(UPGRADES[type(record)]) + 1
    return _encoded(form)


def read(kind: type[Record], text: str, version: int = 0) -> Record:
    """Return the record that a stored form holds.

    Args:
        kind: the record's class.
        text: what `written` returned, now or in an earlier version of this library.
        version: the version that it is stored under; an event and a proof have none.

    Raises:
        UnreadableRecord: it is no stored form of such a record; the message names the field.
    """
    stored = _upgraded(kind, _parsed(kind.__name__, text))
    if kind not in (Event, Proof):
        stored[NOT_WRITTEN] = version
    return _FORMS[kind].read(stored)  # type: ignore[no-any-return]


def microseconds(instant: datetime) -> int:
    """Return an instant as it is written: microseconds since 1970 in UTC."""
    return (instant - EARLIEST) // TICK


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    stored = dict(pairs)
    if len(stored) != len(pairs):  # readers disagree which of two fields of one name counts
        raise ValueError
    return stored


_encoded = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_decoded = json.JSONDecoder(object_pairs_hook=_object).raw_decode


def _parsed(name: str, text: str) -> dict[str, Json]:
    try:
        stored, end = _decoded(text)
    except (ValueError, TypeError, RecursionError):
        stored, end = None, 0  # raised below, since these errors hold the text
    if type(stored) is not dict or end != len(text):
        raise UnreadableRecord(name, f"a {type(text).__name__}", "a str that is one JSON object, no field of it twice")
    return stored


def _upgraded(kind: type, stored: Json) -> dict[str, Json]:
    form, last = stored.pop("form", None), len(UPGRADES[kind]) + 1
    if type(form) is not int or not 1 <= form <= last:
        expected = f"a form from 1 to {last}; a newer version of this library may have written it"
        raise UnreadableRecord(f"{kind.__name__}.form", _told(form), expected)
    try:
        for upgrade in UPGRADES[kind][form - 1 :]:
            stored = upgrade(stored)
    except Exception:  # noqa: BLE001  # whatever it trips over in a damaged form
        stored = None  # raised below, since that error may hold a secret
    if type(stored) is not dict or NOT_WRITTEN in stored:
        raise UnreadableRecord(kind.__name__, f"no form {form}", f"the fields of that form, and no {NOT_WRITTEN}")
    return stored


def _told(value: Any, *also: type) -> str:
    """Return a value for a message; of a text, and of what may hold one, only its type: it may be a secret."""
    return shown(value) if isinstance(value, (int, float, datetime, NoneType, *also)) else f"a {type(value).__name__}"


@attrs.frozen
class _Form:
    """How the values of one field are written and read."""

    write: Callable[[Any], Json]
    read: Callable[[Json], Any]


def _form_of(hint: Any, path: str) -> _Form:
    """Make the form of a declared type; the path is for messages."""
    if get_origin(hint) is not None:
        return _generic(get_origin(hint), get_args(hint), path)
    plain = {str: _text, bool: _truth, int: _number, datetime: _instant, StructurePolicy: _policy}.get(hint)
    if plain is not None:
        return plain(path)
    return _fields(hint, path) if attrs.has(hint) else _enum(hint, path)


def _generic(origin: Any, arguments: tuple[Any, ...], path: str) -> _Form:
    if origin in (Union, UnionType):
        return _union(arguments, path)
    if origin is Secret:
        return _secret(path)
    if origin is frozenset or arguments[1:] == (...,):
        return _several(origin, _form_of(arguments[0], path), path)
    return _row([_form_of(each, path) for each in arguments], path)


def _union(arguments: tuple[Any, ...], path: str) -> _Form:
    cases = [case for case in arguments if case is not NoneType]
    form = _form_of(cases[0], path) if len(cases) == 1 else _cases(cases, path)
    return form if len(cases) == len(arguments) else _Form(_or_none(form.write), _or_none(form.read))


def _or_none(way: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else way(value)


def _text(path: str) -> _Form:
    def same(value: str) -> str:
        if type(value) is not str or not (value.isascii() or HALVES.search(value) is None):
            raise UnreadableRecord(path, _told(value), "text (str), and no two halves of a UTF-16 pair in it")
        return value

    return _Form(same, same)


def _truth(path: str) -> _Form:
    def same(value: bool) -> bool:  # noqa: FBT001  # what a form writes and reads
        if type(value) is not bool:
            raise UnreadableRecord(path, _told(value), "true or false (bool)")
        return value

    return _Form(same, same)


def _number(path: str) -> _Form:
    def same(value: int) -> int:
        if type(value) is not int or not 0 <= value <= LARGEST:
            raise UnreadableRecord(path, _told(value), f"a number (int) from 0 to {LARGEST}")
        return value

    return _Form(same, same)


def _instant(path: str) -> _Form:
    def write(instant: datetime) -> int:
        try:
            return (utc(instant) - EARLIEST) // TICK
        except InvalidValue as error:
            expected = error.expected
        raise UnreadableRecord(path, _told(instant), expected)

    def read_instant(stored: Json) -> datetime:
        if type(stored) is not int or not 0 <= stored < END:
            raise UnreadableRecord(path, _told(stored), f"microseconds since {EARLIEST:%Y}, until {LATEST:%Y}")
        return EARLIEST + stored * TICK

    return _Form(write, read_instant)


def _secret(path: str) -> _Form:
    text = _text(path).read

    def write(secret: Secret[str]) -> Json:
        if type(secret) is not Secret:
            raise UnreadableRecord(path, f"a {type(secret).__name__}", "a Secret")
        return text(secret.reveal())

    return _Form(write, lambda stored: Secret(text(stored)))


def _policy(path: str) -> _Form:
    """Make the form of what a structure asks for: an object of dotted names and values, each as text."""
    text = _text(path).read

    def read_policy(stored: Json) -> StructurePolicy:
        if type(stored) is not dict:
            raise UnreadableRecord(path, _told(stored), "an object of settings, each value as text")
        if unknown := stored.keys() - SETTINGS.keys():
            raise UnreadableRecord(path, f"an object with {shown(min(unknown))}", "settings of this version only")
        try:
            return StructurePolicy({name: value_from(name, text(value)) for name, value in stored.items()})
        except InvalidPolicy as error:
            raise UnreadableRecord(f"{path} ({error.field})", error.given, error.expected) from error

    def write(policy: StructurePolicy) -> dict[str, Json]:
        try:
            stored = {name: text(text_of(value)) for name, value in policy.asks}
            if type(policy) is StructurePolicy and read_policy(stored) == policy:
                return stored
        except (AttributeError, TypeError, ValueError):
            pass  # raised below
        raise UnreadableRecord(path, _told(policy), "a StructurePolicy")

    return _Form(write, read_policy)


def _enum(kind: type[Enum], path: str) -> _Form:
    words: Mapping[Enum, str] = {member: member.value for member in kind}
    members = {word: member for member, word in words.items()}
    expected = f"one of {', '.join(members)}" if len(members) <= FEW else f"a word for {kind.__name__} of this version"

    def write(member: Enum) -> Json:
        if type(member) is not kind:
            raise UnreadableRecord(path, _told(member), f"a {kind.__name__}")
        return words[member]

    def read_member(stored: Json) -> Enum:
        member = members.get(stored) if type(stored) is str else None
        if member is None:
            raise UnreadableRecord(path, _told(stored, str), expected)
        return member

    return _Form(write, read_member)


def _several(container: type[Any], inner: _Form, path: str) -> _Form:
    write_one, read_one = inner.write, inner.read

    def write(values: Any) -> list[Json]:
        if type(values) is not container:
            raise UnreadableRecord(path, _told(values), f"a {container.__name__}")
        stored = [write_one(value) for value in values]
        return stored if container is tuple else sorted(stored)

    def read_all(stored: Json) -> Any:
        values = container([read_one(value) for value in stored]) if type(stored) is list else None
        if values is None or len(values) != len(stored):
            raise UnreadableRecord(path, _told(stored), "a list" if container is tuple else "a list without repetition")
        return values

    return _Form(write, read_all)


def _row(inner: list[_Form], path: str) -> _Form:
    writers, readers = [form.write for form in inner], [form.read for form in inner]

    def each(ways: list[Callable[[Any], Any]], values: Any, container: type[Any]) -> list[Any]:
        if type(values) is not container or len(values) != len(ways):
            raise UnreadableRecord(path, _told(values), f"a {container.__name__} of exactly {len(ways)}")
        return [way(value) for way, value in zip(ways, values, strict=True)]

    return _Form(lambda values: each(writers, values, tuple), lambda stored: tuple(each(readers, stored, list)))


def _cases(kinds: list[type], path: str, unwritten: str | None = None) -> _Form:
    forms = {CASES[kind]: _fields(kind, path, unwritten) for kind in kinds}

    def write(value: Any) -> Json:
        if type(value) not in kinds:
            raise UnreadableRecord(path, _told(value), f"one of {', '.join(forms)}")
        case = CASES[type(value)]
        return {"case": case, **forms[case].write(value)}

    def read_case(stored: Json) -> Any:
        case = stored.pop("case", None) if type(stored) is dict else None
        if type(case) is not str or case not in forms:
            raise UnreadableRecord(f"{path}.case", _told(case, str), f"one of {', '.join(forms)}")
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
            raise UnreadableRecord(path, _told(value), f"a {kind.__name__}")
        return {name: write_one(getattr(value, name)) for name, write_one in writers}

    def read_fields(stored: Json) -> Any:
        if type(stored) is not dict or len(stored) != len(readers):
            raise _wrong_fields(path, stored, names)
        try:
            return kind(**{name: read_one(stored[name]) for name, read_one in readers})
        except KeyError:
            raise _wrong_fields(path, stored, names) from None
        except InvalidValue as error:
            raise UnreadableRecord(f"{path} ({error.field})", error.given, error.expected) from error

    return _Form(write, read_fields)


def _wrong_fields(path: str, stored: Json, names: list[str]) -> UnreadableRecord:
    if type(stored) is not dict:
        return UnreadableRecord(path, _told(stored), f"an object with the fields {', '.join(names)}")
    missing, unknown = [name for name in names if name not in stored], [name for name in stored if name not in names]
    if missing:
        return UnreadableRecord(f"{path}.{missing[0]}", "missing", "every field")
    return UnreadableRecord(path, f"an object with {shown(unknown)}", "no other field than the record's own")


def _record(kind: type) -> _Form:
    return _cases([kind], kind.__name__, NOT_WRITTEN) if kind in CASES else _fields(kind, kind.__name__, NOT_WRITTEN)


_FORMS: Mapping[type, _Form] = {kind: _record(kind) for kind in UPGRADES}
