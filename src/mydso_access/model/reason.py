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
    DORMANT = "dormant"
    SSO_ONLY = "sso_only"
    NO_HOME = "no_home"
    NO_USER = "no_user"
    NO_STRUCTURE = "no_structure"
    OTHER_STRUCTURE = "other_structure"
    NOT_AUTHORISED = "not_authorised"
    OUTDATED_PROOF = "outdated_proof"
    STEP_UP_NEEDED = "step_up_needed"
    NOT_ALLOWED = "not_allowed"
    MORE_RIGHTS = "more_rights"
    MAIN_ADMINISTRATOR = "main_administrator"
    LAST_MAIN_ADMINISTRATOR = "last_main_administrator"
    NAME_TAKEN = "name_taken"
    ALREADY_THERE = "already_there"
    TOO_MANY_USERS = "too_many_users"
    WRONG_CATEGORY = "wrong_category"
    WRONG_STATE = "wrong_state"
    DEAD_TOKEN = "dead_token"  # noqa: S105  # a reason, not a token
    LAPSED = "lapsed"
    INSTALLATION_ONLY = "installation_only"
    ENTITY_ONLY = "entity_only"
