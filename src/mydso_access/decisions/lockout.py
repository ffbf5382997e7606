"""Attempt counters: what a charge, a verdict and time do to one key (S36, S37; D2–D4, D10; A26).

A key admits an attempt iff failures + reservations in flight < limit, and it is not blocked. A reservation that is
settled as wrong, or never, becomes a failure dated by its charge. The limit-th failure within one window blocks until
the latest of them + block, and they are spent.
"""

from datetime import datetime, timedelta
from enum import Enum
from typing import TypeAlias, assert_never

from attrs import evolve, frozen

from mydso_access.model.attempts import AttemptCounter, CounterKey, Failure, KeyKind, Reservation
from mydso_access.model.event import EventKind
from mydso_access.model.instant import next_save, utc
from mydso_access.policy.lockout import Limit, LockoutPolicy

# The rule that blocks each kind of key.
RULES = {KeyKind.ACCOUNT: "S36", KeyKind.ADDRESS: "S37", KeyKind.CODES: "D13"}


@frozen
class Admitted:
    """The key admits the attempt.

    Attributes:
        counter: the counter to save; only then does the reservation exist.
        reservation: the charge.
    """

    counter: AttemptCounter
    reservation: Reservation


@frozen
class Blocked:
    """The key is blocked.

    Attributes:
        counter: the counter as it stands.
        until: when it is free again; `None`: not before the password is reset.
        rule: the rule that blocks it.
    """

    counter: AttemptCounter
    until: datetime | None
    rule: str


@frozen
class Full:
    """As many attempts are in flight as the key has failures left: come again in a moment.

    Attributes:
        counter: the counter as it stands.
    """

    counter: AttemptCounter


Admission: TypeAlias = Admitted | Blocked | Full


class Settlement(Enum):
    """How a reservation is settled."""

    WRONG = "wrong"
    GIVEN_BACK = "given_back"
    COMPLETE = "complete"


@frozen
class Settled:
    """The reservation is settled once `counter` is saved."""

    counter: AttemptCounter


@frozen
class Lapsed:
    """The reservation's lease ran out before: it counts as a failure, and its verdict grants nothing."""

    counter: AttemptCounter


@frozen
class BlockChange:
    """A block started or ended.

    Attributes:
        event: which of the two.
        until: the end of the block; `None`: not before the password is reset.
        rule: the rule that blocks.
    """

    event: EventKind
    until: datetime | None
    rule: str


def admit(counter: AttemptCounter, lockout: LockoutPolicy, reservation_id: str, now: datetime) -> Admission:
    """Decide whether the key admits one more attempt, and charge it.

    Args:
        counter: the key's counter as stored, or a new one.
        lockout: limits, windows, blocks and lease.
        reservation_id: an id never used before, drawn before the first try.
        now: what the clock reads.

    Raises:
        InvalidValue: `now` is naive.
    """
    now = utc(now)
    seen = current(counter, lockout, now)
    if own := _reservation(seen, reservation_id):  # its save was carried out, and reported as if it was not
        return Admitted(seen.saved(next_save(seen.saved_at, now), seen.reservations), own)
    noticed = _noticed(counter, seen, lockout, now)
    if block := block_of(seen, lockout, now):
        return block if noticed is seen else evolve(block, counter=noticed)
    in_flight = len(seen.reservations)
    if _counted(seen, lockout, now) + in_flight >= _limit(seen.key, lockout).failures:  # S36 S37
        return Full(noticed)
    if _reaches_hard_cap(seen, lockout, in_flight):  # D4
        return Full(noticed)
    at = next_save(seen.saved_at, now)
    reservation = Reservation(reservation_id, at, now, seen.failed)
    return Admitted(seen.saved(at, (*seen.reservations, reservation)), reservation)


def block_of(counter: AttemptCounter, lockout: LockoutPolicy, now: datetime) -> Blocked | None:
    """Return the block that a counter is under at `now`, or `None`; leases that ran out count only in a `current` one."""
    if counter.blocked_until is not None and max(now, counter.saved_at) < counter.blocked_until:
        return Blocked(counter, counter.blocked_until, _rule(counter.key))
    if _reaches_hard_cap(counter, lockout, 0):
        return Blocked(counter, None, "D4")
    return None


def settle(
    counter: AttemptCounter, lockout: LockoutPolicy, reservation_id: str, settlement: Settlement, now: datetime
) -> Settled | Lapsed:
    """Settle a reservation: wrong becomes a failure, complete clears the failures charged before it (D3).

    Args:
        counter: the key's counter as stored.
        lockout: limits, windows, blocks and lease.
        reservation_id: whose reservation.
        settlement: how it is settled.
        now: what the clock reads.

    Raises:
        InvalidValue: `now` is naive.
    """
    now = utc(now)
    seen = current(counter, lockout, now)
    reservation = _reservation(seen, reservation_id)
    if reservation is None:
        return Lapsed(_noticed(counter, seen, lockout, now))
    others = tuple(r for r in seen.reservations if r.id != reservation_id)
    match settlement:
        case Settlement.WRONG:
            settled = _failed(seen, reservation, lockout)
        case Settlement.GIVEN_BACK:
            settled = seen
        case Settlement.COMPLETE:
            settled = _cleared(seen, reservation)
        case _ as never:
            assert_never(never)
    return Settled(settled.saved(next_save(seen.saved_at, now), others))


def block_change(before: AttemptCounter, after: AttemptCounter, lockout: LockoutPolicy) -> BlockChange | None:
    """Say which block started or ended between two states of one counter, or `None`; the lasting one before the timed."""
    if _reaches_hard_cap(after, lockout, 0) and not _reaches_hard_cap(before, lockout, 0):
        return BlockChange(EventKind.BLOCK_STARTED, None, "D4")
    if after.blocked_until != before.blocked_until:
        if after.blocked_until is None:
            return BlockChange(EventKind.BLOCK_ENDED, before.blocked_until, _rule(after.key))
        return BlockChange(EventKind.BLOCK_STARTED, after.blocked_until, _rule(after.key))
    return None


def is_lapsed(reservation: Reservation, lockout: LockoutPolicy, now: datetime) -> bool:
    """Tell whether the clock is a lease away from the charge, in either direction (D10: leases excepted)."""
    return abs(now - reservation.clock) >= lockout.lease


def current(counter: AttemptCounter, lockout: LockoutPolicy, now: datetime) -> AttemptCounter:
    """Return the counter as it stands at `now`: leases that ran out are failures, what is over is gone.

    It is the same object if nothing has changed.
    """
    if not counter.reservations and not counter.failures and counter.blocked_until is None:
        return counter
    for reservation in counter.reservations:
        if is_lapsed(reservation, lockout, now):
            others = tuple(r for r in counter.reservations if r is not reservation)
            counter = _failed(evolve(counter, reservations=others), reservation, lockout)
    counter = _without_old_failures(_blocked(counter, lockout), lockout, now)  # the limit may be lower than it was
    if counter.blocked_until is not None and max(now, counter.saved_at) >= counter.blocked_until:  # A26
        counter = evolve(counter, blocked_until=None)
    return counter


def rebound(counter: AttemptCounter, now: datetime) -> AttemptCounter:
    """Return the counter after the password was reset: the hard cap begins at zero, a block stays (D4).

    Raises:
        InvalidValue: `now` is naive.
    """
    return evolve(counter, cleared=counter.failed, saved_at=next_save(counter.saved_at, utc(now)))


def unblocked(counter: AttemptCounter, lockout: LockoutPolicy, now: datetime) -> AttemptCounter:
    """Return the counter without block and failures, as an administrator asked; the hard cap counts on (D17).

    Raises:
        InvalidValue: `now` is naive.
    """
    seen = current(counter, lockout, utc(now))
    return evolve(seen, failures=(), blocked_until=None, saved_at=next_save(counter.saved_at, utc(now)))


def idle_from(counter: AttemptCounter, lockout: LockoutPolicy) -> datetime | None:
    """Return from when on the counter says no more than a new one, if nothing happens; `None`: never by itself."""
    limit = _limit(counter.key, lockout)
    pending = bool(counter.reservations)
    if counter.failed != counter.cleared or (pending and _has_hard_cap(counter.key, lockout)):
        return None  # D4: consecutive failures do not fade
    if limit.window is None and (pending or counter.failures):
        return None
    window = limit.window or timedelta()
    ends = [counter.saved_at, counter.blocked_until or counter.saved_at]
    lasting = max(window, limit.block)  # a limit that is lowered turns failures into a block after the fact
    ends += [failure.at + lasting for failure in counter.failures]
    ends += [reservation.at + lockout.lease + lasting for reservation in counter.reservations]
    return max(ends)


def _noticed(stored: AttemptCounter, seen: AttemptCounter, lockout: LockoutPolicy, now: datetime) -> AttemptCounter:
    """Return the counter as seen, dated to be saved if a block started or ended since it was stored."""
    if seen is stored or block_change(stored, seen, lockout) is None:
        return seen
    return seen.saved(next_save(stored.saved_at, now), seen.reservations)


def _reservation(counter: AttemptCounter, reservation_id: str) -> Reservation | None:
    for reservation in counter.reservations:
        if reservation.id == reservation_id:
            return reservation
    return None


def _rule(key: CounterKey) -> str:
    return RULES[key.kind]


def _limit(key: CounterKey, lockout: LockoutPolicy) -> Limit:
    match key.kind:
        case KeyKind.ACCOUNT:
            return lockout.account
        case KeyKind.ADDRESS:
            return lockout.address
        case KeyKind.CODES:
            return lockout.codes
        case _ as never:
            assert_never(never)


def _counted(counter: AttemptCounter, lockout: LockoutPolicy, now: datetime) -> int:
    window = _limit(counter.key, lockout).window
    if window is None or not counter.failures:
        return len(counter.failures)
    instant = max(now, counter.saved_at)
    return sum(instant - failure.at < window for failure in counter.failures)


def _failed(counter: AttemptCounter, reservation: Reservation, lockout: LockoutPolicy) -> AttemptCounter:
    failure = Failure(reservation.id, reservation.at)
    failures = tuple(sorted((*counter.failures, failure), key=lambda each: each.at))
    failed = counter.failed + 1 if _has_hard_cap(counter.key, lockout) else counter.failed
    return _blocked(evolve(counter, failures=failures, failed=failed), lockout)


def _blocked(counter: AttemptCounter, lockout: LockoutPolicy) -> AttemptCounter:
    """Return the counter with its failures spent on a block, if they are as many as the limit."""
    limit = _limit(counter.key, lockout)
    if len(counter.failures) < limit.failures:
        return counter
    latest = counter.failures[-1].at
    counted = sum(limit.window is None or latest - each.at < limit.window for each in counter.failures)
    if counted < limit.failures:
        return counter
    end = latest + limit.block
    longest = end if counter.blocked_until is None else max(end, counter.blocked_until)  # D10: never shorter
    return evolve(counter, failures=(), blocked_until=longest)  # S36 S37


def _cleared(counter: AttemptCounter, reservation: Reservation) -> AttemptCounter:
    if counter.key.kind is KeyKind.ADDRESS:  # D3: nothing but time clears an address
        return counter
    later = tuple(failure for failure in counter.failures if failure.at > reservation.at)
    if later == counter.failures and reservation.failed_before <= counter.cleared:
        return counter
    return evolve(counter, failures=later, cleared=max(counter.cleared, reservation.failed_before))


def _without_old_failures(counter: AttemptCounter, lockout: LockoutPolicy, now: datetime) -> AttemptCounter:
    window = _limit(counter.key, lockout).window
    if window is None or not counter.failures:
        return counter
    # A reservation in flight may yet become a failure dated before now: what lay in its window is kept for it.
    oldest = min([max(now, counter.saved_at), *(reservation.at for reservation in counter.reservations)])
    kept = tuple(failure for failure in counter.failures if oldest - failure.at < window)
    return counter if len(kept) == len(counter.failures) else evolve(counter, failures=kept)


def _has_hard_cap(key: CounterKey, lockout: LockoutPolicy) -> bool:
    return lockout.hard_cap is not None and key.kind is KeyKind.ACCOUNT


def _reaches_hard_cap(counter: AttemptCounter, lockout: LockoutPolicy, in_flight: int) -> bool:
    if lockout.hard_cap is None or not _has_hard_cap(counter.key, lockout):
        return False
    return counter.failed - counter.cleared + in_flight >= lockout.hard_cap
