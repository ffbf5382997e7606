"""No page has a serious fault of accessibility: axe-core looks at each, light and dark, wide and narrow."""

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from examples.console import pages
from tests.browser.scenes import SCENES, Scene, Windows
from tests.browser.serving import copied

FILES = {"/customers/export", "/trail.csv"}  # answered as files
LED_ON = {"/prove/go-on"}  # asks for a form that was interrupted; `test_signing_in` goes there
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
SERIOUS = {"serious", "critical"}
# What another width or another scheme can change; the rest of the rules look at the document alone.
OF_THE_LOOK = ["color-contrast", "target-size", "scrollable-region-focusable", "link-in-text-block"]
LOOKS = [
    ("light", WIDE, None),
    ("dark", NARROW, None),
    ("light", NARROW, OF_THE_LOOK),
    ("dark", WIDE, OF_THE_LOOK),
]
AXE = "options => axe.run(document, options).then(found => found.violations)"
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def windows(browser: Any, server: Any, template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Windows]:
    """Windows that let axe's script in, on one console for all pages."""
    with copied(server, template, tmp_path_factory.mktemp("looked-at")) as served:
        yield Windows(browser, served, bypass_csp=True)


def test_every_page_is_looked_at():
    modules = [import_module(f"{pages.__name__}.{each.name}") for each in pkgutil.iter_modules(pages.__path__)]
    routes = {route.path for module in modules for route in module.router.routes if "GET" in route.methods}
    assert routes - FILES - LED_ON == {scene.route for scene in SCENES} - {""}


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_no_page_has_a_serious_fault(scene: Scene, windows: Windows):
    from axe_playwright_python.base import AXE_SCRIPT  # noqa: PLC0415  # may not be installed

    visitor = windows(scene)
    scene.play(visitor)
    assert is_at(visitor.path, scene.route), visitor.path
    visitor.page.evaluate(AXE_SCRIPT)
    faults = []
    for scheme, size, rules in LOOKS:
        visitor.page.emulate_media(color_scheme=scheme)
        visitor.page.set_viewport_size(size)
        only = (
            {"runOnly": {"type": "rule", "values": rules}} if rules else {"rules": {"target-size": {"enabled": True}}}
        )
        found = visitor.page.evaluate(AXE, {"resultTypes": ["violations"], **only})
        faults += [(scheme, size["width"], *told(each)) for each in found if each["impact"] in SERIOUS]
        if beyond := visitor.page.evaluate(TOO_WIDE):
            faults.append((scheme, size["width"], f"scrolls sideways by {beyond} px", ""))
    assert [] == faults
    assert [] == visitor.troubles


def test_faults_are_found_where_there_are_some(windows: Windows):
    from axe_playwright_python.base import AXE_SCRIPT  # noqa: PLC0415

    page = windows(SCENES[0]).open("/sign-in").page
    page.evaluate("document.querySelector('main').innerHTML = '<img src=data:,><p style=color:#bbb>pale</p><input>'")
    page.evaluate(AXE_SCRIPT)
    found = {each["id"] for each in page.evaluate(AXE, {}) if each["impact"] in SERIOUS}
    assert {"image-alt", "color-contrast", "label"} <= found


def is_at(path: str, route: str) -> bool:
    """Tell whether an address is one of a route, or of a form on its page; pages that are not there have none."""
    pattern = re.sub(r"\\{\w+\\}", r"[^/]+", re.escape(route)) + r"(/[^/]+)?"
    return not route or re.fullmatch(pattern, path.partition("?")[0]) is not None


def told(violation: Any) -> tuple[str, str]:
    """Say what axe found, and where."""
    where = [f"{' '.join(map(str, node['target']))}: {node['html'][:160]}" for node in violation["nodes"][:4]]
    return violation["id"], " | ".join(where)
