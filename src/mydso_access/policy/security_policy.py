"""The whole policy: one immutable value, groups inside it, presets beside it."""

from attrs import frozen

from mydso_access.policy.account import AccountPolicy
from mydso_access.policy.dormancy import DormancyPolicy
from mydso_access.policy.hashing import HashingPolicy
from mydso_access.policy.links import LinkPolicy
from mydso_access.policy.lockout import LockoutPolicy
from mydso_access.policy.names import NamePolicy
from mydso_access.policy.passwords import PasswordPolicy
from mydso_access.policy.settings import check_settings
from mydso_access.policy.tokens import TokenPolicy
from mydso_access.policy.visibility import VisibilityPolicy


@frozen(kw_only=True)
class SecurityPolicy:
    """Every number that a decision may use. Change one with `attrs.evolve` or `with_setting`.

    Attributes:
        lockout: how many wrong secrets, and the blocks (S36–S38).
        names: what a login name may look like (D11).
        passwords: what a new password must be made of (S8, S24).
        hashing: what a password hash costs.
        tokens: how long invitations, resets and confirmations may be used (S9).
        dormancy: after how long without access a login is disabled (S25).
        visibility: which roles see only their own customers (S28-S32).
        links: how long links to pages and documents work (S33, S34).
        account: how many users, and how long the trail is kept (S1).

    Raises:
        InvalidPolicy: a setting is out of its bounds; the message names it, its value and the bound.
    """

    lockout: LockoutPolicy = LockoutPolicy()
    names: NamePolicy = NamePolicy()
    passwords: PasswordPolicy = PasswordPolicy()
    hashing: HashingPolicy = HashingPolicy()
    tokens: TokenPolicy = TokenPolicy()
    dormancy: DormancyPolicy = DormancyPolicy()
    visibility: VisibilityPolicy = VisibilityPolicy()
    links: LinkPolicy = LinkPolicy()
    account: AccountPolicy = AccountPolicy()

    def __attrs_post_init__(self) -> None:
        check_settings(self)

    @classmethod
    def my_dso_manager(cls) -> "SecurityPolicy":
        """Return the preset with the product's own figures, as the two help pages and the D-numbers give them."""
        return cls()
