"""What is stored but cannot be read, and clients that cannot serve."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from mydso_access.adapters import codec
from mydso_access.adapters.redis import (
    AsyncRedisAssertions,
    AsyncRedisCounters,
    AsyncRedisSignIns,
    RedisAssertions,
    RedisCounters,
    RedisSignIns,
)
from mydso_access.errors import AsynchronousStore, InvalidValue, Stale, UnreadableRecord
from tests.adapters.redis.records import (
    AT,
    KEY,
    SIGN_IN_AT,
    Open,
    counter,
    sign_in,
)

redis = pytest.importorskip("redis")

# --- what cannot be read

TEXT = codec.written(counter())
FORM_1, FORM_2 = '"form":1', '"form":2'


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
        ({"version": "1", "body": codec.written(sign_in()).replace(FORM_2, FORM_1)}, "AttemptCounter.key"),
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


MADE = [RedisCounters, RedisSignIns, RedisAssertions, AsyncRedisCounters, AsyncRedisSignIns, AsyncRedisAssertions]


@pytest.mark.parametrize("made", MADE)
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
