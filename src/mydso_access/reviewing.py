"""Reviewing a new password: the cheap rules, then the names around its user, then whether it is too common."""

from attrs import frozen

from mydso_access.decisions.password import Flaw, Violation, review_change, review_password
from mydso_access.decisions.password_words import cores, is_a_row, is_made_of, names_around
from mydso_access.errors import BrokenStore, shown
from mydso_access.installation import Installation
from mydso_access.model.secret import Secret
from mydso_access.model.structure import StructureRecord
from mydso_access.model.user import User
from mydso_access.policy.passwords import PasswordPolicy

NAMES = Violation(Flaw.NAMES, "ASVS 6.2.11", "Use other words than your name, your company's or the product's.")
REUSED = Violation(Flaw.REUSED, "S23", "Choose a password that you have not used before.")
COMMON = Violation(
    Flaw.COMMON, "ASVS 6.2.4", "This password is too common. Use several words that do not belong together."
)


@frozen
class Setting:
    """Whose password is set, and by which rules.

    Attributes:
        user: whose.
        home: the user's structure.
        policy: the effective policy there.
    """

    user: User
    home: StructureRecord | None
    policy: PasswordPolicy


async def violations_of(
    installation: Installation, new: Secret[str], setting: Setting, old: Secret[str] | None = None
) -> tuple[Violation, ...]:
    """Return everything that is wrong with a new password; a list or a service is asked only about what is else right.

    Args:
        installation: where.
        new: the password to be set.
        setting: whose, and by which rules.
        old: the present password as given, which the new one must differ from.

    Raises:
        StoreError: the blocklist failed, and says nothing of what that means.
    """
    review = review_password(new, setting.policy) if old is None else review_change(old, new, setting.policy)
    if review.violations:
        return review.violations
    if setting.policy.refuse_names and is_made_of(new, names_of(installation, setting)):
        return (NAMES,)
    return (COMMON,) if await _is_common(installation, new) else ()


def names_of(installation: Installation, setting: Setting) -> frozenset[str]:
    """Return the names around a user, which no password of theirs may be made of."""
    return names_around(setting.user, setting.home, installation.own_names)


async def _is_common(installation: Installation, new: Secret[str]) -> bool:
    words = cores(new)
    if any(is_a_row(core) for core in words):
        return True
    if installation.blocklist is None:
        return False
    answer = await installation.bridge.ask(installation.blocklist.holds, new, words)
    if type(answer) is not bool:
        raise BrokenStore("blocklist.holds", f"{shown(type(answer))} instead of a bool")
    return answer
