"""Associations: any category, twice is once, one collector, many colleagues, each entity its own."""

from typing import Any

import pytest

from mydso_access import Customer, Done, EventKind, Reason, Refused
from tests.flows.scene import LYON, ROOT, Scene, everything
from tests.support import door, run


def stored(scene: Scene, entity: str = "lyon") -> Customer:
    found = scene.repositories.customers.get(entity, "c1")
    assert found is not None
    return found


def refusal(scene: Scene, outcome: Any, before: Any) -> tuple[Reason, str]:
    assert isinstance(outcome, Refused)
    assert before == everything(scene.repositories)
    return outcome.reason, outcome.rule


@pytest.mark.parametrize("name", ["anna", "contact", "multi", "invited", "disabled"])
def test_s14_a_member_of_any_category_and_state_is_associated(name: str) -> None:
    scene = Scene()
    done = scene.access.associate(scene.proof("manager"), "lyon", "c1", f"id-{name}")
    assert isinstance(done, Done)
    assert frozenset({f"id-{name}"}) == done.record.colleagues == stored(scene).colleagues
    told = (EventKind.CUSTOMER_ASSOCIATED, "id-manager", None, f"id-{name}", "S15", (("colleague", "no", "yes"),))
    assert told == scene.told()
    assert (LYON, "c1", ()) == (scene.event().structure, scene.event().customer, done.messages)


def test_a10_a_colleague_is_dissociated_and_the_others_stay() -> None:
    scene = Scene()
    for name in ("anna", "guest"):
        scene.access.associate(ROOT, "lyon", "c1", f"id-{name}")
    done = run(door(scene).dissociate(scene.proof("manager"), "lyon", "c1", "id-guest"))
    assert frozenset({"id-anna"}) == done.record.colleagues
    event = scene.events()[-1]
    assert (EventKind.CUSTOMER_DISSOCIATED, "id-guest", "id-manager") == (event.kind, event.subject, event.actor)


def test_a10_dissociating_where_nothing_is_stored_stores_nothing() -> None:
    scene = Scene()
    before = everything(scene.repositories)
    done = scene.access.dissociate(ROOT, "lyon", "c1", "id-anna")
    assert isinstance(done, Done)
    assert (None, before) == (done.event, everything(scene.repositories))


def test_a10_equal_ids_in_two_entities_are_two_customers() -> None:
    scene = Scene()
    scene.access.associate(ROOT, "lyon", "c1", "id-anna")
    scene.access.associate(ROOT, "paris", "c1", "id-paul")
    assert (frozenset({"id-anna"}), frozenset({"id-paul"})) == (
        stored(scene).colleagues,
        stored(scene, "paris").colleagues,
    )


@pytest.mark.parametrize("call", ["associate", "assign_collector"])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("paul", (Reason.OTHER_STRUCTURE, "A10")),
        ("nowhere", (Reason.OTHER_STRUCTURE, "A10")),
        ("x", (Reason.NO_USER, "S15")),
    ],
)
def test_a10_only_a_member_of_the_entity_is_associated_there(
    name: str, expected: tuple[Reason, str], call: str
) -> None:
    scene = Scene()
    before = everything(scene.repositories)
    assert expected == refusal(scene, getattr(scene.access, call)(ROOT, "lyon", "c1", f"id-{name}"), before)


def test_a31_one_user_of_a_role_that_may_is_the_collector() -> None:
    scene = Scene()
    for name in ("anna", "manager"):
        done = scene.access.assign_collector(scene.proof("boss"), "lyon", "c1", f"id-{name}")
        assert f"id-{name}" == done.record.collector == stored(scene).collector
    assert ["id-anna", "id-manager"] == [each.subject for each in scene.events()]
    before = everything(scene.repositories)
    for name in ("guest", "contact"):
        outcome = scene.access.assign_collector(ROOT, "lyon", "c1", f"id-{name}")
        assert (Reason.NOT_ALLOWED, "A31") == refusal(scene, outcome, before)
    done = scene.access.assign_collector(ROOT, "lyon", "c1", None)
    assert (None, "id-manager") == (done.record.collector, scene.events()[-1].subject)


def test_s15_the_list_is_filtered_by_an_associated_colleague_or_collector() -> None:
    scene = Scene()
    scene.access.associate(ROOT, "lyon", "c1", "id-anna")
    scene.access.assign_collector(ROOT, "lyon", "c2", "id-anna")
    scene.access.associate(ROOT, "lyon", "c3", "id-guest")
    scene.access.associate(ROOT, "paris", "c4", "id-chief")

    def listed(**more: Any) -> list[str]:
        return [each.id for each in scene.access.list_customers(scene.proof("boss"), "lyon", **more).rows]

    assert (["c1", "c2"], ["c3"], []) == (
        listed(associated="id-anna"),
        listed(associated="id-guest"),
        listed(associated="id-chief"),
    )
    assert ["c1", "c2", "c3"] == listed()
