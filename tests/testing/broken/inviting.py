"""Stores that search wrongly for invitations that were sent long ago."""

from datetime import datetime
from typing import Any

from mydso_access.adapters.memory import MemoryUsers
from mydso_access.model import Category, Event, Invited, User
from mydso_access.testing.conformance import UserContract
from tests.testing.broken.under_test import under_test, users


class Invitations(MemoryUsers):
    """Sound, and easy to break."""

    def invited_before(self, instant: datetime, /, after: User | None, limit: int) -> tuple[User, ...]:
        found = [each for each in list(self._by_id.values()) if self.is_invited(each, instant)]
        if after is not None:
            found = [each for each in found if self.is_after(each, after)]
        return tuple(sorted(found, key=self.place)[:limit])

    def since(self, user: User) -> Any:
        return user.login.since if isinstance(user.login, Invited) else None

    def is_invited(self, user: User, instant: datetime) -> bool:
        since = self.since(user)
        return since is not None and since < instant

    def place(self, user: User) -> Any:
        return self.since(user), user.id

    def is_after(self, user: User, after: User) -> bool:
        return bool(self.place(user) > self.place(after))


under_test("SoundInvitations", UserContract, users=Invitations)


@users("test_nobody_is_invited_in_an_empty_store")
class InvitationsOfNone(Invitations):
    def invited_before(self, instant: datetime, /, after: User | None, limit: int) -> Any:
        return super().invited_before(instant, after, limit) or None


@users("test_only_the_invited_are_found_in_every_structure", "test_an_invitation_counts_by_the_latest_save")
class InvitationsOfAnyLogin(Invitations):
    def since(self, user: User) -> Any:
        return getattr(user.login, "since", None)


@users("test_only_the_invited_are_found_in_every_structure")
class InvitationsOfOneEntity(Invitations):
    def is_invited(self, user: User, instant: datetime) -> bool:
        return user.category is not Category.MULTI_ENTITY and super().is_invited(user, instant)


@users("test_users_who_were_added_are_invited_too")
class InvitationsWithATokenOnly(Invitations):
    def is_invited(self, user: User, instant: datetime) -> bool:
        return getattr(user.login, "token", None) is not None and super().is_invited(user, instant)


@users("test_an_invitation_at_the_cut_off_is_not_before_it")
class InvitationsAtTheCutOff(Invitations):
    def is_invited(self, user: User, instant: datetime) -> bool:
        since = self.since(user)
        return since is not None and since <= instant


@users("test_the_longest_invited_come_first")
class InvitationsInAnyOrder(Invitations):
    def place(self, user: User) -> Any:
        return user.id


@users("test_pages_of_any_size_hold_all_invited_exactly_once")
class InvitationsSkipEquals(Invitations):
    def is_after(self, user: User, after: User) -> bool:
        return bool(self.since(user) > self.since(after))


@users("test_a_page_of_the_invited_is_as_long_as_its_limit_unless_it_is_the_last")
class InvitationsLimitFirst(Invitations):
    """Takes a page of all users, and then those of it who are invited."""

    def invited_before(self, instant: datetime, /, after: User | None, limit: int) -> tuple[User, ...]:
        everybody = sorted(self._by_id.values(), key=lambda each: (getattr(each.login, "since", instant), each.id))
        start = [each.id for each in everybody].index(after.id) + 1 if after else 0
        return tuple(each for each in everybody[start : start + limit] if self.is_invited(each, instant))


@users("test_an_invitation_counts_by_the_latest_save")
class InvitationsByTheFirst(Invitations):
    """A renewal changes nothing of when they lapse."""

    def since(self, user: User) -> Any:
        first = self.__dict__.setdefault("first", {})
        return first.setdefault(user.id, user.login.since) if isinstance(user.login, Invited) else None


@users("test_users_who_were_added_are_invited_too")
class InvitationsOfTheSaved(Invitations):
    """An index that only `save` fills."""

    def save(self, user: User, event: Event, /) -> int:
        self.__dict__.setdefault("indexed", set()).add(user.id)
        return super().save(user, event)

    def is_invited(self, user: User, instant: datetime) -> bool:
        return user.id in self.__dict__.get("indexed", ()) and super().is_invited(user, instant)


@users("test_nobody_invited_is_lost_when_the_last_of_a_page_has_changed_since")
class InvitationsAfterWhatIsStored(Invitations):
    def is_after(self, user: User, after: User) -> bool:
        stored = self.get(after.id) or after
        return (self.since(user), user.id) > (self.since(stored) or self.since(after), after.id)
