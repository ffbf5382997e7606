"""Counters on a Valkey that is watched, would evict, is full, may not be asked, lost the script, or was killed."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from mydso_access.adapters.redis import COMPARE_AND_SET, RedisCounters
from mydso_access.errors import BrokenStore
from tests.adapters.redis.records import ASSERTION_AT, AT, KEY, SIGN_IN_AT, Open, assertion, counter, sign_in
from tests.servers import Server, serving

redis = pytest.importorskip("redis")


@pytest.fixture(scope="module")
def own() -> Iterator[Server]:
    """A server whose settings and users may be changed."""
    with serving("valkey", durable=True) as server:
        yield server


@pytest.fixture
def settings(own: Server) -> Iterator[Any]:
    with redis.Redis.from_url(own.url) as administrator:
        yield administrator
        administrator.config_set("maxmemory-policy", "noeviction")
        administrator.config_set("maxmemory", 0)
        administrator.flushall()


def test_each_script_declares_the_one_key_it_touches(opening: Open, own: Server, settings: Any) -> None:
    stored = opening(to=own.url)
    with settings.monitor() as monitor:
        first = stored.counters.save(counter())
        stored.counters.save(counter(version=first, idle_from=None))
        stored.sign_ins.save(sign_in())
        stored.assertions.add(assertion())
        settings.ping()
        seen = _until_ping(monitor)
    scripts = [command for command in seen if command.startswith(COMPARE_AND_SET.partition("\n")[0], 5)]
    keys = [command.removeprefix(f"EVAL {COMPARE_AND_SET} ").split()[:2] for command in scripts]
    assert [["1", AT], ["1", AT], ["1", SIGN_IN_AT], ["1", ASSERTION_AT]] == keys
    inside = [
        command.split()[1]
        for command in seen
        if command.split()[0] in ("HMGET", "EXISTS", "HSET", "PERSIST", "PEXPIRE")
    ]
    assert {AT, SIGN_IN_AT, ASSERTION_AT} == set(inside)


def _until_ping(monitor: Any) -> list[str]:
    seen: list[str] = []
    while "PING" not in seen:
        seen.append(monitor.next_command()["command"].replace("\\n", "\n").replace('\\"', '"'))
    return seen


def restart(server: Server, stored: SimpleNamespace) -> None:
    server.kill()
    server.start()
    with suppress(redis.ConnectionError):
        stored.counters.get(KEY)  # now the client knows that its connection is gone


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-ttl", "volatile-lru"])
def test_a_server_that_evicts_is_refused_before_anything_is_saved(
    opening: Open, own: Server, settings: Any, policy: str
) -> None:
    stored = opening(to=own.url)
    settings.config_set("maxmemory-policy", policy)
    for call, save, record in (
        ("counters.save", stored.counters.save, counter()),
        ("sign_ins.save", stored.sign_ins.save, sign_in()),
        ("assertions.add", stored.assertions.add, assertion()),
    ):
        with pytest.raises(
            BrokenStore, match=f"{call} .*maxmemory-policy '{policy}': set .maxmemory-policy noeviction"
        ):
            save(record)
    assert 0 == settings.dbsize()
    settings.config_set("maxmemory-policy", "noeviction")
    stored.counters.save(counter())


def test_the_server_is_asked_once_and_not_before_the_first_save(opening: Open, own: Server, settings: Any) -> None:
    def asked() -> int:
        return settings.info("commandstats").get("cmdstat_info", {"calls": 0})["calls"]

    settings.config_resetstat()
    stored = opening(to=own.url)
    stored.counters.get(KEY)
    calls = [asked()]
    version = stored.counters.save(counter())
    calls.append(asked())
    for _ in range(3):
        version = stored.counters.save(counter(version=version))
    calls.append(asked())
    assert [0, 2, 3] == calls  # each look is a call itself


def test_a_server_that_is_full_stores_nothing_and_says_so(opening: Open, own: Server, settings: Any) -> None:
    stored = opening(to=own.url)
    version = stored.counters.save(counter())
    settings.config_set("maxmemory", 1)
    with pytest.raises(redis.exceptions.OutOfMemoryError):
        stored.counters.save(counter(version=version, failed=1))
    settings.config_set("maxmemory", 0)
    assert counter(version=version) == stored.counters.get(KEY)


def test_a_primary_that_became_a_replica_stores_nothing(opening: Open, own: Server, settings: Any) -> None:
    stored = opening(to=own.url)
    version = stored.counters.save(counter())
    settings.replicaof("127.0.0.1", 1)  # there is none
    with pytest.raises(redis.exceptions.ReadOnlyError):
        stored.counters.save(counter(version=version, failed=1))
    settings.replicaof("NO", "ONE")
    assert counter(version=version) == stored.counters.get(KEY)


NEEDED = ["+hmget", "+eval", "+exists", "+hset", "+persist", "+pexpire"]


@pytest.fixture
def as_user(own: Server, settings: Any) -> Iterator[Callable[..., str]]:
    def made(*permitted: str) -> str:
        settings.execute_command("ACL SETUSER", "host", "reset", "on", ">secret", "~mydso_access:*", *permitted)
        return own.url.replace("unix://", "unix://host:secret@", 1)

    yield made
    settings.acl_deluser("host")


def test_a_user_who_may_do_no_more_than_the_docs_say_can_do_everything(
    opening: Open, as_user: Callable[..., str]
) -> None:
    stored = opening(to=as_user(*NEEDED, "+info"))
    version = stored.counters.save(counter())
    version = stored.counters.save(counter(version=version, idle_from=None))
    assert counter(version=version, idle_from=None) == stored.counters.get(KEY)
    stored.assertions.add(assertion())


@pytest.mark.parametrize("missing", NEEDED)
def test_no_permission_of_the_docs_is_too_many(as_user: Callable[..., str], missing: str) -> None:
    with redis.Redis.from_url(as_user(*(each for each in [*NEEDED, "+info"] if each != missing))) as limited:
        counters = RedisCounters(limited)
        with pytest.raises(redis.exceptions.ResponseError):
            counters.save(counter(version=counters.save(counter(idle_from=None))))


def test_who_may_not_read_is_told_so(as_user: Callable[..., str]) -> None:
    with (
        redis.Redis.from_url(as_user("+eval", "+info")) as limited,
        pytest.raises(redis.exceptions.NoPermissionError),
    ):
        RedisCounters(limited).get(KEY)


def test_a_server_that_may_not_be_asked_is_refused_unless_somebody_vouches_for_it(as_user: Callable[..., str]) -> None:
    with redis.Redis.from_url(as_user(*NEEDED)) as limited:
        with pytest.raises(BrokenStore, match="permit INFO to this user, or pass check_eviction=False") as caught:
            RedisCounters(limited).save(counter())
        assert isinstance(caught.value.__cause__, redis.exceptions.NoPermissionError)
        vouched = RedisCounters(limited, check_eviction=False)
        assert vouched.save(counter()) == vouched.get(KEY).version


def test_a_server_that_cannot_be_asked_is_no_server_that_evicts() -> None:
    with pytest.raises(redis.ConnectionError):
        RedisCounters(redis.Redis.from_url("unix:///nowhere/socket")).save(counter())


def test_a_server_that_does_not_name_its_policy_is_refused() -> None:
    silent = SimpleNamespace(execute_command=print, info=lambda _: {"used_memory": 1})
    with pytest.raises(BrokenStore, match="maxmemory-policy 'unknown'"):
        RedisCounters(silent).save(counter())


def test_a_server_that_forgot_the_script_is_no_trouble(opening: Open, own: Server, settings: Any) -> None:
    stored = opening(to=own.url)
    version = stored.counters.save(counter())
    settings.script_flush()
    version = stored.counters.save(counter(version=version))
    restart(own, stored)
    version = stored.counters.save(counter(version=version, failed=1))
    assert counter(version=version, failed=1) == stored.counters.get(KEY)


def test_a_killed_server_has_what_it_acknowledged_if_it_writes_at_once(
    opening: Open, own: Server, settings: Any
) -> None:
    stored = opening(to=own.url)
    version = 0
    for number in range(50):
        version = stored.counters.save(counter(version=version, failed=number))
    restart(own, stored)
    assert counter(version=version, failed=49) == stored.counters.get(KEY)
