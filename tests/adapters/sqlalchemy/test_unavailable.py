"""No connection, no server, no tables: an error that is not `Stale`, and nobody signed in."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from mydso_access import AccessControl
from mydso_access.adapters.sqlalchemy import SqlRepositories
from mydso_access.errors import StoreUnavailable
from tests.adapters.sqlalchemy.hosts import SERVERS, Host, counter, only
from tests.support import HOME, RIGHT, CountingHasher

Opened = Callable[..., Engine]
Hosted = Callable[..., Host]


def test_a_pool_without_a_free_connection_is_an_error_and_not_stale(hosted: Hosted) -> None:
    host, hasher = hosted(pool_size=1, max_overflow=0, pool_timeout=0.05), CountingHasher()
    with host.connection():
        with pytest.raises(NoConnection):
            host.repositories().counters.save(counter())
        with pytest.raises(StoreUnavailable) as unavailable:
            host.door(hasher).sign_in("anna", RIGHT, address=HOME)
    assert isinstance(unavailable.value.__cause__, NoConnection)
    assert 0 == hasher.hashes


@only(*SERVERS)
def test_a_server_that_is_down_signs_nobody_in(hosted: Hosted, database: str, tmp_path: Path) -> None:
    url = hosted().engine.url
    nowhere = {
        "postgres": url.update_query_dict({"host": str(tmp_path)}),
        "mariadb": url.set(host="127.0.0.1", port=1, query={}),
    }
    host, hasher = hosted(url=nowhere[database]), CountingHasher()
    with pytest.raises(StoreUnavailable) as unavailable:
        host.door(hasher).sign_in("anna", RIGHT, address=HOME)
    assert isinstance(unavailable.value.__cause__, DBAPIError)
    assert 0 == hasher.hashes


@only("sqlite")
def test_a_file_that_is_no_database_signs_nobody_in(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database")
    hasher = CountingHasher()
    repositories = SqlRepositories(opened(url=f"sqlite:///{tmp_path}/text"))
    with pytest.raises(StoreUnavailable) as unavailable:
        AccessControl(repositories, hasher=hasher).sign_in("anna", RIGHT, address=HOME)
    assert isinstance(unavailable.value.__cause__, DBAPIError)
    assert 0 == hasher.hashes


def test_tables_that_are_missing_are_named_and_sign_nobody_in(hosted: Hosted, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE mydso_counters"))
    hasher = CountingHasher()
    with pytest.raises(StoreUnavailable) as unavailable:
        hosted().door(hasher).sign_in("anna", RIGHT, address=HOME)
    assert "mydso_counters" in str(unavailable.value.__cause__)
    assert 0 == hasher.hashes
