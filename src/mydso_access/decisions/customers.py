"""Who looks after which customers: one collector, any number of colleagues, in one entity (S14, S15; A10, A31)."""

from attrs import evolve

from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.outcomes import Refused
from mydso_access.errors import InvalidValue, shown
from mydso_access.model.customer import Customer
from mydso_access.model.event import Difference, EventKind
from mydso_access.model.reason import Reason
from mydso_access.model.role import Right, RoleTable
from mydso_access.model.structure import Structure
from mydso_access.model.user import User
from mydso_access.policy.fixed import CUSTOMER_ID_CAP


def judge_association(user: User | None, customer: Customer, right: Right, roles: RoleTable) -> Refused | None:
    """Say what forbids a user, of any category (S14), to be associated with a customer; `None`: nothing.

    Args:
        user: the record; `None` if there is none.
        customer: the customer.
        right: what the user's role must allow: to be associated, or to be the collector.
        roles: what each role may do.
    """
    if user is None:
        return Refused(Reason.NO_USER, "S15")  # S15
    if Structure.entity(customer.entity) != user.structure and customer.entity not in user.memberships:
        return Refused(Reason.OTHER_STRUCTURE, "A10", user_id=user.id)  # A10
    if user.role not in roles.roles or right not in roles.role(user.role).rights(may_import=user.may_import):
        return Refused(Reason.NOT_ALLOWED, "A31", user_id=user.id)  # A31
    return None


def check_customer_id(customer_id: str) -> None:
    """Refuse what is no id of a customer.

    Raises:
        InvalidValue: it is no text, empty, or too long to be looked for in the host's own tables.
    """
    if type(customer_id) is not str or not 0 < len(customer_id) <= CUSTOMER_ID_CAP:
        expected = f"the host's own id, as text (str) of 1 to {CUSTOMER_ID_CAP} characters"
        raise InvalidValue("customer_id", shown(customer_id), expected)


def judge_nothing_ended(*, entity: bool, user: bool = True) -> Refused | None:
    """Say why an association that is not there cannot be ended; `None`: it may have been ended before.

    Whoever misspells an id must not be told that access was taken away.

    Args:
        entity: whether there is such an entity.
        user: whether there is such a user.
    """
    if not entity:
        return Refused(Reason.NO_STRUCTURE, "A10")  # A10
    return None if user else Refused(Reason.NO_USER, "S15")  # S15


def with_colleague(customer: Customer, user_id: str) -> Changed[Customer] | Done[Customer]:
    """Return the customer with one more associated colleague; a second time changes nothing (A10)."""
    if user_id in customer.colleagues:
        return Done(customer)
    record = evolve(customer, colleagues=customer.colleagues | {user_id})
    return _changed(record, EventKind.CUSTOMER_ASSOCIATED, Difference("colleague", "no", "yes"), user_id)


def without_colleague(customer: Customer, user_id: str) -> Changed[Customer] | Done[Customer]:
    """Return the customer without an associated colleague."""
    if user_id not in customer.colleagues:
        return Done(customer)
    record = evolve(customer, colleagues=customer.colleagues - {user_id})
    return _changed(record, EventKind.CUSTOMER_DISSOCIATED, Difference("colleague", "yes", "no"), user_id)


def with_collector(customer: Customer, user_id: str | None) -> Changed[Customer] | Done[Customer]:
    """Return the customer with another collector, or none."""
    if user_id == customer.collector:
        return Done(customer)
    record = evolve(customer, collector=user_id)
    if user_id is None:
        return _changed(
            record, EventKind.CUSTOMER_DISSOCIATED, Difference("collector", "yes", "no"), customer.collector
        )
    return _changed(record, EventKind.CUSTOMER_ASSOCIATED, Difference("collector", "no", "yes"), user_id)


def without(customer: Customer, user_id: str) -> Changed[Customer] | Done[Customer]:
    """Return the customer without a user, be they colleague or collector."""
    if user_id not in customer.colleagues and customer.collector != user_id:
        return Done(customer)
    collector = None if customer.collector == user_id else customer.collector
    record = evolve(customer, colleagues=customer.colleagues - {user_id}, collector=collector)
    return _changed(record, EventKind.CUSTOMER_DISSOCIATED, Difference("associated", "yes", "no"), user_id)


def _changed(record: Customer, kind: EventKind, difference: Difference, user_id: str | None) -> Changed[Customer]:
    """Tell the change as one of the user's, so that the trail finds it under them, and forgets them with it."""
    return Changed(record=record, kind=kind, rule="S15", differences=(difference,), subject=user_id)
