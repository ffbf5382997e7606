"""What never joins a transaction of the host's: what a sign-in writes, and that a link was opened."""

from collections.abc import Callable
from typing import Any

from attrs import evolve

from mydso_access.model import EventKind, Link
from mydso_access.testing.clock import A_MONDAY
from tests.adapters.sqlalchemy.hosts import A_SIGN_IN, AN_ASSERTION, ANNA, KEY, counter, event_of
from tests.adapters.stored_records import FULL

COMMIT_ALONE = (
    *(EventKind.SIGNED_IN, EventKind.ENTERED, EventKind.ACCESSED, EventKind.STEPPED_UP, EventKind.STEP_PROVEN),
    *(EventKind.ADDRESS_CODE_SENT, EventKind.SECOND_FACTOR_ENROLLED, EventKind.PASSWORD_REHASHED),
)
ALONE: dict[str, Callable[[Any], Any]] = {
    "counters.get": lambda made: made.counters.get(KEY),
    "counters.save": lambda made: made.counters.save(counter()),
    "counters.purge": lambda made: made.counters.purge(A_MONDAY, limit=9),
    "sign_ins.get": lambda made: made.sign_ins.get("s1"),
    "sign_ins.save": lambda made: made.sign_ins.save(A_SIGN_IN),
    "sign_ins.purge": lambda made: made.sign_ins.purge(A_MONDAY, limit=9),
    "assertions.add": lambda made: made.assertions.add(AN_ASSERTION),
    "assertions.purge": lambda made: made.assertions.purge(A_MONDAY, limit=9),
    **{
        f"users.save, {kind.value}": lambda made, kind=kind: made.users.save(ANNA, event_of("e1", kind))  # type: ignore[misc]
        for kind in COMMIT_ALONE
    },
    "events.append": lambda made: made.events.append(event_of("e1")),
    "links.save, opened": lambda made: made.links.save(
        evolve(FULL[Link], version=0), event_of("e1", EventKind.LINK_OPENED)
    ),
}
