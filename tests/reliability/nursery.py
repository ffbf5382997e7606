"""A process that has imported everything and opened nothing: its forks begin at once, and end with whoever asked.

Not multiprocessing's fork server: that one imports the whole of pytest again in each child. A test that fails, or is
killed itself, leaves nothing behind: the socket that its children wait at, or write to, is closed.
"""

import gc
import os
import pickle
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

ROOT = Path(__file__).parents[2]
LARGEST = 100_000  # bytes of a request
PATIENCE = 120.0  # seconds until a child that says nothing has failed
# With the drivers, which SQLAlchemy imports when an engine is made.
IMPORTED = (
    "tests.reliability.race_work",
    "tests.reliability.code_work",
    "tests.reliability.crash_work",
    "tests.reliability.link_work",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.mysql.pymysql",
    "psycopg",
    "pymysql",
)


@frozen
class Failed:
    """What a child says last if its work raised."""

    traceback: str


class ChildError(Exception):
    """A child failed, or ended without a word."""


@define(eq=False)
class Child:
    """A process that works for us, and the connection to it."""

    pid: int
    connection: Connection

    def send(self, message: Any) -> None:
        self.connection.send(message)

    def receive(self) -> Any:
        """Return what the child says next.

        Raises:
            ChildError: its work raised, it is gone, or it is silent for too long.
        """
        if not self.connection.poll(PATIENCE):
            raise ChildError(f"process {self.pid} is silent")
        try:
            said = self.connection.recv()
        except EOFError:
            raise ChildError(f"process {self.pid} ended without a word") from None
        if isinstance(said, Failed):
            raise ChildError(said.traceback)
        return said

    def rest(self) -> list[Any]:
        """Return everything that a killed child has said, up to its last whole message."""
        said = []
        with suppress(EOFError, OSError):
            while self.connection.poll(PATIENCE):
                said.append(self.connection.recv())
        for message in said:
            if isinstance(message, Failed):
                raise ChildError(message.traceback)
        return said

    def kill(self) -> None:
        """End it by kill -9."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


@define(eq=False)
class Nursery:
    """Starts children."""

    control: socket.socket
    children: list[Child] = field(factory=list)

    def start(self, work: Callable[..., None], *arguments: Any) -> Child:
        """Run `work(connection, *arguments)` in a new process; `work` is a function of a module."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            socket.send_fds(self.control, [pickle.dumps((work, arguments))], [theirs.fileno()])
            pid = int.from_bytes(self.control.recv(8))
            child = Child(pid, Connection(ours.detach()))
        self.children.append(child)
        return child

    def end(self, child: Child) -> None:
        """End a child, whatever it does."""
        child.kill()
        child.connection.close()
        self.children.remove(child)


@contextmanager
def nursery() -> Iterator[Nursery]:
    """Give a nursery; all its children end with the block."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        command = [sys.executable, "-c", f"from {__name__} import main; main({theirs.fileno()})"]
        with theirs:  # in a session of its own, so that no Ctrl-C reaches it
            process = subprocess.Popen(command, cwd=ROOT, pass_fds=[theirs.fileno()], start_new_session=True)
        made = Nursery(ours)
        try:
            yield made
        finally:
            for child in made.children[:]:
                made.end(child)
            ours.close()
            process.wait(PATIENCE)


def serve(control: socket.socket) -> None:
    """Fork a child for each request, until nobody is left to ask."""
    while True:
        request, descriptors, _, _ = socket.recv_fds(control, LARGEST, 1)
        if not request:
            return
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:  # a child stays a zombie, and keeps its number, until the next begins
                pass
        pid = os.fork()
        if pid == 0:
            control.close()
            work_and_exit(request, Connection(descriptors[0]))
        os.close(descriptors[0])
        control.send(pid.to_bytes(8))


def work_and_exit(request: bytes, connection: Connection) -> None:
    """Do what was asked; a child never returns to the code that it was forked from."""
    try:
        work, arguments = pickle.loads(request)
        work(connection, *arguments)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # nobody listens any more
    except BaseException:  # noqa: BLE001  # what it was is said to whoever asked
        with suppress(OSError):
            connection.send(Failed(traceback.format_exc()))
    finally:
        os._exit(0)


def main(descriptor: int) -> None:
    """Import what children need, once, and serve."""
    for module in IMPORTED:
        import_module(module)
    gc.freeze()  # no child looks through what was imported here
    serve(socket.socket(fileno=descriptor))
