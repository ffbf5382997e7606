"""The recipe for Django's ORM shows what `can_see` shows: on SQLite and on PostgreSQL, row by row (S28-S32)."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

pytest.importorskip("django")
ROOT = Path(__file__).parents[1]
# In a process of its own: Django is set up once in a process, and other tests set it up otherwise.
PLAYED = f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'examples')!r}]; from tests.django_worlds import main; main(sys.argv[1:])"


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[str]]:
    """Give what Django is told of an empty database: its engine, its name and its host."""
    if request.param == "sqlite":
        yield ["django.db.backends.sqlite3", str(tmp_path / "visible.db"), "", ""]
        return
    server: Any = request.getfixturevalue("postgres")
    made = server.fresh()
    url = make_url(made)
    yield ["django.db.backends.postgresql", url.database or "", str(url.query["host"]), url.username or ""]
    server.drop(made)


def test_s28_the_recipes_list_count_export_and_update_agree_with_the_check_on_every_row_of_every_world(
    database: list[str],
) -> None:
    command = [sys.executable, "-W", "error", "-c", PLAYED, *database]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert "" == shown.stderr
    told = dict(line.split(": ") for line in shown.stdout.splitlines())
    assert {"Everything", "ManagedBy", "AssociatedWith", "Nothing"} == set(told)
    for scope, seen in told.items():  # of each kind there were some, and some of them showed somebody
        assert (int(seen) > 0) == (scope != "Nothing")
