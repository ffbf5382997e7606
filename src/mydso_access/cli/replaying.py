"""`mydso-access replay LOG`: what a policy would have done to a log of real sign-ins."""

import argparse
import io
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, TypeAlias

from mydso_access.cli.bar import new_bar
from mydso_access.cli.policies import add_policy_arguments, policy_in_words, policy_of
from mydso_access.cli.problem import Problem
from mydso_access.policy.fixed import EARLIEST, LATEST
from mydso_access.replay import Format, KnownAddresses, Report, Unreadable, read, replay

Tracked: TypeAlias = Callable[[Iterable[str]], Iterator[str]]

AUTO = "auto"
LINES_BETWEEN_UPDATES = 5000


def add_replay(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    command = commands.add_parser(
        "replay",
        help="say what a policy would have done to a log of real sign-ins",
        description="Say what a policy would have done to a log of real sign-ins.",
    )
    add = command.add_argument
    formats = [AUTO, *(form.value for form in Format)]
    add("log", metavar="LOG", help="the log: csv, JSON lines, or what sshd writes")
    add("--format", choices=formats, default=AUTO, help="how the log is written (default: its first line tells)")
    add_policy_arguments(command, "lockout.address.window=none")
    add("--known-addresses", metavar="FILE.json", help='each user\'s own addresses: {"user": ["192.0.2.1"]}')
    add("--year", type=_year, help="year of the first line, for instants without one (default: that of the file)")
    add("--json", action="store_true", help="print one JSON object")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> str:
    """Replay the log and return what is to be printed.

    Raises:
        AccessError: a setting, the log or the known addresses cannot be used.
        Problem: a file cannot be read.
    """
    try:
        report = _replay(arguments)
    except OSError as error:
        raise Problem(f"{error.filename or arguments.log}: {error.strerror or error}") from error
    return report.to_json() if arguments.json else f"{policy_in_words(arguments)}\n\n{report.to_table()}"


def _year(text: str) -> int:
    if not (re.fullmatch(r"[0-9]{4}", text) and EARLIEST.year <= int(text) < LATEST.year):
        raise argparse.ArgumentTypeError(f"expected a year from {EARLIEST.year} to {LATEST.year - 1}")
    return int(text)


def _replay(arguments: argparse.Namespace) -> Report:
    policy = policy_of(arguments)
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


def _tell(unreadable: Unreadable) -> None:
    sys.stderr.write(f"line {unreadable.line}: unreadable: {unreadable.why}\n")


@contextmanager
def _progress(log: BinaryIO) -> Iterator[Tracked]:
    """Yield what passes lines on while a bar on stderr shows how much of `log` is read; without a bar, just lines."""
    bar = new_bar()
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
