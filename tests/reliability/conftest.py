"""What the reliability tests share: a nursery of processes, and each of the four databases, fresh for each test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reliability import databases
from tests.reliability.databases import Database
from tests.reliability.nursery import Nursery
from tests.reliability.nursery import nursery as opened_nursery
from tests.servers import Server


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with opened_nursery() as made:
        yield made


@pytest.fixture(params=databases.NAMES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with databases.fresh(request.param, server_of(request.param, request), tmp_path) as made:
        yield made


def server_of(name: str, request: pytest.FixtureRequest) -> Server | None:
    return None if name == "sqlite" else request.getfixturevalue(name)


@pytest.fixture
def long_run(pytestconfig: pytest.Config) -> None:
    if "long" not in pytestconfig.getoption("markexpr"):
        pytest.skip("a long run, for `-m long`")


@pytest.fixture(scope="session")
def share() -> float:
    """Return how much of its work a test does: what is asked for, else all of it with `CI`, else a tenth."""
    return float(os.environ.get("MYDSO_ACCESS_SHARE") or ("1.0" if os.environ.get("CI") else "0.1"))
