"""What the processes of a race for links do: all follow one link at once."""

import time
from collections import Counter
from collections.abc import Iterable
from multiprocessing.connection import Connection

from mydso_access import AccessControl, LinkIssued, LinkPurpose, LinkTarget, System
from mydso_access.repositories import Repositories
from tests.reliability.databases import Database, opened
from tests.reliability.race_work import Flaw, Outcomes, kind_of
from tests.support import CountingHasher, policy

HOST = System("campaigns")
PURPOSE = LinkPurpose.EXTERNAL_EMAIL


def work_on_links(connection: Connection, database: Database, flaw: Flaw | None = None) -> None:
    """Work whenever told to."""
    with opened(database) as world:
        access = door(world.repositories if flaw is None else flaw(world))
        world.engine.connect().close()
        connection.send("ready")
        while True:
            start, job, arguments = connection.recv()
            time.sleep(max(0.0, start - time.monotonic()))
            connection.send(job(access, *arguments))


def door(repositories: Repositories) -> AccessControl:
    return AccessControl(repositories, policy=policy(), hasher=CountingHasher(), resource_exists=lambda _: True)


def follow(access: AccessControl, tokens: Iterable[str]) -> Outcomes:
    """Follow links, one after the other."""
    return Counter(kind_of(access.open_link(token, PURPOSE)) for token in tokens)


def sent(database: Database, granter: str, numbers: Iterable[int]) -> list[LinkIssued]:
    """Give out links for single use, each to a page of its own."""
    targets = [
        LinkTarget(purpose=PURPOSE, entity="e1", customer="c1", resource=f"page-{number}", recipient="buyer@x.example")
        for number in numbers
    ]
    with opened(database) as world:
        issued = door(world.repositories).issue_links(HOST, targets, granter=granter, single_use=True)
        return [*issued.links]
