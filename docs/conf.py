"""Sphinx configuration: builds without a network, and pages load nothing from elsewhere."""

import inspect
import tomllib
import warnings
from pathlib import Path
from typing import Any

from mydso_access.control import _Door

warnings.filterwarnings("ignore", message="'sphinx_autodoc_typehints")  # theirs to mend

ROOT = Path(__file__).parents[1]

project = "mydso-access"
version = release = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_autodoc_typehints",
    "sphinx_copybutton",
]
exclude_patterns = ["_build"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
always_use_bars_union = True
typehints_use_rtype = False

html_theme = "furo"
html_title = f"mydso-access {version}"
html_copy_source = False
html_show_sourcelink = False


def say_what_both_doors_take(_app: Any, _what: str, name: str, _obj: Any, _options: Any, lines: list[str]) -> None:
    """Add the arguments, described once for both doors, to each of them."""
    if name in ("mydso_access.AccessControl", "mydso_access.AsyncAccessControl"):
        lines += inspect.getdoc(_Door).splitlines()[1:]


def setup(app: Any) -> None:
    """Run before napoleon reads the docstrings."""
    app.connect("autodoc-process-docstring", say_what_both_doors_take, priority=400)
