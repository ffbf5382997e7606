"""Tokens that are sent in messages: `id.secret`, of which only a digest is ever stored."""

from datetime import datetime

from attrs import field, frozen

from mydso_access.model.instant import utc
from mydso_access.model.secret import Secret


@frozen
class SentToken:
    """A token as it is kept: it finds and opens nothing by itself.

    Attributes:
        digest: the SHA-256 of purpose, record id and secret, in hexadecimal.
        sent_at: when its message was made.
    """

    digest: Secret[str]
    sent_at: datetime = field(converter=utc)
