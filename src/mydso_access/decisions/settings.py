"""Which settings a structure may ask for, and who says so (S18, S27, S38)."""

from attrs import evolve, frozen

from mydso_access.decisions.addresses import lets_in
from mydso_access.decisions.administration import ActorFacts
from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.naming import IPAddress
from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.sessions import SensitiveAction
from mydso_access.errors import InvalidValue, shown
from mydso_access.model.event import Difference, EventKind
from mydso_access.model.reason import Reason
from mydso_access.model.structure import SignInMode, StructureRecord
from mydso_access.policy.dotted import declaration, text_of
from mydso_access.policy.fixed import NAME_CAP
from mydso_access.policy.levels import EffectivePolicy, StructurePolicy, may_be_set_at
from mydso_access.policy.settings import SettableAt, Setting

NOT_ASKED = "not asked for"


@frozen
class SettingsShown:
    """A structure's settings, as its main administrators see them.

    Attributes:
        record: the structure; `record.policy` is what it asks for, `record.version` what to change it with.
        effective: what binds the structure's own users: the strictest of installation and structure, and which of them asks.
    """

    record: StructureRecord
    effective: EffectivePolicy


def judge_version(record: StructureRecord, version: int | None) -> Refused | None:
    """Say whether a change was made from an older state of the record; `None`: it was not, or nobody says."""
    if version is None or version == record.version:
        return None
    return Refused(Reason.CHANGED_MEANWHILE, "architecture, one compare-and-set")


def with_policy(
    record: StructureRecord, policy: StructurePolicy
) -> Changed[StructureRecord] | Done[StructureRecord] | Refused:
    """Return the structure that asks for something else; what it asks beyond its level is refused as a whole."""
    beyond = [name for name, _ in policy.asks if not may_be_set_at(name, record.structure.level)]
    if entities := _set_at(SettableAt.ENTITY, beyond):
        return Refused(Reason.ENTITY_ONLY, "S27", settings=entities)  # S27
    if beyond:
        return Refused(Reason.INSTALLATION_ONLY, "S38", settings=tuple(beyond))  # S38
    listed = dict(policy.asks).get("addresses.networks")
    if listed is not None and not listed.items:
        return Refused(Reason.SHUT_OUT, "A15")  # A15: an empty list
    if policy == record.policy:
        return Done(record)
    return Changed(
        record=evolve(record, policy=policy),
        kind=EventKind.SETTINGS_CHANGED,
        rule="S18",
        differences=_differences(record.policy, policy),
    )


def changes(before: StructurePolicy, after: StructurePolicy, prefix: str) -> bool:
    """Tell whether two policies ask for something else of the settings whose names begin so."""
    return _of(before, prefix) != _of(after, prefix)


def action_of(before: StructurePolicy, after: StructurePolicy) -> SensitiveAction:
    """Say what a change of settings is: to do no more than require a second factor is told apart (rules, 2e)."""
    if after == before.asking("second_factor.required", value=True):
        return SensitiveAction.REQUIRE_SECOND_FACTOR
    return SensitiveAction.CHANGE_SETTINGS


def check_title(title: str) -> None:
    """Refuse what no structure can be called.

    Raises:
        InvalidValue: it is no text, or not printable, or over-long.
    """
    if type(title) is not str or not (title.isprintable() and 0 < len(title) <= NAME_CAP):
        raise InvalidValue("title", shown(title), f"printable text of 1 to {NAME_CAP} characters")


def shuts_out(record: StructureRecord, facts: ActorFacts, client: IPAddress | None) -> Refused | None:
    """Say whether a structure's list of addresses keeps out who changes it; `None`: it does not (A15).

    Args:
        record: the structure as it is, or as it would be.
        facts: who asks; the system comes from nowhere.
        client: from where.
    """
    if facts.user is None or client is None:
        return None
    if lets_in(record, facts.user, client, facts.policy):
        return None
    return Refused(Reason.SHUT_OUT, "A15", user_id=facts.user.id)  # A15


def described(
    record: StructureRecord, title: str, mode: SignInMode
) -> Changed[StructureRecord] | Done[StructureRecord]:
    """Return the structure with another title, or another way for its users to prove their first factor (A24)."""
    if (title, mode) == (record.title, record.sign_in_mode):
        return Done(record)
    before, after = record.sign_in_mode.value, mode.value
    return Changed(
        record=evolve(record, title=title, sign_in_mode=mode),
        kind=EventKind.STRUCTURE_UPDATED,
        rule="A24",
        differences=(Difference("sign_in_mode", before, after),) if before != after else (),
    )


def _set_at(at: SettableAt, names: list[str]) -> tuple[str, ...]:
    return tuple(name for name in names if declaration(name).metadata[Setting].at is at)


def _of(policy: StructurePolicy, prefix: str) -> dict[str, object]:
    return {name: value for name, value in policy.asks if name.startswith(prefix)}


def _differences(before: StructurePolicy, after: StructurePolicy) -> tuple[Difference, ...]:
    was, now = dict(before.asks), dict(after.asks)
    names = sorted(name for name in was | now if (name in was, was.get(name)) != (name in now, now.get(name)))
    return tuple(Difference(name, _text(was, name), _text(now, name)) for name in names)


def _text(asks: dict[str, object], name: str) -> str:
    return text_of(asks[name]) if name in asks else NOT_ASKED
