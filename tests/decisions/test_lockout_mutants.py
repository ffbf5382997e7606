"""The vectors notice planted faults: each of these lines, made wrong, gives a wrong answer in at least one of them."""

import inspect
from types import ModuleType

import pytest

from mydso_access.decisions import lockout as decisions
from tests.decisions.test_lockout_vectors import VECTORS, answers_of_code

SOURCE = inspect.getsource(decisions)

FAULTS = {
    "one failure more than the limit": ("if counted < limit.failures:", "if counted <= limit.failures:"),
    "a failure blocks with one of exactly a window ago": (
        "latest - each.at < limit.window",
        "latest - each.at <= limit.window",
    ),
    "a failure of exactly a window ago takes room": ("instant - failure.at < window", "instant - failure.at <= window"),
    "the block runs from the verdict": ("end = latest + limit.block", "end = counter.saved_at + limit.block"),
    "the block runs from the failure known last": (
        "latest = counter.failures[-1].at",
        "latest = counter.failures[0].at",
    ),
    "the failures of a block are not spent": ("failures=(), blocked_until=longest", "blocked_until=longest"),
    "a block's last microsecond is free": (
        "max(now, counter.saved_at) >= counter.blocked_until",
        "next_save(now, now) >= counter.blocked_until",
    ),
    "attempts in flight take no room": ("lockout, now) + in_flight >=", "lockout, now) >="),
    "attempts in flight do not count for the hard cap": ("counter.cleared + in_flight >=", "counter.cleared >="),
    "a lease lasts a microsecond longer": ("reservation.clock) >= lockout", "reservation.clock) > lockout"),
    "a lease does not end backwards": ("abs(now - reservation.clock)", "(now - reservation.clock)"),
    "a lease runs from the date of the charge": (
        "Reservation(reservation_id, at, now,",
        "Reservation(reservation_id, at, at,",
    ),
    "two charges may bear one date": (
        "    at = next_save(seen.saved_at, now)",
        "    at = max(seen.saved_at, now)",
    ),
    "what lapses is forgotten": (
        "counter = _failed(evolve(counter, reservations=others), reservation, lockout)",
        "counter = evolve(counter, reservations=others)",
    ),
    "what is given back counts": (
        "            settled = seen\n",
        "            settled = _failed(seen, reservation, lockout)\n",
    ),
    "a sign-in clears failures charged after it": ("if failure.at > reservation.at)", "if False)"),
    "a sign-in clears failures known after its charge": (
        "cleared=max(counter.cleared, reservation.failed_before)",
        "cleared=counter.failed",
    ),
    "a sign-in clears an address": ("if counter.key.kind is KeyKind.ADDRESS:", "if False:"),
    "a noticed block is decided a microsecond late": (
        "block_of(seen, lockout, now)",
        "block_of(noticed, lockout, now)",
    ),
    "a noticed hard cap is not saved": ("if _reaches_hard_cap(after, lockout, 0)", "if False"),
    "failures are not kept for what is in flight": (
        "*(reservation.at for reservation in counter.reservations)])",
        "])",
    ),
    "account and address are confused": (
        "        case KeyKind.ACCOUNT:\n            return lockout.account",
        "        case KeyKind.ACCOUNT:\n            return lockout.address",
    ),
    "address and account are confused": (
        "        case KeyKind.ADDRESS:\n            return lockout.address",
        "        case KeyKind.ADDRESS:\n            return lockout.account",
    ),
    "the cap counts an address": (
        "lockout.hard_cap is not None and key.kind is KeyKind.ACCOUNT",
        "lockout.hard_cap is not None",
    ),
    "a reset does not restart the cap": ("cleared=counter.failed, saved_at", "cleared=counter.cleared, saved_at"),
}


def copy_with(right: str, wrong: str) -> ModuleType:
    """A module like the decision's, with one line made wrong."""
    assert 1 == SOURCE.count(right), f"{right!r} is no longer what the code says: plant the fault anew"
    module = ModuleType("lockout_with_a_fault")
    exec(SOURCE.replace(right, wrong), module.__dict__)
    return module


def test_a_copy_without_a_fault_passes() -> None:
    faultless = copy_with("def admit(", "def admit(")
    assert [vector["steps"] for vector in VECTORS] == [answers_of_code(vector, faultless) for vector in VECTORS]


@pytest.mark.parametrize(("right", "wrong"), FAULTS.values(), ids=FAULTS)
def test_a_planted_fault_is_noticed(right: str, wrong: str) -> None:
    faulty = copy_with(right, wrong)
    assert [vector["steps"] for vector in VECTORS] != [answers_of_code(vector, faulty) for vector in VECTORS]
