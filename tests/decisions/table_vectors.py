"""The sign-in table as vectors for other implementations.

`python -m tests.decisions.table_vectors` writes `tests/vectors/sign-in-table.json` from the code; a test compares.
"""

import json
from itertools import product
from pathlib import Path
from typing import Any

from tests.decisions.table import COLUMNS, MEANINGS, PARTS, SETUPS, Answer, is_possible
from tests.decisions.table_answers import answers

FILE = Path(__file__).parent.parent / "vectors" / "sign-in-table.json"
A_LINE = 40
ABOUT = (
    "Sign-ins, steps and entries into entities, and what each leads to. A part crosses its `columns`, the last one fastest; "
    "its other columns are as `fixed` says, or plain: the first option in `columns` of the file. What `owed` stands for in "
    "other columns is in `setups`, which goes before what is fixed or plain. `answers` of a part has one number for each "
    "combination, in that order: the place of the answer in the file's `answers`, whose items `fields` names; -1 where the "
    "combination cannot be. docs/reference/sign-in-table.md says what columns and fields mean."
)


def vectors() -> dict[str, Any]:
    """Return the whole table, column-coded."""
    numbered: dict[Answer, int] = {}
    parts, found = [], iter(answers())
    for name, part in PARTS.items():
        numbers = [
            numbered.setdefault(next(found)[-1], len(numbered)) if is_possible(row) else -1 for row in part.rows()
        ]
        columns = {column: list(options) for column, options in part.columns.items()}
        parts.append(
            {"name": name, "about": part.about, "columns": columns, "fixed": dict(part.fixed), "answers": numbers}
        )
    return {
        "about": ABOUT,
        "columns": {name: {"means": MEANINGS[name], "options": list(options)} for name, options in COLUMNS.items()},
        "setups": {name: dict(columns) for name, columns in SETUPS.items()},
        "fields": list(Answer._fields),
        "answers": [list(answer) for answer in numbered],
        "parts": parts,
    }


def text_of(table: dict[str, Any]) -> str:
    """Return the file's text: an answer, and so many numbers, to a line."""
    plain = {name: value for name, value in table.items() if name not in ("answers", "parts")}
    head = json.dumps(plain, indent=1, ensure_ascii=False)[:-2]
    lines = ",\n".join(f"  {json.dumps(each, ensure_ascii=False)}" for each in table["answers"])
    parts = ",\n".join(_part(part) for part in table["parts"])
    return f'{head},\n "answers": [\n{lines}\n ],\n "parts": [\n{parts}\n ]\n}}\n'


def _part(part: dict[str, Any]) -> str:
    head = json.dumps({name: value for name, value in part.items() if name != "answers"}, ensure_ascii=False)[:-1]
    numbers = part["answers"]
    lines = [", ".join(map(str, numbers[start : start + A_LINE])) for start in range(0, len(numbers), A_LINE)]
    body = ",\n    ".join(lines)
    return f'  {head},\n   "answers": [\n    {body}\n   ]}}'


def unfolded(table: dict[str, Any]) -> list[tuple[dict[str, str], Answer]]:
    """Return rows and answers of the file, read as `about` says and by nothing else."""
    plain = {name: column["options"][0] for name, column in table["columns"].items()}
    told = [Answer(*each) for each in table["answers"]]
    rows = []
    for part in table["parts"]:
        for chosen, number in zip(product(*part["columns"].values()), part["answers"], strict=True):
            crossed = dict(zip(part["columns"], chosen, strict=True))
            setup = table["setups"][crossed.get("owed", plain["owed"])]
            if number >= 0:
                rows.append(({**plain, **part["fixed"], **crossed, **setup}, told[number]))
    return rows


if __name__ == "__main__":
    FILE.write_text(text_of(vectors()), encoding="utf-8")
    print(f"wrote {FILE}, {FILE.stat().st_size} bytes")
