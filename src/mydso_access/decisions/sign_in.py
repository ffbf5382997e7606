"""The first factor: the first rule that applies wins (D12). Reading order is precedence; `steps.py` goes on from here."""

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import TypeAlias, assert_never

from attrs import evolve, field, frozen

from mydso_access.decisions.dormancy import judge_dormancy
from mydso_access.decisions.levels import Levels, comes_by_sso, effective_policy, policy_at_home
from mydso_access.decisions.lockout import Admission, Admitted, Blocked, Full
from mydso_access.decisions.naming import IPAddress, Who, account_key, address_key, canonical_name
from mydso_access.decisions.outcomes import Busy, BusyBecause, Refused
from mydso_access.decisions.password import prepared
from mydso_access.model.attempts import CounterKey
from mydso_access.model.reason import Reason
from mydso_access.model.secret import Secret
from mydso_access.model.sign_in import Factor
from mydso_access.model.structure import Entity, Platform, StructureRecord
from mydso_access.model.user import Disabled, Enabled, Invited, NoLogin, SsoIdentity, User
from mydso_access.policy.levels import EffectivePolicy
from mydso_access.policy.security_policy import SecurityPolicy


class SecretVerdict(Enum):
    """What a verifier says of a secret."""

    RIGHT = "right"
    WRONG = "wrong"
    USED = "used"
    UNUSABLE = "unusable"


@frozen
class Attempt:
    """Who tries what, from where.

    Attributes:
        name: the canonical name, or the identity of single sign-on.
        client: the address it comes from.
        account: counter key of the name or identity.
        address: counter key of the address.
        codes: counter key of the user's codes for new addresses; `None` where none is tried.
    """

    name: Who = field(repr=False)  # what is typed there is often a password
    client: IPAddress
    account: CounterKey
    address: CounterKey
    codes: CounterKey | None = None


def attempt_of(who: Who, client: IPAddress, policy: SecurityPolicy, *, codes: CounterKey | None = None) -> Attempt:
    """Return an attempt by whoever is called so."""
    return Attempt(who, client, account_key(who), address_key(client, policy.lockout), codes)


@frozen
class TypedAttempt:
    """A name and a password as typed, in the form that is looked at.

    Attributes:
        attempt: who tries, from where.
        password: the password, prepared.
    """

    attempt: Attempt
    password: Secret[bytes]


def read_attempt(name: str, password: Secret[str], client: IPAddress, policy: SecurityPolicy) -> TypedAttempt | Refused:
    """Read what was typed; what is malformed is no attempt at all: it touches no counter and no hash (D11).

    Raises:
        InvalidValue: name or password is no text.
    """
    canonical, secret = canonical_name(name, policy.names), prepared(password)
    if canonical is None or secret is None:
        return Refused(Reason.MALFORMED, "D11")  # D11
    return TypedAttempt(attempt_of(canonical, client, policy), secret)


@frozen
class Place:
    """Where a user would be signed in to, and when.

    Attributes:
        home: the record of the user's structure; `None` if there is none.
        policy: the installation's policy.
        now: the present instant.
        entity: the entity that they would enter; `None` at home.
    """

    home: StructureRecord | None
    policy: SecurityPolicy
    now: datetime
    entity: Entity | None = None


def policy_there(user: User, place: Place) -> EffectivePolicy:
    """Return what binds a user where they would be (D6)."""
    if place.entity is None:
        return policy_at_home(user, place.home, place.policy)
    platform = place.home if isinstance(place.home, Platform) else None
    return effective_policy(user, Levels(place.policy, platform, place.entity))


@frozen
class SignInFacts:
    """What is known of one attempt.

    Attributes:
        name: the canonical name, or the identity of single sign-on.
        address: what the address key said.
        account: what the account key said; `None` if it was not asked.
        codes: what the key of the user's codes said; `None` if it was not asked.
        user: the record found under the name.
        secret: the verifier's verdict; `None` if no stored secret was looked at.
        place: where the user would be signed in to; `None` if nobody looked.
    """

    name: Who = field(repr=False)
    address: Admission
    account: Admission | None = None
    codes: Admission | None = None
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


# What is said of whom the keys admit, given what the verifier said of the secret.
Judge: TypeAlias = Callable[[SecretVerdict | None], Complete | Refused]


def judge(facts: SignInFacts) -> SignInVerdict:
    """Judge one attempt with a password by all that is known of it."""
    return judge_by(facts, lambda secret: judge_user(facts.user, facts.name, secret, facts.place), facts.secret)


def judge_by(facts: SignInFacts, judged: Judge, secret: SecretVerdict | None) -> SignInVerdict:
    """Judge one attempt of any kind: by what the keys said, and then as `judged` says."""
    if refusal := judge_keys(facts):
        return refusal
    if facts.account is None:
        return Refused(Reason.ACCOUNT_BUSY, "S36")  # S36: nothing was charged yet, so nobody is signed in
    return judged(secret)


def judge_keys(facts: SignInFacts) -> Refused | Busy | None:
    """Say what stands against the attempt before anybody looks who is meant; `None`: nothing so far."""
    return _judge_address(facts) or _judge_account(facts) or _judge_codes(facts)


def _judge_address(facts: SignInFacts) -> Refused | Busy | None:
    match facts.address:
        case Blocked(until=until, rule=rule):
            return Refused(Reason.ADDRESS_BLOCKED, rule, until)  # S37
        case Full():
            return Busy(BusyBecause.ADDRESS_FULL)  # S37
        case Admitted():
            return None
        case _ as never:
            assert_never(never)


def _judge_account(facts: SignInFacts) -> Refused | None:
    match facts.account:
        case Blocked() as block:
            return account_blocked(block, known_user_id(facts))
        case Full():
            # In the words of a wrong password, or two parallel guesses would tell who exists.
            return Refused(Reason.ACCOUNT_BUSY, "S36", user_id=known_user_id(facts))  # S36
        case Admitted() | None:
            return None
        case _ as never:
            assert_never(never)


def account_blocked(block: Blocked, user_id: str | None) -> Refused:
    """Return the refusal of whoever's account is blocked."""
    return Refused(Reason.ACCOUNT_BLOCKED, block.rule, block.until, user_id=user_id)  # S36 D4


def _judge_codes(facts: SignInFacts) -> Refused | None:
    match facts.codes:
        case Blocked(until=until, rule=rule):
            return Refused(Reason.CODES_BLOCKED, rule, until, user_id=known_user_id(facts))  # D13
        case Full():
            return Refused(Reason.CODES_BUSY, "D13", user_id=known_user_id(facts))  # D13
        case Admitted() | None:
            return None
        case _ as never:
            assert_never(never)


def evaluates(facts: SignInFacts, judged: Judge | None = None) -> bool:
    """Tell whether the stored secret is worth a look: only if the right one would do what was asked for.

    Otherwise the verifier works on a dummy, so that every admitted attempt costs one hash (D2).
    """
    if judged is None:
        return isinstance(judge(evolve(facts, secret=SecretVerdict.RIGHT)), Complete)
    return isinstance(judge_by(facts, judged, SecretVerdict.RIGHT), Complete)


def known_user_id(facts: SignInFacts) -> str | None:
    """Return the id of the user whose name it is exactly; a looser look-up finds nobody (D11)."""
    return facts.user.id if facts.user is not None and is_called(facts.user, facts.name) else None


def is_called(user: User, who: Who | None) -> bool:
    """Tell whether a name or an identity is exactly a user's."""
    return who is not None and (user.sso if isinstance(who, SsoIdentity) else user.name) == who


def judge_user(
    user: User | None, name: Who | None, secret: SecretVerdict | None, place: Place | None
) -> Complete | Refused:
    """Judge who is meant, and then the password.

    Args:
        user: the record found.
        name: the canonical name it was looked for by.
        secret: the verifier's verdict; `None` if no stored secret was looked at.
        place: where the user would be signed in to.
    """
    meant = judge_meant(user, name, place, Factor.PASSWORD)
    return meant if isinstance(meant, Refused) else _judge_secret(meant, secret)


def judge_meant(user: User | None, who: Who | None, place: Place | None, first: Factor) -> User | Refused:
    """Say who is meant, if they may sign in by this first factor.

    Args:
        user: the record found.
        who: the canonical name or the identity that it was looked for by.
        place: where the user would be signed in to.
        first: password or single sign-on.
    """
    if user is None or not is_called(user, who):
        return Refused(Reason.UNKNOWN, "D11")  # D11: a looser look-up than the counter's key finds nobody
    return judge_login(user) or _judge_place(user, place, first) or user


def judge_login(user: User) -> Refused | None:
    """Say what of the state of their login keeps a user out; `None`: nothing."""
    match user.login:
        case NoLogin():
            return Refused(Reason.INACTIVE, "S14", user_id=user.id)  # S14
        case Invited():
            return Refused(Reason.INVITED, "S12", user_id=user.id)  # S12
        case Disabled():
            return Refused(Reason.DISABLED, "D12", user_id=user.id)  # D12
        case Enabled():
            return None
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


def judge_session(
    user: User | None, user_id: str, typed: Attempt, secret: SecretVerdict | None, place: Place
) -> Complete | Refused:
    """Judge whose session it is, and then the password.

    Args:
        user: the record; `None` if the session has ended meanwhile.
        user_id: whose session it was.
        typed: whose name the password was given for.
        secret: the verifier's verdict.
        place: where the user is at home.
    """
    if user is None:
        return Refused(Reason.OUTDATED_PROOF, "D12", user_id=user_id)  # D12
    return judge_user(user, typed.name, secret, place)


def judge_session_again(user: User | None, before: User, place: Place | None) -> Complete | Refused:
    """Judge again for a session's user: what ended the session meanwhile ended what it asked for, too."""
    judged = judge_again(user, before, place)
    if isinstance(judged, Complete) and judged.user.valid_from != before.valid_from:
        return Refused(Reason.OUTDATED_PROOF, "D12", user_id=before.id)  # D12
    return judged


def _judge_place(user: User, place: Place | None, first: Factor) -> Refused | None:
    """Say what forbids an enabled user to sign in to their structure in this way; `None`: nothing."""
    if place is None or place.home is None or place.home.structure != user.structure:
        return Refused(Reason.NO_HOME, "S3", user_id=user.id)  # S3 S16
    by_sso = comes_by_sso(user, place.home)
    if by_sso and first is not Factor.SSO:
        return Refused(Reason.SSO_ONLY, "A24", user_id=user.id)  # A24
    if first is Factor.SSO and not by_sso:
        return Refused(Reason.NOT_BY_SSO, "A24", user_id=user.id)  # A24
    return judge_dormancy(user, place.home, place.policy, place.now)


def _judge_secret(user: User, secret: SecretVerdict | None) -> Complete | Refused:
    if user.credential is None:
        return Refused(Reason.NO_PASSWORD, "D9", user_id=user.id)  # D9
    match secret:
        case SecretVerdict.RIGHT:
            return Complete(user)
        case SecretVerdict.UNUSABLE:
            return Refused(Reason.UNUSABLE_CREDENTIAL, "S36", user_id=user.id)  # S36: counted like a wrong one
        case SecretVerdict.WRONG | SecretVerdict.USED | None:
            return Refused(Reason.WRONG_SECRET, "S36", user_id=user.id)  # S36
        case _ as never:
            assert_never(never)
