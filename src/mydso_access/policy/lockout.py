"""How many wrong secrets an account and an address get, and what happens then (S36, S37, S38; D2–D5, D13)."""

from datetime import timedelta

from attrs import frozen

from mydso_access.errors import InvalidPolicy
from mydso_access.policy.settings import Stricter, check_settings, setting


@frozen(kw_only=True)
class Limit:
    """How many failures one key may have, over which time, and how long it is blocked then (D3)."""

    failures: int = setting(
        5,
        unit="failures",
        source="S36, S37",
        stricter=Stricter.LOWER,
        minimum=1,
        maximum=1000,
        doc="The failure with this number starts the block.",
    )
    window: timedelta | None = setting(
        timedelta(hours=24),
        unit="duration",
        source="D3",
        stricter=Stricter.HIGHER,
        minimum=timedelta(minutes=1),
        maximum=timedelta(days=366),
        optional=True,
        doc="A failure counts for this long after its charge; `none`: until it is cleared.",
    )
    block: timedelta = setting(
        timedelta(hours=1),
        unit="duration",
        source="S36, S37",
        stricter=Stricter.HIGHER,
        minimum=timedelta(minutes=1),
        maximum=timedelta(days=366),
        doc="How long the block lasts, from the latest failure that caused it.",
    )

    def __attrs_post_init__(self) -> None:
        check_settings(self)


ACCOUNT = Limit(failures=5, window=timedelta(hours=24), block=timedelta(hours=1))
CODES = Limit(failures=5, window=timedelta(minutes=10), block=timedelta(minutes=10))
ADDRESS = Limit(failures=10, window=timedelta(hours=24), block=timedelta(hours=24))


@frozen(kw_only=True)
class LockoutPolicy:
    """Lock-out of accounts, addresses and of codes for a new address: always on, the installation's alone (S38, D17)."""

    account: Limit = ACCOUNT
    address: Limit = ADDRESS
    codes: Limit = CODES
    blocked_attempts_count: bool = setting(
        default=True,
        unit="yes or no",
        source="D2",
        stricter=Stricter.HIGHER,
        doc="Whether an attempt on a blocked account counts as a failure of the address it comes from. "
        "Switched off, such attempts cost a stranger nothing, leave no event, and tell in the end which names exist.",
    )
    hard_cap: int | None = setting(
        None,
        unit="consecutive failures",
        source="D4, NIST SP 800-63B-4 3.2.2",
        stricter=Stricter.LOWER,
        minimum=1,
        maximum=10_000,
        optional=True,
        doc="After this many failures without a complete sign-in between, the password is disabled until it is reset.",
    )
    lease: timedelta = setting(
        timedelta(seconds=30),
        unit="duration",
        source="D13",
        stricter=Stricter.NEITHER,
        minimum=timedelta(seconds=1),
        maximum=timedelta(minutes=1),
        doc="How long an attempt may stay unsettled before it counts as a failure.",
    )
    charge_wait: timedelta = setting(
        timedelta(seconds=2),
        unit="duration",
        source="architecture, charge then verify",
        stricter=Stricter.NEITHER,
        minimum=timedelta(milliseconds=10),
        maximum=timedelta(minutes=1),
        doc="How long a charge, or the user's save, that others keep overtaking is tried again before the answer is Busy.",
    )
    ipv6_prefix: int = setting(
        64,
        unit="bits",
        source="D5",
        stricter=Stricter.LOWER,
        minimum=16,
        maximum=128,
        doc="IPv6 addresses that share this many leading bits are counted as one.",
    )

    def __attrs_post_init__(self) -> None:
        check_settings(self)
        if self.charge_wait > self.lease:
            raise InvalidPolicy("LockoutPolicy.charge_wait", str(self.charge_wait), f"at most the lease, {self.lease}")
