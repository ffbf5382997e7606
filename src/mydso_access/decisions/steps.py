"""What a sign-in still owes, in a fixed order: address code, second factor or enrolment, new password (S21-S26; A29)."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypeAlias

from attrs import evolve, frozen

from mydso_access.decisions.addresses import lets_in
from mydso_access.decisions.administration import ActorFacts, is_main_administrator
from mydso_access.decisions.membership import judge_entry, judge_there
from mydso_access.decisions.naming import IPAddress, Who
from mydso_access.decisions.outcomes import INSTALLATION, DueBecause, Proof, Refused
from mydso_access.decisions.rotation import owes_change
from mydso_access.decisions.sessions import Factors, SensitiveAction, lacks_second_factor, requires_step_up
from mydso_access.decisions.sign_in import Place, SecretVerdict, judge_meant, policy_there
from mydso_access.decisions.tokens import NOTHING, GivenToken, TokenPurpose, joined, opens
from mydso_access.model.attempts import CounterKey
from mydso_access.model.reason import Reason
from mydso_access.model.secret import Secret
from mydso_access.model.sign_in import FIRST_FACTORS, Factor, Purpose, SignIn
from mydso_access.model.structure import Entity, Structure, StructureRecord
from mydso_access.model.user import User
from mydso_access.policy.addresses import Recipient


@frozen
class AddressCode:
    """A code that lets in the address.

    Attributes:
        structure: whose list it is not on.
    """

    structure: StructureRecord


@frozen
class SecondFactorCode:
    """A code of the user's app, or a recovery code."""


@frozen
class Enrolment:
    """A new second factor, confirmed by its first code."""


@frozen
class NewPassword:
    """A new password.

    Attributes:
        because: why.
    """

    because: DueBecause


Step: TypeAlias = AddressCode | SecondFactorCode | Enrolment | NewPassword


@frozen
class Standing:
    """A half-finished sign-in, and all that decides what it owes.

    Attributes:
        user: the record as stored now.
        sign_in: what was proven.
        place: where it leads, as stored now.
        client: the address that it comes from now.
    """

    user: User
    sign_in: SignIn
    place: Place
    client: IPAddress

    @property
    def now(self) -> datetime:
        """The present instant, or the user's last save if the clock has gone back (D10)."""
        return max(self.place.now, self.user.saved_at)


def begun(  # noqa: PLR0913  # who, what for, from where, what is proven, when
    user: User,
    purpose: Purpose,
    factors: Factors,
    *,
    address: CounterKey,
    at: datetime,
    lasts: timedelta,
    session: str | None = None,
    entity: str | None = None,
    outgrown: bool = False,
) -> SignIn:
    """Return a half-finished sign-in that was not stored yet; it would take the place of an earlier one like it."""
    return SignIn(
        id=hashlib.sha256(joined(user.id, address.digest, purpose.value)).hexdigest(),
        user_id=user.id,
        address=address,
        purpose=purpose,
        entity=entity,
        token=Secret(NOTHING),
        started_at=at,
        expires_at=at + lasts,
        factors=factors,
        since=user.valid_from,  # no instant of a clock that may go back (D10)
        outgrown=outgrown,
        session=session,
    )


def having_proven(standing: Standing, factor: Factor) -> Standing:
    """Return a sign-in that has proven one more factor just now."""
    factors = (*standing.sign_in.factors, (factor, standing.now))
    return evolve(standing, sign_in=evolve(standing.sign_in, factors=factors))


def with_fresh_password(proof: Proof, at: datetime) -> Factors:
    """Return what a proof holds, its password proven at an instant."""
    return ((Factor.PASSWORD, at), *(each for each in proof.factors if each[0] is not Factor.PASSWORD))


def bound_to(sign_in: SignIn, structure: Structure, address: str) -> tuple[str, ...]:
    """Return what a code for a new address is good for, and for nothing else (D7)."""
    return sign_in.id, structure.kind.value, structure.id, address


def judge_token(
    sign_in: SignIn | None, given: GivenToken | None, address: CounterKey, session: str | None, now: datetime
) -> SignIn | Refused:
    """Say whether a token goes on with a half-finished sign-in.

    Args:
        sign_in: the record that the token names.
        given: the token as it came back; `None` if it was none.
        address: counter key of the address that it comes from.
        session: digest of the host's id of the session; `None` without one.
        now: the present instant.
    """
    dead = Refused(Reason.DEAD_SIGN_IN, "D13", user_id=None if sign_in is None else sign_in.user_id)
    if given is None or not opens(given, TokenPurpose.SIGN_IN, None if sign_in is None else sign_in.token):
        return dead  # D13: unknown, or an earlier step's
    if sign_in is None or sign_in.used_at is not None:
        return dead  # D13: used
    if max(now, sign_in.saved_at) > sign_in.expires_at:
        return dead  # D13: too late
    if (sign_in.address, sign_in.session) != (address, session):
        return dead  # D7: begun from somewhere else
    return sign_in


def judge_standing(user: User | None, sign_in: SignIn, place: Place) -> User | Refused:
    """Say whether a half-finished sign-in's user may still sign in, and what was proven still counts."""
    first = first_factor(sign_in)
    meant = judge_meant(user, None if user is None else who(user, sign_in), place, first)
    if isinstance(meant, Refused):
        return meant
    proven = any(factor in FIRST_FACTORS for factor, _ in sign_in.factors)
    if meant.id != sign_in.user_id or not proven or sign_in.since < meant.valid_from:
        return Refused(Reason.DEAD_SIGN_IN, "D13", user_id=meant.id)  # D13: password or factor have changed since
    if sign_in.entity is None:
        return meant
    if place.entity is not None and place.entity.id != sign_in.entity:
        return Refused(Reason.NO_STRUCTURE, "S3", user_id=meant.id)  # S3
    return judge_there(meant, place.entity)


def who(user: User, sign_in: SignIn) -> Who | None:
    """Return what a user is called by what they proved first: that is whom further steps are charged to (S35)."""
    return user.sso if first_factor(sign_in) is Factor.SSO else user.name


def first_factor(sign_in: SignIn) -> Factor:
    """Return what was proven first."""
    return next((factor for factor, _ in sign_in.factors if factor in FIRST_FACTORS), Factor.PASSWORD)


def next_step(standing: Standing) -> Step | Refused | None:
    """Return what is owed next; `None`: nothing any more."""
    if refusal := _password_due_there(standing):
        return refusal
    return _address(standing) or _second_factor(standing) or _new_password(standing)


def _password_due_there(standing: Standing) -> Refused | None:
    """Say whether an entity asks for a new password first: a session has not just proven the present one (S23)."""
    if standing.sign_in.purpose is not Purpose.ENTER:
        return None
    because, binding = _owes_change(standing), policy_there(standing.user, standing.place)
    if because is None:
        return None
    levels = binding.levels("rotation.days") if because is DueBecause.AGE else INSTALLATION
    return Refused(Reason.PASSWORD_DUE, "S23", levels=levels, user_id=standing.user.id)  # S23


def _address(standing: Standing) -> Step | None:
    place, approvals = standing.place, standing.sign_in.approvals
    approved = {each.structure for each in approvals if may_still_validate(standing, each.structure, each.validator)}
    for record in (place.home, place.entity):
        if record is None or record.structure in approved:  # D7: an address that changed within its prefix may go on
            continue
        if not lets_in(record, standing.user, standing.client, place.policy):
            return AddressCode(record)  # S21 S22
    return None


def judge_address_code(standing: Standing, secret: SecretVerdict | None) -> Refused | None:
    """Say what is wrong with a code for a new address; `None`: nothing.

    Args:
        standing: the sign-in, which knows the code that was sent.
        secret: whether it was that one; `None` if nobody looked.
    """
    user, sent = standing.user, standing.sign_in.code
    if sent is None:
        return Refused(Reason.WRONG_STEP, "D7", user_id=user.id)  # D7
    if standing.now > sent.sent_at + policy_there(user, standing.place).policy.addresses.code:
        return Refused(Reason.OLD_CODE, "A17", user_id=user.id)  # A17
    if not may_still_validate(standing, sent.structure, sent.validator):
        return Refused(Reason.OLD_CODE, "A16", user_id=user.id)  # A16: who decides has changed since it was sent
    if secret is not SecretVerdict.RIGHT:
        return Refused(Reason.WRONG_CODE, "A17", user_id=user.id)  # A17: a failed attempt
    return None


def may_still_validate(standing: Standing, structure: Structure, validator: Recipient) -> bool:
    """Tell whether whoever got a code for a structure's list may decide, as its policy stands now (D14, A16)."""
    wanted = policy_there(standing.user, standing.place).policy.addresses.recipient
    if validator is Recipient.ADMINISTRATOR or wanted is Recipient.USER:
        return True
    records = (standing.place.home, standing.place.entity)
    return any(
        record is not None and record.structure == structure and is_main_administrator(standing.user, record)
        for record in records
    )


def _second_factor(standing: Standing) -> Step | Refused | None:
    if standing.sign_in.purpose is Purpose.ENROL:
        return Enrolment()
    asked = policy_there(standing.user, standing.place).policy.second_factor
    if not lacks_second_factor(standing.user, standing.sign_in.factors, asked):
        return None
    if standing.user.second_factor is not None:
        return SecondFactorCode()  # S26
    if standing.sign_in.purpose is Purpose.ENTER and _is_stale(standing):
        return Refused(Reason.STEP_UP_NEEDED, "ASVS 7.5.1", user_id=standing.user.id)
    return Enrolment()  # S26


def judge_present(facts: ActorFacts, proof: Proof, place: Place) -> User | Refused:
    """Say whether the user of a session may be in an entity now, as if they entered it.

    Whether a password has become too old there meanwhile is asked when they enter, and not of every request; so is the
    address.

    Args:
        facts: the proof, and its user as stored now.
        proof: what the session proved.
        place: the entity.
    """
    user = judge_entry(facts, place.entity)
    if isinstance(user, Refused):
        return user
    binding = policy_there(user, place)
    if lacks_second_factor(user, proof.factors, binding.policy.second_factor):
        levels = binding.levels("second_factor.required")
        return Refused(Reason.SECOND_FACTOR_OWED, "S26", levels=levels, user_id=user.id)  # S26
    return user


def unproven_among(user: User, proof: Proof, here: Place, entities: Iterable[Entity]) -> frozenset[Structure]:
    """Return which of these entities ask for a second factor that a proof lacks.

    Args:
        user: whose proof it is.
        proof: what the session proved.
        here: the user's home.
        entities: where they are authorised.
    """
    return frozenset(
        entity.structure
        for entity in entities
        if lacks_second_factor(
            user, proof.factors, policy_there(user, evolve(here, entity=entity)).policy.second_factor
        )
    )


def _is_stale(standing: Standing) -> bool:
    proof = Proof(standing.user.id, standing.sign_in.factors)
    return requires_step_up(SensitiveAction.CHANGE_SECOND_FACTOR, proof, standing.now, standing.place.policy)


def _new_password(standing: Standing) -> Step | None:
    if standing.sign_in.purpose is not Purpose.SIGN_IN:
        return None
    because = _owes_change(standing)
    return None if because is None else NewPassword(because)  # S23


def _owes_change(standing: Standing) -> DueBecause | None:
    if first_factor(standing.sign_in) is not Factor.PASSWORD:
        return None  # A18: not for who comes by single sign-on
    policy = policy_there(standing.user, standing.place).policy
    return owes_change(standing.user, policy, standing.now, standing.sign_in.outgrown)
