"""The rights table: section 2a of the rules, row by row; roles of a host's own (S5, S6; A31)."""

import pickle
import re

import attrs
import pytest

from mydso_access.errors import InvalidValue
from mydso_access.model import MY_DSO_MANAGER, Allowed, Cell, Certainty, Restriction, Right, Role, RoleTable
from mydso_access.policy import Level, SecurityPolicy
from mydso_access.policy.levels import may_be_set_at

# As it stands in the rules; SA, FC and EO share a column. Two rows are ours: A31's, and who assigns customers, which must
# not be those whose view of customers is restricted (S29-S32).
TABLE = """
| right (our wording) | Adm | CM | Coll | Sales | SA/FC/EO | Guest |
|---|---|---|---|---|---|---|
| global view | Y | Y | y | y | y | Y |
| all reports | Y | Y | Y | Y | Y | Y |
| open a customer card | Y | Y | y | Y | Y | N |
| advanced search | Y | Y | y | y | y | n |
| export customer/item searches | Y | Y | y | ? | ? | n |
| export reports | Y | Y | y | ? | ? | ? |
| export a customer account | Y | Y | y | ? | ? | n |
| may be associated to a customer | y | y | y | Y (q64) | Y for SA (q64), y | y (S32 presupposes it) |
| may be a customer's collector | y | y | y | n | n | n |
| assign customers | y | y | n | n | n | n |
| change item status | Y | Y | y | Y | N | N |
| add comments | Y | Y | y | Y | N | N |
| use most features | Y | Y | y | n | n | N |
| admin: collection scenarios | Y | Y | n | N | n | N |
| admin: credit-limit validation | Y | Y (q63 names both) | n | N | n | N |
| admin: manage users | Y | Y (d42: all but two areas) | n | N | n | N |
| admin: payment profiles | Y | Y | n | N | n | N |
| admin: item statuses | Y | Y | n | N | n | N |
| admin: import data files | y | flag | flag | flag? | flag? | n |
| admin: security settings | Y | **N** (d42) | n | N | n | N |
| change company information | Y | **N** (d42) | n | N | n | N |
"""
COLUMNS = {
    "administrator": 0,
    "credit_manager": 1,
    "collector": 2,
    "sales_manager": 3,
    "sales_administration": 4,
    "financial_controller": 4,
    "executive_officer": 4,
    "guest": 5,
}
CELLS = {
    "Y": (Allowed.YES, Certainty.STATED),
    "N": (Allowed.NO, Certainty.STATED),
    "y": (Allowed.YES, Certainty.INFERRED),
    "n": (Allowed.NO, Certainty.INFERRED),
    "?": (Allowed.NO, Certainty.UNKNOWN),
    "flag": (Allowed.FLAGGED, Certainty.INFERRED),
    "flag?": (Allowed.FLAGGED, Certainty.UNKNOWN),
}
RIGHTS = {
    "global view": Right.GLOBAL_VIEW,
    "all reports": Right.REPORTS,
    "open a customer card": Right.OPEN_CARD,
    "advanced search": Right.SEARCH,
    "export customer/item searches": Right.EXPORT_SEARCHES,
    "export reports": Right.EXPORT_REPORTS,
    "export a customer account": Right.EXPORT_ACCOUNTS,
    "may be associated to a customer": Right.BE_ASSOCIATED,
    "may be a customer's collector": Right.BE_COLLECTOR,
    "assign customers": Right.ASSIGN_CUSTOMERS,
    "change item status": Right.CHANGE_STATUS,
    "add comments": Right.COMMENT,
    "use most features": Right.USE_FEATURES,
    "admin: collection scenarios": Right.SCENARIOS,
    "admin: credit-limit validation": Right.CREDIT_LIMITS,
    "admin: manage users": Right.MANAGE_USERS,
    "admin: payment profiles": Right.PAYMENT_PROFILES,
    "admin: item statuses": Right.ITEM_STATUSES,
    "admin: import data files": Right.IMPORT_DATA,
    "admin: security settings": Right.SECURITY_SETTINGS,
    "change company information": Right.COMPANY_INFORMATION,
}
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in TABLE.strip().splitlines()[2:]]


def expected(row: list[str], role: str) -> tuple[Allowed, Certainty]:
    text = row[1 + COLUMNS[role]]
    word = re.sub(r"\*|\(.*\)", "", text).strip()
    if text.startswith("Y for SA"):
        word = "Y" if role == "sales_administration" else "y"
    return CELLS[word]


def test_s6_the_table_has_a_row_for_every_right_and_a_column_for_each_of_eight_roles() -> None:
    assert [row[0] for row in ROWS] == list(RIGHTS)
    assert list(RIGHTS.values()) == list(Right)
    assert [role.id for role in MY_DSO_MANAGER] == list(COLUMNS)
    assert all(list(role.cells) == list(Right) for role in MY_DSO_MANAGER)


@pytest.mark.parametrize("role", MY_DSO_MANAGER, ids=lambda role: role.id)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_s6_every_cell_says_what_section_2a_says_and_how_far_that_is_known(row: list[str], role: Role) -> None:
    cell = role.cells[RIGHTS[row[0]]]
    assert expected(row, role.id) == (cell.allowed, cell.certainty)


def test_the_titles_are_those_of_the_help_page() -> None:
    assert [role.title for role in MY_DSO_MANAGER] == [
        "Administrator",
        "Credit manager",
        "Collector",
        "Sales manager",
        "Sales administration",
        "Financial controller",
        "Executive officer",
        "Guest",
    ]


# --- rights


def test_a_credit_manager_manages_users_but_neither_security_settings_nor_the_company() -> None:
    rights = RoleTable(MY_DSO_MANAGER).role("credit_manager").rights(may_import=False)
    assert Right.MANAGE_USERS in rights
    assert not rights & {Right.SECURITY_SETTINGS, Right.COMPANY_INFORMATION}


@pytest.mark.parametrize("role", MY_DSO_MANAGER, ids=lambda role: role.id)
def test_the_users_own_flag_matters_where_the_table_leaves_it_to_the_flag_and_nowhere_else(role: Role) -> None:
    without, with_flag = role.rights(may_import=False), role.rights(may_import=True)
    flagged = role.id not in ("administrator", "guest")
    assert with_flag - without == ({Right.IMPORT_DATA} if flagged else set())
    assert without <= with_flag
    assert (Right.IMPORT_DATA in with_flag) is (role.id != "guest")


def test_what_nobody_knows_is_not_allowed_unless_an_administrator_ticks_it() -> None:
    for role in MY_DSO_MANAGER:
        unknown = {right for right, cell in role.cells.items() if cell.certainty is Certainty.UNKNOWN}
        assert not unknown & role.rights(may_import=False)


def test_a31_collectors_credit_managers_and_administrators_may_be_collectors() -> None:
    may = [role.id for role in MY_DSO_MANAGER if Right.BE_COLLECTOR in role.rights(may_import=False)]
    assert may == ["administrator", "credit_manager", "collector"]


# --- which switch restricts it

RESTRICTIONS = {
    "collector": Restriction.COLLECTORS,  # S29
    "sales_manager": Restriction.SALES,  # S30
    "sales_administration": Restriction.SALES_ADMINISTRATION,  # S31
    "guest": Restriction.GUESTS,  # S32
}


@pytest.mark.parametrize("role", MY_DSO_MANAGER, ids=lambda role: role.id)
def test_s28_a21_four_roles_have_a_switch_each_and_the_other_four_none(role: Role) -> None:
    assert RESTRICTIONS.get(role.id) is role.restriction


@pytest.mark.parametrize("restriction", Restriction)
def test_s27_each_switch_is_a_setting_of_entities_alone(restriction: Restriction) -> None:
    assert [False, False, True] == [may_be_set_at(restriction.value, level) for level in Level]
    assert getattr(SecurityPolicy().visibility, restriction.value.partition(".")[2]) is False


def test_a_role_is_restricted_or_not_and_whoever_makes_one_says_which() -> None:
    with pytest.raises(TypeError, match="restriction"):
        Role("auditor", "Auditor", {})  # type: ignore[call-arg]  # that is misuse


@pytest.mark.parametrize("right", [Right.ASSIGN_CUSTOMERS, Right.MANAGE_USERS], ids=lambda right: right.value)
@pytest.mark.parametrize("allowed", list(Allowed), ids=lambda allowed: allowed.name)
@pytest.mark.parametrize("restriction", [None, *Restriction], ids=str)
def test_s29_s32_who_is_restricted_to_their_customers_never_helps_themselves_to_others(
    right: Right, allowed: Allowed, restriction: Restriction | None
) -> None:
    role = Role("own", "", {right: Cell(allowed, Certainty.STATED)}, restriction)
    if restriction is None or allowed is Allowed.NO:
        assert role == RoleTable([*MY_DSO_MANAGER, role]).role("own")
    else:
        with pytest.raises(InvalidValue, match="restriction") as refused:
            RoleTable([*MY_DSO_MANAGER, role])
        assert "roles" == refused.value.field


# --- a host's own table


YES = Cell(Allowed.YES, Certainty.STATED)
AUDITOR = Role("auditor", "Auditor", {Right.REPORTS: YES}, None)
CLERK = Role("clerk", "Clerk", {Right.MANAGE_USERS: YES}, None)


def test_a_host_adds_roles_or_replaces_the_table() -> None:
    table = RoleTable([*MY_DSO_MANAGER, AUDITOR])
    assert table.role("auditor").rights(may_import=True) == {Right.REPORTS}
    assert list(table.roles) == [*COLUMNS, "auditor"]
    assert list(RoleTable([CLERK, AUDITOR]).roles) == ["clerk", "auditor"]
    assert list(RoleTable(iter([CLERK])).roles) == ["clerk"]


@pytest.mark.parametrize("roles", [[], [AUDITOR]], ids=["none", "nobody manages users"])
def test_a_table_in_which_nobody_manages_users_is_refused(roles: list[Role]) -> None:
    with pytest.raises(InvalidValue, match="manage users"):
        RoleTable(roles)


def test_two_roles_of_one_id_are_refused() -> None:
    with pytest.raises(InvalidValue, match="ids that differ"):
        RoleTable([CLERK, AUDITOR, Role("auditor", "Another", {}, None)])


@pytest.mark.parametrize("wrong", ["", "Collector", "collector ", "admin", None, 5], ids=repr)
def test_s6_an_unknown_role_is_refused_naming_those_there_are(wrong: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        RoleTable(MY_DSO_MANAGER).role(wrong)
    assert refused.value.field == "role"
    assert refused.value.expected == f"one of {', '.join(COLUMNS)}"


def test_a_table_keeps_what_it_was_made_of_whatever_becomes_of_that() -> None:
    cells, several = {Right.REPORTS: YES}, [CLERK]
    role, table = Role("own", "", cells, None), RoleTable(several)
    cells[Right.OPEN_CARD] = YES
    several.append(role)
    assert {Right.REPORTS} == role.rights(may_import=False) == set(role.cells)
    assert ["clerk"] == list(table.roles)
    for kept in (role.cells, table.roles):
        with pytest.raises(TypeError):
            kept["own"] = role  # type: ignore[index]  # that is misuse


def test_two_roles_of_the_same_cells_are_equal_and_rights_are_told_apart() -> None:
    assert Role("own", "", {Right.REPORTS: YES}, None) == Role("own", "", {Right.REPORTS: YES}, None)
    assert Role("own", "", {}, None) != Role("own", "", {}, Restriction.SALES)
    assert len(Right) == len(set(Right)) == len({right.value for right in Right})
    assert set(Right) == {pickle.loads(pickle.dumps(right)) for right in Right}


def test_roles_and_tables_never_change() -> None:
    for value in (AUDITOR, YES, RoleTable([CLERK])):
        for field in attrs.fields(type(value)):
            with pytest.raises(attrs.exceptions.FrozenInstanceError):
                setattr(value, field.name, None)
