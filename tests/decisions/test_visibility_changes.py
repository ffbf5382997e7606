"""What a change may do to what is seen: a restriction never shows more, nobody's customers are nobody's (S27-S32; A10, A14, A21)."""

from itertools import product

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydso_access.decisions.levels import Levels, effective_policy
from mydso_access.decisions.permissions import may, permissions_of
from mydso_access.decisions.visibility import Everything, Nothing, Permitted, Scope, can_see, visibility
from mydso_access.model import (
    Category,
    Customer,
    Disabled,
    DisabledBecause,
    Enabled,
    Entity,
    Invited,
    NoLogin,
    Restriction,
    Right,
    User,
)
from mydso_access.policy import Level, SecurityPolicy, StructurePolicy, VisibilityPolicy
from tests.decisions.people import GROUP, LONG_AGO, LYON, PARIS, ROLES, anna, contact, multi

SWITCHES = [each.value for each in Restriction]
RESTRICTED = [role.id for role in ROLES.roles.values() if role.restriction]
PLACES = ("lyon", "paris")
IDS = ("u-anna", "u-mia", "u-carl", "u-gone", "u-ANNA", "%")

switches = st.dictionaries(st.sampled_from(SWITCHES), st.booleans()).map(StructurePolicy)
lyons = switches.map(lambda policy: attrs.evolve(LYON, policy=policy))
installations = st.builds(
    VisibilityPolicy, **{name.partition(".")[2]: st.sampled_from([False, False, False, True]) for name in SWITCHES}
).map(lambda group: SecurityPolicy(visibility=group))
roles = st.sampled_from([*ROLES.roles, *RESTRICTED, "astronaut"])
logins = st.sampled_from([Enabled(LONG_AGO), Enabled(LONG_AGO), Invited(LONG_AGO), Disabled(DisabledBecause.LAPSED, LONG_AGO)])  # fmt: skip
flags = st.booleans()
users = st.one_of(
    st.builds(anna, role=roles, login=logins, credential=st.none(), may_import=flags),
    st.builds(anna, role=roles, structure=st.sampled_from([LYON.structure, PARIS.structure])),
    st.builds(multi, role=roles, memberships=st.frozensets(st.sampled_from(PLACES)), may_import=flags),
    st.builds(contact, role=roles),
)
customers = st.builds(
    Customer,
    entity=st.sampled_from(PLACES),
    id=st.sampled_from(["acme", "bolt", "%", ""]),
    collector=st.none() | st.sampled_from(IDS),
    colleagues=st.frozensets(st.sampled_from(IDS), max_size=3),
)
portfolios = st.lists(customers, max_size=6)


def seen(scope: Scope, portfolio: list[Customer]) -> set[int]:
    """Return the places of those in a list that a scope shows."""
    return {place for place, customer in enumerate(portfolio) if can_see(scope, customer)}


def allowed(user: User, entity: Entity, policy: SecurityPolicy, portfolio: list[Customer]) -> set[tuple[Right, int]]:
    """Return everything that a user may do with customers of a list."""
    permissions = permissions_of(user, entity, policy=policy)
    return {
        (action, place) for action in Right for place, each in enumerate(portfolio) if permissions.may(action, each)
    }


@given(users, lyons, installations, portfolios, st.sampled_from(SWITCHES))
def test_s28_switching_on_a_restriction_never_shows_more(
    user: User, lyon: Entity, policy: SecurityPolicy, portfolio: list[Customer], switch: str
) -> None:
    strict = attrs.evolve(lyon, policy=lyon.policy.asking(switch, value=True))
    everywhere = attrs.evolve(policy, visibility=attrs.evolve(policy.visibility, **{switch.partition(".")[2]: True}))
    for entity, binding in ((strict, policy), (lyon, everywhere), (strict, everywhere)):
        after, before = visibility(user, entity, policy=binding), visibility(user, lyon, policy=policy)
        assert seen(after, portfolio) <= seen(before, portfolio)
        assert allowed(user, entity, binding, portfolio) <= allowed(user, lyon, policy, portfolio)
        restricted = ROLES.roles[user.role].restriction if user.role in ROLES.roles else None
        if restricted is None or restricted.value != switch:  # A21: of another role, nothing changes
            assert before == after


@given(users, lyons, installations, customers, st.sampled_from(IDS))
def test_s29_s32_removing_an_association_never_shows_more(
    user: User, lyon: Entity, policy: SecurityPolicy, customer: Customer, gone: str
) -> None:
    scope = visibility(user, lyon, policy=policy)
    collector = None if customer.collector == gone else customer.collector
    fewer = [
        attrs.evolve(customer, colleagues=customer.colleagues - {gone}),
        attrs.evolve(customer, collector=collector),
        attrs.evolve(customer, colleagues=customer.colleagues - {gone}, collector=collector),
    ]
    for without in fewer:
        assert bool(can_see(scope, without)) <= bool(can_see(scope, customer))
    if gone != user.id:  # somebody else's association is nothing to them
        assert {can_see(scope, customer)} == {can_see(scope, without) for without in fewer}


@given(st.sampled_from(RESTRICTED), portfolios, st.booleans())
def test_s28_who_is_assigned_nothing_sees_nothing_where_their_role_is_restricted(
    role: str, portfolio: list[Customer], of_several: bool
) -> None:
    strict = attrs.evolve(LYON, policy=StructurePolicy(dict.fromkeys(SWITCHES, True)))
    user = multi(role=role, memberships=frozenset({"lyon"})) if of_several else anna(role=role)
    others = [
        attrs.evolve(each, collector=None if each.collector == user.id else each.collector, colleagues=each.colleagues - {user.id})
        for each in portfolio
    ]  # fmt: skip
    assert set() == seen(visibility(user, strict), others)
    assert set() == allowed(user, strict, SecurityPolicy(), others)


SEEN: dict[str, set[int]] = {
    "credit_manager": {0, 1, 2},  # rules, 2f: the way to keep the global view
    "administrator": {0, 1, 2},
    "collector": {0},
    "sales_manager": {1},
    "sales_administration": {1},
    "guest": {1},
    "astronaut": set(),
}


@pytest.mark.parametrize(("before", "after"), list(product(SEEN, repeat=2)))
def test_s29_s32_a_role_that_changed_between_two_questions_changes_the_second(before: str, after: str) -> None:
    strict = attrs.evolve(LYON, policy=StructurePolicy(dict.fromkeys(SWITCHES, True)))
    portfolio = [
        Customer(entity="lyon", id="managed", collector="u-anna"),
        Customer(entity="lyon", id="associated", collector="u-bob", colleagues=frozenset({"u-anna"})),
        Customer(entity="lyon", id="nobody's"),
    ]
    user = anna(role=before)
    assert SEEN[before] == seen(visibility(user, strict), portfolio)
    changed = attrs.evolve(user, role=after)
    assert SEEN[after] == seen(visibility(changed, strict), portfolio)
    opens = SEEN[after] if after != "guest" else set()  # A22
    assert opens == {place for place, each in enumerate(portfolio) if may(changed, strict, Right.OPEN_CARD, each)}


@given(users, lyons, switches, installations, portfolios, portfolios)
def test_s20_a10_another_entitys_switches_and_customers_change_nothing(
    user: User,
    lyon: Entity,
    elsewhere: StructurePolicy,
    policy: SecurityPolicy,
    portfolio: list[Customer],
    others: list[Customer],
) -> None:
    scope = visibility(user, lyon, policy=policy)
    in_paris = attrs.evolve(PARIS, policy=elsewhere)
    visibility(user, in_paris, policy=policy)  # asked in between
    assert scope == visibility(user, lyon, policy=policy)
    of_paris = [attrs.evolve(each, entity="paris") for each in others]
    assert seen(scope, portfolio) == seen(scope, portfolio + of_paris)


@given(users, lyons, switches, installations)
def test_s27_what_the_platform_asks_for_never_restricts(
    user: User, lyon: Entity, of_group: StructurePolicy, policy: SecurityPolicy
) -> None:
    if user.category is not Category.MULTI_ENTITY and user.structure != lyon.structure:
        return
    scope = visibility(user, lyon, policy=policy)
    binding = effective_policy(user, Levels(policy, attrs.evolve(GROUP, policy=of_group), lyon))
    assert binding.policy.visibility == effective_policy(user, Levels(policy, None, lyon)).policy.visibility
    if isinstance(scope, Nothing) or ROLES.role(user.role).restriction is None:
        return
    switch = ROLES.role(user.role).restriction
    assert switch is not None
    restricted = getattr(binding.policy.visibility, switch.value.partition(".")[2])
    assert isinstance(scope, Everything) is not restricted
    assert binding.levels(switch.value) == scope.levels
    assert Level.PLATFORM not in scope.levels


@given(users, lyons, installations, customers, st.sampled_from(Right))
def test_a10_no_scope_shows_another_entitys_customer(
    user: User, lyon: Entity, policy: SecurityPolicy, customer: Customer, action: Right
) -> None:
    there = attrs.evolve(customer, entity="paris")
    assert not can_see(visibility(user, lyon, policy=policy), there)
    assert not may(user, lyon, action, there, policy=policy)


@given(users, lyons, installations, customers, st.sampled_from(Right))
def test_an_answer_is_true_exactly_when_it_is_permitted_and_never_permits_what_is_not_seen(
    user: User, lyon: Entity, policy: SecurityPolicy, customer: Customer, action: Right
) -> None:
    scope = visibility(user, lyon, policy=policy)
    answers = [can_see(scope, customer), may(user, lyon, action, customer, policy=policy)]
    for answer in (*answers, may(user, lyon, action, policy=policy)):
        assert isinstance(answer, Permitted) is bool(answer)
        assert answer.user_id == user.id
    assert bool(answers[1]) <= bool(answers[0])


@given(users, lyons, installations, portfolios)
def test_s12_s14_s16_d12_who_loses_their_login_or_their_entity_sees_nothing_from_then_on(
    user: User, lyon: Entity, policy: SecurityPolicy, portfolio: list[Customer]
) -> None:
    lost: list[User] = []
    if not isinstance(user.login, NoLogin):
        lost.append(attrs.evolve(user, login=Disabled(DisabledBecause.ADMINISTRATOR, LONG_AGO)))
    if user.category is Category.MULTI_ENTITY:
        lost.append(attrs.evolve(user, memberships=user.memberships - {"lyon"}))
    for each in lost:
        assert isinstance(visibility(each, lyon, policy=policy), Nothing)
        assert set() == allowed(each, lyon, policy, portfolio)
