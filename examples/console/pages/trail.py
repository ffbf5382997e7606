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
LATELY = timedelta(days=7)
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
KINDS = [(kind.value, kind.name.replace("_", " ").capitalize()) for kind in EventKind]
REFUSALS = frozenset(kind for kind in EventKind if kind.value.endswith("_fail"))


@frozen(kw_only=True)
class Asked:
    """Which events are asked for."""

    user: str
    by: bool
    kind: EventKind | None
    since: str
    begin: datetime

    def query(self, **changes: str) -> str:
        """Return the address's query that asks for the same, or for something else in the same way."""
        kind = "" if self.kind is None else self.kind.value
        same = {"user": self.user, "by": "yes" if self.by else "", "kind": kind, "since": self.since}
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
    """Show the trail a page at a time, the latest first."""
    if Right.MANAGE_USERS not in visit.rights:
        turned_away(visit, Refused(Reason.NOT_ALLOWED, "S6"))
    asked, error = _asked(visit, user, by, kind, since)
    sees_all = _sees_all(visit)
    page: Page[Event] = Page((), None)
    if user or sees_all:
        page = _page(visit, asked, _cursor(after), SHOWN, latest_first=True)
    events, further = page.rows, page.after if isinstance(page.after, Event) else None
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
    """Hand out the same events as a file, earliest first, one page of them in memory at a time."""
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
    known = next((each for each in EventKind if each.value == kind), None)
    return Asked(user=user, by=by == "yes", kind=known, since=text, begin=begin), error


def _sees_all(visit: Visit) -> bool:
    """Tell whether all of the trail may be read; the library says it, by the shortest page there is."""
    return not isinstance(visit.access.read_trail(visit.proof, limit=1), Refused)


def _page(
    visit: Visit, asked: Asked, after: Event | None, limit: int = CHUNK, *, latest_first: bool = False
) -> Page[Event]:
    read = visit.access.read_trail(
        visit.proof,
        asked.user or None,
        by=asked.by and bool(asked.user),
        since=asked.begin,
        kind=asked.kind,
        latest_first=latest_first,
        after=after,
        limit=limit,
    )
    if isinstance(read, Refused):
        turned_away(visit, read)
    return read


def _all(visit: Visit, asked: Asked, page: Page[Event]) -> Iterator[Event]:
    yield from page.rows
    while isinstance(page.after, Event):
        page = _page(visit, asked, page.after)
        yield from page.rows


def _cursor(after: str) -> Event | None:
    """Return what stands for the last event of the page before: its instant and its id are what is looked at."""
    at, _, event_id = after.partition("~")
    try:
        return Event(id=event_id, kind=EventKind.ACCESSED, at=datetime.fromisoformat(at)) if event_id else None
    except ValueError:
        return None


def _structures(events: tuple[Event, ...]) -> set[Structure]:
    return {event.structure for event in events if event.structure is not None}
