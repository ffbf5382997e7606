"""Every other record through Django's ORM, so that there is one database, one trail and one kind of transaction."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError

from mydso_access import (
    Assertion,
    AttemptCounter,
    CounterKey,
    Customer,
    Entity,
    Event,
    Link,
    Platform,
    SignIn,
    Stale,
    Structure,
    StructureKind,
    StructureRecord,
    Taken,
)
from mydso_access.adapters.codec import microseconds, read, written
from mydso_access.adapters.versions import next_version

from .models import Listed, Record
from .repository import ALIAS, Events, Users, alone, digest, tell


def key_of(record: Any) -> str:
    """Return what a record is found by, among those of its kind."""
    match record:
        case AttemptCounter(key=key):
            return digest(key.kind.value, key.digest)
        case Customer(entity=entity, id=customer_id):
            return digest(entity, customer_id)
    return digest(record.id)


def lists_of(record: Any) -> Iterator[str]:
    """Yield every list that a record stands in."""
    match record:
        case Entity():
            yield digest("entities")
        case Customer(entity=entity):
            yield digest("customers", entity)
            yield from {digest("customers", entity, each) for each in {record.collector, *record.colleagues} - {None}}
        case Link(target=target, granter=granter):
            yield from (
                digest("links", target.entity, customer, by)
                for customer in (None, target.customer)
                for by in (None, granter)
            )
            yield digest("granted", granter)


def due_of(record: Any) -> int | None:
    """Return the instant after which a record may be forgotten."""
    match record:
        case AttemptCounter(idle_from=end) | SignIn(expires_at=end) | Link(dead_from=end):
            return None if end is None else microseconds(end)
    return None


class Kept:
    """Records of one kind: a `SignInRepository`, and the beginning of the others."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind

    def get(self, record_id: str, /) -> Any:
        """Return the record with this id."""
        return self._found(digest(record_id))

    def save(self, record: Any, /, *events: Event) -> int:
        """Store a record, unless it was saved since it was loaded; together with its event, if it has one."""
        return self._stored([record], events)[0]

    def add_all(self, records: Sequence[Any], event: Event, /) -> None:
        """Store new records and the one event that tells of them: all of them, or nothing."""
        if any(record.version for record in records):
            raise Stale
        self._stored(records, [event])

    def purge(self, instant: datetime, /, limit: int) -> int:
        """Forget records that were over before an instant, at most so many."""
        with alone(f"{self.kind.__name__}.purge"):
            return self._forgotten(self._rows().filter(due__lt=microseconds(instant)).order_by("due"), limit)

    def _rows(self) -> Any:
        return Record.objects.using(ALIAS).filter(kind=self.kind.__name__)

    def _found(self, key: str) -> Any:
        row = self._rows().filter(key=key).first()
        return None if row is None else read(self.kind, row.body, row.version)

    def _page(self, list_key: str, after: Any, limit: int) -> Sequence[Any]:
        listed = Listed.objects.using(ALIAS).filter(list=list_key, place__gt=key_of(after) if after else "")
        rows = [each.record for each in listed.select_related("record").order_by("place")[:limit]]
        return [read(self.kind, row.body, row.version) for row in rows]

    def _forgotten(self, over: Any, limit: int) -> int:
        keys = [row.pk for row in over.select_for_update()[:limit]]  # locked: what is saved meanwhile is not over
        return self._rows().filter(pk__in=keys).delete()[1].get("accounts.Record", 0)

    def _stored(self, records: Sequence[Any], events: Sequence[Event]) -> list[int]:
        try:
            with alone(f"{self.kind.__name__}.save"):
                in_order = sorted(records, key=key_of)  # so that two who save the same do not wait for each other
                versions = {key_of(record): _written(record) for record in in_order}
                tell(*events)
        except IntegrityError as error:
            others = Record.objects.using(ALIAS).filter(only="platform").exclude(key__in=map(key_of, records))
            raise (Taken("platform") if self.kind is Platform and others.exists() else Stale()) from error
        return [versions[key_of(record)] for record in records]


def _written(record: Any) -> int:
    version, kind, key = next_version(record.version), type(record).__name__, key_of(record)
    only = "platform" if isinstance(record, Platform) else None
    values = {"version": version, "body": written(record), "due": due_of(record), "only": only}
    if record.version == 0:
        row = Record.objects.using(ALIAS).create(kind=kind, key=key, **values)
        _list(record, row)
        return version
    its_own = Record.objects.using(ALIAS).filter(kind=kind, key=key)
    if not its_own.filter(version=record.version).update(**values):
        raise Stale
    if isinstance(record, Customer):  # no other record leaves a list before it is forgotten
        row = its_own.get()
        Listed.objects.using(ALIAS).filter(record=row).delete()
        _list(record, row)
    return version


def _list(record: Any, row: Record) -> None:
    lists = [Listed(record=row, list=each, place=row.key) for each in lists_of(record)]
    Listed.objects.using(ALIAS).bulk_create(lists)


class Structures:
    """A `StructureRepository`."""

    def __init__(self) -> None:
        self._entities, self._platforms = Kept(Entity), Kept(Platform)

    def get(self, structure: Structure, /) -> StructureRecord | None:
        """Return the entity or platform of this name."""
        kept = self._entities if structure.kind is StructureKind.ENTITY else self._platforms
        found: StructureRecord | None = kept.get(structure.id)
        return found

    def platform(self) -> Platform | None:
        """Return the platform."""
        row = Record.objects.using(ALIAS).filter(only="platform").first()
        return None if row is None else read(Platform, row.body, row.version)

    def save(self, record: StructureRecord, event: Event, /) -> int:
        """Store entity or platform and event together, and return its new version."""
        return (self._entities if isinstance(record, Entity) else self._platforms).save(record, event)

    def entities(self, *, after: Entity | None, limit: int) -> Sequence[Entity]:
        """Return a page of the entities."""
        return self._entities._page(digest("entities"), after, limit)  # noqa: SLF001  # its own


class Customers(Kept):
    """A `CustomerRepository`."""

    def get(self, entity: str, customer_id: str, /) -> Customer | None:  # type: ignore[override]
        """Return a customer's associations."""
        found: Customer | None = self._found(digest(entity, customer_id))
        return found

    def named(self, entity: str, customer_ids: Sequence[str], /) -> Sequence[Customer]:
        """Return the associations of these customers; of those that have any."""
        rows = self._rows().filter(key__in=[digest(entity, each) for each in customer_ids])
        return [read(Customer, row.body, row.version) for row in rows]

    def save_all(self, saves: Sequence[tuple[Customer, Event]], /) -> None:
        """Store several customers' associations, each with its event, or nothing."""
        self._stored([customer for customer, _ in saves], [event for _, event in saves])

    def of(
        self, entity: str, /, after: Customer | None, limit: int, associated: str | None = None
    ) -> Sequence[Customer]:
        """Return a page of an entity's customers; only those of one user, if asked."""
        return self._page(digest("customers", entity, *([] if associated is None else [associated])), after, limit)


class Links(Kept):
    """A `LinkRepository`."""

    def of(
        self, entity: str, /, after: Link | None, limit: int, customer: str | None = None, granter: str | None = None
    ) -> Sequence[Link]:
        """Return a page of an entity's links; only those to one customer's pages, or of one granter, if asked."""
        return self._page(digest("links", entity, customer, granter), after, limit)

    def forget(self, granter: str, /, limit: int) -> int:
        """Forget links that a user granted, at most so many."""
        with alone("links.forget"):
            theirs = Listed.objects.using(ALIAS).filter(list=digest("granted", granter))
            return self._forgotten(self._rows().filter(pk__in=theirs.values("record")), limit)


class Counters(Kept):
    """A `CounterRepository`."""

    def get(self, key: CounterKey, /) -> AttemptCounter | None:  # type: ignore[override]
        """Return the counter of this key."""
        found: AttemptCounter | None = self._found(digest(key.kind.value, key.digest))
        return found


class Assertions(Kept):
    """An `AssertionRepository`."""

    def add(self, assertion: Assertion, /) -> None:
        """Store that an assertion was taken, unless it was before."""
        row = Record(kind="Assertion", key=digest(assertion.key), version=1, due=microseconds(assertion.expires_at))
        try:
            with alone("assertions.add"):
                row.save(using=ALIAS, force_insert=True)
        except IntegrityError as error:
            raise Stale from error


class DjangoRepositories:
    """One installation in Django's database."""

    def __init__(self) -> None:
        self.users, self.events, self.structures = Users(), Events(), Structures()
        self.customers, self.links = Customers(Customer), Links(Link)
        self.counters, self.sign_ins, self.assertions = Counters(AttemptCounter), Kept(SignIn), Assertions(Assertion)
