"""Stored forms of earlier versions of this library, brought to the next: what a record lacked gets what it would have had."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from mydso_access.decisions.outcomes import Proof
from mydso_access.model.attempts import AttemptCounter
from mydso_access.model.customer import Customer
from mydso_access.model.event import Event
from mydso_access.model.link import Link
from mydso_access.model.sign_in import SignIn
from mydso_access.model.structure import Entity, Platform
from mydso_access.model.user import User

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


def user_3(form: Form) -> Form:
    """Return a user with second factor, approved addresses and codes, which came with form 3."""
    credential = form["credential"]
    if credential is not None:
        credential = _with(credential, {"compromised": False, "before": []})
    new: Form = {"second_factor": None, "approved": [], "codes_sent": []}
    return _with({**form, "credential": credential}, new)


def structure_2(form: Form) -> Form:
    """Return an entity or platform with shared addresses, which came with form 2."""
    return _with(form, {"approved": []})


def entity_3(form: Form) -> Form:
    """Return an entity that knows which links are dead for ever, which came with form 3."""
    return _with(form, {"interactive_links_from": 0, "document_links_from": 0})


def sign_in_2(form: Form) -> Form:
    """Return a half-finished sign-in as form 2 has it; none was ever begun before."""
    return _with(
        {**form, "code": None, "seed": None},
        {"entity": None, "approvals": [], "outgrown": False, "since": form["started_at"]},
    )


def _with(form: Form, new: Form) -> Form:
    """Return a form with new fields; one that has them already is none of its time, and nobody's to guess at."""
    if form.keys() & new.keys():
        raise ValueError
    return {**form, **new}


# For each record what turns its form 1 into form 2, that into form 3, and so on; the last form is the one written.
UPGRADES: Mapping[type, tuple[Upgrade, ...]] = {
    **dict.fromkeys((Customer, AttemptCounter, Link, Proof), ()),
    Entity: (structure_2, entity_3),
    Platform: (structure_2,),
    SignIn: (sign_in_2,),
    User: (user_2, user_3),
    Event: (event_2,),
}
