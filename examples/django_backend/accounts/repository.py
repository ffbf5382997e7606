"""Users in Django's own table, and the trail: what the library asks of a store, through Django's ORM.

Correct under ATOMIC_REQUESTS: everything goes through the database alias `access`, a second connection to the same
database that no request's transaction holds. So a failed attempt, a code that was used and a block stand, whatever
becomes of the request; on `default` a rollback would take them back, and guessing would cost nothing. Whoever opens a
transaction on `access` themselves is refused (`OpenTransaction`), and nobody is signed in.

Two connections of one request may wait for each other. PostgreSQL locks rows: do not change somebody's `auth_user` row
on `default` before they sign in (they wait until `lock_timeout`, and are not signed in). SQLite has one writer: the
views that sign in are `non_atomic_requests`, so that nothing of theirs is open on `default` meanwhile.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from attrs import evolve
from django.contrib.auth import get_user_model
from django.db import IntegrityError, OperationalError, connections, transaction
from django.db.models import Q

from mydso_access import (
    Enabled,
    Event,
    Invited,
    OpenTransaction,
    SsoIdentity,
    Stale,
    Structure,
    StructureKind,
    Taken,
    User,
)
from mydso_access.adapters.codec import microseconds, read, written
from mydso_access.adapters.versions import next_version
from mydso_access.model.event import EventQuery, escaped
from mydso_access.model.user import listed_by, seen_at

from .models import Account, Membership, Trail

ALIAS = "access"
TAKEN_BACK = {"40001", "40P01", "55P03"}  # PostgreSQL: a conflict, a deadlock, a lock that was waited for too long
LOCKED = {"SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT"}  # nothing was stored: somebody else is writing
NO_PASSWORD = "!"  # noqa: S105  # which no password fits; always the same, since Django's sessions hang on it
USERNAME = 150  # the longest that Django's table holds


def digest(*parts: object) -> str:
    """Return a key: of one length, and another one for other parts."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@contextmanager
def alone(call: str) -> Iterator[None]:
    """Commit what is written inside, or nothing, before anybody goes on.

    Raises:
        OpenTransaction: `access` is in a transaction already, which its owner could roll back.
        Stale: the database took it back, so it is to be tried again.
    """
    if connections[ALIAS].in_atomic_block:
        raise OpenTransaction(call)
    try:
        with transaction.atomic(using=ALIAS):
            yield
    except OperationalError as error:
        cause = error.__cause__
        if getattr(cause, "sqlstate", None) in TAKEN_BACK or getattr(cause, "sqlite_errorname", "") in LOCKED:
            raise Stale from error
        raise


def tell(*events: Event) -> None:
    """Store events, in the transaction of what they tell of."""
    lines = [Trail(key=digest("event", each.id), body=written(each), **_about(each)) for each in events]
    Trail.objects.using(ALIAS).bulk_create(lines)


class Users:
    """A `UserRepository`."""

    def get(self, user_id: str, /) -> User | None:
        """Return the user with this id."""
        return self._one(key=user_key(user_id))

    def named(self, name: str, /) -> User | None:
        """Return the user whose canonical login name is exactly this."""
        return self._one(name=digest("name", name))

    def known_as(self, identity: SsoIdentity, /) -> User | None:
        """Return the user whose identity of single sign-on is exactly this."""
        return self._one(sso=digest("sso", identity.issuer, identity.subject))

    def save(self, user: User, event: Event, /) -> int:
        """Store user and event together, and return the user's new version."""
        version = next_version(user.version)
        try:
            with alone("users.save"):
                if user.version == 0:
                    _insert(user, version)
                else:
                    _update(user, version)
                tell(event)
        except IntegrityError as error:
            raise _taken_or_stale([user]) from error
        return version

    def add_all(self, users: Sequence[User], event: Event, /) -> None:
        """Store new users and the one event that tells of them: all of them, or nothing."""
        if any(user.version for user in users):
            raise Stale
        try:
            with alone("users.add_all"):
                for user in users:
                    _insert(user, next_version(0))
                tell(event)
        except IntegrityError as error:
            raise _taken_or_stale(users) from error

    def remove(self, user: User, event: Event, /) -> None:
        """Forget a user, with the event that tells of it; Django's row stays, nameless, for what points at it."""
        with alone("users.remove"):
            row = _locked(user)
            nobody = {"username": f" forgotten {row.user_id}", "first_name": "", "last_name": "", "email": ""}
            rights = {"is_active": False, "is_staff": False, "is_superuser": False, "last_login": None}
            _django_users().filter(pk=row.user_id).update(**nobody, **rights, password=NO_PASSWORD)
            row.delete(using=ALIAS)
            tell(event)

    def of(self, structure: Structure, /, after: User | None, limit: int) -> Sequence[User]:
        """Return a page of the users of a structure: its own, and who is authorised in it."""
        theirs = Q(structure=_structure(structure))
        if structure.kind is StructureKind.ENTITY:
            members = Membership.objects.using(ALIAS).filter(entity=_structure(structure))
            theirs |= Q(pk__in=members.values("account"))
        return self._page(theirs, "listed_by", after and listed_by(after), after, limit)

    def unseen_since(
        self, structure: Structure, instant: datetime, /, after: User | None, limit: int
    ) -> Sequence[User]:
        """Return a page of a structure's own enabled users who were last seen before an instant."""
        unseen = Q(structure=_structure(structure), seen_at__lt=microseconds(instant))
        return self._page(unseen, "seen_at", after and _at(seen_at(after)), after, limit)

    def invited_before(self, instant: datetime, /, after: User | None, limit: int) -> Sequence[User]:
        """Return a page of the users who were invited before an instant, and have not accepted."""
        return self._page(
            Q(invited_at__lt=microseconds(instant)), "invited_at", after and _invited_at(after), after, limit
        )

    def count(self) -> int:
        """Return how many users there are."""
        return Account.objects.using(ALIAS).count()

    def _one(self, **which: str) -> User | None:
        row = Account.objects.using(ALIAS).filter(**which).first()
        return None if row is None else read(User, row.body, row.version)

    def _page(self, which: Q, order: str, place: Any, after: User | None, limit: int) -> Sequence[User]:
        if after is not None:
            which &= Q(**{f"{order}__gt": place}) | Q(**{order: place, "key__gt": user_key(after.id)})
        rows = Account.objects.using(ALIAS).filter(which).order_by(order, "key")[:limit]
        return [read(User, row.body, row.version) for row in rows]


class Events:
    """An `EventRepository`."""

    def append(self, event: Event, /) -> None:
        """Store an event that no record is saved with."""
        with alone("events.append"):
            tell(event)

    def page(self, query: EventQuery, /, after: Event | None, limit: int) -> Sequence[Event]:
        """Return a page of the trail, earliest or latest first."""
        which, order, further = Q(at__gte=microseconds(query.since)), ("at", "key"), "gt"
        if query.latest_first:
            order, further = ("-at", "-key"), "lt"
        for column, user_id in (("subject", query.subject), ("actor", query.actor)):
            if user_id is not None:
                which &= Q(**{column: _user(user_id)})
        if query.kind is not None:
            which &= Q(kind=query.kind.value)
        if after is not None:
            at, key = microseconds(after.at), digest("event", after.id)
            which &= Q(**{f"at__{further}": at}) | Q(at=at, **{f"key__{further}": key})
        rows = Trail.objects.using(ALIAS).filter(which).order_by(*order)[:limit]
        return [read(Event, row.body) for row in rows]

    def purge(self, instant: datetime, /, limit: int) -> int:
        """Forget events that happened before an instant, at most so many."""
        with alone("events.purge"):
            over = Trail.objects.using(ALIAS).filter(at__lt=microseconds(instant)).order_by("at")[:limit]
            return Trail.objects.using(ALIAS).filter(pk__in=[each.pk for each in over]).delete()[0]

    def pseudonymise(self, user_id: str, pseudonym: str, /, limit: int) -> int:
        """Replace a user's id by a pseudonym, as subject and as actor, and erase the addresses of those events."""
        known_as, changed = escaped(user_id), 0
        with alone("events.pseudonymise"):
            for column in ("subject", "actor"):  # who is both is neither after the first
                theirs = Trail.objects.using(ALIAS).filter(**{column: _user(user_id)}).order_by("at", "key")
                for row in theirs[: limit - changed]:
                    event = read(Event, row.body)
                    who = [pseudonym if each == known_as else each for each in (event.subject, event.actor)]
                    event = evolve(event, address=None, subject=who[0], actor=who[1])
                    Trail.objects.using(ALIAS).filter(pk=row.pk).update(body=written(event), **_about(event))
                    changed += 1
        return changed


# --- rows


def _insert(user: User, version: int) -> None:
    row = Account(key=user_key(user.id), version=version, body=written(user), **_columns(user))
    row.user_id = _adopted(user.id) or _django_users().create(username=_username(user)).pk
    row.save(using=ALIAS, force_insert=True)
    _follow(user, row)


def _update(user: User, version: int) -> None:
    its_own = Account.objects.using(ALIAS).filter(key=user_key(user.id))
    if not its_own.filter(version=user.version).update(version=version, body=written(user), **_columns(user)):
        raise Stale
    row = its_own.get()
    Membership.objects.using(ALIAS).filter(account=row).delete()
    _follow(user, row)


def _follow(user: User, row: Account) -> None:
    """Let memberships and Django's own row follow the record."""
    entities = [Membership(account=row, entity=_structure(Structure.entity(each))) for each in user.memberships]
    Membership.objects.using(ALIAS).bulk_create(entities)
    email, called = user.email.address if user.email else "", user.full_name or ""
    _django_users().filter(pk=row.user_id).update(
        username=_username(user),
        email=email if email.isprintable() else "",
        last_name=called[:USERNAME] if called.isprintable() else "",
        is_active=isinstance(user.login, Enabled),
        last_login=user.last_access_at,
        password=NO_PASSWORD,  # whatever `changepassword` or the admin wrote there
    )


def _adopted(user_id: str) -> int | None:
    """Return the row that is there: `add_user(..., user_id=str(user.pk))` makes a user of Django's the library's.

    Only an id says so. By name, whoever may add users could name one `admin` and become Django's superuser.
    """
    if not (user_id.isascii() and user_id.isdecimal() and len(user_id) < 18):
        return None
    return _django_users().filter(pk=int(user_id), account=None).values_list("pk", flat=True).first()


def _locked(user: User) -> Account:
    rows = Account.objects.using(ALIAS).select_for_update()
    row = rows.filter(key=user_key(user.id), version=user.version).first()
    if row is None:
        raise Stale
    return row


def _taken_or_stale(users: Sequence[User]) -> Exception:
    """Say what was in the way: a record of the same key, or somebody with the same name or identity."""
    accounts = Account.objects.using(ALIAS)
    if accounts.filter(key__in=[user_key(user.id) for user in users if not user.version]).exists():
        return Stale()
    for field in ("sso", "name"):
        values = [value for user in users if (value := _columns(user)[field]) is not None]
        others = accounts.exclude(key__in=[user_key(user.id) for user in users])
        if len(set(values)) < len(values) or others.filter(**{f"{field}__in": values}).exists():
            return Taken(field)
    names = [_username(user) for user in users]
    its_own = accounts.filter(key__in=[user_key(user.id) for user in users]).values("user")
    return Taken("name") if _django_users().filter(username__in=names).exclude(pk__in=its_own).exists() else Stale()


def _django_users() -> Any:
    return get_user_model()._default_manager.using(ALIAS)  # noqa: SLF001  # Django's name for it is public


def _columns(user: User) -> dict[str, Any]:
    return {
        "name": None if user.name is None else digest("name", user.name),
        "sso": None if user.sso is None else digest("sso", user.sso.issuer, user.sso.subject),
        "structure": _structure(user.structure),
        "listed_by": listed_by(user),
        "seen_at": _at(seen_at(user)),
        "invited_at": _invited_at(user),
    }


def _username(user: User) -> str:
    """Return what Django calls a user: the login name, if there is one that fits; else what nobody can be called."""
    fits = user.name is not None and len(user.name) <= USERNAME and user.name.isprintable()
    return user.name if fits and user.name else f" {user_key(user.id)}"


def user_key(user_id: str) -> str:
    """Return the key of a user."""
    return digest("user", user_id)


def _user(user_id: str) -> str:
    return digest("user", escaped(user_id))


def _structure(structure: Structure) -> str:
    return digest(structure.kind.value, structure.id)


def _at(instant: datetime | None) -> int | None:
    return None if instant is None else microseconds(instant)


def _invited_at(user: User) -> int | None:
    return microseconds(user.login.since) if isinstance(user.login, Invited) else None


def _about(event: Event) -> dict[str, Any]:
    subject, actor = (None if each is None else digest("user", each) for each in (event.subject, event.actor))
    return {"at": microseconds(event.at), "subject": subject, "actor": actor, "kind": event.kind.value}
