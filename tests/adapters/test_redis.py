"""Counters and half-finished sign-ins on a real Valkey: what is kept, compared, forgotten, refused; both kinds of client."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from attrs import evolve

from mydso_access.adapters import codec
from mydso_access.adapters import redis as adapter
from mydso_access.adapters.redis import AsyncRedisCounters, AsyncRedisSignIns, RedisCounters, RedisSignIns
from mydso_access.decisions.naming import account_key
from mydso_access.errors import AsynchronousStore, InvalidValue, Stale, UnreadableRecord
from mydso_access.model import AttemptCounter, CounterKey, Failure, KeyKind, Reservation, Secret
from mydso_access.model.sign_in import Factor, Purpose, SignIn
from tests.servers import Server

redis = pytest.importorskip("redis")

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY, HOUR, MINUTE, MS = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(milliseconds=1)
KEY = account_key("anna")
AT = f"mydso_access:counter:account:{KEY.digest}"
SIGN_IN_AT = f"mydso_access:sign_in:{sha256(b'half').hexdigest()}"
THREADS, INCREMENTS = 8, 25


def counter(**changes: Any) -> AttemptCounter:
    return AttemptCounter(**({"key": KEY, "saved_at": NOON, "idle_from": NOON + DAY} | changes))


def sign_in(**changes: Any) -> SignIn:
    values = {
        "id": "half",
        "user_id": "user-anna",
        "address": CounterKey(KeyKind.ADDRESS, "ab" * 32),
        "purpose": Purpose.SIGN_IN,
        "token": Secret("cd" * 32),
        "started_at": NOON,
        "expires_at": NOON + 10 * MINUTE,
        "factors": ((Factor.PASSWORD, NOON),),
        "saved_at": NOON,
    }
    return SignIn(**(values | changes))


FULL = counter(
    failures=(Failure("first", NOON - HOUR), Failure("second", NOON - MINUTE)),
    reservations=(Reservation("third", NOON, NOON + timedelta(microseconds=1), 2),),
    blocked_until=NOON + HOUR,
    failed=7,
    cleared=5,
)


class Waited:
    """An asynchronous repository or client, called as if it was synchronous."""

    def __init__(self, inner: Any, runner: asyncio.Runner) -> None:
        self.inner, self.runner = inner, runner

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.inner, name)
        return lambda *args, **kwargs: self.runner.run(method(*args, **kwargs))


Open = Callable[..., SimpleNamespace]


@pytest.fixture
def url(valkey: Server) -> Iterator[str]:
    made = valkey.fresh()
    yield made
    valkey.drop(made)


@pytest.fixture
def client(url: str) -> Iterator[Any]:
    with redis.Redis.from_url(url) as opened:
        yield opened


@pytest.fixture(params=["synchronous", "asynchronous"])
def opening(request: pytest.FixtureRequest, url: str) -> Iterator[Open]:
    """Give what opens repositories, asynchronous ones waited for; tests are written once for both."""
    if request.param == "synchronous":
        clients: list[Any] = []

        def open_synchronous(module: ModuleType = redis, to: str = url, **options: Any) -> SimpleNamespace:
            clients.append(_client(module, to, **options))
            return SimpleNamespace(counters=RedisCounters(clients[-1]), sign_ins=RedisSignIns(clients[-1]))

        yield open_synchronous
        for each in clients:
            each.close()
        return
    with asyncio.Runner() as runner:
        waiting: list[Any] = []

        def open_asynchronous(module: ModuleType = redis, to: str = url, **options: Any) -> SimpleNamespace:
            waiting.append(_client(import_module(f"{module.__name__}.asyncio"), to, **options))
            counters, sign_ins = AsyncRedisCounters(waiting[-1]), AsyncRedisSignIns(waiting[-1])
            return SimpleNamespace(counters=Waited(counters, runner), sign_ins=Waited(sign_ins, runner))

        yield open_asynchronous
        for each in waiting:
            runner.run(each.aclose())


def _client(module: ModuleType, to: str, **options: Any) -> Any:
    made = getattr(module, "Valkey" if module.__name__.startswith("valkey") else "Redis")
    return made.from_url(to, **options)


@pytest.fixture
def stored(opening: Open) -> SimpleNamespace:
    return opening()


# --- what is kept


def test_what_was_never_saved_is_not_there(stored: SimpleNamespace) -> None:
    assert stored.counters.get(KEY) is None
    assert stored.sign_ins.get("half") is None


@pytest.mark.parametrize("saved", [counter(), FULL, counter(idle_from=None)], ids=["empty", "full", "for ever"])
def test_a_counter_comes_back_as_it_was_saved(stored: SimpleNamespace, saved: AttemptCounter) -> None:
    version = stored.counters.save(saved)
    assert saved.stored(version, saved.idle_from) == stored.counters.get(KEY)


def test_a_sign_in_comes_back_as_it_was_saved_its_secrets_too(stored: SimpleNamespace) -> None:
    saved = sign_in(code=Secret("12"), seed=Secret("seed"), session="of the host", used_at=NOON)
    version = stored.sign_ins.save(saved)
    assert evolve(saved, version=version) == stored.sign_ins.get("half")
    assert "seed" == stored.sign_ins.get("half").seed.reveal()


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
    assert {AT.encode(), SIGN_IN_AT.encode()} == set(client.keys())


def test_a_prefix_keeps_installations_apart(client: Any) -> None:
    mine, yours = RedisCounters(client, "mine:"), RedisCounters(client, "yours:")
    mine.save(counter())
    assert yours.get(KEY) is None
    assert [f"mine:counter:account:{KEY.digest}".encode()] == client.keys()


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


# --- what is forgotten, and when


@pytest.mark.parametrize(
    ("lifetime", "milliseconds"),
    [(DAY, 86_460_000), (HOUR + MS / 1000, 3_660_001), (366 * DAY, 31_622_460_000)],
    ids=str,
)
def test_a_counter_lives_a_minute_longer_than_until_it_is_idle_in_whole_milliseconds_rounded_up(
    stored: SimpleNamespace, client: Any, lifetime: timedelta, milliseconds: int
) -> None:
    stored.counters.save(counter(idle_from=NOON + lifetime))
    assert milliseconds - 5_000 < client.pttl(AT) <= milliseconds
    assert milliseconds == adapter._milliseconds(lifetime)


def test_a_lifetime_is_counted_from_the_save_whatever_the_clocks_say(stored: SimpleNamespace, client: Any) -> None:
    for year in (1971, 8000):
        client.flushdb()
        then = NOON.replace(year=year)
        stored.counters.save(counter(saved_at=then, idle_from=then + HOUR))
        assert 3_655_000 < client.pttl(AT) <= 3_660_000


def test_every_save_sets_the_lifetime_anew(stored: SimpleNamespace, client: Any) -> None:
    version = stored.counters.save(counter(idle_from=NOON + HOUR))
    version = stored.counters.save(counter(version=version, idle_from=NOON + DAY))
    assert client.pttl(AT) > 80_000_000
    version = stored.counters.save(counter(version=version, idle_from=None))
    assert -1 == client.pttl(AT)  # for ever
    stored.counters.save(counter(version=version, idle_from=NOON + HOUR))
    assert 0 < client.pttl(AT) <= 3_660_000


@pytest.mark.parametrize("idle_from", [NOON, NOON - DAY], ids=["now", "long ago"])
def test_what_says_nothing_any_more_is_kept_a_while_for_who_lost_the_answer(
    stored: SimpleNamespace, client: Any, idle_from: datetime
) -> None:
    stored.counters.save(counter(idle_from=idle_from))
    assert 55_000 < client.pttl(AT) <= 60_000


def test_a_sign_in_lives_until_it_expires_also_when_it_is_used(stored: SimpleNamespace, client: Any) -> None:
    version = stored.sign_ins.save(sign_in())
    assert 655_000 < client.pttl(SIGN_IN_AT) <= 660_000
    later = NOON + 2 * MINUTE
    stored.sign_ins.save(sign_in(version=version, used_at=later, saved_at=later))
    assert 535_000 < client.pttl(SIGN_IN_AT) <= 540_000
    assert later == stored.sign_ins.get("half").used_at


@pytest.fixture
def short_lived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "KEPT_LONGER", MS)


@pytest.mark.usefixtures("short_lived")
def test_a_counter_is_there_until_its_block_ends_and_forgotten_after(stored: SimpleNamespace) -> None:
    now = datetime.now(UTC)
    end = now + timedelta(milliseconds=400)
    version = stored.counters.save(counter(saved_at=now, blocked_until=end, idle_from=end))
    missed = 0
    while datetime.now(UTC) < end:
        missed += stored.counters.get(KEY) is None and datetime.now(UTC) < end
        time.sleep(0.005)
    assert 0 == missed
    _gone(lambda: stored.counters.get(KEY))
    with pytest.raises(Stale):
        stored.counters.save(counter(version=version))
    assert version != stored.counters.save(counter())


@pytest.mark.usefixtures("short_lived")
def test_a_sign_in_is_forgotten_once_it_has_expired_and_never_usable_again(stored: SimpleNamespace) -> None:
    version = stored.sign_ins.save(sign_in(expires_at=NOON + 100 * MS))
    _gone(lambda: stored.sign_ins.get("half"))
    with pytest.raises(Stale):
        stored.sign_ins.save(sign_in(version=version, used_at=NOON))


@pytest.mark.usefixtures("short_lived")
def test_what_must_stay_stays_although_it_was_to_be_forgotten_before(stored: SimpleNamespace) -> None:
    version = stored.counters.save(counter(idle_from=NOON + 200 * MS))
    stored.counters.save(counter(version=version, idle_from=None))
    time.sleep(0.3)
    assert stored.counters.get(KEY) is not None


def _gone(look: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while look() is not None:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_there_is_nothing_to_purge(stored: SimpleNamespace) -> None:
    stored.counters.save(counter())
    assert (0, 0) == (stored.counters.purge(NOON + 2 * DAY, 10), stored.sign_ins.purge(NOON + 2 * DAY, 10))
    assert stored.counters.get(KEY) is not None


# --- what cannot be read

TEXT = codec.written(counter())


@pytest.mark.parametrize("options", [{}, {"decode_responses": True}], ids=str)
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"version": "1", "body": "{}"}, "AttemptCounter.form"),
        ({"version": "1", "body": TEXT[:-1]}, "AttemptCounter"),
        ({"version": "1", "body": b"\xff\xfe"}, "AttemptCounter"),
        ({"version": b"\xff", "body": TEXT}, "AttemptCounter"),
        (
            {"version": "1", "body": TEXT.replace(KEY.digest, "anna").encode().replace(b"anna", b"ann\xe4")},
            "AttemptCounter",
        ),
        ({"version": "1", "body": codec.written(sign_in())}, "AttemptCounter.key"),
        ({"version": "1"}, "AttemptCounter"),
        ({"body": TEXT}, "AttemptCounter.version"),
        *(
            ({"version": v, "body": TEXT}, "AttemptCounter.version")
            for v in ("", "0", "-1", "01", "1.0", "1_0", "²", " 1")
        ),
        ({"version": "9" * 5000, "body": TEXT}, "AttemptCounter.version"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_record_that_was_tampered_with_is_never_taken_for_none(
    opening: Open, client: Any, fields: dict[str, Any], field: str, options: dict[str, Any]
) -> None:
    stored = opening(**options)
    client.hset(AT, mapping=fields)
    with pytest.raises(UnreadableRecord) as caught:
        stored.counters.get(KEY)
    assert caught.value.field.startswith(field)
    client.delete(AT)
    assert stored.counters.get(KEY) is None  # and the connection reads on at the right place


def test_a_key_of_another_type_is_no_record(stored: SimpleNamespace, client: Any) -> None:
    client.set(AT, "1")
    with pytest.raises(UnreadableRecord, match="another type of key"):
        stored.counters.get(KEY)
    with pytest.raises(redis.ResponseError):
        stored.counters.save(counter())
    assert b"1" == client.get(AT)


def test_a_record_without_a_version_is_not_overwritten_as_if_it_was_none(stored: SimpleNamespace, client: Any) -> None:
    client.hset(AT, "body", TEXT)
    with pytest.raises(Stale):
        stored.counters.save(counter(failed=3))
    assert {b"body": TEXT.encode()} == client.hgetall(AT)


def test_no_message_shows_what_is_stored(client: Any) -> None:
    client.hset(SIGN_IN_AT, mapping={"version": "1", "body": b"\xff" + b"cd" * 32})
    with pytest.raises(UnreadableRecord) as caught:
        RedisSignIns(client).get("half")
    chain: BaseException | None = caught.value
    while chain is not None:
        assert "cdcd" not in f"{chain} {chain.args}"
        chain = chain.__cause__ or chain.__context__


# --- misuse


@pytest.mark.parametrize("made", [RedisCounters, RedisSignIns, AsyncRedisCounters, AsyncRedisSignIns])
def test_a_client_of_the_other_kind_is_refused_at_once(made: type) -> None:
    synchronous, asynchronous = redis.Redis(), redis.asyncio.Redis()
    right, wrong = (asynchronous, synchronous) if made.__name__.startswith("Async") else (synchronous, asynchronous)
    made(right)
    for never in (wrong, None, "redis://localhost"):
        with pytest.raises(InvalidValue, match="client is"):
            made(never)
    with pytest.raises(InvalidValue, match="prefix is"):
        made(right, None)


def test_a_client_that_waits_all_the_same_is_refused() -> None:
    async def hmget(key: str, fields: list[str]) -> list[None]:
        await asyncio.sleep(0)
        return [None, None]

    with pytest.raises(AsynchronousStore):
        RedisCounters(SimpleNamespace(execute_command=print, hmget=hmget)).get(KEY)
