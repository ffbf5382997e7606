"""Stores that break what the library promises, each in one way: a test that does not notice them proves nothing."""

import time
from types import SimpleNamespace
from typing import Any

from attrs import evolve
from sqlalchemy import event

from mydso_access.model import AttemptCounter, CounterKey, Event, Link
from tests.reliability.databases import Opened
from tests.support import with_parts

DAWDLE = 0.005  # seconds, so that a kill often comes in between


def compares_nothing(world: Opened) -> Any:
    """Save counters whatever was saved since they were loaded."""
    repositories = world.repositories

    def save(counter: AttemptCounter) -> int:
        stored = repositories.counters.get(counter.key)
        return int(repositories.counters.save(evolve(counter, version=stored.version if stored else 0)))

    return _with_counters(repositories, repositories.counters.get, save)


def compares_no_link(world: Opened) -> Any:
    """Save links whatever was saved since they were loaded."""
    links = world.repositories.links

    def save(link: Link, event: Event) -> int:
        stored = links.get(link.id)
        return int(links.save(evolve(link, version=stored.version if stored else 0), event))

    return with_parts(world.repositories, links=SimpleNamespace(get=links.get, save=save, add_all=links.add_all))


def writes_now_and_then(world: Opened) -> Any:
    """Answer a counter's save at once, and store every third."""
    repositories = world.repositories
    kept: dict[CounterKey, list[AttemptCounter]] = {}

    def get(key: CounterKey) -> AttemptCounter | None:
        return kept[key][-1] if key in kept else repositories.counters.get(key)

    def save(counter: AttemptCounter) -> int:
        since_stored = kept.setdefault(counter.key, [counter])
        stored_version = since_stored[0].version
        since_stored.append(evolve(counter, version=counter.version + 1))
        if len(since_stored) <= 3:
            return counter.version + 1
        del kept[counter.key]
        return int(repositories.counters.save(evolve(counter, version=stored_version)))

    return _with_counters(repositories, get, save)


def saves_the_event_afterwards(world: Opened) -> Any:
    """Commit a user before the event of it is stored."""

    def commit_first(_connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT INTO mydso_events"):
            cursor.connection.commit()
            time.sleep(DAWDLE)

    event.listen(world.engine, "before_cursor_execute", commit_first)
    return world.repositories


def _with_counters(repositories: Any, get: Any, save: Any) -> SimpleNamespace:
    counters = SimpleNamespace(get=get, save=save)
    return with_parts(repositories, counters=counters)
