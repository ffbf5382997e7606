"""`upgrade` is given a connection, in whose transaction it works; whatever else a host has at hand is told how to make one."""

from typing import Any

import pytest
from sqlalchemy import create_engine, inspect
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Session

from mydso_access.adapters.sqlalchemy import upgrade
from mydso_access.errors import InvalidValue

ENGINE = create_engine("sqlite://")
ASYNC_ENGINE = create_async_engine("sqlite+aiosqlite://")


@pytest.mark.parametrize(
    "wrong",
    [ENGINE, Session(ENGINE), "sqlite:///access.db", None, ASYNC_ENGINE, ASYNC_ENGINE.connect()],
    ids=["engine", "session", "url", "none", "asynchronous engine", "asynchronous connection"],
)
def test_what_is_no_connection_is_misuse_and_nothing_is_created(wrong: Any) -> None:
    with pytest.raises(InvalidValue) as refused:
        upgrade(wrong)
    assert "connection" == refused.value.field
    assert "with engine.begin() as connection: upgrade(connection)" in refused.value.expected
    assert "await connection.run_sync(upgrade)" in refused.value.expected
    assert [] == inspect(ENGINE).get_table_names()
