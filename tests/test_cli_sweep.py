"""`sweep` and `forecast` on the command line: a database in a file, what is printed, and what cannot be carried out."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from mydso_access import (
    AccessControl,
    DisabledBecause,
    Done,
    Email,
    Enabled,
    Entity,
    EventQuery,
    Founded,
    Invited,
    NewUser,
    Structure,
    StructurePolicy,
    System,
)
from mydso_access.adapters.sqlalchemy import SqlRepositories, upgrade
from mydso_access.cli import main
from mydso_access.testing import ManualClock, created
from tests.support import CountingHasher, active, policy
from tests.test_cli import on_a_terminal, python

NOW = datetime.now(UTC)
LYON = Structure.entity("lyon")
HOST = System("test")


def stored_at(engine: Engine, instant: datetime) -> AccessControl:
    clock = ManualClock(instant)
    return AccessControl(SqlRepositories(engine), policy=policy(), hasher=CountingHasher(), clock=clock)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path}/access.db")
    with engine.begin() as connection:
        upgrade(connection)
    yield engine
    engine.dispose()


@pytest.fixture
def url(engine: Engine) -> str:
    """Return a database with somebody of whom each can be said: lapsed, dormant, about to be either, and neither."""
    lyon = Entity(id="lyon", title="Lyon", policy=StructurePolicy({"dormancy.months": 6}))
    boss = NewUser(email="boss@example.com", role="administrator", name="the.boss")
    assert isinstance(stored_at(engine, ago(400)).found(HOST, lyon, boss), Founded)
    for name, days in {"late.comer": 31, "new.comer": 25}.items():
        new = NewUser(email=f"{name}@example.com", role="collector", name=name)
        assert isinstance(stored_at(engine, ago(days)).add_user(HOST, LYON, new, user_id=f"id-{name}"), Done)
    for name, days in {"long.gone": 300, "half.gone": 172, "at.work": 1}.items():
        email = Email(f"{name}@example.com")
        user = active(name, structure=LYON, email=email, login=Enabled(ago(400)), last_access_at=ago(days))
        SqlRepositories(engine).users.save(user, created(user))
    return str(engine.url)


def logins(engine: Engine) -> dict[str, object]:
    users = SqlRepositories(engine).users.of(LYON, None, 100)
    return {user.name: getattr(user.login, "reason", type(user.login)) for user in users}


BEFORE = {
    "the.boss": Invited,
    "late.comer": Invited,
    "new.comer": Invited,
    "long.gone": Enabled,
    "half.gone": Enabled,
    "at.work": Enabled,
}
AFTER = BEFORE | {"late.comer": DisabledBecause.LAPSED, "long.gone": DisabledBecause.DORMANT}


def problem(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Return the one line that a run ends with that cannot be carried out."""
    assert main([str(argument) for argument in arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    return printed.err.removeprefix("mydso-access: ").removesuffix("\n")


class TestSweep:
    def test_s10_s25_it_disables_what_is_over_and_nothing_else(self, url: str, engine: Engine) -> None:
        assert logins(engine) == BEFORE
        assert main(["sweep", url]) == 0
        assert logins(engine) == AFTER

    def test_it_says_what_it_did_where_and_by_which_policy(self, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["sweep", url, "--set", "dormancy.months=8"]) == 0
        title, blank, *rows, _, _ = capsys.readouterr().out.splitlines()
        assert (title, blank) == (f"{url}, by my_dso_manager with dormancy.months=8", "")
        assert [row.split("  ")[0] for row in rows[:4]] == [
            "users looked at",
            "logins gone dormant",
            "invitations lapsed",
            "left for the next sweep",
        ]
        assert [row.split()[-1] for row in rows[1:4]] == ["1", "1", "0"]

    def test_it_says_that_it_sends_nothing(self, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        main(["sweep", url])
        assert "No message was sent: the command line has no sender." in capsys.readouterr().out

    def test_it_warns_nobody_so_that_the_application_still_can(self, url: str, engine: Engine) -> None:
        main(["sweep", url])
        sent: list[object] = []
        report = stored_at(engine, datetime.now(UTC)).sweep(send=sent.append)
        assert (report.warned, len(sent)) == (2, 2)

    def test_a_dry_run_counts_the_same_and_changes_nothing(
        self, url: str, engine: Engine, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["sweep", url, "--dry-run", "--json"]) == 0
        dry = json.loads(capsys.readouterr().out)
        assert logins(engine) == BEFORE
        assert main(["sweep", url, "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == dry | {"dry_run": False}
        assert dry == {"dry_run": True, "looked_at": 5, "lapsed": 1, "dormant": 1, "warned": 0, "busy": 0}

    def test_a_dry_run_says_so(self, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        main(["sweep", url, "--dry-run"])
        assert capsys.readouterr().out.startswith("dry run, nothing is changed: sqlite:///")

    def test_a_second_sweep_finds_nothing_left(self, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        main(["sweep", url])
        capsys.readouterr()
        main(["sweep", url, "--json"])
        again = json.loads(capsys.readouterr().out)
        assert (again["lapsed"], again["dormant"]) == (0, 0)

    def test_what_it_did_is_in_the_trail_as_the_sweeps(self, url: str, engine: Engine) -> None:
        main(["sweep", url])
        trail = SqlRepositories(engine).events.page(EventQuery(since=ago(1), subject="id-late.comer"), None, 100)
        assert [(event.system, event.rule) for event in trail] == [("sweep", "S10")]

    def test_an_invitation_as_long_as_the_applications_is_not_swept(self, url: str, engine: Engine) -> None:
        main(["sweep", url, "--set", "tokens.invitation=10d"])
        assert logins(engine) == AFTER | {"new.comer": DisabledBecause.LAPSED}

    def test_s26_the_applications_own_settings_may_ask_for_a_second_factor(self, url: str, engine: Engine) -> None:
        assert 0 == main(["sweep", url, "--set", "second_factor.required=true"])
        assert AFTER == logins(engine)

    def test_the_bar_shows_on_a_terminal(self, url: str) -> None:
        assert b"sweeping" in on_a_terminal("sweep", url)

    def test_it_runs_as_a_module_without_a_bar_elsewhere(self, url: str) -> None:
        run = python("sweep", url, "--json")
        assert (run.returncode, run.stderr, json.loads(run.stdout)["lapsed"]) == (0, b"", 1)


class TestForecast:
    def test_it_names_who_is_due_the_next_first(self, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["forecast", url, "--days", "30"]) == 0
        _, _, *lines = capsys.readouterr().out.splitlines()
        assert [(line.split("  ")[1], line.split()[-1]) for line in lines] == [
            ("login goes dormant", "id-long.gone"),
            ("invitation lapses", "id-late.comer"),
            ("invitation lapses", "id-new.comer"),
            ("login goes dormant", "id-half.gone"),
        ]
        assert f"{ago(-5):%Y-%m-%d %H:%M} UTC  invitation lapses   new.comer   lyon  id-new.comer" in lines

    def test_it_looks_no_further_than_asked(self, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        main(["forecast", url, "--days", "6", "--json"])
        names = [each["name"] for each in json.loads(capsys.readouterr().out)]
        assert names == ["long.gone", "late.comer", "new.comer"]

    def test_json_holds_an_object_for_each(self, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        main(["forecast", url, "--days", "6", "--json"])
        last = json.loads(capsys.readouterr().out)[-1]
        until = datetime.fromisoformat(last.pop("at"))
        assert until == ago(25) + timedelta(days=30)
        assert last == {"ending": "invitation", "name": "new.comer", "structure": "lyon", "user": "id-new.comer"}

    def test_it_changes_nothing(self, url: str, engine: Engine) -> None:
        main(["forecast", url])
        assert logins(engine) == BEFORE

    def test_it_says_so_if_nobody_is_due(self, engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["forecast", str(engine.url), "--days", "7"]) == 0
        assert capsys.readouterr().out.endswith("\n\nnobody within 7 days\n")

    def test_what_a_host_gave_as_an_id_cannot_command_the_terminal(
        self, engine: Engine, capsys: pytest.CaptureFixture[str]
    ) -> None:
        user = active("new.comer", id="\x1b[2Jid", login=Invited(ago(29)), credential=None)
        SqlRepositories(engine).users.save(user, created(user))
        main(["forecast", str(engine.url)])
        assert r"\u001b[2Jid" in capsys.readouterr().out

    @pytest.mark.parametrize("days", ["-1", "367", "9" * 30])
    def test_a_number_of_days_that_cannot_be(self, url: str, days: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert "expected a number of days from 0 to 366" in problem(capsys, "forecast", url, f"--days={days}")


@pytest.mark.parametrize("command", ["sweep", "forecast"])
class TestProblems:
    def test_a_setting_that_cannot_be(self, command: str, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        told = problem(capsys, command, url, "--set", "dormancy.month=6")
        assert "did you mean dormancy.months?" in told

    def test_no_database_at_all(
        self, command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("MYDSO_ACCESS_URL", raising=False)
        assert problem(capsys, command) == "no database: give its URL, or let MYDSO_ACCESS_URL hold it"

    def test_the_url_may_stand_in_the_environment(
        self, command: str, url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MYDSO_ACCESS_URL", url)
        assert main([command]) == 0
        assert capsys.readouterr().out.startswith(f"{url}, by my_dso_manager\n")

    @pytest.mark.parametrize(
        "url", ["access.db", "nosuch://u:hunter2@host/db", "postgresql://u:hunter2@host:port/db", "//"]
    )
    def test_a_url_that_is_none_is_refused_and_never_shown(
        self, command: str, url: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        told = problem(capsys, command, url)
        assert told == "the URL is none that can be used: expected one such as sqlite:////var/lib/app/access.db"

    def test_a_driver_that_is_not_installed(
        self, command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "psycopg", None)
        told = problem(capsys, command, "postgresql+psycopg://u:hunter2@host/db")
        assert told == "the driver psycopg is not installed: pip install 'mydso-access[postgres]'"

    def test_an_asynchronous_driver(self, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        told = problem(capsys, command, f"sqlite+aiosqlite:///{tmp_path}/access.db")
        assert told.startswith("the driver is an asynchronous one")

    def test_a_file_that_is_not_there_is_not_made(
        self, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "none.db"
        assert problem(capsys, command, f"sqlite:///{path}") == f"{path}: No such file or directory"
        assert not path.exists()

    def test_missing_tables(self, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "empty.db"
        path.touch()
        told = problem(capsys, command, f"sqlite:///{path}")
        assert told == "there is no table mydso_steps: create the tables with upgrade(connection) first"

    def test_tables_of_an_earlier_version(
        self, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        engine = create_engine(f"sqlite:///{tmp_path}/old.db")
        with engine.begin() as connection:
            upgrade(connection, to=1)
        engine.dispose()
        told = problem(capsys, command, engine.url)
        assert told.startswith("the tables are at step 1 of ")

    def test_a_file_that_is_no_database(self, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "note.db"
        path.write_text("not a database " * 100)
        told = problem(capsys, command, f"sqlite:///{path}")
        assert told == "the database cannot be used: file is not a database"

    def test_a_server_that_does_not_answer_and_its_password_is_not_shown(
        self, command: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        told = problem(capsys, command, "postgresql+psycopg://u:hunter2@127.0.0.1:1/db")
        assert told.startswith("the database cannot be used: ")
        assert "refused" in told
        assert "hunter2" not in told

    def test_a_row_that_was_edited_by_hand(
        self, command: str, url: str, engine: Engine, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE mydso_users SET body = '{}'")
        told = problem(capsys, command, url)
        assert told.startswith("the database failed, and what was done until then stays done: ")

    def test_without_the_extra(self, command: str) -> None:
        code = "import sys; sys.modules['sqlalchemy'] = None; from mydso_access.cli import main; sys.exit(main())"
        run = subprocess.run([sys.executable, "-c", code, command, "sqlite:///a.db"], capture_output=True, check=False)
        assert (run.returncode, run.stdout) == (2, b"")
        assert run.stderr == b"mydso-access: this needs a database: pip install 'mydso-access[sqlalchemy]'\n"
