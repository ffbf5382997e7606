"""What holds for identities of single sign-on: each is one user's, found exactly, and free once it was given up."""

from functools import partial

from attrs import evolve

from mydso_access.errors import Taken
from mydso_access.model.user import SsoIdentity, User
from mydso_access.repositories import Repositories, UserRepository
from mydso_access.testing.conformance.comparing import same
from mydso_access.testing.conformance.contract import answered
from mydso_access.testing.conformance.lookalikes import ID_LENGTH, lookalikes
from mydso_access.testing.conformance.people import PeopleContract
from mydso_access.testing.conformance.saving import TURNS, WRITERS
from mydso_access.testing.conformance.user_records import multi_entity, numbered_user, told, user

ANNA, ANNE, BERT = (SsoIdentity("issuer", subject) for subject in ("anna", "anne", "bert"))


class IdentityContract(PeopleContract):
    """What a user repository promises of `known_as`."""

    def test_a_user_is_found_by_its_identity(self, repositories: Repositories) -> None:
        """By issuer and subject together, and as it was saved last."""
        known_as = repositories.users.known_as
        same(None, self.ask(known_as, ANNA))
        anna = self.kept(repositories, user("user-1", sso=ANNA))
        other = self.kept(repositories, multi_entity("user-2", sso=SsoIdentity("other issuer", "anna")))
        same([anna, other], [self.ask(known_as, each) for each in (ANNA, SsoIdentity("other issuer", "anna"))])
        absent = [SsoIdentity("anna", "issuer"), SsoIdentity("issuer", "user-1"), SsoIdentity("", "anna"), BERT]
        same([None] * 4, [self.ask(known_as, each) for each in absent])

    def test_identities_that_a_loose_comparison_merges_are_different_identities(
        self, repositories: Repositories
    ) -> None:
        """Neither issuers nor subjects that look alike, nor where the one ends and the other begins."""
        texts = [text for text in lookalikes(ID_LENGTH) if len(text) < ID_LENGTH // 2]
        identities = [SsoIdentity("issuer", text) for text in texts]
        identities += [SsoIdentity(text, "subject") for text in texts]
        identities += [
            SsoIdentity(*pair) for pair in (("a", "bc"), ("ab", "c"), ("a b", "c"), ("a", "b c"), ("abc", ""))
        ]
        stored, merged = [], []
        for number, identity in enumerate(identities):
            if self.ask(repositories.users.known_as, identity) is not None:
                merged.append(identity)
                continue
            stored.append(self.kept(repositories, user(f"user-{number}", sso=identity)))
        same([], merged)
        same(stored, [self.ask(repositories.users.known_as, each.sso) for each in stored if each.sso is not None])

    def test_an_identity_that_another_user_has_is_taken_and_nothing_is_stored(self, repositories: Repositories) -> None:
        """Neither a new user nor one who is linked gets it; no event tells of what did not happen."""
        users = repositories.users
        anna = self.kept(repositories, user("user-1", sso=ANNA))
        bert = self.kept(repositories, user("user-2", sso=BERT))
        for refused in (user("user-3", sso=ANNA), evolve(bert, sso=ANNA, written_by="refused")):
            taken = self.refuses(Taken, users.save, refused, told(refused))
            same("sso", taken.field)
        same([anna, bert], [self.ask(users.known_as, each) for each in (ANNA, BERT)])
        same([bert, None], [self.ask(users.get, user_id) for user_id in ("user-2", "user-3")])
        same(["event of user-1", "event of user-2"], self.event_ids(repositories))

    def test_a_user_keeps_its_own_identity(self, repositories: Repositories) -> None:
        """Saving a user again takes its identity from nobody."""
        anna = self.kept(repositories, user("user-1", sso=ANNA))
        for number in range(3):
            anna = self.changed(repositories, evolve(anna, full_name=f"Anna {number}"), f"event-{number}")
        same(anna, self.ask(repositories.users.known_as, ANNA))

    def test_an_identity_that_was_given_up_is_free(self, repositories: Repositories) -> None:
        """It finds nobody any more, and the next may have it; the old one may not come back to it."""
        users = repositories.users
        anna = self.kept(repositories, user("user-1", sso=ANNA))
        anne = self.changed(repositories, evolve(anna, sso=ANNE), "linked anew")
        same([None, anne], [self.ask(users.known_as, each) for each in (ANNA, ANNE)])
        other = self.kept(repositories, user("user-2", sso=ANNA))
        same(other, self.ask(users.known_as, ANNA))
        refused = evolve(anne, sso=ANNA, written_by="refused")
        self.refuses(Taken, users.save, refused, told(refused))
        same([other, anne], [self.ask(users.known_as, each) for each in (ANNA, ANNE)])
        unlinked = self.changed(repositories, evolve(anne, sso=None), "unlinked")
        same([None, unlinked], [self.ask(users.known_as, ANNE), self.ask(users.get, "user-1")])

    def test_users_without_an_identity_share_none(self, repositories: Repositories) -> None:
        """Most users have none, any number of them."""
        kept = [self.kept(repositories, user(f"user-{number}")) for number in range(3)]
        again = [self.changed(repositories, each, f"again-{each.id}") for each in kept]
        same(again, [self.ask(repositories.users.get, each.id) for each in kept])

    def test_an_identity_is_seen_at_once(self, repositories: Repositories) -> None:
        """An index that lags lets somebody in who was unlinked."""
        users = repositories.users
        record = self.kept(repositories, numbered_user(user("user-1"), 0))
        with self.elsewhere() as ask:
            for number in range(1, 10):
                before, changed = record.sso or ANNA, numbered_user(record, number)
                record = evolve(changed, version=self.ask(users.save, changed, told(changed)))
                for asked in (self.ask, ask):
                    same([None, record], [asked(users.known_as, each) for each in (before, changed.sso or ANNA)])

    def test_of_many_who_take_one_identity_one_gets_it(self, repositories: Repositories) -> None:
        """The others are told that it is taken, and are not stored."""
        users = repositories.users
        same(None, self.ask(users.known_as, ANNA))
        for turn in range(TURNS):
            identity = SsoIdentity("issuer", f"subject-{turn}")
            candidates = [user(f"user-{turn}-{n}", sso=identity) for n in range(WRITERS)]
            got = self.at_once([partial(_got_identity, users, candidate) for candidate in candidates])
            found = [record for each in candidates if (record := self.ask(users.get, each.id)) is not None]
            same(found, [record for record in got if record is not None])
            same([self.ask(users.known_as, identity)], found)


async def _got_identity(users: UserRepository, candidate: User) -> User | None:
    try:
        return evolve(candidate, version=await answered(users.save, candidate, told(candidate)))
    except Taken:
        return None
