"""Counters and half-finished sign-ins on a real Valkey: what is kept and compared; both kinds of client."""

import asyncio
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve

from mydso_access.adapters.redis import AsyncRedisCounters, RedisAssertions, RedisCounters
from mydso_access.errors import Stale
from mydso_access.model import Approval, AttemptCounter, CounterKey, KeyKind, NewSeed, Secret, SentCode, Structure
from mydso_access.policy import Algorithm, Recipient
from tests.adapters.redis.records import (
    ASSERTION_AT,
    AT,
    FULL,
    KEY,
    NOON,
    SIGN_IN_AT,
    Open,
    assertion,
    counter,
    sign_in,
)

redis = pytest.importorskip("redis")

PLACE = Structure.entity("e")
CODE = SentCode(Secret("12"), NOON, "192.0.2.1", PLACE, Recipient.USER)
APPROVALS = (Approval("192.0.2.1", PLACE, Recipient.ADMINISTRATOR),)
THREADS, INCREMENTS = 8, 25


# --- what is kept


def test_what_was_never_saved_is_not_there(stored: SimpleNamespace) -> None:
    assert stored.counters.get(KEY) is None
    assert stored.sign_ins.get("half") is None


@pytest.mark.parametrize("saved", [counter(), FULL, counter(idle_from=None)], ids=["empty", "full", "for ever"])
def test_a_counter_comes_back_as_it_was_saved(stored: SimpleNamespace, saved: AttemptCounter) -> None:
    version = stored.counters.save(saved)
    assert saved.stored(version, saved.idle_from) == stored.counters.get(KEY)


def test_a_sign_in_comes_back_as_it_was_saved_its_secrets_too(stored: SimpleNamespace) -> None:
    seed = NewSeed(Secret("seed"), Algorithm.SHA256)
    saved = sign_in(code=CODE, seed=seed, approvals=APPROVALS, outgrown=True, session="of the host", used_at=NOON)
    version = stored.sign_ins.save(saved)
    assert evolve(saved, version=version) == stored.sign_ins.get("half")
    assert "seed" == stored.sign_ins.get("half").seed.sealed.reveal()


@pytest.mark.parametrize("options", [{}, {"decode_responses": True}, {"protocol": 2}, {"protocol": 3}], ids=str)
def test_every_way_of_a_client_to_read_is_understood(opening: Open, options: dict[str, Any]) -> None:
    stored = opening(**options)
    counter_version, version = stored.counters.save(FULL), stored.sign_ins.save(sign_in())
    assert FULL.stored(counter_version, FULL.idle_from) == stored.counters.get(KEY)
    assert evolve(sign_in(), version=version) == stored.sign_ins.get("half")
    with pytest.raises(Stale):
        stored.counters.save(FULL)


def test_the_client_of_valkey_serves_as_well(opening: Open) -> None:
    valkey_py = pytest.importorskip("valkey")
    stored = opening(valkey_py)
    version = stored.counters.save(FULL)
    assert FULL.stored(version, FULL.idle_from) == stored.counters.get(KEY)


@pytest.mark.parametrize("strange", ["", "ünï", "a\0b", "\ud800", "x" * 9000, "{tag}", "anna\r\nDEL *"], ids=ascii)
def test_any_text_may_be_asked_for_as_the_id_of_a_sign_in(stored: SimpleNamespace, strange: str) -> None:
    assert stored.sign_ins.get(strange) is None


def test_neither_id_nor_name_nor_secret_is_part_of_a_key(stored: SimpleNamespace, client: Any) -> None:
    stored.counters.save(counter())
    stored.sign_ins.save(sign_in())
    stored.assertions.add(assertion())
    assert {AT.encode(), SIGN_IN_AT.encode(), ASSERTION_AT.encode()} == set(client.keys())


def test_a_prefix_keeps_installations_apart(client: Any) -> None:
    mine, yours = RedisCounters(client, "mine:"), RedisCounters(client, "yours:")
    mine.save(counter())
    assert yours.get(KEY) is None
    assert [f"mine:counter:account:{KEY.digest}".encode()] == client.keys()
    for prefix in ("mine:", "yours:"):
        RedisAssertions(client, prefix).add(assertion())


def test_account_and_address_of_one_digest_are_two_counters(stored: SimpleNamespace) -> None:
    stored.counters.save(counter())
    assert stored.counters.get(CounterKey(KeyKind.ADDRESS, KEY.digest)) is None


# --- compare and set


def test_a_save_stores_only_over_the_version_it_was_loaded_with(stored: SimpleNamespace) -> None:
    first = stored.counters.save(counter())
    second = stored.counters.save(counter(version=first, failed=1))
    assert first < second
    for stale in (0, first, second + 1):
        with pytest.raises(Stale):
            stored.counters.save(counter(version=stale, failed=9))
    assert counter(version=second, failed=1) == stored.counters.get(KEY)


def test_a_sign_in_is_used_once(stored: SimpleNamespace) -> None:
    version = stored.sign_ins.save(sign_in())
    used = sign_in(version=version, used_at=NOON)
    stored.sign_ins.save(used)
    with pytest.raises(Stale):
        stored.sign_ins.save(used)  # byte for byte the same, yet somebody else's
    with pytest.raises(Stale):
        stored.sign_ins.save(sign_in())


def test_an_assertion_is_taken_once(stored: SimpleNamespace) -> None:
    stored.assertions.add(assertion())
    for again in (assertion(), assertion(saved_at=NOON.replace(year=2030), expires_at=NOON.replace(year=2031))):
        with pytest.raises(Stale):
            stored.assertions.add(again)
    stored.assertions.add(assertion(key="ee" * 32))


def test_a_version_is_never_saved_over_one_that_is_gone(stored: SimpleNamespace, client: Any) -> None:
    version = stored.counters.save(counter())
    client.delete(AT)
    with pytest.raises(Stale):
        stored.counters.save(counter(version=version))
    assert stored.counters.get(KEY) is None
    assert version != stored.counters.save(counter())


def test_versions_are_told_apart_where_a_double_would_not(stored: SimpleNamespace, client: Any) -> None:
    stored.counters.save(counter())
    client.hset(AT, "version", 2**53)
    for close in (2**53 + 1, 2**53 - 1):
        with pytest.raises(Stale):
            stored.counters.save(counter(version=close))
    saved = stored.counters.save(counter(version=2**53))
    assert 2**53 < saved == stored.counters.get(KEY).version


def test_the_largest_versions_are_kept_to_the_last_digit(
    stored: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mydso_access.adapters.versions.secrets.randbits", lambda bits: 2**bits - 1)
    first = stored.counters.save(counter())
    versions = [first, stored.counters.save(counter(version=first))]
    assert [2**62, 2**62 + 2**32] == versions
    assert 2**62 + 2**32 == stored.counters.get(KEY).version


def test_threads_that_increment_lose_nothing(url: str) -> None:
    def increment(counters: RedisCounters) -> None:
        while True:
            found = counters.get(KEY) or counter()
            try:
                counters.save(evolve(found, failed=found.failed + 1))
            except Stale:
                continue
            return

    def work() -> None:
        with redis.Redis.from_url(url) as own:
            barrier.wait()
            for _ in range(INCREMENTS):
                increment(RedisCounters(own))

    barrier = threading.Barrier(THREADS)
    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with redis.Redis.from_url(url) as own:
        assert THREADS * INCREMENTS == RedisCounters(own).get(KEY).failed


def test_tasks_that_increment_lose_nothing(url: str) -> None:
    async def increment(counters: AsyncRedisCounters) -> None:
        while True:
            found = await counters.get(KEY) or counter()
            try:
                await counters.save(evolve(found, failed=found.failed + 1))
            except Stale:
                continue
            return

    async def work(counters: AsyncRedisCounters) -> None:
        for _ in range(INCREMENTS):
            await increment(counters)

    async def main() -> int:
        async with redis.asyncio.Redis.from_url(url) as own:
            counters = AsyncRedisCounters(own)
            await asyncio.gather(*(work(counters) for _ in range(THREADS)))
            return (await counters.get(KEY)).failed

    assert THREADS * INCREMENTS == asyncio.run(main())
