"""Hashing slots: never more than there are, first come first served, none lost, kept as long as the work runs."""

import random
import threading
from concurrent.futures import Future
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydso_access.adapters.synchronous import SynchronousBridge, drive
from mydso_access.slots import Slot, Slots


def granted(turns: list["Future[None]"]) -> list[bool]:
    return [turn.done() and not turn.cancelled() for turn in turns]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_as_many_as_there_are_go_at_once_and_the_rest_wait(count: int) -> None:
    slots = Slots(count)
    turns = [slots.request() for _ in range(count + 3)]
    assert granted(turns) == [True] * count + [False] * 3


def test_the_longest_waiting_goes_next() -> None:
    slots = Slots(1)
    turns = [slots.request() for _ in range(4)]
    for done in range(1, 4):
        slots.release()
        assert granted(turns) == [number <= done for number in range(4)]


def test_a_slot_given_back_while_nobody_waits_is_free_again() -> None:
    slots = Slots(2)
    for _ in range(10):
        turns = [slots.request(), slots.request()]
        assert granted(turns) == [True, True]
        slots.release()
        slots.release()
    assert granted([slots.request() for _ in range(3)]) == [True, True, False]


def test_who_stopped_waiting_is_passed_over() -> None:
    slots = Slots(1)
    first, second, third = (slots.request() for _ in range(3))
    slots.withdraw(second)
    slots.release()
    assert granted([first, second, third]) == [True, False, True]
    assert second.cancelled()


def test_a_slot_granted_to_one_who_stops_waiting_goes_to_the_next() -> None:
    slots = Slots(1)
    first, second = slots.request(), slots.request()
    slots.withdraw(first)
    assert granted([second]) == [True]
    slots.withdraw(second)
    assert granted([slots.request(), slots.request()]) == [True, False]


def test_where_all_have_stopped_waiting_the_slot_is_free() -> None:
    slots = Slots(1)
    slots.request()
    for turn in [slots.request() for _ in range(5)]:
        slots.withdraw(turn)
    slots.release()
    assert granted([slots.request(), slots.request()]) == [True, False]


@given(st.integers(1, 4), st.lists(st.tuples(st.sampled_from(["request", "withdraw", "release"]), st.integers(0, 9))))
def test_whatever_the_order_slots_are_served_like_a_queue(count: int, steps: list[tuple[str, int]]) -> None:
    slots = Slots(count)
    holding: list[Future[None]] = []  # the model: who holds a slot, and who waits, in their order
    waiting: list[Future[None]] = []
    for step, choice in steps:
        everybody = holding + waiting
        if step == "request":
            turn = slots.request()
            (holding if len(holding) < count else waiting).append(turn)
        elif step == "withdraw" and everybody:
            turn = everybody[choice % len(everybody)]
            slots.withdraw(turn)
            (holding if turn in holding else waiting).remove(turn)
        elif step == "release" and holding:
            slots.release()
            holding.pop(choice % len(holding))
        while waiting and len(holding) < count:
            holding.append(waiting.pop(0))
        assert granted(holding) == [True] * len(holding)
        assert granted(waiting) == [False] * len(waiting)


def test_never_more_than_there_are_under_50_threads_with_random_withdrawals() -> None:
    count, threads = 3, 50
    slots, lock = Slots(count), threading.Lock()
    start = threading.Barrier(threads)
    working, most, worked = 0, 0, 0

    def run(seed: int) -> None:
        nonlocal working, most, worked
        chance = random.Random(seed)
        start.wait()
        for _ in range(20):
            turn = slots.request()
            if chance.random() < 0.3:
                slots.withdraw(turn)
                continue
            turn.result(30)
            with lock:
                working += 1
                most = max(most, working)
            with lock:
                working -= 1
                worked += 1
            slots.release()

    running = [threading.Thread(target=run, args=(seed,)) for seed in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(30)
    chances = [random.Random(seed) for seed in range(threads)]
    expected = sum(chance.random() >= 0.3 for chance in chances for _ in range(20))
    assert expected == worked
    assert working == 0
    assert 1 <= most <= count
    assert granted([slots.request() for _ in range(count + 1)]) == [True] * count + [False]  # none lost, none gained


# --- one slot


def test_a_slot_without_work_is_free_as_soon_as_it_is_closed() -> None:
    slots = Slots(1)
    slots.request()
    waiting = slots.request()
    Slot(slots).close()
    assert granted([waiting]) == [True]


def test_work_that_goes_on_keeps_its_slot_until_it_ends() -> None:
    for ending in ("result", "exception", "cancelled"):
        slots, work = Slots(1), Future[Any]()
        slots.request()
        waiting, slot = slots.request(), Slot(slots)
        slot.holds(work)
        slot.close()
        assert granted([waiting]) == [False]
        match ending:
            case "result":
                work.set_result(None)
            case "exception":
                work.set_exception(ValueError())
            case "cancelled":
                work.cancel()
                work.set_running_or_notify_cancel()
        assert granted([waiting]) == [True], ending


def test_work_that_has_ended_keeps_no_slot() -> None:
    slots, work = Slots(1), Future[Any]()
    slots.request()
    waiting, slot = slots.request(), Slot(slots)
    work.set_result(None)
    slot.holds(work)
    slot.close()
    assert granted([waiting]) == [True]


# --- waiting, in a thread


def wait_for(slots: Slots, milliseconds: int) -> Slot | None:
    return drive(SynchronousBridge().slot(slots, timedelta(milliseconds=milliseconds)))


def test_a_free_slot_is_taken_without_waiting() -> None:
    slots = Slots(1)
    slot = wait_for(slots, 1)
    assert slot is not None
    slot.close()
    assert wait_for(slots, 1) is not None


def test_who_has_waited_long_enough_goes_without_and_leaves_no_trace() -> None:
    slots = Slots(1)
    slot = wait_for(slots, 1)
    assert slot is not None
    for _ in range(5):
        assert wait_for(slots, 1) is None
    slot.close()
    assert granted([slots.request(), slots.request()]) == [True, False]


def test_who_waits_is_woken_when_a_slot_comes_free() -> None:
    slots = Slots(1)
    slot = wait_for(slots, 1)
    assert slot is not None
    timer = threading.Timer(0.02, slot.close)
    timer.start()
    assert wait_for(slots, 30_000) is not None
    timer.join()
