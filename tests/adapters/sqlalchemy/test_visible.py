"""The list is the check: what a scope's clause finds in the host's tables is what `can_see` shows, row by row (S28-S32)."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import Engine, select

from mydso_access import Customer, Entity, Structure, StructurePolicy, permissions_of
from mydso_access.adapters.sqlalchemy import visible
from tests.adapters.sqlalchemy.visible_world import (
    CUSTOMERS,
    HOST,
    HOSTILE,
    World,
    answers,
    check_list_count_export_and_check,
    emptied,
    own,
    store,
    worlds,
)
from tests.support import active

ASKED = settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def host(engine: Engine) -> Iterator[Engine]:
    """Give an engine on the library's tables, with a host's own beside them."""
    HOST.create_all(engine)
    yield engine
    HOST.drop_all(engine)


@ASKED
@given(worlds())
def test_s28_list_count_export_and_check_agree_on_every_row_of_every_world(host: Engine, world: World) -> None:
    emptied(host)
    store(host, world)
    check_list_count_export_and_check(host, world)


def test_s28_every_hostile_id_is_told_from_every_other(host: Engine) -> None:
    switches = StructurePolicy({"visibility.collectors": True, "visibility.guests": True})
    lyon = Entity(id="lyon", title="Lyon", policy=switches)
    users = [
        active(f"user-{n}", id=each, role="guest" if n % 2 else "collector", structure=Structure.entity("lyon"))
        for n, each in enumerate(each for each in HOSTILE if each)
    ]
    colleagues = [*users[1:], users[0]]
    customers = tuple(
        Customer(entity="lyon", id=each, collector=user.id, colleagues=frozenset({colleague.id}))
        for each, user, colleague in zip(HOSTILE, [*users, users[0]], [*colleagues, users[0]], strict=True)
    )
    world = World((lyon,), tuple(users), customers)
    store(host, world)
    check_list_count_export_and_check(host, world)


def test_s28_whoever_is_associated_with_nobody_sees_nothing_in_list_count_and_export(host: Engine) -> None:
    switches = StructurePolicy({"visibility.collectors": True, "visibility.sales": True})
    lyon = Entity(id="lyon", title="Lyon", policy=switches)
    customers = tuple(Customer(entity="lyon", id=f"{n}", collector="carl") for n in range(5))
    store(host, World((lyon,), (), customers))
    with host.connect() as connection:
        for role in ("collector", "sales_manager"):
            scope = permissions_of(active("anna", role=role, structure=Structure.entity("lyon")), lyon).scope
            for columns in (None, own()):
                clause = visible(scope, id=CUSTOMERS.c.id, entity=CUSTOMERS.c.entity_id, own=columns)
                assert (set(), 0, set()) == answers(connection, clause)
        assert connection.scalars(select(CUSTOMERS.c.row)).all()
