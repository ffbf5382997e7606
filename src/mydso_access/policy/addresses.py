"""Which addresses may sign in, and who lets in a new one (S21, S22; A15-A17, D7, D14)."""

from datetime import timedelta
from enum import Enum

from attrs import frozen

from mydso_access.policy.lists import Networks
from mydso_access.policy.settings import SettableAt, Stricter, check_settings, setting


class Recipient(Enum):
    """Who gets the code that lets in a new address, and so validates it (S22), from the looser to the stricter."""

    USER = "user"
    ADMINISTRATOR = "administrator"


@frozen(kw_only=True)
class AddressPolicy:
    """The option that only listed addresses may connect; what is learned by codes is kept in the records."""

    networks: Networks | None = setting(
        None,
        unit="addresses and networks",
        source="S21, A15",
        at=SettableAt.PLATFORM_AND_ENTITY,
        stricter=Stricter.BOTH,
        optional=True,
        doc="From where people may sign in without a code; `none`: from everywhere.",
    )
    recipient: Recipient = setting(
        Recipient.ADMINISTRATOR,
        unit="user or administrator",
        source="S22, A16",
        at=SettableAt.PLATFORM_AND_ENTITY,
        stricter=Stricter.HIGHER,
        doc="Who gets the code for an address that is not listed: the structure's main administrator, or the user.",
    )
    code: timedelta = setting(
        timedelta(minutes=10),
        unit="duration",
        source="A17, D13",
        stricter=Stricter.LOWER,
        minimum=timedelta(minutes=1),
        maximum=timedelta(minutes=10),
        doc="How long after its message a code can be entered.",
    )
    sends: int = setting(
        3,
        unit="messages",
        source="D13",
        stricter=Stricter.LOWER,
        minimum=1,
        maximum=20,
        doc="How many codes are sent for one user within `sends_window`, over all their sign-ins.",
    )
    sends_window: timedelta = setting(
        timedelta(minutes=10),
        unit="duration",
        source="D13",
        stricter=Stricter.HIGHER,
        minimum=timedelta(minutes=1),
        maximum=timedelta(days=1),
        doc="Over which time codes are counted.",
    )

    def __attrs_post_init__(self) -> None:
        check_settings(self)
