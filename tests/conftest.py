"""What every test shares: Hypothesis without a deadline, since the machines that test are shared; servers on demand."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.servers import Server, serving

settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    with serving("postgres") as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Server]:
    with serving("mariadb") as server:
        yield server


@pytest.fixture(scope="session")
def valkey() -> Iterator[Server]:
    with serving("valkey") as server:
        yield server
