"""What a setting says of itself, declared once: unit, bounds, source, where it may be set, which way is stricter.

The declaration feeds the check at construction, `--set` on the command line and the reference page.
"""

from collections.abc import Iterator
from datetime import timedelta
from enum import Enum
from typing import Any, TypeVar, cast

import attrs
from attrs import frozen

from mydso_access.errors import InvalidPolicy, shown
from mydso_access.policy.lists import Networks, Words

T = TypeVar("T")
WORDS: dict[type[Any], str] = {
    bool: "a bool",
    int: "an int",
    timedelta: "a timedelta",
    str: "a str",
    Networks: "Networks",
    Words: "Words",
}


class Level(Enum):
    """Who asks for a value: the installation, the multi-entity platform or one entity."""

    INSTALLATION = "installation"
    PLATFORM = "platform"
    ENTITY = "entity"


class SettableAt(Enum):
    """Where a setting may be set (S19, S20, S27, S38)."""

    INSTALLATION = "installation"
    PLATFORM_AND_ENTITY = "platform and entity"
    ENTITY = "entity only"


class Stricter(Enum):
    """Which of two values is the stricter one. `None` stands for "without end" and is larger than any number."""

    LOWER = "the lower value"
    HIGHER = "the higher value; yes before no; of named values the later in their list"
    BOTH = "what is on both lists"
    NEITHER = "neither: the setting protects the machine, not an account"


@frozen(kw_only=True)
class Setting:
    """One setting's declaration.

    Attributes:
        unit: what the number counts.
        source: the rule (S-number), decision (D-number) or standard that it comes from.
        at: where it may be set.
        stricter: which of two values is stricter, for levels that both ask for one.
        minimum: the least value allowed, if values have an order.
        maximum: the greatest value allowed, if values have an order.
        optional: whether `None` is allowed.
        doc: what it decides, in one sentence.
    """

    unit: str
    source: str
    stricter: Stricter
    doc: str
    at: SettableAt = SettableAt.INSTALLATION  # S38 D17
    minimum: int | timedelta | None = None
    maximum: int | timedelta | None = None
    optional: bool = False


def setting(default: T, **declaration: Any) -> T:
    """Declare a field of a policy group: its default, and everything that `Setting` holds."""
    field: Any = attrs.field(default=default, metadata={Setting: Setting(**declaration)})
    return field  # type: ignore[no-any-return]  # attrs turns the declaration into a T


def check_settings(group: Any) -> None:
    """Refuse a group one of whose settings has the wrong type or lies out of bounds.

    Called from `__attrs_post_init__`, never as an attrs validator: those can be switched off for the whole process.

    Raises:
        InvalidPolicy: names the setting, its value and what would be right.
    """
    for field in attrs.fields(type(group)):
        value, path = getattr(group, field.name), f"{type(group).__name__}.{field.name}"
        if Setting in field.metadata:
            check_value(path, field, value)
        elif type(value) is not field.type:
            raise InvalidPolicy(path, shown(value), f"a {field.type.__name__}")


def check_value(name: str, field: "attrs.Attribute[Any]", value: Any) -> None:
    """Refuse a value that a setting cannot have.

    Raises:
        InvalidPolicy: it has the wrong type, or lies out of the setting's bounds.
    """
    declared = field.metadata[Setting]
    if not _is_allowed(value, field, declared):
        raise InvalidPolicy(name, shown(value), _in_words(field, declared))


def all_settings(group: type, prefix: str = "") -> Iterator[tuple[str, "attrs.Attribute[Any]"]]:
    """Yield every setting of a group and of the groups inside it, under its dotted name."""
    for field in attrs.fields(group):
        if Setting in field.metadata:
            yield f"{prefix}{field.name}", field
        elif field.type is not None:
            yield from all_settings(field.type, f"{prefix}{field.name}.")


def value_type(field: "attrs.Attribute[Any]") -> type:
    """Return the type of a setting's values, `None` apart."""
    annotated: Any = field.type
    (kind,) = {*getattr(annotated, "__args__", (annotated,))} - {type(None)}
    return cast("type", kind)


def _is_allowed(value: Any, field: "attrs.Attribute[Any]", declared: Setting) -> bool:
    if value is None:
        return declared.optional
    # `type is`, not isinstance: True is an int, and a subclass may compare as it likes.
    if type(value) is not value_type(field):
        return False
    least: Any = declared.minimum
    greatest: Any = declared.maximum
    return (least is None or value >= least) and (greatest is None or value <= greatest)


def _in_words(field: "attrs.Attribute[Any]", declared: Setting) -> str:
    kind = value_type(field)
    if issubclass(kind, Enum):
        words = f"one of {', '.join(str(member) for member in kind)}"
    elif declared.minimum is None:
        words = WORDS[kind]
    else:
        words = f"{WORDS[kind]} ({declared.unit}) from {declared.minimum} to {declared.maximum}"
    return f"{words}, or None" if declared.optional else words
