"""The Django example stands under ATOMIC_REQUESTS on SQLite and on PostgreSQL, and keeps every contract on SQLite.

On PostgreSQL it keeps those whose rules hang on the database: users, the trail, and races. The other records are
stored by the one class that races are about, and take a minute.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

pytest.importorskip("django")
ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "examples" / "django_backend"
NOT_DURABLE = {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"}
# Threads of a contract come and go, each with a connection of Django's: dropping it is no fault of the store.
DJANGO = "tests/django_"
STORIES = [f"{DJANGO}sign_in.py", f"{DJANGO}transactions.py"]
CONTRACTS = {
    "sqlite": [f"{DJANGO}contracts.py"],
    "postgres": [f"{DJANGO}contracts.py::Test{each}" for each in ("Users", "Events", "Races")],
}
DROPPED = ["-W", "ignore::ResourceWarning", "-W", "ignore::pytest.PytestUnraisableExceptionWarning"]


def environment(folder: Path, **more: Any) -> dict[str, str]:
    paths = {"PYTHONPATH": str(PROJECT), "DJANGO_SETTINGS_MODULE": "settings", "ACCESS_DATA": str(folder)}
    return os.environ | paths | {name: json.dumps(value) for name, value in more.items()}


@pytest.fixture(params=["sqlite", "postgres"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Give the environment of a project with an empty database."""
    if request.param == "sqlite":
        yield environment(tmp_path, ACCESS_OPTIONS=NOT_DURABLE)
        return
    server: Any = request.getfixturevalue("postgres")
    made = server.fresh()
    url = make_url(made)
    where = {"NAME": url.database, "HOST": url.query.get("host", url.host), "PORT": url.query.get("port", url.port)}
    who = {"USER": url.username, "PASSWORD": url.password or ""}
    yield environment(tmp_path, DATABASE={"ENGINE": "django.db.backends.postgresql", **where, **who})
    server.drop(made)


def test_the_project_keeps_its_contracts_and_signs_in_whatever_becomes_of_the_request(
    request: pytest.FixtureRequest, project: dict[str, str]
) -> None:
    # In a process of its own: Django is set up once in a process, and other tests set it up otherwise.
    cases = CONTRACTS[request.node.callspec.params["project"]] + STORIES
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *DROPPED, *cases]
    run = subprocess.run(command, cwd=ROOT, env=project, capture_output=True, text=True, timeout=550, check=False)
    assert 0 == run.returncode, run.stdout[-5000:] + run.stderr[-2000:]
    assert " passed" in run.stdout


def test_the_project_is_founded_by_a_command_and_its_migrations_are_complete(tmp_path: Path) -> None:
    def manage(*arguments: str) -> str:
        command = [sys.executable, "-W", "error", str(PROJECT / "manage.py"), *arguments]
        return subprocess.run(
            command, env=environment(tmp_path), capture_output=True, text=True, timeout=100, check=True
        ).stdout

    assert "No changes detected" in manage("makemigrations", "--check", "--dry-run")
    manage("migrate")
    assert "http://localhost:8000/invitation?token=" in manage("found")
    assert "It exists already." == manage("found").strip()
