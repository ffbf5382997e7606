"""The command line: `mydso-access replay LOG` says what a policy would have done to a log of real sign-ins."""

import argparse
import io
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from mydso_access.errors import AccessError, InvalidPolicy, shown
from mydso_access.policy import SecurityPolicy, with_setting
from mydso_access.policy.fixed import EARLIEST, LATEST
from mydso_access.replay import Format, KnownAddresses, Report, Unreadable, read, replay

if TYPE_CHECKING:
    from rich.progress import Progress

Tracked: TypeAlias = Callable[[Iterable[str]], Iterator[str]]

PRESETS: dict[str, Callable[[], SecurityPolicy]] = {"my_dso_manager": SecurityPolicy.my_dso_manager}
AUTO = "auto"
MISUSE = 2
INTERRUPTED = 130  # 128 + SIGINT, as shells say it
LINES_BETWEEN_UPDATES = 5000


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: the arguments after the program's name; `None`: those of this process.

    Returns:
        The exit code: 0, or 2 for a file or a setting that cannot be used; then one line on stderr says which.

    Raises:
        SystemExit: the arguments themselves are wrong, or ask for help.
    """
    arguments = _parser().parse_args(argv)
    try:
        report = _replay(arguments)
    except AccessError as error:
        return _complain(str(error))
    except OSError as error:
        return _complain(f"{error.filename or arguments.log}: {error.strerror or error}")
    except KeyboardInterrupt:
        return INTERRUPTED
    text = report.to_json() if arguments.json else f"{_title(arguments)}\n\n{report.to_table()}"
    sys.stdout.write(f"{text}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mydso-access", description="Sign-in and access rules of My DSO Manager.")
    parser.add_argument("--version", action="version", version=f"mydso-access {version('mydso-access')}")
    commands = parser.add_subparsers(title="commands", required=True)
    command = commands.add_parser(
        "replay",
        help="say what a policy would have done to a log of real sign-ins",
        description="Say what a policy would have done to a log of real sign-ins.",
    )
    add = command.add_argument
    formats = [AUTO, *(form.value for form in Format)]
    add("log", metavar="LOG", help="the log: csv, JSON lines, or what sshd writes")
    add("--format", choices=formats, default=AUTO, help="how the log is written (default: its first line tells)")
    add("--policy", choices=list(PRESETS), default="my_dso_manager", help="the preset to start from")
    add(
        "--set",
        dest="settings",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="change one setting of it, such as lockout.address.window=none; may be given again",
    )
    add("--known-addresses", metavar="FILE.json", help='each user\'s own addresses: {"user": ["192.0.2.1"]}')
    add("--year", type=_year, help="year of the first line, for instants without one (default: that of the file)")
    add("--json", action="store_true", help="print one JSON object")
    return parser


def _year(text: str) -> int:
    if not (re.fullmatch(r"[0-9]{4}", text) and EARLIEST.year <= int(text) < LATEST.year):
        raise argparse.ArgumentTypeError(f"expected a year from {EARLIEST.year} to {LATEST.year - 1}")
    return int(text)


def _replay(arguments: argparse.Namespace) -> Report:
    policy = PRESETS[arguments.policy]()
    for setting in arguments.settings:
        policy = _changed(policy, setting)
    known = None
    if arguments.known_addresses is not None:
        known = KnownAddresses.from_json(Path(arguments.known_addresses).read_bytes(), policy.names)
    form = None if arguments.format == AUTO else Format(arguments.format)
    with Path(arguments.log).open("rb") as log:
        year = arguments.year or datetime.fromtimestamp(os.fstat(log.fileno()).st_mtime, UTC).year
        # A byte that is no UTF-8 makes a name malformed, never a crash; only "\n" ends a line, as in other tools.
        text = io.TextIOWrapper(log, encoding="utf-8-sig", errors="surrogateescape", newline="\n")
        with _progress(log) as tracked:
            return replay(read(tracked(text), form, year), policy, known, _tell)


def _changed(policy: SecurityPolicy, setting: str) -> SecurityPolicy:
    name, equals, value = setting.partition("=")
    if not equals:
        raise InvalidPolicy("--set", shown(setting), "NAME=VALUE, such as lockout.address.window=none")
    return with_setting(policy, name.strip(), value.strip())


def _title(arguments: argparse.Namespace) -> str:
    return " ".join([arguments.policy, *(f"with {setting}" for setting in arguments.settings)])


def _tell(unreadable: Unreadable) -> None:
    sys.stderr.write(f"line {unreadable.line}: unreadable: {unreadable.why}\n")


def _complain(problem: str) -> int:
    sys.stderr.write(f"mydso-access: {' '.join(problem.split())}\n")
    return MISUSE


@contextmanager
def _progress(log: BinaryIO) -> Iterator[Tracked]:
    """Yield what passes lines on while a bar on stderr shows how much of `log` is read; without a bar, just lines."""
    bar = _bar()
    size = os.fstat(log.fileno()).st_size  # 0: a pipe, whose end nobody knows
    if bar is None or not size:
        yield iter
        return

    def tracked(lines: Iterable[str]) -> Iterator[str]:
        for number, line in enumerate(lines):
            if number % LINES_BETWEEN_UPDATES == 0:
                bar.update(task, completed=log.tell())
            yield line

    with bar:
        task = bar.add_task("replaying", total=size)
        yield tracked


def _bar() -> "Progress | None":
    if not sys.stderr.isatty():
        return None
    try:
        from rich.console import Console  # noqa: PLC0415  # an extra, and slow to import
        from rich.progress import Progress  # noqa: PLC0415
    except ImportError:
        return None
    return Progress(console=Console(stderr=True), transient=True)
