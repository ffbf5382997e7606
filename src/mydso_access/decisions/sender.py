"""In whose name an automatic e-mail goes out: the collector's, or else who stands in for them (A30, A31; rules, 2g)."""

from collections.abc import Iterable, Sequence
from enum import Enum

from attrs import frozen

from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.permissions import may
from mydso_access.decisions.visibility import DEFAULT_POLICY, DEFAULT_ROLES, read_customer
from mydso_access.model.customer import Customer
from mydso_access.model.reason import Reason
from mydso_access.model.role import Right, RoleTable
from mydso_access.model.structure import Entity
from mydso_access.model.user import User, listed_by
from mydso_access.policy.security_policy import SecurityPolicy

# Who stands in for a collector, role by role.
FALLBACK = ("credit_manager", "administrator")


class SenderBecause(Enum):
    """Why somebody is the sender."""

    COLLECTOR = "collector"
    STANDS_IN = "stands_in"


@frozen(kw_only=True)
class Sender:
    """In whose name an automatic e-mail goes out.

    Attributes:
        user: whose.
        because: as the customer's collector, or in their place.
    """

    user: User
    because: SenderBecause


def sender_of(  # noqa: PLR0913  # what is decided on; the rest has defaults
    customer: Customer,
    entity: Entity,
    users: Iterable[User],
    *,
    fallback: Sequence[str] = FALLBACK,
    roles: RoleTable = DEFAULT_ROLES,
    policy: SecurityPolicy = DEFAULT_POLICY,
) -> Sender | Refused:
    """Say who sends a customer's automatic e-mails: the collector, else a credit manager, else an administrator.

    Only somebody who may open the customer's card in the entity now, and whose e-mail address was confirmed (A30). Of
    several of one role the first by name. A login that has gone dormant counts until the sweep has disabled it.

    Args:
        customer: the customer.
        entity: the customer's entity.
        users: all who may come into question: the collector, and everybody of the roles that stand in.
        fallback: ids of the roles that stand in, the first before the second.
        roles: what each role may do; the product's own if not given.
        policy: the installation's policy; the preset if not given.

    Raises:
        InvalidValue: the customer is none.
    """
    if read_customer(customer).entity != entity.id:
        return Refused(Reason.OTHER_STRUCTURE, "A10")  # A10
    named = sorted((user for user in users if _is_reachable(user)), key=lambda each: (listed_by(each), each.id))
    able = [each for each in named if may(each, entity, Right.OPEN_CARD, customer, roles=roles, policy=policy)]
    for user in able:
        if user.id == customer.collector:
            return Sender(user=user, because=SenderBecause.COLLECTOR)
    for role in fallback:
        for user in able:
            if user.role == role:
                return Sender(user=user, because=SenderBecause.STANDS_IN)  # A31
    return Refused(Reason.NO_SENDER, "A31")  # A31


def _is_reachable(user: User) -> bool:
    return user.email is not None and user.email.confirmed_at is not None  # A30
