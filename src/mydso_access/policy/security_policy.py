"""The whole policy: one immutable value, groups inside it, presets beside it."""

from attrs import evolve, frozen

from mydso_access.policy.account import AccountPolicy
from mydso_access.policy.addresses import AddressPolicy
from mydso_access.policy.dormancy import DormancyPolicy
from mydso_access.policy.hashing import HashingPolicy
from mydso_access.policy.links import LinkPolicy
from mydso_access.policy.lockout import LockoutPolicy
from mydso_access.policy.names import NamePolicy
from mydso_access.policy.passwords import Composition, PasswordPolicy
from mydso_access.policy.rotation import RotationPolicy
from mydso_access.policy.second_factor import SecondFactorPolicy
from mydso_access.policy.settings import check_settings
from mydso_access.policy.sso import SsoPolicy
from mydso_access.policy.tokens import TokenPolicy
from mydso_access.policy.visibility import VisibilityPolicy


@frozen(kw_only=True, cache_hash=True)
class SecurityPolicy:
    """Every number that a decision may use. Change one with `attrs.evolve` or `with_setting`.

    Attributes:
        lockout: how many wrong secrets, and the blocks (S36–S38).
        names: what a login name may look like (D11).
        passwords: what a new password must be made of (S8, S24).
        rotation: how often a password must be changed (S23).
        second_factor: when a code from an app is asked for (S26).
        sso: what is believed of single sign-on (S35).
        addresses: which addresses may sign in (S21, S22).
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
    rotation: RotationPolicy = RotationPolicy()
    second_factor: SecondFactorPolicy = SecondFactorPolicy()
    sso: SsoPolicy = SsoPolicy()
    addresses: AddressPolicy = AddressPolicy()
    hashing: HashingPolicy = HashingPolicy()
    tokens: TokenPolicy = TokenPolicy()
    dormancy: DormancyPolicy = DormancyPolicy()
    visibility: VisibilityPolicy = VisibilityPolicy()
    links: LinkPolicy = LinkPolicy()
    account: AccountPolicy = AccountPolicy()

    def __attrs_post_init__(self) -> None:
        check_settings(self)

    @property
    def binding_passwords(self) -> PasswordPolicy:
        """What binds a password that is set now: `with_rotation` means always where a change is forced, else never (D1)."""
        if self.passwords.composition is not Composition.WITH_ROTATION:
            return self.passwords
        binds = Composition.NEVER if self.rotation.days is None else Composition.ALWAYS  # D1
        return evolve(self.passwords, composition=binds)

    @classmethod
    def my_dso_manager(cls) -> "SecurityPolicy":
        """Return the preset with the product's own figures, as the two help pages and the D-numbers give them."""
        return cls()
