"""Records to try a store with: every case of every field, instants at both ends, and states told apart by a number."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from attrs import evolve

from mydso_access.model.assertion import Assertion
from mydso_access.model.attempts import AttemptCounter, CounterKey, Failure, KeyKind, Reservation
from mydso_access.model.event import Difference, Event, EventKind
from mydso_access.model.reason import Reason
from mydso_access.model.secret import Secret
from mydso_access.model.sign_in import Approval, Factor, NewSeed, Purpose, SentCode, SignIn
from mydso_access.model.structure import Structure
from mydso_access.policy.addresses import Recipient
from mydso_access.policy.fixed import EARLIEST, LATEST, TICK
from mydso_access.policy.second_factor import Algorithm
from mydso_access.policy.settings import Level
from mydso_access.testing.clock import A_MONDAY

SECOND = timedelta(seconds=1)
A_SHIFT: Final = timedelta(hours=8)  # a store that forgets by the clock keeps a sample for so long
ENTITY: Final = Structure.entity("entity-1")
PLATFORM: Final = Structure.platform("platform-1")

INSTANTS: Final[tuple[datetime, ...]] = (
    EARLIEST,
    EARLIEST + TICK,
    datetime(2026, 3, 2, 9, 0, 0, 1, UTC),
    datetime(2026, 3, 2, 9, 0, 0, 999_999, UTC),
    datetime(2026, 3, 29, 1, 30, tzinfo=UTC),  # Central Europe's clocks skip 02:30 that day …
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # … and read it twice on this
    datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    datetime(2038, 1, 19, 3, 14, 8, 654_321, UTC),
    datetime(2106, 2, 7, 6, 28, 16, 123_457, UTC),
    LATEST - TICK,
)
# What escaping, quoting and cutting go wrong on. A stored secret is any text.
TEXTS: Final[tuple[str, ...]] = (
    "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b5dWRWJTmaaxh4",
    "'; DROP TABLE users; --",
    'a "quoted" \\ back\\slashed %s {brace} \t tab \r\n line',
    "Zoë \u4e2d\u6587 \u0627\u0644\u0639\u0631\u0628\u064a\u0629 \U0001f469\u200d\U0001f680 e\u0301",
    " blank at both ends ",
    "",
    "x" * 5000,
)


def later(number: int) -> datetime:
    """Return an instant of its own for each number."""
    return A_MONDAY + number * (SECOND + TICK)


def key(number: int, kind: KeyKind = KeyKind.ACCOUNT) -> CounterKey:
    """Return the counter key with this number."""
    return CounterKey(kind, f"{number:064x}")


def numbered_counter(before: AttemptCounter, number: int) -> AttemptCounter:
    """Return the counter with everything changed that a save may change."""
    at = later(number)
    return evolve(
        before,
        saved_at=at,
        failures=(Failure(f"failure-{number}", at),),
        reservations=(Reservation(f"reservation-{number}", at, at, number),),
        blocked_until=at + A_SHIFT,
        failed=number,
        cleared=number,
        idle_from=at + A_SHIFT,
    )


def every_counter() -> Mapping[str, AttemptCounter]:
    """Return counters which between them hold every case of every field."""
    failures = tuple(Failure(f"{number:032x}", later(number)) for number in range(300))
    reservations = tuple(Reservation(f"{n:032x}", later(n), later(n) - SECOND, n) for n in range(300))
    return {
        "new": AttemptCounter(key(1), saved_at=A_MONDAY),
        "of an address": AttemptCounter(key(2, KeyKind.ADDRESS), saved_at=A_MONDAY),
        "of somebody's codes": AttemptCounter(key(10, KeyKind.CODES), saved_at=A_MONDAY),
        "one failure": AttemptCounter(key(3), saved_at=A_MONDAY, failures=failures[:1]),
        "many failures": AttemptCounter(key(4), saved_at=A_MONDAY, failures=failures),
        "many in flight": AttemptCounter(key(5), saved_at=A_MONDAY, reservations=reservations),
        "blocked": AttemptCounter(key(6), saved_at=A_MONDAY, blocked_until=A_MONDAY + A_SHIFT),
        "idle some day": AttemptCounter(key(7), saved_at=A_MONDAY, idle_from=A_MONDAY + A_SHIFT),
        "large numbers": AttemptCounter(key(8), saved_at=A_MONDAY, failed=2**53 + 1, cleared=2**53 - 1),
        "a large number in flight": AttemptCounter(
            key(9), saved_at=A_MONDAY, reservations=(Reservation("r", A_MONDAY, A_MONDAY, 2**53 + 1),)
        ),
    }


def dated_counter(number: int, instant: datetime) -> AttemptCounter:
    """Return a counter whose instants are all this one; it is never idle."""
    failures = (Failure("failure", instant),)
    reservations = (Reservation("reservation", instant, instant, 0),)
    return AttemptCounter(key(number), 0, instant, failures, reservations, blocked_until=instant)


def sign_in(sign_in_id: str, **changes: Any) -> SignIn:
    """Return a new sign-in that can still be finished for hours."""
    fields: dict[str, Any] = {
        "id": sign_in_id,
        "user_id": "user-1",
        "address": key(1, KeyKind.ADDRESS),
        "purpose": Purpose.SIGN_IN,
        "token": Secret("digest"),
        "started_at": A_MONDAY,
        "expires_at": A_MONDAY + A_SHIFT,
        "factors": ((Factor.PASSWORD, A_MONDAY),),
        "since": A_MONDAY,
        "saved_at": A_MONDAY,
    }
    return SignIn(**fields | changes)


def numbered_sign_in(before: SignIn, number: int) -> SignIn:
    """Return the sign-in with everything changed that a save may change."""
    at = later(number)
    return evolve(
        before,
        token=Secret(f"token-{number}"),
        expires_at=at + A_SHIFT,
        factors=((Factor.PASSWORD, at),) * (1 + number % 3),
        since=at,
        code=SentCode(Secret(f"code-{number}"), at, f"2001:db8::{number:x}", ENTITY, Recipient.USER),
        approvals=(Approval(f"2001:db8::{number:x}", ENTITY, Recipient.USER),),
        seed=NewSeed(Secret(f"seed-{number}"), Algorithm.SHA256),
        outgrown=number % 2 == 1,
        session=f"session-{number}",
        used_at=at,
        saved_at=at,
    )


def every_sign_in() -> Mapping[str, SignIn]:
    """Return sign-ins which between them hold every case of every field."""
    secrets = {f"secret {n}": _with_secrets(f"s{n}", text, later(n)) for n, text in enumerate(TEXTS)}
    enters = {Purpose.ENTER: "entity-2"}
    approvals = tuple(Approval(f"2001:db8::{number:x}", PLATFORM, Recipient.USER) for number in range(300))
    return {
        **{f"for {each.value}": sign_in(each.value, purpose=each, entity=enters.get(each)) for each in Purpose},
        **{f"code for {each.value}": _with_code(f"c-{each.value}", each) for each in Recipient},
        **{f"seed of {each.value}": sign_in(each.value, seed=NewSeed(Secret("seed"), each)) for each in Algorithm},
        "many approvals": sign_in("approvals", approvals=approvals),
        "outgrown": sign_in("outgrown", outgrown=True),
        "of another user": sign_in("other", user_id="Zoë O'Hara", address=key(2, KeyKind.ADDRESS)),
        "nothing proven": sign_in("nothing", factors=()),
        "every factor": sign_in("every", factors=tuple((f, later(n)) for n, f in enumerate(Factor))),
        "many proofs": sign_in("many", factors=tuple((Factor.PASSWORD, later(number)) for number in range(300))),
        "used": sign_in("used", used_at=later(1), saved_at=later(1)),
        **secrets,
    }


def _with_secrets(sign_in_id: str, text: str, at: datetime) -> SignIn:
    where = Structure.entity(text[:200])
    return sign_in(
        sign_in_id,
        purpose=Purpose.ENTER,
        entity=text,
        token=Secret(text),
        code=SentCode(Secret(text), at, text, where, Recipient.ADMINISTRATOR),
        approvals=(Approval(text, where, Recipient.ADMINISTRATOR),),
        seed=NewSeed(Secret(text), Algorithm.SHA1),
        session=text,
    )


def _with_code(sign_in_id: str, validator: Recipient) -> SignIn:
    approvals = (Approval("192.0.2.1", ENTITY, validator), Approval("2001:db8::1", PLATFORM, validator))
    code = SentCode(Secret("code"), later(1), "203.0.113.9", PLATFORM, validator)
    return sign_in(sign_in_id, code=code, approvals=approvals)


def assertion(number: int, **changes: Any) -> Assertion:
    """Return the record of an assertion for each number, over hours after it was taken."""
    fields: dict[str, Any] = {"key": f"{number:064x}", "expires_at": A_MONDAY + A_SHIFT, "saved_at": A_MONDAY}
    return Assertion(**fields | changes)


def dated_sign_in(number: int, instant: datetime) -> SignIn:
    """Return a sign-in that was used at this instant, and started then if it could last for hours from there."""
    start = min(instant, LATEST - TICK - A_SHIFT)
    changes = {"started_at": start, "saved_at": start, "expires_at": start + A_SHIFT}
    factors, code = ((Factor.PASSWORD, instant),), SentCode(Secret("code"), instant, "::1", ENTITY, Recipient.USER)
    return sign_in(f"sign-in-{number}", factors=factors, since=instant, code=code, used_at=instant, **changes)


def event(event_id: str, **changes: Any) -> Event:
    """Return an event of the base instant."""
    fields: dict[str, Any] = {"id": event_id, "kind": EventKind.REFUSED, "at": A_MONDAY}
    return Event(**fields | changes)


def every_event() -> Mapping[str, Event]:
    """Return events which between them hold every case of every field."""
    levels, short = tuple(Level), [text[:200] for text in TEXTS]
    some = {len(levels[:n]): frozenset(levels[:n]) for n in range(len(levels) + 1)}
    changes = tuple(Difference(f"field {number}", "before", "after") for number in range(300))
    return {
        **{f"kind {kind.value}": event(f"k{n}", kind=kind) for n, kind in enumerate(EventKind)},
        **{f"reason {reason.value}": event(f"r{n}", reason=reason) for n, reason in enumerate(Reason)},
        **{f"levels {n}": event(f"l{n}", levels=several) for n, several in some.items()},
        **{f"text {n}": event(f"t{n}", subject=t, actor=t, address=t, rule=t) for n, t in enumerate(short)},
        **{f"other text {n}": event(f"o{n}", system=t, customer=t) for n, t in enumerate(short)},
        **{f"structure {n}": event(f"s{n}", structure=Structure.entity(t)) for n, t in enumerate(short)},
        **{f"difference {n}": event(f"d{n}", differences=(Difference(t, t, t),)) for n, t in enumerate(short)},
        **{f"until {n}": event(f"u{n}", until=instant) for n, instant in enumerate(INSTANTS)},
        "about somebody": event("s", subject="user-1", actor="user-2", address="2001:db8::/64", rule="S36"),
        "by the host": event("h", subject="user-1", system="nightly import", structure=PLATFORM),
        "many differences": event("d", subject="user-1", structure=ENTITY, customer="customer-1", differences=changes),
    }
