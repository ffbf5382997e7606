"""A store of your own, complete: one journal file, shared by threads and processes. tests/test_custom_store.py proves it.

Every line of the file is one save, record and event together: it is there whole, or not at all. Whoever reads or writes
holds the file's lock and has caught up with what others appended, so nobody compares with what was there before.
"""

import fcntl
import json
import operator
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from mydso_access import AccessControl, AttemptCounter, CounterKey, Event, SecurityPolicy, SignIn, Stale, Taken, User
from mydso_access.adapters.argon2 import Argon2Hasher
from mydso_access.adapters.codec import microseconds, read, written
from mydso_access.adapters.versions import next_version
from mydso_access.model import Assertion, Customer, Entity, Invited, Platform, SsoIdentity, Structure, StructureKind
from mydso_access.model.event import EventKind, EventQuery, escaped
from mydso_access.model.link import Link
from mydso_access.model.user import listed_by, seen_at
from mydso_access.testing import created, enabled_user

KINDS: dict[str, Any] = {k.__name__: k for k in (User, Entity, Platform, Customer, Link, AttemptCounter, SignIn)}
ENDS = {"AttemptCounter": "idle_from", "SignIn": "expires_at", "Link": "dead_from"}
UNIQUE: list[tuple[type, str, Callable[[Any], Any]]] = [(User, "name", lambda user: user.name)]
UNIQUE += [(User, "sso", lambda user: user.sso), (Platform, "platform", lambda _: "the only one")]


def key_text(*key: Any) -> str:
    """Return a key as text; an account and an address may have the same digest, two entities customers of one id."""
    return json.dumps([[part.kind.value, part.digest] if isinstance(part, CounterKey) else part for part in key])


def key_of(record: Any) -> str:
    """Return what a record is found by, among those of its kind."""
    if isinstance(record, Customer):
        return key_text(record.entity, record.id)
    return key_text(record.key if isinstance(record, AttemptCounter) else record.id)


def after_place(
    found: Sequence[Any], place: Callable[[Any], Any], after: Any, limit: int, *, backwards: bool = False
) -> list[Any]:
    """Return the page that follows a record, or precedes it; its place is taken as it was on the page before."""
    ordered = sorted(found, key=place, reverse=backwards)
    if after is None:
        return ordered[:limit]
    further = operator.lt if backwards else operator.gt
    return [each for each in ordered if further(place(each), place(after))][:limit]


class Journal:
    """The file, and in memory what its lines add up to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = -1  # as long as nobody holds the lock
        self.threads = threading.Lock()  # one thread of this process at a time
        self.end = 0  # of what was read so far
        self.records: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
        self.events: dict[str, Event] = {}
        self.assertions: dict[str, int] = {}  # until when each is remembered

    @contextmanager
    def caught_up(self) -> Iterator[dict[str, dict[str, Any]]]:
        """Keep everybody else out, and know what they have saved."""
        with self.threads:
            # Opened anew each time: a descriptor from before a fork shares its lock with the other process.
            self.file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)  # it holds password hashes
            try:
                fcntl.flock(self.file, fcntl.LOCK_EX)
                text = os.pread(self.file, os.fstat(self.file).st_size - self.end, self.end)
                whole = text[: text.rfind(b"\n") + 1]  # a last line without its end is a save that never happened
                for line in whole.splitlines():
                    self._add_up(json.loads(line))
                self.end += len(whole)
                yield self.records
            finally:
                fcntl.flock(self.file, fcntl.LOCK_UN)  # closing alone would not do if this process was forked meanwhile
                os.close(self.file)

    def compared(self, *several: Any) -> list[Any]:
        """Return records of one kind as they are to be stored, or raise `Stale` or `Taken` for all of them."""
        stored = [self.records[type(each).__name__].get(key_of(each)) for each in several]
        if [each.version for each in several] != [before.version if before else 0 for before in stored]:
            raise Stale
        if len({key_of(each) for each in several}) < len(several):  # the first of two has changed it for the second
            raise Stale
        for kind, field, value_of in UNIQUE:
            ids = {value_of(each): each.id for each in self.records[kind.__name__].values()}
            values = [(value_of(each), each.id) for each in several if type(each) is kind]
            if any(value and ids.setdefault(value, its_id) != its_id for value, its_id in values):
                raise Taken(field)
        return [evolve(each, version=next_version(each.version)) for each in several]

    def append(self, *saved: Any, events: Sequence[Event] = (), forgotten: Sequence[Any] = (), **others: Any) -> None:
        """Write one line, and answer when the disk has it; memory learns of it as it learns of anybody's line."""
        line = {
            "saved": [(type(each).__name__, each.version, written(each)) for each in saved],
            "forgotten": [(type(each).__name__, key_of(each)) for each in forgotten],
            "events": [written(each) for each in events],
            **dict.fromkeys(("purged", "taken", "expired"), ()),  # ids of events; assertions; keys of these
            **others,
        }
        text = json.dumps(line).encode() + b"\n"
        os.ftruncate(self.file, self.end)  # away with a line that was cut short
        if os.pwrite(self.file, text, self.end) < len(text):
            raise OSError("the disk is full")  # any other exception than ours: nobody is signed in
        os.fsync(self.file)

    def _add_up(self, line: dict[str, Any]) -> None:
        for kind, version, text in line["saved"]:
            record = read(KINDS[kind], text, version)
            self.records[kind][key_of(record)] = record
        for kind, key in line["forgotten"]:
            del self.records[kind][key]
        self.events |= {event.id: event for event in (read(Event, text) for text in line["events"])}
        for event_id in line["purged"]:
            del self.events[event_id]
        self.assertions.update(line["taken"])
        for key in line["expired"]:
            del self.assertions[key]


class Kept:
    """Records of one kind."""

    def __init__(self, journal: Journal, kind: type) -> None:
        self.journal, self.kind = journal, kind.__name__

    def get(self, *key: Any) -> Any:
        """Return the record with this key."""
        with self.journal.caught_up() as records:
            return records[self.kind].get(key_text(*key))

    def found(self, condition: Callable[[Any], bool]) -> list[Any]:
        """Return the records of which this holds."""
        with self.journal.caught_up() as records:
            return [each for each in records[self.kind].values() if condition(each)]

    def forgotten(self, condition: Callable[[Any], bool], limit: int) -> int:
        """Forget records of which this holds, at most so many, and return how many."""
        with self.journal.caught_up() as records:
            over = [each for each in records[self.kind].values() if condition(each)][:limit]
            self.journal.append(forgotten=over)
        return len(over)

    def save(self, record: Any, /, *events: Event) -> int:
        """Store a record, unless it was saved since it was loaded; together with its event, if it has one."""
        return int(self.stored([record], events)[0].version)

    def stored(self, records: Sequence[Any], events: Sequence[Event]) -> list[Any]:
        """Store several records and events, or nothing, and return the records as they are stored then."""
        with self.journal.caught_up():
            stored = self.journal.compared(*records)
            self.journal.append(*stored, events=events)
        return stored

    def add_all(self, records: Sequence[Any], event: Event, /) -> None:
        """Store new records and the one event that tells of them, or nothing."""
        if any(each.version for each in records):
            raise Stale
        self.stored(records, [event])


class Passing(Kept):
    """A `CounterRepository` or a `SignInRepository`: records that are over some day."""

    def purge(self, instant: datetime, /, limit: int) -> int:
        """Forget records that were over before an instant."""
        return self.forgotten(lambda each: (getattr(each, ENDS[self.kind]) or instant) < instant, limit)


class Users(Kept):
    """A `UserRepository`."""

    def named(self, name: str, /) -> User | None:
        """Return the user with exactly this name."""
        return next(iter(self.found(lambda each: each.name == name)), None)

    def known_as(self, identity: SsoIdentity, /) -> User | None:
        """Return the user with exactly this identity of single sign-on."""
        return next(iter(self.found(lambda each: each.sso == identity)), None)

    def remove(self, user: User, event: Event, /) -> None:
        """Forget a user and store the event, together."""
        with self.journal.caught_up() as records:
            stored = records[self.kind].get(key_of(user))
            if stored is None or stored.version != user.version:
                raise Stale
            self.journal.append(forgotten=[user], events=[event])

    def of(self, structure: Structure, /, after: User | None, limit: int) -> Sequence[User]:
        """Return a page of a structure's users: its own, and who is authorised in it."""
        entity = structure.id if structure.kind is StructureKind.ENTITY else None
        found = self.found(lambda each: each.structure == structure or entity in each.memberships)
        return after_place(found, lambda each: (listed_by(each), each.id), after, limit)

    def unseen_since(self, structure: Structure, instant: datetime, /, after: User | None, limit: int) -> list[User]:
        """Return a page of a structure's own enabled users who were not seen since."""
        found = self.found(lambda each: each.structure == structure and (seen_at(each) or instant) < instant)
        return after_place(found, lambda each: (seen_at(each), each.id), after, limit)

    def invited_before(self, instant: datetime, /, after: User | None, limit: int) -> Sequence[User]:
        """Return a page of the users who were invited before an instant, and have not accepted."""
        found = self.found(lambda each: isinstance(each.login, Invited) and each.login.since < instant)
        return after_place(found, lambda each: (each.login.since, each.id), after, limit)

    def count(self) -> int:
        """Return how many users there are."""
        return len(self.found(lambda _: True))


class Structures(Kept):
    """A `StructureRepository`."""

    def get(self, structure: Structure, /) -> Any:
        """Return the entity or platform of this name."""
        return Kept(self.journal, Platform if structure.kind is StructureKind.PLATFORM else Entity).get(structure.id)

    def platform(self) -> Platform | None:
        """Return the platform."""
        return next(iter(Kept(self.journal, Platform).found(lambda _: True)), None)

    def entities(self, *, after: Entity | None, limit: int) -> Sequence[Entity]:
        """Return a page of the entities."""
        return after_place(self.found(lambda _: True), lambda each: each.id, after, limit)


class Customers(Kept):
    """A `CustomerRepository`."""

    def named(self, entity: str, customer_ids: Sequence[str], /) -> Sequence[Customer]:
        """Return the associations of these customers; of those that have any."""
        with self.journal.caught_up() as records:
            found = [records[self.kind].get(key_text(entity, each)) for each in customer_ids]
        return [each for each in found if each is not None]

    def save_all(self, saves: Sequence[tuple[Customer, Event]], /) -> None:
        """Store several customers' associations, each with its event, or nothing."""
        self.stored([customer for customer, _ in saves], [event for _, event in saves])

    def of(self, entity: str, /, after: Customer | None, limit: int, associated: str | None = None) -> list[Customer]:
        """Return a page of an entity's customers; only those of one user, if asked."""
        found = self.found(lambda each: each.entity == entity)
        theirs = [each for each in found if associated in (None, each.collector, *each.colleagues)]
        return after_place(theirs, lambda each: each.id, after, limit)


class Links(Passing):
    """A `LinkRepository`."""

    def of(
        self, entity: str, /, after: Link | None, limit: int, customer: str | None = None, granter: str | None = None
    ) -> Sequence[Link]:
        """Return a page of an entity's links; only those to one customer's pages, or of one granter, if asked."""
        found = self.found(lambda each: each.target.entity == entity and granter in (None, each.granter))
        theirs = [each for each in found if customer in (None, each.target.customer)]
        return after_place(theirs, lambda each: each.id, after, limit)

    def forget(self, granter: str, /, limit: int) -> int:
        """Forget links that a user granted."""
        return self.forgotten(lambda each: each.granter == granter, limit)


@frozen
class Assertions:
    """An `AssertionRepository`."""

    journal: Journal

    def add(self, assertion: Assertion, /) -> None:
        """Store that an assertion was taken, unless it was before."""
        with self.journal.caught_up():
            if assertion.key in self.journal.assertions:
                raise Stale
            self.journal.append(taken=[(assertion.key, microseconds(assertion.expires_at))])

    def purge(self, instant: datetime, /, limit: int) -> int:
        """Forget assertions that expired before an instant."""
        with self.journal.caught_up():
            over = [key for key, end in self.journal.assertions.items() if end < microseconds(instant)][:limit]
            self.journal.append(expired=over)
        return len(over)


@frozen
class Events:
    """An `EventRepository`."""

    journal: Journal

    def append(self, event: Event, /) -> None:
        """Store an event that no record is saved with."""
        with self.journal.caught_up():
            self.journal.append(events=[event])

    def page(self, query: EventQuery, /, after: Event | None, limit: int) -> Sequence[Event]:
        """Return a page of the trail, earliest or latest first."""
        with self.journal.caught_up():
            found = [each for each in self.journal.events.values() if query.holds(each)]
        return after_place(found, lambda each: (each.at, each.id), after, limit, backwards=query.latest_first)

    def purge(self, instant: datetime, /, limit: int) -> int:
        """Forget events that happened before an instant; the file keeps them until it is written anew."""
        with self.journal.caught_up():
            over = [each for each in self.journal.events.values() if each.at < instant][:limit]
            self.journal.append(purged=[each.id for each in over])
        return len(over)

    def pseudonymise(self, user_id: str, pseudonym: str, /, limit: int) -> int:
        """Replace a user's id by a pseudonym, and erase the addresses of those events."""
        known_as, other = escaped(user_id), {escaped(user_id): pseudonym}
        with self.journal.caught_up():
            theirs = [each for each in self.journal.events.values() if known_as in (each.subject, each.actor)][:limit]
            names = [(other.get(each.subject, each.subject), other.get(each.actor, each.actor)) for each in theirs]
            changed = [evolve(e, subject=s, actor=a, address=None) for e, (s, a) in zip(theirs, names, strict=True)]
            self.journal.append(events=changed)
        return len(theirs)


class JournalRepositories:
    """One installation in one file."""

    def __init__(self, path: Path) -> None:
        self.journal = Journal(path)
        self.users, self.events = Users(self.journal, User), Events(self.journal)
        self.structures, self.customers = Structures(self.journal, Entity), Customers(self.journal, Customer)
        self.counters, self.sign_ins = Passing(self.journal, AttemptCounter), Passing(self.journal, SignIn)
        self.links, self.assertions = Links(self.journal, Link), Assertions(self.journal)


if __name__ == "__main__":
    path = Path(tempfile.mkdtemp()) / "access.journal"
    one, other = JournalRepositories(path), JournalRepositories(path)  # as if in two processes
    hasher = Argon2Hasher(SecurityPolicy.my_dso_manager().hashing)
    anna = enabled_user("anna", "Correct-Horse-9", hasher=hasher, since=datetime.now(UTC))
    founded = Event(id="founded", kind=EventKind.STRUCTURE_CREATED, at=anna.saved_at, structure=anna.structure)
    one.structures.save(Entity(id=anna.structure.id, title="Lyon"), founded)
    one.users.save(anna, created(anna))
    for password in ("Correct-Horse-9", *(f"guess-{number}" for number in range(5))):
        outcome = AccessControl(one).sign_in("anna", password, address="203.0.113.7")
        print(f"one    {password:<16} {type(outcome).__name__}")
    outcome = AccessControl(other).sign_in("anna", "Correct-Horse-9", address="203.0.113.7")
    print(f"other  Correct-Horse-9  {type(outcome).__name__}")
    for event in other.events.page(EventQuery(since=anna.saved_at, subject=anna.id), after=None, limit=100):
        print(f"trail  {event.kind.value:<22} {event.reason.value if event.reason else ''}".rstrip())
