"""Stores that find users by a wrong identity of single sign-on, or give one to two."""

import time
from collections.abc import Sequence

from attrs import evolve

from mydso_access.adapters.memory import MemoryEvents, MemoryUsers
from mydso_access.errors import Taken
from mydso_access.model import Event, SsoIdentity, User
from tests.testing.broken.under_test import A_MOMENT, users


class LooseIdentities(MemoryUsers):
    """Finds users by something less than the whole identity."""

    def fold(self, identity: SsoIdentity) -> object:
        return identity

    def known_as(self, identity: SsoIdentity, /) -> User | None:
        known = [each for each in list(self._by_id.values()) if each.sso is not None]
        return next((each for each in known if each.sso and self.fold(each.sso) == self.fold(identity)), None)


@users("test_a_user_is_found_by_its_identity")
class IdentitiesBySubject(LooseIdentities):
    def fold(self, identity: SsoIdentity) -> object:
        return identity.subject


@users("test_a_user_is_found_by_its_identity")
class IdentitiesTurnedRound(LooseIdentities):
    def fold(self, identity: SsoIdentity) -> object:
        return {identity.issuer, identity.subject}


@users("test_identities_that_a_loose_comparison_merges_are_different_identities")
class IdentitiesRunTogether(LooseIdentities):
    def fold(self, identity: SsoIdentity) -> object:
        return identity.issuer + identity.subject


@users("test_identities_that_a_loose_comparison_merges_are_different_identities")
class IdentitiesWithABlankBetween(LooseIdentities):
    def fold(self, identity: SsoIdentity) -> object:
        return f"{identity.issuer} {identity.subject}"


@users("test_identities_that_a_loose_comparison_merges_are_different_identities")
class IdentitiesInAnyCase(LooseIdentities):
    def fold(self, identity: SsoIdentity) -> object:
        return identity.issuer.casefold(), identity.subject.casefold()


class Linking(MemoryUsers):
    """Takes and gives identities on its own; what is unique may be broken."""

    def taken(self, user: User) -> bool:
        others = [each for each in list(self._by_id.values()) if each.id != user.id]
        return user.sso is not None and user.sso in [each.sso for each in others]

    def save(self, user: User, event: Event, /) -> int:
        if self.taken(user):
            raise Taken("sso")
        return self.linked(user, event)

    def linked(self, user: User, event: Event) -> int:
        with self._lock:
            if user.sso is not None:
                self._id_known_as.pop(user.sso, None)
            before = self._by_id.get(user.id)
            if before is not None and before.sso is not None:
                self._id_known_as[before.sso] = user.id
        return super().save(user, event)


@users(
    "test_an_identity_that_another_user_has_is_taken_and_nothing_is_stored",
    "test_an_identity_that_was_given_up_is_free",
    "test_of_many_who_take_one_identity_one_gets_it",
)
class IdentitiesNeverTaken(Linking):
    def taken(self, user: User) -> bool:
        return False


@users("test_an_identity_that_another_user_has_is_taken_and_nothing_is_stored")
class IdentityTakenAsAName(MemoryUsers):
    def save(self, user: User, event: Event, /) -> int:
        try:
            return super().save(user, event)
        except Taken:
            raise Taken("name") from None


@users("test_an_identity_that_another_user_has_is_taken_and_nothing_is_stored")
class IdentityTakenButTold(MemoryUsers):
    def save(self, user: User, event: Event, /) -> int:
        try:
            return super().save(user, event)
        except Taken:
            self._events.append(event)
            raise


@users("test_a_user_keeps_its_own_identity")
class IdentityTakenByOneself(MemoryUsers):
    def save(self, user: User, event: Event, /) -> int:
        if user.version and user.sso is not None and self.known_as(user.sso) is not None:
            raise Taken("sso")
        return super().save(user, event)


@users("test_an_identity_that_was_given_up_is_free")
class IdentitiesNeverFreed(MemoryUsers):
    def __init__(self, trail: MemoryEvents) -> None:
        super().__init__(trail)
        self.ever: dict[SsoIdentity, str] = {}

    def save(self, user: User, event: Event, /) -> int:
        if user.sso is not None and self.ever.setdefault(user.sso, user.id) != user.id:
            raise Taken("sso")
        return super().save(user, event)


@users("test_an_identity_that_was_given_up_is_free", "test_an_identity_is_seen_at_once")
class OldIdentitiesFind(MemoryUsers):
    def save(self, user: User, event: Event, /) -> int:
        before = self.get(user.id)
        version = super().save(user, event)
        if before is not None and before.sso is not None:
            self._id_known_as.setdefault(before.sso, user.id)
        return version


@users("test_users_without_an_identity_share_none")
class OneWithoutAnIdentityOnly(MemoryUsers):
    def save(self, user: User, event: Event, /) -> int:
        if user.sso is None and any(each.sso is None and each.id != user.id for each in list(self._by_id.values())):
            raise Taken("sso")
        return super().save(user, event)


@users("test_an_identity_is_seen_at_once")
class LaggingIdentities(MemoryUsers):
    """A secondary index that is one save behind."""

    def __init__(self, trail: MemoryEvents) -> None:
        super().__init__(trail)
        self.saved: list[User] = []

    def save(self, user: User, event: Event, /) -> int:
        version = super().save(user, event)
        self.saved.append(user)
        return version

    def known_as(self, identity: SsoIdentity, /) -> User | None:
        index = {user.id: user.sso for user in self.saved[:-1]}
        return next((self.get(user_id) for user_id, known in index.items() if known == identity), None)


@users("test_of_many_who_take_one_identity_one_gets_it")
class IdentitiesChecked(Linking):
    """Looks whether an identity is free, and takes it a moment later."""

    def linked(self, user: User, event: Event) -> int:
        time.sleep(A_MOMENT)
        return super().linked(user, event)


@users("test_nobody_is_added_if_an_identity_is_taken_or_given_twice")
class AddsWhoeverTheyAre(MemoryUsers):
    """Looks at names only."""

    def add_all(self, several: Sequence[User], event: Event, /) -> None:
        super().add_all([evolve(each, sso=None) for each in several], event)
