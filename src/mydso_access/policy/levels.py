"""What each level asks for, and what follows: setting by setting, the strictest wins (D6)."""

from collections.abc import Iterable, Mapping
from enum import Enum
from functools import lru_cache
from typing import Any, TypeAlias

from attrs import field, frozen

from mydso_access.errors import InvalidPolicy, shown
from mydso_access.policy.dotted import SETTINGS, declaration, replaced, value_of
from mydso_access.policy.fixed import CACHED_POLICIES
from mydso_access.policy.security_policy import SecurityPolicy
from mydso_access.policy.settings import Level, SettableAt, Setting, Stricter, check_value

Asked: TypeAlias = tuple[tuple[str, Any], ...]
Asking: TypeAlias = Mapping[str, frozenset[Level]]


def _sorted(asks: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Asked:
    try:
        named = dict(asks)
    except (TypeError, ValueError):
        raise InvalidPolicy("asks", shown(asks), "settings' names and their values") from None
    for name in named:
        declaration(name)
    return tuple(sorted(named.items()))


@frozen
class StructurePolicy:
    """What one structure asks for: some settings, each by its dotted name; of all others it asks nothing.

    `StructurePolicy({"passwords.min_length": 12, "dormancy.months": 6})`

    Attributes:
        asks: names and values, sorted by name.

    Raises:
        InvalidPolicy: no setting has this name, or the value is not one of its.
    """

    asks: Asked = field(default=(), converter=_sorted)

    def __attrs_post_init__(self) -> None:
        for name, value in self.asks:
            check_value(name, declaration(name), value)

    def asking(self, name: str, value: Any) -> "StructurePolicy":
        """Return the policy that asks for this, too."""
        return StructurePolicy({**dict(self.asks), name: value})

    def without(self, name: str) -> "StructurePolicy":
        """Return the policy that asks nothing of this setting."""
        return StructurePolicy((each, value) for each, value in self.asks if each != name)


@frozen
class EffectivePolicy:
    """The strictest of the levels that apply.

    Attributes:
        policy: every setting's effective value.
        asking: for each setting that a structure asks for, the levels that ask for its effective value.
    """

    policy: SecurityPolicy
    asking: Mapping[str, frozenset[Level]]

    def levels(self, name: str) -> frozenset[Level]:
        """Return the levels that ask for a setting's effective value."""
        return self.asking.get(name, frozenset({Level.INSTALLATION}))


def may_be_set_at(name: str, level: Level) -> bool:
    """Tell whether a structure of this level may ask for the setting (S27, S38)."""
    match SETTINGS[name].metadata[Setting].at:
        case SettableAt.PLATFORM_AND_ENTITY:
            return level in (Level.PLATFORM, Level.ENTITY)  # S19 S20
        case SettableAt.ENTITY:
            return level is Level.ENTITY  # S27
        case _:
            return False  # S38


def strictest(*policies: StructurePolicy) -> StructurePolicy:
    """Return what all of these ask for together: of each setting the strictest value (D6)."""
    asks: dict[str, Any] = {}
    for policy in policies:
        for name, value in policy.asks:
            asks[name] = stricter(name, asks[name], value) if name in asks else value
    return StructurePolicy(asks)


def stricter(name: str, one: Any, other: Any) -> Any:
    """Return the stricter of two values of a setting.

    Raises:
        InvalidPolicy: neither is: the setting is the installation's alone.
    """
    order = SETTINGS[name].metadata[Setting].stricter
    if order is Stricter.BOTH and None not in (one, other):
        return one.common(other)
    if order is Stricter.BOTH:
        return other if one is None else one
    if order is Stricter.NEITHER:
        raise InvalidPolicy(name, "asked for twice", "one value, the installation's")
    return (max if order is Stricter.HIGHER else min)(one, other, key=_rank)


def joined(installation: SecurityPolicy, asked: Mapping[Level, StructurePolicy]) -> EffectivePolicy:
    """Return the strictest of what the installation and structures ask for (D6); what they may not ask, they do not.

    Args:
        installation: the installation's policy.
        asked: what the structures that apply ask for.
    """
    policy, asking = _joined(installation, tuple(asked.items()))
    return EffectivePolicy(policy, dict(asking))  # each caller's own: what is kept is nobody's to change


@lru_cache(maxsize=CACHED_POLICIES)  # asked at every sign-in and for every request, of the same few structures
def _joined(
    installation: SecurityPolicy, asked: tuple[tuple[Level, StructurePolicy], ...]
) -> tuple[SecurityPolicy, Asking]:
    allowed = {level: _settable(policy, level) for level, policy in asked}
    policy, asking = installation, {}
    for name, value in strictest(*allowed.values()).asks:
        wanted = {Level.INSTALLATION: value_of(installation, name)}
        wanted |= {level: dict(each.asks)[name] for level, each in allowed.items() if name in dict(each.asks)}
        effective = stricter(name, wanted[Level.INSTALLATION], value)
        policy = replaced(policy, name, effective)
        asking[name] = frozenset(level for level, each in wanted.items() if asks_for(name, each, effective))
    return policy, asking


def asks_for(name: str, value: Any, effective: Any) -> bool:
    """Tell whether a level that asks for a value has its part in the effective one."""
    if SETTINGS[name].metadata[Setting].stricter is Stricter.BOTH:  # every list has its part in what is on all of them
        return (value is None) == (effective is None)
    return bool(value == effective)


def _settable(policy: StructurePolicy, level: Level) -> StructurePolicy:
    return StructurePolicy((name, value) for name, value in policy.asks if may_be_set_at(name, level))


def _rank(value: Any) -> tuple[int, Any]:
    """Order the values of one setting; `None` stands for "without end" and comes last."""
    if value is None:
        return (1, 0)
    return (0, list(type(value)).index(value) if isinstance(value, Enum) else value)
