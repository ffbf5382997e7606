"""A console on a fresh SQLite file, with a clock that the test moves, and hashing that costs next to nothing."""

import re
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from attrs import define, evolve
from fastapi import FastAPI

from examples.console.app import create_app
from examples.console.parts import Console
from examples.console.seed import seed
from mydso_access import SecurityPolicy
from mydso_access.policy import HashingPolicy
from mydso_access.testing import ManualClock

with warnings.catch_warnings():  # newer Starlettes would rather have another client; any of them will do
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

HERE = "https://console.example"
CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')
DRAWN = re.compile(r'name="drawn" value="([0-9a-f]{32})"')


@define
class Browser:
    """A browser that sends forms as the pages hold them."""

    client: TestClient
    page: str = ""

    def get(self, path: str, **headers: str):
        answer = self.client.get(path, headers=headers)
        self.page = answer.text
        return answer

    def post(self, path: str, **fields: str):
        """Send a form of the page shown last; the answer is not followed."""
        found = {name: pattern.search(self.page) for name, pattern in (("csrf", CSRF), ("drawn", DRAWN))}
        hidden = {name: each[1] for name, each in found.items() if each}
        answer = self.client.post(path, data=hidden | fields, follow_redirects=False)
        if answer.status_code != 303:
            self.page = answer.text
        return answer

    def submit(self, path: str, **fields: str):
        """Send a form, and go where it leads."""
        answer = self.post(path, **fields)
        return self.get(answer.headers["location"]) if answer.status_code == 303 else answer

    def sign_in(self, name: str, password: str):
        self.get("/sign-in")
        return self.submit("/sign-in", name=name, password=password)


@define
class Stage:
    """A console, its clock, and browsers that look at it."""

    app: FastAPI
    clock: ManualClock

    @property
    def console(self) -> Console:
        return self.app.state.console

    def browser(self, address: str = "203.0.113.7") -> Browser:
        return Browser(TestClient(self.app, base_url=HERE, client=(address, 50_000)))


def a_policy() -> SecurityPolicy:
    return evolve(SecurityPolicy.my_dso_manager(), hashing=HashingPolicy.cheapest_for_tests())


@contextmanager
def opened(folder: Path, **options: Any) -> Iterator[Stage]:
    """Open the console whose database is in a folder; it is made if it is not there."""
    clock = ManualClock()
    options = {"policy": a_policy(), "timing": True, **options}
    app = create_app(f"sqlite:///{folder}/console.db", clock=clock, base_url=HERE, **options)
    yield Stage(app, clock)
    app.state.console.engine.dispose()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A console without anybody in it."""
    with opened(tmp_path) as stage:
        yield stage


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a demonstration that was seeded once: each test has a copy."""
    folder = tmp_path_factory.mktemp("seeded")
    with opened(folder) as stage:
        seed(stage.console)
    return folder


@pytest.fixture
def console(seeded: Path, tmp_path: Path) -> Iterator[Stage]:
    """A console with the demonstration in it."""
    shutil.copytree(seeded, tmp_path, dirs_exist_ok=True)
    with opened(tmp_path) as stage:
        yield stage
