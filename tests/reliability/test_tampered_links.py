"""Rows of links that somebody moved or edited behind the library's back open nothing, for nobody (A23)."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field
from sqlalchemy import Table, delete, select, update

from mydso_access import (
    AccessControl,
    AccessError,
    LinkIssued,
    LinkOpened,
    LinkPurpose,
    LinkShown,
    LinkTarget,
    Reason,
    Refused,
    System,
)
from mydso_access.adapters.sqlalchemy.tables import TABLES, row_key
from mydso_access.testing import ManualClock
from tests.reliability import databases
from tests.reliability.databases import Opened, opened
from tests.reliability.test_tampering import paths_of, without
from tests.support import CountingHasher, active, add, policy

HOST, PURPOSE = System("host"), LinkPurpose.EXTERNAL_EMAIL
LINKS = TABLES.links


@define(eq=False)
class Site:
    """A database in which rows can be changed by hand."""

    world: Opened
    clock: ManualClock = field(factory=ManualClock)

    @property
    def access(self) -> AccessControl:
        return AccessControl(
            self.world.repositories,
            policy=policy(),
            hasher=CountingHasher(),
            clock=self.clock,
            resource_exists=lambda _: True,
        )

    def sent(self, granter: str = "id-one", **changes: Any) -> LinkIssued:
        known = {"purpose": PURPOSE, "entity": "e1", "customer": "c1", "resource": "page", "recipient": "a@x.example"}
        issued = self.access.issue_link(HOST, LinkTarget(**known | changes), granter=granter, single_use=True)
        assert isinstance(issued, LinkIssued)
        return issued

    def form(self, issued: LinkIssued) -> Any:
        with self.world.engine.connect() as connection:
            return json.loads(connection.scalar(select(LINKS.c.body).where(LINKS.c.key == key_of(issued))) or "")

    def write(self, key: str, **columns: Any) -> None:
        with self.world.engine.begin() as connection:
            assert 1 == connection.execute(update(LINKS).where(LINKS.c.key == key).values(**columns)).rowcount

    def opens(self, issued: LinkIssued, purpose: LinkPurpose = PURPOSE) -> bool:
        """Tell whether a link opens, or is said to."""
        answers = [
            attempted(lambda: self.access.look_at_link(issued.token, purpose)),
            attempted(lambda: self.access.open_link(issued.token, purpose)),
        ]
        assert all(isinstance(each, Refused | AccessError | LinkShown | LinkOpened) for each in answers)
        return any(isinstance(each, LinkShown | LinkOpened) for each in answers)


def attempted(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except AccessError as error:
        return error


def key_of(issued: LinkIssued) -> str:
    return row_key("link", issued.link.id)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("links")
    with databases.fresh("sqlite", None, folder) as database, opened(database) as world:
        add(world.repositories, active("one"), active("two"))
        yield Site(world)


def test_a_link_opens_as_long_as_nobody_changed_its_row(site: Site) -> None:
    issued = site.sent()
    site.write(key_of(issued), body=json.dumps(site.form(issued)))
    assert site.opens(issued)


EDITS: dict[str, tuple[tuple[str, ...], Any]] = {
    "purpose": (("target", "purpose"), LinkPurpose.DOCUMENT.value),
    "entity": (("target", "entity"), "p1"),
    "customer": (("target", "customer"), "c2"),
    "resource": (("target", "resource"), "another page"),
    "recipient": (("target", "recipient"), "thief@x.example"),
    "granter": (("granter",), "id-two"),
    "often": (("single_use",), False),
    "digest": (("digest",), "0" * 64),
    "no digest": (("digest",), ""),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a23_a_link_that_was_edited_to_lead_elsewhere_opens_nothing_there_or_here(site: Site, edit: str) -> None:
    path, value = EDITS[edit]
    issued = site.sent()
    form = site.form(issued)
    inner = form
    for name in path[:-1]:
        inner = inner[name]
    assert path[-1] in inner
    assert value != inner[path[-1]]
    inner[path[-1]] = value
    site.write(key_of(issued), body=json.dumps(form))
    for purpose in (PURPOSE, LinkPurpose.DOCUMENT):
        assert Reason.DEAD_TOKEN is site.access.open_link(issued.token, purpose).reason
        assert not site.opens(issued, purpose)


def test_a23_a_link_whose_row_was_moved_opens_nothing_under_either_id(site: Site) -> None:
    mine, other = site.sent(), site.sent(customer="c2")
    bodies = [json.dumps(site.form(each)) for each in (mine, other)]
    site.write(key_of(mine), body=bodies[1])
    site.write(key_of(other), body=bodies[0])
    assert [False, False] == [site.opens(each) for each in (mine, other)]
    site.write(key_of(mine), body=bodies[0])
    assert site.opens(mine)


def test_a23_a_token_moved_to_another_links_row_opens_neither(site: Site) -> None:
    mine, other = site.sent(), site.sent(customer="c2")
    form = site.form(other)
    form["digest"] = site.form(mine)["digest"]
    site.write(key_of(other), body=json.dumps(form))
    stolen = f"{other.token.reveal().partition('.')[0]}.{mine.token.reveal().partition('.')[2]}"
    for token in (stolen, other.token.reveal()):
        assert Reason.DEAD_TOKEN is site.access.open_link(token, PURPOSE).reason


def test_a23_the_digest_that_is_stored_opens_nothing(site: Site) -> None:
    issued = site.sent()
    halves = issued.token.reveal().partition(".")[0], site.form(issued)["digest"]
    assert Reason.DEAD_TOKEN is site.access.open_link(".".join(halves), PURPOSE).reason
    assert site.opens(issued)


def test_every_field_of_a_stored_link_that_was_dropped_opens_nothing(site: Site) -> None:
    paths = [*paths_of(site.form(site.sent()))]
    assert len(paths) >= 14
    for path in paths:
        issued = site.sent()
        site.write(key_of(issued), body=json.dumps(without(site.form(issued), path)))
        assert Reason.UNREADABLE_RECORD is site.access.open_link(issued.token, PURPOSE).reason
        assert not site.opens(issued)


@pytest.mark.parametrize("value", ["", "{", "null", "[]", "0", '"x"'])
def test_a_body_that_was_overwritten_opens_nothing(site: Site, value: str) -> None:
    issued = site.sent()
    site.write(key_of(issued), body=value)
    assert Reason.UNREADABLE_RECORD is site.access.open_link(issued.token, PURPOSE).reason


def test_a_row_that_is_gone_opens_nothing(site: Site) -> None:
    issued, table = site.sent(), LINKS
    assert isinstance(table, Table)
    with site.world.engine.begin() as connection:
        connection.execute(delete(table).where(table.c.key == key_of(issued)))
    assert Reason.DEAD_TOKEN is site.access.open_link(issued.token, PURPOSE).reason
