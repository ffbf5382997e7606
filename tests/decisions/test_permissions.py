"""Rights and visibility in one question (S6, S28; A10, A22)."""

from itertools import product
from typing import Any

import attrs
import pytest

from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.permissions import Permissions, Whichever, may, permissions_of, permitting_nothing
from mydso_access.decisions.visibility import (
    Denied,
    Everything,
    Nothing,
    Permitted,
    ScopeBecause,
    can_see,
    visibility,
)
from mydso_access.errors import InvalidValue
from mydso_access.model import (
    MY_DSO_MANAGER,
    Customer,
    Disabled,
    DisabledBecause,
    Entity,
    Reason,
    Restriction,
    Right,
    RoleTable,
    User,
)
from mydso_access.policy import Level, SecurityPolicy, StructurePolicy, VisibilityPolicy
from tests.decisions.people import LONG_AGO, LYON, PARIS, ROLES, anna, contact, invited_anna, multi

INSTALLATION, ENTITY = frozenset({Level.INSTALLATION}), frozenset({Level.ENTITY})
STRICT = attrs.evolve(LYON, policy=StructurePolicy({each.value: True for each in Restriction}))
THEIRS = Customer(entity="lyon", id="acme", collector="u-anna", colleagues=frozenset({"u-anna"}))
OTHERS = Customer(entity="lyon", id="bolt", collector="u-bob", colleagues=frozenset({"u-bob"}))
ELSEWHERE = attrs.evolve(THEIRS, entity="paris")
CUSTOMERS: dict[str, Customer | Whichever] = {
    "theirs": THEIRS,
    "another's": OTHERS,
    "elsewhere": ELSEWHERE,
    "whichever": Whichever.CUSTOMER,
}
NOT_ALLOWED = Denied(reason=Reason.NOT_ALLOWED, rule="S6", user_id="u-anna")
OTHER_ENTITY = Denied(reason=Reason.NOT_THEIR_CUSTOMER, rule="A10", user_id="u-anna")


@pytest.mark.parametrize(("role", "entity", "whose"), list(product(ROLES.roles, [LYON, STRICT], CUSTOMERS)), ids=str)
def test_s28_who_may_do_it_and_sees_the_customer_may_do_it_with_them(role: str, entity: Entity, whose: str) -> None:
    user, customer = anna(role=role), CUSTOMERS[whose]
    scope, rights = visibility(user, entity), ROLES.role(role).rights(may_import=False)
    for action in Right:
        answer = may(user, entity, action, customer)
        if action not in rights:
            assert NOT_ALLOWED == answer  # S6
        elif isinstance(customer, Whichever):
            assert isinstance(scope, Nothing) is not bool(answer)
        elif whose == "elsewhere":
            assert OTHER_ENTITY == answer  # A10
        else:
            assert can_see(scope, customer) == answer
            restricted = ROLES.role(role).restriction is not None and entity is STRICT
            assert bool(answer) is (whose == "theirs" or not restricted)


@pytest.mark.parametrize("entity", [LYON, STRICT], ids=["free", "restricted"])
@pytest.mark.parametrize("whose", CUSTOMERS)
def test_a22_a_guest_never_opens_a_card_and_still_has_their_views(entity: Entity, whose: str) -> None:
    guest = anna(role="guest")
    assert NOT_ALLOWED == may(guest, entity, Right.OPEN_CARD, CUSTOMERS[whose])
    for action in (Right.GLOBAL_VIEW, Right.REPORTS):
        seen = whose in ("theirs", "whichever") or (entity is LYON and whose == "another's")
        assert seen is bool(may(guest, entity, action, CUSTOMERS[whose]))


def test_what_is_asked_of_no_customer_in_particular_is_permitted_for_those_that_are_seen() -> None:
    answer = may(anna(), STRICT, Right.OPEN_CARD)
    assert answer == may(anna(), STRICT, Right.OPEN_CARD, Whichever.CUSTOMER)
    assert Permitted(reason=ScopeBecause.SWITCHED_ON, rule="S29", levels=ENTITY, user_id="u-anna") == answer


@pytest.mark.parametrize(
    ("user", "reason", "rule"),
    [
        (contact(), Reason.INACTIVE, "S14"),
        (invited_anna(), Reason.INVITED, "S12"),
        (anna(login=Disabled(DisabledBecause.DORMANT, LONG_AGO)), Reason.DISABLED, "D12"),
        (anna(structure=PARIS.structure), Reason.OTHER_STRUCTURE, "S3"),
        (multi(), Reason.NOT_AUTHORISED, "S16"),
        (anna(role="astronaut"), Reason.NOT_ALLOWED, "S6"),
    ],
)
def test_whoever_may_not_be_there_may_do_nothing_and_is_told_why(user: User, reason: Reason, rule: str) -> None:
    permissions = permissions_of(attrs.evolve(user, may_import=True), LYON)
    assert frozenset() == permissions.rights
    denied = Denied(reason=reason, rule=rule, user_id=user.id)
    for action, customer in product(Right, CUSTOMERS.values()):
        assert denied == permissions.may(action, customer)
        assert denied == may(user, LYON, action, customer)


def test_s6_the_users_own_flag_lets_them_import() -> None:
    assert [False, True] == [bool(may(anna(may_import=flag), LYON, Right.IMPORT_DATA)) for flag in (False, True)]
    assert not may(anna(role="guest", may_import=True), LYON, Right.IMPORT_DATA)


def test_a_hosts_own_table_and_the_installations_policy_count() -> None:
    no_collectors = RoleTable([each for each in MY_DSO_MANAGER if each.id != "collector"])
    assert NOT_ALLOWED == may(anna(), LYON, Right.REPORTS, roles=no_collectors)
    strict = SecurityPolicy(visibility=VisibilityPolicy(collectors=True))
    hidden = Denied(reason=Reason.NOT_THEIR_CUSTOMER, rule="S29", levels=INSTALLATION, user_id="u-anna")
    assert hidden == may(anna(), LYON, Right.REPORTS, OTHERS, policy=strict)
    assert may(anna(), LYON, Right.REPORTS, OTHERS)


def test_made_once_permissions_answer_as_may_does_and_say_what_is_seen() -> None:
    for user, entity in product([anna(), anna(role="guest"), multi(memberships=frozenset({"lyon"}))], [LYON, STRICT]):
        permissions = permissions_of(user, entity)
        assert visibility(user, entity) == permissions.scope
        assert permissions.scope.explain() == permissions.explain()
        for action, customer in product(Right, CUSTOMERS.values()):
            assert may(user, entity, action, customer) == permissions.may(action, customer)


def test_rights_of_a_scope_that_shows_nothing_are_none() -> None:
    refused = Refused(Reason.OUTDATED_PROOF, "D12", levels=ENTITY, user_id="u-anna")
    permissions = permitting_nothing("lyon", refused)
    scope = Nothing(entity="lyon", reason=Reason.OUTDATED_PROOF, rule="D12", levels=ENTITY, user_id="u-anna")
    assert Permissions(scope=scope, rights=frozenset()) == permissions
    denied = Denied(reason=Reason.OUTDATED_PROOF, rule="D12", levels=ENTITY, user_id="u-anna")
    made_wrongly = Permissions(scope=scope, rights=frozenset(Right))
    for action, customer in product(Right, CUSTOMERS.values()):
        assert denied == permissions.may(action, customer)
        assert denied == made_wrongly.may(action, customer)


@pytest.mark.parametrize("wrong", [None, "open a customer card", "OPEN_CARD", 1, Restriction.COLLECTORS], ids=repr)
def test_what_is_no_right_is_misuse_also_for_whoever_may_do_nothing(wrong: Any) -> None:
    for user in (anna(), contact()):
        with pytest.raises(InvalidValue) as refused:
            may(user, LYON, wrong, THEIRS)
        assert "action" == refused.value.field


@pytest.mark.parametrize("wrong", [None, "acme", 5, LYON, {"entity": "lyon"}], ids=repr)
def test_what_is_no_customer_is_misuse(wrong: Any) -> None:
    with pytest.raises(InvalidValue) as refused:
        may(anna(), LYON, Right.REPORTS, wrong)
    assert "customer" == refused.value.field


def test_two_permissions_of_the_same_are_equal_and_none_changes() -> None:
    one, other = permissions_of(anna(), LYON), permissions_of(anna(), LYON)
    assert isinstance(one.scope, Everything)
    assert one == other
    for field in attrs.fields(Permissions):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(one, field.name, None)
