"""What holds for the search of users who were not seen for long: nobody is lost between two pages, nobody is too early."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from attrs import evolve

from mydso_access.model.structure import Structure
from mydso_access.model.user import Disabled, DisabledBecause, Enabled, Invited, User, seen_at
from mydso_access.policy.fixed import EARLIEST, LATEST, TICK
from mydso_access.repositories import Repositories, UserRepository
from mydso_access.testing.clock import A_MONDAY
from mydso_access.testing.conformance.comparing import same
from mydso_access.testing.conformance.contract import answered
from mydso_access.testing.conformance.paging import all_pages, all_pages_of
from mydso_access.testing.conformance.people import ALL, PeopleContract
from mydso_access.testing.conformance.records import ENTITY, PLATFORM, event
from mydso_access.testing.conformance.user_records import contact, every_user, multi_entity, user

A_DAY = timedelta(days=1)
NOW = A_MONDAY + 100 * A_DAY
TURNS = 8


class UnseenContract(PeopleContract):
    """What a user repository promises of `unseen_since`."""

    def test_nobody_is_unseen_in_an_empty_store(self, repositories: Repositories) -> None:
        """The first page is the last."""
        same([], self.unseen(repositories, NOW))

    def test_only_enabled_users_are_unseen(self, repositories: Repositories) -> None:
        """Nobody else could have been seen."""
        old = A_MONDAY - A_DAY
        self.kept(repositories, contact("contact", last_access_at=old))
        self.kept(repositories, user("invited", login=Invited(old)))
        for reason in DisabledBecause:
            self.kept(repositories, user(reason.value, login=Disabled(reason, old), last_access_at=old))
        enabled = self.kept(repositories, user("user", login=Enabled(old)))
        same([enabled], self.unseen(repositories, NOW))

    def test_only_a_structures_own_users_are_unseen_in_it(self, repositories: Repositories) -> None:
        """Whoever is only authorised in an entity belongs to the platform, whose months count for them (S25)."""
        other, alike = Structure.entity("entity-2"), Structure.platform("entity-1")
        own = self.kept(repositories, user("own"))
        elsewhere = self.kept(repositories, user("elsewhere", structure=other))
        multi = self.kept(repositories, multi_entity("multi", "entity-1", "entity-2"))
        for structure, expected in ((ENTITY, [own]), (other, [elsewhere]), (PLATFORM, [multi]), (alike, [])):
            same(expected, self.unseen(repositories, NOW, structure))

    def test_a_user_was_last_seen_at_the_latest_access_or_the_enabling_after_it(
        self, repositories: Repositories
    ) -> None:
        """A user who never came counts from the enabling; one who was enabled again, from then."""
        never = self.kept(repositories, user("never", login=Enabled(A_MONDAY)))
        came = user("came", login=Enabled(A_MONDAY - 9 * A_DAY), last_access_at=A_MONDAY + A_DAY)
        again = user("again", login=Enabled(A_MONDAY + 2 * A_DAY), last_access_at=A_MONDAY - 9 * A_DAY)
        in_order = [never, self.kept(repositories, came), self.kept(repositories, again)]
        for count in range(4):
            same(in_order[:count], self.unseen(repositories, A_MONDAY + count * A_DAY))

    def test_the_cut_off_is_exclusive_to_the_microsecond(self, repositories: Repositories) -> None:
        """Whoever was seen at that very instant was seen since."""
        seen = self.kept(repositories, user("user", last_access_at=A_MONDAY + TICK))
        same([], self.unseen(repositories, A_MONDAY))
        same([], self.unseen(repositories, A_MONDAY + TICK))
        same([seen], self.unseen(repositories, A_MONDAY + 2 * TICK))

    def test_the_longest_unseen_come_first(self, repositories: Repositories) -> None:
        """From 1970 to the year 9000, in whatever order they were saved."""
        instants = [A_MONDAY + TICK, EARLIEST, LATEST - 2 * TICK, A_MONDAY, LATEST - 3 * TICK, EARLIEST + TICK]
        kept = [self.kept(repositories, user(f"user-{n}", login=Enabled(at))) for n, at in enumerate(instants)]
        same(sorted(kept, key=_seen), self.unseen(repositories, LATEST - TICK))

    def test_pages_of_any_size_hold_everybody_exactly_once(self, repositories: Repositories) -> None:
        """Also where many were last seen at the same instant; the order is always the same."""
        ids = ["b", "A", "user-10", "user-9", "Zoë", "a", "B", "\u4e2d", "\U0001f600", "z"]
        for number, user_id in enumerate(ids):
            at = A_MONDAY + TICK * (number // 4)
            self.kept(repositories, user(user_id, login=Enabled(at)))
        everybody = self.unseen(repositories, NOW)
        same(sorted(ids), sorted(each.id for each in everybody))
        since = repositories.users.unseen_since
        for limit in (1, 2, 3, 5, len(ids), len(ids) + 1):
            same(everybody, all_pages(lambda a, n: self.ask(since, ENTITY, NOW, after=a, limit=n), limit))

    def test_a_page_is_as_long_as_its_limit_unless_it_is_the_last(self, repositories: Repositories) -> None:
        """Fewer mean that it was the last, even where others than enabled users stand in between."""
        for number in range(4):
            self.kept(repositories, user(f"user-{number}", login=Enabled(A_MONDAY + number * TICK)))
            disabled = Disabled(DisabledBecause.DORMANT, A_MONDAY + number * TICK)
            self.kept(repositories, user(f"disabled-{number}", login=disabled))
        unseen_since, everybody = repositories.users.unseen_since, self.unseen(repositories, NOW)
        for after, expected in ((None, everybody[:3]), (everybody[2], everybody[3:]), (everybody[3], [])):
            same(expected, list(self.ask(unseen_since, ENTITY, NOW, after=after, limit=3)))

    def test_a_user_who_was_seen_is_unseen_no_more(self, repositories: Repositories) -> None:
        """By the latest save: seen again, disabled, enabled again."""
        anna = self.kept(repositories, user("anna"))
        bert = self.kept(repositories, user("bert", login=Enabled(A_MONDAY + TICK)))
        same([anna, bert], self.unseen(repositories, NOW))
        anna = self.changed(repositories, evolve(anna, last_access_at=A_MONDAY + A_DAY), "seen")
        same([bert, anna], self.unseen(repositories, NOW))
        same([bert], self.unseen(repositories, A_MONDAY + A_DAY))
        bert = self.changed(repositories, evolve(bert, login=Disabled(DisabledBecause.DORMANT, NOW)), "disabled")
        same([anna], self.unseen(repositories, NOW))
        bert = self.changed(repositories, evolve(bert, login=Enabled(A_MONDAY + 2 * A_DAY)), "enabled")
        same([anna, bert], self.unseen(repositories, NOW))

    def test_nobody_is_lost_when_the_last_of_a_page_has_changed_since(self, repositories: Repositories) -> None:
        """The next page begins after that user as the page before had it, whatever was saved meanwhile."""
        kept = [self.kept(repositories, user(f"user-{n}", login=Enabled(A_MONDAY))) for n in range(3)]
        kept += [self.kept(repositories, user(f"user-{n}", login=Enabled(A_MONDAY + TICK))) for n in range(3, 6)]
        everybody = self.unseen(repositories, NOW)
        same(sorted(each.id for each in kept), sorted(each.id for each in everybody))
        for count in range(1, 6):
            last = everybody[count - 1]
            disabled, seen = (
                evolve(last, login=Disabled(DisabledBecause.DORMANT, NOW)),
                evolve(last, last_access_at=NOW),
            )
            self.changed(repositories, disabled if count % 2 else seen, f"changed-{count}")
            following = self.ask(repositories.users.unseen_since, ENTITY, NOW, after=last, limit=ALL)
            same(everybody[count:], list(following))

    def test_users_who_were_added_are_unseen_too(self, repositories: Repositories) -> None:
        """As those who were saved one by one."""
        added = [each for each in every_user().values() if each.structure == ENTITY and _seen(each) < NOW]
        self.ask(repositories.users.add_all, list(every_user().values()), event("added"))
        same(sorted(each.id for each in added), sorted(each.id for each in self.unseen(repositories, NOW)))

    def test_a_user_is_unseen_or_not_as_soon_as_it_is_saved(self, repositories: Repositories) -> None:
        """An index that lags would disable a user who has just signed in."""
        record = self.kept(repositories, user("user-1"))
        for number in range(10):
            same([record], self.unseen(repositories, NOW))
            record = self.changed(repositories, evolve(record, last_access_at=NOW), f"seen-{number}")
            same([], self.unseen(repositories, NOW))
            record = self.changed(repositories, evolve(record, last_access_at=None), f"unseen-{number}")

    def test_nobody_is_lost_or_found_twice_while_others_are_saved(self, repositories: Repositories) -> None:
        """Whoever does not change is in exactly one page, whatever is saved between two pages."""
        still = [self.kept(repositories, user(f"still-{number}")) for number in range(10)]
        before, users = A_MONDAY - A_DAY, repositories.users
        moving = [self.kept(repositories, user(f"moving-{number}", login=Enabled(before))) for number in range(10)]
        _, readers = self.watched([partial(_move, users, moving)], partial(_paged, users, 2))
        for found in (each for seen in readers for each in seen):
            ids = [each.id for each in found if each.id.startswith("still")]
            same(sorted(each.id for each in still), sorted(ids))

    def unseen(self, repositories: Repositories, instant: datetime, structure: Structure = ENTITY) -> list[User]:
        """Return everybody of a structure who was not seen since, in one page."""
        return list(self.ask(repositories.users.unseen_since, structure, instant, after=None, limit=ALL))


def _seen(each: User) -> datetime:
    return seen_at(each) or LATEST


async def _paged(users: UserRepository, limit: int) -> list[User]:
    async def page(after: User | None) -> Sequence[User]:
        return await answered(users.unseen_since, ENTITY, NOW, after=after, limit=limit)

    return await all_pages_of(page, limit)


async def _move(users: UserRepository, moving: Sequence[User]) -> None:
    """Move users from before all others to behind them and back, one after the other."""
    present = list(moving)
    for turn in range(TURNS):
        for number, each in enumerate(present):
            moved = evolve(each, last_access_at=None if turn % 2 else A_MONDAY + A_DAY)
            version = await answered(users.save, moved, event(f"moved-{turn}-{number}"))
            present[number] = evolve(moved, version=version)
