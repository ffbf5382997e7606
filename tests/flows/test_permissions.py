"""What a session may do now: asked anew for each request, and nothing for whoever may not be there (S28; A21, A22)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from mydso_access import (
    MY_DSO_MANAGER,
    AssociatedWith,
    Customer,
    Denied,
    Disabled,
    DisabledBecause,
    Enabled,
    Everything,
    Factor,
    InvalidValue,
    ManagedBy,
    Nothing,
    Permissions,
    Permitted,
    Proof,
    Reason,
    Right,
    UnreadableRecord,
)
from mydso_access.testing.clock import A_MONDAY
from tests.flows.scene import GROUP, LYON, PARIS, ROOT, Scene, associated, everything
from tests.flows.sending import DOORS, Awaited
from tests.flows.steps import enrol
from tests.test_store import raising, replacing

EVERY_SWITCH = ("collectors", "sales", "sales_administration", "guests")
MINE = Customer(entity="lyon", id="mine", collector="id-anna", colleagues=frozenset({"id-guest"}))
THEIRS = Customer(entity="lyon", id="theirs", collector="id-manager", colleagues=frozenset({"id-anna"}))
NOBODYS = Customer(entity="lyon", id="nobodys")
ABROAD = Customer(entity="paris", id="mine", collector="id-anna", colleagues=frozenset({"id-guest"}))


@pytest.fixture(params=DOORS)
def through(request: pytest.FixtureRequest) -> Callable[[Scene], Any]:
    return DOORS[request.param]


def switched_on(scene: Scene, *switches: str) -> Scene:
    scene.ask(LYON, **{f"visibility__{switch}": True for switch in switches or EVERY_SWITCH})
    return scene


def with_customers() -> Scene:
    scene = switched_on(Scene())
    associated(scene.repositories, MINE, THEIRS, NOBODYS, ABROAD)
    return scene


def asked(scene: Scene, name: str, entity: str = "lyon") -> Permissions:
    """Return somebody's permissions, which both doors tell alike; asking stores nothing."""
    proof, before = scene.proof(name), everything(scene.repositories)
    allowed = scene.access.permissions(proof, entity)
    assert allowed == Awaited(scene).permissions(proof, entity)
    assert before == everything(scene.repositories)
    return allowed


# --- who may be there


@pytest.mark.parametrize(
    ("name", "kind", "rule"),
    [
        ("anna", ManagedBy, "S29"),
        ("multi", ManagedBy, "S29"),
        ("guest", AssociatedWith, "S32"),
        ("manager", Everything, "A21"),
        ("boss", Everything, "A21"),
    ],
)
def test_s28_a_switch_of_the_entity_restricts_its_role_and_no_other(name: str, kind: type, rule: str) -> None:
    scope = asked(switched_on(Scene()), name).scope
    assert (kind, "lyon", rule) == (type(scope), scope.entity, scope.rule)


def test_s27_a_switch_of_another_entity_restricts_nobody_here() -> None:
    scene = Scene()
    scene.ask(PARIS, visibility__collectors=True)
    assert isinstance(asked(scene, "anna").scope, Everything)
    scene.change("multi", memberships=frozenset({"lyon", "paris"}))
    kinds = [type(asked(scene, "multi", entity).scope) for entity in ("lyon", "paris")]
    assert [Everything, ManagedBy] == kinds


def _disabled(scene: Scene) -> None:
    scene.access.disable_user(ROOT, "id-multi")


def _enabled_again(scene: Scene) -> None:
    _disabled(scene)
    scene.access.enable_user(ROOT, "id-multi")


def _second_factor_asked(scene: Scene) -> None:
    scene.ask(LYON, second_factor__required=True)


def _home_gone(scene: Scene) -> None:
    scene.repositories.structures._platform = None


def _without_the_entity(scene: Scene) -> None:
    del scene.repositories.structures._entities["lyon"]


# What happens to somebody who is in Lyon, and why they see nothing from then on.
ENDINGS: dict[str, tuple[Callable[[Scene], Any], Reason, str]] = {
    "disabled": (_disabled, Reason.OUTDATED_PROOF, "D12"),
    "disabled and enabled": (_enabled_again, Reason.OUTDATED_PROOF, "D12"),
    "role changed": (
        lambda scene: scene.access.change_role(ROOT, "id-multi", "guest"),
        Reason.OUTDATED_PROOF,
        "D12",
    ),
    "password compromised": (
        lambda scene: scene.access.mark_compromised(ROOT, "id-multi"),
        Reason.OUTDATED_PROOF,
        "D12",
    ),
    "withdrawn": (lambda scene: scene.access.withdraw(ROOT, "id-multi", "lyon"), Reason.NOT_AUTHORISED, "S16"),
    "forgotten": (lambda scene: scene.access.forget_user(ROOT, "id-multi"), Reason.OUTDATED_PROOF, "D12"),
    "dormant": (lambda scene: scene.ask(GROUP, dormancy__months=1), Reason.DORMANT, "S25"),
    "second factor switched on": (_second_factor_asked, Reason.SECOND_FACTOR_OWED, "S26"),
    "home gone": (_home_gone, Reason.NO_HOME, "S3"),
    "entity gone": (_without_the_entity, Reason.NO_STRUCTURE, "S3"),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_s28_whoever_may_not_be_there_any_more_sees_nothing_at_the_next_call(
    ending: str, through: Callable[[Scene], Any]
) -> None:
    end, reason, rule = ENDINGS[ending]
    scene = Scene()
    scene.change("multi", login=Enabled(A_MONDAY - timedelta(days=40)))
    proof = scene.proof("multi")
    assert through(scene).may(proof, "lyon", Right.OPEN_CARD, "c1")
    scene.clock.move(timedelta(minutes=1))
    end(scene)
    allowed = through(scene).permissions(proof, "lyon")
    assert isinstance(allowed.scope, Nothing)
    assert (reason, rule, "lyon") == (allowed.scope.reason, allowed.scope.rule, allowed.scope.entity)
    assert frozenset() == allowed.rights
    denied = {through(scene).may(proof, "lyon", right, "c1") for right in Right}
    assert {Denied} == {type(each) for each in denied}
    assert {(reason, rule)} == {(each.reason, each.rule) for each in denied}


@pytest.mark.parametrize(
    ("name", "entity", "reason"),
    [
        ("anna", "paris", Reason.OTHER_STRUCTURE),
        ("stranger", "lyon", Reason.OTHER_STRUCTURE),
        ("multi", "paris", Reason.NOT_AUTHORISED),
        ("nowhere", "lyon", Reason.NOT_AUTHORISED),
        ("anna", "nice", Reason.NO_STRUCTURE),
        ("chief", "group", Reason.NO_STRUCTURE),
        ("disabled", "lyon", Reason.OUTDATED_PROOF),
        ("invited", "lyon", Reason.OUTDATED_PROOF),
        ("contact", "lyon", Reason.OUTDATED_PROOF),
        ("nobody", "lyon", Reason.OUTDATED_PROOF),
    ],
)
def test_s3_s16_who_does_not_belong_to_an_entity_sees_nothing_of_it(name: str, entity: str, reason: Reason) -> None:
    scope = asked(Scene(), name, entity).scope
    assert isinstance(scope, Nothing)
    assert (reason, entity) == (scope.reason, scope.entity)


def test_s26_a_second_factor_that_is_asked_for_opens_once_it_is_proven() -> None:
    scene = Scene()
    enrol(scene)
    assert Reason.SECOND_FACTOR_OWED is asked(scene, "anna").scope.reason
    proven = Proof("id-anna", ((Factor.PASSWORD, A_MONDAY), (Factor.TOTP, A_MONDAY)))
    assert isinstance(scene.access.permissions(proven, "lyon").scope, Everything)


def test_s20_a_second_factor_asked_for_in_one_entity_hides_nothing_in_another() -> None:
    scene = Scene()
    scene.change("multi", memberships=frozenset({"lyon", "paris"}))
    _second_factor_asked(scene)
    assert [Nothing, Everything] == [type(asked(scene, "multi", entity).scope) for entity in ("lyon", "paris")]


@pytest.mark.parametrize("part", ["users_get", "structures_get"])
def test_invariant_2_a_damaged_row_permits_nothing_and_the_trail_says_so(part: str) -> None:
    scene = Scene()
    damaged = replacing(scene, **{part: raising(UnreadableRecord("a row", "nothing", "a column"))})
    allowed = scene.through(damaged).permissions(scene.proof("anna"), "lyon")
    assert isinstance(allowed.scope, Nothing)
    assert frozenset() == allowed.rights
    assert {Reason.UNREADABLE_RECORD} == {event.reason for event in scene.events()}


@pytest.mark.parametrize("name", ["anna", "manager"])
def test_invariant_2_a_damaged_customer_is_shown_to_nobody_and_the_trail_says_so(
    name: str, through: Callable[[Scene], Any]
) -> None:
    scene = with_customers()
    scene.repositories = replacing(scene, customers_get=raising(UnreadableRecord("a row", "nothing", "a column")))
    denied = through(scene).may(scene.proof(name), "lyon", Right.OPEN_CARD, "mine")
    assert (Denied, Reason.UNREADABLE_RECORD) == (type(denied), denied.reason)
    assert [Reason.UNREADABLE_RECORD] == [event.reason for event in scene.repositories.events.all()[-1:]]


# --- rights and customers


@pytest.mark.parametrize(
    ("name", "customer", "expected"),
    [
        ("anna", "mine", True),
        ("anna", "theirs", False),
        ("anna", "nobodys", False),
        ("anna", "of whom nothing is stored", False),
        ("manager", "mine", True),
        ("manager", "nobodys", True),
        ("manager", "of whom nothing is stored", True),
        ("guest", "mine", False),
        ("guest", "theirs", False),
    ],
)
def test_s29_a22_the_card_of_a_customer_opens_for_who_manages_it_and_for_no_guest(
    name: str, customer: str, expected: bool, through: Callable[[Scene], Any]
) -> None:
    scene = with_customers()
    answer = through(scene).may(scene.proof(name), "lyon", Right.OPEN_CARD, customer)
    assert expected is bool(answer)
    assert (Permitted if expected else Denied) is type(answer)


def test_a22_a_guests_reports_are_of_the_customers_they_are_associated_with() -> None:
    scene = with_customers()
    seen = {each: bool(scene.access.may(scene.proof("guest"), "lyon", Right.REPORTS, each)) for each in ("mine", "x")}
    assert {"mine": True, "x": False} == seen


def test_a10_another_entitys_customer_of_the_same_id_is_asked_about_there_only() -> None:
    scene = with_customers()
    allowed = asked(scene, "anna")
    assert (True, False) == (bool(allowed.may(Right.OPEN_CARD, MINE)), bool(allowed.may(Right.OPEN_CARD, ABROAD)))
    everybody = asked(scene, "manager")
    assert Reason.NOT_THEIR_CUSTOMER is everybody.may(Right.OPEN_CARD, ABROAD).reason
    assert Reason.OTHER_STRUCTURE is scene.access.may(scene.proof("manager"), "paris", Right.OPEN_CARD, "mine").reason


def test_s28_a_role_that_changes_between_two_calls_changes_the_second() -> None:
    scene = with_customers()
    seen = []
    for role in (role.id for role in MY_DSO_MANAGER):
        scene.access.change_role(ROOT, "id-anna", role)
        scene.clock.move(timedelta(minutes=1))
        proof = scene.proof("anna")
        seen.append(
            (role, *(bool(scene.access.may(proof, "lyon", Right.REPORTS, each)) for each in ("mine", "theirs")))
        )
    expected = [
        ("administrator", True, True),
        ("credit_manager", True, True),
        ("collector", True, False),
        ("sales_manager", False, True),
        ("sales_administration", False, True),
        ("financial_controller", True, True),
        ("executive_officer", True, True),
        ("guest", False, True),
    ]
    assert expected == seen


def test_s28_a_collector_and_a_switch_that_change_between_two_calls_change_the_second() -> None:
    scene, seen = with_customers(), []
    steps: list[Callable[[], Any]] = [
        lambda: None,
        lambda: scene.access.assign_collector(ROOT, "lyon", "mine", "id-manager"),
        lambda: scene.ask(LYON, visibility__collectors=False),
        lambda: scene.ask(LYON, visibility__collectors=True),
        lambda: scene.access.assign_collector(ROOT, "lyon", "mine", "id-anna"),
    ]
    for step in steps:
        step()
        seen.append(bool(scene.access.may(scene.proof("anna"), "lyon", Right.OPEN_CARD, "mine")))
    assert [True, False, True, False, True] == seen


def test_a_role_that_is_in_no_table_any_more_permits_nothing() -> None:
    scene = Scene()
    scene.change("anna", role="abolished")
    assert (Nothing, frozenset()) == (type(asked(scene, "anna").scope), asked(scene, "anna").rights)


# --- misuse


@pytest.mark.parametrize("entity", [None, "", b"lyon", LYON, 1], ids=repr)
def test_what_is_no_id_of_an_entity_is_misuse(entity: Any) -> None:
    scene = Scene()
    for call in (
        lambda: scene.access.permissions(scene.proof("anna"), entity),
        lambda: scene.access.may(scene.proof("anna"), entity, Right.REPORTS),
    ):
        with pytest.raises(InvalidValue, match="entity"):
            call()


@pytest.mark.parametrize(
    "customer", ["", b"c1", 1, "x" * 256, MINE], ids=["empty", "bytes", "number", "long", "record"]
)
def test_what_is_no_id_of_a_customer_is_misuse_also_for_who_may_not_be_there(customer: Any) -> None:
    scene = Scene()
    for name in ("anna", "stranger"):
        with pytest.raises(InvalidValue, match="customer_id"):
            scene.access.may(scene.proof(name), "lyon", Right.REPORTS, customer)


@pytest.mark.parametrize("action", [None, "reports", True], ids=repr)
def test_what_is_no_right_is_misuse(action: Any) -> None:
    scene = Scene()
    with pytest.raises(InvalidValue, match="action"):
        scene.access.may(scene.proof("anna"), "lyon", action)


def test_an_ending_that_was_stored_by_nobodys_flow_counts_as_well() -> None:
    scene = Scene()
    proof = scene.proof("anna")
    scene.change("anna", login=Disabled(DisabledBecause.LAPSED, A_MONDAY))
    assert isinstance(scene.access.permissions(proof, "lyon").scope, Nothing)
