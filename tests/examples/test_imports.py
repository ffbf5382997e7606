"""The examples of hosts import public names only."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import mydso_access

ROOT = Path(__file__).parents[2]
DESCRIBED = (ROOT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
# What a store of one's own is told to import stands in its page, with what each is for.
OWN_STORE = (ROOT / "docs" / "how-to" / "use-your-own-store.md").read_text(encoding="utf-8")
HOSTS = sorted(
    path
    for path in (ROOT / "examples").rglob("*.py")
    if not {"node_modules", "data", "__pycache__"} & set(path.relative_to(ROOT).parts)
)


def shown_on_the_page() -> set[str]:
    """Return the dotted names that the page of the Python interface describes."""
    directives = re.findall(r"^\.\. auto\w+:: (mydso_access[\w.]*)", DESCRIBED, re.MULTILINE)
    return set(directives) | set(re.findall(r"`(mydso_access[\w.]*)`", DESCRIBED))


def told_to_own_stores() -> set[str]:
    """Return what the page about own stores imports itself."""
    lines = re.findall(r"^from (mydso_access[\w.]*) import (.+)$", OWN_STORE, re.MULTILINE)
    return {f"{module}.{name.strip()}" for module, names in lines for name in names.split(",")}


def is_public(name: str) -> bool:
    """Tell whether a host may use a name: of `mydso_access` itself, of a module's `__all__`, or described."""
    module, _, last = name.rpartition(".")
    if name in shown_on_the_page() | told_to_own_stores():
        return True
    if module == "mydso_access":
        return last in mydso_access.__all__
    if module == "mydso_access.errors" or module.startswith("mydso_access.model"):  # where a public name is at home
        return last in mydso_access.__all__ and getattr(import_module(module), last) is getattr(mydso_access, last)
    public_modules = {each.rpartition(".")[0] for each in shown_on_the_page()}
    return module in public_modules and last in getattr(import_module(module), "__all__", ())


def used(path: Path) -> Iterator[str]:
    """Yield the dotted names of the library that a file imports, and takes from an imported module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] == "mydso_access":
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        if isinstance(node, ast.Import):
            modules |= {a.asname or a.name: a.name for a in node.names if a.name.split(".")[0] == "mydso_access"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            yield f"{modules[node.value.id]}.{node.attr}"


def test_the_hosts_are_among_the_examples() -> None:
    assert {"flask_app.py", "fastapi_app.py", "backend.py", "custom_store.py"} <= {path.name for path in HOSTS}


@pytest.mark.parametrize("path", HOSTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_an_example_imports_public_names_only(path: Path) -> None:
    assert [] == [name for name in used(path) if not is_public(name)]


def test_a_name_that_is_not_public_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "host.py"
    file.write_text(
        "import mydso_access as dso\nfrom mydso_access import flows\nfrom mydso_access.gate import evaluate\n"
        "from mydso_access.messages import wording\ndso.door\ndso.User\n"
    )
    assert ["mydso_access.flows", "mydso_access.gate.evaluate", "mydso_access.door"] == [
        name for name in used(file) if not is_public(name)
    ]


@pytest.mark.parametrize("name", ["flask_app.py", "fastapi_app.py"])
def test_a_host_fits_on_three_screens(name: str) -> None:
    assert len((ROOT / "examples" / name).read_text(encoding="utf-8").splitlines()) <= 120
