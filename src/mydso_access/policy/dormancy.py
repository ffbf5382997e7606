"""After how long without access a login is disabled (S25)."""

from attrs import frozen

from mydso_access.policy.settings import SettableAt, Stricter, check_settings, setting


@frozen(kw_only=True)
class DormancyPolicy:
    """The option that disables accounts nobody uses."""

    months: int | None = setting(
        None,
        unit="calendar months",
        source="S25, A19",
        at=SettableAt.PLATFORM_AND_ENTITY,
        stricter=Stricter.LOWER,
        minimum=1,
        maximum=120,
        optional=True,
        doc="A login is disabled this long after its latest access, clamped to a month's end; `none`: never.",
    )

    def __attrs_post_init__(self) -> None:
        check_settings(self)
