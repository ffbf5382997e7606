"""What only the repositories in memory do: tests/testing/test_conformance_memory.py holds them to every contract."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from mydso_access.adapters.memory import MemoryRepositories
from mydso_access.decisions.naming import account_key
from mydso_access.errors import Stale, Taken
from mydso_access.model import (
    Assertion,
    AttemptCounter,
    Category,
    Customer,
    Enabled,
    Event,
    EventKind,
    KeyKind,
    Platform,
    Purpose,
    Secret,
    SignIn,
    Structure,
    User,
)
from mydso_access.model.attempts import CounterKey
from mydso_access.testing.conformance.link_records import link

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
THREADS = 32
KEY = account_key("anna")


def user(user_id: str = "u", name: str = "anna", **changes: Any) -> User:
    who = {"id": user_id, "category": Category.ACTIVE, "structure": Structure.entity("e"), "role": "collector"}
    return User(**(who | {"login": Enabled(NOON), "name": name} | changes))


def event(event_id: str = "e") -> Event:
    return Event(id=event_id, kind=EventKind.SIGNED_IN, at=NOON)


def half_finished(sign_in_id: str) -> SignIn:
    return SignIn(
        id=sign_in_id,
        user_id="u",
        address=CounterKey(KeyKind.ADDRESS, KEY.digest),
        purpose=Purpose.SIGN_IN,
        token=Secret("digest"),
        started_at=NOON,
        expires_at=NOON + timedelta(hours=1),
        factors=(),
        since=NOON,
    )


def assertion(key: str = "a" * 64) -> Assertion:
    return Assertion(key=key, expires_at=NOON + timedelta(hours=1), saved_at=NOON)


@pytest.fixture
def stored() -> MemoryRepositories:
    return MemoryRepositories()


def test_stale_is_said_before_taken(stored: MemoryRepositories) -> None:
    stored.users.save(user("u"), event())
    with pytest.raises(Stale):
        stored.users.save(user("v", "anna", version=7), event())


def test_counters_are_all_shown_in_the_order_they_came(stored: MemoryRepositories) -> None:
    keys = [KEY, account_key("bert"), CounterKey(KeyKind.ADDRESS, KEY.digest)]
    for key in keys:
        stored.counters.save(AttemptCounter(key))
    assert keys == [counter.key for counter in stored.counters.all()]


def test_events_keep_their_order(stored: MemoryRepositories) -> None:
    for number in range(5):
        stored.events.append(event(str(number)))
    stored.users.save(user(), event("5"))
    assert [each.id for each in stored.events.all()] == list("012345")


def test_events_keep_their_order_when_some_are_purged_and_some_change(stored: MemoryRepositories) -> None:
    for number in (3, 1, 2, 0):
        stored.events.append(attrs.evolve(event(str(number)), at=NOON + timedelta(hours=number), actor="anna"))
    assert 1 == stored.events.purge(NOON + timedelta(hours=3), limit=1)  # the earliest
    assert 2 == stored.events.pseudonymise("anna", "pseudonym", limit=2)
    assert ["3", "1", "2"] == [each.id for each in stored.events.all()]


def test_purging_forgets_what_is_over(stored: MemoryRepositories) -> None:
    stored.counters.save(AttemptCounter(KEY, idle_from=NOON))
    stored.sign_ins.save(half_finished("s"))
    assert (0, 0) == (stored.counters.purge(NOON, limit=9), stored.sign_ins.purge(NOON, limit=9))
    later = NOON + timedelta(hours=1, microseconds=1)
    assert (1, 1) == (stored.counters.purge(later, limit=9), stored.sign_ins.purge(later, limit=9))
    assert (None, None) == (stored.counters.get(KEY), stored.sign_ins.get("s"))


def test_an_assertion_is_taken_once_whether_it_is_the_same_object_or_an_equal_one(stored: MemoryRepositories) -> None:
    first = assertion()
    stored.assertions.add(first)
    for again in (first, assertion()):
        with pytest.raises(Stale):
            stored.assertions.add(again)
    assert 0 == stored.assertions.purge(first.expires_at, limit=9)
    assert 1 == stored.assertions.purge(first.expires_at + timedelta(microseconds=1), limit=9)
    stored.assertions.add(first)


def test_two_installations_share_nothing() -> None:
    one, other = MemoryRepositories(), MemoryRepositories()
    one.users.save(user(), event())
    one.counters.save(AttemptCounter(KEY))
    one.sign_ins.save(half_finished("s"))
    one.assertions.add(assertion())
    other.assertions.add(assertion())
    one.structures.save(Platform(id="p", title="P"), event())
    one.customers.save(Customer(entity="e", id="c"), event())
    one.links.save(link("l"), event())
    assert other.users.get("u") is None
    assert other.structures.platform() is None
    assert other.customers.get("e", "c") is None
    assert other.links.get("l") is None
    assert other.counters.get(KEY) is None
    assert other.sign_ins.get("s") is None
    assert other.events.all() == ()


def test_nothing_handed_out_can_be_changed(stored: MemoryRepositories) -> None:
    stored.users.save(user(), event())
    stored.counters.save(AttemptCounter(KEY))
    stored.sign_ins.save(half_finished("s"))
    stored.structures.save(Platform(id="p", title="P"), event("platform"))
    stored.customers.save(Customer(entity="e", id="c"), event("customer"))
    stored.links.save(link("l"), event("link"))
    handed_out = [stored.users.get("u"), stored.counters.get(KEY), stored.sign_ins.get("s"), stored.events.all()[0]]
    handed_out += [stored.structures.platform(), stored.customers.get("e", "c"), stored.links.get("l")]
    for record in handed_out:
        for field in attrs.fields(type(record)):
            with pytest.raises(attrs.exceptions.FrozenInstanceError):
                setattr(record, field.name, None)
    assert type(stored.events.all()) is type(stored.counters.all()) is tuple
    for name in ("users", "structures", "customers", "links", "counters", "sign_ins", "assertions", "events"):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(stored, name, None)


# --- threads


def together(work: Callable[[int], None]) -> None:
    """Run `work` in 32 threads that start at once, and raise what one of them raised."""
    start, raised = threading.Barrier(THREADS), []

    def run(number: int) -> None:
        start.wait()
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001  # shown by the assertion
            raised.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert raised == []


def test_no_update_of_a_counter_is_lost_in_32_threads(stored: MemoryRepositories) -> None:
    def increment(_: int) -> None:
        for _ in range(20):
            while True:
                counter = stored.counters.get(KEY) or AttemptCounter(KEY)
                try:
                    stored.counters.save(attrs.evolve(counter, failed=counter.failed + 1))
                    break
                except Stale:
                    continue

    together(increment)
    last = stored.counters.get(KEY)
    assert last is not None
    assert 20 * THREADS == last.failed


def test_of_32_threads_one_creates_and_one_takes_the_name(stored: MemoryRepositories) -> None:
    outcomes: list[str] = []

    def create(number: int) -> None:
        try:
            stored.users.save(user(f"user-{number}"), event(str(number)))
            outcomes.append("stored")
        except Taken:
            outcomes.append("taken")

    together(create)
    assert sorted(outcomes) == ["stored", *["taken"] * (THREADS - 1)]
    (only,) = stored.events.all()
    found = stored.users.named("anna")
    assert found is not None
    assert f"user-{only.id}" == found.id


def test_of_32_threads_that_issue_a_campaign_with_one_link_in_common_one_does(stored: MemoryRepositories) -> None:
    issued: list[int] = []

    def issue(number: int) -> None:
        several = [link(f"{number}-{each}") for each in range(20)]
        try:
            stored.links.add_all([*several, link("shared")], event(str(number)))
        except Stale:
            return
        issued.append(number)

    together(issue)
    (winner,) = issued
    found = [each.id for each in stored.links.of("entity-1", after=None, limit=999)]
    assert sorted([*(f"{winner}-{each}" for each in range(20)), "shared"]) == sorted(found)
    assert [str(winner)] == [each.id for each in stored.events.all()]


def test_of_32_threads_that_take_one_assertion_one_does(stored: MemoryRepositories) -> None:
    for turn in range(20):
        taken: list[int] = []

        def take(number: int, key: str = f"{turn:064x}", taken: list[int] = taken) -> None:
            try:
                stored.assertions.add(assertion(key))
            except Stale:
                return
            taken.append(number)

        together(take)
        assert 1 == len(taken)


def test_every_saved_version_of_a_user_has_exactly_its_event_in_32_threads(stored: MemoryRepositories) -> None:
    stored.users.save(user(), event("0"))

    def rename(number: int) -> None:
        for turn in range(5):
            while True:
                before = stored.users.get("u")
                assert before is not None
                event_id = f"{number}.{turn}"
                changed = attrs.evolve(before, name=f"name-{event_id}", written_by=event_id)
                try:
                    stored.users.save(changed, event(event_id))
                    break
                except Stale:
                    continue

    together(rename)
    last = stored.users.get("u")
    assert last is not None
    assert 1 + 5 * THREADS == len(stored.events.all())
    assert last.written_by == stored.events.all()[-1].id
    names = [f"name-{number}.{turn}" for number in range(THREADS) for turn in range(5)]
    assert [name for name in ["anna", *names] if stored.users.named(name)] == [last.name]
