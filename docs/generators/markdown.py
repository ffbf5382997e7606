"""The little Markdown that the generated pages need."""

from collections.abc import Iterable, Sequence

MADE = "<!-- Made by docs/generate.py from the code: change the code, not this page. -->"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def document(*parts: str) -> str:
    """Return a page of these parts."""
    return "\n\n".join((MADE, *parts)) + "\n"


def code(text: str) -> str:
    """Return `text` as code."""
    return f"`{text}`"
