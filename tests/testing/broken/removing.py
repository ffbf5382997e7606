"""Stores that forget users wrongly, or count them wrongly."""

import time

from attrs import evolve

from mydso_access.adapters.memory import MemoryEvents, MemoryUsers
from mydso_access.errors import Stale
from mydso_access.model import Enabled, Event, Structure, User
from tests.testing.broken.under_test import A_MOMENT, users


@users("test_a_removed_user_is_found_no_more", "test_a_removal_of_who_is_not_there_is_stale")
class RemovesNobody(MemoryUsers):
    def remove(self, user: User, event: Event, /) -> None:
        with self._lock:
            before = self._by_id.get(user.id)
            if before is None or before.version != user.version:
                raise Stale
            self._events.append(event)


@users("test_a_removed_user_is_found_no_more", "test_memberships_do_not_come_back_with_a_removed_user")
class RemovedAreStillListed(MemoryUsers):
    """A list kept apart, which a removal forgets."""

    def remove(self, user: User, event: Event, /) -> None:
        super().remove(user, event)
        self.__dict__.setdefault("ghosts", []).append(user)

    def of(self, structure: Structure, /, after: User | None, limit: int) -> tuple[User, ...]:
        ghosts = [each for each in self.__dict__.get("ghosts", []) if structure.id in each.memberships]
        return (*super().of(structure, after, limit), *ghosts)[:limit]


@users("test_a_removal_is_told_of_exactly_once", "test_a_removal_of_who_is_not_there_is_stale")
class RemovesSilently(MemoryUsers):
    def remove(self, user: User, event: Event, /) -> None:
        trail, self._events = self._events, MemoryEvents()
        try:
            super().remove(user, event)
        finally:
            self._events = trail


@users("test_a_removal_is_told_of_exactly_once")
class RemovesTheTrailToo(MemoryUsers):
    """ON DELETE CASCADE."""

    def remove(self, user: User, event: Event, /) -> None:
        super().remove(user, event)
        self._events._events = [each for each in self._events.all() if each.subject != user.id or each.id == event.id]


@users("test_a_removal_from_another_version_is_stale_and_changes_nothing")
class RemovesAnyVersion(MemoryUsers):
    def remove(self, user: User, event: Event, /) -> None:
        stored = self.get(user.id)
        super().remove(user if stored is None else stored, event)


@users("test_a_removal_from_another_version_is_stale_and_changes_nothing")
class TellsOfRefusedRemovals(MemoryUsers):
    def remove(self, user: User, event: Event, /) -> None:
        try:
            super().remove(user, event)
        except Stale:
            self._events.append(event)
            raise


@users("test_a_removal_of_who_is_not_there_is_stale")
class RemovesWithoutLooking(MemoryUsers):
    """`DELETE` whose row count nobody reads."""

    def remove(self, user: User, event: Event, /) -> None:
        if self.get(user.id) is None:
            self._events.append(event)
            return
        super().remove(user, event)


@users("test_name_and_identity_of_a_removed_user_are_free")
class RemovedKeepTheirNames(MemoryUsers):
    def remove(self, user: User, event: Event, /) -> None:
        super().remove(user, event)
        if user.name is not None:
            self._by_id[f"ghost of {user.id}"] = evolve(user, id=f"ghost of {user.id}")
            self._id_of[user.name] = f"ghost of {user.id}"


@users("test_a_save_from_before_a_removal_is_stale_even_if_the_user_came_back")
class VersionsBeginAgain(MemoryUsers):
    def save(self, user: User, event: Event, /) -> int:
        super().save(user, event)
        self._by_id[user.id] = evolve(self._by_id[user.id], version=user.version + 1)
        return user.version + 1


@users("test_a_save_from_before_a_removal_is_stale_even_if_the_user_came_back")
class SavesTheRemovedBack(MemoryUsers):
    """`INSERT ... ON CONFLICT UPDATE`."""

    def save(self, user: User, event: Event, /) -> int:
        return super().save(evolve(user, version=0) if self.get(user.id) is None else user, event)


@users("test_of_saves_and_a_removal_at_once_one_happens")
class ComparesThenRemoves(MemoryUsers):
    def remove(self, user: User, event: Event, /) -> None:
        stored = self.get(user.id)
        if stored is None or stored.version != user.version:
            raise Stale
        time.sleep(A_MOMENT)
        super().remove(self.get(user.id) or user, event)


@users("test_users_are_counted")
class CountsTheEnabled(MemoryUsers):
    def count(self) -> int:
        return sum(isinstance(each.login, Enabled) for each in list(self._by_id.values()))


@users("test_users_are_counted")
class CountsSaves(MemoryUsers):
    def save(self, user: User, event: Event, /) -> int:
        self.__dict__["saves"] = self.__dict__.get("saves", 0) + 1
        return super().save(user, event)

    def count(self) -> int:
        return int(self.__dict__.get("saves", 0))


@users("test_users_are_counted")
class CountsMemberships(MemoryUsers):
    def count(self) -> int:
        return sum(max(1, len(each.memberships)) for each in list(self._by_id.values()))
