"""Reading the audit trail back, for contracts of what is told in it."""

from collections.abc import Sequence

from mydso_access.model.event import Event, EventQuery
from mydso_access.ports import MaybeAwaitable
from mydso_access.repositories import Repositories
from mydso_access.testing.conformance.contract import Contract

MOST = 10_000  # more events than any test makes


class TrailContract(Contract):
    """A contract that looks at what was told."""

    def page(self, repositories: Repositories) -> MaybeAwaitable[Sequence[Event]]:
        """Ask for the whole trail."""
        return repositories.events.page(EventQuery(), after=None, limit=MOST)

    def trail(self, repositories: Repositories) -> list[Event]:
        """Return the whole trail, earliest first."""
        return list(self.ask(self.page, repositories))

    def event_ids(self, repositories: Repositories) -> list[str]:
        """Return the ids of all stored events, sorted."""
        return sorted(event.id for event in self.trail(repositories))
