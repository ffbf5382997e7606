"""The attempt counter against a naive model of the rules: whatever happens, in whatever order, they answer the same."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from mydso_access.decisions import lockout as code
from mydso_access.decisions.lockout import Admitted, Blocked, Full, Lapsed, Settled, Settlement
from mydso_access.model.attempts import AttemptCounter, CounterKey, KeyKind
from mydso_access.policy.fixed import EARLIEST, TICK
from mydso_access.policy.lockout import Limit, LockoutPolicy
from tests.decisions import lockout_model

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
# Nothing but what never ends is still going on then.
FAR = datetime(8999, 1, 1, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

LIMITS = st.sampled_from([1, 2, 3, 4, 5])
# Windows and blocks near the lease, so that attempts in flight outlive them; and ones of the preset's size.
WINDOWS = st.sampled_from([None, MINUTE, MINUTE + TICK, 90 * SECOND, 10 * MINUTE, DAY])
BLOCKS = st.sampled_from([MINUTE, 61 * SECOND, 10 * MINUTE, HOUR, DAY])
LEASES = st.sampled_from([SECOND, 30 * SECOND, MINUTE - TICK, MINUTE])
HARD_CAPS = st.none() | st.integers(1, 8)
PARTS = st.sampled_from([0, 1, 2, 3])
WHICH = st.integers(0, 40)
OFFSETS = st.sampled_from([-TICK, timedelta(), TICK])
STEPS = st.sampled_from(
    [TICK, 2 * TICK, timedelta(milliseconds=1), SECOND, 29 * SECOND, MINUTE, 10 * MINUTE, HOUR, DAY]
)
SETTLEMENTS = {"wrong": Settlement.WRONG, "given back": Settlement.GIVEN_BACK, "complete": Settlement.COMPLETE}
HOW = st.sampled_from(sorted(SETTLEMENTS))

executed = 0


class AttemptsOnOneKey(RuleBasedStateMachine):
    """One key, the code's counter of it and the model's history of it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.ids: list[str] = []
        self.promised: datetime | None = None

    @initialize(
        kind=st.sampled_from(KeyKind), limit=LIMITS, window=WINDOWS, block=BLOCKS, lease=LEASES, hard_cap=HARD_CAPS
    )
    def begin(
        self,
        kind: KeyKind,
        limit: int,
        window: timedelta | None,
        block: timedelta,
        lease: timedelta,
        hard_cap: int | None,
    ) -> None:
        own = Limit(failures=limit, window=window, block=block)
        other = Limit(failures=limit + 1, window=7 * DAY, block=block + MINUTE)
        limits = {each.value: own if each is kind else other for each in KeyKind}
        self.lockout = LockoutPolicy(**limits, hard_cap=hard_cap, lease=lease, charge_wait=timedelta(milliseconds=10))
        self.limit = limit
        self.fresh = AttemptCounter(CounterKey(kind, "0" * 64))
        self.stored = self.fresh
        self.model = lockout_model.Model(kind, limit, window, block, lease, hard_cap)

    @rule(attempts=st.integers(1, 3))
    def charge_at_one_instant(self, attempts: int) -> None:
        self._count()
        for _ in range(attempts):
            self._charge()

    @rule()
    def answer_wrong_at_once(self) -> None:
        self._count()
        if (new_id := self._charge()) is not None:
            self._settle(new_id, "wrong")

    @rule()
    def sign_in_at_once(self) -> None:
        self._count()
        if (new_id := self._charge()) is not None:
            self._settle(new_id, "complete")

    @rule(earlier=st.integers(0, 2), how=HOW)
    def answer_after_earlier_and_later_attempts_failed(self, earlier: int, how: str) -> None:
        self._count()
        for _ in range(earlier):
            if (new_id := self._charge()) is not None:
                self._settle(new_id, "wrong")
        first = self._charge()
        if (second := self._charge()) is not None:
            self._settle(second, "wrong")
        if first is not None:
            self._settle(first, how)

    @rule(part=PARTS, offset=OFFSETS, how=HOW)
    def answer_after_a_while(self, part: int, offset: timedelta, how: str) -> None:
        self._count()
        if (new_id := self._charge()) is not None:
            self.now += part * self.lockout.lease / 2 + offset
            self._settle(new_id, how)

    @precondition(lambda self: self.model.window is not None)
    @rule(part=PARTS, offset=OFFSETS, first_is_first=st.booleans())
    def fail_around_the_end_of_a_window(self, part: int, offset: timedelta, first_is_first: bool) -> None:
        """Attempts charged within a window of a failure are answered once it is over."""
        self._count()
        if (new_id := self._charge()) is not None:
            self._settle(new_id, "wrong")
        end = self.model.last_save + self.model.window
        self.now = end - part * self.lockout.lease / 4
        ids = [self._charge()]
        self.now = end + offset
        ids.append(self._charge())
        for charge_id in ids if first_is_first else reversed(ids):
            self._settle(charge_id or "unknown", "wrong")

    @precondition(lambda self: self.stored.reservations)
    @rule(which=WHICH, how=HOW)
    def settle_what_is_in_flight(self, which: int, how: str) -> None:
        self._count()
        charged = self.stored.reservations
        self._settle(charged[which % len(charged)].id, how)

    @precondition(lambda self: self.stored.reservations)
    @rule(how=HOW)
    def settle_the_latest_in_flight(self, how: str) -> None:
        self._count()
        self._settle(self.stored.reservations[-1].id, how)

    @precondition(lambda self: self.ids)
    @rule(which=WHICH, how=HOW)
    def settle_what_was_ever_charged(self, which: int, how: str) -> None:
        self._count()
        self._settle(self.ids[-1 - which % len(self.ids)], how)

    @rule(how=HOW)
    def settle_what_was_never_charged(self, how: str) -> None:
        self._count()
        self._settle("unknown", how)

    @rule()
    def reset_the_password(self) -> None:
        self._count()
        self.model.rebind(self.now)
        self._save(code.rebound(self.stored, self.now))

    @precondition(lambda self: self.model.history)
    @rule(which=WHICH, offset=OFFSETS)
    def move_to_a_boundary(self, which: int, offset: timedelta) -> None:
        self._count()
        boundaries = self.model.boundaries(self.now)
        self.now = boundaries[which % len(boundaries)] + offset

    @rule(which=WHICH, offset=OFFSETS)
    def move_to_the_next_boundary(self, which: int, offset: timedelta) -> None:
        self._count()
        if ahead := [boundary for boundary in self.model.boundaries(self.now) if boundary > self.now]:
            self.now = ahead[which % min(3, len(ahead))] + offset

    @precondition(lambda self: self.stored.blocked_until is not None)
    @rule(offset=OFFSETS)
    def move_to_the_end_of_the_block(self, offset: timedelta) -> None:
        self._count()
        self.now = self.stored.blocked_until + offset

    @precondition(lambda self: self.now < self.stored.saved_at)
    @rule(offset=OFFSETS)
    def set_the_clock_right(self, offset: timedelta) -> None:
        self._count()
        self.now = self.stored.saved_at + offset

    @rule(step=STEPS)
    def move_on(self, step: timedelta) -> None:
        self._count()
        self.now += step

    @rule(step=STEPS)
    def move_back(self, step: timedelta) -> None:
        self._count()
        self.now -= step

    @precondition(lambda self: self.model.history)
    @rule(which=WHICH, offset=OFFSETS)
    def look_ahead(self, which: int, offset: timedelta) -> None:
        """Somebody whose clock reads otherwise looks and saves nothing."""
        self._count()
        boundaries = self.model.boundaries(self.now)
        self._compare(boundaries[which % len(boundaries)] + offset)

    @invariant()
    def they_agree(self) -> None:
        self._compare(self.now)

    @invariant()
    def the_record_is_bounded(self) -> None:
        assert len(self.stored.failures) <= 2 * self.limit
        assert len(self.stored.reservations) <= self.limit

    @invariant()
    def it_is_idle_when_it_says_so(self) -> None:
        idle = code.idle_from(self.stored, self.lockout)
        if idle is None:
            # Without a window, what is in flight may yet be spent on a block; nobody needs that foretold.
            assert self.stored.reservations or not self.model.is_like_new(FAR)
            return
        for later in (idle, idle + TICK, idle + self.lockout.lease, idle + DAY, FAR):
            assert self.model.is_like_new(later)
            view = code.current(self.stored, self.lockout, later)
            assert ((), (), None) == (view.failures, view.reservations, view.blocked_until)
            assert isinstance(code.admit(self.stored, self.lockout, "probe", later), Admitted)

    def teardown(self) -> None:
        if hasattr(self, "model"):
            self._is_within_its_limit()

    def _charge(self) -> str | None:
        new_id = f"r{len(self.ids)}"
        charged = [charge.at for charge in self.model.history if isinstance(charge, lockout_model.Charge)]
        expected = self.model.charge(new_id, self.now)
        actual = code.admit(self.stored, self.lockout, new_id, self.now)
        assert expected == _answer(actual)
        self._save(actual)
        if not isinstance(actual, Admitted):
            return None
        assert (new_id, self.now) == (actual.reservation.id, actual.reservation.clock)
        assert all(earlier < actual.reservation.at for earlier in charged)
        self.ids.append(new_id)
        self._is_within_its_limit()
        return new_id

    def _settle(self, charge_id: str, how: str) -> None:
        expected = self.model.settle(charge_id, how, self.now)
        actual = code.settle(self.stored, self.lockout, charge_id, SETTLEMENTS[how], self.now)
        assert (Settled if expected else Lapsed) is type(actual)
        self._save(actual)

    def _save(self, changed: Any) -> None:
        """Store what a host would store; a refusal only where it noticed that a block started or ended."""
        counter = changed if isinstance(changed, AttemptCounter) else changed.counter
        is_refusal = isinstance(changed, Blocked | Full | Lapsed)
        if not is_refusal or code.block_change(self.stored, counter, self.lockout):
            assert self.stored.saved_at < counter.saved_at
            self.stored = counter
        assert self.model.last_save == self.stored.saved_at
        if self.stored.blocked_until is not None:
            self.promised = max(self.stored.blocked_until, self.promised or EARLIEST)

    def _compare(self, now: datetime) -> None:
        seen, view = self.model.read(now), code.current(self.stored, self.lockout, now)
        assert [(charge.id, charge.at, charge.clock) for charge in seen.in_flight] == [
            (reservation.id, reservation.at, reservation.clock) for reservation in view.reservations
        ]
        kept = [(failure.id, failure.at) for failure in view.failures]
        assert sorted(kept, key=lambda failure: failure[1]) == kept
        assert {(failure.id, failure.at) for failure in seen.unspent} >= set(kept)
        counted = [(failure.id, failure.at) for failure in self.model.counted(now)]
        assert counted == kept[len(kept) - len(counted) :]
        block = code.block_of(view, self.lockout, now)
        assert self.model.block_at(now) == (None if block is None else _answer(block))
        answer = code.admit(self.stored, self.lockout, "probe", now)
        assert self.model.ask(now) == _answer(answer)
        if self.promised is not None and max(now, self.stored.saved_at) < self.promised:
            assert isinstance(answer, Blocked)
            assert answer.until is not None
            assert answer.until >= self.promised

    def _is_within_its_limit(self) -> None:
        assert self.model.answers_in_one_window(self.now) <= self.limit

    def _count(self) -> None:
        global executed  # noqa: PLW0603  # the machine is built anew for every example
        executed += 1


def _answer(decision: Admitted | Blocked | Full) -> lockout_model.Answer:
    match decision:
        case Admitted():
            return lockout_model.Admitted(decision.reservation.at)
        case Blocked():
            return lockout_model.Blocked(decision.until, decision.rule)
        case Full():
            return lockout_model.Full()


def _run(examples: int, steps: int) -> int:
    """Run the machine; return how many steps it took."""
    before = executed
    run_state_machine_as_test(
        AttemptsOnOneKey,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return executed - before


def test_the_counter_agrees_with_the_rules_over_twenty_thousand_steps() -> None:
    assert _run(examples=300, steps=100) >= 20_000


@pytest.mark.long
def test_the_counter_agrees_with_the_rules_over_a_hundred_thousand_steps(pytestconfig: pytest.Config) -> None:
    if "long" not in pytestconfig.getoption("markexpr"):
        pytest.skip("a long run, for `-m long`")
    assert _run(examples=600, steps=200) >= 100_000
