"""The two counters of one attempt: charged, settled, given back, each by compare-and-set (S36, S37; D10)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from attrs import define, field

from mydso_access.decisions.lockout import (
    Admission,
    Admitted,
    BlockChange,
    Full,
    Lapsed,
    Settled,
    Settlement,
    admit,
    block_change,
    idle_from,
    is_lapsed,
    settle,
)
from mydso_access.decisions.naming import IPAddress
from mydso_access.errors import AccessError, Stale, StoreError, StoreUnavailable
from mydso_access.installation import Installation
from mydso_access.model.attempts import AttemptCounter, CounterKey, KeyKind, Reservation
from mydso_access.model.event import Event
from mydso_access.policy.settings import Level
from mydso_access.retry import pauses, sleep

SAVED = (Admitted, Settled)
Changed = TypeVar("Changed", Admission, Settled | Lapsed)


@define(eq=False, repr=False)
class Ledger:
    """What one attempt has charged.

    Attributes:
        installation: where.
        client: the address it comes from.
        charges: the reservations held, in the order of their charge.
        known: counters as this attempt saw or saved them last, which spares a read; the save compares all the same.
        block_changes: blocks that started or ended by what was saved, with their key and instant.
    """

    installation: Installation
    client: IPAddress
    charges: dict[CounterKey, Reservation] = field(factory=dict)
    known: dict[CounterKey, AttemptCounter] = field(factory=dict)
    block_changes: list[tuple[CounterKey, BlockChange, datetime]] = field(factory=list)

    async def charge(self, key: CounterKey) -> Admission:
        """Charge one key. If the store fails, everything charged is given back: nothing was evaluated yet.

        Returns:
            The admission; `Full`, too, where others kept being saved first.

        Raises:
            StoreError: the store failed.
        """
        reservation_id = self.installation.chance.new_id()  # before the first try, so that no retry charges twice
        lockout = self.installation.policy.lockout
        change = partial(admit, lockout=lockout, reservation_id=reservation_id)
        try:
            admission = await self._update(key, change, lockout.charge_wait)
        except AccessError:
            await self._give_back(key, reservation_id)
            await self.undo()
            raise
        if isinstance(admission, Admitted):
            self.charges[key] = admission.reservation
        return Full(AttemptCounter(key)) if admission is None else admission

    async def undo(self) -> None:
        """Give back every charge, trying once; what cannot be given back lapses to a failure."""
        for key, reservation in self.charges.items():
            await self._give_back(key, reservation.id)

    def has_lapsed(self) -> bool:
        """Tell whether a lease has run out, so that nothing may be evaluated or granted any more."""
        now, lockout = self.installation.now(), self.installation.policy.lockout
        return any(is_lapsed(charge, lockout, now) for charge in self.charges.values())

    async def settle(self, address: Settlement, account: Settlement) -> bool:
        """Settle every charge held, each until its lease ends: the address first, the account last.

        Args:
            address: how the address's charge is settled.
            account: how the account's is; it is only cleared if the address was settled in time.

        Returns:
            Whether every charge was settled within its lease.

        Raises:
            StoreError: the store failed at least once, even if a later try went through: then nothing is granted.
        """
        in_time, fault = True, None
        for key, reservation in self.charges.items():
            settlement = address if key.kind is KeyKind.ADDRESS else account
            if settlement is Settlement.COMPLETE and (fault or not in_time):
                settlement = Settlement.GIVEN_BACK
            try:
                in_time &= isinstance(await self._settle_one(key, reservation.id, settlement), Settled)
            except StoreError as error:
                fault = fault or error
        if fault is not None:
            raise fault
        return in_time

    async def report(self, subject: str | None) -> None:
        """Append the events of the blocks that started or ended by what was saved.

        Args:
            subject: id of the user whom account and codes keys belong to, if they are anybody's.
        """
        for key, change, at in self.block_changes:
            event = Event(
                id=self.installation.chance.new_id(),
                kind=change.event,
                at=at,
                subject=None if key.kind is KeyKind.ADDRESS else subject,
                address=str(self.client),
                rule=change.rule,
                levels=frozenset({Level.INSTALLATION}),
                until=change.until,
            )
            await self.installation.store.append(event)
        self.block_changes.clear()

    async def _settle_one(
        self, key: CounterKey, reservation_id: str, settlement: Settlement
    ) -> Settled | Lapsed | None:
        lockout = self.installation.policy.lockout
        change = partial(settle, lockout=lockout, reservation_id=reservation_id, settlement=settlement)
        if settlement is not Settlement.WRONG:  # a store that kept nothing of the charge must not grant
            self.known.pop(key, None)
        try:
            return await self._update(key, change, lockout.lease)
        except StoreUnavailable:
            await self._settle_after_all(key, change)
            raise

    async def _settle_after_all(self, key: CounterKey, change: Callable[..., Settled | Lapsed]) -> None:
        """Keep trying until the lease ends, so that a fault which passes costs nobody a failure."""
        lease = self.installation.policy.lockout.lease
        for pause in pauses(self.installation, lease):
            await sleep(self.installation, pause)
            if self.has_lapsed():
                return
            try:
                await self._update(key, change, lease)
            except StoreUnavailable:
                continue
            return

    async def _give_back(self, key: CounterKey, reservation_id: str) -> None:
        lockout = self.installation.policy.lockout
        change = partial(settle, lockout=lockout, reservation_id=reservation_id, settlement=Settlement.GIVEN_BACK)
        try:
            await self._save_once(key, change)
        except AccessError:
            return  # its lease ends it

    async def _update(self, key: CounterKey, change: Callable[..., Changed], patience: timedelta) -> Changed | None:
        """Save a change, again while others are saved first; `None`: patience ended, and nothing was saved."""
        for pause in pauses(self.installation, patience):
            await sleep(self.installation, pause)
            try:
                return await self._save_once(key, change)
            except Stale:
                continue
        return None

    async def _save_once(self, key: CounterKey, change: Callable[..., Changed]) -> Changed:
        store, lockout = self.installation.store, self.installation.policy.lockout
        known = self.known.pop(key, None)
        before = known or await store.counter(key)
        changed = change(before, now=self.installation.now())
        if known and not isinstance(changed, SAVED):  # nobody is refused on a memory
            before = await store.counter(key)
            changed = change(before, now=self.installation.now())
        after = changed.counter
        noticed = block_change(before, after, lockout)
        if noticed or isinstance(changed, SAVED):  # a refusal that noticed nothing leaves no trace
            self.known[key] = await store.save_counter(after, idle_from(after, lockout))
        if noticed:
            self.block_changes.append((key, noticed, after.saved_at))
        return changed
