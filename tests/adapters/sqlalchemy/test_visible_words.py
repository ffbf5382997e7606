"""What `visible` says to who hands over the permissions instead of their scope."""

import pytest
from sqlalchemy import Column, MetaData, String, Table

from mydso_access import InvalidValue
from mydso_access.adapters.sqlalchemy import visible
from mydso_access.testing import World

CUSTOMERS = Table("customers", MetaData(), Column("entity_id", String(36)), Column("id", String(36)))


def test_permissions_are_no_scope_and_the_message_says_where_it_is() -> None:
    world = World.ready()
    permissions = world.access.permissions(world.proof_of("mia"), "lyon")
    columns = {"id": CUSTOMERS.c.id, "entity": CUSTOMERS.c.entity_id}
    with pytest.raises(
        InvalidValue, match=r"^scope is .*Permissions.*: expected a Scope: permissions\(\.\.\.\)\.scope, or "
    ):
        visible(permissions, **columns)
    visible(permissions.scope, **columns)
