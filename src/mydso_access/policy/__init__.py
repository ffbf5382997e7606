"""Every number that a decision may use, and nothing else."""

from mydso_access.policy.account import AccountPolicy
from mydso_access.policy.addresses import AddressPolicy, Recipient
from mydso_access.policy.dormancy import DormancyPolicy
from mydso_access.policy.dotted import text_of, value_from, value_of, with_setting
from mydso_access.policy.hashing import HashingPolicy
from mydso_access.policy.levels import EffectivePolicy, StructurePolicy, stricter, strictest
from mydso_access.policy.links import LinkPolicy
from mydso_access.policy.lists import Networks, Words
from mydso_access.policy.lockout import Limit, LockoutPolicy
from mydso_access.policy.names import NamePolicy
from mydso_access.policy.passwords import Composition, PasswordPolicy
from mydso_access.policy.rotation import RotationPolicy
from mydso_access.policy.second_factor import Algorithm, SecondFactorPolicy, WithSso
from mydso_access.policy.security_policy import SecurityPolicy
from mydso_access.policy.settings import Level, SettableAt, Setting, Stricter, all_settings, value_type
from mydso_access.policy.sso import SsoPolicy
from mydso_access.policy.tokens import TokenPolicy
from mydso_access.policy.visibility import VisibilityPolicy

__all__ = [
    "AccountPolicy",
    "AddressPolicy",
    "Algorithm",
    "Composition",
    "DormancyPolicy",
    "EffectivePolicy",
    "HashingPolicy",
    "Level",
    "Limit",
    "LinkPolicy",
    "LockoutPolicy",
    "NamePolicy",
    "Networks",
    "PasswordPolicy",
    "Recipient",
    "RotationPolicy",
    "SecondFactorPolicy",
    "SecurityPolicy",
    "SettableAt",
    "Setting",
    "SsoPolicy",
    "Stricter",
    "StructurePolicy",
    "TokenPolicy",
    "VisibilityPolicy",
    "WithSso",
    "Words",
    "all_settings",
    "stricter",
    "strictest",
    "text_of",
    "value_from",
    "value_of",
    "value_type",
    "with_setting",
]
