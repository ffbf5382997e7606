"""Write the reference pages that are made from the code, or say which of them are stale.

`python docs/generate.py` writes them; `python docs/generate.py --check` writes nothing and fails if one differs.
"""

import sys
from pathlib import Path

from generators import events, policy, reasons, roles, rules, sign_in_table

REFERENCE = Path(__file__).parent / "reference"
PAGES = {
    "events.md": events.page,
    "policy.md": policy.page,
    "reasons.md": reasons.page,
    "roles.md": roles.page,
    "rules.md": rules.page,
    "sign-in-table.md": sign_in_table.page,
}


def main(arguments: list[str]) -> int:
    """Write or check every page; return the exit status."""
    stale = []
    for name, page in PAGES.items():
        path, text = REFERENCE / name, page()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
            print(f"wrote docs/reference/{name}")
    if stale and "--check" in arguments:
        print(f"stale: {', '.join(stale)}; run `python docs/generate.py` and read what changed")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
