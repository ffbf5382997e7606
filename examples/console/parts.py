"""What the pages work with, made once; a number that came as text, and the id of a form."""

import re
from collections.abc import Callable
from datetime import datetime

from attrs import frozen
from sqlalchemy import Engine

from examples.console.mailbox import Mailbox
from examples.console.sessions import Sessions
from mydso_access import AccessControl, Clock, Repositories

LONGEST_NUMBER = 40
DRAWN_ID = re.compile(r"[0-9a-f]{32}")  # drawn by a page, so that a form sent twice is known


@frozen(eq=False)
class Console:
    """What the pages work with, made once.

    Attributes:
        access: the library's door.
        door_at: a door to the same installation at another instant: the seed needs a past.
        repositories: where the library's records are kept.
        engine: the database.
        clock: tells the time.
        sessions: of browsers.
        mailbox: the queue of outgoing messages.
    """

    access: AccessControl
    door_at: Callable[[datetime], AccessControl]
    repositories: Repositories
    engine: Engine
    clock: Clock
    sessions: Sessions
    mailbox: Mailbox


def number_of(text: str, otherwise: int) -> int:
    """Return the number that an address or a form gives; another one for what is none, or has more digits than any here."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else otherwise
