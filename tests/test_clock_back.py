"""Invariant 12: a clock that goes back by an hour, in the middle of anything, revives nothing (D10)."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from mydso_access import Refused, SignedIn
from mydso_access.model import Reason
from tests.clock_back_links import LINKS, LINKS_AT_ANY_TIME
from tests.clock_back_things import AT_ANY_TIME, THINGS
from tests.steps import AWAY, HOST, NEW, Stage
from tests.support import RIGHT

HOUR = timedelta(hours=1)
EVERYTHING = THINGS | LINKS
SOMEWHERE = "198.51.100.77"


def nothing(_: Stage) -> None:
    """Leave everything as it is."""


def everybody_signs_in(stage: Stage) -> None:
    for name in ("enrolled", "travelling", "by-sso"):
        with suppress(AttributeError, StopIteration):  # refused on the way: what was asked for is no step
            stage.gets_in(name, SOMEWHERE)


def strangers_guess(stage: Stage) -> None:
    for name in ("enrolled", "plain", "travelling"):
        assert isinstance(stage.access.sign_in(name, "wrong", address=SOMEWHERE), Refused)


def sign_ins_are_begun(stage: Stage) -> None:
    for name in ("enrolled", "plain", "due"):
        stage.access.sign_in(name, RIGHT, address=SOMEWHERE)


def people_are_changed(stage: Stage) -> None:
    for user_id in ("id-enrolled", "id-plain", "id-travelling", "id-due"):
        stage.access.rename(HOST, user_id, "Anna Petit")


def everything_is_purged(stage: Stage) -> None:
    stage.access.purge()
    stage.access.sweep()


def messages_are_asked_for(stage: Stage) -> None:
    for name in ("enrolled", "travelling", "due"):
        stage.access.request_password_reset(name)


def time_passes(stage: Stage) -> None:
    stage.clock.move(HOUR - timedelta(minutes=1))


SECOND: tuple[Callable[[Stage], Any], ...] = (
    nothing,
    everybody_signs_in,
    strangers_guess,
    sign_ins_are_begun,
    people_are_changed,
    everything_is_purged,
    messages_are_asked_for,
    time_passes,
)


@pytest.mark.parametrize("thing", EVERYTHING)
def test_what_was_not_ended_leads_on(thing: str) -> None:
    _, replay = EVERYTHING[thing](Stage())
    assert replay()


@pytest.mark.parametrize("thing", EVERYTHING)
def test_what_was_ended_leads_on_no_more(thing: str) -> None:
    end, replay = EVERYTHING[thing](Stage())
    end()
    assert not replay()


@pytest.mark.parametrize("second", SECOND, ids=[second.__name__ for second in SECOND])
@pytest.mark.parametrize("thing", EVERYTHING)
def test_d10_what_was_ended_stays_ended_when_the_clock_goes_back_after_it(thing: str, second: Any) -> None:
    stage = Stage()
    end, replay = EVERYTHING[thing](stage)
    end()
    stage.clock.move(-HOUR)
    second(stage)
    assert not replay()


@pytest.mark.parametrize("second", SECOND, ids=[second.__name__ for second in SECOND])
@pytest.mark.parametrize("thing", [*AT_ANY_TIME, *LINKS_AT_ANY_TIME])
def test_d10_what_is_ended_after_the_clock_went_back_stays_ended(thing: str, second: Any) -> None:
    stage = Stage()
    end, replay = EVERYTHING[thing](stage)
    stage.clock.move(-HOUR)
    end()
    second(stage)
    assert not replay()
    stage.clock.move(HOUR)
    assert not replay()


WRONG = {
    "account": lambda stage, number: stage.access.sign_in("plain", "wrong", address=f"10.0.0.{number}"),
    "address": lambda stage, number: stage.access.sign_in(f"nobody-{number}", "wrong", address=AWAY),
}


@pytest.mark.parametrize("second", SECOND, ids=[second.__name__ for second in SECOND])
@pytest.mark.parametrize("kind", ["account", "address"])
@pytest.mark.parametrize("failures_before", range(1, 10))
def test_d10_a_block_never_gets_shorter_when_the_clock_goes_back(kind: str, failures_before: int, second: Any) -> None:
    stage, limit = Stage(), {"account": 5, "address": 10}[kind]
    lasts = {"account": HOUR, "address": 24 * HOUR}[kind]
    before = min(failures_before, limit)
    for number in range(before):
        WRONG[kind](stage, number)
    ends = stage.clock.now() + lasts
    stage.clock.move(-HOUR)
    for number in range(before, limit):
        WRONG[kind](stage, number)
    second(stage)
    name, home = ("plain", "172.16.0.1") if kind == "account" else ("plain", AWAY)
    refused = stage.access.sign_in(name, RIGHT, address=home)
    assert refused.reason in {Reason.ACCOUNT_BLOCKED, Reason.ADDRESS_BLOCKED}
    assert refused.until >= ends
    stage.clock.move(ends - stage.clock.now() - timedelta(seconds=1))
    assert isinstance(stage.access.sign_in(name, RIGHT, address=home), Refused)
    stage.clock.move(timedelta(seconds=1) + 2 * HOUR)
    assert isinstance(stage.access.sign_in(name, RIGHT, address=home), SignedIn)


def test_d10_codes_are_counted_over_all_sign_ins_when_the_clock_goes_back() -> None:
    stage = Stage()
    assert all(stage.begin("travelling", f"203.0.113.{number}").messages for number in range(3))
    stage.clock.move(-HOUR)
    assert Reason.TOO_MANY_CODES is stage.begin("travelling", AWAY).reason
    stage.clock.move(HOUR + timedelta(minutes=10))
    assert stage.begin("travelling", AWAY).messages


def test_the_owner_gets_in_once_the_clock_is_right_again() -> None:
    stage = Stage()
    stage.gets_in("everything")
    stage.clock.move(-HOUR)
    sent = stage.begin("everything", SOMEWHERE)
    assert not isinstance(sent, Refused)
    stage.clock.move(HOUR + timedelta(minutes=11))
    assert isinstance(stage.gets_in("everything", SOMEWHERE), SignedIn)
    assert NEW == stage.passwords("everything")[-1]
