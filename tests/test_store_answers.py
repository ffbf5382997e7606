"""Every answer of a repository is distrusted: wrong types, other people's records, pages too long, counts below zero."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest
from attrs import evolve

from mydso_access import AccessControl, AsynchronousStore, BrokenStore, Stale, StoreUnavailable
from mydso_access.adapters.synchronous import drive
from mydso_access.model import Customer, Event, EventKind, EventQuery, SsoIdentity, User
from mydso_access.store import Store
from mydso_access.testing.clock import A_MONDAY
from mydso_access.testing.conformance.link_records import link
from tests.flows.scene import GROUP, LYON, PARIS, Scene
from tests.support import methods_of, policy, with_parts
from tests.test_store import raising, replacing

IDENTITY = SsoIdentity("https://id.example.com", "anna-7")
EVENT = Event(id="e", kind=EventKind.USER_UPDATED, at=A_MONDAY, subject="id-anna")
SCENE = Scene()
ANNA, PAUL = SCENE.user("anna"), SCENE.user("paul")
CUSTOMER = Customer(entity="lyon", id="c1", version=1)
LINK = link("l1", entity="lyon", customer="c1", version=1)
LYON_RECORD, PARIS_RECORD = SCENE.structure(LYON), SCENE.structure(PARIS)
Ask = Callable[[Store], Any]

# One record: what is asked, and what is no answer to it.
ONE: dict[str, tuple[Ask, list[Any]]] = {
    "users_get": (lambda store: store.user("id-anna"), [PAUL]),
    "users_known_as": (lambda store: store.user_known_as(IDENTITY), [ANNA, evolve(ANNA, sso=SsoIdentity("x", "y"))]),
    "structures_get": (lambda store: store.structure(LYON), [PARIS_RECORD, SCENE.structure(GROUP)]),
    "structures_platform": (lambda store: store.platform(), [LYON_RECORD]),
    "customers_get": (
        lambda store: store.customer("lyon", "c1"),
        [evolve(CUSTOMER, entity="paris"), evolve(CUSTOMER, id="c2"), evolve(CUSTOMER, version=0)],
    ),
    "links_get": (lambda store: store.link("l1"), [evolve(LINK, id="l2"), LINK.target, CUSTOMER]),
}
PAGES: dict[str, tuple[Ask, Any, list[Any]]] = {
    "users_of": (lambda store: store.users_of(LYON, None, 2), ANNA, []),
    "users_unseen_since": (lambda store: store.users_unseen_since(LYON, A_MONDAY, None, 2), ANNA, []),
    "users_invited_before": (lambda store: store.users_invited_before(A_MONDAY, None, 2), ANNA, []),
    "structures_entities": (lambda store: store.entities(None, 2), LYON_RECORD, [SCENE.structure(GROUP)]),
    "customers_of": (lambda store: store.customers_of("lyon", None, 2), CUSTOMER, [evolve(CUSTOMER, entity="paris")]),
    "links_of": (lambda store: store.links_of("lyon", None, 2), LINK, [link("l1", entity="paris", version=1)]),
    "events_page": (
        lambda store: store.events_page(
            EventQuery(since=A_MONDAY, subject="id-anna", kind=EventKind.USER_UPDATED), None, 2
        ),
        EVENT,
        [
            evolve(EVENT, at=A_MONDAY - timedelta(microseconds=1)),
            evolve(EVENT, subject=None),
            evolve(EVENT, kind=EventKind.USER_WARNED),
        ],
    ),
}
SAVES: dict[str, Ask] = {
    "users_save": lambda store: store.save_user(evolve(ANNA, version=7), EVENT),
    "structures_save": lambda store: store.save_structure(evolve(LYON_RECORD, version=7), EVENT),
    "customers_save": lambda store: store.save_customer(evolve(CUSTOMER, version=7), EVENT),
    "links_save": lambda store: store.save_link(evolve(LINK, version=7), EVENT),
}
SEVERAL: dict[str, Ask] = {
    "customers_named": lambda store: store.customers_named("lyon", ["c1", "c2"]),
    "customers_save_all": lambda store: store.save_customers([(CUSTOMER, EVENT)]),
    "links_add_all": lambda store: store.add_links([LINK], EVENT),
}
COUNTED: dict[str, Ask] = {
    "links_forget": lambda store: store.forget_links("id-anna", 5),
    "links_purge": lambda store: store.purge_links(A_MONDAY, 5),
    "events_purge": lambda store: store.purge_events(A_MONDAY, 5),
    "events_pseudonymise": lambda store: store.pseudonymise("id-anna", "x", 5),
}
NONSENSE = [True, 0, "", "id-anna", {}, [ANNA], MagicMock(), b"x", User]


def store_of(repositories: Any) -> Store:
    return AccessControl(repositories, policy=policy())._installation.store


def asking(call: str, answer: Any, ask: Ask) -> Any:
    return drive(ask(store_of(replacing(Scene(), **{call: lambda *_, **__: answer}))))


def breaks(call: str, answer: Any, ask: Ask) -> None:
    with pytest.raises(BrokenStore) as raised:
        asking(call, answer, ask)
    assert call.replace("_", ".", 1) == raised.value.call


@pytest.mark.parametrize("call", ONE)
def test_an_answer_that_is_not_the_record_asked_for_is_a_broken_store(call: str) -> None:
    ask, others = ONE[call]
    for answer in (*NONSENSE, *others):
        breaks(call, answer, ask)
    assert asking(call, None, ask) is None


@pytest.mark.parametrize("call", [*ONE])
@pytest.mark.parametrize("version", [0, -1, True, None, "1"], ids=repr)
def test_a_record_that_was_never_stored_is_a_broken_store(version: Any, call: str) -> None:
    right = {
        "users_get": ANNA,
        "users_known_as": evolve(ANNA, sso=IDENTITY),
        "structures_get": LYON_RECORD,
        "structures_platform": SCENE.structure(GROUP),
        "customers_get": CUSTOMER,
        "links_get": LINK,
    }[call]
    ask, _ = ONE[call]
    assert right == asking(call, right, ask)
    breaks(call, evolve(right, version=version), ask)


@pytest.mark.parametrize("call", PAGES)
def test_a_page_that_is_none_is_a_broken_store(call: str) -> None:
    ask, record, others = PAGES[call]
    assert [record, record] == asking(call, [record, record], ask)
    assert () == asking(call, (), ask)
    wrong = [None, 7, True, record, {record: 1}, iter([record]), MagicMock(), "ab", [None], [record, "x"], [User]]
    for answer in (*wrong, [record] * 3, *([each] for each in others)):
        breaks(call, answer, ask)


@pytest.mark.parametrize("call", SAVES)
@pytest.mark.parametrize(
    "answer", [None, True, 7, 6, 0, -8, 8.0, "8", MagicMock()], ids=lambda each: type(each).__name__ + str(each)[:4]
)
def test_a_save_that_answers_no_grown_version_is_a_broken_store(answer: Any, call: str) -> None:
    breaks(call, answer, SAVES[call])
    assert 8 == asking(call, 8, SAVES[call]).version


@pytest.mark.parametrize("call", COUNTED)
def test_a_portion_is_a_number_within_its_limit(call: str) -> None:
    for answer in (None, True, -1, 6, 1.0, "1", MagicMock()):
        breaks(call, answer, COUNTED[call])
    assert [0, 5] == [asking(call, answer, COUNTED[call]) for answer in (0, 5)]


def test_a_count_of_users_is_a_number_from_zero() -> None:
    for answer in (None, True, -1, 1.0, "1", MagicMock(), [ANNA]):
        breaks("users_count", answer, lambda store: store.user_count())
    assert 0 == asking("users_count", 0, lambda store: store.user_count())


def test_of_customers_named_each_is_one_that_was_asked_for_and_none_is_there_twice() -> None:
    call, ask, other = "customers_named", SEVERAL["customers_named"], evolve(CUSTOMER, id="c2")
    for right in ([], (), [CUSTOMER], [other, CUSTOMER]):
        assert {each.id: each for each in right} == asking(call, right, ask)
    wrong = [None, 7, True, CUSTOMER, {"c1": CUSTOMER}, iter([CUSTOMER]), MagicMock(), "ab", [None], [CUSTOMER, LINK]]
    wrong += [[CUSTOMER, CUSTOMER], [CUSTOMER, other, CUSTOMER], [CUSTOMER, evolve(CUSTOMER, collector="id-paul")]]
    for changes in ({"entity": "paris"}, {"entity": ""}, {"id": "c3"}, {"id": "C1"}):
        wrong += [[evolve(CUSTOMER, **changes)], [other, evolve(CUSTOMER, **changes)]]
    for version in (0, -1, True, None, "1", 1.0):
        wrong += [[evolve(CUSTOMER, version=version)], [other, evolve(CUSTOMER, version=version)]]
    for answer in wrong:
        breaks(call, answer, ask)


def test_links_to_a_customers_pages_lead_to_that_customer() -> None:
    def ask(store: Store) -> Any:
        return store.links_of("lyon", None, 2, "c1")

    other = link("l2", entity="lyon", customer="c2", version=1)
    elsewhere = link("l2", entity="paris", customer="c1", version=1)
    for answer in ([other], [LINK, other], [elsewhere], [LINK] * 3, None, {LINK: 1}):
        breaks("links_of", answer, ask)
    assert [LINK] == asking("links_of", [LINK], ask)

    def ask_for_hers(store: Store) -> Any:
        return store.links_of("lyon", None, 2, granter=LINK.granter)

    breaks("links_of", [evolve(LINK, granter="somebody else")], ask_for_hers)
    assert [LINK] == asking("links_of", [LINK], ask_for_hers)
    assert [LINK, other] == asking("links_of", [LINK, other], lambda store: store.links_of("lyon", None, 2))


@pytest.mark.parametrize("call", ["customers_save_all", "links_add_all"])
def test_what_saves_several_needs_to_answer_nothing_and_what_it_raises_is_raised(call: str) -> None:
    for answer in (None, True, 0, "", [LINK]):
        assert None is asking(call, answer, SEVERAL[call])
    for error, raised in ((Stale(), Stale), (OSError("full"), StoreUnavailable)):
        with pytest.raises(raised):
            drive(SEVERAL[call](store_of(replacing(Scene(), **{call: raising(error)}))))


def test_a_host_says_with_true_or_false_whether_a_resource_exists() -> None:
    store = store_of(Scene().repositories)
    for answer in (True, False):
        assert answer is drive(store.resource_exists(lambda _, answer=answer: answer, LINK.target))  # type: ignore[misc]
    for wrong in (None, 1, 0, "", "yes", [LINK.target], MagicMock()):
        with pytest.raises(BrokenStore) as broken:
            drive(store.resource_exists(lambda _, wrong=wrong: wrong, LINK.target))  # type: ignore[misc]
        assert "resource_exists" == broken.value.call
    with pytest.raises(StoreUnavailable):
        drive(store.resource_exists(raising(OSError("gone")), LINK.target))


def test_a_host_that_answers_later_whether_a_resource_exists_needs_the_asynchronous_door() -> None:
    async def late(_: Any) -> bool:
        return True

    with pytest.raises(AsynchronousStore, match="AsyncAccessControl"):
        drive(store_of(Scene().repositories).resource_exists(late, LINK.target))


def test_an_event_that_must_be_stored_is_or_raises() -> None:
    full = store_of(replacing(Scene(), events_append=raising(OSError("full"))))
    with pytest.raises(StoreUnavailable):
        drive(full.record(EVENT))


@pytest.mark.parametrize("part", ["users", "structures", "customers", "links", "events"])
def test_an_asynchronous_part_behind_the_synchronous_door_raises_at_any_call(part: str) -> None:
    async def late(*_: Any, **__: Any) -> None:
        await asyncio.sleep(0)

    own = methods_of(getattr(SCENE.repositories, part))
    asynchronous = SimpleNamespace(**dict.fromkeys(own, late))
    store = store_of(with_parts(SCENE.repositories, **{part: asynchronous}))
    asks = {
        **{n: a for n, (a, _) in ONE.items()},
        **{n: a for n, (a, _, _) in PAGES.items()},
        **SAVES,
        **COUNTED,
        **SEVERAL,
    }
    for call, ask in asks.items():
        if call.startswith(f"{part}_"):
            with pytest.raises(AsynchronousStore, match="AsyncAccessControl"):
                drive(ask(store))
