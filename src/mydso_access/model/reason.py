"""Why something was refused: the same words in decisions, events, the replay's report and the docs."""

from enum import Enum


class Reason(Enum):
    """Reasons of a refusal. They are for the host's log; what the outside may read is `Refused.public_message`."""

    MALFORMED = "malformed"
    ADDRESS_BLOCKED = "address_blocked"
    ACCOUNT_BLOCKED = "account_blocked"
    ACCOUNT_BUSY = "account_busy"
    UNKNOWN = "unknown"
    INACTIVE = "inactive"
    INVITED = "invited"
    DISABLED = "disabled"
    NO_PASSWORD = "no_password"  # noqa: S105  # a reason, not a password
    UNUSABLE_CREDENTIAL = "unusable_credential"
    WRONG_SECRET = "wrong_secret"  # noqa: S105  # a reason, not a secret
