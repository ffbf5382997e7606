"""Stored forms of earlier versions of this library, brought to the next: what a record lacked gets what it would have had."""

from collections.abc import Callable
from typing import Any, TypeAlias

Form: TypeAlias = dict[str, Any]
Upgrade: TypeAlias = Callable[[Form], Form]

# Who was there before roles were has the one that may do least.
FORMER_ROLE = "guest"


def user_2(form: Form) -> Form:
    """Return a user with role, contact data, memberships, appointments and tokens, which came with form 2."""
    login = form["login"]
    if login["case"] == "invited":
        login = _with(login, {"token": None})
    new: Form = {
        "role": FORMER_ROLE,
        "may_import": False,
        "memberships": [],
        "appointments": [],
        "resets_sent": [],
        "valid_from": 0,
        **dict.fromkeys(("full_name", "email", "new_email", "mobile", "sign_in_mode", "sso", "reset", "notice")),
    }
    return _with({**form, "login": login}, new)


def event_2(form: Form) -> Form:
    """Return an event with who asked, where and what changed, which came with form 2."""
    return _with(form, {"system": None, "structure": None, "customer": None, "differences": []})


def _with(form: Form, new: Form) -> Form:
    """Return a form with new fields; one that has them already is none of its time, and nobody's to guess at."""
    if form.keys() & new.keys():
        raise ValueError
    return {**form, **new}
