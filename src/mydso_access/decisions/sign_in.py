"""The sign-in table: the first rule that applies wins (D12). Reading order is precedence."""

from datetime import datetime
from enum import Enum
from typing import TypeAlias, assert_never

from attrs import field, frozen

from mydso_access.decisions.dormancy import is_dormant
from mydso_access.decisions.levels import comes_by_sso, policy_at_home
from mydso_access.decisions.lockout import Admission, Admitted, Blocked, Full, Settlement
from mydso_access.decisions.naming import IPAddress, account_key, address_key, canonical_name
from mydso_access.decisions.outcomes import Busy, BusyBecause, Refused
from mydso_access.decisions.password import prepared
from mydso_access.model.attempts import CounterKey
from mydso_access.model.reason import Reason
from mydso_access.model.secret import Secret
from mydso_access.model.structure import StructureRecord
from mydso_access.model.user import Disabled, Enabled, Invited, NoLogin, User
from mydso_access.policy.lockout import LockoutPolicy
from mydso_access.policy.security_policy import SecurityPolicy


class SecretVerdict(Enum):
    """What a verifier says of a secret."""

    RIGHT = "right"
    WRONG = "wrong"
    UNUSABLE = "unusable"


@frozen
class Attempt:
    """Who tries what, from where.

    Attributes:
        name: the canonical name.
        password: the secret, prepared.
        client: the address it comes from.
        account: counter key of the name.
        address: counter key of the address.
    """

    name: str = field(repr=False)  # what is typed there is often a password
    password: Secret[bytes]
    client: IPAddress
    account: CounterKey
    address: CounterKey


def read_attempt(name: str, password: Secret[str], client: IPAddress, policy: SecurityPolicy) -> Attempt | Refused:
    """Read what was typed; what is malformed is no attempt at all: it touches no counter and no hash (D11).

    Raises:
        InvalidValue: name or password is no text.
    """
    canonical, secret = canonical_name(name, policy.names), prepared(password)
    if canonical is None or secret is None:
        return Refused(Reason.MALFORMED, "D11")  # D11
    return Attempt(canonical, secret, client, account_key(canonical), address_key(client, policy.lockout))


@frozen
class Place:
    """Where a user would be signed in to, and when.

    Attributes:
        home: the record of the user's structure; `None` if there is none.
        policy: the installation's policy.
        now: the present instant.
    """

    home: StructureRecord | None
    policy: SecurityPolicy
    now: datetime


@frozen
class SignInFacts:
    """What is known of one attempt.

    Attributes:
        name: the canonical name.
        address: what the address key said.
        account: what the account key said; `None` if it was not asked.
        user: the record found under the name.
        secret: the verifier's verdict; `None` if no stored secret was looked at.
        place: where the user would be signed in to; `None` if nobody looked.
    """

    name: str = field(repr=False)
    address: Admission
    account: Admission | None = None
    user: User | None = None
    secret: SecretVerdict | None = None
    place: Place | None = None


@frozen
class Complete:
    """Nothing is owed any more.

    Attributes:
        user: who is signed in.
    """

    user: User


SignInVerdict: TypeAlias = Complete | Refused | Busy


def judge(facts: SignInFacts) -> SignInVerdict:
    """Judge one attempt by all that is known of it."""
    return _judge(facts, facts.secret)


def _judge(facts: SignInFacts, secret: SecretVerdict | None) -> SignInVerdict:
    if refusal := judge_keys(facts):
        return refusal
    if facts.account is None:
        return Refused(Reason.ACCOUNT_BUSY, "S36")  # S36: nothing was charged yet, so nobody is signed in
    return judge_user(facts.user, facts.name, secret, facts.place)


def judge_keys(facts: SignInFacts) -> Refused | Busy | None:
    """Say what stands against the attempt before anybody looks who is meant; `None`: nothing so far."""
    match facts.address:
        case Blocked(until=until, rule=rule):
            return Refused(Reason.ADDRESS_BLOCKED, rule, until)  # S37
        case Full():
            return Busy(BusyBecause.ADDRESS_FULL)  # S37
        case Admitted():
            pass
        case _ as never:
            assert_never(never)
    match facts.account:
        case Blocked(until=until, rule=rule):
            return Refused(Reason.ACCOUNT_BLOCKED, rule, until, user_id=known_user_id(facts))  # S36 D4
        case Full():
            # In the words of a wrong password, or two parallel guesses would tell who exists.
            return Refused(Reason.ACCOUNT_BUSY, "S36", user_id=known_user_id(facts))  # S36
        case Admitted():
            return None
        case None:
            return None
        case _ as unheard_of:
            assert_never(unheard_of)


def evaluates(facts: SignInFacts) -> bool:
    """Tell whether the stored secret is worth a look: only if the right one would sign the user in.

    Otherwise the verifier works on a dummy, so that every admitted attempt costs one hash (D2).
    """
    return isinstance(_judge(facts, SecretVerdict.RIGHT), Complete)


def known_user_id(facts: SignInFacts) -> str | None:
    """Return the id of the user whose name it is exactly; a looser look-up finds nobody (D11)."""
    return facts.user.id if facts.user is not None and facts.user.name == facts.name else None


def address_settlement(facts: SignInFacts, lockout: LockoutPolicy) -> Settlement:
    """Say how the address's charge is settled when the attempt is refused."""
    if isinstance(facts.account, Full):
        return Settlement.GIVEN_BACK
    if isinstance(facts.account, Blocked) and not lockout.blocked_attempts_count:  # D2
        return Settlement.GIVEN_BACK
    return Settlement.WRONG  # S37


def is_recorded(refusal: Refused, lockout: LockoutPolicy) -> bool:
    """Tell whether a refusal leaves an event: what costs no failure would let strangers fill the trail."""
    if refusal.reason is Reason.ACCOUNT_BLOCKED:
        return lockout.blocked_attempts_count  # D2
    return refusal.reason not in (Reason.MALFORMED, Reason.ADDRESS_BLOCKED, Reason.ACCOUNT_BUSY)


def judge_user(
    user: User | None, name: str | None, secret: SecretVerdict | None, place: Place | None
) -> Complete | Refused:
    """Judge who is meant, and then the secret.

    Args:
        user: the record found.
        name: the canonical name it was looked for by.
        secret: the verifier's verdict; `None` if no stored secret was looked at.
        place: where the user would be signed in to.
    """
    if user is None or user.name != name:
        return Refused(Reason.UNKNOWN, "D11")  # D11: a looser look-up than the counter's key finds nobody
    match user.login:
        case NoLogin():
            return Refused(Reason.INACTIVE, "S14", user_id=user.id)  # S14
        case Invited():
            return Refused(Reason.INVITED, "S12", user_id=user.id)  # S12
        case Disabled():
            return Refused(Reason.DISABLED, "D12", user_id=user.id)  # D12
        case Enabled():
            return _judge_place(user, place) or _judge_secret(user, secret)
        case _ as never:
            assert_never(never)


def judge_again(user: User | None, before: User, place: Place | None) -> Complete | Refused:
    """Judge a record that changed while its password was verified: is what was proven still its password?"""
    unchanged = (
        user is not None
        and user.credential is not None
        and before.credential is not None
        and user.credential.set_at == before.credential.set_at
    )
    return judge_user(user, before.name, SecretVerdict.RIGHT if unchanged else SecretVerdict.WRONG, place)


def _judge_place(user: User, place: Place | None) -> Refused | None:
    """Say what forbids an enabled user to sign in to their structure with a password; `None`: nothing."""
    if place is None or place.home is None or place.home.structure != user.structure:
        return Refused(Reason.NO_HOME, "S3", user_id=user.id)  # S3 S16
    if comes_by_sso(user, place.home):
        return Refused(Reason.SSO_ONLY, "A24", user_id=user.id)  # A24
    binding = policy_at_home(user, place.home, place.policy)
    if is_dormant(user, binding.policy, place.now):
        return Refused(Reason.DORMANT, "S25", levels=binding.levels("dormancy.months"), user_id=user.id)  # S25
    return None


def _judge_secret(user: User, secret: SecretVerdict | None) -> Complete | Refused:
    if user.credential is None:
        return Refused(Reason.NO_PASSWORD, "D9", user_id=user.id)  # D9
    match secret:
        case SecretVerdict.RIGHT:
            return Complete(user)
        case SecretVerdict.UNUSABLE:
            return Refused(Reason.UNUSABLE_CREDENTIAL, "S36", user_id=user.id)  # S36: counted like a wrong one
        case SecretVerdict.WRONG | None:
            return Refused(Reason.WRONG_SECRET, "S36", user_id=user.id)  # S36
        case _ as never:
            assert_never(never)
