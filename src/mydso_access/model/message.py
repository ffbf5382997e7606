"""What the host must send: typed values, returned by the flows and rendered by the host or by `messages.wording`."""

from datetime import datetime
from enum import Enum
from typing import TypeAlias

from attrs import field, frozen

from mydso_access.model.instant import utc, utc_or_none
from mydso_access.model.secret import Secret


@frozen(kw_only=True)
class InvitationMessage:
    """The account exists; create your own password (S7).

    Attributes:
        to: the e-mail address.
        name: the login name.
        structure: title of the structure.
        token: what the link must carry; `None` for a user who comes by SSO and needs no password.
        until: until when it can be used.
    """

    to: str
    name: str
    structure: str
    token: Secret[str] | None
    until: datetime | None = field(converter=utc_or_none)


@frozen(kw_only=True)
class ResetMessage:
    """Somebody asked for a new password.

    Attributes:
        to: the e-mail address.
        name: the login name.
        token: what the link must carry.
        until: until when it can be used.
    """

    to: str
    name: str
    token: Secret[str]
    until: datetime = field(converter=utc)


@frozen(kw_only=True)
class EmailConfirmationMessage:
    """Confirm that this is your address.

    Attributes:
        to: the new e-mail address.
        name: the login name.
        token: what the link must carry.
        until: until when it can be used.
    """

    to: str
    name: str
    token: Secret[str]
    until: datetime = field(converter=utc)


class SecurityChange(Enum):
    """What a user is told of after the fact, so that nobody changes it behind their back."""

    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # a change
    PASSWORD_RESET = "password_reset"  # noqa: S105  # a change
    EMAIL_CHANGE_ASKED = "email_change_asked"
    EMAIL_CHANGED = "email_changed"
    MOBILE_CHANGED = "mobile_changed"
    SECOND_FACTOR_ENROLLED = "second_factor_enrolled"
    SECOND_FACTOR_RESET = "second_factor_reset"
    RECOVERY_CODE_USED = "recovery_code_used"
    RECOVERY_CODES_RENEWED = "recovery_codes_renewed"
    PASSWORD_COMPROMISED = "password_compromised"  # noqa: S105  # a change
    LOGIN_DISABLED = "login_disabled"
    LOGIN_ENABLED = "login_enabled"
    UNBLOCKED = "unblocked"


@frozen(kw_only=True)
class SecurityMessage:
    """Something about your login has changed.

    Attributes:
        to: the e-mail address; at a change of address the old one.
        name: the login name.
        change: what has changed.
        at: when.
    """

    to: str
    name: str
    change: SecurityChange
    at: datetime = field(converter=utc)


class Ending(Enum):
    """What a user is warned of."""

    INVITATION = "invitation"
    LOGIN = "login"


@frozen(kw_only=True)
class WarningMessage:
    """Your invitation lapses, or your login goes dormant, in so many days (S10, S25).

    Attributes:
        to: the e-mail address.
        name: the login name.
        ending: what ends.
        due: when.
        days: how many days before it is said.
    """

    to: str
    name: str
    ending: Ending
    due: datetime = field(converter=utc)
    days: int


@frozen(kw_only=True)
class AddressCodeMessage:
    """Somebody signs in from an address that is not on the list (S22). It goes out by SMS.

    Attributes:
        to: the mobile number.
        name: the login name of whoever signs in.
        address: where from.
        code: six digits.
        until: until when it can be used.
    """

    to: str = field(repr=False)  # no outcome shows a number (D14)
    name: str
    address: str
    code: Secret[str]
    until: datetime = field(converter=utc)


Message: TypeAlias = (
    InvitationMessage | ResetMessage | EmailConfirmationMessage | SecurityMessage | WarningMessage | AddressCodeMessage
)
