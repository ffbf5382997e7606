"""A second factor as it is kept: a sealed seed, the last step that was accepted, hashes of recovery codes (S26; D8)."""

from datetime import datetime

from attrs import field, frozen

from mydso_access.model.instant import utc
from mydso_access.model.secret import Secret
from mydso_access.policy.second_factor import Algorithm


@frozen
class RecoveryCode:
    """A recovery code that was not used yet.

    Attributes:
        place: its number, which it begins with, so that one guess costs one hash.
        hash: its slow hash.
    """

    place: int
    hash: Secret[str]


@frozen
class SecondFactor:
    """An app that shows codes, and codes on paper for the day that the telephone is lost.

    Attributes:
        seed: sealed by the host's `SecretBox`, bound to this user.
        algorithm: the hash inside its codes.
        enrolled_at: when its first code was right.
        last_step: the number of the latest 30 seconds whose code was accepted; none up to it ever is again.
        recovery: recovery codes that are left.
    """

    seed: Secret[str]
    algorithm: Algorithm
    enrolled_at: datetime = field(converter=utc)
    last_step: int
    recovery: tuple[RecoveryCode, ...] = ()
