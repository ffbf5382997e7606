"""The same customers through Django's ORM: `Customer.objects.filter(visible(scope))`. Put it into an app of yours.

Ids are compared as the columns compare: on MariaDB give them `db_collation="utf8mb4_bin"`, or `a` is `A`.
"""

from typing import assert_never

from django.db import models
from django.db.models import Q

from mydso_access import AssociatedWith, Everything, ManagedBy, Nothing, Scope


class Customer(models.Model):  # noqa: DJ008  # yours shows its name
    """Your customers; `number` is the id that the library knows, in that entity."""

    entity = models.CharField(max_length=64)
    number = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    collector = models.CharField(max_length=64, null=True)  # noqa: DJ001  # a customer without collector

    class Meta:
        """Lists are found by the entity's collector."""

        app_label = "visible_customers"
        constraints = (models.UniqueConstraint(fields=["entity", "number"], name="customer_of_entity"),)
        indexes = (models.Index(fields=["entity", "collector"], name="customer_by_collector"),)


class Colleague(models.Model):  # noqa: DJ008  # as above
    """Which users are associated with which of your customers."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="colleagues")
    user = models.CharField(max_length=64, db_index=True)

    class Meta:
        """Nobody is associated twice."""

        app_label = "visible_customers"
        constraints = (models.UniqueConstraint(fields=["customer", "user"], name="colleague_of_customer"),)


def visible(scope: Scope) -> Q:
    """Return the condition that a customer lies in a scope: for lists, counts, exports and updates alike."""
    here = Q(entity=scope.entity)  # in every case: no scope shows another entity's customers
    match scope:
        case Everything():
            return here
        case ManagedBy():
            return here & Q(collector=scope.user_id)
        case AssociatedWith():
            # A subquery, and no join (`Q(colleagues__user=...)`): joined with other conditions on colleagues a customer
            # comes once for each that matches, so counts and sums are wrong, and update() and delete() refuse distinct().
            return here & Q(pk__in=Colleague.objects.filter(user=scope.user_id).values("customer"))
        case Nothing():
            return here & Q(pk__in=[])
        case _ as never:
            assert_never(never)
