"""What a login name may look like (D11)."""

from attrs import frozen

from mydso_access.policy.settings import Stricter, check_settings, setting


@frozen(kw_only=True)
class NamePolicy:
    """Bounds of the names that people sign in with."""

    max_length: int = setting(
        254,
        unit="code points",
        source="D13",
        stricter=Stricter.NEITHER,
        minimum=16,
        maximum=1024,
        doc="A longer name, before or after normalising, is malformed: refused without touching a counter.",
    )

    def __attrs_post_init__(self) -> None:
        check_settings(self)
