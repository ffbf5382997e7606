"""What the doors answer: closed unions of small frozen values. A consumer ends in `assert_never`."""

from datetime import datetime, timedelta
from enum import Enum
from typing import TypeAlias

from attrs import frozen

from mydso_access.decisions.password import Violation
from mydso_access.model.message import Message
from mydso_access.model.reason import Reason
from mydso_access.model.sign_in import Factor
from mydso_access.model.user import User
from mydso_access.policy.fixed import RETRY_AFTER, TICK
from mydso_access.policy.settings import Level

NOT_SIGNED_IN = "The name or the password is not right."
# What people who are signed in, or hold a link, may read; every other reason is told in the words of a wrong password.
TOLD = {
    Reason.ALREADY_THERE: "It exists already.",
    Reason.DEAD_TOKEN: "This link is not valid any more.",
    Reason.ENTITY_ONLY: "This setting exists for entities only.",
    Reason.INSTALLATION_ONLY: "This setting cannot be changed here.",
    Reason.LAPSED: "This link is too old. Please ask for a new one.",
    Reason.LAST_MAIN_ADMINISTRATOR: "A structure needs a main administrator. Please appoint another one first.",
    Reason.MAIN_ADMINISTRATOR: "This user is a main administrator. Please withdraw that first.",
    Reason.MORE_RIGHTS: "This user has rights that you do not have.",
    Reason.NAME_TAKEN: "This login name is taken.",
    Reason.NO_STRUCTURE: "There is no such structure, or no room for it.",
    Reason.NO_USER: "There is no such user.",
    Reason.NOT_ALLOWED: "You may not do this.",
    Reason.NOT_AUTHORISED: "You are not authorised in this entity.",
    Reason.OTHER_STRUCTURE: "You are not authorised there.",
    Reason.OUTDATED_PROOF: "Please sign in again.",
    Reason.STEP_UP_NEEDED: "Please enter your password again.",
    Reason.TOO_MANY_USERS: "The account has as many users as it may have.",
    Reason.WRONG_CATEGORY: "This is not possible for a user of this category.",
    Reason.WRONG_STATE: "This is not possible in the user's present state.",
}
ALMOST_A_MINUTE = timedelta(minutes=1) - TICK
INSTALLATION = frozenset({Level.INSTALLATION})


@frozen
class Proof:
    """What a sign-in proved.

    Attributes:
        user_id: who.
        factors: each factor with the instant it was proven at.
    """

    user_id: str
    factors: tuple[tuple[Factor, datetime], ...]


@frozen
class SignedIn:
    """Every factor that the policy asks for was proven in this sign-in.

    The host starts a new session, under a new id, for `user.structure` and no other (S3, S16).

    Attributes:
        user: the user's record as saved.
        proof: what was proven.
    """

    user: User
    proof: Proof


@frozen
class Refused:
    """No.

    Attributes:
        reason: why; for the host's log, not for the outside.
        rule: the rule that settled it.
        until: from when the answer would be another one; `None` if time alone does not change it.
        levels: the levels that the rule's number came from.
        user_id: whom it is about, if the name belongs to somebody; for the host's log.
    """

    reason: Reason
    rule: str
    until: datetime | None = None
    levels: frozenset[Level] = INSTALLATION
    user_id: str | None = None

    @property
    def public_message(self) -> str:
        """What the outside may read: one text for every name and state, so that nobody learns who exists.

        A blocked address may be told: that depends on no name.
        """
        if self.reason is Reason.ADDRESS_BLOCKED and self.until is not None:
            minute = (self.until + ALMOST_A_MINUTE).replace(second=0, microsecond=0)  # never told too early
            return f"Too many failed sign-ins from your network address. Try again after {minute:%Y-%m-%d %H:%M} UTC."
        return TOLD.get(self.reason, NOT_SIGNED_IN)

    def explain(self) -> str:
        """Return one line for the log: reason, rule, levels, and when or how the answer would change."""
        levels = ", ".join(sorted(level.value for level in self.levels))
        change = f"; free again at {self.until.isoformat()}" if self.until else CHANGES.get(self.reason, "")
        return f"{self.reason.value} ({self.rule}, {levels}){change}"


CHANGES = {
    Reason.ACCOUNT_BLOCKED: "; free again when the password is reset",
    Reason.ACCOUNT_BUSY: "; other attempts on this name are being evaluated, try again in a moment",
    Reason.INVITED: "; free once the password is created from the invitation",
    Reason.DISABLED: "; free once an administrator enables the login",
    Reason.DORMANT: "; free once an administrator enables the login",
    Reason.SSO_ONLY: "; this user comes by single sign-on",
    Reason.LAPSED: "; free once a new message is sent",
}


class BusyBecause(Enum):
    """What an attempt would have had to wait for; for the host's log."""

    ADDRESS_FULL = "this address has as many attempts in flight as it has failures left, or they kept being saved first"
    NO_SLOT = "no hashing slot came free in time"
    LAPSED = "the attempt outlived its lease"
    RECORD_CHANGED = "the user's record kept being saved by others"


@frozen
class Busy:
    """Come again in a moment: nothing was found out about the secret. A host answers 503 with `Retry-After`.

    Attributes:
        because: what was waited for.
        retry_after: when to come again.
    """

    because: BusyBecause
    retry_after: timedelta = RETRY_AFTER

    @property
    def public_message(self) -> str:
        """What the outside may read."""
        return "Too many sign-ins at this moment. Please try again."


@frozen
class PasswordChanged:
    """The new password is set; the old one is dead, and so is every proof made before.

    Attributes:
        user: the user's record as saved.
        proof: to be kept in this session instead of the one before; other sessions have none that stands any more.
        messages: what the host must send now.
    """

    user: User
    proof: Proof
    messages: tuple[Message, ...] = ()


@frozen
class PasswordRejected:
    """The new password is not good enough; nothing was evaluated, charged or changed.

    Attributes:
        violations: everything that is wrong with it, each with its rule and advice.
    """

    violations: tuple[Violation, ...]


SignInOutcome: TypeAlias = SignedIn | Refused | Busy
PasswordChangeOutcome: TypeAlias = PasswordChanged | PasswordRejected | Refused | Busy
