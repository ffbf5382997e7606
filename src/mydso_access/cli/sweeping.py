"""`mydso-access sweep URL` and `mydso-access forecast URL`: what is over, and what soon will be (S10, S25)."""

import argparse
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from attrs import asdict

from mydso_access.adapters.secret_box import UnprotectedBox
from mydso_access.cli.bar import new_bar
from mydso_access.cli.databases import opened
from mydso_access.cli.policies import add_policy_arguments, policy_in_words, policy_of
from mydso_access.cli.problem import Problem
from mydso_access.control import AccessControl
from mydso_access.decisions.warning import Due
from mydso_access.flows.sweep import SweepReport
from mydso_access.model.event import escaped
from mydso_access.model.message import Ending

if TYPE_CHECKING:
    from sqlalchemy import Engine

VARIABLE = "MYDSO_ACCESS_URL"
USERS_BETWEEN_UPDATES = 100
UNSENT = """\
No message was sent: the command line has no sender. So nobody is warned before, or told after.
Your application does both: access.sweep(send=...)."""
WHAT = {Ending.INVITATION: "invitation lapses", Ending.LOGIN: "login goes dormant"}


def add_sweep(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command `sweep` to the command line."""
    command = _added(
        commands,
        "sweep",
        "disable logins that nobody used for too long, and invitations that nobody accepted",
        "It sends nothing, so nobody is warned or told; your application does both: access.sweep(send=...).",
    )
    command.add_argument("--dry-run", action="store_true", help="count only, and change nothing")
    command.set_defaults(run=run_sweep)


def add_forecast(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command `forecast` to the command line."""
    command = _added(
        commands,
        "forecast",
        "say whose login is about to be disabled, and whose invitation to lapse",
        "It changes nothing.",
    )
    command.add_argument("--days", type=int, default=30, metavar="N", help="how far to look, 0 to 366 (default: 30)")
    command.set_defaults(run=run_forecast)


def run_sweep(arguments: argparse.Namespace) -> str:
    """Sweep the database and return what is to be printed.

    Raises:
        AccessError: a setting cannot be used.
        Problem: the database cannot be used.
    """
    with _access(arguments) as (access, place), _counted() as progress:
        report = access.sweep(progress=progress, dry_run=arguments.dry_run)
    if arguments.json:
        return json.dumps({"dry_run": arguments.dry_run} | asdict(report), indent=2)
    title = f"{'dry run, nothing is changed: ' if arguments.dry_run else ''}{place}"
    return f"{title}\n\n{_table(report)}\n\n{UNSENT}"


def run_forecast(arguments: argparse.Namespace) -> str:
    """Forecast what a sweep will find and return what is to be printed.

    Raises:
        AccessError: a setting or the number of days cannot be used.
        Problem: the database cannot be used.
    """
    with _access(arguments) as (access, place):
        found = access.forecast(arguments.days)
    if arguments.json:
        return json.dumps([_object(each) for each in found], indent=2)
    nobody = f"nobody within {arguments.days} days"
    return f"{place}\n\n{_lines(found) if found else nobody}"


def _added(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, does: str, note: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=does, description=f"{does[0].upper()}{does[1:]}. {note}")
    command.add_argument(
        "url",
        metavar="URL",
        nargs="?",
        default=os.environ.get(VARIABLE),
        help=f"the database, such as sqlite:////var/lib/app/access.db (default: what {VARIABLE} holds)",
    )
    add_policy_arguments(command, "dormancy.months=6 (the same as in your application)")
    command.add_argument("--json", action="store_true", help="print JSON")
    return command


@contextmanager
def _access(arguments: argparse.Namespace) -> Iterator[tuple[AccessControl, str]]:
    """Yield the door to the database's installation, and which it is in words."""
    policy = policy_of(arguments)
    if not arguments.url:
        raise Problem(f"no database: give its URL, or let {VARIABLE} hold it")
    with opened(arguments.url) as engine:
        from mydso_access.adapters.sqlalchemy import SqlRepositories  # noqa: PLC0415  # an extra, and slow to import

        # Nothing is sealed or opened here, but a policy that asks for second factors asks for a box.
        access = AccessControl(SqlRepositories(engine), policy=policy, secret_box=UnprotectedBox())
        yield access, f"{_place(engine)}, by {policy_in_words(arguments)}"


def _place(engine: "Engine") -> str:
    """Return the database in words, without password or options."""
    return engine.url.set(query={}).render_as_string(hide_password=True)


@contextmanager
def _counted() -> Iterator[Callable[[int], object] | None]:
    """Yield what a bar on stderr learns the number of users from; how many there will be, nobody knows."""
    bar = new_bar()
    if bar is None:
        yield None
        return

    def count(looked_at: int) -> None:
        if looked_at % USERS_BETWEEN_UPDATES == 0:
            bar.update(task, description=f"sweeping: {looked_at} users")

    with bar:
        task = bar.add_task("sweeping", total=None)
        yield count


def _table(report: SweepReport) -> str:
    rows = [
        ("users looked at", report.looked_at),
        ("logins gone dormant", report.dormant),
        ("invitations lapsed", report.lapsed),
        ("left for the next sweep", report.busy),
    ]
    return _columns([(text, f"{number:>9}") for text, number in rows])


def _lines(found: Sequence[Due]) -> str:
    return _columns([(f"{each.at:%Y-%m-%d %H:%M} UTC", WHAT[each.ending], *_who(each).values()) for each in found])


def _object(due: Due) -> dict[str, str]:
    return {"at": due.at.isoformat(), "ending": due.ending.value} | _who(due)


def _who(due: Due) -> dict[str, str]:
    user = due.user
    values = {"name": user.name, "structure": user.structure.id, "user": user.id}
    return {name: escaped(value) or "" for name, value in values.items()}


def _columns(rows: Sequence[tuple[str, ...]]) -> str:
    """Return rows as lines whose cells stand under one another."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
