"""What Valkey forgets by itself, and when."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from mydso_access.adapters import redis as adapter
from mydso_access.errors import Stale
from tests.adapters.redis.records import (
    ASSERTION_AT,
    AT,
    DAY,
    HOUR,
    KEY,
    MINUTE,
    MS,
    NOON,
    SIGN_IN_AT,
    assertion,
    counter,
    sign_in,
)

redis = pytest.importorskip("redis")

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


@pytest.mark.parametrize("year", [1971, 2026, 8000])
def test_an_assertion_lives_as_long_as_it_was_to_from_when_it_was_taken_whatever_the_clocks_say(
    stored: SimpleNamespace, client: Any, year: int
) -> None:
    then = NOON.replace(year=year)
    stored.assertions.add(assertion(saved_at=then, expires_at=then + DAY + HOUR))
    assert 90_055_000 < client.pttl(ASSERTION_AT) <= 90_060_000


def test_an_assertion_that_is_sent_again_lives_no_longer(stored: SimpleNamespace, client: Any) -> None:
    stored.assertions.add(assertion(expires_at=NOON + HOUR))
    with pytest.raises(Stale):
        stored.assertions.add(assertion())
    assert 3_655_000 < client.pttl(ASSERTION_AT) <= 3_660_000


@pytest.mark.usefixtures("short_lived")
def test_an_assertion_is_forgotten_once_it_has_expired(stored: SimpleNamespace, client: Any) -> None:
    stored.assertions.add(assertion(expires_at=NOON + 100 * MS))
    _gone(lambda: client.exists(ASSERTION_AT) or None)
    stored.assertions.add(assertion())


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
    stored.assertions.add(assertion())
    parts = (stored.counters, stored.sign_ins, stored.assertions)
    assert [0, 0, 0] == [part.purge(NOON + 2 * DAY, 10) for part in parts]
    assert stored.counters.get(KEY) is not None
    with pytest.raises(Stale):
        stored.assertions.add(assertion())
