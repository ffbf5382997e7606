"""What a decision makes of a record, and what a flow that changes one answers."""

from typing import Generic, TypeVar

from attrs import frozen

from mydso_access.decisions.outcomes import Refused
from mydso_access.model.customer import Customer
from mydso_access.model.event import Difference, Event, EventKind
from mydso_access.model.link import Link
from mydso_access.model.message import Message
from mydso_access.model.reason import Reason
from mydso_access.model.structure import Entity, Platform
from mydso_access.model.user import User

R = TypeVar("R", bound=User | Entity | Platform | Customer | Link)


@frozen(kw_only=True)
class Changed(Generic[R]):
    """A record is to be saved.

    Attributes:
        record: what it becomes.
        kind: the event that tells of it.
        rule: the rule that it follows from.
        messages: what is to be sent once it is saved.
        differences: what the event says of it; never a secret.
        reason: why, where a change needs one.
        subject: id of the user it is about, where the record is no user's.
        address: the network address it is about, where it is about one.
        answer: what to answer once it is saved, if that is a refusal: a state that was found out to be over.
    """

    record: R
    kind: EventKind
    rule: str
    messages: tuple[Message, ...] = ()
    differences: tuple[Difference, ...] = ()
    reason: Reason | None = None
    subject: str | None = None
    address: str | None = None
    answer: Refused | None = None


@frozen
class Done(Generic[R]):
    """It is done, and stored.

    Attributes:
        record: as stored.
        messages: what the host must send now.
        event: what the trail says of it; `None` if it was so already and nothing was stored.
    """

    record: R
    messages: tuple[Message, ...] = ()
    event: Event | None = None
