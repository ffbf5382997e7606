"""Stores that lose events of users, or give one name to two."""

import time
from collections.abc import Sequence

from attrs import evolve

from mydso_access.adapters.memory import MemoryEvents, MemoryUsers
from mydso_access.errors import Taken
from mydso_access.model import Event, User
from mydso_access.testing.conformance import RaceContract
from tests.testing.broken.under_test import A_MOMENT, under_test, users


@users(
    "test_an_event_is_stored_with_its_record_exactly_once",
    "test_a_save_whose_answer_was_lost_has_one_event_and_says_which",
    "test_every_save_has_exactly_its_event_however_many_save_at_once",
    "test_no_reader_sees_a_record_without_its_event_nor_an_event_without_its_record",
)
class LostEvent(MemoryUsers):
    def __init__(self, _: MemoryEvents) -> None:
        super().__init__(MemoryEvents())


under_test(
    "LostEventRace",
    RaceContract,
    "test_of_people_who_sign_in_at_once_everybody_is_told_of_exactly_once",
    users=LostEvent,
)


@users(
    "test_an_event_is_stored_with_its_record_exactly_once",
    "test_a_save_whose_answer_was_lost_has_one_event_and_says_which",
    "test_every_save_has_exactly_its_event_however_many_save_at_once",
)
class EventTwice(MemoryUsers):
    def save(self, user: User, event: Event, /) -> int:
        version = super().save(user, event)
        if self.get(user.id) is not None:
            self._events.append(evolve(event, id=f"{event.id} again"))
        return version


@users("test_an_event_is_stored_with_its_record_exactly_once")
class EventOfAnother(MemoryUsers):
    def save(self, user: User, event: Event, /) -> int:
        return super().save(user, evolve(event, subject=None))


class EventApart(MemoryUsers):
    """Stores record and event one after the other."""

    def __init__(self, trail: MemoryEvents) -> None:
        super().__init__(MemoryEvents())
        self.trail = trail

    def add_all(self, several: Sequence[User], event: Event, /) -> None:
        super().add_all(several, event)
        self.trail.append(event)


@users(
    "test_a_stale_save_leaves_no_event",
    "test_a_name_that_another_user_has_is_taken_and_nothing_is_stored",
    "test_no_reader_sees_a_record_without_its_event_nor_an_event_without_its_record",
)
class EventFirst(EventApart):
    def save(self, user: User, event: Event, /) -> int:
        self.trail.append(event)
        time.sleep(A_MOMENT)
        return super().save(user, event)


@users("test_no_reader_sees_a_record_without_its_event_nor_an_event_without_its_record")
class EventLater(EventApart):
    def save(self, user: User, event: Event, /) -> int:
        version = super().save(user, event)
        time.sleep(A_MOMENT)
        self.trail.append(event)
        return version


@users("test_a_name_that_another_user_has_is_taken_and_nothing_is_stored")
class EventDespiteTaken(EventApart):
    def save(self, user: User, event: Event, /) -> int:
        try:
            version = super().save(user, event)
        except Taken:
            self.trail.append(event)
            raise
        self.trail.append(event)
        return version


@users("test_a_name_that_another_user_has_is_taken_and_nothing_is_stored", "test_of_many_who_take_one_name_one_gets_it")
class NeverTaken(MemoryUsers):
    def save(self, user: User, event: Event, /) -> int:
        with self._lock:
            if user.name is not None:
                self._id_of.pop(user.name, None)
            before = self._by_id.get(user.id)
            if before is not None and before.name is not None:
                self._id_of[before.name] = user.id
        return super().save(user, event)


@users("test_a_name_that_another_user_has_is_taken_and_nothing_is_stored")
class TakenButStored(MemoryUsers):
    def save(self, user: User, event: Event, /) -> int:
        try:
            return super().save(user, event)
        except Taken:
            self._by_id[user.id] = evolve(user, version=user.version + 1)
            raise


@users("test_a_user_keeps_its_own_name")
class TakenByOneself(MemoryUsers):
    def save(self, user: User, event: Event, /) -> int:
        if user.version and user.name is not None and self.named(user.name) is not None:
            raise Taken("name")
        return super().save(user, event)


@users("test_a_name_that_another_user_has_is_taken_and_nothing_is_stored")
class TakenWithoutField(MemoryUsers):
    def save(self, user: User, event: Event, /) -> int:
        try:
            return super().save(user, event)
        except Taken:
            raise Taken("users_name_key") from None


@users("test_of_many_who_take_one_name_one_gets_it")
class NamesChecked(MemoryUsers):
    """Looks whether a name is free, and takes it a moment later."""

    def save(self, user: User, event: Event, /) -> int:
        if user.name is not None and (self.named(user.name) or user).id != user.id:
            raise Taken("name")
        time.sleep(A_MOMENT)
        with self._lock:
            self._id_of.pop(user.name or "", None)
        return super().save(user, event)


@users("test_a_name_that_was_given_up_is_free")
class NamesNeverFreed(MemoryUsers):
    def __init__(self, trail: MemoryEvents) -> None:
        super().__init__(trail)
        self.ever: dict[str, str] = {}

    def save(self, user: User, event: Event, /) -> int:
        if user.name is not None and self.ever.setdefault(user.name, user.id) != user.id:
            raise Taken("name")
        return super().save(user, event)


@users("test_a_name_that_was_given_up_is_free", "test_a_name_is_seen_at_once")
class OldNamesFind(MemoryUsers):
    def save(self, user: User, event: Event, /) -> int:
        before = self.get(user.id)
        version = super().save(user, event)
        if before is not None and before.name is not None:
            self._id_of.setdefault(before.name, user.id)
        return version


@users("test_a_user_is_found_by_its_name")
class NamesBegin(MemoryUsers):
    """`LIKE 'name%'`."""

    def named(self, name: str, /) -> User | None:
        return next((each for each in list(self._by_id.values()) if (each.name or "").startswith(name)), None)


@users("test_users_without_a_name_share_none")
class OneContactOnly(MemoryUsers):
    def save(self, user: User, event: Event, /) -> int:
        if user.name is None and any(each.name is None and each.id != user.id for each in list(self._by_id.values())):
            raise Taken("name")
        return super().save(user, event)
