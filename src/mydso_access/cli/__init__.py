"""The command line `mydso-access`: replay a log, sweep a database, forecast what a sweep will find."""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version

from mydso_access.cli.problem import Problem
from mydso_access.cli.replaying import add_replay
from mydso_access.cli.sweeping import add_forecast, add_sweep
from mydso_access.errors import AccessError

MISUSE = 2
INTERRUPTED = 130  # 128 + SIGINT, as shells say it


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: the arguments after the program's name; `None`: those of this process.

    Returns:
        The exit code: 0, or 2 for a file, a database or a setting that cannot be used; then one line on stderr says
        which.

    Raises:
        SystemExit: the arguments themselves are wrong, or ask for help.
    """
    arguments = _parser().parse_args(argv)
    try:
        text = arguments.run(arguments)
    except (AccessError, Problem) as error:
        sys.stderr.write(f"mydso-access: {' '.join(str(error).split())}\n")
        return MISUSE
    except KeyboardInterrupt:
        return INTERRUPTED
    sys.stdout.write(f"{text}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mydso-access", description="Sign-in and access rules of My DSO Manager.")
    parser.add_argument("--version", action="version", version=f"mydso-access {version('mydso-access')}")
    commands = parser.add_subparsers(title="commands", required=True)
    add_replay(commands)
    add_sweep(commands)
    add_forecast(commands)
    return parser
