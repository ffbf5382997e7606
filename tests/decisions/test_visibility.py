"""Which customers a user sees in an entity, and why: rule by rule (S28-S32; S3, S6, S12, S14, S16, S27; A10, A21)."""

from itertools import product
from typing import Any

import attrs
import pytest

from mydso_access.decisions.visibility import (
    AssociatedWith,
    Denied,
    Everything,
    ManagedBy,
    Nothing,
    Permitted,
    Scope,
    ScopeBecause,
    can_see,
    covers,
    elsewhere,
    hidden,
    shown_by,
    visibility,
)
from mydso_access.decisions.wording import NOT_SIGNED_IN
from mydso_access.errors import InvalidValue
from mydso_access.model import (
    MY_DSO_MANAGER,
    Customer,
    Disabled,
    DisabledBecause,
    Entity,
    Reason,
    Restriction,
    Role,
    RoleTable,
    User,
)
from mydso_access.policy import Level, SecurityPolicy, StructurePolicy, VisibilityPolicy
from tests.decisions.people import GROUP, LONG_AGO, LYON, PARIS, anna, contact, invited_anna, multi

INSTALLATION, ENTITY = frozenset({Level.INSTALLATION}), frozenset({Level.ENTITY})
BOTH = INSTALLATION | ENTITY
NEVER, OFF, ON = ScopeBecause.NEVER_RESTRICTED, ScopeBecause.NOT_SWITCHED_ON, ScopeBecause.SWITCHED_ON
SWITCHES = {"collector": "collectors", "sales_manager": "sales", "sales_administration": "sales_administration", "guest": "guests"}  # fmt: skip
RULES = {"collector": "S29", "sales_manager": "S30", "sales_administration": "S31", "guest": "S32"}
ROLES = [role.id for role in MY_DSO_MANAGER]
WHO: dict[str, Any] = {"entity": "lyon", "user_id": "u-anna"}


def asking(entity: Entity = LYON, /, **switches: bool) -> Entity:
    return attrs.evolve(entity, policy=StructurePolicy({f"visibility.{name}": on for name, on in switches.items()}))


def installed(**switches: bool) -> SecurityPolicy:
    return SecurityPolicy(visibility=VisibilityPolicy(**switches))


# --- the switches


@pytest.mark.parametrize(("role", "on"), [(role, on) for role in ROLES for on in ("none", *SWITCHES.values(), "all")])
def test_s28_a21_each_switch_restricts_its_own_role_and_no_other(role: str, on: str) -> None:
    switches = [name for name in SWITCHES.values() if on in (name, "all")]
    found = visibility(anna(role=role), asking(**dict.fromkeys(switches, True)))
    expected: Scope
    if role not in SWITCHES:
        expected = Everything(**WHO, reason=NEVER, rule="A21", levels=INSTALLATION)
    elif SWITCHES[role] not in switches:
        expected = Everything(**WHO, reason=OFF, rule=RULES[role], levels=INSTALLATION)
    elif role == "collector":
        expected = ManagedBy(**WHO, reason=ON, rule="S29", levels=ENTITY)
    else:
        expected = AssociatedWith(**WHO, reason=ON, rule=RULES[role], levels=ENTITY)
    assert expected == found


@pytest.mark.parametrize("role", SWITCHES)
@pytest.mark.parametrize(
    ("installation", "entity", "restricted", "levels"),
    [
        (False, None, False, INSTALLATION),
        (False, False, False, BOTH),
        (False, True, True, ENTITY),
        (True, None, True, INSTALLATION),
        (True, False, True, INSTALLATION),  # D6: an entity relaxes nothing
        (True, True, True, BOTH),
    ],
)
def test_d6_the_stricter_of_entity_and_installation_counts_and_is_told(
    role: str, installation: bool, entity: bool | None, restricted: bool, levels: frozenset[Level]
) -> None:
    record = LYON if entity is None else asking(**{SWITCHES[role]: entity})
    found = visibility(anna(role=role), record, policy=installed(**{SWITCHES[role]: installation}))
    assert (ON if restricted else OFF, RULES[role], levels) == (found.reason, found.rule, found.levels)
    assert restricted is isinstance(found, ManagedBy | AssociatedWith)


def test_s28_the_preset_restricts_nobody() -> None:
    assert all(isinstance(visibility(anna(role=role), LYON), Everything) for role in ROLES)


@pytest.mark.parametrize("role", SWITCHES)
def test_a14_a_multi_entity_user_is_bound_by_the_entity_they_are_in(role: str) -> None:
    user, strict = multi(role=role, memberships=frozenset({"lyon", "paris"})), asking(**{SWITCHES[role]: True})
    assert isinstance(visibility(user, strict), ManagedBy | AssociatedWith)
    assert Everything(entity="paris", user_id="u-mia", reason=OFF, rule=RULES[role], levels=INSTALLATION) == visibility(
        user, PARIS
    )


def test_a_hosts_own_role_is_restricted_by_the_switch_its_table_names() -> None:
    roles = [
        *MY_DSO_MANAGER,
        *(Role(f"own.{each.value}", "", {}, each) for each in Restriction),
        Role("free", "", {}, None),
    ]
    strict = asking(**dict.fromkeys(SWITCHES.values(), True))
    found = {
        role.id: visibility(anna(role=role.id), strict, roles=RoleTable(roles)) for role in roles[len(MY_DSO_MANAGER) :]
    }
    kinds = [(ManagedBy, "S29"), (AssociatedWith, "S30"), (AssociatedWith, "S31"), (AssociatedWith, "S32")]
    assert [*kinds, (Everything, "A21")] == [(type(each), each.rule) for each in found.values()]


# --- whoever may not be there


@pytest.mark.parametrize(
    ("user", "reason", "rule"),
    [
        (contact(), Reason.INACTIVE, "S14"),
        (invited_anna(), Reason.INVITED, "S12"),
        *((anna(login=Disabled(why, LONG_AGO)), Reason.DISABLED, "D12") for why in DisabledBecause),
        (anna(structure=PARIS.structure), Reason.OTHER_STRUCTURE, "S3"),
        (multi(), Reason.NOT_AUTHORISED, "S16"),
        (multi(memberships=frozenset({"paris"})), Reason.NOT_AUTHORISED, "S16"),
        (anna(role="astronaut"), Reason.NOT_ALLOWED, "S6"),
        (anna(role=""), Reason.NOT_ALLOWED, "S6"),
        (anna(role="Administrator"), Reason.NOT_ALLOWED, "S6"),
        # The login comes before the place, and the place before the role.
        (invited_anna(structure=PARIS.structure), Reason.INVITED, "S12"),
        (anna(structure=PARIS.structure, role="astronaut"), Reason.OTHER_STRUCTURE, "S3"),
    ],
)
def test_whoever_may_not_be_there_sees_nothing_and_is_told_why(user: User, reason: Reason, rule: str) -> None:
    expected = Nothing(entity="lyon", reason=reason, rule=rule, levels=INSTALLATION, user_id=user.id)
    assert expected == visibility(user, LYON)
    assert expected == visibility(attrs.evolve(user, may_import=True), asking(**dict.fromkeys(SWITCHES.values(), True)))


def test_s3_a_platform_of_the_entitys_id_is_another_structure() -> None:
    found = visibility(multi(role="administrator"), Entity(id="group", title=""))
    assert (Reason.NOT_AUTHORISED, "S16") == (found.reason, found.rule)


@pytest.mark.parametrize(
    ("user", "entity", "field"),
    [(anna(), GROUP, "entity"), (anna(), "lyon", "entity"), (anna(), None, "entity"), (None, LYON, "user")],
    ids=["S27: a platform", "an id", "none", "nobody"],
)
def test_s27_visibility_is_asked_of_an_entity_alone(user: Any, entity: Any, field: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        visibility(user, entity)
    assert field == refused.value.field


# --- scopes and customers


def scopes(entity: str = "lyon", user_id: str = "u-anna") -> dict[str, Scope]:
    who: dict[str, Any] = {"entity": entity, "user_id": user_id, "levels": ENTITY}
    return {
        "everything": Everything(**who, reason=NEVER, rule="A21"),
        "managed": ManagedBy(**who, reason=ON, rule="S29"),
        "associated": AssociatedWith(**who, reason=ON, rule="S32"),
        "nothing": Nothing(**who, reason=Reason.DISABLED, rule="D12"),
    }


COLLECTOR: dict[str, str | None] = {"nobody": None, "the user": "u-anna", "another": "u-bob", "almost": "U-Anna"}
COLLEAGUES = {"nobody": (), "the user": ("u-anna",), "several": ("u-bob", "u-anna"), "others": ("u-bob", "u-anna ")}


@pytest.mark.parametrize(("kind", "collector", "colleagues"), list(product(scopes(), COLLECTOR, COLLEAGUES)))
def test_s29_s30_s31_s32_a_collector_sees_what_they_manage_and_the_others_what_they_are_associated_with(
    kind: str, collector: str, colleagues: str
) -> None:
    scope = scopes()[kind]
    customer = Customer(
        entity="lyon", id="acme", collector=COLLECTOR[collector], colleagues=frozenset(COLLEAGUES[colleagues])
    )
    seen = {
        "everything": True,
        "managed": collector == "the user",  # S29: to be associated is not to manage
        "associated": colleagues in ("the user", "several"),  # S30-S32: to manage is not to be associated
        "nothing": False,
    }[kind]
    assert seen is covers(scope, customer)
    answer = can_see(scope, customer)
    assert seen is bool(answer)
    assert (shown_by(scope) if seen else hidden(scope)) == answer


@pytest.mark.parametrize("kind", scopes())
def test_a10_another_entitys_customer_is_never_shown_whoever_looks_after_it(kind: str) -> None:
    scope = scopes()[kind]
    for entity in ("paris", "LYON", "lyon ", "", "group"):
        there = Customer(entity=entity, id="acme", collector="u-anna", colleagues=frozenset({"u-anna"}))
        denied = Denied(reason=Reason.NOT_THEIR_CUSTOMER, rule="A10", user_id="u-anna")
        assert (hidden(scope) if kind == "nothing" else denied) == can_see(scope, there)
        assert elsewhere(scope) == can_see(scope, there)


def test_an_answer_says_why_and_is_true_or_false_in_a_condition() -> None:
    yes, no = shown_by(scopes()["managed"]), hidden(scopes()["managed"])
    assert Permitted(reason=ON, rule="S29", levels=ENTITY, user_id="u-anna") == yes
    assert Denied(reason=Reason.NOT_THEIR_CUSTOMER, rule="S29", levels=ENTITY, user_id="u-anna") == no
    assert [True, False] == [bool(yes), bool(no)]
    assert ["switched_on (S29, entity)", "not_their_customer (S29, entity)"] == [yes.explain(), no.explain()]
    of_nothing = Denied(reason=Reason.DISABLED, rule="D12", levels=ENTITY, user_id="u-anna")
    assert of_nothing == hidden(scopes()["nothing"]) == shown_by(scopes()["nothing"])
    assert Denied(reason=Reason.NO_USER, rule="S3") == Denied(
        reason=Reason.NO_USER, rule="S3", levels=INSTALLATION, user_id=None
    )


def test_what_a_user_reads_of_a_hidden_customer_is_not_that_it_exists() -> None:
    assert "There is no such customer." == hidden(scopes()["associated"]).public_message
    assert NOT_SIGNED_IN == hidden(scopes()["nothing"]).public_message
    assert hidden(scopes()["managed"]).public_message == elsewhere(scopes()["managed"]).public_message


def test_a_scope_explains_itself_in_one_line() -> None:
    lines = [scope.explain() for scope in scopes("lyon\n2").values()]
    assert [
        r"Everything in lyon\u000a2: never_restricted (A21, entity)",
        r"ManagedBy in lyon\u000a2: switched_on (S29, entity)",
        r"AssociatedWith in lyon\u000a2: switched_on (S32, entity)",
        r"Nothing in lyon\u000a2: disabled (D12, entity)",
    ] == lines
    both = visibility(anna(), asking(collectors=True), policy=installed(collectors=True))
    assert "ManagedBy in lyon: switched_on (S29, entity, installation)" == both.explain()


@pytest.mark.parametrize("kind", [Everything, ManagedBy, AssociatedWith])
@pytest.mark.parametrize("wrong", ["", None, 5, b"lyon", ["lyon"]], ids=repr)
def test_a_scope_of_nobody_or_nowhere_is_misuse_for_it_would_be_is_null(kind: Any, wrong: Any) -> None:
    for field in ("entity", "user_id"):
        with pytest.raises(InvalidValue) as refused:
            kind(**WHO | {field: wrong}, reason=ON, rule="S29", levels=ENTITY)
        assert f"{kind.__name__}.{field}" == refused.value.field


def test_a_scope_is_true_in_a_condition_unless_it_shows_nothing_which_may_be_nobodys() -> None:
    assert [True, True, True, False] == [bool(scope) for scope in scopes().values()]
    nobodys = Nothing(entity="lyon", reason=Reason.NO_USER, rule="S3")
    assert (None, INSTALLATION) == (nobodys.user_id, nobodys.levels)


@pytest.mark.parametrize("wrong", [None, "everything", True, anna(), Everything], ids=repr)
def test_what_is_no_scope_is_misuse_and_shows_nothing(wrong: Any) -> None:
    with pytest.raises(InvalidValue) as refused:
        can_see(wrong, Customer(entity="lyon", id="acme"))
    assert "scope" == refused.value.field


@pytest.mark.parametrize("wrong", [None, "acme", {"entity": "lyon", "id": "acme"}, LYON, anna()], ids=type)
def test_what_is_no_customer_is_misuse(wrong: Any) -> None:
    for scope in scopes().values():
        with pytest.raises(InvalidValue) as refused:
            can_see(scope, wrong)
        assert "customer" == refused.value.field


@pytest.mark.parametrize(
    "value", [*scopes().values(), *map(hidden, scopes().values()), *map(shown_by, scopes().values())]
)
def test_scopes_and_answers_never_change(value: Any) -> None:
    for field in attrs.fields(type(value)):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(value, field.name, None)
