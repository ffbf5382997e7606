"""A naive model of one key's attempts: everything that ever happened, read again from its beginning at every question.

Written from the rules, not from the code, and for clarity, not for speed. It keeps no counter: the only state is a list
of what was saved.

- S36, S37, A26: the failure with the limit's number blocks, dated by its charge; at the exact end of a block the key is
  free, and the count begins at zero.
- D3, A27: a failure counts for one window after its charge; without a window until it is cleared. Only a complete
  sign-in clears, only an account's failures, and only those charged before it.
- D4: with a hard cap, that many failures without a complete sign-in between disable the password until it is reset.
- D10: decisions use the later of the clock and the last save; no save bears the instant of another; no block gets
  shorter.
- D13 and invariant 12: an attempt that is not settled lapses to a failure once the clock is a lease away from where it
  stood at the charge, in either direction, if somebody looks then.
- Design, section 3: a key admits while failures and attempts in flight are fewer than its limit, else it is full.
"""

from datetime import datetime, timedelta

from attrs import define, field, frozen

from mydso_access.model.attempts import KeyKind
from mydso_access.policy.fixed import EARLIEST, TICK


@frozen
class Charge:
    """An attempt was admitted."""

    id: str
    at: datetime
    clock: datetime


@frozen
class Settling:
    """An attempt in flight was settled: "wrong", "given back" or "complete"."""

    id: str
    how: str
    at: datetime
    clock: datetime


@frozen
class Notice:
    """A refusal was saved, since whoever looked noticed that a block had started or ended."""

    at: datetime
    clock: datetime


@frozen
class Rebinding:
    """The password was reset; nobody looks at leases then."""

    at: datetime
    clock: datetime


Entry = Charge | Settling | Notice | Rebinding


@frozen
class Blocked:
    """Refused: until then, or, where there is no end, until the password is reset."""

    until: datetime | None
    rule: str


@frozen
class Full:
    """Refused for the moment: too many are in flight."""


@frozen
class Admitted:
    """Charged, and dated so."""

    at: datetime


Answer = Admitted | Blocked | Full


@define
class Seen:
    """What somebody who reads the whole history finds.

    Attributes:
        last_save: when the key was last saved.
        in_flight: the charges neither settled nor lapsed, earliest first.
        unspent: the charges that failed, neither spent on a block nor cleared.
        failed: every charge that ever failed, in the order of becoming known.
        known_at_charge: how many of `failed` were known when this attempt was charged.
        excused: how many of `failed` no longer count as consecutive.
        blocked_until: the block's end, if there is one.
        resets: where counting began anew: every block's end, every complete sign-in's charge.
    """

    last_save: datetime = EARLIEST
    in_flight: list[Charge] = field(factory=list)
    unspent: list[Charge] = field(factory=list)
    failed: list[Charge] = field(factory=list)
    known_at_charge: dict[str, int] = field(factory=dict)
    excused: int = 0
    blocked_until: datetime | None = None
    resets: list[datetime] = field(factory=list)

    @property
    def consecutive(self) -> int:
        """The failures since the last complete sign-in or reset."""
        return len(self.failed) - self.excused


@define
class Model:
    """One key, its rules and its history."""

    kind: KeyKind
    limit: int
    window: timedelta | None
    block: timedelta
    lease: timedelta
    hard_cap: int | None
    history: list[Entry] = field(factory=list)

    # What may be asked of the key, and what may happen to it.

    def ask(self, clock: datetime) -> Answer:
        """What would an attempt be answered now?"""
        blocked = self.block_at(clock)
        if blocked is not None:
            return blocked
        seen = self.read(clock)
        if len(self.counted(clock)) + len(seen.in_flight) >= self.limit:
            return Full()
        if self.cap is not None and seen.consecutive + len(seen.in_flight) >= self.cap:
            return Full()
        return Admitted(self.next_save(clock))

    def block_at(self, clock: datetime) -> Blocked | None:
        seen = self.read(clock)
        if seen.blocked_until is not None:
            rules = {KeyKind.ACCOUNT: "S36", KeyKind.ADDRESS: "S37", KeyKind.CODES: "D13"}
            return Blocked(seen.blocked_until, rules[self.kind])
        if self.cap is not None and seen.consecutive >= self.cap:
            return Blocked(None, "D4")
        return None

    def charge(self, new_id: str, clock: datetime) -> Answer:
        answer = self.ask(clock)
        if isinstance(answer, Admitted):
            self.history.append(Charge(new_id, answer.at, clock))
        else:
            self.refuse(clock)
        return answer

    def settle(self, charge_id: str, how: str, clock: datetime) -> bool:
        """Tell whether the verdict counts: it does not for an attempt that is in flight no more."""
        if charge_id not in [charge.id for charge in self.read(clock).in_flight]:
            self.refuse(clock)
            return False
        self.history.append(Settling(charge_id, how, self.next_save(clock), clock))
        return True

    def rebind(self, clock: datetime) -> None:
        self.history.append(Rebinding(self.next_save(clock), clock))

    def refuse(self, clock: datetime) -> None:
        """A refusal leaves the key alone, unless it notices that a block started or ended, or the cap was reached."""
        before, after = self.saved(), self.read(clock)
        reaches_cap = self.cap is not None and before.consecutive < self.cap <= after.consecutive
        if after.blocked_until != before.blocked_until or reaches_cap:
            self.history.append(Notice(self.next_save(clock), clock))

    # What the history says.

    def read(self, clock: datetime) -> Seen:
        """The whole history, then a look at `clock`."""
        seen = self.saved()
        self._look(seen, clock)
        return seen

    def saved(self) -> Seen:
        """The whole history, without a look at the end."""
        seen = Seen()
        for entry in self.history:
            if not isinstance(entry, Rebinding):
                self._look(seen, entry.clock)
            if isinstance(entry, Charge):
                seen.known_at_charge[entry.id] = len(seen.failed)
                seen.in_flight.append(entry)
            if isinstance(entry, Settling):
                (charge,) = [charge for charge in seen.in_flight if charge.id == entry.id]
                seen.in_flight.remove(charge)
                if entry.how == "wrong":
                    self._fail(seen, charge)
                if entry.how == "complete" and self.kind is not KeyKind.ADDRESS:
                    seen.unspent = [failure for failure in seen.unspent if failure.at > charge.at]
                    seen.excused = max(seen.excused, seen.known_at_charge[charge.id])
                    seen.resets.append(charge.at)
            if isinstance(entry, Rebinding):
                seen.excused = len(seen.failed)
            seen.last_save = entry.at
        return seen

    def _look(self, seen: Seen, clock: datetime) -> None:
        lapsed = [charge for charge in seen.in_flight if abs(clock - charge.clock) >= self.lease]
        for charge in sorted(lapsed, key=lambda charge: charge.at):
            seen.in_flight.remove(charge)
            self._fail(seen, charge)
        if seen.blocked_until is not None and max(clock, seen.last_save) >= seen.blocked_until:
            seen.blocked_until = None

    def _fail(self, seen: Seen, charge: Charge) -> None:
        seen.failed.append(charge)
        seen.unspent.append(charge)
        latest = max(failure.at for failure in seen.unspent)
        counted = [failure for failure in seen.unspent if self.window is None or latest - failure.at < self.window]
        if len(counted) >= self.limit:
            ends = [latest + self.block] if seen.blocked_until is None else [latest + self.block, seen.blocked_until]
            seen.blocked_until = max(ends)
            seen.resets.append(seen.blocked_until)
            seen.unspent = []

    def effective(self, clock: datetime) -> datetime:
        return max(clock, self.last_save)

    def next_save(self, clock: datetime) -> datetime:
        return max(clock, self.last_save + TICK)

    @property
    def last_save(self) -> datetime:
        return self.history[-1].at if self.history else EARLIEST

    @property
    def cap(self) -> int | None:
        return self.hard_cap if self.kind is KeyKind.ACCOUNT else None

    def counted(self, clock: datetime) -> list[Charge]:
        """The failures that count now, earliest charge first."""
        now = self.effective(clock)
        counted = [f for f in self.read(clock).unspent if self.window is None or now - f.at < self.window]
        return sorted(counted, key=lambda failure: failure.at)

    # What the tests want to know of it.

    def is_like_new(self, clock: datetime) -> bool:
        """Tell whether a key that nothing was ever known of would be answered the same, now and later."""
        seen = self.read(clock)
        consecutive = 0 if self.cap is None else seen.consecutive
        return not seen.in_flight and not self.counted(clock) and seen.blocked_until is None and not consecutive

    def boundaries(self, clock: datetime) -> list[datetime]:
        """The instants around which an answer may change."""
        seen, found = self.read(clock), [self.last_save]
        for charge in [*self.saved().in_flight, *seen.in_flight]:
            found += [charge.clock - self.lease, charge.clock + self.lease]
        for charge in [*self.saved().in_flight, *seen.in_flight, *seen.unspent]:
            found += [charge.at, charge.at + self.block, *([] if self.window is None else [charge.at + self.window])]
        if seen.blocked_until is not None:
            found.append(seen.blocked_until)
        return sorted(set(found))

    def answers_in_one_window(self, clock: datetime) -> int:
        """How many secrets at most, wrong or perhaps wrong, were looked at within a window between two resets.

        Whatever lapsed or is still in flight may have been looked at. A sequence of charges between two resets has its
        fullest window at one that begins with a charge.
        """
        seen = self.read(clock)
        dates = sorted(charge.at for charge in [*seen.failed, *seen.in_flight])
        resets = sorted(seen.resets)
        most = 0
        for first in dates:
            following = [reset for reset in resets if reset > first]
            end = min([first + self.window, *following] if self.window is not None else following, default=None)
            most = max(most, len([at for at in dates if first <= at and (end is None or at < end)]))
        return most
