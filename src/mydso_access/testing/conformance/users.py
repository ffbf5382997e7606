"""The contract of a user repository: names are unique, and a user is stored together with its event or not at all."""

from functools import partial

from attrs import evolve

from mydso_access.errors import Stale, Taken
from mydso_access.model.event import Event
from mydso_access.model.user import User
from mydso_access.repositories import Repositories
from mydso_access.testing.conformance.adding import AddingContract
from mydso_access.testing.conformance.comparing import same
from mydso_access.testing.conformance.contract import answered
from mydso_access.testing.conformance.identities import IdentityContract
from mydso_access.testing.conformance.invited import InvitedContract
from mydso_access.testing.conformance.listing import ListingContract
from mydso_access.testing.conformance.lookalikes import ID_LENGTH, NAME_LENGTH, lookalikes
from mydso_access.testing.conformance.removing import RemovingContract
from mydso_access.testing.conformance.saving import ROUNDS, TURNS, WRITERS, Shelf
from mydso_access.testing.conformance.telling import ToldRecordContract
from mydso_access.testing.conformance.unseen import UnseenContract
from mydso_access.testing.conformance.user_records import (
    contact,
    dated_user,
    every_user,
    numbered_user,
    told,
    user,
)


class UserContract(
    ToldRecordContract[User],
    AddingContract,
    IdentityContract,
    ListingContract,
    UnseenContract,
    InvitedContract,
    RemovingContract,
):
    """What a user repository promises. The fixture `repositories` gives an object with empty `users` and `events`."""

    def shelf(self, repositories: Repositories) -> Shelf[User]:
        """Return how users are made, loaded and saved."""
        users = repositories.users
        return Shelf(
            get=lambda record: users.get(record.id),
            save=lambda record: users.save(record, told(record)),
            new=lambda number: user(f"user-{number}"),
            changed=numbered_user,
            dated=dated_user,
            every=every_user(),
            alike=[user(text, name=f"name-{n}") for n, text in enumerate(lookalikes(ID_LENGTH))],
        )

    def told(self, record: User) -> Event:
        """Return the event that a user is saved with."""
        return told(record)

    def test_an_id_is_kept_whole_or_refused(self, repositories: Repositories) -> None:
        """A store may raise where it cannot keep an id, but not keep it cut short, or as another's."""
        shelf = self.shelf(repositories)
        kept = [self.stored(shelf, user(text, name=f"name of {text[:8]}")) for text in ("anna", "x" * ID_LENGTH)]
        for number, text in enumerate(("anna\0", "anna\0b", "anna\ud800", "x" * 3000)):
            odd = user(text, name=f"name-{number}", written_by=f"event-{number}")
            try:
                version = self.ask(shelf.save, odd)
            except Stale:
                raise AssertionError(f"{text!r} was taken for another id") from None
            except Exception:  # noqa: BLE001, S112  # whatever it raises, it did not keep it
                continue
            kept.append(evolve(odd, version=version))
        same(kept, [self.ask(shelf.get, each) for each in kept])

    # --- names

    def test_a_user_is_found_by_its_name(self, repositories: Repositories) -> None:
        """By its present name, and as it was saved last."""
        shelf, users = self.shelf(repositories), repositories.users
        same(None, self.ask(users.named, "anna"))
        anna = self.stored(shelf, user("user-1", name="anna"))
        bert = self.stored(shelf, user("user-2", name="bert"))
        same([anna, bert], [self.ask(users.named, name) for name in ("anna", "bert")])
        same([None] * 4, [self.ask(users.named, name) for name in ("user-1", "ann", "annabert", "name of user-1")])

    def test_names_that_a_loose_comparison_merges_are_different_names(self, repositories: Repositories) -> None:
        """Nobody is kept from a name, or found by a name, that is another."""
        shelf, users = self.shelf(repositories), repositories.users
        stored, merged = [], []
        for number, name in enumerate(lookalikes(NAME_LENGTH)):
            if self.ask(users.named, name) is not None:
                merged.append(name)
                continue
            stored.append(self.stored(shelf, user(f"user-{number}", name=name)))
        same([], merged)
        same(stored, [self.ask(users.named, record.name) for record in stored if record.name is not None])

    def test_a_name_that_another_user_has_is_taken_and_nothing_is_stored(self, repositories: Repositories) -> None:
        """Neither a new user nor one who changes the name gets it; no event tells of what did not happen."""
        shelf, users = self.shelf(repositories), repositories.users
        anna = self.stored(shelf, user("user-1", name="anna"))
        bert = self.stored(shelf, user("user-2", name="bert"))
        for refused in (user("user-3", name="anna"), evolve(bert, name="anna", written_by="refused")):
            taken = self.refuses(Taken, shelf.save, refused)
            same("name", taken.field)
        same([anna, bert], [self.ask(users.named, name) for name in ("anna", "bert")])
        same([bert, None], [self.ask(users.get, user_id) for user_id in ("user-2", "user-3")])
        same(["event of user-1", "event of user-2"], self.event_ids(repositories))

    def test_a_user_keeps_its_own_name(self, repositories: Repositories) -> None:
        """Saving a user again takes its name from nobody."""
        shelf = self.shelf(repositories)
        anna = self.stored(shelf, user("user-1", name="anna"))
        for number in range(3):
            anna = self.stored(shelf, evolve(anna, written_by=f"event-{number}"))
        same(anna, self.ask(repositories.users.named, "anna"))

    def test_a_name_that_was_given_up_is_free(self, repositories: Repositories) -> None:
        """It finds nobody any more, and the next may have it; the old one may not come back to it."""
        shelf, users = self.shelf(repositories), repositories.users
        anna = self.stored(shelf, user("user-1", name="anna"))
        anne = self.stored(shelf, evolve(anna, name="anne", written_by="renamed"))
        same([None, anne], [self.ask(users.named, name) for name in ("anna", "anne")])
        other = self.stored(shelf, user("user-2", name="anna"))
        same(other, self.ask(users.named, "anna"))
        self.refuses(Taken, shelf.save, evolve(anne, name="anna", written_by="refused"))
        same([other, anne], [self.ask(users.named, name) for name in ("anna", "anne")])

    def test_users_without_a_name_share_none(self, repositories: Repositories) -> None:
        """Contacts have no name, any number of them."""
        shelf = self.shelf(repositories)
        contacts = [self.stored(shelf, contact(f"contact-{number}")) for number in range(3)]
        again = [self.stored(shelf, evolve(each, written_by=f"again-{each.id}")) for each in contacts]
        same(again, [self.ask(shelf.get, each) for each in contacts])

    def test_a_name_is_seen_at_once(self, repositories: Repositories) -> None:
        """An index that lags lets a name in that is gone, or a second user take it."""
        shelf, users = self.shelf(repositories), repositories.users
        record = self.stored(shelf, user("user-1", name="name-0"))
        with self.elsewhere() as ask:
            for number in range(1, ROUNDS):
                before, record = record.name or "", self.stored(shelf, numbered_user(record, number))
                for asked in (self.ask, ask):
                    same([None, record], [asked(users.named, name) for name in (before, f"name-{number}")])

    def test_of_many_who_take_one_name_one_gets_it(self, repositories: Repositories) -> None:
        """The others are told that it is taken, and are not stored."""
        shelf = self.shelf(repositories)
        same(None, self.ask(repositories.users.named, "name-0"))
        for turn in range(TURNS):
            candidates = [user(f"user-{turn}-{n}", name=f"name-{turn}") for n in range(WRITERS)]
            got = self.at_once([partial(_got_name, shelf, candidate) for candidate in candidates])
            found = [record for each in candidates if (record := self.ask(shelf.get, each)) is not None]
            same(found, [record for record in got if record is not None])
            same([self.ask(repositories.users.named, f"name-{turn}")], found)


async def _got_name(shelf: Shelf[User], candidate: User) -> User | None:
    try:
        return evolve(candidate, version=await answered(shelf.save, candidate))
    except Taken:
        return None
