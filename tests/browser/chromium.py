"""The system's Chromium, driven by Playwright: found, or skipped so that it is seen, or required."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [  # no sandbox as root; the rest keep it from calling out
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NEEDED = ("playwright", "axe_playwright_python", "fastapi", "jinja2", "uvicorn", "python_multipart", "segno")


def missing() -> str:
    """Say what is not installed; nothing if all of it is."""
    if packages := missing_packages():
        return f"no package {', '.join(packages)}: pip install -e '.[test]'"
    return "" if program() else f"no program {' or '.join(NAMES)}: apt-get install chromium"


def missing_packages() -> list[str]:
    return [name for name in NEEDED if find_spec(name) is None]


def program() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


def required() -> None:
    """Skip, or fail where the environment says that a browser must be there."""
    if what := missing():
        refuse = pytest.fail if os.environ.get("MYDSO_ACCESS_REQUIRE_BROWSER") else pytest.skip
        refuse(f"no browser: {what}")


@contextmanager
def running() -> Iterator["Browser"]:
    """Give a browser for the length of a block."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # may not be installed

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()
