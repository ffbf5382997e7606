"""Reading page after page, as a list or a sweep does."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
PAGES = 200  # after which a search that never ends has failed


def all_pages(page: Callable[[T | None, int], Sequence[T]], limit: int) -> list[T]:
    """Return what all pages hold.

    Args:
        page: asks for the page of this length after a record.
        limit: how long pages are; a shorter one is the last.

    Raises:
        AssertionError: there is no end.
    """
    found: list[T] = []
    for _ in range(PAGES):
        some = page(found[-1] if found else None, limit)
        found += some
        if len(some) < limit:
            return found
    raise AssertionError(f"{PAGES} pages and no end")


async def all_pages_of(page: Callable[[T | None], Awaitable[Sequence[T]]], limit: int) -> list[T]:
    """Return what all pages hold, inside of a scenario; otherwise like `all_pages`."""
    found: list[T] = []
    for _ in range(PAGES):
        some = await page(found[-1] if found else None)
        found += some
        if len(some) < limit:
            return found
    raise AssertionError(f"{PAGES} pages and no end")
