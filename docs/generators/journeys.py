"""What follows the first factor: rows of `tests/decisions/table.py`, played through the decisions and folded."""

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from itertools import groupby
from pathlib import Path
from textwrap import fill
from typing import Any

from attrs import field, frozen

from generators.markdown import code, table

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # the rows stand beside their oracle, in the tests
ROWS: Any = import_module("tests.decisions.table")
DRIVER: Any = import_module("tests.decisions.table_driver")

Cells = tuple[str, ...]
Line = tuple[Cells, Cells]
MANY = 6  # options of one line are spelled out up to so many
RIGHT = {
    "address code": "address code right",
    "second factor": "code right",
    "enrolment": "first code right",
    "new password": "new password good",
}


@frozen
class Section:
    """One table.

    Attributes:
        title: of the section.
        text: what it shows, before the sentences on its columns.
        columns: those crossed, with their options.
        fixed: columns that are not plain.
        shows: columns on the right.
        setup: what of a row follows from its other columns.
    """

    title: str
    text: str
    columns: dict[str, tuple[str, ...]]
    fixed: Mapping[str, str] = field(factory=dict)
    shows: tuple[str, ...] = ("answer", "rule")
    setup: Callable[[dict[str, str]], dict[str, str]] = field(default=lambda _: {})

    def written(self, explained: set[str]) -> str:
        """Return the section; a column that an earlier one explained is not explained again."""
        header = (*self.columns, *self.shows)
        lines = [(*cells, *result) for cells, result in self.folded({})]
        bullets = [_wrapped(f"- **{name}**: {ROWS.MEANINGS[name]}") for name in self.columns if name not in explained]
        explained |= {*self.columns}
        parts = (f"## {self.title}", _wrapped(self.text), "\n".join(bullets), table(header, lines))
        return "\n\n".join(part for part in parts if part)

    def folded(self, chosen: dict[str, str]) -> list[Line]:
        """Return the lines below some chosen options: options with the same lines share them."""
        if len(chosen) == len(self.columns):
            return self.lines(chosen)
        name, options = list(self.columns.items())[len(chosen)]
        below = [(option, self.folded({**chosen, name: option})) for option in options]
        groups: list[tuple[list[str], list[Line]]] = []
        for option, lines in below:
            if not lines:  # it cannot be
                continue
            same = next((names for names, known in groups if known == lines), None)
            if same is None:
                groups.append(([option], lines))
            else:
                same.append(option)
        groups.sort(key=lambda group: len(group[0]) > MANY)  # what stands for all others is read last
        cell = "any" if len(groups) == 1 else None
        return [
            ((cell or ("any other" if len(names) > MANY else "; ".join(names)), *cells), result)
            for names, lines in groups
            for cells, result in lines
        ]

    def lines(self, chosen: dict[str, str]) -> list[Line]:
        """Return the line of one combination; none if it cannot be."""
        row = {**ROWS.PLAIN, **self.fixed, **chosen}
        row |= ROWS.SETUPS[row["owed"]]
        row |= self.setup(row)
        if not ROWS.is_possible(row):
            return []
        shown = cells(DRIVER.played(row))
        return [((), tuple(shown[name] for name in self.shows))]


def cells(answer: Any) -> dict[str, str]:
    """Return what may stand on the right."""
    words = {
        "signed in": "**SignedIn**",
        "entered": "**Entered**",
        "busy": "Busy",
        "rejected": "PasswordRejected",
        "refused": f"Refused {code(answer.reason)}",
        "step": f"asks for: {answer.owed}",
    }
    return {
        "answer": words[answer.outcome],
        "rule": answer.rule,
        "remembered": answer.remembered or "–",
        "levels": answer.levels if answer.outcome == "refused" else "",
        "hash": answer.hash,
        "address's charge": answer.address,
        "account's charge": answer.account,
        "codes' charge": answer.codes,
    }


def _wrapped(text: str) -> str:
    return fill(text, 120, subsequent_indent="  " if text.startswith("- ") else "", break_on_hyphens=False)


def some(*names: str, **chosen: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return columns: some with all their options, some with chosen ones."""
    return {each: ROWS.COLUMNS[each] for each in names} | {
        name.replace("_", " "): tuple(options) for name, options in chosen.items()
    }


CHARGES = ("answer", "rule", "address's charge", "account's charge", "codes' charge", "hash")
SECTIONS = (
    Section(
        "What is owed after a right password",
        "What `decisions/steps.py` asks for next. The order is fixed: address, second factor, new password (A29). A step that "
        "was taken is owed no more, and the table is asked again; only the last one signs in.",
        some("list", "factor", who=ROWS.USERS) | some("asks", "due"),
    ),
    Section(
        "Who gets the code for a new address",
        "And for whom the address is remembered when that sign-in completes (D14).",
        some("recipient"),
        {"list": "new"},
    ),
    Section(
        "For whom a new address is remembered",
        "The code was right, and nothing else is owed.",
        some("recipient"),
        {"list": "new", "taken": "all"},
        ("answer", "remembered"),
    ),
    Section(
        "Whose code is good once an administrator is to decide",
        "The policy wants an administrator's decision since the code was sent.",
        some(recipient=ROWS.COLUMNS["recipient"][:5], then=ROWS.ANSWERS["address code"]),
        {"list": "new", "meanwhile": "administrator wanted"},
        ("answer", "rule", "remembered"),
    ),
    Section(
        "What is tried for a step",
        "The one step that is owed, and what is tried. What answers another step evaluates and charges nothing; what was right "
        "completes this sign-in, for nothing else is owed in these rows.",
        some(owed=ROWS.OWED, then=ROWS.THEN[1:]),
        shows=CHARGES,
    ),
    Section(
        "What the counters say to a step",
        "Everything that could be guessed is charged before it is looked at, on the address, on the account, and a code for a "
        "new address on the user's codes.",
        some("address key", "account key", "codes key", owed=ROWS.OWED),
        shows=CHARGES,
        setup=lambda row: {"then": RIGHT[row["owed"]]},
    ),
    Section(
        "What has changed since the step was asked for",
        "Everything is judged again at each step. The right answer comes a minute later.",
        some("meanwhile", owed=ROWS.OWED),
        shows=CHARGES,
        setup=lambda row: {"then": RIGHT[row["owed"]]},
    ),
    Section(
        "What has changed since an entity asked for a step",
        "The same of a multi-entity user on the way into an entity.",
        some("meanwhile", owed=ROWS.OWED[:-1]),
        {"by": "enter", "who": "multi-entity, enabled"},
        CHARGES,
        lambda row: {"then": RIGHT[row["owed"]]},
    ),
    Section(
        "Single sign-on",
        "An assertion takes the place of the password, and of nothing else (D9). Nothing is guessed, so a refusal costs no failure.",
        some("who") | some(mode=ROWS.MODES) | some("assertion"),
        {"by": "sso"},
        ("answer", "rule", "address's charge", "account's charge"),
    ),
    Section(
        "The second factor after single sign-on",
        "Address codes are owed as after a password; new passwords are not (A18). Whoever is spared the factor that they have "
        "enrolled signs in, and clears no failures.",
        some("with sso", "acr", "factor", who=ROWS.USERS) | some("asks"),
        {"by": "sso"},
        ("answer", "account's charge"),
    ),
    Section(
        "Logins that were not seen for long",
        "Alike for a password, an assertion and a session that enters an entity.",
        some("seen", "dormancy", who=ROWS.USERS),
        shows=("answer", "rule", "levels"),
    ),
    Section(
        "Whose session may enter an entity",
        "What `enter` decides before it asks for anything; nothing is charged.",
        some("proof", who=ROWS.WHO[:-1], proved=("password", "sso")) | some(mode=ROWS.MODES) | some("entity"),
        {"by": "enter"},
    ),
    Section(
        "What an entity asks beyond what the session has proven",
        "Of a multi-entity user, who must satisfy both the platform and the entity (A14). An active user's entity is their home: "
        "what it asks was asked at their sign-in, unless it has begun to ask since. A password that is due there is told of first, "
        "for no step could help.",
        some("due there")
        | some(
            proved=("password", "password and code", "sso", "sso trusted"),
            there=("none", "listed", "new", "personal"),
            factor=("none", "enrolled"),
            asks=("nobody", "installation", "platform", "entity"),
            session=("fresh", "old"),
        ),
        {"by": "enter", "who": "multi-entity, enabled"},
    ),
    Section(
        "Whether an entity trusts single sign-on",
        "The strictest of the installation and the entity, which asks for a second factor.",
        some("with sso", "with sso there", proved=("sso", "sso trusted", "sso and code")),
        {"by": "enter", "who": "multi-entity, enabled", "asks": "entity"},
        ("answer",),
    ),
)
VECTORS = """\
## Vectors

`tests/vectors/sign-in-table.json` holds every row, for implementations in other languages. It is made of `parts`:

- `columns` of the file gives every column with what it means and its `options`, the first of them being the plain one.
- A part crosses its own `columns`, the last one fastest. Its other columns are as its `fixed` says, and plain otherwise. What
  the column `owed` stands for in other columns is in `setups`, and goes before all of them.
- `answers` of a part has one number for each combination, in that order: the place, from 0, in the file's `answers`; -1 where
  the combination cannot be, which `tests/decisions/table.py` gives the reasons of.
- An answer is a list, whose items `fields` names:

{fields}

Write them anew with `python -m tests.decisions.table_vectors`; a test compares them with code and oracle.

{parts}"""
FIELDS = {
    "outcome": "`signed in`, `entered`, `step`, `refused`, `busy`, or `rejected`: a new password that is not good enough.",
    "reason": "of a refusal.",
    "rule": "that settled it.",
    "owed": "the step that is asked for; for a new address who gets the code, for a new password why.",
    "levels": "that the number behind a refusal came from.",
    "address": "what becomes of the charge of the address at the last try: `counted`, `given back`; `–`: nothing was charged.",
    "account": "the same of the account; `cleared`: given back, and all earlier failures with it.",
    "codes": "the same of the user's codes for new addresses.",
    "hash": "what the verifier worked on: `stored`, `dummy` or `–`; of a new password nothing is said here.",
    "proven": "the factors of the proof.",
    "remembered": "for whom a new address is remembered: `shared` or `personal`.",
}


def journeys() -> tuple[int, list[str]]:
    """Return how many rows there are, and the sections."""
    explained: set[str] = set()
    counts = {name: len(list(each)) for name, each in groupby(ROWS.all_rows(), key=lambda row: row[0])}
    fields = "\n".join(f"  - `{name}`: {FIELDS[name]}" for name in ROWS.Answer._fields)
    lines = [(name, part.about, f"{counts[name]:,}") for name, part in ROWS.PARTS.items()]
    parts = table(("part", "what it shows", "rows"), lines)
    vectors = VECTORS.format(fields=fields, parts=parts)
    return sum(counts.values()), [*(section.written(explained) for section in SECTIONS), vectors]
