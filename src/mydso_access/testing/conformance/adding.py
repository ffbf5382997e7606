"""What holds for many users added at once: all of them with the one event that tells of them, or nothing."""

from collections.abc import Sequence
from functools import partial

from attrs import evolve

from mydso_access.errors import Stale, Taken
from mydso_access.model.user import SsoIdentity, User
from mydso_access.repositories import Repositories, UserRepository
from mydso_access.testing.conformance.comparing import same
from mydso_access.testing.conformance.contract import answered
from mydso_access.testing.conformance.records import event
from mydso_access.testing.conformance.trails import TrailContract
from mydso_access.testing.conformance.user_records import contact, every_user, told, user

MANY = 500
LISTS, LENGTH = 4, 20


class AddingContract(TrailContract):
    """What a user repository promises of `add_all`."""

    def test_all_users_are_added_with_one_event(self, repositories: Repositories) -> None:
        """Each as it was given, under a version of its own to save it from."""
        users, added = repositories.users, list(every_user().values())
        same(None, self.ask(users.add_all, added, event("added")))
        for each in added:
            found = self.ask(users.get, each.id)
            version = 0 if found is None else found.version
            same((int, True), (type(version), version > 0))
            same(evolve(each, version=version), found)
            if found is not None and found.name is not None:
                same(found, self.ask(users.named, found.name))
        same([event("added")], self.trail(repositories))

    def test_an_added_user_is_saved_like_any_other(self, repositories: Repositories) -> None:
        """By compare-and-set, from the version that it was added under."""
        users = repositories.users
        self.ask(users.add_all, [user("user-1")], event("added"))
        added = self.ask(users.get, "user-1")
        self.refuses(Stale, users.save, user("user-1"), event("refused"))
        version = self.ask(users.save, added or user("user-1"), event("saved"))
        same(evolve(user("user-1"), version=version), self.ask(users.get, "user-1"))
        same(["added", "saved"], self.event_ids(repositories))

    def test_many_users_are_added_at_once(self, repositories: Repositories) -> None:
        """A whole company's list, however many values a statement may have."""
        users = repositories.users
        many = [user(f"user-{number}") for number in range(MANY)]
        self.ask(users.add_all, many, event("added"))
        looked_at = [*many[::50], many[-1]]
        same([], [each.id for each in looked_at if self.ask(users.get, each.id) is None])

    def test_nobody_is_added_if_one_exists(self, repositories: Repositories) -> None:
        """Wherever the one stands in the list; no event tells of what did not happen."""
        self.exists(repositories, user("user-1", name="anna"))
        for place in range(3):
            added = [user("user-2"), user("user-3")]
            added.insert(place, user("user-1", name="another"))
            self.adds_nobody(repositories, added, Stale)

    def test_nobody_is_added_if_one_was_loaded_before(self, repositories: Repositories) -> None:
        """A user with a version is none to be added, whether it exists or not."""
        stored = self.exists(repositories, user("user-1", name="anna"))
        self.adds_nobody(repositories, [user("user-2"), stored], Stale)
        self.adds_nobody(repositories, [user("user-2"), user("user-3", version=1)], Stale)

    def test_nobody_is_added_if_one_is_given_twice(self, repositories: Repositories) -> None:
        """The second of them would no longer be new."""
        self.exists(repositories, user("user-1", name="anna"))
        self.adds_nobody(repositories, [user("user-2"), user("user-3"), user("user-2", name="another")], Stale)
        self.adds_nobody(repositories, [contact("user-2"), contact("user-3"), contact("user-2")], Stale)

    def test_nobody_is_added_if_a_name_is_taken(self, repositories: Repositories) -> None:
        """Wherever the one who asks for it stands in the list."""
        self.exists(repositories, user("user-1", name="anna"))
        for place in range(3):
            added = [user("user-2"), user("user-3")]
            added.insert(place, user("user-4", name="anna"))
            self.adds_nobody(repositories, added, Taken)

    def test_nobody_is_added_if_a_name_is_given_twice(self, repositories: Repositories) -> None:
        """Only one of them could have it."""
        self.exists(repositories, user("user-1", name="anna"))
        self.adds_nobody(repositories, [user("user-2", name="bert"), user("user-3", name="bert")], Taken)

    def test_nobody_is_added_if_an_identity_is_taken_or_given_twice(self, repositories: Repositories) -> None:
        """An identity of single sign-on is as unique as a name."""
        self.exists(repositories, user("user-1", name="anna", sso=SsoIdentity("issuer", "anna")))
        for place in range(3):
            added = [user("user-2", sso=SsoIdentity("issuer", "bert")), user("user-3")]
            added.insert(place, user("user-4", sso=SsoIdentity("issuer", "anna")))
            self.adds_nobody(repositories, added, Taken, "sso")
        twice = [user(f"user-{number}", sso=SsoIdentity("issuer", "carl")) for number in (2, 3)]
        self.adds_nobody(repositories, twice, Taken, "sso")
        same(None, self.ask(repositories.users.known_as, SsoIdentity("issuer", "carl")))

    def test_adding_nobody_is_no_error(self, repositories: Repositories) -> None:
        """An empty list is added; whether its event is stored is for the store to say."""
        same(None, self.ask(repositories.users.add_all, [], event("added")))

    def test_adding_whose_answer_was_lost_is_stale_when_repeated(self, repositories: Repositories) -> None:
        """The users are there once, and so is the event."""
        users, added = repositories.users, [user("user-1"), user("user-2")]
        self.ask(users.add_all, added, event("added"))
        before = [self.ask(users.get, each.id) for each in added]
        self.refuses(Stale, users.add_all, added, event("added"))
        same(before, [self.ask(users.get, each.id) for each in added])
        same([event("added")], self.trail(repositories))

    def test_of_lists_that_share_a_user_one_is_added(self, repositories: Repositories) -> None:
        """However many are added at once; of the others nothing is left, whichever user they share."""
        users = repositories.users
        lists = [[user(f"user-{n}-{each}") for each in range(LENGTH)] for n in range(LISTS)]
        for number, several in enumerate(lists):
            several.insert(number * LENGTH // LISTS, user("shared", name=f"name-{number}"))
        same(None, self.ask(users.get, "shared"))
        done = self.at_once([partial(_added, users, several, f"list-{n}") for n, several in enumerate(lists)])
        same(1, sum(done))
        for several, was_added in zip(lists, done, strict=True):
            own = [each for each in several if each.id != "shared"]
            same({was_added}, {self.ask(users.get, each.id) is not None for each in own})
        same([f"list-{done.index(True)}"], self.event_ids(repositories))

    def test_no_reader_sees_some_of_those_added(self, repositories: Repositories) -> None:
        """Whoever finds one of them finds every other."""
        users, added = repositories.users, [user(f"user-{number}") for number in range(LENGTH)]
        same(None, self.ask(users.get, "user-0"))
        done, readers = self.watched([partial(_added, users, added, "added")], partial(_missing, users, added))
        same([True], done)
        same([], sorted({each for seen in readers for missing in seen for each in missing}))

    def exists(self, repositories: Repositories, stored: User) -> User:
        """Save a user who is there before others are added, and return it as stored."""
        return evolve(stored, version=self.ask(repositories.users.save, stored, told(stored)))

    def adds_nobody(
        self, repositories: Repositories, added: Sequence[User], error: type[Exception], field: str = "name"
    ) -> None:
        """Try to add users besides user-1, whose name is anna, and see that nothing has changed."""
        users, before = repositories.users, self.trail(repositories)
        anna = self.ask(users.get, "user-1")
        refusal = self.refuses(error, users.add_all, added, event("refused"))
        if isinstance(refusal, Taken):
            same(field, refusal.field)
        others = [each for each in added if each.id != "user-1"]
        same([None] * len(others), [self.ask(users.get, each.id) for each in others])
        same([anna, anna], [self.ask(users.get, "user-1"), self.ask(users.named, "anna")])
        names = [each.name for each in others if each.name not in (None, "anna")]
        same([None] * len(names), [self.ask(users.named, name) for name in names if name is not None])
        same(before, self.trail(repositories))


async def _added(users: UserRepository, several: Sequence[User], event_id: str) -> bool:
    try:
        await answered(users.add_all, several, event(event_id))
    except Stale:
        return False
    return True


async def _missing(users: UserRepository, added: Sequence[User]) -> list[str]:
    """Return who is not found although the first or the last of them was."""
    for known in (added[0], added[-1]):
        if await answered(users.get, known.id) is not None:
            return [each.id for each in added if await answered(users.get, each.id) is None]
    return []
