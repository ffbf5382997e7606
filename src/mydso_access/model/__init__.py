"""Frozen facts: no rule, no clock, no I/O."""

from mydso_access.model.attempts import AttemptCounter, CounterKey, Failure, KeyKind, Reservation
from mydso_access.model.customer import Customer
from mydso_access.model.event import Difference, Event, EventKind
from mydso_access.model.message import (
    AddressCodeMessage,
    EmailConfirmationMessage,
    Ending,
    InvitationMessage,
    Message,
    ResetMessage,
    SecurityChange,
    SecurityMessage,
    WarningMessage,
)
from mydso_access.model.reason import Reason
from mydso_access.model.role import MY_DSO_MANAGER, Allowed, Cell, Certainty, Right, Role, RoleTable
from mydso_access.model.secret import Secret
from mydso_access.model.sign_in import Factor, Purpose, SignIn
from mydso_access.model.structure import (
    Appointment,
    Entity,
    Platform,
    SignInMode,
    Structure,
    StructureKind,
    StructureRecord,
)
from mydso_access.model.token import SentToken
from mydso_access.model.user import (
    Category,
    Credential,
    Disabled,
    DisabledBecause,
    Email,
    Enabled,
    Invited,
    Login,
    NewEmail,
    NoLogin,
    Notice,
    SsoIdentity,
    User,
)

__all__ = [
    "MY_DSO_MANAGER",
    "AddressCodeMessage",
    "Allowed",
    "Appointment",
    "AttemptCounter",
    "Category",
    "Cell",
    "Certainty",
    "CounterKey",
    "Credential",
    "Customer",
    "Difference",
    "Disabled",
    "DisabledBecause",
    "Email",
    "EmailConfirmationMessage",
    "Enabled",
    "Ending",
    "Entity",
    "Event",
    "EventKind",
    "Factor",
    "Failure",
    "InvitationMessage",
    "Invited",
    "KeyKind",
    "Login",
    "Message",
    "NewEmail",
    "NoLogin",
    "Notice",
    "Platform",
    "Purpose",
    "Reason",
    "Reservation",
    "ResetMessage",
    "Right",
    "Role",
    "RoleTable",
    "Secret",
    "SecurityChange",
    "SecurityMessage",
    "SentToken",
    "SignIn",
    "SignInMode",
    "SsoIdentity",
    "Structure",
    "StructureKind",
    "StructureRecord",
    "User",
    "WarningMessage",
]
