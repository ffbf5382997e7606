"""How long what is sent in a message may be used, and how often it is sent (S9; D13)."""

from datetime import timedelta

from attrs import frozen

from mydso_access.policy.settings import Stricter, check_settings, setting


@frozen(kw_only=True)
class TokenPolicy:
    """Invitations, resets, confirmations of an e-mail address, half-finished sign-ins, and how fresh a proof must be."""

    invitation: timedelta = setting(
        timedelta(days=30),
        unit="duration",
        source="S9, A7",
        stricter=Stricter.LOWER,
        minimum=timedelta(hours=1),
        maximum=timedelta(days=30),
        doc="How long after the latest invitation the password can be created; later the login is disabled (S10).",
    )
    reset: timedelta = setting(
        timedelta(hours=1),
        unit="duration",
        source="D13",
        stricter=Stricter.LOWER,
        minimum=timedelta(minutes=5),
        maximum=timedelta(days=1),
        doc="How long after its message a password can be reset.",
    )
    reset_pause: timedelta = setting(
        timedelta(minutes=5),
        unit="duration",
        source="OWASP Forgot Password Cheat Sheet",
        stricter=Stricter.HIGHER,
        minimum=timedelta(0),
        maximum=timedelta(hours=1),
        doc="A further request this soon after a message sends none, and leaves the one sent usable.",
    )
    resets_a_day: int = setting(
        5,
        unit="messages",
        source="OWASP Forgot Password Cheat Sheet",
        stricter=Stricter.LOWER,
        minimum=1,
        maximum=100,
        doc="How many reset messages one user is sent within 24 hours.",
    )
    email_confirmation: timedelta = setting(
        timedelta(days=1),
        unit="duration",
        source="architecture, tokens",
        stricter=Stricter.LOWER,
        minimum=timedelta(minutes=5),
        maximum=timedelta(days=30),
        doc="How long a new e-mail address can be confirmed.",
    )
    sign_in: timedelta = setting(
        timedelta(minutes=15),
        unit="duration",
        source="D13",
        stricter=Stricter.LOWER,
        minimum=timedelta(minutes=2),
        maximum=timedelta(hours=1),
        doc="How long after its first factor a sign-in may take its further steps.",
    )
    step_up: timedelta = setting(
        timedelta(minutes=15),
        unit="duration",
        source="OWASP ASVS 5.0, 7.5.1",
        stricter=Stricter.LOWER,
        minimum=timedelta(minutes=1),
        maximum=timedelta(hours=12),
        doc="How recently somebody must have proven every factor for what a stolen session must not do.",
    )

    def __attrs_post_init__(self) -> None:
        check_settings(self)
