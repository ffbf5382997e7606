"""What is believed of single sign-on (S35; A24, D9)."""

from datetime import timedelta

from attrs import frozen

from mydso_access.policy.lists import Words
from mydso_access.policy.settings import Stricter, check_settings, setting


@frozen(kw_only=True)
class SsoPolicy:
    """Which assertions count, and what they prove."""

    assertion_age: timedelta = setting(
        timedelta(minutes=5),
        unit="duration",
        source="architecture, single sign-on",
        stricter=Stricter.LOWER,
        minimum=timedelta(seconds=10),
        maximum=timedelta(hours=1),
        doc="How old an assertion may be.",
    )
    skew: timedelta = setting(
        timedelta(seconds=15),
        unit="duration",
        source="architecture, clocks",
        stricter=Stricter.LOWER,
        minimum=timedelta(0),
        maximum=timedelta(minutes=2),
        doc="How far ahead the provider's clock may be; an assertion from later than that is from the future.",
    )
    trusted: Words = setting(
        Words(),
        unit="words without spaces",
        source="ASVS 5.0, 6.8.4",
        stricter=Stricter.NEITHER,
        doc="The `acr` and `amr` values by which a provider says that it asked for a second factor; all others say nothing.",
    )

    def __attrs_post_init__(self) -> None:
        check_settings(self)
