"""What holds for the search of invitations that were sent long ago: nobody is lost between two pages, nobody is too early."""

from datetime import datetime, timedelta

from attrs import evolve

from mydso_access.model.structure import Structure
from mydso_access.model.user import Disabled, DisabledBecause, Enabled, Invited, User
from mydso_access.policy.fixed import EARLIEST, LATEST, TICK
from mydso_access.repositories import Repositories
from mydso_access.testing.clock import A_MONDAY
from mydso_access.testing.conformance.comparing import same
from mydso_access.testing.conformance.paging import all_pages
from mydso_access.testing.conformance.people import ALL, PeopleContract
from mydso_access.testing.conformance.records import event
from mydso_access.testing.conformance.user_records import contact, every_user, multi_entity, user

A_DAY = timedelta(days=1)
NOW = A_MONDAY + 100 * A_DAY


class InvitedContract(PeopleContract):
    """What a user repository promises of `invited_before`."""

    def test_nobody_is_invited_in_an_empty_store(self, repositories: Repositories) -> None:
        """The first page is the last."""
        same([], self.invited(repositories, NOW))

    def test_only_the_invited_are_found_in_every_structure(self, repositories: Repositories) -> None:
        """Neither who accepted nor who never was invited; with or without a token on its way."""
        self.kept(repositories, contact("contact"))
        self.kept(repositories, user("enabled"))
        for reason in DisabledBecause:
            self.kept(repositories, user(reason.value, login=Disabled(reason, A_MONDAY)))
        new = [
            user("user", login=Invited(A_MONDAY)),
            user("elsewhere", login=Invited(A_MONDAY + TICK), structure=Structure.entity("entity-2")),
            multi_entity("multi", login=Invited(A_MONDAY + 2 * TICK)),
        ]
        kept = [self.kept(repositories, each) for each in new]
        same(kept, self.invited(repositories, NOW))

    def test_an_invitation_at_the_cut_off_is_not_before_it(self, repositories: Repositories) -> None:
        """To the microsecond."""
        kept = self.kept(repositories, user("user", login=Invited(A_MONDAY + TICK)))
        same([], self.invited(repositories, A_MONDAY))
        same([], self.invited(repositories, A_MONDAY + TICK))
        same([kept], self.invited(repositories, A_MONDAY + 2 * TICK))

    def test_the_longest_invited_come_first(self, repositories: Repositories) -> None:
        """From 1970 to the year 9000, in whatever order they were saved."""
        instants = [A_MONDAY + TICK, EARLIEST, LATEST - 2 * TICK, A_MONDAY, LATEST - 3 * TICK, EARLIEST + TICK]
        kept = [self.kept(repositories, user(f"user-{n}", login=Invited(at))) for n, at in enumerate(instants)]
        same(sorted(kept, key=_since), self.invited(repositories, LATEST - TICK))

    def test_pages_of_any_size_hold_all_invited_exactly_once(self, repositories: Repositories) -> None:
        """Also where many were invited at the same instant, by a list; the order is always the same."""
        for number in range(10):
            self.kept(repositories, user(f"user-{number}", login=Invited(A_MONDAY + TICK * (number // 4))))
            self.kept(repositories, user(f"enabled-{number}"))
        everybody = self.invited(repositories, NOW)
        same(10, len({each.id for each in everybody}))
        since = repositories.users.invited_before
        for limit in (1, 2, 3, 5, 10, 11):
            same(everybody, all_pages(lambda a, n: self.ask(since, NOW, after=a, limit=n), limit))

    def test_a_page_of_the_invited_is_as_long_as_its_limit_unless_it_is_the_last(
        self, repositories: Repositories
    ) -> None:
        """Fewer mean that it was the last, even where others stand in between."""
        for number in range(4):
            self.kept(repositories, user(f"user-{number}", login=Invited(A_MONDAY + number * TICK)))
            self.kept(repositories, user(f"enabled-{number}", login=Enabled(A_MONDAY + number * TICK)))
        invited_before, everybody = repositories.users.invited_before, self.invited(repositories, NOW)
        for after, expected in ((None, everybody[:3]), (everybody[2], everybody[3:]), (everybody[3], [])):
            same(expected, list(self.ask(invited_before, NOW, after=after, limit=3)))

    def test_an_invitation_counts_by_the_latest_save(self, repositories: Repositories) -> None:
        """Renewed, accepted, lapsed: at once, or a sweep would end what has just been renewed."""
        anna = self.kept(repositories, user("anna", login=Invited(A_MONDAY)))
        bert = self.kept(repositories, user("bert", login=Invited(A_MONDAY + TICK)))
        same([anna, bert], self.invited(repositories, NOW))
        anna = self.changed(repositories, evolve(anna, login=Invited(A_MONDAY + A_DAY)), "renewed")
        same([bert, anna], self.invited(repositories, NOW))
        same([bert], self.invited(repositories, A_MONDAY + A_DAY))
        self.changed(repositories, evolve(bert, login=Enabled(A_MONDAY)), "accepted")
        same([anna], self.invited(repositories, NOW))
        self.changed(repositories, evolve(anna, login=Disabled(DisabledBecause.LAPSED, A_MONDAY)), "lapsed")
        same([], self.invited(repositories, NOW))

    def test_users_who_were_added_are_invited_too(self, repositories: Repositories) -> None:
        """As those who were saved one by one."""
        everybody = list(every_user().values())
        self.ask(repositories.users.add_all, everybody, event("added"))
        expected = sorted(each.id for each in everybody if isinstance(each.login, Invited))
        same(expected, sorted(each.id for each in self.invited(repositories, NOW)))

    def test_nobody_invited_is_lost_when_the_last_of_a_page_has_changed_since(self, repositories: Repositories) -> None:
        """The next page begins after that user as the page before had it: a sweep changes everybody it finds."""
        for number in range(6):
            self.kept(repositories, user(f"user-{number}", login=Invited(A_MONDAY + TICK * (number // 3))))
        everybody = self.invited(repositories, NOW)
        for count in range(1, 6):
            last, lapsed = everybody[count - 1], Disabled(DisabledBecause.LAPSED, NOW)
            self.changed(repositories, evolve(last, login=lapsed if count % 2 else Invited(NOW)), f"changed-{count}")
            following = self.ask(repositories.users.invited_before, NOW, after=last, limit=ALL)
            same(everybody[count:], list(following))

    def invited(self, repositories: Repositories, instant: datetime) -> list[User]:
        """Return everybody who was invited before an instant, in one page."""
        return list(self.ask(repositories.users.invited_before, instant, after=None, limit=ALL))


def _since(each: User) -> datetime:
    return each.login.since if isinstance(each.login, Invited) else LATEST
