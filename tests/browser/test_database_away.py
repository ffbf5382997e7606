"""The database stops under a signed-in browser, and starts again: PostgreSQL, killed as hard as it goes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import chromium
from tests.servers import Server, serving


@pytest.fixture(scope="module")
def database() -> Iterator[Server]:
    chromium.required()
    with serving("postgres", durable=True) as database:
        yield database


@pytest.fixture
def served(server: Any, database: Server, tmp_path: Path) -> Iterator[Any]:
    from examples.console.seed import seed  # noqa: PLC0415  # its packages may not be installed
    from tests.browser.serving import showing  # noqa: PLC0415

    with showing(server, database.fresh(), tmp_path / "console.key") as served:
        seed(served.console)
        yield served


def test_the_console_says_that_the_database_is_away_and_goes_on_when_it_is_back(somebody, served, database):
    anna, guest = somebody("192.0.2.10").sign_in("anna.petit").open("/users/carl.long"), somebody().open("/sign-in")
    customers = anna.another_tab().open("/customers")
    assert "2500 customers" == customers.page.locator("#count").inner_text()

    database.kill()
    anna.type("Full name", "Carl the Second").press("Change the name")
    assert (503, "Please try again in a moment") == (anna.status, anna.heading)
    assert "The database cannot be reached at this moment. Nothing was changed." in anna.text
    assert 503 == guest.fill(name="carl.long", password="whatever").press("Sign in").status
    assert 503 == customers.open("/customers").status

    database.start()
    assert "Carl Long" == anna.open("/users/carl.long").heading  # nothing was changed, and the session is the same
    assert "Carl the Second" == anna.type("Full name", "Carl the Second").press("Change the name").heading
    assert "Hello, Carl the Second" == guest.sign_in("carl.long").heading
    assert "2500 customers" == customers.open("/customers").page.locator("#count").inner_text()
