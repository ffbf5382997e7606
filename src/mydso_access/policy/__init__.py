"""Every number that a decision may use, and nothing else."""

from mydso_access.policy.dotted import with_setting
from mydso_access.policy.hashing import HashingPolicy
from mydso_access.policy.lockout import Limit, LockoutPolicy
from mydso_access.policy.names import NamePolicy
from mydso_access.policy.passwords import Composition, PasswordPolicy
from mydso_access.policy.security_policy import SecurityPolicy
from mydso_access.policy.settings import Level, SettableAt, Setting, Stricter, all_settings

__all__ = [
    "Composition",
    "HashingPolicy",
    "Level",
    "Limit",
    "LockoutPolicy",
    "NamePolicy",
    "PasswordPolicy",
    "SecurityPolicy",
    "SettableAt",
    "Setting",
    "Stricter",
    "all_settings",
    "with_setting",
]
