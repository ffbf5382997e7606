"""Records to be stored: strategies over all that is valid, however hostile, and of each kind one with every field set."""

import traceback
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import attrs
from hypothesis import strategies as st

from mydso_access.model import (
    AttemptCounter,
    Category,
    CounterKey,
    Credential,
    Disabled,
    DisabledBecause,
    Enabled,
    Event,
    EventKind,
    Factor,
    Failure,
    Invited,
    KeyKind,
    NoLogin,
    Purpose,
    Reason,
    Reservation,
    Secret,
    SignIn,
    Structure,
    User,
)
from mydso_access.policy import Level
from mydso_access.policy.fixed import EARLIEST, LATEST, TICK

HOSTILE_TEXTS = [
    "",
    " ",
    "\0",
    "a\0b",
    "\ud800",  # one half of a UTF-16 pair, alone
    "\udfff\ud800",  # both, in the order in which they are no pair
    "\ud83d \ude00",
    "😀",
    "e\u0301 é ａ ß İ",
    "\"quoted\" 'and' `so`",
    "\\",
    "\\ud83d\\ude00",
    "\\u0000",
    "\r\n\t\x1b[31m\x7f\x85",
    "\u2028\u2029\u202e\u200b\ufeff",
    '","version":7,"form":1,"x":"',
    "null",
    "NaN",
    "1",
    "{}",
    "%s {0} ${x}",
    "'; DROP TABLE users; --",
    "\U0010ffff",
    "long" * 20_000,
]
ZONES = [UTC, timezone(timedelta(hours=-23, minutes=-59)), timezone(timedelta(hours=14)), ZoneInfo("Europe/Paris")]
LAST = LATEST - TICK
LARGEST = 2**63 - 1


def is_storable(text: str) -> bool:
    """Tell whether no two code points in a row are the halves of one UTF-16 pair, which JSON cannot keep apart."""
    return not any("\ud800" <= one <= "\udbff" and "\udc00" <= other <= "\udfff" for one, other in pairwise(text))


every_character = st.characters(exclude_categories=[])
texts = st.sampled_from(HOSTILE_TEXTS) | st.text(every_character, max_size=20).filter(is_storable)
secrets = st.builds(Secret, texts)
numbers = st.sampled_from([0, 1, 2**53 + 1, LARGEST]) | st.integers(0, LARGEST)
utc_instants = st.sampled_from([EARLIEST, EARLIEST + TICK, LAST]) | st.integers(0, (LAST - EARLIEST) // TICK).map(
    lambda microseconds: EARLIEST + microseconds * TICK
)
instants = st.builds(datetime.astimezone, utc_instants, st.sampled_from(ZONES))
ids = st.sampled_from(["f" * 32, "0"]) | texts


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def several(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(strategy, max_size=4).map(tuple)


keys = st.builds(CounterKey, st.sampled_from(KeyKind), texts)

counters = st.builds(
    AttemptCounter,
    keys,
    numbers,
    instants,
    several(st.builds(Failure, ids, instants)),
    several(st.builds(Reservation, ids, instants, instants, numbers)),
    maybe(instants),
    numbers,
    numbers,
    maybe(instants),
)

kept = {
    "id": ids,
    "last_access_at": maybe(instants),
    "version": numbers,
    "saved_at": instants,
    "written_by": maybe(ids),
}
disabled = st.builds(Disabled, st.sampled_from(DisabledBecause), instants)
credentials = maybe(st.builds(Credential, secrets, instants))
contacts = st.builds(
    User,
    category=st.just(Category.INACTIVE),
    structure=st.builds(Structure.entity, ids),
    login=st.just(NoLogin()),
    **kept,
)


def _with_login(category: Category, structures: st.SearchStrategy[Structure]) -> st.SearchStrategy[User]:
    who = {"category": st.just(category), "structure": structures, "name": texts, **kept}
    invited = st.builds(User, login=st.builds(Invited, instants), **who)
    return invited | st.builds(User, login=st.builds(Enabled, instants) | disabled, credential=credentials, **who)


users = (
    contacts
    | _with_login(Category.ACTIVE, st.builds(Structure.entity, ids))
    | _with_login(Category.MULTI_ENTITY, st.builds(Structure.platform, ids))
)


@st.composite
def _sign_ins(draw: st.DrawFn) -> SignIn:
    started, expires = sorted(draw(st.lists(utc_instants, min_size=2, max_size=2, unique=True)))
    zone = draw(st.sampled_from(ZONES))
    return SignIn(
        id=draw(ids),
        user_id=draw(ids),
        address=CounterKey(KeyKind.ADDRESS, draw(texts)),
        purpose=draw(st.sampled_from(Purpose)),
        token=draw(secrets),
        started_at=started.astimezone(zone),
        expires_at=expires.astimezone(zone),
        factors=draw(several(st.tuples(st.sampled_from(Factor), instants))),
        code=draw(maybe(secrets)),
        seed=draw(maybe(secrets)),
        session=draw(maybe(texts)),
        used_at=draw(maybe(instants)),
        version=draw(numbers),
        saved_at=draw(instants),
    )


sign_ins = _sign_ins()

events = st.builds(
    Event,
    id=ids,
    kind=st.sampled_from(EventKind),
    at=instants,
    subject=maybe(texts),
    actor=maybe(texts),
    address=maybe(texts),
    reason=maybe(st.sampled_from(Reason)),
    rule=maybe(texts),
    levels=st.frozensets(st.sampled_from(Level)),
    until=maybe(instants),
)

records = users | counters | sign_ins | events


def in_utc(value: Any) -> Any:
    """Return a record with every instant in UTC, as it is read back.

    Python calls two instants of different zones unequal in the hour that a clock shows twice.
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, tuple):
        return tuple(in_utc(each) for each in value)
    if attrs.has(type(value)):
        return type(value)(**{name: in_utc(getattr(value, name)) for name in names_of(type(value))})
    return value


def names_of(kind: type) -> list[str]:
    """Return the names of a record's fields."""
    return [field.name for field in attrs.fields(kind)]


# --- of each kind one with every field set

CANARY = "c4nary"  # begins every secret of those below, and stands nowhere else
NOON = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)

FULL: dict[type, Any] = {
    User: User(
        id="u",
        category=Category.ACTIVE,
        structure=Structure.entity("e"),
        login=Disabled(DisabledBecause.LAPSED, NOON),
        name="anna",
        credential=Credential(Secret(f"{CANARY} hash"), NOON),
        last_access_at=NOON,
        version=7,
        saved_at=LATER,
        written_by="event",
    ),
    AttemptCounter: AttemptCounter(
        CounterKey(KeyKind.ACCOUNT, "d1" * 32),
        version=8,
        saved_at=LATER,
        failures=(Failure("f1", NOON), Failure("f2", LATER)),
        reservations=(Reservation("r1", NOON, LATER, 2), Reservation("r2", LATER, LATER, 3)),
        blocked_until=LATER,
        failed=5,
        cleared=2,
        idle_from=LATER,
    ),
    SignIn: SignIn(
        id="s",
        user_id="u",
        address=CounterKey(KeyKind.ADDRESS, "d2" * 32),
        purpose=Purpose.SIGN_IN,
        token=Secret(f"{CANARY} token"),
        started_at=NOON,
        expires_at=LATER,
        factors=((Factor.PASSWORD, NOON), (Factor.PASSWORD, LATER)),
        code=Secret(f"{CANARY} code"),
        seed=Secret(f"{CANARY} seed"),
        session="digest",
        used_at=LATER,
        version=9,
        saved_at=LATER,
    ),
    Event: Event(
        id="event",
        kind=EventKind.REFUSED,
        at=NOON,
        subject="u",
        actor="admin",
        address="192.0.2.1",
        reason=Reason.WRONG_SECRET,
        rule="S36",
        levels=frozenset(Level),
        until=LATER,
    ),
}

KEY = {"key": "object", "key.kind": "word", "key.digest": "text"}
FAILURE = {"": "list", ".1": "object", ".1.id": "text", ".1.at": "instant"}
RESERVATION = FAILURE | {".1.clock": "instant", ".1.failed_before": "number"}
# Every place of every stored form and what sort of value is there (`?`: or none); a list's last element for all of them.
PLACES: dict[type, dict[str, str]] = {
    User: {
        "id": "text",
        "category": "word",
        "structure": "object",
        "structure.kind": "word",
        "structure.id": "text",
        "login": "object",
        "login.case": "word",
        "login.reason": "word",
        "login.since": "instant",
        "name": "text?",
        "credential": "object?",
        "credential.hash": "secret",
        "credential.set_at": "instant",
        "last_access_at": "instant?",
        "saved_at": "instant",
        "written_by": "text?",
        "form": "form",
    },
    AttemptCounter: {
        **KEY,
        "saved_at": "instant",
        **{f"failures{place}": sort for place, sort in FAILURE.items()},
        **{f"reservations{place}": sort for place, sort in RESERVATION.items()},
        "blocked_until": "instant?",
        "failed": "number",
        "cleared": "number",
        "idle_from": "instant?",
        "form": "form",
    },
    SignIn: {
        "id": "text",
        "user_id": "text",
        **{place.replace("key", "address"): sort for place, sort in KEY.items()},
        "purpose": "word",
        "token": "secret",
        "started_at": "instant",
        "expires_at": "instant",
        "factors": "list",
        "factors.1": "row",
        "factors.1.0": "word",
        "factors.1.1": "instant",
        "code": "secret?",
        "seed": "secret?",
        "session": "text?",
        "used_at": "instant?",
        "saved_at": "instant",
        "form": "form",
    },
    Event: {
        "id": "text",
        "kind": "word",
        "at": "instant",
        "subject": "text?",
        "actor": "text?",
        "address": "text?",
        "reason": "word?",
        "rule": "text?",
        "levels": "list",
        "levels.2": "word",
        "until": "instant?",
        "form": "form",
    },
}


def everything_told(error: BaseException) -> str:
    """Return all that an error says of itself, its causes and what it was raised in the course of."""
    told, following = "", [error]
    while following:
        one = following.pop()
        told += f"{one} {one!r} {one.args} {vars(one)} "
        following += [other for other in (one.__cause__, one.__context__) if other is not None]
    return told + "".join(traceback.format_exception(error))
