"""The address list: who is let in from where, who gets the code for a new address, what is remembered (S21, S22; D14)."""

from collections.abc import Sequence
from datetime import datetime

from attrs import evolve, field, frozen

from mydso_access.decisions.administration import is_main_administrator
from mydso_access.decisions.levels import value_at
from mydso_access.decisions.naming import IPAddress
from mydso_access.decisions.outcomes import Refused
from mydso_access.model.reason import Reason
from mydso_access.model.sign_in import Approval
from mydso_access.model.structure import ApprovedAddress, StructureRecord
from mydso_access.model.user import Enabled, User
from mydso_access.policy.addresses import AddressPolicy, Recipient
from mydso_access.policy.fixed import APPROVED_CAP
from mydso_access.policy.lists import Networks
from mydso_access.policy.security_policy import SecurityPolicy


@frozen
class To:
    """Who gets a code, and so decides for whom the address is remembered.

    Attributes:
        mobile: the number; no outcome shows it.
        validator: administrator: for everybody; user: for themselves.
    """

    mobile: str = field(repr=False)
    validator: Recipient


def networks_at(record: StructureRecord, installation: SecurityPolicy) -> Networks | None:
    """Return the configured list of one structure: what it asks for, and the installation; `None`: everywhere."""
    listed: Networks | None = value_at(record, installation, "addresses.networks")
    return listed


def lets_in(record: StructureRecord, user: User, client: IPAddress, installation: SecurityPolicy) -> bool:
    """Tell whether a structure's list lets a user in from an address, without a code (S21).

    Args:
        record: the structure.
        user: who would be let in.
        client: from where.
        installation: the installation's policy.
    """
    listed = networks_at(record, installation)
    if listed is None or client in listed:  # S21
        return True
    learned = (*record.approved, *(each for each in user.approved if each.structure == record.structure))  # D14
    return any(each.address == str(client) for each in learned)


def recipient_of(
    user: User, record: StructureRecord, administrators: Sequence[User], wanted: Recipient
) -> To | Refused:
    """Say who gets the code for a new address.

    Args:
        user: who signs in.
        record: the structure whose list the address is not on.
        administrators: its main administrators, in the order of their appointment.
        wanted: whom the policy wants to decide.
    """
    if wanted is Recipient.USER and user.mobile is not None:  # A16
        return To(user.mobile, Recipient.USER)
    able = [each for each in administrators if _may_validate(each, record)]
    for each in able:
        if each.id != user.id and each.mobile is not None:
            return To(each.mobile, Recipient.ADMINISTRATOR)  # D14: the first by appointment who has a mobile
    if any(each.id == user.id for each in able) and user.mobile is not None:
        return To(user.mobile, Recipient.USER)  # D14: nobody else is there, so the address is personal
    return Refused(Reason.NO_RECIPIENT, "A16", levels=frozenset({record.structure.level}), user_id=user.id)  # A16


def _may_validate(user: User, record: StructureRecord) -> bool:
    return isinstance(user.login, Enabled) and is_main_administrator(user, record)


def judge_send(user: User, policy: AddressPolicy, now: datetime) -> Refused | None:
    """Say whether a user has had as many codes as may be sent, over all sign-ins; `None`: another may go out (D14)."""
    lately = [sent for sent in user.codes_sent if sent > now - policy.sends_window]
    if len(lately) < policy.sends:
        return None
    return Refused(Reason.TOO_MANY_CODES, "D13", sorted(lately)[-policy.sends] + policy.sends_window, user_id=user.id)


def code_sent(user: User, policy: AddressPolicy, at: datetime) -> tuple[datetime, ...]:
    """Return when a user was sent codes lately, now included."""
    return (*(sent for sent in user.codes_sent if sent > at - policy.sends_window), at)


def remembered(
    known: tuple[ApprovedAddress, ...], approvals: Sequence[Approval], validator: Recipient, at: datetime
) -> tuple[ApprovedAddress, ...]:
    """Return approved addresses with those that this validator let in; the earliest make room (A17).

    Args:
        known: those approved before.
        approvals: what a sign-in that is complete approved.
        validator: whose approvals are meant.
        at: when.
    """
    new = [ApprovedAddress(each.address, each.structure, at) for each in approvals if each.validator is validator]
    again = {(each.address, each.structure) for each in new}
    kept = [each for each in known if (each.address, each.structure) not in again]
    return (*kept, *new)[-APPROVED_CAP:]


def forgotten(known: tuple[ApprovedAddress, ...], address: str) -> tuple[ApprovedAddress, ...]:
    """Return approved addresses without one of them."""
    return tuple(each for each in known if each.address != address)


def with_shared(record: StructureRecord, approvals: Sequence[Approval], at: datetime) -> StructureRecord:
    """Return the structure whose shared list knows what an administrator let in."""
    own = [each for each in approvals if each.structure == record.structure]
    return evolve(record, approved=remembered(record.approved, own, Recipient.ADMINISTRATOR, at))
