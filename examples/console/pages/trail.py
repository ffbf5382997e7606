"""Admin: the trail of one user, or for the platform's main administrator all of it; as a page and as CSV."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from attrs import define, frozen
from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from examples.console.people import LEVELS, title_of, turned_away, why
from examples.console.visit import Member, Visit
from mydso_access import Event, EventKind, Page, Reason, Refused, Right, Structure, User, csv_lines

router = APIRouter()
SHOWN = 50
CHUNK = 250
LOOKED_THROUGH = 750
LATELY = timedelta(days=7)
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
KINDS = [(kind.value, kind.name.replace("_", " ").capitalize()) for kind in EventKind]
REFUSALS = frozenset(kind for kind in EventKind if kind.value.endswith("_fail"))


@frozen(kw_only=True)
class Asked:
    """Which events are asked for."""

    user: str
    by: bool
    kind: str
    since: str
    begin: datetime

    def holds(self, event: Event) -> bool:
        """Tell whether an event is asked for."""
        return self.kind in ("", event.kind.value)

    def query(self, **changes: str) -> str:
        """Return the address's query that asks for the same, or for something else in the same way."""
        same = {"user": self.user, "by": "yes" if self.by else "", "kind": self.kind, "since": self.since}
        return urlencode(same | changes)


@define
class People:
    """What people call those whose ids are in the trail."""

    visit: Visit
    sees_all: bool
    known: dict[str, tuple[str, bool]]

    def __call__(self, user_id: str) -> tuple[str, bool]:
        """Return what somebody is called, and whether there is a page of them here."""
        if user_id not in self.known:
            self.known[user_id] = self._found(user_id)
        return self.known[user_id]

    def _found(self, user_id: str) -> tuple[str, bool]:
        row = self.visit.access.look_at_user(self.visit.proof, self.visit.structure, user_id)
        if not isinstance(row, Refused):
            return row.user.full_name or row.user.name or user_id, True
        stored = self.visit.console.repositories.users.get(user_id) if self.sees_all else None
        named = isinstance(stored, User) and (stored.full_name or stored.name)
        return named or user_id, False


@router.get("/trail")
def trail(  # noqa: PLR0913, PLR0917  # what it may be filtered by
    visit: Member, user: str = "", by: str = "", kind: str = "", since: str | None = None, after: str = ""
) -> Response:
    """Show the trail a page at a time, earliest first."""
    if Right.MANAGE_USERS not in visit.rights:
        turned_away(visit, Refused(Reason.NOT_ALLOWED, "S6"))
    asked, error = _asked(visit, user, by, kind, since)
    sees_all = _sees_all(visit)
    events: tuple[Event, ...] = ()
    further = None
    if user or sees_all:
        events, further = _found(visit, asked, _cursor(after))
    people = People(visit, sees_all, {})
    return visit.page(
        "trail.html",
        status=422 if error else 200,
        asked=asked,
        error=error,
        kinds=[("", "Everything"), *KINDS],
        events=events,
        further=None if further is None else f"{further.at.isoformat()}~{further.id}",
        begun=bool(after),
        sees_all=sees_all,
        people=people,
        whose=people(user)[0] if user else "",
        titles={each: title_of(visit, each) for each in _structures(events)},
        levels=LEVELS,
        why=why,
        refusals=REFUSALS,
    )


@router.get("/trail.csv")
def trail_as_csv(visit: Member, user: str = "", by: str = "", kind: str = "", since: str | None = None) -> Response:
    """Hand out the same events as a file, one page of them in memory at a time."""
    asked, _ = _asked(visit, user, by, kind, since)
    first = _page(visit, asked, None)
    headers = {"Content-Disposition": 'attachment; filename="trail.csv"'}
    return StreamingResponse(
        csv_lines(_all(visit, asked, first)), media_type="text/csv; charset=utf-8", headers=headers
    )


def _asked(visit: Visit, user: str, by: str, kind: str, since: str | None) -> tuple[Asked, str]:
    error = ""
    text = (visit.now - LATELY).date().isoformat() if since is None else since
    begin = BEGINNING
    try:
        begin = datetime.combine(date.fromisoformat(text), time(), UTC) if text else BEGINNING
    except ValueError:
        error = "Please give a day as 2026-12-31."
    return Asked(user=user, by=by == "yes", kind=kind, since=text, begin=begin), error


def _sees_all(visit: Visit) -> bool:
    """Tell whether all of the trail may be read; the library says it, by the shortest page there is."""
    return not isinstance(visit.access.read_trail(visit.proof, limit=1), Refused)


def _page(visit: Visit, asked: Asked, after: Event | None, limit: int = CHUNK) -> Page[Event]:
    read = visit.access.read_trail(
        visit.proof, asked.user or None, by=asked.by and bool(asked.user), since=asked.begin, after=after, limit=limit
    )
    if isinstance(read, Refused):
        turned_away(visit, read)
    return read


def _found(visit: Visit, asked: Asked, after: Event | None) -> tuple[tuple[Event, ...], Event | None]:
    """Return a page of what is asked for, and the event to go on behind.

    The library finds by user and day; of a kind is what the console looks for itself, in so many events at a time.
    """
    if not asked.kind:
        page = _page(visit, asked, after, SHOWN)
        return page.rows, page.after if isinstance(page.after, Event) else None
    found: list[Event] = []
    for _ in range(LOOKED_THROUGH // CHUNK):
        page = _page(visit, asked, after)
        for event in page.rows:
            if asked.holds(event):
                found.append(event)
            if len(found) == SHOWN:
                return tuple(found), event
        if not isinstance(page.after, Event):
            return tuple(found), None
        after = page.after
    return tuple(found), after


def _all(visit: Visit, asked: Asked, first: Page[Event]) -> Iterator[Event]:
    page: Page[Event] | Refused = first
    while not isinstance(page, Refused):
        yield from (event for event in page.rows if asked.holds(event))
        if not isinstance(page.after, Event):
            return
        page = visit.access.read_trail(
            visit.proof,
            asked.user or None,
            by=asked.by and bool(asked.user),
            since=asked.begin,
            after=page.after,
            limit=CHUNK,
        )


def _cursor(after: str) -> Event | None:
    """Return what stands for the last event of the page before: its instant and its id are what is looked at."""
    at, _, event_id = after.partition("~")
    try:
        return Event(id=event_id, kind=EventKind.ACCESSED, at=datetime.fromisoformat(at)) if event_id else None
    except ValueError:
        return None


def _structures(events: tuple[Event, ...]) -> set[Structure]:
    return {event.structure for event in events if event.structure is not None}
