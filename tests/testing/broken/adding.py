"""Stores that add only some of many users, or tell of it wrongly."""

import time
from collections.abc import Sequence

from attrs import evolve

from mydso_access.adapters.memory import MemoryEvents, MemoryUsers
from mydso_access.model import Event, User
from tests.testing.broken.under_test import A_MOMENT, users


@users(
    "test_nobody_is_added_if_one_exists",
    "test_nobody_is_added_if_one_was_loaded_before",
    "test_nobody_is_added_if_one_is_given_twice",
    "test_nobody_is_added_if_a_name_is_taken",
    "test_nobody_is_added_if_a_name_is_given_twice",
    "test_of_lists_that_share_a_user_one_is_added",
    "test_no_reader_sees_some_of_those_added",
)
class AddsOneByOne(MemoryUsers):
    def add_all(self, several: Sequence[User], event: Event, /) -> None:
        trail, self._events = self._events, MemoryEvents()
        try:
            for each in several:
                self.save(each, event)
                time.sleep(A_MOMENT / 10)
        finally:
            self._events = trail
        trail.append(event)


@users("test_all_users_are_added_with_one_event")
class AddsWithoutEvent(MemoryUsers):
    def add_all(self, several: Sequence[User], event: Event, /) -> None:
        trail, self._events = self._events, MemoryEvents()
        super().add_all(several, event)
        self._events = trail


@users("test_all_users_are_added_with_one_event")
class AddsWithAnEventEach(MemoryUsers):
    def add_all(self, several: Sequence[User], event: Event, /) -> None:
        super().add_all(several, event)
        for each in several:
            self._events.append(evolve(event, id=f"{event.id} {each.id}"))


@users(
    "test_nobody_is_added_if_one_exists",
    "test_nobody_is_added_if_one_is_given_twice",
    "test_adding_whose_answer_was_lost_is_stale_when_repeated",
)
class AddsOnlyTheNew(MemoryUsers):
    """`ON CONFLICT DO NOTHING`."""

    def add_all(self, several: Sequence[User], event: Event, /) -> None:
        new = {each.id: each for each in several if self.get(each.id) is None}
        super().add_all([evolve(each, version=0) for each in new.values()], event)


@users("test_many_users_are_added_at_once")
class AddsAtMostAHundred(MemoryUsers):
    def add_all(self, several: Sequence[User], event: Event, /) -> None:
        super().add_all(several[:100], event)


@users("test_all_users_are_added_with_one_event", "test_an_added_user_is_saved_like_any_other")
class AddsUnderVersion0(MemoryUsers):
    def add_all(self, several: Sequence[User], event: Event, /) -> None:
        super().add_all(several, event)
        self._by_id.update({each.id: each for each in several})


@users("test_adding_nobody_is_no_error")
class AddsSomebodyOnly(MemoryUsers):
    """`INSERT INTO users VALUES` with nothing behind it."""

    def add_all(self, several: Sequence[User], event: Event, /) -> None:
        if not several:
            raise ValueError("syntax error")
        super().add_all(several, event)
