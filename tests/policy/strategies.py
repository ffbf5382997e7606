"""Hypothesis strategies made from the settings' own declarations: a new setting is drawn without being named here."""

from datetime import timedelta
from enum import Enum
from typing import Any

from hypothesis import strategies as st

from mydso_access.policy import Level, Networks, SecurityPolicy, StructurePolicy, Words, all_settings
from mydso_access.policy.dotted import replaced
from mydso_access.policy.levels import may_be_set_at
from mydso_access.policy.settings import Setting, value_type

SETTINGS = dict(all_settings(SecurityPolicy))
STRUCTURES = (Level.PLATFORM, Level.ENTITY)
# Few addresses, so that two lists often have something in common: also nested, equal under two spellings, of both kinds.
NETWORKS = [
    *("0.0.0.0/0", "192.0.2.0/24", "192.0.2.0/25", "192.0.2.1", "::ffff:192.0.2.1", "192.0.2.128/25", "203.0.113.9"),
    *("::/0", "2001:db8::/32", "2001:db8::/48", "2001:db8::1", "2001:db8:1::/48", "64:ff9b::c000:200/120"),
]
networks = st.lists(st.sampled_from(NETWORKS), max_size=4).map(Networks)
words = st.lists(st.text(alphabet="abm:/-é€", min_size=1, max_size=5), max_size=4).map(Words)
SHARED = [name for name in SETTINGS if any(may_be_set_at(name, level) for level in STRUCTURES)]


def values_of(name: str) -> st.SearchStrategy[Any]:
    """Draw a value that a setting may have, its bounds and `None` included."""
    field = SETTINGS[name]
    declared, kind = field.metadata[Setting], value_type(field)
    values: st.SearchStrategy[Any]
    if kind is bool:
        values = st.booleans()
    elif kind is int:
        values = st.integers(declared.minimum, declared.maximum)
    elif kind is timedelta:
        values = st.timedeltas(declared.minimum, declared.maximum)
    elif issubclass(kind, Enum):
        values = st.sampled_from(list(kind))
    elif kind is Networks:
        values = networks
    elif kind is Words:
        values = words
    else:
        values = st.text(alphabet=st.characters(codec="utf-8"), max_size=20)
    if declared.minimum is not None:
        values |= st.sampled_from([declared.minimum, declared.maximum])
    return st.none() | values if declared.optional else values


def structure_policies(names: list[str] | None = None) -> st.SearchStrategy[StructurePolicy]:
    """Draw what a structure may ask for: any of these settings, or of all that some structure may ask for."""
    asks = {name: values_of(name) for name in SHARED if names is None or name in names}
    return st.fixed_dictionaries({}, optional=asks).map(StructurePolicy)


@st.composite
def security_policies(draw: st.DrawFn) -> SecurityPolicy:
    """Draw an installation's policy in which everything that a structure may ask for, too, has some value."""
    policy = SecurityPolicy()
    for name in draw(st.lists(st.sampled_from(SHARED), unique=True)):
        policy = replaced(policy, name, draw(values_of(name)))
    return policy
