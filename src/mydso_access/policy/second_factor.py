"""When a code from an app is asked for, and which code counts (S26; A20, D8, A24)."""

from enum import Enum

from attrs import frozen

from mydso_access.policy.settings import SettableAt, Stricter, check_settings, setting


class WithSso(Enum):
    """Whether who comes by single sign-on is asked for a code, too (S35), from the loosest to the strictest."""

    NEVER = "never"
    UNLESS_TRUSTED = "unless_trusted"
    ALWAYS = "always"


class Algorithm(Enum):
    """The hash inside a time-based code; every app knows SHA-1, where its weakness does not matter."""

    SHA1 = "sha1"
    SHA256 = "sha256"


@frozen(kw_only=True)
class SecondFactorPolicy:
    """The option that asks for a code besides the password."""

    required: bool = setting(
        default=False,
        unit="yes or no",
        source="S26",
        at=SettableAt.PLATFORM_AND_ENTITY,
        stricter=Stricter.HIGHER,
        doc="Whether everybody needs a second factor; who has none enrols at their next sign-in.",
    )
    with_sso: WithSso = setting(
        WithSso.ALWAYS,
        unit="never, unless_trusted or always",
        source="S35, A24, D9",
        at=SettableAt.PLATFORM_AND_ENTITY,
        stricter=Stricter.HIGHER,
        doc="Whether who comes by single sign-on is asked, too; `unless_trusted`: not if `sso.trusted` vouches for them.",
    )
    steps_back: int = setting(
        1,
        unit="steps of 30 seconds",
        source="D8",
        stricter=Stricter.LOWER,
        minimum=0,
        maximum=2,
        doc="How many steps before the present one a code may be of.",
    )
    steps_ahead: int = setting(
        0,
        unit="steps of 30 seconds",
        source="D8",
        stricter=Stricter.LOWER,
        minimum=0,
        maximum=1,
        doc="How many steps after the present one a code may be of, for telephones whose clock is fast.",
    )
    algorithm: Algorithm = setting(
        Algorithm.SHA1,
        unit="sha1 or sha256",
        source="D8, RFC 6238",
        stricter=Stricter.NEITHER,
        doc="The hash inside the codes of who enrols from now on.",
    )
    recovery_codes: int = setting(
        10,
        unit="codes",
        source="D8, D13",
        stricter=Stricter.NEITHER,
        minimum=1,
        maximum=20,
        doc="How many recovery codes a user is given at a time.",
    )

    def __attrs_post_init__(self) -> None:
        check_settings(self)
