"""Hashing slots: at most so many hashes at once, first come first served, freed when the work ends."""

import threading
from collections import deque
from concurrent.futures import Future
from typing import Any


class Slots:
    """A fixed number of slots.

    Args:
        count: how many.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._free = count
        self._waiting: deque[Future[None]] = deque()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Take a slot if one is free; nobody waits while one is."""
        with self._lock:
            taken = self._free > 0
            self._free -= taken
        return taken

    def request(self) -> "Future[None]":
        """Return a future that is done once a slot is the caller's; give it to `withdraw` to stop waiting."""
        turn: Future[None] = Future()
        with self._lock:
            if self._free:
                self._free -= 1
                turn.set_running_or_notify_cancel()
                turn.set_result(None)
            else:
                self._waiting.append(turn)
        return turn

    def withdraw(self, turn: "Future[None]") -> None:
        """Stop waiting; a slot that was granted in this very moment goes to the next."""
        if not turn.cancel():
            self.release()

    def release(self) -> None:
        """Give a slot to the longest waiting, or back."""
        with self._lock:
            while self._waiting:
                turn = self._waiting.popleft()
                if turn.set_running_or_notify_cancel():  # False: it has stopped waiting
                    break
            else:
                self._free += 1
                return
        turn.set_result(None)


class Slot:
    """One slot, taken; work still running in it keeps it until it ends."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._work: Future[Any] | None = None
        self._closed = False

    def holds(self, work: "Future[Any]") -> None:
        """Remember what runs in the slot."""
        self._work = work

    def close(self) -> None:
        """Free the slot, now or when the work in it ends: a thread goes on even if its task was cancelled.

        Closing it again does nothing.
        """
        if self._closed:
            return
        self._closed = True
        if self._work is None:
            self._slots.release()
        else:
            self._work.add_done_callback(lambda _: self._slots.release())
