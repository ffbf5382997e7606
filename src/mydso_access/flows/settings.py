"""Changing what a structure asks for (S18-S20, S27, S38)."""

from mydso_access.changing import Case, Decided, change, structure_shelf
from mydso_access.decisions.administration import Actor, System, judge_main_administration, read_actor
from mydso_access.decisions.changes import Done
from mydso_access.decisions.outcomes import Busy, Refused
from mydso_access.decisions.settings import described, with_policy
from mydso_access.errors import InvalidPolicy, InvalidValue, shown
from mydso_access.installation import Installation
from mydso_access.model.reason import Reason
from mydso_access.model.structure import SignInMode, Structure, StructureRecord
from mydso_access.policy.levels import StructurePolicy


async def change_settings(
    installation: Installation, /, actor: Actor, structure: Structure, policy: StructurePolicy
) -> Done[StructureRecord] | Refused | Busy:
    """Replace what a structure asks for; it can only tighten what the installation asks (D6).

    Args:
        actor: a main administrator of the structure, or the platform's where they are authorised; or the system.
        structure: entity or platform.
        policy: everything it asks for from now on: `record.policy.asking("dormancy.months", 6)`.

    Returns:
        `Done`; `Refused`: not theirs to change (S18), a setting of entities on the platform (S27), or one of the
        installation's (S38).

    Raises:
        InvalidPolicy: it is no `StructurePolicy`.
        InvalidValue: the actor is none.
        StoreError: a repository failed.
    """
    if type(policy) is not StructurePolicy:
        raise InvalidPolicy("policy", shown(policy), "a StructurePolicy")

    def decide(case: Case[StructureRecord]) -> Decided[StructureRecord]:
        if refusal := judge_main_administration(case.facts, installation.roles, structure):
            return refusal
        return Refused(Reason.NO_STRUCTURE, "S18") if case.record is None else with_policy(case.record, policy)  # S18

    return await change(installation, read_actor(actor), structure_shelf(installation, structure), decide)


async def describe_structure(
    installation: Installation, /, actor: System, structure: Structure, *, title: str, sign_in_mode: SignInMode
) -> Done[StructureRecord] | Refused | Busy:
    """Change what people call a structure, and how its users prove their first factor (A24).

    Args:
        actor: the host's own code: no administrator has a switch for it.
        structure: entity or platform.
        title: what people call it.
        sign_in_mode: password or SSO, for users of whom nothing else is said.

    Raises:
        InvalidValue: an argument is malformed.
        StoreError: a repository failed.
    """
    if type(actor) is not System:
        raise InvalidValue("actor", shown(type(actor)), "System(name)")
    if type(title) is not str or type(sign_in_mode) is not SignInMode:
        raise InvalidValue("title, sign_in_mode", shown((title, sign_in_mode)), "text and a SignInMode")

    def decide(case: Case[StructureRecord]) -> Decided[StructureRecord]:
        if case.record is None:
            return Refused(Reason.NO_STRUCTURE, "A24")  # A24
        return described(case.record, title, sign_in_mode)

    return await change(installation, actor, structure_shelf(installation, structure), decide)
