"""Stores that search wrongly for users who were not seen for long."""

import time
from datetime import datetime
from typing import Any

from mydso_access.adapters.memory import MemoryUsers
from mydso_access.model import Event, Structure, User
from mydso_access.model.user import seen_at
from mydso_access.testing.conformance import UserContract
from tests.testing.broken.under_test import A_MOMENT, under_test, users


class Searches(MemoryUsers):
    """Sound, and easy to break."""

    def unseen_since(
        self, structure: Structure, instant: datetime, /, after: User | None, limit: int
    ) -> tuple[User, ...]:
        found = [each for each in list(self._by_id.values()) if self.is_of(each, structure)]
        found = [each for each in found if self.is_unseen(each, instant)]
        if after is not None:
            found = [each for each in found if self.is_after(each, after)]
        return tuple(sorted(found, key=self.place)[:limit])

    def is_of(self, user: User, structure: Structure) -> bool:
        return user.structure == structure

    def seen(self, user: User) -> datetime | None:
        return seen_at(user)

    def is_unseen(self, user: User, instant: datetime) -> bool:
        seen = self.seen(user)
        return seen is not None and seen < instant

    def place(self, user: User) -> Any:
        return self.seen(user), user.id

    def is_after(self, user: User, after: User) -> bool:
        return self.place(user) > self.place(after)


under_test("SoundSearches", UserContract, users=Searches)


@users("test_only_a_structures_own_users_are_unseen_in_it")
class SearchEverywhere(Searches):
    def is_of(self, user: User, structure: Structure) -> bool:
        return True


@users("test_only_a_structures_own_users_are_unseen_in_it")
class SearchAmongTheAuthorised(Searches):
    def is_of(self, user: User, structure: Structure) -> bool:
        return user.structure == structure or structure.id in user.memberships


@users("test_only_a_structures_own_users_are_unseen_in_it")
class SearchForgetsTheKindOfStructure(Searches):
    def is_of(self, user: User, structure: Structure) -> bool:
        return user.structure.id == structure.id


@users("test_the_cut_off_is_exclusive_to_the_microsecond")
class SearchIncludesTheCutOff(Searches):
    def is_unseen(self, user: User, instant: datetime) -> bool:
        seen = self.seen(user)
        return seen is not None and seen <= instant


@users("test_only_enabled_users_are_unseen")
class SearchFindsTheDisabled(Searches):
    def seen(self, user: User) -> datetime | None:
        return user.last_access_at or getattr(user.login, "since", None)


@users("test_a_user_was_last_seen_at_the_latest_access_or_the_enabling_after_it")
class SearchForgetsTheEnabling(Searches):
    def seen(self, user: User) -> datetime | None:
        return seen_at(user) and (user.last_access_at or seen_at(user))


@users("test_a_user_was_last_seen_at_the_latest_access_or_the_enabling_after_it")
class SearchForgetsWhoNeverCame(Searches):
    def seen(self, user: User) -> datetime | None:
        return user.last_access_at and seen_at(user)


@users("test_a_user_was_last_seen_at_the_latest_access_or_the_enabling_after_it")
class SearchGoesByEnabling(Searches):
    def seen(self, user: User) -> datetime | None:
        return seen_at(user) and user.login.since


@users("test_pages_of_any_size_hold_everybody_exactly_once")
class SearchSkipsEquals(Searches):
    def is_after(self, user: User, after: User) -> bool:
        return self.seen(user) > self.seen(after)


@users("test_pages_of_any_size_hold_everybody_exactly_once")
class SearchRepeatsEquals(Searches):
    def is_after(self, user: User, after: User) -> bool:
        return self.seen(user) >= self.seen(after) and user.id != after.id


@users("test_nobody_is_lost_when_the_last_of_a_page_has_changed_since")
class SearchAfterWhatIsStored(Searches):
    def is_after(self, user: User, after: User) -> bool:
        stored = self.get(after.id)
        return (self.seen(user), user.id) > (self.seen(stored) or self.seen(after), after.id)


@users("test_the_longest_unseen_come_first")
class SearchInAnyOrder(Searches):
    def place(self, user: User) -> Any:
        return user.id


@users("test_the_longest_unseen_come_first")
class SearchLatestFirst(Searches):
    def place(self, user: User) -> Any:
        return -self.seen(user).timestamp(), user.id


@users("test_a_page_is_as_long_as_its_limit_unless_it_is_the_last")
class SearchLimitsFirst(Searches):
    """Takes a page of all users, and then those of it who are unseen."""

    def unseen_since(
        self, structure: Structure, instant: datetime, /, after: User | None, limit: int
    ) -> tuple[User, ...]:
        everybody = sorted(self._by_id.values(), key=lambda each: (getattr(each.login, "since", instant), each.id))
        start = [each.id for each in everybody].index(after.id) + 1 if after else 0
        return tuple(each for each in everybody[start : start + limit] if self.is_unseen(each, instant))


@users("test_the_cut_off_is_exclusive_to_the_microsecond")
class SearchByTheSecond(Searches):
    def seen(self, user: User) -> datetime | None:
        seen = seen_at(user)
        return seen and seen.replace(microsecond=0)


@users("test_users_who_were_added_are_unseen_too")
class SearchOfTheSaved(Searches):
    """An index that only `save` fills."""

    def save(self, user: User, event: Event, /) -> int:
        self.__dict__.setdefault("indexed", set()).add(user.id)
        return super().save(user, event)

    def is_unseen(self, user: User, instant: datetime) -> bool:
        return user.id in self.__dict__.get("indexed", ()) and super().is_unseen(user, instant)


@users("test_nobody_is_unseen_in_an_empty_store")
class SearchOfNone(Searches):
    def unseen_since(self, structure: Structure, instant: datetime, /, after: User | None, limit: int) -> Any:
        return super().unseen_since(structure, instant, after, limit) or None


@users("test_nobody_is_lost_or_found_twice_while_others_are_saved")
class SearchByPlace(Searches):
    """Goes on from where the last user of the page before stands by now."""

    def save(self, user: User, event: Event, /) -> int:
        time.sleep(A_MOMENT / 10)
        return super().save(user, event)

    def unseen_since(
        self, structure: Structure, instant: datetime, /, after: User | None, limit: int
    ) -> tuple[User, ...]:
        found = super().unseen_since(structure, instant, None, 10_000)
        time.sleep(A_MOMENT / 3)
        start = [each.id for each in found].index(after.id) + 1 if after else 0
        return found[start : start + limit]
