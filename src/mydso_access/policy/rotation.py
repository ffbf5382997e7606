"""How often a password must be changed, and how many earlier ones may not come back (S23; A18)."""

from attrs import frozen

from mydso_access.policy.settings import SettableAt, Stricter, check_settings, setting


@frozen(kw_only=True)
class RotationPolicy:
    """The option that forces a change of password; off unless somebody asks for it, as NIST and OWASP advise."""

    days: int | None = setting(
        None,
        unit="days",
        source="S23, A18",
        at=SettableAt.PLATFORM_AND_ENTITY,
        stricter=Stricter.LOWER,
        minimum=1,
        maximum=3650,
        optional=True,
        doc="A password this old must be changed at the next sign-in; `none`: never for its age.",
    )
    history: int = setting(
        0,
        unit="passwords",
        source="A18",
        at=SettableAt.PLATFORM_AND_ENTITY,
        stricter=Stricter.HIGHER,
        minimum=0,
        maximum=24,
        doc="How many passwords before the present one may not be chosen again; the present one never may.",
    )

    def __attrs_post_init__(self) -> None:
        check_settings(self)
