"""The whole policy: one immutable value, groups inside it, presets beside it."""

from attrs import frozen

from mydso_access.policy.hashing import HashingPolicy
from mydso_access.policy.lockout import LockoutPolicy
from mydso_access.policy.names import NamePolicy
from mydso_access.policy.passwords import PasswordPolicy
from mydso_access.policy.settings import check_settings


@frozen(kw_only=True)
class SecurityPolicy:
    """Every number that a decision may use. Change one with `attrs.evolve` or `with_setting`.

    Attributes:
        lockout: how many wrong secrets, and the blocks (S36–S38).
        names: what a login name may look like (D11).
        passwords: what a new password must be made of (S8, S24).
        hashing: what a password hash costs.

    Raises:
        InvalidPolicy: a setting is out of its bounds; the message names it, its value and the bound.
    """

    lockout: LockoutPolicy = LockoutPolicy()
    names: NamePolicy = NamePolicy()
    passwords: PasswordPolicy = PasswordPolicy()
    hashing: HashingPolicy = HashingPolicy()

    def __attrs_post_init__(self) -> None:
        check_settings(self)

    @classmethod
    def my_dso_manager(cls) -> "SecurityPolicy":
        """Return the preset with the product's own figures, as the two help pages and the D-numbers give them."""
        return cls()
