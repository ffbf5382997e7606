"""Templates: one environment, its filters, and the navigation."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from attrs import frozen
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from mydso_access import Right, Secret
from mydso_access.adapters.qr import qr_svg

HERE = Path(__file__).parent


@frozen
class Entry:
    """A page of the navigation: for whom, and whether it needs an entity."""

    path: str
    title: str
    about: str
    right: Right | None = None
    in_entity: bool = False


NAVIGATION: Sequence[Entry] = (
    Entry("/", "Home", ""),
    Entry("/customers", "Customers", "Whom you see, and why", in_entity=True),
    Entry("/links", "Links", "Links to customers' pages that expire", Right.OPEN_CARD, in_entity=True),
    Entry("/users", "Users", "Add, invite, block, authorise", Right.MANAGE_USERS),
    Entry("/soon", "Ending soon", "Logins and invitations that are about to end", Right.MANAGE_USERS),
    Entry("/trail", "Trail", "Who did what, and when", Right.MANAGE_USERS),
    Entry("/settings", "Security", "What binds whom, and where it comes from", Right.SECURITY_SETTINGS),
    Entry("/mailbox", "Mailbox", "What this demonstration has sent"),
)


def instant(value: datetime | None) -> str:
    """Return an instant as people read it."""
    return "–" if value is None else f"{value:%Y-%m-%d %H:%M} UTC"


def duration(value: timedelta | None) -> str:
    """Return a duration in its largest whole unit."""
    if value is None:
        return "–"
    for unit, seconds in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        count, rest = divmod(value.total_seconds(), seconds)
        if count and not rest:
            return f"{count:.0f} {unit}{'' if count == 1 else 's'}"
    return str(value)


def money(cents: int) -> str:
    """Return an amount in euros."""
    return f"{cents / 100:,.2f} €".replace(",", "\u202f")


def words(value: str) -> str:
    """Return an identifier as people read it."""
    return value.replace("_", " ")


def qr(uri: str) -> Markup:
    """Return the image of a provisioning URI. It holds no style and no script, and its text is the library's."""
    return Markup(qr_svg(Secret(uri)).reveal())  # noqa: S704  # made by the library


def linked(body: str, base_url: str) -> Markup:
    """Return a message's text whose links lead into this console, at whatever address it is looked at."""
    pieces = re.split(rf"({re.escape(base_url)}/(?![/\\])\S*)", body)  # never `//host`, which is another site
    for place in range(1, len(pieces), 2):
        pieces[place] = Markup('<a href="{}">{}</a>').format(pieces[place].removeprefix(base_url), pieces[place])
    return Markup("").join(escape(piece) for piece in pieces)


def rendered(template: str, **values: Any) -> str:
    """Return a page."""
    return ENVIRONMENT.get_template(template).render(**values)


def error_page(title: str, told: str, status: int) -> HTMLResponse:
    """Return a page that asks the database nothing, and leaves the browser's cookie as it is."""
    return HTMLResponse(rendered("error.html", visit=None, flashes=[], title=title, told=told), status)


ENVIRONMENT = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.filters |= {
    "instant": instant,
    "duration": duration,
    "money": money,
    "words": words,
    "qr": qr,
    "linked": linked,
}
ENVIRONMENT.globals |= {"NAVIGATION": NAVIGATION}
