"""Which roles see only their own customers (S28-S32)."""

from attrs import frozen

from mydso_access.policy.settings import SettableAt, Stricter, check_settings, setting


@frozen(kw_only=True)
class VisibilityPolicy:
    """Four independent switches, an entity's alone (S27), for every user of the role, without exception (A21)."""

    collectors: bool = setting(
        default=False,
        unit="yes or no",
        source="S29",
        at=SettableAt.ENTITY,
        stricter=Stricter.HIGHER,
        doc="Whether a collector sees only the customers that they manage.",
    )
    sales: bool = setting(
        default=False,
        unit="yes or no",
        source="S30",
        at=SettableAt.ENTITY,
        stricter=Stricter.HIGHER,
        doc="Whether a sales manager sees only the customers assigned to them.",
    )
    sales_administration: bool = setting(
        default=False,
        unit="yes or no",
        source="S31",
        at=SettableAt.ENTITY,
        stricter=Stricter.HIGHER,
        doc="Whether sales administration sees only the customers assigned to them.",
    )
    guests: bool = setting(
        default=False,
        unit="yes or no",
        source="S32",
        at=SettableAt.ENTITY,
        stricter=Stricter.HIGHER,
        doc="Whether a guest sees only the customers assigned to them.",
    )

    def __attrs_post_init__(self) -> None:
        check_settings(self)
