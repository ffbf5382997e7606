"""Records to be stored: strategies over all that is valid, however hostile."""

from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from ipaddress import ip_network
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import attrs
from hypothesis import strategies as st

from mydso_access.decisions.outcomes import Proof
from mydso_access.model import (
    Appointment,
    Approval,
    ApprovedAddress,
    AttemptCounter,
    Category,
    CounterKey,
    Credential,
    Customer,
    Difference,
    Disabled,
    DisabledBecause,
    Email,
    Enabled,
    Entity,
    Event,
    EventKind,
    Factor,
    Failure,
    Invited,
    KeyKind,
    Link,
    LinkPurpose,
    LinkTarget,
    NewEmail,
    NewSeed,
    NoLogin,
    Notice,
    Platform,
    Purpose,
    Reason,
    RecoveryCode,
    Reservation,
    SecondFactor,
    Secret,
    SentCode,
    SentToken,
    SignIn,
    SignInMode,
    SsoIdentity,
    Structure,
    StructureKind,
    User,
)
from mydso_access.policy import Algorithm, Level, Recipient
from mydso_access.policy.dotted import SETTINGS
from mydso_access.policy.fixed import CUSTOMER_ID_CAP, EARLIEST, LATEST, LINK_TEXT_CAP, TICK
from mydso_access.policy.levels import StructurePolicy
from mydso_access.policy.lists import Networks, Words
from mydso_access.policy.settings import Setting, value_type

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

named_structures = st.builds(Structure, st.sampled_from(StructureKind), ids)
approved = several(st.builds(ApprovedAddress, texts, named_structures, instants))
codes = several(st.builds(RecoveryCode, numbers, secrets))
second_factors = maybe(st.builds(SecondFactor, secrets, st.sampled_from(Algorithm), instants, numbers, codes))
identities = st.builds(SsoIdentity, texts, texts)
sent = st.builds(SentToken, secrets, instants)
some_ids = st.frozensets(ids, max_size=4)
kept = {
    "id": ids,
    "role": ids,
    "approved": approved,
    "codes_sent": several(instants),
    "second_factor": second_factors,
    "full_name": maybe(texts),
    "email": maybe(st.builds(Email, texts, maybe(instants))),
    "new_email": maybe(st.builds(NewEmail, texts, sent)),
    "mobile": maybe(texts),
    "may_import": st.booleans(),
    "sign_in_mode": maybe(st.sampled_from(SignInMode)),
    "sso": maybe(identities),
    "reset": maybe(sent),
    "resets_sent": several(instants),
    "notice": maybe(st.builds(Notice, instants, numbers)),
    "valid_from": instants,
    "last_access_at": maybe(instants),
    "version": numbers,
    "saved_at": instants,
    "written_by": maybe(ids),
}
disabled = st.builds(Disabled, st.sampled_from(DisabledBecause), instants)
credentials = maybe(st.builds(Credential, secrets, instants, st.booleans(), several(secrets)))
contacts = st.builds(
    User,
    category=st.just(Category.INACTIVE),
    structure=st.builds(Structure.entity, ids),
    login=st.just(NoLogin()),
    **kept,
)


def _with_login(category: Category, structures: st.SearchStrategy[Structure], **more: Any) -> st.SearchStrategy[User]:
    who = {"category": st.just(category), "structure": structures, "name": texts, **more, **kept}
    invited = st.builds(User, login=st.builds(Invited, instants, maybe(secrets)), appointments=some_ids, **who)
    enabled = st.builds(User, login=st.builds(Enabled, instants), credential=credentials, appointments=some_ids, **who)
    return invited | enabled | st.builds(User, login=disabled, credential=credentials, **who)


users = (
    contacts
    | _with_login(Category.ACTIVE, st.builds(Structure.entity, ids))
    | _with_login(Category.MULTI_ENTITY, st.builds(Structure.platform, ids), memberships=some_ids)
)


networks = st.builds(
    lambda address, prefix: ip_network((address, min(prefix, address.max_prefixlen)), strict=False),
    st.ip_addresses(),
    st.integers(0, 128),
)


def _values(name: str) -> st.SearchStrategy[Any]:
    """Return all that a setting may be."""
    field = SETTINGS[name]
    kind, declared = value_type(field), field.metadata[Setting]
    if kind is bool:
        values: st.SearchStrategy[Any] = st.booleans()
    elif kind is int:
        values = st.integers(declared.minimum, declared.maximum)
    elif kind is timedelta:
        values = st.timedeltas(declared.minimum, declared.maximum)
    elif kind is Networks:
        values = st.lists(networks, max_size=4).map(Networks)
    elif kind is Words:
        values = st.lists(st.from_regex(r"[!-~äß中]{1,9}", fullmatch=True), max_size=4).map(Words)
    else:
        values = st.sampled_from(kind) if issubclass(kind, Enum) else texts
    return maybe(values) if declared.optional else values


policies = st.fixed_dictionaries({}, optional={name: _values(name) for name in SETTINGS}).map(StructurePolicy)
structure = {
    "id": ids,
    "title": texts,
    "policy": policies,
    "main_administrators": several(st.builds(Appointment, ids, ids)),
    "sign_in_mode": st.sampled_from(SignInMode),
    "approved": approved,
    "version": numbers,
    "saved_at": instants,
    "written_by": maybe(ids),
}
floors = {"interactive_links_from": instants, "document_links_from": instants}
structures = st.builds(Entity, **structure, **floors) | st.builds(Platform, **structure)
customers = st.builds(
    Customer,
    entity=ids,
    id=ids,
    collector=maybe(ids.filter(bool)),
    colleagues=some_ids,
    version=numbers,
    saved_at=instants,
    written_by=maybe(ids),
)
bound = texts.filter(lambda text: 0 < len(text) <= LINK_TEXT_CAP)
links = st.builds(
    Link,
    id=ids,
    target=st.builds(
        LinkTarget,
        purpose=st.sampled_from(LinkPurpose),
        entity=bound,
        customer=bound.filter(lambda text: len(text) <= CUSTOMER_ID_CAP),
        resource=bound,
        recipient=bound,
    ),
    granter=ids,
    single_use=st.booleans(),
    digest=secrets,
    issued_at=instants,
    until=maybe(instants),
    used_at=maybe(instants),
    revoked_at=maybe(instants),
    version=numbers,
    saved_at=instants,
    written_by=maybe(ids),
)


@st.composite
def _sign_ins(draw: st.DrawFn) -> SignIn:
    started, expires = sorted(draw(st.lists(utc_instants, min_size=2, max_size=2, unique=True)))
    zone, purpose = draw(st.sampled_from(ZONES)), draw(st.sampled_from(Purpose))
    sent_codes = st.builds(SentCode, secrets, instants, texts, named_structures, st.sampled_from(Recipient))
    approvals = st.builds(Approval, texts, named_structures, st.sampled_from(Recipient))
    return SignIn(
        id=draw(ids),
        user_id=draw(ids),
        address=CounterKey(KeyKind.ADDRESS, draw(texts)),
        purpose=purpose,
        entity=draw(ids) if purpose is Purpose.ENTER else None,
        token=draw(secrets),
        started_at=started.astimezone(zone),
        expires_at=expires.astimezone(zone),
        factors=draw(several(st.tuples(st.sampled_from(Factor), instants))),
        since=draw(instants),
        code=draw(maybe(sent_codes)),
        approvals=draw(several(approvals)),
        seed=draw(maybe(st.builds(NewSeed, secrets, st.sampled_from(Algorithm)))),
        outgrown=draw(st.booleans()),
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
    system=maybe(texts),
    structure=maybe(named_structures),
    customer=maybe(texts),
    differences=several(st.builds(Difference, texts, texts, texts)),
    address=maybe(texts),
    reason=maybe(st.sampled_from(Reason)),
    rule=maybe(texts),
    levels=st.frozensets(st.sampled_from(Level)),
    until=maybe(instants),
)

proofs = st.builds(Proof, texts, several(st.tuples(st.sampled_from(Factor), instants)), instants)

records = users | structures | customers | links | counters | sign_ins | events | proofs


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
