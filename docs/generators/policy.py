"""Every setting, from its own declaration."""

from datetime import timedelta
from enum import Enum
from itertools import groupby
from operator import attrgetter
from typing import Any

from generators.markdown import code, document, table
from mydso_access import SecurityPolicy
from mydso_access.policy import Setting, all_settings

NO_WORDS = "(no words)"
INTRODUCTION = """\
# Settings

Every number that a decision may use. This is the preset `SecurityPolicy.my_dso_manager()`, which is also what
`AccessControl` uses if no policy is given. Change a setting by its dotted name, with its value as text:

```python
from mydso_access import SecurityPolicy, with_setting

policy = with_setting(SecurityPolicy.my_dso_manager(), "lockout.account.block", "2h")
print(policy.lockout.account.block)
```

Durations are written `30s`, `90m`, `24h` or `30d`; addresses and networks with commas, such as `192.0.2.1, 2001:db8::/48`; words with
spaces, such as `mfa hwk`; no value, where that is allowed, is `none`. A value out of its bounds
raises `InvalidPolicy`, which names the setting, the value and the bounds. In code, `attrs.evolve` does the same.

*Where* says at which level a setting may be set: by the installation alone, which is the policy in your code, or also by the
platform's and the entities' main administrators (`access.change_settings`), or by an entity's only. [Levels in
practice](../how-to/people.md#settings-at-two-levels). *Stricter* says which of two values wins when two levels ask. *Source* is a rule
([S, A, D](rules.md)) or a standard."""


def page() -> str:
    """Return the page."""
    preset = SecurityPolicy.my_dso_manager()
    settings = [(name, field.metadata[Setting]) for name, field in all_settings(SecurityPolicy)]
    overview = table(
        ("setting", "default", "from", "to"),
        [
            (f"[`{name}`](#{anchor(name)})", code(value_in_words(value_at(preset, name))), *bounds(declared))
            for name, declared in settings
        ],
    )
    parts = [INTRODUCTION, overview]
    for group, members in groupby(settings, key=lambda each: each[0].split(".")[0]):
        parts.append(f"## {group}")
        parts += [section(name, declared, value_at(preset, name)) for name, declared in members]
    return document(*parts)


def section(name: str, declared: Setting, default: Any) -> str:
    """Return what is to be said of one setting."""
    least, greatest = bounds(declared)
    allowed = f"{least} to {greatest}" if least else declared.unit
    lines = (
        f"({anchor(name)})=",
        f"### `{name}`",
        "",
        declared.doc,
        "",
        f"- default: {code(value_in_words(default))}",
        f"- unit: {declared.unit}",
        f"- allowed: {allowed}{', or `none`' if declared.optional else ''}",
        f"- where: {declared.at.value}",
        f"- stricter: {declared.stricter.value}",
        f"- source: {declared.source}",
    )
    return "\n".join(lines)


def anchor(name: str) -> str:
    """Return the link target of a setting."""
    return f"setting-{name.replace('.', '-').replace('_', '-')}"


def value_at(policy: SecurityPolicy, name: str) -> Any:
    """Return the value of a setting."""
    return attrgetter(name)(policy)


def bounds(declared: Setting) -> tuple[str, str]:
    """Return least and greatest value in words, empty if values have no bounds."""
    if declared.minimum is None or declared.maximum is None:
        return "", ""
    return value_in_words(declared.minimum), value_in_words(declared.maximum)


def value_in_words(value: Any) -> str:
    """Return a value as it is written in a command, as far as it can be."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return str(value.value)
    return duration(value) if isinstance(value, timedelta) else str(value) or NO_WORDS


def duration(value: timedelta) -> str:
    """Return a duration in its largest whole unit; 24 hours stay hours."""
    days, hour, minute, second = timedelta(days=2), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
    if value >= days and value % timedelta(days=1) == timedelta():
        return f"{value.days}d"
    for unit, letter in ((hour, "h"), (minute, "m"), (second, "s")):
        if value >= unit and value % unit == timedelta():
            return f"{value // unit}{letter}"
    return f"{value // timedelta(milliseconds=1)} ms"
