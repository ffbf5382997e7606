"""The subset rule, for any actor, user and edit: nobody gives, edits or takes away what they lack (A13, invariant 10)."""

from collections.abc import Callable
from typing import Any, TypeAlias

import attrs
from hypothesis import event, given, settings
from hypothesis import strategies as st

from mydso_access.decisions.administration import actor_powers, judge_management, powers
from mydso_access.decisions.changes import Changed
from mydso_access.decisions.erasure import erased
from mydso_access.decisions.main_administrators import holding
from mydso_access.decisions.membership import authorised, withdrawn
from mydso_access.decisions.users import (
    disabled,
    enabled,
    made_active,
    made_contact,
    reinvited,
    with_full_name,
    with_import_flag,
    with_mobile,
    with_role,
)
from mydso_access.errors import InvalidValue
from mydso_access.model import (
    Appointment,
    Category,
    Disabled,
    DisabledBecause,
    Enabled,
    Invited,
    NoLogin,
    Right,
    Structure,
    StructureRecord,
    User,
)
from tests.decisions.people import GROUP, HOMES, LONG_AGO, LYON, NOON, PARIS, POLICY, ROLES, anna, invite, proven

ENTITIES = ("lyon", "paris")
Edit: TypeAlias = Callable[[User], Any]


@st.composite
def users(draw: st.DrawFn, *, enabled_only: bool = False) -> User:
    """Draw a user of any category, state and role, also of one that the table does not know."""
    category = Category.ACTIVE if enabled_only else draw(st.sampled_from(Category))
    category = draw(st.sampled_from([Category.ACTIVE, Category.MULTI_ENTITY])) if enabled_only else category
    multi = category is Category.MULTI_ENTITY
    logins: list[Any] = [Enabled(LONG_AGO)]
    if not enabled_only:
        logins += [Invited(LONG_AGO), *(Disabled(because, LONG_AGO) for because in DisabledBecause)]
    login = NoLogin() if category is Category.INACTIVE else draw(st.sampled_from(logins))
    may_be_appointed = isinstance(login, Enabled | Invited)
    return anna(
        id=draw(st.sampled_from(["u-1", "u-2"])),
        category=category,
        structure=GROUP.structure if multi else draw(st.sampled_from([LYON.structure, PARIS.structure])),
        role=draw(st.sampled_from([*ROLES.roles, "astronaut"])),
        may_import=draw(st.booleans()),
        login=login,
        name=None if category is Category.INACTIVE else "anna.petit",
        credential=None,
        memberships=draw(st.frozensets(st.sampled_from(ENTITIES))) if multi else frozenset[str](),
        appointments=draw(st.frozensets(st.sampled_from(["a-1", "a-2"]))) if may_be_appointed else frozenset[str](),
    )


edits: st.SearchStrategy[Edit] = st.one_of(
    st.sampled_from([*ROLES.roles]).map(lambda role: lambda user: with_role(user, role, ROLES, NOON)),
    st.booleans().map(lambda flag: lambda user: with_import_flag(user, flag, ROLES)),
    st.sampled_from(ENTITIES).map(lambda entity: lambda user: authorised(user, entity)),
    st.sampled_from(ENTITIES).map(lambda entity: lambda user: withdrawn(user, entity)),
    st.sampled_from(["a-1", "a-2"]).map(lambda appointment: lambda user: holding(user, appointment)),
    st.sampled_from(
        [
            lambda user: made_contact(user, NOON),
            lambda user: made_active(user, "anna.petit", invite(), POLICY.names),
            lambda user: disabled(user, DisabledBecause.ADMINISTRATOR, "D12", NOON),
            lambda user: enabled(user, invite()),
            lambda user: reinvited(user, invite()),
            lambda user: erased(user, "forgotten-1", NOON),
            lambda user: with_full_name(user, "Anna"),
            lambda user: with_mobile(user, "+33612345678", NOON),
        ]
    ),
)


def confirmed(user: User, appointments: frozenset[str]) -> StructureRecord:
    """Return the user's structure as it confirms these appointments of theirs."""
    held = tuple(Appointment(user.id, each) for each in sorted(appointments))
    return attrs.evolve(HOMES[user.structure], main_administrators=held)


def naive_rights(user: User, confirmed_by: frozenset[str] | None) -> set[tuple[str, str]]:
    """Say what a record entitles to, in the words of design.md: main administration and each membership are rights.

    Args:
        user: the record.
        confirmed_by: the appointments that the structure holds, for an actor; `None` for whoever is edited.
    """
    places = {f"{user.structure.kind.value} {user.structure.id}"} | {f"entity {each}" for each in user.memberships}
    rights = {("member of", place) for place in places}
    if user.role == "astronaut":
        rights |= {("unknown", "role")} if confirmed_by is None else set()
    else:
        cells = ROLES.roles[user.role].cells
        words = {"yes", "where the user's own flag says so"} if user.may_import else {"yes"}
        rights |= {("may", right.value) for right in Right if cells[right].allowed.value in words}
    if user.appointments if confirmed_by is None else user.appointments & confirmed_by:
        rights |= {("main administrator of", place) for place in places}
    return rights


@settings(max_examples=600)
@given(users(enabled_only=True), users(), edits, st.frozensets(st.sampled_from(["a-1", "a-2"])))
def test_invariant_10_no_allowed_edit_touches_or_makes_a_power_that_the_actor_lacks(
    actor: User, user: User, edit: Edit, appointments: frozenset[str]
) -> None:
    facts = proven(actor, confirmed(actor, appointments))
    try:
        decided = edit(user)
    except InvalidValue:
        return
    after = decided.record if isinstance(decided, Changed) else user
    refusal = judge_management(facts, ROLES, user, after)
    own = naive_rights(actor, appointments)
    missing = (naive_rights(user, None) | naive_rights(after, None)) - own
    event(f"refused: {refusal is not None}")
    assert (refusal is None) is (("may", "manage users") in own and not missing)


@given(users(enabled_only=True), users(), st.frozensets(st.sampled_from(["a-1", "a-2"])))
def test_invariant_10_nobody_manages_who_is_of_a_structure_they_are_not_in(
    actor: User, user: User, appointments: frozenset[str]
) -> None:
    facts = proven(actor, confirmed(actor, appointments))
    if judge_management(facts, ROLES, user) is None:
        reach = {actor.structure, *map(Structure.entity, actor.memberships)}
        assert {user.structure, *map(Structure.entity, user.memberships)} <= reach


@given(users(enabled_only=True), st.frozensets(st.sampled_from(["a-1", "a-2"])))
def test_an_actor_never_has_more_than_their_record_entitles_to(actor: User, appointments: frozenset[str]) -> None:
    assert actor_powers(actor, confirmed(actor, appointments), ROLES) <= powers(actor, ROLES)
