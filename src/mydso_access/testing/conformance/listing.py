"""What holds for lists of a structure's users: who belongs to it and who is authorised in it, each once, in one order."""

from collections.abc import Sequence
from functools import partial

from attrs import evolve

from mydso_access.model.structure import Structure
from mydso_access.model.user import Category, Disabled, DisabledBecause, Invited, User, listed_by
from mydso_access.repositories import Repositories, UserRepository
from mydso_access.testing.clock import A_MONDAY
from mydso_access.testing.conformance.comparing import same
from mydso_access.testing.conformance.contract import answered
from mydso_access.testing.conformance.lookalikes import ID_LENGTH, lookalikes
from mydso_access.testing.conformance.paging import all_pages, all_pages_of
from mydso_access.testing.conformance.people import ALL, PeopleContract
from mydso_access.testing.conformance.records import ENTITY, PLATFORM, event
from mydso_access.testing.conformance.user_records import contact, every_user, multi_entity, user

OTHER = Structure.entity("entity-2")
TURNS, ROUNDS = 8, 10


class ListingContract(PeopleContract):
    """What a user repository promises of `of`."""

    def test_nobody_is_listed_in_an_empty_store(self, repositories: Repositories) -> None:
        """The first page is the last."""
        same([[], []], [self.listed(repositories, structure) for structure in (ENTITY, PLATFORM)])

    def test_a_structure_lists_its_own_users_and_those_authorised_in_it(self, repositories: Repositories) -> None:
        """And nobody else; a platform and an entity of one id are two structures (D16)."""
        own = self.kept(repositories, user("own"))
        other = self.kept(repositories, user("other", structure=OTHER))
        both = self.kept(repositories, multi_entity("both", "entity-1", "entity-2"))
        one = self.kept(repositories, multi_entity("one", "entity-2", "platform-1"))
        none = self.kept(repositories, multi_entity("none"))
        expected = {ENTITY: [both, own], OTHER: [both, one, other], PLATFORM: [both, none, one]}
        for structure, users in expected.items():
            same(users, self.listed(repositories, structure))
        same([], self.listed(repositories, Structure.platform("entity-1")))
        same([one], self.listed(repositories, Structure.entity("platform-1")))

    def test_everybody_is_listed_whatever_their_login(self, repositories: Repositories) -> None:
        """Contacts, the invited and the disabled, too."""
        kept = [
            self.kept(repositories, contact("a")),
            self.kept(repositories, user("b", login=Invited(A_MONDAY))),
            self.kept(repositories, user("c", login=Disabled(DisabledBecause.FORGOTTEN, A_MONDAY))),
            self.kept(repositories, user("d")),
            self.kept(repositories, multi_entity("e", "entity-1", login=Invited(A_MONDAY))),
        ]
        same(kept, self.listed(repositories, ENTITY))

    def test_a_list_is_in_the_order_of_what_people_call_a_user(self, repositories: Repositories) -> None:
        """As `listed_by` says, in every page: the name where there is no other, neither case nor accents in the way."""
        names = ["Zoë", "anna", "Bert", "Ähnlich", "x" * 60, "x" * 59 + "y", "x", "", "straße", "STRASSE", "中", "😀"]
        users = [user(f"user-{n}", full_name=name) for n, name in enumerate(names)]
        users += [multi_entity(f"multi-{n}", "entity-1", full_name=name) for n, name in enumerate(names)]
        users += [user("named"), contact("nameless"), multi_entity("multi", "entity-1", name="Anton")]
        for each in users:
            self.kept(repositories, each)
        found = self.listed(repositories, ENTITY)
        same(sorted(each.id for each in users), sorted(each.id for each in found))
        same(sorted(map(listed_by, users)), [listed_by(each) for each in found])

    def test_pages_of_any_size_list_everybody_exactly_once(self, repositories: Repositories) -> None:
        """Also where many are called alike, some of whom are only authorised; the order is always the same."""
        for number in range(6):
            self.kept(repositories, user(f"own-{number}", full_name=f"Anna {number // 4}"))
            self.kept(repositories, multi_entity(f"multi-{number}", "entity-1", full_name=f"Anna {number // 4}"))
            self.kept(repositories, user(f"other-{number}", full_name="Anna 0", structure=OTHER))
        everybody = self.listed(repositories, ENTITY)
        same(12, len({each.id for each in everybody}))
        for limit in (1, 2, 3, 5, 12, 13):
            same(everybody, all_pages(lambda a, n: self.ask(repositories.users.of, ENTITY, after=a, limit=n), limit))

    def test_a_page_of_a_list_is_as_long_as_its_limit_unless_it_is_the_last(self, repositories: Repositories) -> None:
        """Fewer mean that it was the last, even where users of other structures stand in between."""
        for number in range(3):
            self.kept(repositories, user(f"user-{number}"))
            self.kept(repositories, multi_entity(f"user-{number}-multi", "entity-1"))
            self.kept(repositories, user(f"user-{number}-other", structure=OTHER))
        everybody = self.listed(repositories, ENTITY)
        for count in (0, 2, 4, 6):
            after = everybody[count - 1] if count else None
            page = self.ask(repositories.users.of, ENTITY, after=after, limit=4)
            same(everybody[count : count + 4], list(page))

    def test_structures_that_a_loose_comparison_merges_have_lists_of_their_own(
        self, repositories: Repositories
    ) -> None:
        """Nobody is listed in a structure that only looks like theirs."""
        texts = lookalikes(ID_LENGTH)
        own = [self.kept(repositories, user(f"b-{n}", structure=Structure.entity(t))) for n, t in enumerate(texts)]
        multi = [self.kept(repositories, multi_entity(f"a-{n}", text)) for n, text in enumerate(texts)]
        for text, *expected in zip(texts, multi, own, strict=True):
            same(expected, self.listed(repositories, Structure.entity(text)))

    def test_a_list_goes_by_the_latest_save(self, repositories: Repositories) -> None:
        """Whoever is called otherwise, moves, is authorised, or changes category is listed as they are now."""
        anna = self.kept(repositories, user("anna"))
        bert = self.kept(repositories, multi_entity("bert", "entity-1", "entity-2"))
        bert = self.changed(repositories, evolve(bert, full_name="A. Bert"), "called otherwise")
        self.lists(repositories, [bert, anna], [bert], [bert])
        anna = self.changed(repositories, evolve(anna, structure=OTHER), "moved")
        self.lists(repositories, [bert], [bert, anna], [bert])
        bert = self.changed(repositories, evolve(bert, memberships=frozenset({"entity-1"})), "withdrawn")
        self.lists(repositories, [bert], [anna], [bert])
        bert = self.changed(repositories, evolve(bert, memberships=frozenset({"entity-2"})), "authorised elsewhere")
        self.lists(repositories, [], [bert, anna], [bert])
        single = evolve(bert, category=Category.ACTIVE, structure=ENTITY, memberships=frozenset())
        bert = self.changed(repositories, single, "of one entity")
        self.lists(repositories, [bert], [anna], [])
        several = evolve(bert, category=Category.MULTI_ENTITY, structure=PLATFORM, memberships=frozenset({"entity-2"}))
        bert = self.changed(repositories, several, "of several")
        self.lists(repositories, [], [bert, anna], [bert])

    def test_users_who_were_added_are_listed_too(self, repositories: Repositories) -> None:
        """As those who were saved one by one."""
        everybody = list(every_user().values())
        self.ask(repositories.users.add_all, everybody, event("added"))
        authorised = [each for each in everybody if "entity-1" in each.memberships or each.structure == ENTITY]
        same(sorted(each.id for each in authorised), sorted(each.id for each in self.listed(repositories, ENTITY)))

    def test_nobody_is_left_out_when_the_last_of_a_page_has_changed_since(self, repositories: Repositories) -> None:
        """The next page begins after that user as the page before had it, whatever was saved meanwhile."""
        for number in range(3):
            self.kept(repositories, user(f"user-{number}", full_name="Anna"))
            self.kept(repositories, multi_entity(f"multi-{number}", "entity-1", full_name="Anna"))
        everybody = self.listed(repositories, ENTITY)
        for count in range(1, 6):
            last = everybody[count - 1]
            self.changed(repositories, evolve(last, full_name="Zoë" if count % 2 else "A"), f"changed-{count}")
            following = list(self.ask(repositories.users.of, ENTITY, after=last, limit=ALL))
            same(everybody[count:], [each for each in following if each.full_name == "Anna"])

    def test_a_membership_is_listed_or_not_as_soon_as_it_is_saved(self, repositories: Repositories) -> None:
        """From here and from elsewhere."""
        bert = self.kept(repositories, multi_entity("bert"))
        with self.elsewhere() as ask:
            for number in range(ROUNDS):
                entities = frozenset({"entity-1"}) if number % 2 else frozenset[str]()
                bert = self.changed(repositories, evolve(bert, memberships=entities), f"event-{number}")
                for asked in (self.ask, ask):
                    same(
                        [bert] if number % 2 else [], list(asked(repositories.users.of, ENTITY, after=None, limit=ALL))
                    )

    def test_nobody_is_left_out_or_listed_twice_while_others_are_saved(self, repositories: Repositories) -> None:
        """Whoever does not change is in exactly one page, whatever is saved between two pages."""
        still = [self.kept(repositories, user(f"m-still-{number}")) for number in range(5)]
        still += [self.kept(repositories, multi_entity(f"m-still-multi-{number}", "entity-1")) for number in range(5)]
        moving = [self.kept(repositories, user(f"a-{number}")) for number in range(5)]
        moving += [self.kept(repositories, multi_entity(f"a-multi-{number}", "entity-1")) for number in range(5)]
        _, readers = self.watched([partial(_move, repositories.users, moving)], partial(_listed, repositories.users))
        for found in (each for seen in readers for each in seen):
            ids = [each.id for each in found if each.id.startswith("m-still")]
            same(sorted(each.id for each in still), sorted(ids))

    def listed(self, repositories: Repositories, structure: Structure) -> list[User]:
        """Return everybody who is listed in a structure, in one page."""
        return list(self.ask(repositories.users.of, structure, after=None, limit=ALL))

    def lists(self, repositories: Repositories, *expected: Sequence[User]) -> None:
        """See that the two entities and the platform list exactly these."""
        same(list(map(list, expected)), [self.listed(repositories, each) for each in (ENTITY, OTHER, PLATFORM)])


async def _listed(users: UserRepository) -> list[User]:
    async def page(after: User | None) -> Sequence[User]:
        return await answered(users.of, ENTITY, after=after, limit=2)

    return await all_pages_of(page, 2)


async def _move(users: UserRepository, moving: Sequence[User]) -> None:
    """Move users from before all others to behind them and back, one after the other."""
    present = list(moving)
    for turn in range(TURNS):
        for number, each in enumerate(present):
            moved = evolve(each, full_name=None if turn % 2 else "Z")
            version = await answered(users.save, moved, event(f"moved-{turn}-{number}"))
            present[number] = evolve(moved, version=version)
