"""README and docs: every example runs, every link leads somewhere, every generated page is what the code says."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import mydso_access

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *sorted(path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts),
]
FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})(.*)$", re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# What a browser fetches by itself: of a page, and of a style sheet.
FETCHED = re.compile(
    r"""<(?:link|script|img|iframe|source|audio|video|embed)\b[^>]*?\s(?:href|src|srcset)=["']((?:https?:)?//[^"']+)"""
)
IMPORTED = re.compile(r"""(?:@import\s*|url\()\s*["']?((?:https?:)?//[^"')\s]+)""")


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def infos(text: str) -> list[str]:
    """Return the words after every opening fence."""
    found, closing = [], None
    for match in FENCE.finditer(text):
        if closing is None:
            closing = match[1]
            found.append(match[2])
        elif match[1] == closing and not match[2].strip():
            closing = None
    assert closing is None, "a fence is never closed"
    return found


def prose(text: str) -> str:
    """Return what stands outside of fences."""
    return re.sub(r"^(`{3,})[^\n]*\n.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """Return what a link may name after `#`: headings in GitHub's form, and MyST's own targets."""
    headings = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return slugs | set(re.findall(r"^\(([\w-]+)\)=$", text, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_python_fence_is_written_so_that_it_would_be_skipped(page: Path) -> None:
    for info in infos(page.read_text(encoding="utf-8")):
        language, *rest = info.split() or [""]
        lowered = language.lower()
        assert lowered not in ("pycon", "py", "python3", "{code-block}", "{doctest}"), f"write ```python, not ```{info}"
        assert not lowered.startswith("python") or (info == "python" and not rest), f"write ```python, not ```{info}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_relative_link_leads_to_a_file_and_to_a_place_in_it(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for link in LINK.findall(prose(text)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{name(page)} links to {link}"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target.read_text(encoding="utf-8")), f"{name(page)} links to {link}"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the documentation as web pages: those that `MYDSO_ACCESS_HTML` names, or built here."""
    pytest.importorskip("sphinx", reason="the documentation is built with the group `docs`")
    if given := os.environ.get("MYDSO_ACCESS_HTML"):
        return Path(given)
    pages = tmp_path_factory.mktemp("html")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", str(ROOT / "docs"), str(pages)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return pages


def test_what_is_fetched_by_a_page_or_a_style_sheet_is_recognised() -> None:
    page = """<link rel="stylesheet" href="https://a.example/x.css"><script async src='//b.example/x.js'></script>
    <a href="https://c.example">a link may lead anywhere</a><img class="x" src="own.png">"""
    assert ["https://a.example/x.css", "//b.example/x.js"] == FETCHED.findall(page)
    style = "@import 'https://d.example/x.css'; a { background: url(//e.example/x.png) } b { background: url(own.png) }"
    assert ["https://d.example/x.css", "//e.example/x.png"] == IMPORTED.findall(style)


def test_no_built_page_loads_anything_from_elsewhere(built: Path) -> None:
    pages, styles = [*built.rglob("*.html")], [*built.rglob("*.css")]
    assert {name(page) for page in PAGES if page.is_relative_to(ROOT / "docs")} == {
        f"docs/{page.relative_to(built).with_suffix('.md').as_posix()}"
        for page in pages
        if page.name not in ("genindex.html", "search.html", "py-modindex.html")
    }
    found = {
        path.name: elsewhere
        for pattern, paths in ((FETCHED, pages), (IMPORTED, styles))
        for path in paths
        if (elsewhere := pattern.findall(path.read_text(encoding="utf-8")))
    }
    assert {} == found


def test_each_installation_that_the_readme_promises_is_made_from_nothing_in_ci() -> None:
    promised = re.findall(r"pip install (-e .+?) &&", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(promised) == 3
    made = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert [each for each in promised if each not in made] == []


def test_the_generated_pages_are_what_the_code_says() -> None:
    command = [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_rule_has_a_test_and_those_of_the_help_pages_one_named_by_its_number() -> None:
    rules = tomllib.loads((ROOT / "docs" / "rules.toml").read_text(encoding="utf-8"))["rules"]
    tests = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    named = {part.upper() for text in tests for test in re.findall(r"def (test_\w+)", text) for part in test.split("_")}
    told = {rule for text in tests for rule in re.findall(r"\b[SAD][1-9][0-9]?\b", text)}
    assert {rule for rule in rules if rule[0] == "S"} - named == set()
    assert set(rules) - named - told == set()


def test_every_public_name_stands_on_the_page_of_the_python_interface() -> None:
    page = (ROOT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    described = set(re.findall(r":: [\w.]+\.(\w+)$", page, re.MULTILINE)) | set(re.findall(r"`(\w+)`", page))
    assert set(mydso_access.__all__) - described == set()
    doors = set(re.findall(r"\w+", page.partition(":members:")[2].partition(":inherited-members:")[0]))
    calls = {call for call in dir(mydso_access.AccessControl) if not call.startswith("_")}
    assert calls == doors


def test_the_architecture_page_names_every_part_of_the_house() -> None:
    page = (ROOT / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
    house = ROOT / "src" / "mydso_access"
    files = {path.name for path in house.glob("*.py")} - {"__main__.py"}
    folders = {f"{path.parent.name}/" for path in house.glob("*/__init__.py")}
    decisions = {path.name for path in (house / "decisions").glob("*.py")} - {"__init__.py"}
    assert {part for part in files | folders | decisions if part not in page} == set()


def test_the_changelog_has_an_entry_for_the_present_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_example_of_readme_and_docs_is_collected() -> None:
    fences = {name(page): infos(page.read_text(encoding="utf-8")).count("python") for page in PAGES}
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "README.md", "docs"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    for page, count in fences.items():
        assert len(re.findall(rf"^{re.escape(page)}::", listed, re.MULTILINE)) == count, f"{page}\n{listed}"
