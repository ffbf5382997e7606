"""Many customers at once: search and assign, and imports; a page is stored as a whole, and an interruption goes on (S15)."""

from collections.abc import Callable
from typing import Any

import pytest

from mydso_access import (
    Assigned,
    Busy,
    BusyBecause,
    EventKind,
    ImportMode,
    InvalidValue,
    Reason,
    Refused,
    Stale,
    StoreUnavailable,
)
from mydso_access.flows.forgetting import forget_user
from mydso_access.flows.portfolios import assign_collector_to_all, associate_with_all, import_portfolio
from mydso_access.model import Customer, Event
from mydso_access.policy.fixed import PAGE
from tests.flows.overlapping import installation, interrupted
from tests.flows.scene import ROOT, Scene, associated, everything
from tests.flows.sending import ANNA, DOORS
from tests.support import methods_of
from tests.test_faults import Faulty, outcome_of
from tests.test_store import raising, replacing

MANY = [f"c{number}" for number in range(1200)]
Call = Callable[[Any, Any, Any], Any]
CALLS: dict[str, Call] = {
    "collector": lambda access, actor, ids: access.assign_collector_to_all(actor, "lyon", ids, ANNA),
    "colleague": lambda access, actor, ids: access.associate_with_all(actor, "lyon", ids, ANNA),
    "import": lambda access, actor, ids: access.import_portfolio(actor, "lyon", ANNA, ids),
    "replace": lambda access, actor, ids: access.import_portfolio(actor, "lyon", ANNA, ids, mode=ImportMode.REPLACE),
}
FEW = ["c1", "c2", "c3"]


@pytest.fixture(params=DOORS)
def through(request: pytest.FixtureRequest) -> Callable[[Scene], Any]:
    return DOORS[request.param]


def customers(scene: Scene, entity: str = "lyon") -> dict[str, Customer]:
    return {each.id: each for each in scene.repositories.customers._by_id.values() if each.entity == entity}


def associations(scene: Scene) -> dict[str, tuple[str | None, frozenset[str]]]:
    return {name: (each.collector, each.colleagues) for name, each in customers(scene).items()}


def told(scene: Scene) -> list[Event]:
    kinds = (EventKind.CUSTOMER_ASSOCIATED, EventKind.CUSTOMER_DISSOCIATED)
    return [event for event in scene.events() if event.kind in kinds]


def hers(call: str, customer: Customer | None) -> bool:
    if customer is None:
        return False
    return customer.collector == ANNA if call == "collector" else ANNA in customer.colleagues


def with_others() -> Scene:
    """Return a scene in which the manager collects from c1, and the guest is a colleague; both are from c2 on."""
    scene, guest = Scene(), frozenset({"id-guest"})
    associated(
        scene.repositories,
        Customer(entity="lyon", id="c1", collector="id-manager", colleagues=guest),
        Customer(entity="lyon", id="c2", collector=ANNA, colleagues=frozenset({ANNA, "id-guest"})),
        Customer(entity="lyon", id="c9", collector="id-manager", colleagues=frozenset({ANNA, "id-guest"})),
        Customer(entity="paris", id="c9", colleagues=frozenset({ANNA})),
    )
    return scene


@pytest.mark.parametrize("call", CALLS)
def test_s15_1200_customers_are_assigned_with_one_event_each_and_again_changes_nothing(
    call: str, through: Callable[[Scene], Any]
) -> None:
    scene = Scene()
    assert Assigned(1200, 0) == CALLS[call](through(scene), scene.proof("boss"), iter(MANY))
    assert set(MANY) == {name for name, each in customers(scene).items() if hers(call, each)}
    assert sorted(MANY) == sorted(str(event.customer) for event in told(scene))
    assert {(EventKind.CUSTOMER_ASSOCIATED, ANNA, "id-boss", None, "S15")} == {
        (event.kind, event.subject, event.actor, event.system, event.rule) for event in told(scene)
    }
    assert {each.written_by for each in customers(scene).values()} == {event.id for event in told(scene)}
    before = everything(scene.repositories)
    assert Assigned(0, 1200) == CALLS[call](through(scene), scene.proof("boss"), MANY)
    assert before == everything(scene.repositories)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", CALLS)
def test_s15_an_assignment_that_is_interrupted_has_whole_pages_and_goes_on_when_it_is_repeated(
    call: str, after: bool
) -> None:
    ended, sizes = False, set()
    for failing in range(1, 60):
        scene = Scene()
        faulty = Faulty(scene.repositories, lambda number, k=failing: number >= k, after=after)
        outcome = outcome_of(lambda access: CALLS[call](access, ROOT, MANY), scene, faulty)
        done = len(customers(scene))
        sizes.add(done)
        assert done == len(told(scene)) == len({event.customer for event in told(scene)})
        assert Assigned(1200 - done, done) == CALLS[call](scene.access, ROOT, MANY)
        assert 1200 == len(told(scene))
        if ended := faulty.calls < failing:
            assert Assigned(1200, 0) == outcome
            break
        assert isinstance(outcome, StoreUnavailable)
    assert ended
    assert {0, PAGE, 2 * PAGE, 1200} == sizes


def test_a31_the_collector_is_replaced_and_no_colleague_is_ever_removed() -> None:
    scene = with_others()
    guest, both = frozenset({"id-guest"}), frozenset({ANNA, "id-guest"})
    assert Assigned(2, 1) == CALLS["collector"](scene.access, ROOT, FEW)
    expected = {"c1": (ANNA, guest), "c2": (ANNA, both), "c3": (ANNA, frozenset()), "c9": ("id-manager", both)}
    assert expected == associations(scene)


@pytest.mark.parametrize("call", ["colleague", "import"])
def test_s15_a_colleague_is_added_and_neither_collector_nor_colleague_removed(call: str) -> None:
    scene = with_others()
    both = frozenset({ANNA, "id-guest"})
    assert Assigned(2, 1) == CALLS[call](scene.access, ROOT, FEW)
    expected = {
        "c1": ("id-manager", both),
        "c2": (ANNA, both),
        "c3": (None, frozenset({ANNA})),
        "c9": ("id-manager", both),
    }
    assert expected == associations(scene)


def test_s15_replace_ends_the_associations_that_are_not_imported_and_never_a_collector() -> None:
    scene = with_others()
    both, guest = frozenset({ANNA, "id-guest"}), frozenset({"id-guest"})
    assert Assigned(2, 1) == CALLS["replace"](scene.access, ROOT, ["c1", "c9"])
    expected = {"c1": ("id-manager", both), "c2": (ANNA, guest), "c9": ("id-manager", both)}
    assert expected == associations(scene)
    assert frozenset({ANNA}) == customers(scene, "paris")["c9"].colleagues
    assert [(EventKind.CUSTOMER_ASSOCIATED, "c1"), (EventKind.CUSTOMER_DISSOCIATED, "c2")] == [
        (event.kind, event.customer) for event in told(scene)
    ]
    assert Assigned(2, 0) == CALLS["replace"](scene.access, ROOT, [])
    assert {ANNA} == {collector for name, (collector, _) in associations(scene).items() if name == "c2"}
    assert not [name for name, (_, colleagues) in associations(scene).items() if ANNA in colleagues]


def test_s15_replace_ends_more_than_a_page_of_them() -> None:
    scene = Scene()
    CALLS["colleague"](scene.access, ROOT, MANY)
    CALLS["collector"](scene.access, ROOT, MANY[:700])
    assert Assigned(1198, 2) == CALLS["replace"](scene.access, scene.proof("boss"), ["c3", "c1199"])
    assert {"c3", "c1199"} == {name for name, (_, colleagues) in associations(scene).items() if ANNA in colleagues}
    assert set(MANY[:700]) == {name for name, (collector, _) in associations(scene).items() if collector == ANNA}


def test_one_that_is_there_twice_is_changed_once() -> None:
    scene = Scene()
    assert Assigned(2, 0) == CALLS["colleague"](scene.access, ROOT, ["c1", "c2", "c1", "c1"])
    assert 2 == len(told(scene))


# --- who may


@pytest.mark.parametrize(
    ("name", "call", "reason"),
    [
        *(("anna", call, Reason.NOT_ALLOWED) for call in CALLS),
        *(("guest", call, Reason.NOT_ALLOWED) for call in CALLS),
        *(("paul", call, Reason.OTHER_STRUCTURE) for call in CALLS),
        *(("stranger", call, Reason.OTHER_STRUCTURE) for call in CALLS),
        *(("disabled", call, Reason.OUTDATED_PROOF) for call in CALLS),
        ("manager", "import", Reason.NOT_ALLOWED),
        ("manager", "replace", Reason.NOT_ALLOWED),
    ],
)
@pytest.mark.parametrize("ids", [FEW, []], ids=["some", "none"])
def test_a10_who_may_not_assign_there_changes_nothing(
    name: str, call: str, reason: Reason, ids: list[str], through: Callable[[Scene], Any]
) -> None:
    scene = with_others()
    before = everything(scene.repositories)
    outcome = CALLS[call](through(scene), scene.proof(name), ids)
    if ids or call == "replace":
        assert isinstance(outcome, Refused)
        assert reason is outcome.reason
    assert before == everything(scene.repositories)


def test_a10_a_manager_who_may_import_imports() -> None:
    scene = Scene()
    assert Assigned(3, 0) == CALLS["colleague"](scene.access, scene.proof("manager"), FEW)
    scene.change("manager", may_import=True)
    assert Assigned(1, 0) == CALLS["import"](scene.access, scene.proof("manager"), ["c4"])
    assert Assigned(3, 1) == CALLS["replace"](scene.access, scene.proof("manager"), ["c4"])


@pytest.mark.parametrize(
    ("user_id", "call", "reason"),
    [
        ("id-guest", "assign_collector_to_all", Reason.NOT_ALLOWED),
        ("id-paul", "assign_collector_to_all", Reason.OTHER_STRUCTURE),
        ("id-paul", "associate_with_all", Reason.OTHER_STRUCTURE),
        ("id-nobody", "assign_collector_to_all", Reason.NO_USER),
        ("id-nobody", "associate_with_all", Reason.NO_USER),
    ],
)
def test_a31_only_a_member_whose_role_may_is_assigned(user_id: str, call: str, reason: Reason) -> None:
    scene = with_others()
    before = everything(scene.repositories)
    outcome = getattr(scene.access, call)(ROOT, "lyon", FEW, user_id)
    assert (reason, before) == (outcome.reason, everything(scene.repositories))


@pytest.mark.parametrize("user_id", ["id-guest", "id-paul", "id-nobody"])
def test_d12_an_actor_who_may_not_is_told_nothing_of_the_user(user_id: str) -> None:
    scene = Scene()
    for name in ("paul", "guest"):
        expected = scene.access.associate_with_all(scene.proof(name), "lyon", FEW, ANNA)
        assert expected == scene.access.associate_with_all(scene.proof(name), "lyon", FEW, user_id)
        assert expected == scene.access.assign_collector_to_all(scene.proof(name), "lyon", FEW, user_id)


def test_d12_an_actor_who_loses_the_right_meanwhile_changes_no_further_page() -> None:
    scene = Scene()
    save_all = scene.repositories.customers.save_all

    def watched(saves: Any) -> None:
        save_all(saves)
        scene.change("deputy", role="guest")

    access = scene.through(replacing(scene, customers_save_all=watched))
    outcome = CALLS["colleague"](access, scene.proof("deputy"), MANY)
    assert isinstance(outcome, Refused)
    assert (Reason.NOT_ALLOWED, PAGE, PAGE) == (outcome.reason, len(customers(scene)), len(told(scene)))


# --- others meanwhile


@pytest.mark.parametrize("call", CALLS)
def test_a_page_that_others_overtook_is_decided_again_on_what_is_stored_now(call: str) -> None:
    scene, tries = Scene(), list[int]()
    save_all = scene.repositories.customers.save_all

    def overtaken(saves: Any) -> None:
        tries.append(len(saves))
        if len(tries) == 1:
            scene.access.associate(ROOT, "lyon", "c2", "id-guest")
        save_all(saves)

    access = scene.through(replacing(scene, customers_save_all=overtaken))
    assert Assigned(3, 0) == CALLS[call](access, ROOT, FEW)
    assert [3, 3] == tries
    assert "id-guest" in customers(scene)["c2"].colleagues
    assert all(hers(call, each) for each in customers(scene).values())
    assert 4 == len(told(scene))


@pytest.mark.parametrize("call", CALLS)
def test_a_page_that_others_keep_overtaking_is_busy_and_one_in_the_hosts_transaction_is_raised(call: str) -> None:
    scene = Scene()
    before = everything(scene.repositories)
    busy = CALLS[call](scene.through(replacing(scene, customers_save_all=raising(Stale()))), ROOT, FEW)
    assert Busy(BusyBecause.RECORD_CHANGED) == busy
    with pytest.raises(Stale):
        CALLS[call](scene.through(replacing(scene, customers_save_all=raising(Stale(joined=True)))), ROOT, FEW)
    assert before == everything(scene.repositories)


@pytest.mark.parametrize("call", CALLS)
def test_a_user_who_is_forgotten_meanwhile_leaves_nothing(call: str) -> None:
    flows: dict[str, Callable[[Any], Any]] = {
        "collector": lambda where: assign_collector_to_all(where, ROOT, "lyon", FEW, ANNA),
        "colleague": lambda where: associate_with_all(where, ROOT, "lyon", FEW, ANNA),
        "import": lambda where: import_portfolio(where, ROOT, "lyon", ANNA, FEW),
        "replace": lambda where: import_portfolio(where, ROOT, "lyon", ANNA, FEW, mode=ImportMode.REPLACE),
    }
    for after in range(60):
        scene = Scene()
        where = installation(scene)
        outcome, _, ended = interrupted(flows[call](where), forget_user(where, ROOT, ANNA), after)
        assert not [each for each in customers(scene).values() if ANNA in (each.collector, *each.colleagues)]
        assert not [event for event in scene.events() if ANNA in (event.subject, event.actor)]
        if ended:
            assert isinstance(outcome, Assigned)
            return
        assert isinstance(outcome, Assigned | Refused)
    pytest.fail("it never ended")


# --- misuse


@pytest.mark.parametrize("ids", ["c1", [None], [""], ["x" * 256], [5], ["c1", b"c2"]], ids=repr)
@pytest.mark.parametrize("call", CALLS)
def test_what_are_no_ids_is_misuse_and_stores_nothing_of_their_page(call: str, ids: Any) -> None:
    scene = Scene()
    before = everything(scene.repositories)
    with pytest.raises(InvalidValue, match="customer_id"):
        CALLS[call](scene.access, ROOT, ids)
    assert before == everything(scene.repositories)


@pytest.mark.parametrize("mode", [None, "replace", 1, True], ids=repr)
def test_a_mode_that_is_none_is_misuse(mode: Any) -> None:
    with pytest.raises(InvalidValue, match="mode"):
        Scene().access.import_portfolio(ROOT, "lyon", ANNA, FEW, mode=mode)


@pytest.mark.parametrize("call", CALLS)
def test_an_actor_that_is_none_is_misuse_also_where_nothing_is_asked_for(call: str) -> None:
    scene = Scene()
    for actor in (None, "setup", True):
        for ids in (FEW, []):
            with pytest.raises(InvalidValue, match="actor"):
                CALLS[call](scene.access, actor, ids)
    assert "save_all" in methods_of(scene.repositories.customers)
