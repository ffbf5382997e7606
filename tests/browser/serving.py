"""The console on a port of its own: one server for all tests, which shows each of them a console of its own."""

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from attrs import define, evolve
from sqlalchemy import func, select

from examples.console.app import create_app
from examples.console.seed import seed
from examples.console.visit import Console
from mydso_access import Done, SecurityPolicy, Structure, System
from mydso_access.policy import HashingPolicy
from mydso_access.testing import ManualClock

HOST, LYON = System("test"), Structure.entity("lyon")
PROXY = "127.0.0.1"  # the browser says in `X-Forwarded-For` whose address it has


@define
class Server:
    """Hears requests, and hands them to the console that is shown now."""

    url: str
    shown: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.shown(scope, receive, send)


@define
class Served:
    """One console: where it is, its clock, and what is behind it."""

    url: str
    app: Any
    clock: ManualClock

    @property
    def console(self) -> Console:
        return self.app.state.console

    def settle(self, name: str, value: Any, structure: Structure = LYON) -> None:
        """Let a structure ask for a setting, as its host may."""
        record = self.console.repositories.structures.get(structure)
        assert record is not None
        done = self.console.access.change_settings(HOST, structure, record.policy.asking(name, value))
        assert isinstance(done, Done), done

    def unsettle(self, name: str, structure: Structure = LYON) -> None:
        """Let a structure ask nothing of a setting any more."""
        record = self.console.repositories.structures.get(structure)
        assert record is not None
        self.console.access.change_settings(HOST, structure, record.policy.without(name))

    def rows(self, query: Any) -> int:
        """Count what a query finds."""
        with self.console.engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(query.subquery()))


@contextmanager
def listening() -> Iterator[Server]:
    """Give a server for the length of a block."""
    with socket.create_server((PROXY, 0)) as heard:
        server = Server(f"http://{PROXY}:{heard.getsockname()[1]}")
        options = {"log_level": "error", "lifespan": "off", "ws": "none", "proxy_headers": False}
        program = uvicorn.Server(uvicorn.Config(server, **options))
        thread = threading.Thread(target=program.run, kwargs={"sockets": [heard]})
        thread.start()
        try:
            yield server
        finally:
            program.should_exit = program.force_exit = True
            thread.join()


@contextmanager
def showing(server: Server, database_url: str, key_file: Path | None = None) -> Iterator[Served]:
    """Show a console over a database for the length of a block."""
    clock = ManualClock()
    policy = evolve(SecurityPolicy.my_dso_manager(), hashing=HashingPolicy.cheapest_for_tests())
    options = {"clock": clock, "policy": policy, "trusted_proxies": [PROXY], "base_url": server.url}
    server.shown = create_app(database_url, key_file=key_file, timing=True, **options)
    try:
        yield Served(server.url, server.shown, clock)
    finally:
        server.shown.state.console.engine.dispose()


def seeded(server: Server, folder: Path) -> Path:
    """Make a database with the demonstration in it, to be copied."""
    with showing(server, f"sqlite:///{folder}/console.db") as served:
        seed(served.console)
    return folder


@contextmanager
def copied(server: Server, template: Path, folder: Path) -> Iterator[Served]:
    """Show a console over a copy of that database."""
    for file in template.iterdir():
        shutil.copy(file, folder)
    with showing(server, f"sqlite:///{folder}/console.db") as served:
        yield served
