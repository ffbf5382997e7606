"""Frozen facts: no rule, no clock, no I/O."""

from mydso_access.model.attempts import AttemptCounter, CounterKey, Failure, KeyKind, Reservation
from mydso_access.model.event import Event, EventKind
from mydso_access.model.reason import Reason
from mydso_access.model.secret import Secret
from mydso_access.model.sign_in import Factor, Purpose, SignIn
from mydso_access.model.structure import Structure, StructureKind
from mydso_access.model.user import (
    Category,
    Credential,
    Disabled,
    DisabledBecause,
    Enabled,
    Invited,
    Login,
    NoLogin,
    User,
)

__all__ = [
    "AttemptCounter",
    "Category",
    "CounterKey",
    "Credential",
    "Disabled",
    "DisabledBecause",
    "Enabled",
    "Event",
    "EventKind",
    "Factor",
    "Failure",
    "Invited",
    "KeyKind",
    "Login",
    "NoLogin",
    "Purpose",
    "Reason",
    "Reservation",
    "Secret",
    "SignIn",
    "Structure",
    "StructureKind",
    "User",
]
