"""A bar on stderr while a command works: on a terminal, and if rich is installed; else nothing."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress


def new_bar() -> "Progress | None":
    """Return a bar that leaves nothing behind, or `None` where none can be shown."""
    if not sys.stderr.isatty():
        return None
    try:
        from rich.console import Console  # noqa: PLC0415  # an extra, and slow to import
        from rich.progress import Progress  # noqa: PLC0415
    except ImportError:
        return None
    return Progress(console=Console(stderr=True), transient=True)
