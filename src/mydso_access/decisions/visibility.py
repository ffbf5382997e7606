"""Which customers a user sees in an entity, and why (S28-S32; A21, A22)."""

from enum import Enum
from typing import TypeAlias, assert_never

from attrs import frozen

from mydso_access.decisions.levels import levels_of, value_at
from mydso_access.decisions.membership import judge_there
from mydso_access.decisions.outcomes import INSTALLATION, Refused
from mydso_access.decisions.sign_in import judge_login
from mydso_access.decisions.wording import NOT_SIGNED_IN, TOLD
from mydso_access.errors import InvalidValue, shown
from mydso_access.model.customer import Customer
from mydso_access.model.event import escaped
from mydso_access.model.reason import Reason
from mydso_access.model.role import MY_DSO_MANAGER, Restriction, Role, RoleTable
from mydso_access.model.structure import Entity
from mydso_access.model.user import User
from mydso_access.policy.security_policy import SecurityPolicy
from mydso_access.policy.settings import Level


class ScopeBecause(Enum):
    """Why a user sees the customers that they see."""

    NEVER_RESTRICTED = "never_restricted"
    NOT_SWITCHED_ON = "not_switched_on"
    SWITCHED_ON = "switched_on"


RULES = {
    Restriction.COLLECTORS: "S29",
    Restriction.SALES: "S30",
    Restriction.SALES_ADMINISTRATION: "S31",
    Restriction.GUESTS: "S32",
}


@frozen(kw_only=True)
class Permitted:
    """Yes. It is true in a condition.

    Attributes:
        reason: why.
        rule: the rule that settled it.
        levels: the levels that the rule's switch came from.
        user_id: who asked.
    """

    reason: ScopeBecause
    rule: str
    levels: frozenset[Level]
    user_id: str

    def __bool__(self) -> bool:
        """Return `True`: a host that asks in a condition goes on."""
        return True

    def explain(self) -> str:
        """Return one line for the log."""
        return _line(self.reason.value, self.rule, self.levels)


@frozen(kw_only=True)
class Denied:
    """No. It is false in a condition.

    Attributes:
        reason: why; for the host's log, not for the outside.
        rule: the rule that settled it.
        levels: the levels that the rule's switch came from.
        user_id: who asked; `None` if nobody is known.
    """

    reason: Reason
    rule: str
    levels: frozenset[Level] = INSTALLATION
    user_id: str | None = None

    def __bool__(self) -> bool:
        """Return `False`: a host that asks in a condition does not go on."""
        return False

    @property
    def public_message(self) -> str:
        """What the user may read; of a customer that they may not see, not that it exists."""
        return TOLD.get(self.reason, NOT_SIGNED_IN)

    def explain(self) -> str:
        """Return one line for the log."""
        return _line(self.reason.value, self.rule, self.levels)


AccessDecision: TypeAlias = Permitted | Denied


def _check_ids(scope: "Everything | ManagedBy | AssociatedWith") -> None:
    # None would be `IS NULL` in a database: every customer without a collector.
    for name, value in (("entity", scope.entity), ("user_id", scope.user_id)):
        if type(value) is not str or not value:
            raise InvalidValue(f"{type(scope).__name__}.{name}", shown(value), "text (str) that is not empty")


@frozen(kw_only=True)
class Everything:
    """Every customer of the entity.

    Attributes:
        entity: id of the entity that it was computed for; no scope shows another entity's customers.
        user_id: whose it is.
        reason: why.
        rule: the rule that settled it.
        levels: the levels that the rule's switch came from.
    """

    entity: str
    user_id: str
    reason: ScopeBecause
    rule: str
    levels: frozenset[Level]

    def __attrs_post_init__(self) -> None:
        _check_ids(self)

    def explain(self) -> str:
        """Return one line for the log: what is seen, why, by which rule and whose switch."""
        return _explained(self)


@frozen(kw_only=True)
class ManagedBy:
    """The customers whose collector the user is; to be associated is not enough (S29).

    Attributes:
        entity: id of the entity that it was computed for.
        user_id: the collector.
        reason: why.
        rule: the rule that settled it.
        levels: the levels that the rule's switch came from.
    """

    entity: str
    user_id: str
    reason: ScopeBecause
    rule: str
    levels: frozenset[Level]

    def __attrs_post_init__(self) -> None:
        _check_ids(self)

    def explain(self) -> str:
        """Return one line for the log: what is seen, why, by which rule and whose switch."""
        return _explained(self)


@frozen(kw_only=True)
class AssociatedWith:
    """The customers with which the user is associated as a colleague (S30-S32).

    Attributes:
        entity: id of the entity that it was computed for.
        user_id: the colleague.
        reason: why.
        rule: the rule that settled it.
        levels: the levels that the rule's switch came from.
    """

    entity: str
    user_id: str
    reason: ScopeBecause
    rule: str
    levels: frozenset[Level]

    def __attrs_post_init__(self) -> None:
        _check_ids(self)

    def explain(self) -> str:
        """Return one line for the log: what is seen, why, by which rule and whose switch."""
        return _explained(self)


@frozen(kw_only=True)
class Nothing:
    """No customer at all.

    Attributes:
        entity: id of the entity that it was computed for.
        reason: why.
        rule: the rule that settled it.
        levels: the levels that the rule's number came from.
        user_id: whose it is; `None` if nobody is known.
    """

    entity: str
    reason: Reason
    rule: str
    levels: frozenset[Level] = INSTALLATION
    user_id: str | None = None

    def __bool__(self) -> bool:
        """Return `False`: a host that asks in a condition whether anything is seen does not go on."""
        return False

    def explain(self) -> str:
        """Return one line for the log: why nothing is seen, and by which rule."""
        return _explained(self)


Scope: TypeAlias = Everything | ManagedBy | AssociatedWith | Nothing
SCOPES = (Everything, ManagedBy, AssociatedWith, Nothing)


DEFAULT_ROLES = RoleTable(MY_DSO_MANAGER)
DEFAULT_POLICY = SecurityPolicy.my_dso_manager()


def visibility(
    user: User, entity: Entity, *, roles: RoleTable = DEFAULT_ROLES, policy: SecurityPolicy = DEFAULT_POLICY
) -> Scope:
    """Say which customers of an entity a user sees (S28).

    Four switches, an entity's alone, each for every user of its role (A21); a multi-entity user is bound by those of the
    entity that they are in. Whoever may not be there sees nothing; what only time tells, such as a login that has gone
    dormant, `AccessControl.permissions` looks at, too.

    Args:
        user: the record as stored now.
        entity: the entity as stored now.
        roles: what each role may do, and which switch restricts it; the product's own if not given.
        policy: the installation's policy; the preset if not given.

    Raises:
        InvalidValue: `user` or `entity` is no such record.
    """
    if type(user) is not User:
        raise InvalidValue("user", shown(type(user)), "a User")
    if type(entity) is not Entity:
        raise InvalidValue("entity", shown(type(entity)), "an Entity")  # S27
    there = judge_login(user) or judge_there(user, entity)
    if isinstance(there, Refused):
        return nothing_seen(entity.id, there)
    if user.role not in roles.roles:
        return Nothing(entity=entity.id, reason=Reason.NOT_ALLOWED, rule="S6", user_id=user.id)  # S6
    return _seen_by(user, roles.role(user.role), entity, policy)


def _seen_by(user: User, role: Role, entity: Entity, policy: SecurityPolicy) -> Scope:
    switch, who = role.restriction, {"entity": entity.id, "user_id": user.id}
    if switch is None:
        return Everything(**who, reason=ScopeBecause.NEVER_RESTRICTED, rule="A21", levels=INSTALLATION)  # A21
    levels = levels_of(entity, policy, switch.value)  # S20 S27
    if not value_at(entity, policy, switch.value):
        return Everything(**who, reason=ScopeBecause.NOT_SWITCHED_ON, rule=RULES[switch], levels=levels)
    because = ScopeBecause.SWITCHED_ON
    if switch is Restriction.COLLECTORS:
        return ManagedBy(**who, reason=because, rule="S29", levels=levels)  # S29
    return AssociatedWith(**who, reason=because, rule=RULES[switch], levels=levels)  # S30 S31 S32


def nothing_seen(entity: str, refused: Refused) -> Nothing:
    """Return the scope of whoever may not be in an entity."""
    return Nothing(
        entity=entity, reason=refused.reason, rule=refused.rule, levels=refused.levels, user_id=refused.user_id
    )


def can_see(scope: Scope, customer: Customer) -> AccessDecision:
    """Say whether a scope shows a customer; a customer of another entity never (S28).

    Args:
        scope: what `visibility` said, or `permissions(...).scope`.
        customer: who collects, and who is associated: the library's record, or one made of the host's own columns.

    Returns:
        `Permitted`, true in a condition, or `Denied`, false in a condition; each says why.

    Raises:
        InvalidValue: an argument is none of those.
    """
    if type(scope) not in SCOPES:
        raise InvalidValue(
            "scope", shown(type(scope)), "a Scope: `permissions(...).scope`, or what `visibility` returns"
        )
    if read_customer(customer).entity != scope.entity:
        return elsewhere(scope)
    return shown_by(scope) if covers(scope, customer) else hidden(scope)


def read_customer(value: Customer) -> Customer:
    """Return the customer.

    Raises:
        InvalidValue: it is none.
    """
    if type(value) is not Customer:
        raise InvalidValue("customer", shown(type(value)), "a Customer")
    return value


def covers(scope: Scope, customer: Customer) -> bool:
    """Tell whether a customer of a scope's own entity lies in it."""
    match scope:
        case Everything():
            return True
        case ManagedBy():
            return customer.collector == scope.user_id  # S29
        case AssociatedWith():
            return scope.user_id in customer.colleagues  # S30 S31 S32
        case Nothing():
            return False
        case _ as never:
            assert_never(never)


def shown_by(scope: Scope) -> AccessDecision:
    """Return the answer about a customer that a scope shows."""
    if isinstance(scope, Nothing):
        return hidden(scope)
    return Permitted(reason=scope.reason, rule=scope.rule, levels=scope.levels, user_id=scope.user_id)


def hidden(scope: Scope) -> Denied:
    """Return the answer about a customer that a scope does not show."""
    reason = scope.reason if isinstance(scope, Nothing) else Reason.NOT_THEIR_CUSTOMER
    return Denied(reason=reason, rule=scope.rule, levels=scope.levels, user_id=scope.user_id)


def elsewhere(scope: Scope) -> Denied:
    """Return the answer about another entity's customer."""
    if isinstance(scope, Nothing):
        return hidden(scope)
    # As if there were none: who asks by an id of all entities learns nothing.
    return Denied(reason=Reason.NOT_THEIR_CUSTOMER, rule="A10", user_id=scope.user_id)  # A10


def _explained(scope: Scope) -> str:
    return f"{type(scope).__name__} in {escaped(scope.entity)}: {_line(scope.reason.value, scope.rule, scope.levels)}"


def _line(reason: str, rule: str, levels: frozenset[Level]) -> str:
    return f"{reason} ({rule}, {', '.join(sorted(level.value for level in levels))})"
