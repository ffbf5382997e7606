"""The rights table, from the roles themselves: what each role may do, and how far that is known."""

from generators.markdown import code, document, table
from mydso_access import MY_DSO_MANAGER, Allowed, Cell, Certainty, Right, Role

INTRODUCTION = """\
# Roles

What each of the eight roles of My DSO Manager may do, as the library has it. The vendor's own table is lost: its rows survive,
its ticks do not. So each cell says how far it is known:

| written | what it means |
| --- | --- |
| **yes**, **no** | stated in the prose of a help page |
| *yes*, *no*, *flag* | inferred from it |
| ? | unknown; the library says no, for what nobody knows is not allowed |

*flag*: where the user's own flag says so (`NewUser.may_import`, `access.change_import_flag`). A main administrator is no ninth role:
it is an appointment of a user whose role may administer security settings.

The library itself asks for seven of these rights: to manage users (adding, editing, listing, reading the trail), to administer
security settings (main administrators), to assign customers to people, to be associated and to be collector, to import data (a
portfolio), and to open a customer card (in whose name a link to it is sent). It
also compares them all where one user edits another, who may have no right that the first one lacks. The others are for the host
to ask for: `access.permissions(proof, entity).may(Right.COMMENT, customer)`, or of the table itself:

```python
from mydso_access import MY_DSO_MANAGER, Right, RoleTable

roles = RoleTable(MY_DSO_MANAGER)
assert Right.COMMENT in roles.role("collector").rights(may_import=False)
assert Right.IMPORT_DATA not in roles.role("collector").rights(may_import=False)
assert Right.IMPORT_DATA in roles.role("collector").rights(may_import=True)
```

A host that knows better, or has roles of its own, [replaces the table](../how-to/roles.md)."""

MARKS = {Certainty.STATED: "**{}**", Certainty.INFERRED: "*{}*", Certainty.UNKNOWN: "?"}
WORDS = {Allowed.YES: "yes", Allowed.NO: "no", Allowed.FLAGGED: "flag"}


def page() -> str:
    """Return the page."""
    header = ("right", *(role.title for role in MY_DSO_MANAGER))
    rows = [(right.value, *(in_words(role.cells[right]) for role in MY_DSO_MANAGER)) for right in Right]
    ids = table(
        ("role", "its id", "restricted by"), [(role.title, code(role.id), switch(role)) for role in MY_DSO_MANAGER]
    )
    names = table(("right", "in code"), [(right.value, code(f"Right.{right.name}")) for right in Right])
    return document(INTRODUCTION, "## The table", table(header, rows), known(), "## Names", ids, names)


def switch(role: Role) -> str:
    """Return the setting that shows a role only its own customers."""
    return "–" if role.restriction is None else code(role.restriction.value)


def in_words(cell: Cell) -> str:
    """Return a cell as the page writes it."""
    return MARKS[cell.certainty].format(WORDS[cell.allowed])


def known() -> str:
    """Return how many cells are known how far."""
    found = [cell.certainty for role in MY_DSO_MANAGER for cell in role.cells.values()]
    stated, inferred, unknown = (found.count(certainty) for certainty in Certainty)
    return f"Of {len(found)} cells {stated} are stated, {inferred} inferred and {unknown} unknown."
