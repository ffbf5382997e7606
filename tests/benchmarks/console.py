"""Measures how long the console's server takes for a page, hashing apart: `python -m tests.benchmarks.console`.

Every page that can be looked at as it is, with the demonstration's 5,000 customers on SQLite; from the `Server-Timing` header
of each answer, so without the network and the browser.
"""

import argparse
import re
import statistics
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

from examples.console.app import create_app
from examples.console.seed import PASSWORD, seed
from tests.browser.scenes import PLAIN, Scene

with warnings.catch_warnings():  # newer Starlettes would rather have another client; any of them will do
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

GOAL = 50.0  # milliseconds
TIMING = re.compile(r"app;dur=([\d.]+), hash;dur=([\d.]+)")
CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')
HERE = "https://console.example"  # its cookies are `Secure`


def signed_in(client: TestClient, name: str) -> tuple[float, float]:
    """Sign in, and return how long that took, hashing apart."""
    found = CSRF.search(client.get("/sign-in").text)
    assert found is not None
    form = {"csrf": found[1], "name": name, "password": PASSWORD}
    answer = client.post("/sign-in", data=form, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return timing(answer.headers["server-timing"])


def enter(client: TestClient, title: str) -> None:
    """Enter the entity whose button bears this title."""
    button = next(each for each in client.get("/entities").text.split("<form")[1:] if f"Enter {title}" in each)
    action, csrf = re.search(r'action="([^"]+)"', button), CSRF.search(button)
    assert action is not None
    assert csrf is not None
    answer = client.post(action[1], data={"csrf": csrf[1]}, follow_redirects=False)
    assert (303, "/") == (answer.status_code, answer.headers["location"])


def timing(header: str) -> tuple[float, float]:
    """Return milliseconds: the page's, and those spent on hashing."""
    found = TIMING.fullmatch(header)
    assert found is not None
    return float(found[1]), float(found[2])


def windows(app: object) -> Iterator[tuple[TestClient, Scene]]:
    """Yield every page with the window of whoever looks at it."""
    clients: dict[tuple[str, str], TestClient] = {}
    for scene in PLAIN:
        key = (scene.who, scene.enters)
        if key not in clients:
            clients[key] = window(app)
            if scene.who:
                signed_in(clients[key], scene.who)
            if scene.enters:
                enter(clients[key], scene.enters)
        yield clients[key], scene


def window(app: object) -> TestClient:
    return TestClient(app, base_url=HERE, client=("192.0.2.1", 50_000))  # type: ignore[arg-type]


def measure(client: TestClient, path: str, requests: int) -> list[float]:
    """Return how long each of so many requests took; the first, which compiles the template, apart."""
    taken = []
    for _ in range(requests + 1):
        answer = client.get(path, follow_redirects=False)
        assert answer.status_code in {200, 403}, f"{path}: {answer.status_code}, {answer.headers.get('location')}"
        taken.append(timing(answer.headers["server-timing"])[0])
    return taken[1:]


def main() -> None:
    """Print a line for each page."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.console", description=__doc__)
    parser.add_argument("--requests", type=int, default=30, help="for each page")
    parser.add_argument("--database", metavar="URL", help="an empty one; a new SQLite file if not given")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        url = options.database or f"sqlite:///{folder}/console.db"
        app = create_app(url, base_url=HERE, key_file=Path(folder, "console.key"), timing=True)
        seed(app.state.console)
        slowest = 0.0
        print(f"{'page':34} {'who':14} {'median':>8} {'worst':>8}   ms, of {options.requests} requests, hashing apart")
        for client, scene in windows(app):
            taken = measure(client, scene.path, options.requests)
            slowest = max(slowest, statistics.median(taken))
            print(f"{scene.path[:34]:34} {scene.who or '–':14} {statistics.median(taken):8.1f} {max(taken):8.1f}")
        own, hashing = signed_in(window(app), "anna.petit")
        print(f"{'POST /sign-in':34} {'–':14} {own:8.1f} {'':8}   and {hashing:.1f} ms of hashing")
        print(f"the slowest page's median: {slowest:.1f} ms (goal: under {GOAL:.0f} ms)")
        app.state.console.engine.dispose()


if __name__ == "__main__":
    main()
