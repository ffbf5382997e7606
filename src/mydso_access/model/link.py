"""A link to a customer's page or document: what it is good for, who gave it, until when (S33, S34; A23)."""

from datetime import datetime
from enum import Enum

from attrs import field, frozen

from mydso_access.errors import InvalidValue, shown
from mydso_access.model.instant import utc, utc_or_none
from mydso_access.model.secret import Secret
from mydso_access.policy.fixed import CUSTOMER_ID_CAP, EARLIEST, LINK_TEXT_CAP


class LinkPurpose(Enum):
    """What a link leads to; a link of one purpose never opens another's."""

    EXTERNAL_EMAIL = "external interactive e-mail"
    INTERNAL_EMAIL = "internal interactive e-mail"
    DOCUMENT = "EDM document"


@frozen(kw_only=True)
class LinkTarget:
    """What a link is good for, and for nothing else.

    Attributes:
        purpose: what it leads to.
        entity: id of the entity.
        customer: the host's own id of the customer, within the entity.
        resource: the host's own id of the page or document.
        recipient: who it was sent to, as the host names them: an e-mail address or an id. They need no account.

    Raises:
        InvalidValue: one of them is missing or over-long.
    """

    purpose: LinkPurpose
    entity: str
    customer: str
    resource: str
    recipient: str

    def __attrs_post_init__(self) -> None:
        if type(self.purpose) is not LinkPurpose:
            raise InvalidValue("LinkTarget.purpose", shown(self.purpose), "a LinkPurpose")
        for name in ("entity", "customer", "resource", "recipient"):
            value = getattr(self, name)
            cap = CUSTOMER_ID_CAP if name == "customer" else LINK_TEXT_CAP
            if type(value) is not str or not 0 < len(value) <= cap:
                expected = f"text (str) of 1 to {cap} characters"
                raise InvalidValue(f"LinkTarget.{name}", shown(value), expected)


@frozen(kw_only=True)
class Link:
    """One link. Its token is not stored, and nothing that is stored opens anything.

    Attributes:
        id: its own id, which finds it and opens nothing.
        target: what it is good for.
        granter: id of the user in whose name it was sent: it never opens more than they may see.
        single_use: whether opening it once is the end of it.
        digest: of its secret and of all that it is bound to.
        issued_at: when it was issued, or renewed.
        until: the deadline that was promised then, which is still in time; `None`: none was.
        used_at: when a single-use link was opened.
        revoked_at: when it was revoked.
        version: 0 as long as it was never stored.
        saved_at: when it was last saved.
        written_by: id of the event that wrote this version.
    """

    id: str
    target: LinkTarget
    granter: str
    single_use: bool
    digest: Secret[str]
    issued_at: datetime = field(converter=utc)
    until: datetime | None = field(converter=utc_or_none)
    used_at: datetime | None = field(default=None, converter=utc_or_none)
    revoked_at: datetime | None = field(default=None, converter=utc_or_none)
    version: int = 0
    saved_at: datetime = field(default=EARLIEST, converter=utc)
    written_by: str | None = None

    @property
    def dead_from(self) -> datetime | None:
        """The instant after which it opens nothing, whatever a policy says; `None`: not before it is revoked."""
        ends = [end for end in (self.until, self.used_at, self.revoked_at) if end is not None]
        return min(ends, default=None)
