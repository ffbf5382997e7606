"""The application: the library's door, the console's tables, the pages, and what happens when the database is away."""

import logging
import os
import pkgutil
import secrets
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

from attrs import frozen
from fastapi import FastAPI, Request
from sqlalchemy import Engine, create_engine, event, make_url, select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from examples.console import pages
from examples.console.guarding import HEADERS, Guard, TimedHasher
from examples.console.mailbox import Mailbox
from examples.console.parts import Console
from examples.console.rendering import HERE, error_page
from examples.console.sessions import Sessions
from examples.console.tables import CUSTOMERS, METADATA
from examples.console.visit import Answered
from mydso_access import AccessControl, Clock, InvalidValue, LinkTarget, PasswordHasher, SecurityPolicy, StoreError
from mydso_access.adapters.argon2 import Argon2Hasher
from mydso_access.adapters.secret_box import AesGcmBox
from mydso_access.adapters.sqlalchemy import SqlRepositories, upgrade

logger = logging.getLogger("console")
AWAY = "The database cannot be reached at this moment. Nothing was changed. Please try again in a moment."


def create_app(  # noqa: PLR0913  # keyword options
    database_url: str,
    *,
    clock: Clock | None = None,
    hasher: PasswordHasher | None = None,
    policy: SecurityPolicy | None = None,
    trusted_proxies: Iterable[str] = (),
    base_url: str = "http://127.0.0.1:8000",
    key_file: Path | None = None,
    timing: bool = False,
) -> FastAPI:
    """Return the application over one database, whose tables are made if they are not there.

    Args:
        database_url: SQLite, PostgreSQL or MariaDB, as SQLAlchemy writes it.
        clock: tells the time; the machine's if not given.
        hasher: hashes passwords; Argon2id as the policy says if not given.
        policy: the installation's policy; the preset if not given.
        trusted_proxies: addresses or networks of proxies in front of the console.
        base_url: where people reach it, for the links in messages; asked for under another name, it answers nothing.
        key_file: holds the key that seals seeds of second factors; made if it is not there. Beside the SQLite file, or in
            the working directory, if not given.
        timing: whether every answer says how long it took (`Server-Timing`): for measurements only.
    """
    policy = SecurityPolicy.my_dso_manager() if policy is None else policy
    engine, clock = connected(database_url), MachineClock() if clock is None else clock
    with engine.begin() as connection:
        upgrade(connection)
        METADATA.create_all(connection)

    def is_there(target: LinkTarget) -> bool:
        found = (CUSTOMERS.c.entity_id == target.entity) & (CUSTOMERS.c.id == target.customer)
        with engine.connect() as connection:
            return connection.scalar(select(CUSTOMERS.c.id).where(found)) is not None

    repositories = SqlRepositories(engine)
    box = AesGcmBox({"console": sealing_key(key_file or beside(database_url))}, current="console")
    hasher = Argon2Hasher(policy.hashing) if hasher is None else hasher
    if timing:
        hasher = TimedHasher(hasher)

    def door(clock: Clock) -> AccessControl:
        return AccessControl(
            repositories,
            policy=policy,
            trusted_proxies=trusted_proxies,
            hasher=hasher,
            clock=clock,
            own_names=("console",),
            secret_box=box,
            resource_exists=is_there,
        )

    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.state.console = Console(
        access=door(clock),
        door_at=lambda instant: door(StandingClock(instant)),
        repositories=repositories,
        engine=engine,
        clock=clock,
        sessions=Sessions(engine, clock),
        mailbox=Mailbox(engine, clock, base_url),
    )
    app.state.console.sessions.purge()
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts(base_url), www_redirect=False)
    app.add_middleware(Guard, timing=timing)  # the outer one
    app.mount("/static", StaticFiles(directory=HERE / "static"))
    for module in pkgutil.iter_modules(pages.__path__):
        app.include_router(import_module(f"{pages.__name__}.{module.name}").router)
    _handle_errors(app)
    return app


class MachineClock:
    """Tells the machine's time."""

    def now(self) -> datetime:
        """Return the present instant."""
        return datetime.now(UTC)

    def sleep(self, seconds: float, /) -> None:
        """Wait between two tries of a save."""
        time.sleep(seconds)


@frozen
class StandingClock:
    """Says always the same instant."""

    instant: datetime

    def now(self) -> datetime:
        """Return it."""
        return self.instant

    def sleep(self, seconds: float, /) -> None:
        """Wait between two tries of a save."""
        time.sleep(seconds)


def connected(database_url: str) -> Engine:
    """Return an engine that notices a database that was stopped and started again."""
    url = make_url(database_url)
    sqlite = url.get_backend_name() == "sqlite"
    engine = create_engine(
        url,
        pool_pre_ping=True,
        pool_timeout=5,
        pool_size=20,
        hide_parameters=True,  # or an error in the log would show what was to be stored: tokens in messages, say
        connect_args={"timeout": 5} if sqlite else {"connect_timeout": 5},
    )
    if sqlite:

        @event.listens_for(engine, "connect")
        def readers_do_not_wait(connection: object, _: object) -> None:
            connection.execute("PRAGMA journal_mode=WAL")  # type: ignore[attr-defined]

    return engine


def hosts(base_url: str) -> list[str]:
    """Return the names that the console answers to: no page of another site gets here by a name of its own."""
    host = urlsplit(base_url).hostname or ""
    return [host, "localhost"] if host == "127.0.0.1" else [host]


def beside(database_url: str) -> Path:
    """Return where the key is kept: beside a SQLite file, else in the working directory; never in the database."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        return Path(url.database).with_suffix(".key")
    return Path("console.key")


def sealing_key(path: Path) -> bytes:
    """Return the key that a file holds; a new one is drawn if there is no file."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
    except FileExistsError:
        pass
    return path.read_bytes()


def _handle_errors(app: FastAPI) -> None:
    def answered(_: Request, answer: Exception) -> Response:
        if not isinstance(answer, Answered):
            raise answer
        return answer.response

    def away(_: Request, error: Exception) -> Response:
        logger.error("the database is away: %s", error)
        page = error_page("Please try again in a moment", AWAY, 503)
        page.headers["Retry-After"] = "5"
        return page

    def malformed(_: Request, error: Exception) -> Response:
        logger.warning("malformed: %s", error)
        return error_page("This cannot be", str(error), 422)

    def no_page(_: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        told = {404: "There is no such page.", 405: "This page is not asked in this way."}.get(
            status, "This did not work."
        )
        return error_page(told, "Perhaps the address was mistyped, or you followed an old link.", status)

    def fault(_: Request, __: Exception) -> Response:  # the server's log has the traceback
        page = error_page("Something went wrong", "It is a fault of the console. Nothing more is known here.", 500)
        page.headers.update({**HEADERS, "Cache-Control": "no-store"})  # this one answer is made outside of `Guard`
        return page

    app.add_exception_handler(Answered, answered)
    app.add_exception_handler(StoreError, away)
    for kind in (OperationalError, InterfaceError, NoConnection):
        app.add_exception_handler(kind, away)
    app.add_exception_handler(InvalidValue, malformed)
    app.add_exception_handler(HTTPException, no_page)
    app.add_exception_handler(Exception, fault)
