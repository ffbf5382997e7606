"""What holds for users who are forgotten: compared like a save, told of in one event, gone from every search."""

from functools import partial

from attrs import evolve

from mydso_access.errors import Stale
from mydso_access.model.event import Event, EventKind
from mydso_access.model.user import Enabled, Invited, SsoIdentity, User
from mydso_access.policy.fixed import TICK
from mydso_access.repositories import Repositories, UserRepository
from mydso_access.testing.clock import A_MONDAY
from mydso_access.testing.conformance.comparing import same
from mydso_access.testing.conformance.contract import answered
from mydso_access.testing.conformance.people import ALL, PeopleContract
from mydso_access.testing.conformance.records import ENTITY, PLATFORM, event
from mydso_access.testing.conformance.user_records import contact, multi_entity, told, user

LATER = A_MONDAY + TICK
LIVES, TURNS, RIVALS = 10, 6, 4


class RemovingContract(PeopleContract):
    """What a user repository promises of `remove` and `count`."""

    def test_a_removed_user_is_found_no_more(self, repositories: Repositories) -> None:
        """Under no id, name or identity, in no list and no search; nobody else is gone."""
        users, sso = repositories.users, SsoIdentity("issuer", "subject")
        kept = [self.kept(repositories, user("b")), self.kept(repositories, multi_entity("c", "entity-1"))]
        gone = [
            self.kept(repositories, user("a", name="anna", sso=sso)),
            self.kept(repositories, multi_entity("d", "entity-1")),
            self.kept(repositories, user("e", login=Invited(A_MONDAY))),
        ]
        for each in gone:
            same(None, self.ask(users.remove, each, forgotten(each)))
        same([None] * 3, [self.ask(users.get, each.id) for each in gone])
        same([None, None], [self.ask(users.named, "anna"), self.ask(users.known_as, sso)])
        same(kept, list(self.ask(users.of, ENTITY, after=None, limit=ALL)))
        same(kept[1:], list(self.ask(users.of, PLATFORM, after=None, limit=ALL)))
        same(kept[:1], list(self.ask(users.unseen_since, ENTITY, LATER, after=None, limit=ALL)))
        same([], list(self.ask(users.invited_before, LATER, after=None, limit=ALL)))
        same(kept, [self.ask(users.get, each.id) for each in kept])

    def test_a_removal_is_told_of_exactly_once(self, repositories: Repositories) -> None:
        """Together with what was told before, in every field."""
        anna = self.kept(repositories, user("anna"))
        self.ask(repositories.users.remove, anna, forgotten(anna))
        expected = sorted([told(user("anna")), forgotten(anna)], key=lambda each: each.id)
        same(expected, sorted(self.trail(repositories), key=lambda each: each.id))

    def test_a_removal_from_another_version_is_stale_and_changes_nothing(self, repositories: Repositories) -> None:
        """Whoever was saved since is not forgotten, and no event tells of what did not happen."""
        first = self.kept(repositories, multi_entity("anna", "entity-1"))
        stored = self.changed(repositories, evolve(first, login=Enabled(LATER)), "saved")
        for version in (0, first.version, stored.version - 1, stored.version + 1, 1, -1):
            wrong = evolve(stored, version=version)
            self.refuses(Stale, repositories.users.remove, wrong, forgotten(stored))
            same(stored, self.ask(repositories.users.get, "anna"))
        same([stored], list(self.ask(repositories.users.of, ENTITY, after=None, limit=ALL)))
        same(["event of anna", "saved"], self.event_ids(repositories))

    def test_a_removal_of_who_is_not_there_is_stale(self, repositories: Repositories) -> None:
        """Never was, or was removed already: the answer was lost, and it is asked again."""
        for version in (0, 1):
            nobody = user("nobody", version=version)
            self.refuses(Stale, repositories.users.remove, nobody, forgotten(nobody))
        anna = self.kept(repositories, user("anna"))
        self.ask(repositories.users.remove, anna, forgotten(anna))
        self.refuses(Stale, repositories.users.remove, anna, event("again"))
        same(["event of anna", "removal of anna"], self.event_ids(repositories))

    def test_name_and_identity_of_a_removed_user_are_free(self, repositories: Repositories) -> None:
        """The next may have them."""
        users, sso = repositories.users, SsoIdentity("issuer", "subject")
        anna = self.kept(repositories, user("user-1", name="anna", sso=sso))
        self.ask(users.remove, anna, forgotten(anna))
        other = self.kept(repositories, user("user-2", name="anna", sso=sso))
        same([other, other], [self.ask(users.named, "anna"), self.ask(users.known_as, sso)])

    def test_a_save_from_before_a_removal_is_stale_even_if_the_user_came_back(self, repositories: Repositories) -> None:
        """It finds the user gone, or another one in that place; no version is used twice."""
        users, versions = repositories.users, []
        for life in range(LIVES):
            anna = user("anna", written_by=f"life-{life}")
            before = self.kept(repositories, anna)
            after = self.changed(repositories, before, f"saved-{life}")
            self.ask(users.remove, after, event(f"removed-{life}"))
            for old in (before, after):
                self.refuses(Stale, users.save, old, event("refused"))
                self.refuses(Stale, users.remove, old, event("refused"))
            same(None, self.ask(users.get, "anna"))
            versions += [before.version, after.version]
        same(sorted(set(versions)), sorted(versions))

    def test_memberships_do_not_come_back_with_a_removed_user(self, repositories: Repositories) -> None:
        """Whoever comes back under the same id is authorised where they are now, and nowhere else."""
        anna = self.kept(repositories, multi_entity("anna", "entity-1", "entity-2"))
        self.ask(repositories.users.remove, anna, forgotten(anna))
        back = evolve(multi_entity("anna", "entity-3"), written_by="back")
        self.kept(repositories, back)
        same([], list(self.ask(repositories.users.of, ENTITY, after=None, limit=ALL)))

    def test_of_saves_and_a_removal_at_once_one_happens(self, repositories: Repositories) -> None:
        """The others are stale: nobody saves a user back who was forgotten, and no change is forgotten unseen."""
        users = repositories.users
        for turn in range(TURNS):
            anna = self.kept(repositories, user(f"anna-{turn}"))
            saves = [partial(_saved, users, anna, f"saved-{turn}-{number}") for number in range(RIVALS)]
            won = self.at_once([*saves, partial(_removed, users, anna, f"removed-{turn}")])
            same(1, won.count(True))
            same(won[-1], self.ask(users.get, anna.id) is None)
            told_of = f"removed-{turn}" if won[-1] else f"saved-{turn}-{won.index(True)}"
            ids = [each for each in self.event_ids(repositories) if each.endswith(f"d-{turn}") or f"d-{turn}-" in each]
            same([told_of], ids)

    def test_users_are_counted(self, repositories: Repositories) -> None:
        """Everybody who is stored, contacts and the disabled included, by whatever way they came."""
        users, counts = repositories.users, [self.ask(repositories.users.count)]
        anna = self.kept(repositories, user("anna"))
        counts.append(self.ask(users.count))
        self.ask(users.add_all, [contact("bert"), multi_entity("carl", "entity-1", "entity-2")], event("added"))
        counts.append(self.ask(users.count))
        anna = self.changed(repositories, evolve(anna, full_name="Anna"), "saved")
        counts.append(self.ask(users.count))
        self.ask(users.remove, anna, forgotten(anna))
        counts.append(self.ask(users.count))
        same([0, 1, 3, 3, 2], counts)


def forgotten(removed: User) -> Event:
    """Return the event that a user is removed with."""
    return event(f"removal of {removed.id}", kind=EventKind.USER_FORGOTTEN, subject=removed.id)


async def _saved(users: UserRepository, before: User, event_id: str) -> bool:
    try:
        await answered(users.save, evolve(before, full_name=event_id), event(event_id))
    except Stale:
        return False
    return True


async def _removed(users: UserRepository, before: User, event_id: str) -> bool:
    try:
        await answered(users.remove, before, event(event_id))
    except Stale:
        return False
    return True
