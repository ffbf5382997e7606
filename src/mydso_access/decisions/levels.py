"""Whose policy and whose mode of sign-in binds whom, and where (S19, S20; D6, A14, A24)."""

from typing import Any, assert_never

from attrs import frozen

from mydso_access.errors import InvalidValue, shown
from mydso_access.model.structure import Entity, Platform, SignInMode, StructureRecord
from mydso_access.model.user import Category, User
from mydso_access.policy.dotted import value_of
from mydso_access.policy.levels import EffectivePolicy, asks_for, joined, stricter
from mydso_access.policy.security_policy import SecurityPolicy
from mydso_access.policy.settings import Level


@frozen
class Levels:
    """The levels that may bind a user somewhere.

    Attributes:
        installation: the installation's policy, which binds everybody.
        platform: the multi-entity platform, if there is one; it binds multi-entity users and nobody else.
        entity: the entity that the user is in; `None` on the platform.
    """

    installation: SecurityPolicy
    platform: Platform | None = None
    entity: Entity | None = None


def effective_policy(user: User, levels: Levels) -> EffectivePolicy:
    """Return the strictest of the levels that bind a user, setting by setting (D6).

    Args:
        user: whom it binds.
        levels: where they are.

    Raises:
        InvalidValue: the entity is none that a user of an entity belongs to.
    """
    asked = {}
    if user.category is Category.MULTI_ENTITY:
        if levels.platform is not None:
            asked[Level.PLATFORM] = levels.platform.policy  # S19
    elif levels.entity is not None and levels.entity.structure != user.structure:
        raise InvalidValue("levels.entity", shown(levels.entity.id), f"the user's own entity, {user.structure.id}")
    if levels.entity is not None:
        asked[Level.ENTITY] = levels.entity.policy  # S20
    return joined(levels.installation, asked)


def policy_at_home(user: User, home: StructureRecord | None, installation: SecurityPolicy) -> EffectivePolicy:
    """Return what binds a user in their own structure.

    Args:
        user: whom it binds.
        home: that structure's record; `None` if there is none.
        installation: the installation's policy.
    """
    match home:
        case Platform():
            return effective_policy(user, Levels(installation, platform=home))
        case Entity():
            return effective_policy(user, Levels(installation, entity=home))
        case None:
            return effective_policy(user, Levels(installation))
        case _ as never:
            assert_never(never)


def value_at(record: StructureRecord, installation: SecurityPolicy, name: str) -> Any:
    """Return the effective value of one setting of platform and entities in one structure, without joining all others.

    Args:
        record: the structure.
        installation: the installation's policy.
        name: the setting's dotted name.
    """
    asked, own = dict(record.policy.asks), value_of(installation, name)
    return stricter(name, own, asked[name]) if name in asked else own


def levels_of(record: StructureRecord, installation: SecurityPolicy, name: str) -> frozenset[Level]:
    """Return the levels that ask for the effective value of one setting in one structure."""
    effective, asked = value_at(record, installation, name), dict(record.policy.asks)
    wanted = {Level.INSTALLATION: value_of(installation, name)}
    if name in asked:
        wanted[record.structure.level] = asked[name]
    return frozenset(level for level, value in wanted.items() if asks_for(name, value, effective))


def comes_by_sso(user: User, home: StructureRecord) -> bool:
    """Tell whether a user's first factor is single sign-on; the user's own mode goes before the structure's (A24)."""
    return comes_by(user.sign_in_mode, home.sign_in_mode)


def comes_by(own: SignInMode | None, home: SignInMode) -> bool:
    """Tell whether somebody with this mode, in a structure with that one, comes by single sign-on (A24)."""
    return (own or home) is SignInMode.SSO  # A24
