"""Links, as ratios in one run: `python -m tests.benchmarks.links [--rows 100000]`. Prints, never fails for being slow.

Issuing and opening one in memory, against itsdangerous' signed and timed text of the same bindings; a campaign's links on
three databases, their statements counted.
"""

import argparse
import cProfile
import pstats
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from attrs import define, field
from sqlalchemy import create_engine, event

from mydso_access import (
    AccessControl,
    Customer,
    Event,
    EventKind,
    Factor,
    LinkIssued,
    LinkOpened,
    LinkPurpose,
    LinksIssued,
    LinkTarget,
    MemoryRepositories,
    Proof,
    Structure,
    StructurePolicy,
    System,
)
from mydso_access.adapters.sqlalchemy import SqlRepositories, upgrade
from mydso_access.adapters.synchronous import drive
from mydso_access.decisions.links import Expected, deadline, issued, judge_token
from mydso_access.decisions.tokens import read_token, token_text
from mydso_access.granting import grant_of, new_token
from mydso_access.model import Entity, Link
from mydso_access.testing import ManualClock
from tests.benchmarks.measure import best_of
from tests.servers import serving
from tests.support import active, add, policy, settle

EXTERNAL, HOST = LinkPurpose.EXTERNAL_EMAIL, System("benchmark")
DAYS = 90
AT_ONCE = 1_000
LYON = Entity(id="lyon", title="Lyon", policy=StructurePolicy({"visibility.collectors": True}))
ANNA = active("anna", role="collector", structure=Structure.entity("lyon"))


def target(number: int) -> LinkTarget:
    return LinkTarget(
        purpose=EXTERNAL,
        entity="lyon",
        customer=f"customer-{number}",
        resource=f"statement-{number}",
        recipient=f"buyer-{number}@example.com",
    )


def installed(repositories: Any) -> AccessControl:
    """Return a door to an account with one collector."""
    settle(repositories, LYON)
    add(repositories, ANNA)
    return AccessControl(repositories, policy=policy(), clock=ManualClock(), resource_exists=lambda _: True)


def managed(repositories: Any, count: int) -> None:
    """Let the collector have so many customers."""
    for start in range(0, count, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, count))
        told = [Event(id=f"c-{n}", kind=EventKind.CUSTOMER_ASSOCIATED, at=ANNA.saved_at) for n in numbers]
        customers = [Customer(entity="lyon", id=f"customer-{n}", collector=ANNA.id) for n in numbers]
        repositories.customers.save_all(list(zip(customers, told, strict=True)))


@define
class Ours:
    """Issues and opens links in memory, for a user who may see the customer alone."""

    access: AccessControl
    proof: Proof = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.proof = Proof(ANNA.id, ((Factor.PASSWORD, ManualClock().now()),))

    def issue(self) -> LinkIssued:
        answer = self.access.issue_link(self.proof, target(7))
        assert isinstance(answer, LinkIssued)
        return answer

    def both(self) -> None:
        opened = self.access.open_link(self.issue().token, EXTERNAL, entity="lyon", recipient="buyer-7@example.com")
        assert isinstance(opened, LinkOpened)


def theirs() -> Any:
    """Return itsdangerous' round of the same bindings."""
    signer = import_module("itsdangerous").URLSafeTimedSerializer("a key that nobody knows", salt="link")
    bound = target(7)

    def both() -> None:
        text = signer.dumps(
            {
                "purpose": bound.purpose.value,
                "entity": bound.entity,
                "customer": bound.customer,
                "resource": bound.resource,
                "recipient": bound.recipient,
                "granter": ANNA.id,
                "single_use": False,
            }
        )
        found = signer.loads(text, max_age=DAYS * 24 * 3600)
        assert found["recipient"] == "buyer-7@example.com"

    return both


def in_memory() -> Ours:
    repositories = MemoryRepositories()
    ours = Ours(installed(repositories))
    managed(repositories, 8)
    return ours


def token_alone(ours: Ours) -> Callable[[], None]:
    """Return a round of the token and the deadline: what itsdangerous does, too, with the link kept in a dict."""
    installation, bound, kept = ours.access._installation, target(7), dict[str, Link]()
    grant = drive(grant_of(installation, ANNA.id, "lyon"))
    assert isinstance(grant.entity, Entity)
    entity, expected = grant.entity, Expected(purpose=EXTERNAL, entity="lyon", recipient=bound.recipient)

    def both() -> None:
        drawn = new_token(installation)
        made = issued(bound, drawn, grant, single_use=False)
        kept[made.id] = made
        given = read_token(token_text(drawn.record_id, drawn.secret))
        found = judge_token(None if given is None else kept[given.record_id], given, expected)
        assert isinstance(found, Link)
        until = deadline(found, entity, grant.policy)
        assert until is None or installation.now() <= until

    return both


def round_trip() -> None:
    ours = in_memory()
    some, given = [target(number % 8) for number in range(AT_ONCE)], ours.issue().token
    works: list[Callable[[], object]] = [
        ours.both,
        ours.issue,
        lambda: ours.access.look_at_link(given, EXTERNAL, entity="lyon"),
        token_alone(ours),
        theirs(),
    ]
    both, issue, look, alone, signed = best_of(*works, calls=100, rounds=25)
    (thousand,) = best_of(lambda: ours.access.issue_links(ours.proof, some), calls=1, rounds=15)
    print(f"issue and open one link in memory: {both:.0f} µs, of which {issue:.0f} µs to issue", end="")
    print(f" ({thousand / AT_ONCE:.0f} µs each of a thousand at once); to look at it: {look:.0f} µs")
    print(f"  itsdangerous' dumps and loads of the same bindings: {signed:.0f} µs; ", end="")
    print(f"ours is {signed / both:.2f} times as fast (goal: 2)")
    print(f"  token, bindings and deadline alone, without rights, host and trail: {alone:.0f} µs, ", end="")
    print(f"{signed / alone:.2f} times as fast")


def where_it_goes() -> None:
    """Print what takes the time of a round trip."""
    ours, profile = in_memory(), cProfile.Profile()
    ours.both()
    profile.enable()
    for _ in range(2_000):
        ours.both()
    profile.disable()
    pstats.Stats(profile).sort_stats("tottime").print_stats(30)


def campaign(url: str, count: int) -> None:
    """Issue so many links at once, and count what the database was told."""
    engine = create_engine(url)
    with engine.begin() as connection:
        upgrade(connection)
    repositories = SqlRepositories(engine)
    access = installed(repositories)
    managed(repositories, count)
    told: Counter[str] = Counter()

    @event.listens_for(engine, "before_cursor_execute")
    def on_statement(_: object, __: object, statement: str, *rest: object) -> None:
        words = statement.split(maxsplit=3)
        told[" ".join(words[:3]) if words[0] == "INSERT" else words[0]] += 1

    began = time.perf_counter()
    answer = access.issue_links(HOST, map(target, range(count)), granter=ANNA.id)
    seconds = time.perf_counter() - began
    assert isinstance(answer, LinksIssued)
    assert count == len(answer.links)
    thousands = -(-count // AT_ONCE)
    each = ", ".join(f"{number / thousands:g} {what}" for what, number in sorted(told.items()))
    print(f"{count:,} links at once on {engine.dialect.name}: {seconds:.1f} s, {count / seconds:,.0f} a second")
    print(f"  statements for each thousand: {each}")
    assert thousands == told["INSERT INTO mydso_links"] == told["INSERT INTO mydso_events"]
    engine.dispose()


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000, help="how many links are a campaign")
    parser.add_argument("--profile", action="store_true", help="print where the time of a round trip goes")
    arguments: SimpleNamespace = parser.parse_args(namespace=SimpleNamespace())
    round_trip()
    if arguments.profile:
        where_it_goes()
    with tempfile.TemporaryDirectory() as name, ExitStack() as servers:
        campaign(f"sqlite:///{Path(name) / 'links.db'}", arguments.rows)
        for kind in ("postgres", "mariadb"):
            campaign(servers.enter_context(serving(kind)).fresh(), arguments.rows)


if __name__ == "__main__":
    main()
