"""Which settings a structure may ask for, and who says so (S18, S27, S38)."""

from attrs import evolve

from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.outcomes import Refused
from mydso_access.model.event import Difference, EventKind
from mydso_access.model.reason import Reason
from mydso_access.model.structure import SignInMode, StructureRecord
from mydso_access.policy.dotted import declaration, text_of
from mydso_access.policy.levels import StructurePolicy, may_be_set_at
from mydso_access.policy.settings import SettableAt, Setting

NOT_ASKED = "not asked for"


def with_policy(
    record: StructureRecord, policy: StructurePolicy
) -> Changed[StructureRecord] | Done[StructureRecord] | Refused:
    """Return the structure that asks for something else; what it asks beyond its level is refused as a whole.

    Nothing that can be asked for by now locks out who asks: main administrators never go dormant.
    """
    for name, _ in policy.asks:
        if not may_be_set_at(name, record.structure.level):
            entity_only = declaration(name).metadata[Setting].at is SettableAt.ENTITY
            if entity_only:
                return Refused(Reason.ENTITY_ONLY, "S27")  # S27
            return Refused(Reason.INSTALLATION_ONLY, "S38")  # S38
    if policy == record.policy:
        return Done(record)
    return Changed(
        record=evolve(record, policy=policy),
        kind=EventKind.SETTINGS_CHANGED,
        rule="S18",
        differences=_differences(record.policy, policy),
    )


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


def _differences(before: StructurePolicy, after: StructurePolicy) -> tuple[Difference, ...]:
    was, now = dict(before.asks), dict(after.asks)
    names = sorted(name for name in was | now if (name in was, was.get(name)) != (name in now, now.get(name)))
    return tuple(Difference(name, _text(was, name), _text(now, name)) for name in names)


def _text(asks: dict[str, object], name: str) -> str:
    return text_of(asks[name]) if name in asks else NOT_ASKED
