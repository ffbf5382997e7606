"""Changing what a structure asks for (S18-S20, S27, S38)."""

from attrs import evolve

from mydso_access.changing import Case, Decided, actor_facts, change, structure_shelf
from mydso_access.decisions.administration import (
    Actor,
    ActorFacts,
    System,
    judge_main_administration,
    judge_step_up,
    read_actor,
)
from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.links import keeping_dead
from mydso_access.decisions.naming import Address, IPAddress
from mydso_access.decisions.outcomes import Busy, Refused
from mydso_access.decisions.settings import (
    SettingsShown,
    action_of,
    changes,
    check_title,
    described,
    judge_version,
    shuts_out,
    with_policy,
)
from mydso_access.errors import InvalidPolicy, InvalidValue, shown
from mydso_access.installation import Installation
from mydso_access.model.reason import Reason
from mydso_access.model.structure import SignInMode, Structure, StructureRecord
from mydso_access.policy.levels import StructurePolicy, joined


async def change_settings(  # noqa: PLR0913  # what a change is asked for by
    installation: Installation,
    /,
    actor: Actor,
    structure: Structure,
    policy: StructurePolicy,
    *,
    address: Address | None = None,
    version: int | None = None,
) -> Done[StructureRecord] | Refused | Busy:
    """Replace what a structure asks for; it can only tighten what the installation asks (D6).

    Args:
        actor: a main administrator of the structure, or the platform's where they are authorised; or the system.
        structure: entity or platform.
        policy: everything it asks for from now on: `record.policy.asking("dormancy.months", 6)`.
        address: the IP address that the actor comes from, as `client_address` gives it; needed by whoever changes
            `addresses.networks`, lest the list shut them out (A15).
        version: the version of the record that `policy` was made from; if somebody has saved another since, nothing is
            changed. Without it the last one wins.

    Returns:
        `Done`; `Refused`: not theirs to change (S18), `changed_meanwhile`, a setting of entities on the platform (S27), one of the
        installation's (S38), a list that would shut them out or does so already (A15), or `step_up_needed`: whoever
        changes settings has proven themselves just now; to require a second factor, having come by single sign-on is
        enough (S26); `Busy`.

    Raises:
        InvalidPolicy: it is no `StructurePolicy`.
        InvalidValue: the actor is none, the version is no number, the address is none or missing, or a second factor is asked for and the host
            gave no `secret_box`.
        StoreError: a repository failed.
    """
    if type(policy) is not StructurePolicy:
        raise InvalidPolicy("policy", shown(policy), "a StructurePolicy")
    if version is not None and type(version) is not int:
        raise InvalidValue("version", shown(version), "the version of the record that was shown (int), or None")
    client = None if address is None else installation.client(address)
    if dict(policy.asks).get("second_factor.required"):
        installation.box()

    def decide(case: Case[StructureRecord]) -> Decided[StructureRecord]:
        if refusal := judge_main_administration(case.facts, installation.roles, structure):
            return refusal
        if case.record is None:
            return Refused(Reason.NO_STRUCTURE, "S18")  # S18
        if refusal := judge_version(case.record, version):
            return refusal
        decided = with_policy(case.record, policy)
        if isinstance(decided, Changed):
            decided = evolve(decided, record=keeping_dead(case.record, decided.record, installation.policy, case.at))
        return _guarded(case.facts, case.record, decided, client)

    return await change(installation, read_actor(actor), structure_shelf(installation, structure), decide)


async def look_at_settings(
    installation: Installation, /, actor: Actor, structure: Structure
) -> SettingsShown | Refused:
    """Show what a structure asks for, and what binds its own users.

    Args:
        actor: a main administrator of the structure, or the platform's where they are authorised; or the system.
        structure: entity or platform.

    Raises:
        InvalidValue: the actor is none.
        StoreError: a repository failed.
    """
    facts = await actor_facts(installation, read_actor(actor))
    if refusal := judge_main_administration(facts, installation.roles, structure):
        return refusal
    record = await installation.store.structure(structure)
    if record is None:
        return Refused(Reason.NO_STRUCTURE, "S18")  # S18
    return SettingsShown(record, joined(installation.policy, {structure.level: record.policy}))


def _guarded(
    facts: ActorFacts, before: StructureRecord, decided: Decided[StructureRecord], client: IPAddress | None
) -> Decided[StructureRecord]:
    """Ask of an actor what a stolen session has not, and that they do not shut themselves out."""
    if not isinstance(decided, Changed):
        return decided
    after = decided.record
    if refusal := judge_step_up(facts, action_of(before.policy, after.policy)):
        return refusal
    if not changes(before.policy, after.policy, "addresses.networks"):
        return decided
    if facts.user is not None and client is None:
        raise InvalidValue("address", "None", "where the actor comes from, lest a list of addresses shut them out")
    return shuts_out(before, facts, client) or shuts_out(after, facts, client) or decided


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
    check_title(title)
    if type(sign_in_mode) is not SignInMode:
        raise InvalidValue("sign_in_mode", shown(sign_in_mode), "a SignInMode")

    def decide(case: Case[StructureRecord]) -> Decided[StructureRecord]:
        if case.record is None:
            return Refused(Reason.NO_STRUCTURE, "A24")  # A24
        return described(case.record, title, sign_in_mode)

    return await change(installation, actor, structure_shelf(installation, structure), decide)
