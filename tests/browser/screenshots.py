"""Takes a picture of each page: `python -m tests.browser.screenshots FOLDER`. Three of them are in `docs/screenshots/`."""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.browser import chromium

# Those in the documentation: which part of the page, by what it begins with.
CHOSEN = {
    "enrolment": "body",
    "settings-entity": "text=Automatically deactivate inactive users",
    "user-blocked": "body",
}
SIZES = {
    "documentation": {"width": 1280, "height": 800},
    "wide": {"width": 1280, "height": 900},
    "narrow": {"width": 360, "height": 740},
}
TO_THE_TOP = "each => scrollTo(0, each.getBoundingClientRect().top + scrollY - 90)"


def main() -> None:
    """Play every scene, and take its picture."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", choices=SIZES, default="wide")
    parser.add_argument("--scheme", choices=("light", "dark"), default="light")
    parser.add_argument("--only", nargs="*", metavar="SCENE", help="names as in tests/browser/scenes.py")
    parser.add_argument("--documentation", action="store_true", help="those three, as they are there")
    options = parser.parse_args()
    if options.documentation:
        options.size, options.only = "documentation", [*CHOSEN]
    if what := chromium.missing():
        sys.exit(f"no browser: {what}")
    options.folder.mkdir(parents=True, exist_ok=True)
    take(options)


def take(options: Any) -> None:
    from tests.browser.scenes import SCENES, Windows  # noqa: PLC0415  # its packages may not be installed
    from tests.browser.serving import listening, seeded, showing  # noqa: PLC0415

    with chromium.running() as browser, listening() as server, tempfile.TemporaryDirectory() as folder:
        seeded(server, Path(folder))
        with showing(server, f"sqlite:///{folder}/console.db") as served:
            windows = Windows(browser, served, viewport=SIZES[options.size], color_scheme=options.scheme)
            for scene in SCENES:
                if options.only and scene.name not in options.only:
                    continue
                visitor = windows(scene)
                scene.play(visitor)
                file = options.folder / f"{scene.name}.png"
                whole = options.size != "documentation"
                if not whole:
                    visitor.page.locator(CHOSEN[scene.name]).first.evaluate(TO_THE_TOP)
                visitor.page.screenshot(path=file, full_page=whole)
                print(f"{file}  {file.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
