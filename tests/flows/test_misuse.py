"""A host's slip is told as one: nothing that took nothing away reads as done, and nothing of a wrong type as a right lacking."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from mydso_access import (
    AccessControl,
    Done,
    EventQuery,
    Forgotten,
    ImportMode,
    InvalidValue,
    Page,
    Reason,
    Refused,
    Structure,
    System,
    UnreadableRecord,
    is_session_current,
)
from mydso_access.model import Customer
from tests.flows.scene import GROUP, LYON, ROOT, Scene, associated, everything
from tests.flows.sending import PAGE
from tests.support import HOME, methods_of, with_parts
from tests.test_store import raising

ANNA = "id-anna"
Call = Callable[[AccessControl, Any], Any]


def misuse(scene: Scene, call: Callable[[], Any]) -> InvalidValue:
    before = everything(scene.repositories)
    with pytest.raises(InvalidValue) as refused:
        call()
    assert before == everything(scene.repositories)
    return refused.value


def refusal(scene: Scene, call: Callable[[], Any]) -> tuple[Reason, str]:
    before = everything(scene.repositories)
    outcome = call()
    assert isinstance(outcome, Refused)
    assert before == everything(scene.repositories)
    return outcome.reason, outcome.rule


def with_c1() -> Scene:
    """Return a scene with a customer of Anna's, and one of Lyon's whose collector she is."""
    scene = Scene()
    scene.access.associate(ROOT, "lyon", "c1", ANNA)
    scene.access.assign_collector(ROOT, "lyon", "c1", ANNA)
    return scene


# --- what takes access away


TAKING_AWAY: dict[str, Call] = {
    "withdraw": lambda access, entity: access.withdraw(ROOT, "id-multi", entity),
    "dissociate": lambda access, entity: access.dissociate(ROOT, entity, "c1", ANNA),
    "assign_collector": lambda access, entity: access.assign_collector(ROOT, entity, "c1", None),
}


@pytest.mark.parametrize("call", TAKING_AWAY)
@pytest.mark.parametrize("entity", [None, LYON, 7, b"lyon"], ids=repr)
def test_an_entity_to_take_access_away_from_is_named_by_its_id(entity: Any, call: str) -> None:
    scene = with_c1()
    error = misuse(scene, lambda: TAKING_AWAY[call](scene.access, entity))
    assert ("entity", "the id of an entity, as text (str)") == (error.field, error.expected)


@pytest.mark.parametrize("call", TAKING_AWAY)
@pytest.mark.parametrize("entity", ["Lyon", "metz", "group", ""])
def test_a10_a12_nothing_is_taken_away_from_an_entity_that_is_not_there(entity: str, call: str) -> None:
    scene = with_c1()
    rule = "A12" if call == "withdraw" else "A10"
    assert (Reason.NO_STRUCTURE, rule) == refusal(scene, lambda: TAKING_AWAY[call](scene.access, entity))


@pytest.mark.parametrize("call", TAKING_AWAY)
def test_what_was_taken_away_is_done_and_a_second_time_it_still_is(call: str) -> None:
    scene = with_c1()
    first = TAKING_AWAY[call](scene.access, "lyon")
    assert isinstance(first, Done)
    assert first.event is not None
    before = everything(scene.repositories)
    second = TAKING_AWAY[call](scene.access, "lyon")
    assert isinstance(second, Done)
    assert (None, before) == (second.event, everything(scene.repositories))


@pytest.mark.parametrize("call", TAKING_AWAY)
def test_a12_what_is_left_of_an_entity_that_is_gone_can_be_taken_away(call: str) -> None:
    scene = with_c1()
    del scene.repositories.structures._entities[LYON.id]
    done = TAKING_AWAY[call](scene.access, "lyon")
    assert isinstance(done, Done)
    assert done.event is not None


@pytest.mark.parametrize("call", TAKING_AWAY)
def test_a_damaged_entity_is_there_and_keeps_nothing_from_being_taken_away(call: str) -> None:
    scene = with_c1()
    structures = methods_of(scene.repositories.structures)
    damaged = structures | {"get": raising(UnreadableRecord("Entity.title", "missing", "every field"))}
    access = scene.through(with_parts(scene.repositories, structures=type("Damaged", (), damaged)))
    for done in (TAKING_AWAY[call](access, "lyon"), TAKING_AWAY[call](access, "lyon")):
        assert isinstance(done, Done)


def test_a_damaged_user_is_there_and_is_dissociated_all_the_same() -> None:
    scene = with_c1()
    users = methods_of(scene.repositories.users)
    damaged = users | {"get": raising(UnreadableRecord("User.role", "missing", "every field"))}
    access = scene.through(with_parts(scene.repositories, users=type("Damaged", (), damaged)))
    for done in (TAKING_AWAY["dissociate"](access, "lyon"), TAKING_AWAY["dissociate"](access, "lyon")):
        assert isinstance(done, Done)


@pytest.mark.parametrize("user_id", [None, 7, Scene().user("anna")], ids=["none", "number", "record"])
def test_a_colleague_to_dissociate_is_named_by_their_id(user_id: Any) -> None:
    scene = with_c1()
    error = misuse(scene, lambda: scene.access.dissociate(ROOT, "lyon", "c1", user_id))
    assert ("user_id", "the id of a user, as text (str)") == (error.field, error.expected)


@pytest.mark.parametrize("user_id", ["anna", "ID-ANNA", ""])
def test_s15_nobody_is_dissociated_under_a_name(user_id: str) -> None:
    scene = with_c1()
    outcome = refusal(scene, lambda: scene.access.dissociate(scene.proof("manager"), "lyon", "c1", user_id))
    assert (Reason.NO_USER, "S15") == outcome


def test_s15_what_is_left_of_a_user_who_is_gone_can_be_taken_away() -> None:
    scene = Scene()
    left = Customer(entity="lyon", id="c1", colleagues=frozenset({"id-gone"}))
    associated(scene.repositories, left)
    done = scene.access.dissociate(ROOT, "lyon", "c1", "id-gone")
    assert isinstance(done, Done)
    assert frozenset() == done.record.colleagues
    outcome = refusal(scene, lambda: scene.access.dissociate(ROOT, "lyon", "c1", "id-gone"))
    assert (Reason.NO_USER, "S15") == outcome


def test_whoever_may_not_take_away_does_not_learn_what_is_there() -> None:
    scene = with_c1()
    for entity, user_id in (("lyon", ANNA), ("lyon", "nobody"), ("metz", ANNA)):
        asked = (entity, "c1", user_id)
        outcome = refusal(scene, lambda asked=asked: scene.access.dissociate(scene.proof("stranger"), *asked))
        assert (Reason.OTHER_STRUCTURE, "S3") == outcome


# --- a structure, or its id


OF_STRUCTURES: dict[str, Call] = {
    "list_users": lambda access, place: access.list_users(Scene().proof("boss"), place),
    "look_at_user": lambda access, place: access.look_at_user(Scene().proof("boss"), place, ANNA),
    "list_due": lambda access, place: access.list_due(Scene().proof("boss"), place, 14),
    "list_users, by the system": lambda access, place: access.list_users(ROOT, place),
}


@pytest.mark.parametrize("call", OF_STRUCTURES)
@pytest.mark.parametrize("place", ["lyon", None, Scene().structure(LYON)], ids=["id", "none", "record"])
def test_what_is_no_structure_is_misuse_and_no_right_that_is_lacking(place: Any, call: str) -> None:
    scene = Scene()
    error = misuse(scene, lambda: OF_STRUCTURES[call](scene.access, place))
    assert ("structure", True) == (error.field, "Structure.entity(id)" in error.expected)


OF_ENTITIES: dict[str, Callable[[AccessControl, Any, Any], Any]] = {
    "enter": lambda access, actor, entity: access.enter(actor, entity, address=HOME),
    "authorise": lambda access, actor, entity: access.authorise(actor, "id-multi", entity),
    "associate": lambda access, actor, entity: access.associate(actor, entity, "c1", ANNA),
    "assign_collector": lambda access, actor, entity: access.assign_collector(actor, entity, "c1", ANNA),
    "assign_collector_to_all": lambda access, actor, entity: access.assign_collector_to_all(
        actor, entity, ["c1"], ANNA
    ),
    "import_portfolio": lambda access, actor, entity: access.import_portfolio(
        actor, entity, ANNA, [], mode=ImportMode.REPLACE
    ),
    "list_customers": lambda access, actor, entity: access.list_customers(actor, entity),
    "list_links": lambda access, actor, entity: access.list_links(actor, entity),
}


@pytest.mark.parametrize("call", OF_ENTITIES)
@pytest.mark.parametrize("entity", [LYON, None, 7], ids=repr)
@pytest.mark.parametrize("actor", ["boss", None], ids=["proof", "system"])
def test_what_is_no_id_of_an_entity_is_misuse_and_no_right_that_is_lacking(
    actor: str | None, entity: Any, call: str
) -> None:
    scene = Scene()
    who = scene.proof(actor or "boss") if actor or call == "enter" else ROOT
    error = misuse(scene, lambda: OF_ENTITIES[call](scene.access, who, entity))
    assert ("entity", "the id of an entity, as text (str)") == (error.field, error.expected)


@pytest.mark.parametrize("customer_ids", [None, 7, "c1"], ids=repr)
def test_what_are_no_several_ids_is_misuse(customer_ids: Any) -> None:
    scene = Scene()
    error = misuse(scene, lambda: scene.access.associate_with_all(ROOT, "lyon", customer_ids, ANNA))
    assert ("customer_ids", "several ids") == (error.field, error.expected)


# --- the system


@pytest.mark.parametrize("name", [None, "", 7, b"jobs", "two\nlines", System("jobs")], ids=repr)
def test_the_system_has_a_name_that_the_trail_can_show(name: Any) -> None:
    with pytest.raises(InvalidValue) as refused:
        System(name)
    assert ("System.name", "printable text (str) that is not empty") == (refused.value.field, refused.value.expected)
    assert "the host's shell: why" == System("the host's shell: why").name


# --- sessions


def test_the_session_of_a_user_who_was_forgotten_has_ended() -> None:
    scene = Scene()
    proof = scene.proof("anna")
    assert is_session_current(scene.repositories.users.get(ANNA), proof.issued_at) is True
    assert isinstance(scene.access.forget_user(ROOT, ANNA), Forgotten)
    assert is_session_current(scene.repositories.users.get(ANNA), proof.issued_at) is False
    with pytest.raises(InvalidValue, match="issued_at"):
        is_session_current(None, proof.issued_at.replace(tzinfo=None))


@pytest.mark.parametrize("wrong", [ANNA, Scene().proof("anna"), object()], ids=["id", "proof", "object"])
def test_whose_session_it_is_is_said_by_the_record(wrong: Any) -> None:
    with pytest.raises(InvalidValue, match=r"^user is .* the User as stored now, or None"):
        is_session_current(wrong, Scene().proof("anna").issued_at)


# --- pages and filters


def pages(scene: Scene) -> dict[str, tuple[Any, Any]]:
    """Return each list that comes in pages, with what goes on after a page of it."""
    scene.access.associate(ROOT, "lyon", "c1", ANNA)
    scene.access.issue_link(ROOT, PAGE, granter=ANNA)
    access, repositories = scene.access, scene.repositories
    return {
        "list_users": (lambda after: access.list_users(ROOT, LYON, after=after), scene.user("anna")),
        "list_customers": (
            lambda after: access.list_customers(ROOT, "lyon", after=after),
            repositories.customers.get("lyon", "c1"),
        ),
        "list_links": (
            lambda after: access.list_links(ROOT, "lyon", after=after),
            repositories.links.of("lyon", after=None, limit=1)[0],
        ),
        "read_trail": (
            lambda after: access.read_trail(ROOT, after=after),
            repositories.events.page(EventQuery(), after=None, limit=1)[0],
        ),
    }


LISTS = ["list_users", "list_customers", "list_links", "read_trail"]


@pytest.mark.parametrize("name", LISTS)
def test_the_page_after_what_ended_no_page_is_misuse_and_no_broken_store(name: str) -> None:
    scene = Scene()
    of = pages(scene)
    call, right = of[name]
    assert isinstance(call(right), Page)
    rows = [scene.access.list_users(ROOT, LYON).rows[0], scene.access.list_links(ROOT, "lyon").rows[0]]
    others = [after for other, (_, after) in of.items() if other != name]
    for wrong in (ANNA, 2, call(None), *rows, *others):
        error = misuse(scene, lambda wrong=wrong: call(wrong))
        assert ("after", "Page.after of the page before, or None") == (error.field, error.expected)


@pytest.mark.parametrize("wrong", [7, Scene().user("anna"), b"id-anna"], ids=["number", "record", "bytes"])
def test_whose_customers_or_links_are_listed_is_said_by_an_id(wrong: Any) -> None:
    scene = Scene()
    calls = {
        "associated": lambda: scene.access.list_customers(ROOT, "lyon", associated=wrong),
        "granter": lambda: scene.access.list_links(ROOT, "lyon", granter=wrong),
    }
    for name, call in calls.items():
        error = misuse(scene, call)
        assert (name, "the id of a user, as text (str), or None") == (error.field, error.expected)


def test_a_name_of_a_structure_is_a_kind_and_a_text() -> None:
    for kind in ("entity", None, LYON.kind.value, GROUP):
        with pytest.raises(InvalidValue, match=r"Structure\.kind is .* StructureKind\.ENTITY"):
            Structure(kind, "lyon")
    for structure_id in (None, 7, LYON):
        with pytest.raises(InvalidValue, match=r"Structure\.id is .* as text"):
            Structure.entity(structure_id)
    assert "lyon" == evolve(LYON).id
