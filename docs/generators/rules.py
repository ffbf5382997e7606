"""Which rule stands where: found in the source and in the tests by its number."""

import ast
import io
import re
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path

from generators.markdown import code, document, table
from mydso_access import SecurityPolicy
from mydso_access.policy import Setting, all_settings

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "mydso_access"
TESTS = ROOT / "tests"
NUMBER = re.compile(r"\b[SAD][1-9][0-9]?\b")

INTRODUCTION = """\
# Rules

A line of code that forbids something, or that a rule decides, ends in the rule's number: `# S36`. So `grep -rn S36 src tests`
finds the rule's line and its tests. This page was found in the same way.

**S** rules are what the two public help pages of My DSO Manager on users and security say; **A** readings and **D** decisions
settle what those pages leave open. S17 describes the product's own servers, and is no rule for a library. `Marked lines` lists the functions that hold
a marked line, and the settings that name the rule as their source; `named in` lists where only a docstring names it."""


def page() -> str:
    """Return the page."""
    sentences = tomllib.loads((ROOT / "docs" / "rules.toml").read_text(encoding="utf-8"))["rules"]
    marks, mentions = found_in_source()
    if unheard_of := {*marks, *mentions} - {*sentences}:
        raise LookupError(f"docs/rules.toml does not know {sorted(unheard_of)}")
    if nowhere := set(sentences) - {*marks, *mentions}:
        raise LookupError(f"nothing in the source names {sorted(nowhere)}")
    tests = found_in_tests()
    rows = [
        (f"**{rule}**", sentences[rule], places(marks, rule), places(mentions, rule), places(tests, rule))
        for rule in sorted(sentences, key=by_number)
    ]
    header = ("rule", "what it says", "marked lines", "named in", "tests")
    return document(INTRODUCTION, table(header, rows))


def by_number(rule: str) -> tuple[int, int]:
    """Return the order of rules: S before A before D, each by number."""
    return "SAD".index(rule[0]), int(rule[1:])


def places(found: dict[str, set[str]], rule: str) -> str:
    """Return where a rule was found."""
    return ", ".join(map(code, sorted(found.get(rule, ())))) or "–"


def found_in_source() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return the places of every rule: those with a marked line, and those whose docstring alone names it."""
    marks: dict[str, set[str]] = {}
    mentions: dict[str, set[str]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        owners = owner_of_lines(text)
        for line, comment in comments(text):
            note(marks, comment, place(path, owners.get(line)))
        for owner, docstring in docstrings(text):
            note(mentions, docstring, place(path, owner))
    for name, field in all_settings(SecurityPolicy):
        note(marks, field.metadata[Setting].source, name)
    return marks, {rule: found - marks.get(rule, set()) for rule, found in mentions.items()}


def found_in_tests() -> dict[str, set[str]]:
    """Return the test files that name a rule, in a test's name or anywhere else."""
    tests: dict[str, set[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        names = re.findall(r"def test_\w*", text)
        spelled = [part.upper() for name in names for part in name.split("_") if NUMBER.fullmatch(part.upper())]
        note(tests, f"{text} {' '.join(spelled)}", str(path.relative_to(ROOT).as_posix()))
    return tests


def note(found: dict[str, set[str]], text: str, where: str) -> None:
    """Add a place to every rule that the text names."""
    for rule in NUMBER.findall(text):
        found.setdefault(rule, set()).add(where)


def place(path: Path, owner: str | None) -> str:
    """Return a place in words: file and function, file and class, or the file."""
    file = path.relative_to(SOURCE).as_posix()
    return f"{file}: {owner}" if owner else file


def comments(text: str) -> Iterator[tuple[int, str]]:
    """Yield every comment with its line."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def docstrings(text: str) -> Iterator[tuple[str | None, str]]:
    """Yield every docstring with the name of what it describes."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield getattr(node, "name", None), ast.get_docstring(node) or ""


def owner_of_lines(text: str) -> dict[int, str]:
    """Return the innermost function or class of every line that is in one."""
    owners = {}
    for node in ast.walk(ast.parse(text)):  # outer ones first, so that inner ones overwrite them
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            owners |= dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), node.name)
    return owners
