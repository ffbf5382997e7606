"""Repositories in memory: compare-and-set, unique names, record and event together, 32 threads at once."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from mydso_access.adapters.memory import MemoryRepositories
from mydso_access.decisions.naming import account_key
from mydso_access.errors import Stale, Taken
from mydso_access.model import (
    AttemptCounter,
    Category,
    Enabled,
    Event,
    EventKind,
    KeyKind,
    Structure,
    User,
)
from mydso_access.model.attempts import CounterKey

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
THREADS = 32


def user(user_id: str = "u", name: str = "anna", **changes: Any) -> User:
    entity = Structure.entity("e")
    return User(
        **({"id": user_id, "category": Category.ACTIVE, "structure": entity, "login": Enabled(NOON), "name": name} | changes)
    )  # fmt: skip


def contact(user_id: str) -> User:
    return User(id=user_id, category=Category.INACTIVE, structure=Structure.entity("e"))


def event(event_id: str = "e") -> Event:
    return Event(id=event_id, kind=EventKind.SIGNED_IN, at=NOON)


@pytest.fixture
def stored() -> MemoryRepositories:
    return MemoryRepositories()


@pytest.fixture(autouse=True)
def versions_count_from_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mydso_access.adapters.memory.next_version", lambda version: version + 1)


# --- users


def test_a_user_is_found_by_id_and_by_exactly_its_name(stored: MemoryRepositories) -> None:
    assert stored.users.save(user(), event()) == 1
    expected = user(version=1)
    assert stored.users.get("u") == stored.users.named("anna") == expected
    for other in ("", "Anna", "anna ", "ann", "u"):
        assert stored.users.named(other) is None
    for other in ("", "U", "anna"):
        assert stored.users.get(other) is None


def test_versions_grow_by_compare_and_set(stored: MemoryRepositories) -> None:
    for version in range(5):
        assert stored.users.save(user(version=version), event(str(version))) == version + 1
    found = stored.users.get("u")
    assert found is not None
    assert found.version == 5


@pytest.mark.parametrize("version", [0, 1, 3, -1])
def test_a_user_saved_from_another_version_is_stale_and_nothing_is_stored(
    stored: MemoryRepositories, version: int
) -> None:
    stored.users.save(user(), event("first"))
    stored.users.save(user(version=1), event("second"))
    with pytest.raises(Stale):
        stored.users.save(user(version=version, name="else"), event("third"))
    assert stored.users.get("u") == stored.users.named("anna") == user(version=2)
    assert stored.users.named("else") is None
    assert [each.id for each in stored.events.all()] == ["first", "second"]


@pytest.mark.parametrize("version", [1, 2, -1])
def test_a_user_never_stored_has_version_0(stored: MemoryRepositories, version: int) -> None:
    with pytest.raises(Stale):
        stored.users.save(user(version=version), event())
    assert stored.users.get("u") is None
    assert stored.users.named("anna") is None
    assert stored.events.all() == ()


def test_a_name_is_anybodys_only_once_and_nothing_is_stored(stored: MemoryRepositories) -> None:
    stored.users.save(user("u"), event("u"))
    stored.users.save(user("v", "bert"), event("v"))
    for taking in (user("w", "anna"), user("v", "anna", version=1)):
        with pytest.raises(Taken) as refused:
            stored.users.save(taking, event("w"))
        assert refused.value.field == "name"
    assert stored.users.named("anna") == user("u", version=1)
    assert stored.users.named("bert") == stored.users.get("v") == user("v", "bert", version=1)
    assert stored.users.get("w") is None
    assert [each.id for each in stored.events.all()] == ["u", "v"]


def test_a_new_name_frees_the_old_one(stored: MemoryRepositories) -> None:
    stored.users.save(user(), event())
    stored.users.save(user(name="anne", version=1), event())
    assert stored.users.named("anna") is None
    assert stored.users.named("anne") == user(name="anne", version=2)
    assert stored.users.save(user("v"), event()) == 1
    assert stored.users.named("anna") == user("v", version=1)


def test_a_user_may_keep_its_own_name(stored: MemoryRepositories) -> None:
    stored.users.save(user(), event())
    assert stored.users.save(user(version=1), event()) == 2


def test_contacts_have_no_name_to_share(stored: MemoryRepositories) -> None:
    stored.users.save(contact("c"), event())
    stored.users.save(contact("d"), event())
    assert stored.users.get("c") == attrs.evolve(contact("c"), version=1)
    stored.users.save(user("d", "dora", version=1), event())
    assert stored.users.named("dora") == user("d", "dora", version=2)
    stored.users.save(attrs.evolve(contact("d"), version=2), event())
    assert stored.users.named("dora") is None


def test_an_unknown_name_finds_nobody_whatever_ids_there_are(stored: MemoryRepositories) -> None:
    stored.users.save(user("", "anna"), event())
    assert stored.users.named("nobody") is None


def test_stale_is_said_before_taken(stored: MemoryRepositories) -> None:
    stored.users.save(user("u"), event())
    with pytest.raises(Stale):
        stored.users.save(user("v", "anna", version=7), event())


# --- counters and events

KEY = account_key("anna")


def test_a_counter_is_compared_and_set(stored: MemoryRepositories) -> None:
    counter = AttemptCounter(KEY)
    assert stored.counters.get(KEY) is None
    assert stored.counters.save(counter) == 1
    for stale in (counter, attrs.evolve(counter, version=2), attrs.evolve(counter, version=-1)):
        with pytest.raises(Stale):
            stored.counters.save(stale)
    assert stored.counters.save(attrs.evolve(counter, version=1, failed=3)) == 2
    assert stored.counters.get(KEY) == AttemptCounter(KEY, version=2, failed=3)


def test_counters_are_told_apart_by_kind_and_digest(stored: MemoryRepositories) -> None:
    keys = [KEY, account_key("bert"), CounterKey(KeyKind.ADDRESS, KEY.digest)]
    for failed, key in enumerate(keys):
        stored.counters.save(AttemptCounter(key, failed=failed))
    for failed, key in enumerate(keys):
        assert stored.counters.get(key) == AttemptCounter(key, version=1, failed=failed)
    assert [counter.key for counter in stored.counters.all()] == keys


def test_events_keep_their_order(stored: MemoryRepositories) -> None:
    for number in range(5):
        stored.events.append(event(str(number)))
    stored.users.save(user(), event("5"))
    assert [each.id for each in stored.events.all()] == list("012345")


def test_two_installations_share_nothing() -> None:
    one, other = MemoryRepositories(), MemoryRepositories()
    one.users.save(user(), event())
    one.counters.save(AttemptCounter(KEY))
    assert other.users.get("u") is None
    assert other.counters.get(KEY) is None
    assert other.events.all() == ()


def test_nothing_handed_out_can_be_changed(stored: MemoryRepositories) -> None:
    stored.users.save(user(), event())
    stored.counters.save(AttemptCounter(KEY))
    handed_out = [stored.users.get("u"), stored.users.named("anna"), stored.counters.get(KEY), stored.events.all()[0]]
    for record in handed_out:
        for field in attrs.fields(type(record)):
            with pytest.raises(attrs.exceptions.FrozenInstanceError):
                setattr(record, field.name, None)
    assert type(stored.events.all()) is type(stored.counters.all()) is tuple
    for name in ("users", "counters", "events"):
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
    expected = AttemptCounter(KEY, version=20 * THREADS, failed=20 * THREADS)
    assert stored.counters.get(KEY) == expected


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
    assert stored.users.named("anna") == user(f"user-{only.id}", version=1)


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
    assert last.version == len(stored.events.all()) == 1 + 5 * THREADS
    assert last.written_by == stored.events.all()[-1].id
    names = [f"name-{number}.{turn}" for number in range(THREADS) for turn in range(5)]
    assert [name for name in ["anna", *names] if stored.users.named(name)] == [last.name]
