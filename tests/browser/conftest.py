"""A browser, a server, and for each test a console of its own with the demonstration in it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.serving import Served, Server
    from tests.browser.visitor import Visitor

# Without the packages no other file here can be imported; `test_browser.py` says so.
collect_ignore_glob = ["test_[!b]*.py", "test_blocked.py"] if chromium.missing_packages() else []
# Playwright's loop runs in the main thread as long as a browser is there: no longer than this folder's tests.


@pytest.fixture(scope="package")
def browser() -> Iterator["Browser"]:
    chromium.required()
    with chromium.running() as running:
        yield running


@pytest.fixture(scope="package")
def server() -> Iterator["Server"]:
    chromium.required()
    from tests.browser.serving import listening  # noqa: PLC0415  # its packages may not be installed

    with listening() as server:
        yield server


@pytest.fixture(scope="package")
def template(server: "Server", tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the demonstration's database and key."""
    from tests.browser.serving import seeded  # noqa: PLC0415

    return seeded(server, tmp_path_factory.mktemp("template"))


@pytest.fixture
def served(server: "Server", template: Path, tmp_path: Path) -> Iterator["Served"]:
    from tests.browser.serving import copied  # noqa: PLC0415

    with copied(server, template, tmp_path) as served:
        yield served


@pytest.fixture
def somebody(browser: "Browser", request: pytest.FixtureRequest) -> Iterator[Callable[..., "Visitor"]]:
    """Makes people with a browser window each; in the end none of them may have met a fault of the pages."""
    from tests.browser.visitor import Visitor  # noqa: PLC0415

    there: list[Visitor] = []

    def arrives(address: str = "203.0.113.7", served: Any = None, **options: Any) -> Visitor:
        shown = served or request.getfixturevalue("served")
        there.append(Visitor.arriving(browser, shown, address, **options))
        return there[-1]

    yield arrives
    for visitor in there:
        visitor.leave()
    assert [] == [trouble for visitor in there for trouble in visitor.troubles]
