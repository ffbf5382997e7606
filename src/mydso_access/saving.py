"""Saving a user who has just proven something, and judging again if the record has changed meanwhile."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeAlias

from attrs import evolve, frozen

from mydso_access.decisions.naming import IPAddress
from mydso_access.decisions.outcomes import Busy, BusyBecause, Refused
from mydso_access.decisions.sign_in import Complete
from mydso_access.errors import Stale
from mydso_access.installation import Installation
from mydso_access.model.event import Difference, Event, EventKind
from mydso_access.model.instant import next_save
from mydso_access.model.structure import Structure
from mydso_access.model.user import User
from mydso_access.retry import pauses, sleep

# The fields that change and their new values, given the record and the instant of its save.
Change: TypeAlias = Callable[[User, datetime], dict[str, Any]]
# Is what was proven still theirs, now that others have changed the record?
Again: TypeAlias = Callable[[User | None], Complete | Refused | Busy]


@frozen(eq=False, repr=False)
class Saver:
    """Saves one user, as long as what they proved entitles to it.

    Attributes:
        installation: where.
        client: the address that it comes from.
        user: the record as it was when it was proven.
        again: judges the record if others have changed it.
        has_lapsed: tells whether it is too late to write anything.
    """

    installation: Installation
    client: IPAddress
    user: User
    again: Again
    has_lapsed: Callable[[], bool] = lambda: False

    async def save(
        self,
        kind: EventKind,
        change: Change,
        differences: tuple[Difference, ...] = (),
        structure: Structure | None = None,
    ) -> User | Refused | Busy:
        """Save the changed user together with the event that tells of it.

        Args:
            kind: what happened.
            change: what changes.
            differences: what the event says of it.
            structure: where it happened, if not at home.

        Returns:
            The user as stored; a refusal if what was proven is no longer theirs; `Busy` if others kept being saved
            first, or the record now asks for more.

        Raises:
            StoreError: the store failed, and nobody knows whether it saved.
        """
        installation, user, event_id = self.installation, self.user, self.installation.chance.new_id()
        for pause in pauses(installation, installation.policy.lockout.charge_wait):
            await sleep(installation, pause)
            if self.has_lapsed():
                return Busy(BusyBecause.LAPSED)
            at = next_save(user.saved_at, installation.now())
            event = Event(
                id=event_id,
                kind=kind,
                at=at,
                subject=user.id,
                actor=user.id,
                structure=structure,
                address=str(self.client),
                differences=differences,
            )
            changed = evolve(user, saved_at=at, written_by=event_id, **change(user, at))
            try:
                return await installation.store.save_user(changed, event)
            except Stale as stale:
                if stale.joined:  # the host's transaction saw an older state, and will see it again
                    raise
                stored = await installation.store.user(self.user.id)
            if stored is not None and stored.written_by == event_id:  # it was saved, and reported as if it was not
                return stored
            judged = self.again(stored)
            if not isinstance(judged, Complete):
                return judged
            user = judged.user
        return Busy(BusyBecause.RECORD_CHANGED)
