"""What the processes of a race do: each opens the database once, and then works whenever it is told to, all at once."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeAlias

from attrs import define, frozen
from sqlalchemy.ext.asyncio import create_async_engine

from mydso_access import AccessControl, AsyncAccessControl, Refused
from mydso_access.adapters.sqlalchemy import AsyncSqlRepositories
from mydso_access.decisions.outcomes import SignInOutcome
from mydso_access.decisions.sign_in import SecretVerdict
from mydso_access.model import Secret
from tests.reliability.databases import POOL, Database, Opened, opened
from tests.reliability.nursery import Child, Nursery
from tests.servers import async_url
from tests.support import policy

HEAD_START = 0.03  # seconds that all processes have to hear of their work before it begins
# Which name and password from which address.
Attempt: TypeAlias = tuple[str, str, str]
Outcomes: TypeAlias = Counter[str]
# Makes repositories that break what the library promises, for a test that must notice it.
Flaw: TypeAlias = Callable[[Opened], Any]


@frozen
class Tally:
    """A file that gets a line for each evaluation. Lines are appended whole, and outlive kill -9."""

    path: Path

    def add(self, line: str) -> None:
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, f"{line}\n".encode())
        os.close(descriptor)

    def lines(self) -> list[str]:
        return self.path.read_text().splitlines() if self.path.exists() else []


@frozen
class TellingHasher:
    """Tells the tally at whose password it looks, and takes its time over it. A stored "hash" is name and password."""

    tally: Tally
    seconds: float = 0.0

    def hash(self, password: Secret[bytes], /) -> Secret[str]:
        return Secret(f"changed {password.reveal().decode()}")

    def verify(self, stored: Secret[str], password: Secret[bytes], /) -> SecretVerdict:
        name, expected = stored.reveal().split(" ", 1)
        right = expected.encode() == password.reveal()
        self.tally.add(f"{name} {'right' if right else 'wrong'}")
        time.sleep(self.seconds)
        return SecretVerdict.RIGHT if right else SecretVerdict.WRONG

    def verify_dummy(self, password: Secret[bytes], /) -> None:
        pass

    def needs_rehash(self, stored: Secret[str], /) -> bool:
        return False


@define(eq=False)
class Crew:
    """Processes that wait for work, each with connections of its own."""

    hands: list[Child]

    def at_once(self, job: Callable[..., Any], *each: tuple[Any, ...]) -> list[Any]:
        """Let hand number n do `job(access, *each[n])`, all at the same moment; return what they answer."""
        working = self.hands[: len(each)]
        start = time.monotonic() + HEAD_START  # one clock for all processes of a machine
        for hand, arguments in zip(working, each, strict=True):
            hand.send((start, job, arguments))
        return [hand.receive() for hand in working]


@contextmanager
def crew(nursery: Nursery, size: int, database: Database, work: Callable[..., None], *arguments: Any) -> Iterator[Crew]:
    """Give a crew that works on a database; its processes end with the block."""
    hands = [nursery.start(work, database, *arguments) for _ in range(size)]
    try:
        for hand in hands:
            assert "ready" == hand.receive()
        yield Crew(hands)
    finally:
        for hand in hands:
            nursery.end(hand)


def work(connection: Connection, database: Database, hasher: Any, flaw: Flaw | None = None) -> None:
    """Work at the synchronous door whenever told to."""
    with opened(database) as world:
        repositories = world.repositories if flaw is None else flaw(world)
        access = AccessControl(repositories, policy=policy(), hasher=hasher)
        world.engine.connect().close()
        connection.send("ready")
        while True:
            start, job, arguments = connection.recv()
            time.sleep(max(0.0, start - time.monotonic()))
            connection.send(job(access, *arguments))


def work_in_tasks(connection: Connection, database: Database, hasher: Any) -> None:
    """Work at the asynchronous door whenever told to, on one loop."""
    asyncio.run(_work_in_tasks(connection, database, hasher))


async def _work_in_tasks(connection: Connection, database: Database, hasher: Any) -> None:
    engine = create_async_engine(async_url(database.sql), **POOL)
    access = AsyncAccessControl(AsyncSqlRepositories(engine), policy=policy(), hasher=hasher)
    connection.send("ready")
    while True:
        start, job, arguments = await asyncio.to_thread(connection.recv)
        await asyncio.sleep(max(0.0, start - time.monotonic()))
        connection.send(await job(access, *arguments))


def attempt(access: AccessControl, attempts: list[Attempt]) -> Outcomes:
    """Attempt one after the other."""
    return Counter(kind_of(access.sign_in(name, password, address=home)) for name, password, home in attempts)


def accept(access: AccessControl, token: str, password: str) -> str:
    """Accept an invitation, and return what was answered."""
    outcome = access.accept_invitation(token, password)
    return f"Refused {outcome.reason.value}" if isinstance(outcome, Refused) else type(outcome).__name__


def attempt_in_threads(access: AccessControl, attempts: list[Attempt]) -> Outcomes:
    """Attempt all at once, each in a thread of its own."""
    with ThreadPoolExecutor(len(attempts)) as threads:
        answers = [threads.submit(access.sign_in, name, password, address=home) for name, password, home in attempts]
    return Counter(kind_of(answer.result()) for answer in answers)


async def attempt_in_tasks(access: AsyncAccessControl, tasks: list[list[Attempt]]) -> Outcomes:
    """Let each task attempt one after the other, and all tasks at once."""

    async def one_after_the_other(attempts: list[Attempt]) -> Outcomes:
        return Counter(
            [kind_of(await access.sign_in(name, password, address=home)) for name, password, home in attempts]
        )

    return sum(await asyncio.gather(*map(one_after_the_other, tasks)), Counter())


def kind_of(outcome: SignInOutcome) -> str:
    """Return what an outcome is, in words that a pipe can carry."""
    reason = getattr(outcome, "reason", None) or getattr(outcome, "because", None)
    return type(outcome).__name__ if reason is None else f"{type(outcome).__name__} {reason.name.lower()}"
