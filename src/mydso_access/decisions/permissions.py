"""Rights and visibility in one question: may a user do this, with this customer, in this entity? (S28; A22)."""

from enum import Enum

from attrs import field, frozen

from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.visibility import (
    DEFAULT_POLICY,
    DEFAULT_ROLES,
    AccessDecision,
    Denied,
    Nothing,
    Scope,
    covers,
    elsewhere,
    hidden,
    nothing_seen,
    read_customer,
    shown_by,
    visibility,
)
from mydso_access.errors import InvalidValue, shown
from mydso_access.model.customer import Customer
from mydso_access.model.reason import Reason
from mydso_access.model.role import Right, RoleTable
from mydso_access.model.structure import Entity
from mydso_access.model.user import User
from mydso_access.policy.security_policy import SecurityPolicy


class Whichever(Enum):
    """Says that a question is about no customer in particular: `None`, where one was looked for, never says so."""

    CUSTOMER = "whichever customer"


@frozen(kw_only=True)
class Permissions:
    """What one user may do in one entity, and with which customers: made once for a request, asked many times.

    Attributes:
        scope: which customers they see.
        rights: what their role lets them do there.
    """

    scope: Scope
    rights: frozenset[Right]

    # Made once: many customers are asked about.
    _permitted: AccessDecision = field(init=False, eq=False, repr=False)
    _hidden: Denied = field(init=False, eq=False, repr=False)

    @_permitted.default
    def _permit(self) -> AccessDecision:
        return shown_by(self.scope)

    @_hidden.default
    def _hide(self) -> Denied:
        return hidden(self.scope)

    def may(self, action: Right, customer: Customer | Whichever = Whichever.CUSTOMER) -> AccessDecision:
        """Say whether the user may do something, with a customer if one is named.

        Args:
            action: what they want to do.
            customer: with whom; if not given: with none in particular, of those that they see. A customer of whom nothing
                is stored is `Customer(entity=..., id=...)`.

        Returns:
            `Permitted`, true in a condition, or `Denied`, false in a condition; each says why.

        Raises:
            InvalidValue: an argument is none of those.
        """
        if type(action) is not Right:
            raise InvalidValue("action", shown(action), "a Right")
        if action not in self.rights:
            return _not_allowed(self.scope)  # S6 A22
        if customer is Whichever.CUSTOMER:
            return self._permitted
        scope, asked = self.scope, customer if type(customer) is Customer else read_customer(customer)
        if asked.entity != scope.entity:
            return elsewhere(scope)  # A10
        return self._permitted if covers(scope, asked) else self._hidden

    def explain(self) -> str:
        """Return one line for the log: which customers are seen, and why."""
        return self.scope.explain()


def permissions_of(
    user: User, entity: Entity, *, roles: RoleTable = DEFAULT_ROLES, policy: SecurityPolicy = DEFAULT_POLICY
) -> Permissions:
    """Return what a user may do in an entity; whoever may not be there may do nothing.

    Args:
        user: the record as stored now.
        entity: the entity as stored now.
        roles: what each role may do, and which switch restricts it; the product's own if not given.
        policy: the installation's policy; the preset if not given.

    Raises:
        InvalidValue: `user` or `entity` is no such record.
    """
    scope = visibility(user, entity, roles=roles, policy=policy)
    if isinstance(scope, Nothing):
        return Permissions(scope=scope, rights=frozenset())
    return Permissions(scope=scope, rights=roles.role(user.role).rights(may_import=user.may_import))


def may(  # noqa: PLR0913  # who, where, what, with whom; the rest has defaults
    user: User,
    entity: Entity,
    action: Right,
    customer: Customer | Whichever = Whichever.CUSTOMER,
    *,
    roles: RoleTable = DEFAULT_ROLES,
    policy: SecurityPolicy = DEFAULT_POLICY,
) -> AccessDecision:
    """Say whether a user may do something in an entity, with a customer if one is named (S28, A22).

    For many questions of one user ask `permissions_of` once, and its `may`.

    Args:
        user: the record as stored now.
        entity: the entity as stored now.
        action: what they want to do.
        customer: with whom; if not given: with none in particular, of those that they see.
        roles: what each role may do, and which switch restricts it; the product's own if not given.
        policy: the installation's policy; the preset if not given.

    Returns:
        `Permitted`, true in a condition, or `Denied`, false in a condition; each says why.

    Raises:
        InvalidValue: an argument is none of those.
    """
    return permissions_of(user, entity, roles=roles, policy=policy).may(action, customer)


def permitting_nothing(entity: str, refused: Refused) -> Permissions:
    """Return the permissions of whoever may not be in an entity."""
    return Permissions(scope=nothing_seen(entity, refused), rights=frozenset())


def _not_allowed(scope: Scope) -> Denied:
    if isinstance(scope, Nothing):
        return hidden(scope)
    return Denied(reason=Reason.NOT_ALLOWED, rule="S6", user_id=scope.user_id)  # S6 A22
