"""The command line as people use it: exit codes, one line for each problem, a bar on terminals only."""

import gzip
import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mydso_access.cli import main
from mydso_access.replay import replaying

DATA = Path(__file__).parent / "data" / "sign-ins-2018-11"
HEADER = "datetime,source_ip,username,success\n"
GOOD = "2024-05-01T10:00:00,192.0.2.1,anna,1\n"
BAR = b"replaying"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.csv"
    path.write_text(HEADER + GOOD)
    return path


@pytest.fixture
def november(tmp_path: Path) -> Path:
    path = tmp_path / "november.csv"
    with gzip.open(DATA / "log.csv.gz") as packed, path.open("wb") as plain:
        shutil.copyfileobj(packed, plain)
    return path


def python(*arguments: object, **options: object) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "mydso_access", *(str(argument) for argument in arguments)]
    return subprocess.run(command, check=False, **({"capture_output": True} | options))


def on_a_terminal(*arguments: object, code: str = "") -> bytes:
    """Run with stderr on a terminal, and return what it showed."""
    terminal, child = pty.openpty()
    command = [sys.executable, *(["-c", code] if code else ["-m", "mydso_access"]), *(str(each) for each in arguments)]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "100"}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=child, env=environment)
    os.close(child)
    shown = b""
    try:
        while piece := os.read(terminal, 65_536):
            shown += piece
    except OSError:  # Linux says so when the other side is closed
        pass
    os.close(terminal)
    return shown


def problem(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Return the one line that a run ends with that cannot be carried out."""
    assert main(["replay", *(str(argument) for argument in arguments)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    return printed.err


class TestOutput:
    def test_a_table_says_what_it_was_judged_by(self, log: Path, capsys: pytest.CaptureFixture[str]):
        assert main(["replay", str(log), "--set", "lockout.account.window=none", "--set", "lockout.lease=20s"]) == 0
        title, blank, first, *_ = capsys.readouterr().out.splitlines()
        assert title == "my_dso_manager with lockout.account.window=none with lockout.lease=20s"
        assert (blank, first) == ("", "attempts                      1")

    def test_json_is_one_object(self, november: Path, capsys: pytest.CaptureFixture[str]):
        windows = ["--set", "lockout.account.window=none", "--set", "lockout.address.window=none"]
        uncounted = ["--set", "lockout.blocked_attempts_count=false"]
        known = ["--known-addresses", str(DATA / "user_ips.json")]
        assert main(["replay", str(november), "--json", *windows, *uncounted, *known]) == 0
        assert json.loads(capsys.readouterr().out) == {
            "attempts": 12_836,
            "allowed": 2228,
            "refused": {"wrong_secret": 1003, "account_blocked": 5, "address_blocked": 9600},
            "blocks": {"account": 10, "address": 66},
            "unreadable": 0,
            "malformed": 0,
            "honest_attempts": 2094,
            "honest_refused": 0,
            "attacker_hits": 1756,
            "attacker_hits_stopped": 1622,
        }

    def test_unreadable_lines_are_told_by_number_and_never_by_content(
        self, log: Path, capsys: pytest.CaptureFixture[str]
    ):
        log.write_text(f"{HEADER}{GOOD}hunter2,192.0.2.1,hunter2,1\n{GOOD}")
        assert main(["replay", str(log), "--json"]) == 0
        printed = capsys.readouterr()
        why = "datetime: expected an instant such as 2024-05-01T10:00:00+00:00"
        assert printed.err == f"line 3: unreadable: {why}\n"
        figures = json.loads(printed.out)
        assert (figures["attempts"], figures["unreadable"]) == (2, 1)

    def test_bytes_that_are_no_utf8_make_a_name_malformed(self, log: Path, capsys: pytest.CaptureFixture[str]):
        log.write_bytes(HEADER.encode() + b"2024-05-01,192.0.2.1,\xff,1\n2024-05-01,192.0.2.1,m\xc3\xbcller,1\n")
        assert main(["replay", str(log), "--json"]) == 0
        figures = json.loads(capsys.readouterr().out)
        assert (figures["attempts"], figures["malformed"]) == (1, 1)

    @pytest.mark.parametrize("ending", ["\n", "\r\n"])
    def test_line_ends_and_a_byte_order_mark_are_no_content(
        self, log: Path, ending: str, capsys: pytest.CaptureFixture[str]
    ):
        log.write_bytes(b"\xef\xbb\xbf" + (HEADER + GOOD).replace("\n", ending).encode())
        assert main(["replay", str(log), "--json"]) == 0
        printed = capsys.readouterr()
        assert (json.loads(printed.out)["allowed"], printed.err) == (1, "")


class TestYear:
    LINE = "Feb 29 10:00:00 host sshd[1]: Failed password for anna from 192.0.2.1 port 22 ssh2\n"

    @pytest.mark.parametrize(("given", "unreadable"), [("2024", 0), ("2023", 1)])
    def test_it_may_be_given(self, log: Path, given: str, unreadable: int, capsys: pytest.CaptureFixture[str]):
        log.write_text(self.LINE)
        assert main(["replay", str(log), "--json", "--year", given]) == 0
        assert json.loads(capsys.readouterr().out)["unreadable"] == unreadable

    @pytest.mark.parametrize(("modified", "unreadable"), [(1_709_200_800, 0), (1_677_600_000, 1)])
    def test_it_is_the_files_otherwise(
        self, log: Path, modified: int, unreadable: int, capsys: pytest.CaptureFixture[str]
    ):
        log.write_text(self.LINE)
        os.utime(log, (modified, modified))
        assert main(["replay", str(log), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["unreadable"] == unreadable

    @pytest.mark.parametrize("year", ["1969", "9000", "24", "02024", "last"])
    def test_it_is_one_that_a_clock_may_show(self, log: Path, year: str, capsys: pytest.CaptureFixture[str]):
        with pytest.raises(SystemExit, match=r"^2$"):
            main(["replay", str(log), "--year", year])
        assert "expected a year from 1970 to 8999" in capsys.readouterr().err


class TestProblems:
    def test_no_such_log(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
        missing = tmp_path / "none.csv"
        assert problem(capsys, missing) == f"mydso-access: {missing}: No such file or directory\n"

    def test_a_folder_is_no_log(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
        assert problem(capsys, tmp_path) == f"mydso-access: {tmp_path}: Is a directory\n"

    def test_missing_columns(self, log: Path, capsys: pytest.CaptureFixture[str]):
        log.write_text("datetime,source_ip,username\n")
        assert "without success: expected the columns" in problem(capsys, log)

    @pytest.mark.parametrize(
        ("setting", "message"),
        [
            ("lockout.address.windo=none", "did you mean lockout.address.window?"),
            ("lockout.address.window=soon", "a duration such as 30s, 90m, 24h or 30d or none"),
            ("lockout.address.failures=0", "from 1 to 1000"),
            ("lockout.address.window", "expected NAME=VALUE"),
        ],
    )
    def test_a_setting_that_cannot_be(self, log: Path, setting: str, message: str, capsys: pytest.CaptureFixture[str]):
        assert message in problem(capsys, log, "--set", setting)

    @pytest.mark.parametrize("document", ["{", "[]", '{"anna": {}}', '{"anna": ["gate"]}'])
    def test_known_addresses_that_cannot_be_read(self, log: Path, document: str, capsys: pytest.CaptureFixture[str]):
        known = log.with_name("known.json")
        known.write_text(document)
        assert problem(capsys, log, "--known-addresses", known).startswith("mydso-access: known addresses")

    def test_no_such_known_addresses(self, log: Path, capsys: pytest.CaptureFixture[str]):
        assert "none.json: No such file" in problem(capsys, log, "--known-addresses", log.with_name("none.json"))

    def test_no_command(self, capsys: pytest.CaptureFixture[str]):
        with pytest.raises(SystemExit, match=r"^2$"):
            main([])
        assert "arguments are required" in capsys.readouterr().err

    def test_an_interrupted_replay_ends_as_shells_expect(self, log: Path, monkeypatch: pytest.MonkeyPatch):
        def interrupted(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(replaying.Replay, "judge", interrupted)
        assert main(["replay", str(log)]) == 130


class TestProcess:
    def test_it_runs_as_a_module(self, log: Path):
        run = python("replay", log, "--json")
        assert (run.returncode, run.stderr, json.loads(run.stdout)["allowed"]) == (0, b"", 1)

    def test_a_problem_is_an_exit_code_without_traceback(self, tmp_path: Path):
        run = python("replay", tmp_path / "none.csv")
        assert (run.returncode, run.stdout, run.stderr.count(b"\n")) == (2, b"", 1)

    def test_a_pipe_is_a_log_too(self):
        run = python("replay", "/dev/stdin", "--json", input=(HEADER + GOOD * 3).encode())
        assert (run.returncode, json.loads(run.stdout)["attempts"]) == (0, 3)

    def test_the_bar_shows_on_a_terminal(self, november: Path):
        assert BAR in on_a_terminal("replay", november)

    def test_unreadable_lines_are_told_on_a_terminal_too(self, log: Path):
        log.write_text(f"{HEADER}no\n")
        assert b"line 2: unreadable: fewer fields than needed" in on_a_terminal("replay", log)

    def test_no_bar_shows_elsewhere(self, november: Path):
        assert python("replay", november).stderr == b""

    def test_no_bar_shows_without_rich(self, november: Path):
        code = "import sys; sys.modules['rich'] = None; from mydso_access.cli import main; sys.exit(main())"
        assert on_a_terminal("replay", november, code=code) == b""
