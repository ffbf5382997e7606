"""Stores that list a structure's users wrongly."""

import time
from collections.abc import Sequence
from typing import Any

from mydso_access.adapters.memory import MemoryEvents, MemoryUsers
from mydso_access.model import Enabled, Event, Structure, StructureKind, User
from mydso_access.model.user import listed_by
from mydso_access.testing.conformance import UserContract
from tests.testing.broken.under_test import A_MOMENT, under_test, users


class Lists(MemoryUsers):
    """Sound, and easy to break."""

    def of(self, structure: Structure, /, after: User | None, limit: int) -> tuple[User, ...]:
        found = [each for each in list(self._by_id.values()) if self.belongs(each, structure)]
        if after is not None:
            found = [each for each in found if self.is_after(each, after)]
        return tuple(sorted(found, key=self.place)[:limit])

    def belongs(self, user: User, structure: Structure) -> bool:
        return user.structure == structure or self.is_authorised(user, structure)

    def is_authorised(self, user: User, structure: Structure) -> bool:
        return structure.kind is StructureKind.ENTITY and structure.id in user.memberships

    def place(self, user: User) -> Any:
        return listed_by(user), user.id

    def is_after(self, user: User, after: User) -> bool:
        return bool(self.place(user) > self.place(after))


under_test("SoundLists", UserContract, users=Lists)


@users("test_a_structure_lists_its_own_users_and_those_authorised_in_it")
class ListsOwnUsersOnly(Lists):
    def is_authorised(self, user: User, structure: Structure) -> bool:
        return False


@users("test_a_structure_lists_its_own_users_and_those_authorised_in_it")
class ListsForgetTheKindOfStructure(Lists):
    def belongs(self, user: User, structure: Structure) -> bool:
        return structure.id == user.structure.id or structure.id in user.memberships


@users("test_a_structure_lists_its_own_users_and_those_authorised_in_it")
class ListsOncePerMembership(Lists):
    """Joins without looking."""

    def of(self, structure: Structure, /, after: User | None, limit: int) -> tuple[User, ...]:
        found = super().of(structure, after, limit)
        return tuple(each for one in found for each in [one] * max(1, len(one.memberships)))[:limit]


@users("test_everybody_is_listed_whatever_their_login")
class ListsTheEnabled(Lists):
    def belongs(self, user: User, structure: Structure) -> bool:
        return isinstance(user.login, Enabled) and super().belongs(user, structure)


@users("test_a_list_is_in_the_order_of_what_people_call_a_user")
class ListsById(Lists):
    def place(self, user: User) -> Any:
        return user.id


@users("test_a_list_is_in_the_order_of_what_people_call_a_user")
class ListsCapitalsFirst(Lists):
    def place(self, user: User) -> Any:
        return user.full_name or user.name or "", user.id


@users("test_a_list_is_in_the_order_of_what_people_call_a_user")
class ListsTheAuthorisedLast(Lists):
    def place(self, user: User) -> Any:
        return len(user.memberships), listed_by(user), user.id


@users("test_pages_of_any_size_list_everybody_exactly_once")
class ListsSkipEquals(Lists):
    def is_after(self, user: User, after: User) -> bool:
        return listed_by(user) > listed_by(after)


@users("test_pages_of_any_size_list_everybody_exactly_once")
class ListsRepeatEquals(Lists):
    def is_after(self, user: User, after: User) -> bool:
        return listed_by(user) >= listed_by(after) and user.id != after.id


@users("test_a_page_of_a_list_is_as_long_as_its_limit_unless_it_is_the_last")
class ListsLimitFirst(Lists):
    """Takes a page of all users, and then those of the structure."""

    def of(self, structure: Structure, /, after: User | None, limit: int) -> tuple[User, ...]:
        everybody = sorted(self._by_id.values(), key=self.place)
        start = [each.id for each in everybody].index(after.id) + 1 if after else 0
        return tuple(each for each in everybody[start : start + limit] if self.belongs(each, structure))


@users("test_structures_that_a_loose_comparison_merges_have_lists_of_their_own")
class ListsLooseStructures(Lists):
    def belongs(self, user: User, structure: Structure) -> bool:
        return user.structure.id.casefold() == structure.id.casefold() or super().belongs(user, structure)


@users("test_structures_that_a_loose_comparison_merges_have_lists_of_their_own")
class ListsLooseMemberships(Lists):
    def is_authorised(self, user: User, structure: Structure) -> bool:
        return structure.id.strip() in {each.strip() for each in user.memberships}


class IndexedLists(Lists):
    """Keeps who is authorised in an index beside."""

    def __init__(self, trail: MemoryEvents) -> None:
        super().__init__(trail)
        self.index: dict[str, frozenset[str]] = {}

    def is_authorised(self, user: User, structure: Structure) -> bool:
        return structure.kind is StructureKind.ENTITY and structure.id in self.index.get(user.id, frozenset())

    def add_all(self, several: Sequence[User], event: Event, /) -> None:
        super().add_all(several, event)
        self.index.update({each.id: each.memberships for each in several})

    def save(self, user: User, event: Event, /) -> int:
        version = super().save(user, event)
        self.index[user.id] = self.indexed(user)
        return version

    def indexed(self, user: User) -> frozenset[str]:
        return user.memberships


under_test("SoundIndexedLists", UserContract, users=IndexedLists)


@users("test_a_list_goes_by_the_latest_save", "test_a_membership_is_listed_or_not_as_soon_as_it_is_saved")
class ListsNeverWithdrawn(IndexedLists):
    def indexed(self, user: User) -> frozenset[str]:
        return user.memberships | self.index.get(user.id, frozenset())


@users("test_a_list_goes_by_the_latest_save")
class ListsForgetACategoryThatChanged(IndexedLists):
    """Looks after the memberships of multi-entity users only."""

    def indexed(self, user: User) -> frozenset[str]:
        return user.memberships or self.index.get(user.id, frozenset())


@users("test_a_membership_is_listed_or_not_as_soon_as_it_is_saved")
class ListsLag(IndexedLists):
    def indexed(self, user: User) -> frozenset[str]:
        last = self.__dict__.setdefault("last", {})
        before, last[user.id] = last.get(user.id, user.memberships), user.memberships
        return before


@users("test_users_who_were_added_are_listed_too")
class ListsOfTheSaved(IndexedLists):
    """An index that only `save` fills."""

    def add_all(self, several: Sequence[User], event: Event, /) -> None:
        MemoryUsers.add_all(self, several, event)


@users("test_memberships_do_not_come_back_with_a_removed_user")
class ListsRememberTheRemoved(IndexedLists):
    def indexed(self, user: User) -> frozenset[str]:
        return user.memberships | (self.index.get(user.id, frozenset()) if user.version == 0 else frozenset())


@users("test_nobody_is_left_out_when_the_last_of_a_page_has_changed_since")
class ListsAfterWhatIsStored(Lists):
    def is_after(self, user: User, after: User) -> bool:
        return bool(self.place(user) > self.place(self.get(after.id) or after))


@users("test_nobody_is_listed_in_an_empty_store")
class ListsOfNone(Lists):
    def of(self, structure: Structure, /, after: User | None, limit: int) -> Any:
        return super().of(structure, after, limit) or None


@users("test_nobody_is_left_out_or_listed_twice_while_others_are_saved")
class ListsByPlace(Lists):
    """Goes on from where the last user of the page before stands by now."""

    def save(self, user: User, event: Event, /) -> int:
        time.sleep(A_MOMENT / 10)
        return super().save(user, event)

    def of(self, structure: Structure, /, after: User | None, limit: int) -> tuple[User, ...]:
        found = super().of(structure, None, 10_000)
        time.sleep(A_MOMENT / 3)
        start = [each.id for each in found].index(after.id) + 1 if after else 0
        return found[start : start + limit]
