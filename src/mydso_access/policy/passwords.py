"""What a new password must be made of (S8, S24; D1, D13)."""

from enum import Enum

from attrs import frozen

from mydso_access.policy.settings import SettableAt, Stricter, check_settings, setting


class Composition(Enum):
    """When the composition rule of S24 binds (D1), from the loosest to the strictest."""

    NEVER = "never"
    WITH_ROTATION = "with_rotation"
    ALWAYS = "always"


@frozen(kw_only=True)
class PasswordPolicy:
    """Composition and length of passwords, looked at when one is set and never when one is verified."""

    min_length: int = setting(
        9,
        unit="code points",
        source="S24",
        at=SettableAt.PLATFORM_AND_ENTITY,
        stricter=Stricter.HIGHER,
        minimum=8,
        maximum=64,
        doc="The least length of a new password, counted in code points after NFC.",
    )
    max_length: int = setting(
        128,
        unit="code points",
        source="D13",
        stricter=Stricter.NEITHER,
        minimum=64,
        maximum=256,
        doc="The greatest length of a new password; verifying has its own, fixed cap, so lowering this locks nobody out.",
    )
    composition: Composition = setting(
        Composition.ALWAYS,
        unit="never, with_rotation or always",
        source="S24, D1",
        at=SettableAt.PLATFORM_AND_ENTITY,
        stricter=Stricter.HIGHER,
        doc="When a new password needs a letter, a digit, an uppercase letter and a special character.",
    )
    require_lowercase: bool = setting(
        default=False,
        unit="yes or no",
        source="S8",
        at=SettableAt.PLATFORM_AND_ENTITY,
        stricter=Stricter.HIGHER,
        doc="Whether the composition also needs a lowercase letter; where it does not, its absence is advice.",
    )

    refuse_names: bool = setting(
        default=True,
        unit="yes or no",
        source="ASVS 5.0, 6.2.11",
        at=SettableAt.PLATFORM_AND_ENTITY,
        stricter=Stricter.HIGHER,
        doc="Whether a new password made of the user's names, the structure's title or the host's own words is refused.",
    )

    def __attrs_post_init__(self) -> None:
        check_settings(self)

    @property
    def composition_binds(self) -> bool:
        """Whether a password set now must meet the composition; `SecurityPolicy.binding_passwords` knows of the rotation."""
        return self.composition is Composition.ALWAYS
