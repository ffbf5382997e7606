"""What a login name may look like (D11)."""

from attrs import frozen

from mydso_access.errors import InvalidPolicy, shown
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

    min_length: int = setting(
        6,
        unit="code points",
        source="A3",
        stricter=Stricter.NEITHER,
        minimum=1,
        maximum=16,
        doc="The least length of a new user's name; older and shorter names still sign in.",
    )
    special: str = setting(
        "._-@",
        unit="characters",
        source="A3",
        stricter=Stricter.NEITHER,
        doc="What a new user's name may be made of besides letters and digits.",
    )

    def __attrs_post_init__(self) -> None:
        check_settings(self)
        if not self.special.isprintable() or " " in self.special:
            raise InvalidPolicy("NamePolicy.special", shown(self.special), "characters that can be seen")
