"""What the doors answer: closed unions of small frozen values. A consumer ends in `assert_never`."""

from datetime import datetime, timedelta
from enum import Enum
from typing import Any, TypeAlias

from attrs import field, frozen

from mydso_access.decisions.password import Violation
from mydso_access.decisions.wording import CHANGES, ENDS_SESSION, NOT_SIGNED_IN, TOLD, TOLD_WHEN_PROVEN
from mydso_access.errors import InvalidValue, shown
from mydso_access.model.instant import utc
from mydso_access.model.message import Message
from mydso_access.model.reason import Reason
from mydso_access.model.secret import Secret
from mydso_access.model.sign_in import Factor
from mydso_access.model.user import User
from mydso_access.policy.addresses import Recipient
from mydso_access.policy.fixed import EARLIEST, RETRY_AFTER, TICK
from mydso_access.policy.settings import Level

ALMOST_A_MINUTE, ALMOST_A_SECOND = timedelta(minutes=1) - TICK, timedelta(seconds=1) - TICK
INSTALLATION = frozenset({Level.INSTALLATION})


def _issued(at: datetime) -> datetime:
    return utc(at, "Proof.issued_at")


@frozen
class Proof:
    """What a sign-in proved.

    Attributes:
        user_id: who.
        factors: each factor with the instant it was proven at.
        issued_at: when all of them were found to stand, together; what ends sessions ends every proof issued before. If
            not given, the earliest of their instants.
    """

    user_id: str
    factors: tuple[tuple[Factor, datetime], ...]
    issued_at: datetime = field(converter=_issued)

    @issued_at.default
    def _earliest(self) -> datetime:
        _check_proof(self.user_id, self.factors)
        return min((at for _, at in self.factors), default=EARLIEST)

    def __attrs_post_init__(self) -> None:
        _check_proof(self.user_id, self.factors)


def _check_proof(user_id: Any, factors: Any) -> None:
    """Refuse what a host put together wrongly from its session."""
    if type(user_id) is not str:
        raise InvalidValue("Proof.user_id", shown(user_id), "text (str)")
    expected = "a tuple of pairs: a Factor, and when it was proven (timezone-aware)"
    if type(factors) is not tuple or not all(type(each) is tuple and len(each) == 2 for each in factors):
        raise InvalidValue("Proof.factors", shown(factors), expected)
    for factor, at in factors:
        if type(factor) is not Factor:
            raise InvalidValue("Proof.factors", shown(factor), expected)
        utc(at, "Proof.factors")


@frozen
class SignedIn:
    """Every factor that the policy asks for was proven in this sign-in.

    The host starts a new session, under a new id, for `user.structure` and no other (S3, S16).

    Attributes:
        user: the user's record as saved.
        proof: what was proven, and so how.
        messages: what the host must send now.
    """

    user: User
    proof: Proof
    messages: tuple[Message, ...] = ()

    @property
    def rotate_session(self) -> bool:
        """Always true: a session's id from before the sign-in must not go on after it (ASVS 5.0, 7.2.4)."""
        return True


@frozen(kw_only=True)
class AddressCodeRequired:
    """The address is new: a code was sent, by SMS, to whoever may let it in (S22).

    Attributes:
        sign_in: the token that goes on with this sign-in; the one before is dead.
        until: until when the code can be entered.
        validator: who gets the code: an administrator, or the user.
        messages: what the host must send now.
    """

    sign_in: Secret[str]
    until: datetime
    validator: Recipient
    messages: tuple[Message, ...] = ()


@frozen(kw_only=True)
class SecondFactorRequired:
    """A code of the user's app is owed, or a recovery code (S26).

    Attributes:
        sign_in: the token that goes on with this sign-in; the one before is dead.
        until: until when.
        messages: what the host must send now.
    """

    sign_in: Secret[str]
    until: datetime
    messages: tuple[Message, ...] = ()


@frozen(kw_only=True)
class EnrolmentRequired:
    """A second factor is owed, and there is none yet: the first code of an app confirms it (S26).

    Attributes:
        sign_in: the token that goes on with this sign-in; the one before is dead.
        until: until when.
        uri: the provisioning URI, to be shown as a QR code (`adapters.qr`).
        seed: the same for people who type: base 32.
        messages: what the host must send now.
    """

    sign_in: Secret[str]
    until: datetime
    uri: Secret[str]
    seed: Secret[str]
    messages: tuple[Message, ...] = ()


class DueBecause(Enum):
    """Why a new password is owed."""

    AGE = "age"
    OUTGROWN = "outgrown"
    COMPROMISED = "compromised"


@frozen(kw_only=True)
class NewPasswordRequired:
    """The password was right, and must be changed (S23).

    Attributes:
        sign_in: the token that goes on with this sign-in; the one before is dead.
        until: until when.
        because: why.
        messages: what the host must send now.
    """

    sign_in: Secret[str]
    until: datetime
    because: DueBecause
    messages: tuple[Message, ...] = ()


StepRequired: TypeAlias = AddressCodeRequired | SecondFactorRequired | EnrolmentRequired | NewPasswordRequired


@frozen
class SteppedUp:
    """Every factor was proven again just now.

    Attributes:
        proof: to be kept in the session instead of the one before.
        messages: what the host must send now.
    """

    proof: Proof
    messages: tuple[Message, ...] = ()


@frozen
class Enrolled:
    """The user has another second factor now; every other session of theirs is over.

    Attributes:
        user: the user's record as saved.
        proof: to be kept in this session instead of the one before.
        messages: what the host must send now.
    """

    user: User
    proof: Proof
    messages: tuple[Message, ...] = ()


@frozen
class Refused:
    """No.

    Attributes:
        reason: why; for the host's log, not for the outside.
        rule: the rule that settled it.
        until: from when the answer would be another one; `None` if time alone does not change it.
        levels: the levels that the rule's number came from.
        user_id: whom it is about, if the name belongs to somebody; for the host's log.
        messages: what the host must send all the same: of what was changed before it came to the refusal.
        first_factor_proven: whether somebody is told who has proven to know the password, or came by single sign-on.
        settings: the names of the settings that may not be asked for there, where that is why.
    """

    reason: Reason
    rule: str
    until: datetime | None = None
    levels: frozenset[Level] = INSTALLATION
    user_id: str | None = None
    first_factor_proven: bool = False
    messages: tuple[Message, ...] = ()
    settings: tuple[str, ...] = ()

    @property
    def public_message(self) -> str:
        """What the outside may read: one text for every name and state, so that nobody learns who exists.

        A blocked address may be told: that depends on no name.
        """
        told = TOLD.get(self.reason, NOT_SIGNED_IN)
        if self.reason is Reason.ADDRESS_BLOCKED:
            told = "Too many failed sign-ins from your network address."
        elif self.first_factor_proven:
            told = TOLD_WHEN_PROVEN.get(self.reason, told)
        if self.until is None or told == NOT_SIGNED_IN:
            return told
        minute = (self.until + ALMOST_A_MINUTE).replace(second=0, microsecond=0)  # never told too early
        return f"{told} Try again after {minute:%Y-%m-%d %H:%M} UTC."

    @property
    def ends_session(self) -> bool:
        """Whether a session that was answered this is over: what it proved does not count any more."""
        return self.reason in ENDS_SESSION

    def explain(self) -> str:
        """Return one line for the log: reason, rule, levels, which settings, and when or how the answer would change."""
        levels = ", ".join(sorted(level.value for level in self.levels))
        change = CHANGES.get(self.reason, "")
        if self.until is not None:
            change = f"; free again at {(self.until + ALMOST_A_SECOND).replace(microsecond=0).isoformat()}"
        named = f": {', '.join(self.settings)}" if self.settings else ""
        return f"{self.reason.value} ({self.rule}, {levels}){named}{change}"


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
        messages: what the host must send all the same: of what was changed before.
    """

    because: BusyBecause
    retry_after: timedelta = RETRY_AFTER
    messages: tuple[Message, ...] = ()

    @property
    def public_message(self) -> str:
        """What the outside may read."""
        return "Too many sign-ins at this moment. Please try again."

    def explain(self) -> str:
        """Return one line for the log: what was waited for, and after how many seconds to come again."""
        seconds = -(-self.retry_after // timedelta(seconds=1))  # never told too early
        return f"{self.because.value}; come again in {seconds} s"


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
    """The new password is not good enough; nothing was changed, and nothing counted.

    Attributes:
        violations: everything that is wrong with it, each with its rule and advice.
    """

    violations: tuple[Violation, ...]

    @property
    def messages(self) -> tuple[Message, ...]:
        """None: nothing was changed. A host sends the `messages` of every outcome alike."""
        return ()


SignInOutcome: TypeAlias = SignedIn | StepRequired | Refused | Busy
PasswordChangeOutcome: TypeAlias = PasswordChanged | PasswordRejected | Refused | Busy
