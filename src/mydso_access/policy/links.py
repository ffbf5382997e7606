"""How long links to customers' pages and documents work (S33, S34)."""

from datetime import timedelta

from attrs import frozen

from mydso_access.policy.settings import SettableAt, Stricter, check_settings, setting


@frozen(kw_only=True)
class LinkPolicy:
    """Two independent periods, an entity's alone (S27)."""

    interactive: timedelta | None = setting(
        None,
        unit="duration",
        source="S33, A23",
        at=SettableAt.ENTITY,
        stricter=Stricter.LOWER,
        minimum=timedelta(days=1),
        maximum=timedelta(days=3660),
        optional=True,
        doc="How long the links of interactive e-mails work, external and internal ones; `none`: for ever.",
    )
    documents: timedelta | None = setting(
        None,
        unit="duration",
        source="S34, A23",
        at=SettableAt.ENTITY,
        stricter=Stricter.LOWER,
        minimum=timedelta(days=1),
        maximum=timedelta(days=3660),
        optional=True,
        doc="How long links to hosted documents work; `none`: for ever.",
    )

    def __attrs_post_init__(self) -> None:
        check_settings(self)
