"""Roles and what each may do: a table that a host can replace, each cell saying how far it is known (S5, S6)."""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from types import MappingProxyType

from attrs import field, frozen

from mydso_access.errors import InvalidValue, shown


class Right(Enum):
    """What a role may do; the rows of the rights table."""

    GLOBAL_VIEW = "global view"
    REPORTS = "all reports"
    OPEN_CARD = "open a customer card"
    SEARCH = "advanced search"
    EXPORT_SEARCHES = "export customer and item searches"
    EXPORT_REPORTS = "export reports"
    EXPORT_ACCOUNTS = "export a customer account"
    BE_ASSOCIATED = "may be associated to a customer"
    BE_COLLECTOR = "may be a customer's collector"
    ASSIGN_CUSTOMERS = "assign customers to colleagues and collectors"
    CHANGE_STATUS = "change item status"
    COMMENT = "add comments"
    USE_FEATURES = "use most features"
    SCENARIOS = "administer collection scenarios"
    CREDIT_LIMITS = "administer credit-limit validation"
    MANAGE_USERS = "manage users"
    PAYMENT_PROFILES = "administer payment profiles"
    ITEM_STATUSES = "administer item statuses"
    IMPORT_DATA = "import data files"
    SECURITY_SETTINGS = "administer security settings"
    COMPANY_INFORMATION = "change company information"

    __hash__: Callable[["Right"], int] = object.__hash__  # type: ignore[assignment]  # there is one of each; Enum's own costs more than all else of a question


class Allowed(Enum):
    """What a cell of the table says."""

    YES = "yes"
    NO = "no"
    FLAGGED = "where the user's own flag says so"


class Certainty(Enum):
    """How far a cell of the table is known of My DSO Manager."""

    STATED = "stated on a help page"
    INFERRED = "inferred"
    UNKNOWN = "unknown"


@frozen
class Cell:
    """One cell of the table.

    Attributes:
        allowed: whether the role has the right.
        certainty: how far that is known.
    """

    allowed: Allowed
    certainty: Certainty


class Restriction(Enum):
    """The four switches by which an entity hides customers from a role; each value is the setting's name (S28)."""

    COLLECTORS = "visibility.collectors"
    SALES = "visibility.sales"
    SALES_ADMINISTRATION = "visibility.sales_administration"
    GUESTS = "visibility.guests"


def _kept(cells: Mapping[Right, Cell]) -> Mapping[Right, Cell]:
    return MappingProxyType(dict(cells))


@frozen
class Role:
    """What a user may do, whatever entity they are in.

    Attributes:
        id: by which a user's record names it.
        title: what people call it.
        cells: what the table says of each right; of one that is missing it says no.
        restriction: the switch that hides from the role all customers but its own; `None`: it is never restricted (A21).
            To be said of every role, lest one that was made anew sees everything by oversight.
    """

    id: str
    title: str
    cells: Mapping[Right, Cell] = field(converter=_kept)
    restriction: Restriction | None
    _rights: Mapping[bool, frozenset[Right]] = field(init=False, eq=False, repr=False)

    @_rights.default
    def _granted(self) -> Mapping[bool, frozenset[Right]]:
        yes = frozenset(right for right, cell in self.cells.items() if cell.allowed is Allowed.YES)
        flagged = frozenset(right for right, cell in self.cells.items() if cell.allowed is Allowed.FLAGGED)
        return {False: yes, True: yes | flagged}

    def rights(self, *, may_import: bool) -> frozenset[Right]:
        """Return the rights of a user of this role.

        Args:
            may_import: the user's own flag for importing data files.
        """
        return self._rights[may_import]


# What nobody may do who is restricted to the customers that others give them.
BEYOND_ONES_OWN = frozenset({Right.ASSIGN_CUSTOMERS, Right.MANAGE_USERS})


def _by_id(roles: Iterable[Role]) -> Mapping[str, Role]:
    several = [*roles]
    by_id = {role.id: role for role in several}
    if len(by_id) < len(several):
        raise InvalidValue("roles", shown([role.id for role in several]), "ids that differ")
    return MappingProxyType(by_id)


@frozen(eq=False)
class RoleTable:
    """Every role of an installation. Replace it, or add roles of your own: `RoleTable([*MY_DSO_MANAGER, auditor])`.

    Attributes:
        roles: the roles by their ids, in the order given.

    Raises:
        InvalidValue: two roles have one id, no role may manage users, or one that is restricted to its own customers may
            assign customers or manage users, and so help itself to others.
    """

    roles: Mapping[str, Role] = field(converter=_by_id)

    def __attrs_post_init__(self) -> None:
        if not any(Right.MANAGE_USERS in role.rights(may_import=False) for role in self.roles.values()):
            raise InvalidValue("roles", shown([*self.roles]), "a role that may manage users, or nobody ever could")
        for role in self.roles.values():
            if role.restriction is not None and role.rights(may_import=True) & BEYOND_ONES_OWN:
                expected = "no right to assign customers or to manage users for a role with a restriction"
                raise InvalidValue("roles", shown(role.id), expected)

    def role(self, role_id: str) -> Role:
        """Return the role with this id.

        Raises:
            InvalidValue: there is none (S6).
        """
        if role_id not in self.roles:
            raise InvalidValue("role", shown(role_id), f"one of {', '.join(self.roles)}")  # S6
        return self.roles[role_id]


_WORDS = {
    "Y": Cell(Allowed.YES, Certainty.STATED),
    "N": Cell(Allowed.NO, Certainty.STATED),
    "y": Cell(Allowed.YES, Certainty.INFERRED),
    "n": Cell(Allowed.NO, Certainty.INFERRED),
    "f": Cell(Allowed.FLAGGED, Certainty.INFERRED),
    "f?": Cell(Allowed.FLAGGED, Certainty.UNKNOWN),  # an administrator ticks it, or nobody
    "?": Cell(Allowed.NO, Certainty.UNKNOWN),  # what nobody knows is not allowed
}
_TITLES = (
    ("administrator", "Administrator"),
    ("credit_manager", "Credit manager"),
    ("collector", "Collector"),
    ("sales_manager", "Sales manager"),
    ("sales_administration", "Sales administration"),
    ("financial_controller", "Financial controller"),
    ("executive_officer", "Executive officer"),
    ("guest", "Guest"),
)
# A column for each role, in the order of the titles.
_CELLS: Mapping[Right, str] = {
    Right.GLOBAL_VIEW: "Y Y y y y y y Y",
    Right.REPORTS: "Y Y Y Y Y Y Y Y",
    Right.OPEN_CARD: "Y Y y Y Y Y Y N",
    Right.SEARCH: "Y Y y y y y y n",
    Right.EXPORT_SEARCHES: "Y Y y ? ? ? ? n",
    Right.EXPORT_REPORTS: "Y Y y ? ? ? ? ?",
    Right.EXPORT_ACCOUNTS: "Y Y y ? ? ? ? n",
    Right.BE_ASSOCIATED: "y y y Y Y y y y",
    Right.BE_COLLECTOR: "y y y n n n n n",  # A31
    Right.ASSIGN_CUSTOMERS: "y y n n n n n n",  # whoever is restricted to their customers must not help themselves
    Right.CHANGE_STATUS: "Y Y y Y N N N N",
    Right.COMMENT: "Y Y y Y N N N N",
    Right.USE_FEATURES: "Y Y y n n n n N",
    Right.SCENARIOS: "Y Y n N n n n N",
    Right.CREDIT_LIMITS: "Y Y n N n n n N",
    Right.MANAGE_USERS: "Y Y n N n n n N",
    Right.PAYMENT_PROFILES: "Y Y n N n n n N",
    Right.ITEM_STATUSES: "Y Y n N n n n N",
    Right.IMPORT_DATA: "y f f f? f? f? f? n",
    Right.SECURITY_SETTINGS: "Y N n N n n n N",
    Right.COMPANY_INFORMATION: "Y N n N n n n N",
}
_RESTRICTIONS = {
    "collector": Restriction.COLLECTORS,  # S29
    "sales_manager": Restriction.SALES,  # S30
    "sales_administration": Restriction.SALES_ADMINISTRATION,  # S31
    "guest": Restriction.GUESTS,  # S32
}
MY_DSO_MANAGER: tuple[Role, ...] = tuple(
    Role(
        role_id,
        title,
        {right: _WORDS[row.split()[column]] for right, row in _CELLS.items()},
        _RESTRICTIONS.get(role_id),
    )
    for column, (role_id, title) in enumerate(_TITLES)
)
