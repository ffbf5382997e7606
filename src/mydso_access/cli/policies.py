"""The policy that a command works by: a preset, and `--set NAME=VALUE` for each setting that differs."""

import argparse
from collections.abc import Callable

from mydso_access.errors import InvalidPolicy, shown
from mydso_access.policy import SecurityPolicy, with_setting

PRESETS: dict[str, Callable[[], SecurityPolicy]] = {"my_dso_manager": SecurityPolicy.my_dso_manager}


def add_policy_arguments(command: argparse.ArgumentParser, example: str) -> None:
    """Let a command be given a policy.

    Args:
        command: the command's parser.
        example: a setting that matters to it, for the help.
    """
    command.add_argument("--policy", choices=list(PRESETS), default="my_dso_manager", help="the preset to start from")
    command.add_argument(
        "--set",
        dest="settings",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help=f"change one setting of it, such as {example}; may be given again",
    )


def policy_of(arguments: argparse.Namespace) -> SecurityPolicy:
    """Return the policy that was asked for.

    Raises:
        InvalidPolicy: a setting is none, or cannot have that value.
    """
    policy = PRESETS[arguments.policy]()
    for setting in arguments.settings:
        policy = _changed(policy, setting)
    return policy


def policy_in_words(arguments: argparse.Namespace) -> str:
    """Return the policy as it was asked for."""
    return " ".join([arguments.policy, *(f"with {setting}" for setting in arguments.settings)])


def _changed(policy: SecurityPolicy, setting: str) -> SecurityPolicy:
    name, equals, value = setting.partition("=")
    if not equals:
        raise InvalidPolicy("--set", shown(setting), "NAME=VALUE, such as lockout.address.window=none")
    return with_setting(policy, name.strip(), value.strip())
