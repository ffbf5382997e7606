"""Approved addresses, revoked: a structure's shared ones and a user's own (S22; A17, D14)."""

from datetime import datetime

from attrs import evolve

from mydso_access.changing import Case, Decided, change, structure_shelf
from mydso_access.decisions.addresses import forgotten
from mydso_access.decisions.administration import Actor, judge_main_administration, read_actor
from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.naming import Address, parse_address
from mydso_access.decisions.outcomes import Busy, Refused
from mydso_access.installation import Installation
from mydso_access.managing import manage_or_own
from mydso_access.model.event import EventKind
from mydso_access.model.reason import Reason
from mydso_access.model.structure import Structure, StructureRecord
from mydso_access.model.user import User


async def revoke_address(
    installation: Installation, /, actor: Actor, user_id: str, address: Address
) -> Done[User] | Refused | Busy:
    """Forget an address that a user let in for themselves: a later sign-in from there needs a code again.

    Unless another list lets it in. A sign-in that is under way may still bring it back.

    Args:
        actor: the user, or somebody with every right of theirs.
        user_id: whose.
        address: the exact address, as `user.approved` shows it.

    Raises:
        InvalidValue: an argument is malformed.
        StoreError: a repository failed.
    """
    exact = str(parse_address(address))

    def edit(user: User, _: datetime) -> Changed[User] | Done[User]:
        left = forgotten(user.approved, exact)
        if left == user.approved:
            return Done(user)
        return Changed(record=evolve(user, approved=left), kind=EventKind.ADDRESS_REVOKED, rule="S22", address=exact)

    return await manage_or_own(installation, actor, user_id, edit)


async def revoke_shared_address(
    installation: Installation, /, actor: Actor, structure: Structure, address: Address
) -> Done[StructureRecord] | Refused | Busy:
    """Forget an address that an administrator let in for everybody: a later sign-in from there needs a code again.

    Unless another list lets it in. A sign-in that is under way may still bring it back.

    Args:
        actor: a main administrator of the structure, or the platform's where they are authorised; or the system.
        structure: entity or platform.
        address: the exact address, as `record.approved` shows it.

    Raises:
        InvalidValue: an argument is malformed.
        StoreError: a repository failed.
    """
    exact = str(parse_address(address))

    def decide(case: Case[StructureRecord]) -> Decided[StructureRecord]:
        if refusal := judge_main_administration(case.facts, installation.roles, structure):
            return refusal
        if case.record is None:
            return Refused(Reason.NO_STRUCTURE, "S22")  # S22
        left = forgotten(case.record.approved, exact)
        if left == case.record.approved:
            return Done(case.record)
        return Changed(
            record=evolve(case.record, approved=left), kind=EventKind.ADDRESS_REVOKED, rule="S22", address=exact
        )

    return await change(installation, read_actor(actor), structure_shelf(installation, structure), decide)
