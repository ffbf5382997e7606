"""What the whole account is bound by: how many users, and how long the audit trail is kept (S1, A1)."""

from datetime import timedelta

from attrs import frozen

from mydso_access.policy.settings import Stricter, check_settings, setting


@frozen(kw_only=True)
class AccountPolicy:
    """Bounds of one installation's account."""

    max_users: int | None = setting(
        None,
        unit="users",
        source="S1, A1",
        stricter=Stricter.LOWER,
        minimum=1,
        maximum=10_000_000,
        optional=True,
        doc="How many users, contacts included, the account may have; `none`: as many as it likes.",
    )
    event_retention: timedelta | None = setting(
        None,
        unit="duration",
        source="GDPR, article 5(1)(e)",
        stricter=Stricter.NEITHER,
        minimum=timedelta(days=30),
        maximum=timedelta(days=36600),
        optional=True,
        doc="How long an event is kept before `purge` forgets it; `none`: for ever.",
    )

    def __attrs_post_init__(self) -> None:
        check_settings(self)
